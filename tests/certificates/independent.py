"""A verifier that shares nothing with ours but the standards: another JSON-LD processor, another canonicalisation, and
Ed25519 in plain arithmetic (RFC 8032 §5.1), so that a mistake cannot be on both sides."""

import hashlib
import json
from typing import Any

import pyoxigraph as ox
from pyld import jsonld
from pyld.documentloader.frozen import BUNDLED_CONTEXTS

from certificates.standards import integrity

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)
Point = tuple[int, int]
SIGNS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def holds(document: dict[str, Any]) -> bool:
    """Whether the one proof of a document was made by the key that its method names, and nothing was changed since."""
    (proof,) = document["proof"]
    options = {name: value for name, value in proof.items() if name != "proofValue"}
    unsigned = {name: value for name, value in document.items() if name != "proof"}
    hashed = [hashlib.sha256(_canonical(part)).digest() for part in (_with_context(options, document), unsigned)]
    key = _decoded(proof["verificationMethod"].partition("#")[2])
    return key[:2] == b"\xed\x01" and verify(key[2:], b"".join(hashed), _decoded(proof["proofValue"]))


def _with_context(options: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    return {"@context": document["@context"], **options}


def _canonical(document: dict[str, Any]) -> bytes:
    """JSON-LD read by Oxigraph, put in order by PyLD's URDNA2015; ours is read by PyLD and put in order by Oxigraph."""
    parsed = ox.parse(json.dumps(_inline(document)), format=ox.RdfFormat.JSON_LD)
    quads = ox.serialize(parsed, format=ox.RdfFormat.N_QUADS)
    options = {"algorithm": "URDNA2015", "inputFormat": "application/n-quads", "format": "application/n-quads"}
    return str(jsonld.normalize((quads or b"").decode(), options)).encode()


def _inline(value: Any) -> Any:
    """The document with the words of its contexts in place of their addresses."""
    if isinstance(value, list):
        return [_inline(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: [part for address in each for part in _context(address)] if name == "@context" else _inline(each)
        for name, each in value.items()
    }


def _context(address: str) -> list[Any]:
    where = {integrity.VC: BUNDLED_CONTEXTS[integrity.VC], **integrity._OURS}[address]
    found = json.loads(where.read_text(encoding="utf-8"))["@context"]
    return found if isinstance(found, list) else [found]


def _decoded(text: str) -> bytes:
    """Base58btc by long division of bytes, sign by sign."""
    assert text[0] == "z"
    found: list[int] = []
    for sign in text[1:]:
        carry = SIGNS.index(sign)
        for place, byte in enumerate(found):
            carry += byte * 58
            found[place], carry = carry & 255, carry >> 8
        while carry:
            found.append(carry & 255)
            carry >>= 8
    return bytes(len(text[1:]) - len(text[1:].lstrip("1"))) + bytes(reversed(found))


def verify(key: bytes, message: bytes, signature: bytes) -> bool:
    """RFC 8032 §5.1.7: [S]B = R + [k]A."""
    a, r, s = _point(key), _point(signature[:32]), int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= ORDER or len(signature) != 64:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % ORDER
    y = 4 * pow(5, P - 2, P) % P
    return _times(s, (_even(y), y)) == _add(r, _times(k, a))


def _even(y: int) -> int:
    x = _root((y * y - 1) * pow(D * y * y + 1, P - 2, P) % P)
    assert x is not None
    return x if x % 2 == 0 else P - x


def _root(square: int) -> int | None:
    x = pow(square, (P + 3) // 8, P)
    x = x if (x * x - square) % P == 0 else x * ROOT % P
    return x if (x * x - square) % P == 0 else None


def _point(data: bytes) -> Point | None:
    number = int.from_bytes(data, "little")
    y, sign = number & (2**255 - 1), number >> 255
    x = _root((y * y - 1) * pow(D * y * y + 1, P - 2, P) % P)
    return None if x is None else (x if x % 2 == sign else P - x, y)


def _add(one: Point, other: Point) -> Point:
    (x1, y1), (x2, y2) = one, other
    t = D * x1 * x2 * y1 * y2 % P
    return (
        (x1 * y2 + x2 * y1) * pow(1 + t, P - 2, P) % P,
        (y1 * y2 + x1 * x2) * pow(1 - t, P - 2, P) % P,
    )


def _times(number: int, point: Point) -> Point:
    found: Point = (0, 1)
    while number:
        found = _add(found, point) if number & 1 else found
        point, number = _add(point, point), number >> 1
    return found
