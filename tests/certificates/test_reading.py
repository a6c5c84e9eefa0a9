"""Reading files: what they are follows from their content, and each way to fool a reader has its own refusal."""

import io
import json
import zlib

import pikepdf
import pytest

from certificates import reading
from certificates.reading import MAX_BYTES, UnreadableError, process, read
from tests.certificates.baked import HEAD, attach, chunk, page, png, saved_anew, sealed, svg, text_chunk
from tests.certificates.credentials import statement

TEXT = '{"id":"å"}'
LAUGHS = '<!DOCTYPE svg [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


def refusal(data: bytes) -> str:
    with pytest.raises(UnreadableError) as refused:
        read(data)
    assert str(refused.value)
    return refused.value.code


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (TEXT.encode(), "json"),
        (b"\xef\xbb\xbf \n" + TEXT.encode(), "json"),
        (png(text_chunk(TEXT)), "png"),
        (svg(TEXT), "svg"),
        (svg(TEXT, before='<?xml version="1.0"?><!-- a badge -->'), "svg"),
    ],
)
def test_each_kind_is_told_by_its_content(data: bytes, kind: str) -> None:
    found = read(data)
    assert found.kind == kind
    assert json.loads(found.text) == json.loads(TEXT)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"{" + b" " * MAX_BYTES, "size"),
        (b"{" + b" " * reading.MAX_TEXT, "size"),
        ('{"id":"å"}'.encode("latin-1"), "text"),
        (b"hello", "kind"),
        (b"\xff\xd8\xff\xe0 a photo", "kind"),
        (b"eyJhbGciOiJFZERTQSJ9.e30.AAAA", "kind"),
        (b"PK\x03\x04 an archive", "kind"),
        (b"<html><body>hello</body></html>", "kind"),
        (png(), "none"),
        (png(text_chunk(TEXT), text_chunk(TEXT)), "several"),
        (png(text_chunk(TEXT), text_chunk(TEXT, b"", b"tEXt")), "several"),
        (png(text_chunk(TEXT, b"", b"tEXt")), "packed"),
        (png(chunk(b"iTXt", b"openbadgecredential\0\1\0\0\0" + zlib.compress(TEXT.encode()))), "packed"),
        (png(text_chunk("x" * (reading.MAX_TEXT + 1))), "size"),
        (png(chunk(b"iTXt", b"openbadgecredential\0\0\0")), "broken"),
        (png(text_chunk(TEXT))[:-6], "broken"),
        (png(text_chunk(TEXT), end=b"PK more"), "broken"),
        (png(text_chunk(TEXT)).replace(b'"id"', b'"ID"'), "broken"),
        (HEAD + b"\xff\xff\xff\xffiTXt", "broken"),
        (svg(), "none"),
        (svg(""), "none"),
        (svg(TEXT, TEXT), "several"),
        (svg(TEXT, before=LAUGHS), "doctype"),
        (svg(TEXT, before=OUTSIDE), "doctype"),
        (svg(TEXT)[:-9], "broken"),
        (svg("x" * (reading.MAX_TEXT + 1)), "size"),
        (svg(TEXT).replace(b"<rect", b"<g>" * 500 + b"<rect"), "broken"),
        (svg(TEXT).replace(b"<![CDATA[", b"<g/><![CDATA["), "broken"),
        (svg("").replace(b"credential><", b'credential verify="eyJ"><', 1), "kind"),
    ],
)
def test_what_is_no_such_file_says_why(data: bytes, code: str) -> None:
    assert refusal(data) == code


def test_a_sealed_pdf_tells_its_credential_its_pages_and_its_seal() -> None:
    found = read(sealed(page(statement(), TEXT)))
    assert (found.kind, found.text) == ("pdf", TEXT)
    assert statement().number in found.pages[0]
    assert [(each.intact, each.whole) for each in found.signatures] == [(True, True)]


def test_what_is_attached_in_an_attachment_is_not_looked_at() -> None:
    inner = page(statement(), TEXT).decode("latin-1")
    assert read(saved_anew(page(statement(), TEXT), lambda file: attach(file, inner, "inner.pdf"))).text == TEXT
    assert refusal(saved_anew(page(statement(), TEXT), _without)) == "none"


def _without(file: pikepdf.Pdf) -> None:
    del file.attachments["credential.json"]


def test_what_no_certificate_is() -> None:
    good = page(statement(), TEXT)
    for broken in (good[:300], good[:-400], b"%PDF-1.7\nnothing\n%%EOF\n", b"%PDF-"):
        assert refusal(broken) in ("broken", "none", "bomb")
    assert refusal(saved_anew(good, lambda file: [file.pages.append(file.pages[0]) for _n in range(30)])) == "pages"
    assert refusal(saved_anew(good, lambda file: [attach(file, "", f"{n}") for n in range(60)])) == "attachments"
    assert refusal(saved_anew(good, _twice)) == "several"
    assert refusal(_encrypted(good)) == "encrypted"


def _twice(file: pikepdf.Pdf) -> None:
    attach(file, TEXT, "other.json")
    file.attachments.get("other.json").filename = "credential.json"


def _encrypted(file: bytes) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(file)) as opened:
        opened.save(out, encryption=pikepdf.Encryption(owner="a", user="b"))
    return out.getvalue()


def test_a_pdf_that_grows_without_end_is_stopped() -> None:
    """A page of 200 MB of spaces, packed into 200 kB, and again packed."""
    packed = zlib.compressobj(9)
    bomb = b"".join(packed.compress(b" " * 2**20) for _n in range(200)) + packed.flush()

    def swell(file: pikepdf.Pdf) -> None:
        names = pikepdf.Array([pikepdf.Name.FlateDecode, pikepdf.Name.FlateDecode])
        stream = file.make_stream(b"")
        stream.write(zlib.compress(bomb), filter=names)
        file.pages[0].Contents = stream

    assert refusal(saved_anew(page(statement(), TEXT), swell)) in ("bomb", "broken")


def test_a_reader_that_never_ends_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_SECONDS", 0.05)
    monkeypatch.setattr(process, "_PATIENCE", 0.05)
    assert refusal(page(statement(), TEXT)) == "bomb"
    for _turn in range(2):
        assert process._AT_ONCE.acquire(blocking=False)
    try:
        assert refusal(page(statement(), TEXT)) == "busy"
    finally:
        process._AT_ONCE.release(2)
