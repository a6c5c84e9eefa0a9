"""Markdown written by people becomes HTML that is safe on a page, or plain text for mails and excerpts.

The rule that matters most: raw HTML is never interpreted (it is shown as the characters that were typed),
and whatever the Markdown parser makes passes an allow-list before it leaves this module.
"""

import re
from functools import lru_cache
from html import escape
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

import nh3
from markdown import Markdown
from markdown.extensions.tables import TableExtension
from markdown.treeprocessors import Treeprocessor
from markupsafe import Markup

_ALIGNMENT: Final = {"left": "text-start", "center": "text-center", "right": "text-end"}
_SCHEMES: Final = {"http", "https", "mailto", "tel"}
_TAGS: Final = (
    {"p", "br", "hr", "strong", "em", "code", "pre", "blockquote", "ul", "ol", "li", "a", "img", "div"}
    | {"table", "thead", "tbody", "tr", "th", "td"}
    | {"h1", "h2", "h3", "h4", "h5", "h6"}
)
_ATTRIBUTES: Final = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title"},
    "ol": {"start"},
    "th": {"scope"},
    "div": {"tabindex"},
}
_CLASSES: Final = {
    "th": set(_ALIGNMENT.values()),
    "td": set(_ALIGNMENT.values()),
    "table": {"tbl"},
    "div": {"scroll"},
}
_UNSEEN: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_BRACKETS: Final = re.compile(r"[\[\]()]")
_DEEPEST: Final = 50
_HEADINGS: Final = {f"h{level}" for level in range(1, 7)}
_BLOCKS: Final = {"p", "pre", "blockquote", "ul", "ol", "table", "hr"} | _HEADINGS


@lru_cache(maxsize=1024)
def safe_html(markdown: str, *, heading_shift: int = 1) -> Markup:
    """Return HTML for `markdown`, safe to place on a page as it is.

    `heading_shift` (0–5) is the level of the heading the text stands under: with 1 its top headings are h2.
    Levels the author skipped are closed up, so that the outline of the page has no gap (WCAG 1.3.1).
    Images are kept only from this site; an image from elsewhere leaves its alternative text.
    """
    if not 0 <= heading_shift <= 5:
        raise ValueError(f"heading_shift must be 0–5, not {heading_shift}")
    source = _UNSEEN.sub("", markdown)
    try:
        html = _as_typed(source) if _too_nested(source) else _parser(heading_shift).convert(source)
    except RecursionError:
        html = _as_typed(source)
    return Markup(_clean(html))  # noqa: S704  the allow-list has just been applied


def plain(markdown: str, *, links: bool = True) -> str:
    """Return `markdown` as readable plain text: paragraphs, "- " lists, and link addresses in parentheses.

    With `links=False` the addresses are left out, as an excerpt wants it. The result is text, not HTML.
    """
    reader = _PlainReader(links=links)
    reader.feed(safe_html(markdown))
    reader.close()
    return reader.text()


def is_local(address: str) -> bool:
    """Whether `address` stays on this site: relative, without scheme, host or a trick that reads as one."""
    if not address or "\\" in address or any(character <= " " for character in address):
        return False
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return not parts.scheme and not parts.netloc and not address.startswith("//")


def _parser(heading_shift: int) -> Markdown:
    """A fresh parser (they keep state and are not thread-safe) that takes raw HTML for characters."""
    parser = Markdown(
        extensions=[TableExtension(use_align_attribute=True), "sane_lists"], output_format="html"
    )
    parser.preprocessors.deregister("html_block")
    parser.inlinePatterns.deregister("html")
    parser.treeprocessors.register(_PageRules(parser, heading_shift), "page_rules", 15)
    return parser


def _too_nested(source: str) -> bool:
    """Whether brackets nest deeper than any reader follows: the parser's time grows with the square."""
    depth = {"[": 0, "(": 0}
    for bracket in _BRACKETS.findall(source):
        opening = "[" if bracket in "[]" else "("
        depth[opening] = max(0, depth[opening] + (1 if bracket == opening else -1))
        if depth[opening] > _DEEPEST:
            return True
    return False


def _as_typed(source: str) -> str:
    return f"<pre>{escape(source)}</pre>"


def _clean(html: str) -> str:
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        allowed_classes=_CLASSES,
        attribute_filter=_filtered,
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer",
    )


def _filtered(tag: str, attribute: str, value: str) -> str | None:
    """Second lock behind the tree rules: the last word on the few values that could do harm."""
    if tag == "img" and attribute == "src":
        return value if is_local(value) else None
    if attribute == "href":
        return value if _leads_somewhere_known(value) else None
    if attribute == "scope":
        return value if value in {"col", "row"} else None
    if attribute == "tabindex":
        return value if value == "0" else None
    return value


def _leads_somewhere_known(address: str) -> bool:
    start, colon, _rest = re.split("[/?#]", address.strip().lower(), maxsplit=1)[0].partition(":")
    return not colon or start in _SCHEMES


class _PageRules(Treeprocessor):
    """What a page asks of the parsed tree: headings in order, tables with scope, images from this site."""

    def __init__(self, parser: Markdown, heading_shift: int) -> None:
        super().__init__(parser)
        self.heading_shift = heading_shift

    def run(self, root: Element) -> None:
        self._order_headings(root)
        for image in list(root.iter("img")):
            _keep_local(image)
        for link in list(root.iter("a")):
            _keep_known(link)
        for cell in [*root.iter("th"), *root.iter("td")]:
            _describe(cell)
        _wrap_tables(root)

    def _order_headings(self, root: Element) -> None:
        open_levels: list[int] = []
        for element in root.iter():
            if element.tag not in _HEADINGS:
                continue
            if not "".join(element.itertext()).strip() and element.find(".//img") is None:
                element.tag = "p"  # An empty heading is announced and says nothing.
                continue
            level = int(element.tag[1])
            while open_levels and open_levels[-1] >= level:
                open_levels.pop()
            open_levels.append(level)
            element.tag = f"h{min(6, self.heading_shift + len(open_levels))}"


def _keep_local(image: Element) -> None:
    if is_local(image.get("src", "")):
        return
    alternative = image.get("alt", "")
    image.attrib.clear()
    image.tag, image.text = "span", alternative  # The allow-list drops the tag and keeps its words.


def _keep_known(link: Element) -> None:
    """A link to a scheme that is not allowed leaves its words, instead of an anchor that leads nowhere."""
    scheme = re.match(r"\s*([a-z][a-z0-9+.-]*):", link.get("href", ""), re.IGNORECASE)
    if scheme and scheme[1].lower() not in _SCHEMES:
        link.attrib.clear()
        link.tag = "span"


def _describe(cell: Element) -> None:
    """Column headings get their scope, and an alignment its class: the CSP refuses style attributes."""
    alignment = _ALIGNMENT.get(cell.attrib.pop("align", ""))
    if alignment:
        cell.set("class", alignment)
    if cell.tag == "th":
        cell.set("scope", "col")
        if not "".join(cell.itertext()).strip():
            cell.tag = "td"  # An empty corner is no heading.
            cell.attrib.pop("scope")


def _wrap_tables(root: Element) -> None:
    """A wide table scrolls in its own box, which the keyboard can reach, instead of widening the page."""
    for parent in list(root.iter()):
        for position, child in enumerate(parent):
            if child.tag != "table":
                continue
            box = Element("div", {"class": "scroll", "tabindex": "0"})
            child.set("class", "tbl")
            box.tail, child.tail = child.tail, None
            parent[position] = box
            box.append(child)


class _PlainReader(HTMLParser):
    """Reads the safe HTML of this module (nothing else) into lines."""

    def __init__(self, *, links: bool) -> None:
        super().__init__(convert_charrefs=True)
        self._links = links
        self._pieces: list[str] = []
        self._lists: list[int | None] = []
        self._address = ""
        self._link_start = 0
        self._verbatim = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        match tag:
            case "ul" | "ol":
                self._break(1 if self._lists else 2)
                self._lists.append(int(values.get("start") or 1) if tag == "ol" else None)
            case "li":
                self._break(1)
                self._pieces.append("  " * (len(self._lists) - 1) + self._marker())
            case "a":
                self._address, self._link_start = values.get("href") or "", len(self._pieces)
            case "img":
                self._pieces.append(values.get("alt") or "")
            case "br" | "tr":
                self._break(1)
            case "pre":
                self._break(2)
                self._verbatim = True
            case _ if tag in _BLOCKS and not self._after_marker():
                self._break(1 if self._lists else 2)

    def handle_endtag(self, tag: str) -> None:
        match tag:
            case "ul" | "ol":
                self._lists.pop()
                self._break(1 if self._lists else 2)
            case "a":
                self._end_link()
            case "th" | "td":
                self._pieces.append("\t")
            case "pre":
                self._verbatim = False
                self._break(2)
            case _ if tag in _BLOCKS:
                self._break(1 if self._lists else 2)

    def handle_data(self, data: str) -> None:
        if self._verbatim:
            self._pieces.append(data)
        elif data.strip() or (self._pieces and not self._pieces[-1].endswith(("\n", " ", "\t"))):
            self._pieces.append(re.sub(r"\s+", " ", data))

    def text(self) -> str:
        lines = "".join(self._pieces).split("\n")
        tidy = "\n".join(re.sub(r" *\t+ *", " | ", line.strip("\t")).rstrip() for line in lines)
        return re.sub(r"\n{3,}", "\n\n", tidy).strip()

    def _end_link(self) -> None:
        shown = "".join(self._pieces[self._link_start :]).strip()
        target = self._address.removeprefix("mailto:")
        if self._links and target and target != shown:
            self._pieces.append(f" ({target})")
        self._address = ""

    def _break(self, lines: int) -> None:
        """End the line; `lines` is how many newlines there are to be at least."""
        if not self._pieces:
            return
        while self._pieces and not self._pieces[-1].strip(" "):
            self._pieces.pop()
        ending = "".join(self._pieces[-2:])
        present = len(ending) - len(ending.rstrip("\n"))
        if present < lines:
            self._pieces.append("\n" * (lines - present))

    def _marker(self) -> str:
        number = self._lists[-1] if self._lists else None
        if number is None:
            return "- "
        self._lists[-1] = number + 1
        return f"{number}. "

    def _after_marker(self) -> bool:
        return bool(self._pieces) and bool(re.fullmatch(r" *(- |\d+\. )", self._pieces[-1]))


def paragraphs(text: str) -> Markup:
    """Plain text as HTML paragraphs with its web addresses as links, for the HTML part of a mail."""
    parts = (Markup.escape(part).replace("\n", Markup("<br>")) for part in text.strip().split("\n\n"))
    return Markup("\n").join(Markup("<p>{}</p>").format(_linked(part)) for part in parts)


def _linked(escaped: Markup) -> Markup:
    """Substituting in Markup itself would escape the links again."""
    return Markup(re.sub(r"https?://[^\s<]+", r'<a href="\g<0>">\g<0></a>', str(escaped)))  # noqa: S704  escaped above
