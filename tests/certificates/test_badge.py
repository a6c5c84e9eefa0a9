"""The badge holds its credential word for word, says in words what it shows, and names no person."""

import json
import struct
import zlib
from datetime import date
from io import BytesIO
from xml.etree import ElementTree

import pytest
from PIL import Image

from certificates.files import badge
from certificates.reading import images
from certificates.statement import Part, ProgrammeRef, Statement
from tests.certificates.examples import example
from tests.certificates.papers import CREDENTIAL, LONG_NAME

SVG = "{http://www.w3.org/2000/svg}"
TEXTS = [CREDENTIAL, "{}", json.dumps({"a": "]]>" * 3 + "å</svg> & \u2028"}, ensure_ascii=False)]
LONG = ProgrammeRef("x", "Systematisk metod för arbetsinriktad lotsning " * 5, "", "2026-1")


@pytest.mark.parametrize("text", TEXTS)
def test_credential_is_read_back_word_for_word(text: str) -> None:
    assert images.svg(badge.svg(example(), text)) == text
    assert images.png(badge.png(example(), text)) == text.encode()


def test_png_has_the_one_chunk_uncompressed_and_is_a_whole_picture() -> None:
    made = badge.png(example(), CREDENTIAL)
    with Image.open(BytesIO(made)) as opened:
        opened.load()
        assert opened.size == (680, 680)
        assert opened.info["openbadgecredential"] == CREDENTIAL
        assert opened.info["Description"] == badge.alt(example())
    head = made.index(b"iTXtopenbadgecredential")
    length = struct.unpack(">I", made[head - 4 : head])[0]
    assert made[head + 23 : head + 28] == b"\0\0\0\0\0"  # keyword ends; not compressed; no language, no translation
    assert made[head + 4 + length : head + 8 + length] == zlib.crc32(made[head : head + 4 + length]).to_bytes(4)
    assert made.count(b"openbadgecredential") == 1


def test_svg_says_what_it_shows_and_needs_nothing_from_elsewhere() -> None:
    made = badge.svg(example(), CREDENTIAL)
    root = ElementTree.fromstring(made)
    words = "Certifierad användare: SMAIL för användare. Samordningsförbundet Uppsala län, 2026."
    assert root.attrib["role"] == "img"
    assert (root.attrib["aria-label"], root.findtext(f"{SVG}title")) == (words, words)
    assert root[0].tag == "{https://purl.imsglobal.org/ob/v3p0}credential"
    assert not any(each.tag in {f"{SVG}script", f"{SVG}image", f"{SVG}style"} for each in root.iter())
    links = {value for each in root.iter() for name, value in each.attrib.items() if name.endswith("href")}
    assert all(link.startswith("#") for link in links)


@pytest.mark.parametrize("make", [badge.svg, badge.png])
def test_same_certificate_gives_the_same_bytes_and_no_name(make) -> None:  # type: ignore[no-untyped-def]
    made = make(example(), CREDENTIAL)
    assert make(example(holder_name=LONG_NAME), CREDENTIAL) == made
    assert make(example(level="trainer"), CREDENTIAL) != made


@pytest.mark.parametrize(
    "statement",
    [
        example(programme=LONG, level="trainer", issuer="Samordningsförbundet för fyra län och en region " * 3),
        example(language="en", publicity="Co-funded by the European Union", parts=()),
        example(publicity="", issuer='<&"\'>'),
        example(parts=tuple(Part("session", f"T{n}", date(2026, 10, 1), 45, ("E",)) for n in range(1, 25))),
    ],
)
def test_any_certificate_has_a_badge(statement: Statement) -> None:
    assert images.svg(badge.svg(statement, CREDENTIAL)) == CREDENTIAL
    assert images.png(badge.png(statement, CREDENTIAL)) == CREDENTIAL.encode()


def test_english_words() -> None:
    assert badge.alt(example(language="en")).startswith("Certified user: SMAIL for users. ")
