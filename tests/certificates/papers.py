"""Papers: certificates as they are printed, with digits signed by a county of this run, and as scanners see them."""

import io
import re
import shutil
import subprocess
from functools import cache
from hashlib import sha256
from typing import Any

import zxingcpp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image
from pypdf import PdfReader

from certificates.files import pdf
from certificates.files.pdf import Proof
from certificates.proof.signing import PRINTED
from certificates.standards import paper
from certificates.standards.paper import Paper
from certificates.statement import Statement

BASE = "https://parlband.example"
LONG_BASE = "https://certifikat.samordningsforbundet-uppsala-lan.example/parlband"
CREDENTIAL = '{"id": "https://parlband.example/credentials/a", "name": "Åsa ]]> \\u0022"}'
COUNTY = Ed25519PrivateKey.generate()
LONG_NAME = "Ann-Charlotte Margareta Elisabeth Wachtmeister-Lewenhaupt af Ekenstam-Åkerhielm"
LONGEST_NAME = f"{'გ' * 80} {'ე' * 79}"
"""As long as the register takes, in a script of three bytes for each letter."""


def proof_of(statement: Statement) -> Proof:
    """What the county has signed for the paper of this certificate."""
    said = Paper(
        statement.number, statement.holder_name, statement.programme.title[:PRINTED], statement.level,
        statement.issued_on, statement.valid_until, "abcdefgh", 130_000, sha256(CREDENTIAL.encode()).digest()[:16],
    )  # fmt: skip
    return Proof(CREDENTIAL, paper.digits(said, COUNTY))


def printed(statement: Statement, *, base_url: str = BASE, **values: Any) -> bytes:
    """The PDF, not sealed."""
    return pdf.render(statement, proof_of(statement), base_url=base_url, **values)


def picture(file: bytes, dpi: int) -> Image.Image:
    """The first page as a scanner at `dpi` would see it."""
    arguments = [_program(), "-r", str(dpi), "-l", "1", "-singlefile", "-png", "-"]
    return Image.open(io.BytesIO(subprocess.run(arguments, input=file, check=True, capture_output=True).stdout))


def scanned(page: Image.Image) -> str:
    """What the one code on a page says."""
    (found,) = zxingcpp.read_barcodes(page)
    return str(found.text)


def believed(text: str) -> Paper:
    """What the digits of a scanned address say, checked with the county's public key and nothing else."""
    return paper.read(text.partition("#")[2], {paper.key_id(COUNTY.public_key()): COUNTY.public_key()})


def read(file: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(file))


def text_of(file: bytes) -> str:
    """All text without white space: where lines break is the layout's business."""
    return squeezed("".join(page.extract_text() for page in read(file).pages))


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


@cache
def _program() -> str:
    program = shutil.which("pdftoppm")
    assert program, "pdftoppm is missing: install the Debian package poppler-utils"
    return program
