"""Ed25519 keys and signatures as text: base58btc multibase, Multikey and `did:key` (W3C Controlled Identifiers)."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_PLACE = {sign: place for place, sign in enumerate(_ALPHABET)}
_ED25519 = b"\xed\x01"  # multicodec ed25519-pub
LONGEST = 200


def base58btc(data: bytes) -> str:
    """Bytes with the multibase prefix z."""
    number, signs = int.from_bytes(data), ""
    while number:
        number, place = divmod(number, 58)
        signs = _ALPHABET[place] + signs
    return "z" + "1" * (len(data) - len(data.lstrip(b"\0"))) + signs


def from_base58btc(text: str) -> bytes:
    """The bytes of a text of `base58btc`; ValueError for anything else."""
    if not text.startswith("z") or len(text) > LONGEST or not set(text[1:]) <= set(_ALPHABET):
        raise ValueError("no base58btc")
    number = 0
    for sign in text[1:]:
        number = number * 58 + _PLACE[sign]
    zeros = len(text[1:]) - len(text[1:].lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8)


def multikey(key: Ed25519PublicKey) -> str:
    """z6Mk…"""
    return base58btc(_ED25519 + key.public_bytes_raw())


def from_multikey(text: str) -> Ed25519PublicKey:
    """The key of a text of `multikey`; ValueError for anything else."""
    data = from_base58btc(text)
    if len(data) != 34 or data[:2] != _ED25519:
        raise ValueError("no Ed25519 key")
    return Ed25519PublicKey.from_public_bytes(data[2:])


def did_key(key: Ed25519PublicKey) -> str:
    """did:key:z6Mk…"""
    return f"did:key:{multikey(key)}"


def method_of(did: str) -> str:
    """The id of the one key of a did:key."""
    return f"{did}#{did.removeprefix('did:key:')}"
