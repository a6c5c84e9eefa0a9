"""The seal of PDF files: a PAdES signature (B-B) that allows no change, so that every later one is seen.

The rule that matters most: sealing only appends. The signed PDF/A and PDF/UA stay what they were, and the same file,
seal and moment give the same bytes. pyHanko reads the file and its objects; its signer is not used, since it brings a
web client along (20 MiB in each server process) and writes the time of day into the file.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyhanko.pdf_utils.generic import PdfObject
    from pyhanko.pdf_utils.reader import PdfFileReader

FIELD = "Sigill"
"""Name of the signature field."""

_YEARS = timedelta(days=366 * 30)
_OUTSIDE = (-9999,) * 4  # PDF/A forbids a hidden field and PDF/UA an untagged one: it lies outside the page.
_PLACE = 10**10  # Holds the room for a number of the byte range.


class SealError(ValueError):
    """The file cannot be sealed: it is not one that we made."""


@dataclass(frozen=True)
class Seal:
    """An X.509 certificate and its secret key, both as PEM."""

    certificate: str
    secret: str


@dataclass(frozen=True)
class Words:
    """What a reader shows of a signature: whose it is, where it was made and why."""

    name: str
    location: str
    reason: str


def new(host: str, at: datetime) -> tuple[str, str]:
    """A new seal: its X.509 certificate and its secret key (ECDSA P-256), both as PEM."""
    from cryptography import x509  # noqa: PLC0415  few requests need it
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415  goes with it
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415  goes with it

    secret = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host[:64])])
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=True, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(secret.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - timedelta(days=1))
        .not_valid_after(at + _YEARS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .sign(secret, hashes.SHA256())
    )
    private = secret.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return made.public_bytes(serialization.Encoding.PEM).decode(), private.decode()


def sealed(file: bytes, seal: Seal, at: datetime, words: Words) -> bytes:
    """The PDF with an invisible certification signature of its whole content; `at` (aware) is the time it names.

    Raises SealError for a file that has a signature or a form already, or is no PDF.
    """
    from cryptography.hazmat.primitives.serialization import Encoding  # noqa: PLC0415  few requests need it
    from cryptography.x509 import load_pem_x509_certificate  # noqa: PLC0415  goes with it

    public = load_pem_x509_certificate(seal.certificate.encode()).public_bytes(Encoding.DER)
    room = len(public) + 700  # What stands beside the certificate takes some 430 bytes.
    begun = file + b"\n"  # Without it the appended objects break the rule of PDF/A for end-of-line (6.1.9).
    made = bytearray(begun + _appended(begun, at, words, room))
    opens = made.index(b"<" + b"0" * (2 * room) + b">", len(begun))
    closes = opens + 2 * room + 2
    _fill(made, len(begun), (opens, closes, len(made) - closes))
    signed = sha256(made[:opens] + made[closes:]).digest()
    signature = _signature(signed, public, seal.secret).hex().encode()
    made[opens + 1 : opens + 1 + len(signature)] = signature
    return bytes(made)


def _fill(made: bytearray, since: int, numbers: tuple[int, int, int]) -> None:
    """Write the byte range over its placeholders, which are as long."""
    for number in numbers:
        place = made.index(str(_PLACE).encode(), since)
        made[place : place + 11] = str(number).encode().ljust(11)


def _appended(file: bytes, at: datetime, words: Words, room: int) -> bytes:
    """The new objects and those that name them: an incremental update (ISO 32000-1 §7.5.6)."""
    from pyhanko.pdf_utils.misc import PdfError  # noqa: PLC0415  few requests need it
    from pyhanko.pdf_utils.reader import PdfFileReader  # noqa: PLC0415  goes with it

    try:
        reader = PdfFileReader(io.BytesIO(file))
        if "/AcroForm" in reader.root or "/Perms" in reader.root or reader.has_xref_stream:
            raise SealError("the file is sealed already, or is not one of ours")
        return _update(reader, file, _objects(reader, at, words, room))
    except PdfError as error:
        raise SealError("the file is not a PDF") from error


def _objects(reader: PdfFileReader, at: datetime, words: Words, room: int) -> dict[int, PdfObject]:
    """Number → object: the signature, its field, and the page and catalog that name it from now on."""
    from pyhanko.pdf_utils import generic as pdf  # noqa: PLC0415  see _appended

    name, text, array = pdf.pdf_name, pdf.pdf_string, pdf.ArrayObject

    def number(value: int) -> PdfObject:
        return pdf.NumberObject(value)

    def named(**values: object) -> pdf.DictionaryObject:
        return pdf.DictionaryObject({name(f"/{key}"): value for key, value in values.items()})

    free, root = int(reader.trailer["/Size"]), reader.root
    page_ref, _resources = reader.find_page_for_modification(0)
    page = page_ref.get_object()
    signature, field = (pdf.IndirectObject(each, 0, reader) for each in (free, free + 1))
    page["/Annots"] = array([*page.get("/Annots", ()), field])
    page[name("/Tabs")] = name("/S")
    root[name("/AcroForm")] = named(Fields=array([field]), SigFlags=number(3))
    root[name("/Perms")] = named(DocMDP=signature)
    extension = named(BaseVersion=name("/1.7"), ExtensionLevel=number(1))
    root[name("/Extensions")] = named(ESIC=extension)  # ETSI EN 319 142-1 §5.5
    no_changes = named(Type=name("/TransformParams"), V=name("/1.2"), P=number(1))
    allowed = named(Type=name("/SigRef"), TransformMethod=name("/DocMDP"), TransformParams=no_changes)
    return {
        free: named(
            Type=name("/Sig"), Filter=name("/Adobe.PPKLite"), SubFilter=name("/ETSI.CAdES.detached"),
            Contents=pdf.ByteStringObject(bytes(room)), ByteRange=array(map(number, (0, _PLACE, _PLACE, _PLACE))),
            M=pdf.pdf_date(at.astimezone(UTC)), Name=text(words.name), Location=text(words.location),
            Reason=text(words.reason), Reference=array([allowed]),
        ),
        free + 1: named(
            Type=name("/Annot"), Subtype=name("/Widget"), FT=name("/Sig"), T=text(FIELD),
            TU=text(words.reason), F=number(132), Rect=array(map(number, _OUTSIDE)), P=page_ref, V=signature,
        ),
        page_ref.idnum: page,
        reader.root_ref.idnum: root,
    }  # fmt: skip


def _update(reader: PdfFileReader, file: bytes, objects: dict[int, PdfObject]) -> bytes:
    """The objects as they stand behind the file, with the table of their places and a new name of the whole."""
    from pyhanko.pdf_utils import generic as pdf  # noqa: PLC0415  see _appended

    out, table = io.BytesIO(), []
    for number, value in sorted(objects.items()):
        table.append(f"{number} 1\n{len(file) + out.tell():010} 00000 n \n")
        out.write(f"{number} 0 obj\n".encode())
        value.write_to_stream(out, None)
        out.write(b"\nendobj\n")
    marks = reader.document_id[0], sha256(file + out.getvalue()).digest()[:16]
    trailer = pdf.DictionaryObject(
        {pdf.pdf_name(name): reader.trailer.raw_get(name) for name in ("/Root", "/Info") if name in reader.trailer}
        | {
            pdf.pdf_name("/Size"): pdf.NumberObject(max(objects) + 1),
            pdf.pdf_name("/ID"): pdf.ArrayObject(pdf.ByteStringObject(mark) for mark in marks),
            pdf.pdf_name("/Prev"): pdf.NumberObject(reader.last_startxref),
        }
    )
    place = len(file) + out.tell()
    out.write(f"xref\n{''.join(table)}trailer\n".encode())
    trailer.write_to_stream(out, None)
    out.write(f"\nstartxref\n{place}\n%%EOF\n".encode())
    return out.getvalue()


def _signature(digest: bytes, public: bytes, secret: str) -> bytes:
    """CMS SignedData over a SHA-256 digest, as CAdES asks: it names its own certificate (RFC 5035), and no time.

    Deterministic ECDSA (RFC 6979): the same file is sealed with the same bytes.
    """
    from asn1crypto import cms, tsp, x509  # noqa: PLC0415  few requests need it
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415  goes with it
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415  goes with it

    certificate = x509.Certificate.load(public)
    own = tsp.SigningCertificateV2({"certs": [{"cert_hash": sha256(public).digest()}]})
    attributes = cms.CMSAttributes(
        [
            {"type": "content_type", "values": ["data"]},
            {"type": "message_digest", "values": [digest]},
            {"type": "signing_certificate_v2", "values": [own]},
        ]
    )
    key = serialization.load_pem_private_key(secret.encode(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("a seal is a key of ECDSA")
    by = {"issuer": certificate.issuer, "serial_number": certificate.serial_number}
    signer = {
        "version": "v1",
        "sid": cms.SignerIdentifier("issuer_and_serial_number", by),
        "digest_algorithm": {"algorithm": "sha256"},
        "signed_attrs": attributes,
        "signature_algorithm": {"algorithm": "sha256_ecdsa"},
        "signature": key.sign(attributes.dump(), ec.ECDSA(hashes.SHA256(), deterministic_signing=True)),
    }
    content = {
        "version": "v1",
        "digest_algorithms": [{"algorithm": "sha256"}],
        "encap_content_info": {"content_type": "data"},
        "certificates": [certificate],
        "signer_infos": [signer],
    }
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": content}).dump())
