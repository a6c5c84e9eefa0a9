"""Bitstring Status Lists (W3C): one bit for each certificate of an issuer, set when it is revoked.

The rule that matters most: who reads fails closed. A list that is missing, stale, short or somebody else's says nothing
good about anything.
"""

import base64
import gzip
import secrets
import zlib
from collections.abc import Collection
from datetime import datetime, timedelta

from certificates.standards.document import moment
from certificates.standards.integrity import VC, Document

BITS = 131_072
"""The least that the standard allows, so that a place tells nothing about its holder (§ 6.1)."""
FRESH = timedelta(days=7)
"""How long a list may be believed; it is signed anew every day."""


def place(taken: Collection[int]) -> int:
    """A random free place."""
    if len(taken) >= BITS:
        raise ValueError("the list is full")
    while (index := secrets.randbelow(BITS)) in taken:
        pass
    return index


def document(
    address: str, issuer: str, revoked: Collection[int], at: datetime, fresh: timedelta | None = None
) -> Document:
    """The unsigned list credential at this address, to be believed for so long (FRESH)."""
    return {
        "@context": [VC],
        "id": address,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer,
        "validFrom": moment(at),
        "validUntil": moment(at + (fresh or FRESH)),
        "credentialSubject": {
            "id": f"{address}#list",
            "type": "BitstringStatusList",
            "statusPurpose": "revocation",
            "encodedList": encoded(revoked),
        },
    }


def encoded(revoked: Collection[int]) -> str:
    """The bits, the first leftmost, as multibase base64url of gzip; the same bits give the same text."""
    bits = bytearray(BITS // 8)
    for index in revoked:
        bits[index // 8] |= 0x80 >> index % 8
    packed = gzip.compress(bytes(bits), 9, mtime=0)
    return "u" + base64.urlsafe_b64encode(packed).decode().rstrip("=")


def is_set(text: str, index: int) -> bool:
    """The bit of a list as `encoded` writes it. ValueError when the list is no list, too short, or lacks the place."""
    if not text.startswith("u"):
        raise ValueError("no base64url multibase")
    try:
        packed = base64.urlsafe_b64decode(text[1:] + "=" * (-len(text[1:]) % 4))
        unpacker = zlib.decompressobj(31)
        bits = unpacker.decompress(packed, 16 * BITS)  # no list is longer than 16 times the least
    except (ValueError, zlib.error) as error:
        raise ValueError("no gzip") from error
    if len(bits) * 8 < BITS or not unpacker.eof or not 0 <= index < len(bits) * 8:
        raise ValueError("the list is too short")
    return bool(bits[index // 8] & 0x80 >> index % 8)
