"""Every word on a screen exists in Swedish, with the same values in it, and the catalogue compiles."""

import io
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[1]
CATALOGUE = ROOT / "lms/translations/sv/LC_MESSAGES/messages.po"
KEYWORDS = {
    "_": None, "_l": None, "N_": None, "gettext": None, "lazy_gettext": None,
    "ngettext": (1, 2), "lazy_ngettext": (1, 2),
}  # fmt: skip
VALUE = re.compile(r"%(?:\((\w+)\))?[sd]")


@pytest.fixture(scope="module")
def swedish() -> Catalog:
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="sv")


@pytest.fixture(scope="module")
def used() -> set[object]:
    with (ROOT / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    rooms = ("lms", "certificates", "courses", "templates")
    found: set[object] = set()
    for room in rooms:
        own = [(pattern, method) for pattern, method in methods if pattern.startswith(room)]
        mapping = [(pattern.removeprefix(f"{room}/"), method) for pattern, method in own]
        for _file, _line, message, *_rest in extract_from_dir(
            str(ROOT / room), method_map=mapping, options_map=options, keywords=KEYWORDS
        ):
            found.add(tuple(message) if isinstance(message, (list, tuple)) else message)
    assert len(found) > 300
    return found


def test_every_word_on_screen_has_its_swedish(used: set[object], swedish: Catalog) -> None:
    missing = []
    for message in used:
        known = swedish.get(message if isinstance(message, str) else message[0])  # type: ignore[index]
        if known is None or not known.string or (not isinstance(known.string, str) and not all(known.string)):
            missing.append(message)
    assert sorted(map(str, missing)) == []


def test_values_are_the_same_in_both_languages(swedish: Catalog) -> None:
    for message in swedish:
        if not message.id:
            continue
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        strings = [message.string] if isinstance(message.string, str) else list(message.string)
        wanted = {name for text in ids for name in VALUE.findall(text)}
        for text in strings:
            assert set(VALUE.findall(text)) <= wanted, message.id
            assert len(ids) > 1 or set(VALUE.findall(text)) == wanted, message.id


def test_the_catalogue_compiles_and_holds_no_leftovers(used: set[object], swedish: Catalog) -> None:
    write_mo(io.BytesIO(), swedish)
    known = {message.id if isinstance(message.id, str) else message.id[0] for message in swedish if message.id}
    first = {message if isinstance(message, str) else message[0] for message in used}  # type: ignore[index]
    assert known - first == set()


def test_swedish_says_du_and_stays_calm(swedish: Catalog) -> None:
    """look.md §5: no «vänligen», «tyvärr», «oj», «klicka här», exclamation marks or «OBS»."""
    banned = re.compile(r"\b(vänligen|tyvärr|oj|OBS)\b|klicka här|!", re.IGNORECASE)
    guilty = [m.string for m in swedish if m.id and banned.search(str(m.string))]
    assert guilty == []
