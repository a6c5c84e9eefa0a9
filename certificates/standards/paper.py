"""The proof that paper carries: what the certificate says in short, signed by the county, as digits behind the address.

The digits stand after `#` in the QR code, so they reach no server. They are 0x01 and a COSE_Sign1 (RFC 9052, EdDSA)
over a CBOR map, read as one big number: digits are what a QR code packs tightest.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from typing import Any, Literal

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_FIRST = b"\x01"
_EPOCH = date(1970, 1, 1)
_EDDSA, _ALGORITHM, _KEY_ID = -8, 1, 4  # RFC 9053 §2.2, RFC 9052 §3.1
LONGEST = 2000
"""Digits of the longest name in the widest script, 160 letters of three bytes, with its programme."""
_LEVELS: tuple[Literal["trainer"], Literal["user"]] = ("trainer", "user")


class PaperError(ValueError):
    """The digits are not what the county signed."""


@dataclass(frozen=True)
class Paper:
    """What stands in the code: number, name as printed, programme, level, days, list of revocations and place in it,
    and the first sixteen bytes of the SHA-256 of the signed credential."""

    number: str
    name: str
    programme: str
    level: Literal["trainer", "user"]
    issued_on: date
    valid_until: date | None
    status_list: str
    status_index: int
    digest: bytes


def digits(paper: Paper, key: Ed25519PrivateKey) -> str:
    """The signed digits; about 400 of them."""
    protected = cbor2.dumps({_ALGORITHM: _EDDSA, _KEY_ID: key_id(key.public_key())})
    payload = cbor2.dumps(_map(paper))
    message = cbor2.dumps([protected, {}, payload, key.sign(_signed(protected, payload))])
    return str(int.from_bytes(_FIRST + message))


def read(text: str, keys: dict[bytes, Ed25519PublicKey]) -> Paper:
    """What the digits say, when one of the keys (by `key_id`) has signed it. Raises PaperError."""
    try:
        protected, _open, payload, signature = _message(text)
        key = keys[cbor2.loads(protected)[_KEY_ID]]
        key.verify(signature, _signed(protected, payload))
        return _paper(cbor2.loads(payload))
    except (cbor2.CBORError, InvalidSignature, LookupError, TypeError, ValueError, OverflowError) as error:
        raise PaperError("the digits are not what the county signed") from error


def signer(text: str) -> bytes:
    """The `key_id` that digits of ours name; nothing is checked. Raises PaperError."""
    try:
        found = cbor2.loads(_message(text)[0])[_KEY_ID]
    except (cbor2.CBORError, LookupError, TypeError, ValueError) as error:
        raise PaperError("no key is named") from error
    if not isinstance(found, bytes):
        raise PaperError("no key is named")
    return found


def key_id(key: Ed25519PublicKey) -> bytes:
    """The first eight bytes of the SHA-256 of the raw key."""
    return sha256(key.public_bytes_raw()).digest()[:8]


def _message(text: str) -> Any:
    if not (text.isascii() and text.isdigit()) or len(text) > LONGEST or text.startswith("0"):
        raise PaperError("no digits")
    number = int(text)
    data = number.to_bytes((number.bit_length() + 7) // 8)
    if not data.startswith(_FIRST):
        raise PaperError("another format")
    message = cbor2.loads(data[1:])
    if cbor2.dumps(message) != data[1:] or len(message) != 4 or message[1] != {}:
        raise PaperError("another spelling")
    return message


def _signed(protected: bytes, payload: bytes) -> bytes:
    return cbor2.dumps(["Signature1", protected, b"", payload])


def _map(paper: Paper) -> dict[int, Any]:
    last = None if paper.valid_until is None else (paper.valid_until - _EPOCH).days
    values = (
        paper.number, paper.name, paper.programme, _LEVELS.index(paper.level), (paper.issued_on - _EPOCH).days, last,
        paper.status_index, paper.digest[:16], paper.status_list,
    )  # fmt: skip
    return dict(enumerate(values, 1))


def _paper(values: dict[int, Any]) -> Paper:
    number, name, programme, level, issued, last, index, digest, listed = (values[place] for place in range(1, 10))
    until = None if last is None else _EPOCH + timedelta(days=last)
    return Paper(number, name, programme, _LEVELS[level], _EPOCH + timedelta(days=issued), until, listed, index, digest)
