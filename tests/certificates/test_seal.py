"""The seal: judged by other people's validator; no change goes unseen, and the file stays PDF/A and PDF/UA."""

import io
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pikepdf
import pytest
from asn1crypto import pem, x509
from pyhanko.pdf_utils.generic import NumberObject, pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.status import PdfSignatureStatus
from pyhanko_certvalidator import ValidationContext

from certificates.files import seal
from certificates.files.pdf import Layout
from certificates.files.seal import Seal, SealError, Words, sealed
from tests.certificates.examples import example
from tests.certificates.papers import CREDENTIAL, LONG_NAME, printed, read

AT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
WORDS = Words("Samordningsförbundet Uppsala län", "parlband.example", "Intygar certifikat SMA-A-2026-0096")
COUNTY = Seal(*seal.new("parlband.example", AT))


@cache
def file(layout: Layout = "portrait") -> bytes:
    return sealed(printed(example(), layout=layout), COUNTY, AT, WORDS)


def judged(data: bytes, by: Seal = COUNTY) -> PdfSignatureStatus:
    """What pyHanko's validator says, when it trusts the seal `by`."""
    (signature,) = PdfFileReader(io.BytesIO(data)).embedded_signatures
    root = x509.Certificate.load(pem.unarmor(by.certificate.encode())[2])
    return validate_pdf_signature(signature, ValidationContext(trust_roots=[root], moment=AT, allow_fetching=False))


def test_another_program_finds_it_valid_and_whole() -> None:
    told = judged(file())
    assert told.bottom_line
    assert told.trusted
    assert told.coverage.name == "ENTIRE_FILE"
    assert (told.md_algorithm, told.pkcs7_signature_mechanism) == ("sha256", "sha256_ecdsa")
    assert told.signer_reported_dt == AT


def test_it_is_pades_and_allows_no_change() -> None:
    (signature,) = PdfFileReader(io.BytesIO(file())).embedded_signatures
    told = signature.sig_object
    assert told["/SubFilter"] == "/ETSI.CAdES.detached"
    assert (told["/Name"], told["/Location"], told["/Reason"]) == (WORDS.name, WORDS.location, WORDS.reason)
    assert signature.docmdp_level.name == "NO_CHANGES"
    names = {each["type"].native for each in signature.signer_info["signed_attrs"]}
    assert names == {"content_type", "message_digest", "signing_certificate_v2"}  # EN 319 142-1: no signing time here


def test_what_was_there_stays_as_it_was() -> None:
    before = printed(example())
    assert file().startswith(before + b"\n")
    reader = read(file())
    assert reader.attachments["credential.json"] == [CREDENTIAL.encode()]
    kinds = [each.get_object()["/Subtype"] for each in reader.pages[0]["/Annots"]]
    assert kinds == ["/Link", "/Widget"]
    assert reader.trailer["/ID"][0] == read(before).trailer["/ID"][0]
    assert reader.trailer["/ID"][1] != read(before).trailer["/ID"][1]


def test_same_file_gives_the_same_bytes() -> None:
    assert sealed(printed(example()), COUNTY, AT, WORDS) == file()
    assert sealed(printed(example()), COUNTY, AT + timedelta(seconds=1), WORDS) != file()


def test_another_seal_is_not_trusted() -> None:
    told = judged(file(), Seal(*seal.new("parlband.example", AT)))
    assert told.intact
    assert not told.trusted


@pytest.mark.parametrize("share", [0.001, 0.1, 0.35, 0.6, 0.85, 0.91, 0.999])
def test_a_changed_byte_is_seen(share: float) -> None:
    data = bytearray(file())
    data[int(len(data) * share)] ^= 1
    try:
        valid = judged(bytes(data)).bottom_line
    except (PdfError, SignatureValidationError, ValueError):
        valid = False  # A file that no reader opens is seen as well.
    assert not valid


def test_what_is_added_later_is_seen() -> None:
    writer, out = IncrementalPdfFileWriter(io.BytesIO(file())), io.BytesIO()
    page, _resources = writer.find_page_for_modification(0)
    page.get_object()[pdf_name("/Rotate")] = NumberObject(180)
    writer.mark_update(page)
    writer.write(out)
    assert out.getvalue().startswith(file())
    assert not judged(out.getvalue()).bottom_line


def test_saved_by_another_program_it_is_no_longer_valid() -> None:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(file())) as opened:
        opened.save(out)
    assert not judged(out.getvalue()).intact


@pytest.mark.parametrize("data", [b"", b"no PDF", b"%PDF-1.7\n%%EOF\n"])
def test_only_our_own_files_are_sealed(data: bytes) -> None:
    with pytest.raises(SealError):
        sealed(data, COUNTY, AT, WORDS)


def test_nothing_is_sealed_twice() -> None:
    with pytest.raises(SealError):
        sealed(file(), COUNTY, AT, WORDS)


def test_words_in_any_script() -> None:
    words = Words("Κύπρος (Nicosia)", "парлбанд.example", "Იntygar \\ ) certifikat 🎓")
    (signature,) = PdfFileReader(
        io.BytesIO(sealed(printed(example()), COUNTY, AT, words))
    ).embedded_signatures
    told = signature.sig_object
    assert (told["/Name"], told["/Location"], told["/Reason"]) == (words.name, words.location, words.reason)


if PDFSIG := shutil.which("pdfsig"):  # Another reader's judgement, where there is one.

    def test_poppler_finds_it_valid(tmp_path: Path) -> None:
        (tmp_path / "page.pdf").write_bytes(file("landscape"))
        found = subprocess.run([str(PDFSIG), "-nocert", "page.pdf"], cwd=tmp_path, capture_output=True, check=True)
        assert b"Signature is Valid" in found.stdout
        assert b"Total document signed" in found.stdout


if VERAPDF := shutil.which("verapdf"):  # An outside judge of the sealed file, where there is one.

    @pytest.mark.parametrize("flavour", ["3a", "ua1"])
    @pytest.mark.parametrize("layout", ["portrait", "landscape"])
    @pytest.mark.parametrize("name", ["Elin Forsman", LONG_NAME])
    def test_sealed_file_passes_verapdf(layout: Layout, flavour: str, name: str, tmp_path: Path) -> None:
        made = sealed(printed(example(holder_name=name), layout=layout, status="revoked"), COUNTY, AT, WORDS)
        (tmp_path / "page.pdf").write_bytes(made)
        subprocess.run([str(VERAPDF), "--flavour", flavour, str(tmp_path / "page.pdf")], check=True)
