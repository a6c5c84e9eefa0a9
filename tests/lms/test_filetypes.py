"""Uploads: real files built here, and files that pretend."""

import io
import struct
import zipfile
import zlib

import pypdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from lms import filetypes
from lms.filetypes import MAX_BYTES, recognise, safe_name
from tests.effort import unpacking

TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.'
    'wordprocessingml.document.main+xml"/></Types>'
)
DOCUMENT = '<?xml version="1.0"?><w:document xmlns:w="urn:w"><w:body/></w:document>'
ODT_MIME = "application/vnd.oasis.opendocument.text"


def image(format_name: str, size: tuple[int, int] = (40, 30)) -> bytes:
    out = io.BytesIO()
    Image.effect_noise(size, 60).convert("RGB").save(out, format_name)
    return out.getvalue()


def pdf() -> bytes:
    out, writer = io.BytesIO(), pypdf.PdfWriter()
    writer.add_blank_page(width=595, height=842)
    writer.write(out)
    return out.getvalue()


def packed(members: dict[str, str | bytes], *, stored: tuple[str, ...] = ()) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            kind = zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED
            archive.writestr(name, content, compress_type=kind)
    return out.getvalue()


def docx(**more: str | bytes) -> bytes:
    return packed({"[Content_Types].xml": TYPES, "_rels/.rels": "<x/>", "word/document.xml": DOCUMENT, **more})


def odt(**more: str | bytes) -> bytes:
    members: dict[str, str | bytes] = {
        "mimetype": ODT_MIME,
        "content.xml": "<x/>",
        "META-INF/manifest.xml": "<x/>",
    }
    return packed({**members, **more}, stored=("mimetype",))


def heic(brand: bytes = b"heic") -> bytes:
    file_type = b"ftyp" + brand + b"\0\0\0\0" + b"mif1" + b"heic"
    meta = b"meta" + bytes(100)
    return struct.pack(">I", len(file_type) + 4) + file_type + struct.pack(">I", len(meta) + 4) + meta


REAL = {
    "pdf": pdf(),
    "docx": docx(),
    "odt": odt(),
    "png": image("PNG"),
    "jpeg": image("JPEG"),
    "gif": image("GIF"),
    "webp": image("WEBP"),
    "heic": heic(),
}


@pytest.mark.parametrize("key", REAL)
def test_real_files_are_recognised(key: str) -> None:
    kind = recognise(REAL[key])
    assert kind is not None
    assert kind.key == key
    assert kind.extension.startswith(".")
    assert "/" in kind.media_type


def test_kinds_of_images_in_use() -> None:
    progressive, transparent, animated = io.BytesIO(), io.BytesIO(), io.BytesIO()
    Image.new("RGB", (9, 9)).save(progressive, "JPEG", progressive=True, exif=b"Exif\0\0" + bytes(64))
    Image.new("RGBA", (9, 9)).save(transparent, "WEBP", lossless=True)
    Image.new("P", (9, 9)).save(animated, "GIF", save_all=True, append_images=[Image.new("P", (9, 9), 1)])
    assert recognise(progressive.getvalue()) is filetypes.JPEG
    assert recognise(transparent.getvalue()) is filetypes.WEBP
    assert recognise(animated.getvalue()) is filetypes.GIF
    assert recognise(heic(b"mif1")) is filetypes.HEIC


def test_a_moving_picture_behind_a_photo_is_accepted() -> None:
    assert recognise(REAL["jpeg"] + b"\0\0\0\x18ftypmp42" + bytes(500)) is filetypes.JPEG


PRETENDERS = {
    "nothing": b"",
    "one byte": b"%",
    "text": b"Hej hopp",
    "web page": b"<!doctype html><script>alert(1)</script>",
    "web page named PDF": b"%PDF-1.7\n<html><script>alert(1)</script></html>",
    "web page with all words of a PDF": b"%PDF-1.7\n<html>1 0 obj<script>x</script>\nstartxref\n0\n%%EOF",
    "PDF after rubbish": b"GIF89a\n" + REAL["pdf"],
    "PDF cut short": REAL["pdf"][: len(REAL["pdf"]) // 2],
    "PDF and archive": REAL["pdf"] + docx(),
    "SVG": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "SVG with declaration": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>',
    "PNG and archive": REAL["png"] + odt(),
    "PNG cut short": REAL["png"][:60],
    "PNG with a broken head": REAL["png"][:20] + b"\xff" + REAL["png"][21:],
    "JPEG and archive": REAL["jpeg"] + docx(),
    "JPEG head only": REAL["jpeg"][:3],
    "GIF that is a script": b"GIF89a=1;/*" + bytes(20) + b"*/<script>alert(1)</script>;",
    "GIF head only": b"GIF89a",
    "WEBP of wrong length": REAL["webp"] + bytes(64),
    "WAV": b"RIFF\x24\0\0\0WAVEfmt " + bytes(30),
    "MP4": b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(100),
    "executable": b"MZ" + bytes(200),
    "ELF": b"\x7fELF" + bytes(200),
    "plain archive": packed({"a.txt": "hej"}),
    "XLSX": packed({"[Content_Types].xml": TYPES.replace("word", "sheet"), "xl/workbook.xml": "<x/>"}),
    "DOCX without document": packed({"[Content_Types].xml": TYPES}),
    "DOCX with false types": packed({"[Content_Types].xml": "<Types/>", "word/document.xml": DOCUMENT}),
    "DOCM": packed(
        {
            "[Content_Types].xml": TYPES.replace("main+xml", "main+xml macroEnabled"),
            "word/document.xml": DOCUMENT,
        }
    ),
    "DOCX with macros": docx(**{"word/vbaProject.bin": b"\xd0\xcf"}),
    "DOCX with a macro elsewhere": docx(**{"word/x/VBAPROJECT.BIN": b"\xd0\xcf"}),
    "DOCX with ActiveX": docx(**{"word/activeX/activeX1.bin": b"x"}),
    "DOCX with entities": packed(
        {"[Content_Types].xml": TYPES, "word/document.xml": '<!DOCTYPE x [<!ENTITY a "b">]>' + DOCUMENT}
    ),
    "DOCX with a path out": docx(**{"../../etc/passwd": "x"}),
    "DOCX with a path from the root": docx(**{"/etc/passwd": "x"}),
    "DOCX behind something": b"#!/bin/sh\n" + docx(),
    "DOCX behind an archive": packed({"a": "b"}) + docx(),
    "DOCX cut short": docx()[:-30],
    "ODT of another kind": packed({"mimetype": ODT_MIME + "-template", "content.xml": "<x/>"}),
    "ODT with mimetype not first": packed({"content.xml": "<x/>", "mimetype": ODT_MIME}),
    "ODT with macros": odt(**{"Basic/Standard/Module1.xml": "<x/>"}),
    "old Word": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
    "RTF": rb"{\rtf1 hej}",
}


@pytest.mark.parametrize("pretender", PRETENDERS)
def test_pretenders_are_refused(pretender: str) -> None:
    assert recognise(PRETENDERS[pretender]) is None


def test_an_encrypted_archive_is_refused() -> None:
    data = bytearray(docx())
    for signature, flag in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.find(signature)
        data[place + flag] |= 1
    assert recognise(bytes(data)) is None


def test_size_has_a_limit() -> None:
    assert MAX_BYTES == 20_971_520
    assert recognise(REAL["jpeg"] + bytes(MAX_BYTES - len(REAL["jpeg"]))) is filetypes.JPEG
    assert recognise(REAL["jpeg"] + bytes(MAX_BYTES)) is None


def test_a_bomb_is_never_unpacked() -> None:
    bomb = packed({"[Content_Types].xml": TYPES, "word/document.xml": bytes(250_000_000), "b": bytes(90_000_000)})
    with unpacking() as unpacked:
        assert recognise(bomb) is None
    assert unpacked.size == 0, "its directory says enough"


def test_a_bomb_that_lies_about_its_size_is_read_only_to_the_bound() -> None:
    data = bytearray(packed({"[Content_Types].xml": TYPES + " " * 150_000_000, "word/document.xml": DOCUMENT}))
    directory = data.find(b"PK\x01\x02")
    data[directory + 24 : directory + 28] = struct.pack("<I", 500)
    with unpacking() as unpacked:
        assert recognise(bytes(data)) is None
    assert 0 < unpacked.size <= 2 * 1024 * 1024


def test_too_many_members_are_refused_before_they_are_listed() -> None:
    many = packed({"[Content_Types].xml": TYPES, "word/document.xml": DOCUMENT, **{f"m{n}": "" for n in range(2_001)}})
    assert recognise(many) is None


def test_an_image_of_absurd_dimensions_is_refused() -> None:
    data = bytearray(REAL["png"])
    data[16:24] = struct.pack(">II", 60_000, 60_000)
    data[29:33] = struct.pack(">I", zlib.crc32(bytes(data[12:29])))
    assert recognise(bytes(data)) is None


@given(st.sampled_from(sorted(REAL)), st.integers(0, 400), st.binary(max_size=40))
def test_damaged_files_are_judged_without_an_error(key: str, place: int, rubbish: bytes) -> None:
    data = REAL[key]
    kind = recognise(data[:place] + rubbish + data[place + len(rubbish) :])
    assert kind is None or kind.key == key or rubbish


@given(st.binary(max_size=300))
def test_rubbish_is_nothing(data: bytes) -> None:
    recognise(data)
    recognise(b"PK\x03\x04" + data + b"PK\x05\x06" + data)


@pytest.mark.parametrize(
    ("given_name", "expected"),
    [
        ("Uppgift åäö.pdf", "Uppgift åäö.pdf"),
        ("C:\\Users\\eva\\plan.docx", "plan.docx"),
        ("../../etc/passwd", "passwd"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie_ x.pdf"),
        ("rapport\u202efdp.exe", "rapportfdp.exe"),
        ('a"; filename="b.pdf', "a__ filename=_b.pdf"),
        ("Skärmbild 10.30\u202fAM.png", "Skärmbild 10.30 AM.png"),
        ("a\u0308.txt", "ä.txt"),
        ("...", "file"),
        ("", "file"),
        ("   ", "file"),
        (".htaccess", "htaccess"),
        ("con.pdf", "_con.pdf"),
        ("LPT1", "_LPT1"),
        ("x" * 300 + ".docx", "x" * 115 + ".docx"),
        ("x." + "y" * 300, "x." + "y" * 118),
        ("slut.pdf. . ", "slut.pdf"),
    ],
)
def test_safe_names(given_name: str, expected: str) -> None:
    assert safe_name(given_name) == expected


@given(st.text(max_size=300))
def test_every_name_becomes_a_usable_one(name: str) -> None:
    safe = safe_name(name)
    assert 0 < len(safe) <= 120
    assert not set(safe) & set('/\\"<>:|?*;%\r\n\0\u202e\u2066')
    assert safe == safe.strip(". ")
    assert safe_name(safe) == safe
