"""Markdown of lessons and people: what comes out, and everything that must not."""

from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lms.text import is_local, paragraphs, plain, safe_html
from tests.effort import calls

ALLOWED_ATTRIBUTES = {"href", "title", "rel", "src", "alt", "start", "scope", "tabindex", "class"}

ATTACKS = [
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example/x.js></sCrIpT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<<script>alert(1)//<</script>",
    '<img src=x onerror="alert(1)">',
    "<IMG SRC=`javascript:alert(1)`>",
    "<svg/onload=alert(1)>",
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<p style='background:url(javascript:alert(1))'>x</p>",
    "<style>*{background:red}</style>",
    "<base href='https://evil.example/'>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<form action=https://evil.example><input name=code></form>",
    "<!--><script>alert(1)</script-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?php echo 1 ?>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](  javascript:alert(1))",
    "[x](java\nscript:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](&#x6A;avascript&colon;alert(1))",
    "[x](javascript&#58;alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](DATA:text/html,<script>alert(1)</script>)",
    "[x]: javascript:alert(1)\n\n[x]",
    "[x][y]\n\n[y]: <JAVASCRIPT:alert(1)> 'title'",
    "<javascript:alert(1)>",
    "<data:text/html,x>",
    "![x](javascript:alert(1))",
    "![x](data:image/svg+xml;base64,PHN2Zz4=)",
    "![x](https://evil.example/pixel.gif)",
    "![x](//evil.example/pixel.gif)",
    "![x](/\\evil.example/pixel.gif)",
    "![x](\\\\evil.example/pixel.gif)",
    '![x](/a.png"onerror="alert(1))',
    '![x" onerror="alert(1)](/a.png)',
    '[x](https://a.example "title\\" onmouseover=\\"alert(1)")',
    '[x](https://a.example" onclick="alert(1))',
    "`<script>alert(1)</script>`",
    "    <script>alert(1)</script>",
    "> <script>alert(1)</script>",
    "| <script>alert(1)</script> | b |\n|---|---|\n| <img src=x onerror=alert(1)> | b |",
    "# <script>alert(1)</script>",
    "- <script>alert(1)</script>\n    - <img src=x onerror=alert(1)>",
    "{: onclick=alert(1) style=color:red }",
    "x {: .evil onclick='alert(1)' }",
    "\x02wzxhzdk:0\x03 <script>alert(1)</script> \x02klzzwxh:0000\x03",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "[![x](javascript:1)](javascript:alert(1))",
    "<a href='jav&#x0A;ascript:alert(1)'>x</a>",
    "*[<script>]: x",
    "\u202e<script>alert(1)</script>",
]


class Reader(HTMLParser):
    """Collects what a browser would see: tags with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    handle_startendtag = handle_starttag

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(decl)

    handle_pi = handle_comment = handle_decl


def assert_harmless(html: str) -> None:
    assert "<script" not in html.lower()
    for tag, attributes in Reader(html).elements:
        assert tag not in {"script", "style", "iframe", "svg", "math", "form", "input", "base", "meta"}
        assert set(attributes) <= ALLOWED_ATTRIBUTES, attributes
        address = attributes.get("href", "").strip().lower()
        assert ":" not in address.split("/")[0] or address.startswith(("http:", "https:", "mailto:", "tel:"))
        if "src" in attributes:
            assert is_local(attributes["src"])


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("frame", ["{}", "before\n\n{}\n\nafter", "**a {} b**", "1. x\n\n    {}"])
def test_attacks_never_reach_a_page(attack: str, frame: str) -> None:
    assert_harmless(safe_html(frame.replace("{}", attack)))


PUNCTUATION = [*"[]()!<>\"'`*_\\", "](", "//", "&#", "&colon;", "javascript:", "data:", "onclick=alert(1)"]
WHITE = ["\n", "\n\n", "    ", "# ", "- ", "| ", "|---|\n", "\x02", "\x03"]
FRAGMENTS = st.sampled_from([*ATTACKS, *PUNCTUATION, *WHITE])


@settings(max_examples=300, deadline=None)
@given(st.lists(FRAGMENTS | st.text(max_size=12), max_size=14).map("".join))
def test_no_combination_of_fragments_does_harm(markdown: str) -> None:
    assert_harmless(safe_html(markdown))
    assert isinstance(plain(markdown), str)


def test_raw_html_is_shown_as_it_was_typed() -> None:
    assert safe_html("Skriv <b>inte</b> 1 < 2") == "<p>Skriv &lt;b&gt;inte&lt;/b&gt; 1 &lt; 2</p>"


def test_a_refused_link_and_a_foreign_image_leave_their_words() -> None:
    assert safe_html("[läs](javascript:alert(1))") == "<p>läs</p>"
    assert safe_html("![en karta](https://far.example/map.png)") == "<p>en karta</p>"


def test_images_of_this_site_stay() -> None:
    assert 'src="/static/a.png"' in safe_html("![karta](/static/a.png)")


def test_links_get_rel_and_keep_their_address() -> None:
    html = safe_html("[SCB](https://www.scb.se/a?b=1&c=2) <kurs@kommun.example>")
    assert 'href="https://www.scb.se/a?b=1&amp;c=2"' in html
    assert html.count('rel="noopener noreferrer"') == 2
    assert 'href="mailto:kurs@kommun.example"' in html


def test_headings_leave_one_h1_to_the_page() -> None:
    assert safe_html("# A\n\n## B\n\n# C") == "<h2>A</h2>\n<h3>B</h3>\n<h2>C</h2>"
    assert safe_html("# A", heading_shift=3) == "<h4>A</h4>"
    assert safe_html("# A\n\n## B", heading_shift=5) == "<h6>A</h6>\n<h6>B</h6>"


def test_skipped_heading_levels_are_closed_up() -> None:
    assert safe_html("## A\n\n#### B\n\n### C\n\n## D") == "<h2>A</h2>\n<h3>B</h3>\n<h3>C</h3>\n<h2>D</h2>"


def test_an_empty_heading_is_no_heading() -> None:
    assert "<h" not in safe_html("#\n\ntext").replace("<html", "")


def test_heading_shift_out_of_range_is_a_fault_of_the_caller() -> None:
    with pytest.raises(ValueError, match="heading_shift"):
        safe_html("x", heading_shift=6)


def test_tables_get_scope_a_box_that_scrolls_and_classes_instead_of_style() -> None:
    html = safe_html("| Nivå | Timmar |\n|:---|---:|\n| utbildare | 12 |")
    assert '<th class="text-start" scope="col">Nivå</th>' in html
    assert '<td class="text-end">12</td>' in html
    assert '<div class="scroll" tabindex="0">' in html


def test_an_empty_corner_of_a_table_is_no_heading() -> None:
    html = safe_html("|  | B |\n|---|---|\n| a | b |")
    assert html.count("<th ") == 1


def test_text_around_a_table_survives() -> None:
    html = safe_html("före\n\n| A |\n|---|\n| 1 |\n\nefter")
    assert "<p>före</p>" in html
    assert "<p>efter</p>" in html


def test_lists_of_different_kinds_do_not_merge() -> None:
    assert "<ul>" in safe_html("1. ett\n2. två\n\n- a\n- b")
    assert '<ol start="3">' in safe_html("3. tre\n4. fyra")


def test_the_same_text_is_parsed_once() -> None:
    assert safe_html("en gång") is safe_html("en gång")


def test_plain_text_of_lists_links_and_tables() -> None:
    markdown = (
        "# Titel\n\nLäs *noga* [planen](https://a.example/p).\n\n- ett\n- två\n\n    1. a\n    2. b\n\n"
        "| A | B |\n|---|---|\n| 1 | 2 |\n\n> citat\n\n<https://b.example/>"
    )
    text = plain(markdown)
    assert text.startswith("Titel\n\nLäs noga planen (https://a.example/p).\n\n- ett\n- två\n")
    assert "  1. a\n  2. b" in text
    assert "\nA | B\n1 | 2\n" in text
    assert text.endswith("citat\n\nhttps://b.example/")
    assert "(https" not in plain(markdown, links=False)


def test_plain_text_is_text_and_not_html() -> None:
    assert plain("1 < 2 & <b>") == "1 < 2 & <b>"
    assert plain("") == ""


@pytest.mark.parametrize("hostile", ["[", "![a](", "[a]("])
def test_brackets_nested_deeper_than_anybody_reads_are_shown_as_typed(hostile: str) -> None:
    """The parser's time grows with the square of their depth."""
    deep = safe_html(hostile * 20_000)
    assert_harmless(deep)
    assert deep == f"<pre>{hostile * 20_000}</pre>"
    assert "<pre>" not in safe_html(hostile * 20)


@pytest.mark.parametrize("hostile", [">", "*a_"])
def test_deep_nesting_is_no_more_work_than_its_length(hostile: str) -> None:
    for length in (1_000, 5_000):
        text = hostile * length
        safe_html.cache_clear()
        assert calls(lambda text=text: assert_harmless(safe_html(text))) < 300 * len(text)


def test_a_lesson_twice_as_long_is_twice_the_work() -> None:
    lesson = "## Mål\n\nDu kan **följa** arbetet.\n\n- ett [a](/a)\n- två\n\n| A | B |\n|---|---|\n| 1 | 2 |\n\n"
    safe_html("warm up")
    work = [calls(lambda length=length: safe_html(lesson * length)) for length in (20, 40)]
    assert work[1] < 2.2 * work[0]


def test_plain_text_becomes_paragraphs_with_links_and_nothing_else() -> None:
    made = paragraphs("Hej <b>\nSvara på https://a.example/x?a=1&b=2 i dag\n\nHej då")
    assert made == (
        '<p>Hej &lt;b&gt;<br>Svara på <a href="https://a.example/x?a=1&amp;b=2">https://a.example/x?a=1&amp;b=2</a>'
        " i dag</p>\n<p>Hej då</p>"
    )


def test_local_addresses() -> None:
    assert all(map(is_local, ["/a", "a.png", "../a?b=c:d", "#top"]))
    assert not any(map(is_local, ["", "//a", "/\\a", "http:a", "https://a", "a:b", "/a b", "\t/a", "http://[x"]))
