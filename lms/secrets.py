"""Values that may not be read from a stolen database: a cipher to keep them, a keyed hash to find them again.

The rule that matters most: a column of ciphers is called `cipher` or `…_cipher`, so that the change of the key finds it
(lms/rotation.py). While LMS_KEY_ENCRYPTION_KEY_OLD is set, both keys are read and only the new one writes.
"""

import hmac
from base64 import urlsafe_b64decode
from hashlib import sha256
from typing import TYPE_CHECKING

from flask import current_app

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

ROW_GOES = "row_goes_with_its_value"
"""Mark (`info`) of a cipher without which its row is nothing: then a restored backup without the key leaves it out."""


def keys() -> tuple[str, ...]:
    """The key that writes, then the old one when there is one."""
    settings = current_app.config["SETTINGS"]
    return tuple(key for key in (settings.key_encryption_key, settings.key_encryption_key_old) if key)


def _cipher() -> "MultiFernet":
    from cryptography.fernet import Fernet, MultiFernet  # noqa: PLC0415  few requests need it

    return MultiFernet([Fernet(key) for key in keys()])


def encrypted(text: str) -> bytes:
    """The text under LMS_KEY_ENCRYPTION_KEY (Fernet: AES-128-CBC with HMAC-SHA256)."""
    return _cipher().encrypt(text.encode())


def decrypted(cipher: bytes) -> str:
    """The text of a cipher under either key."""
    return _cipher().decrypt(cipher).decode()


def fingerprint(key: str) -> str:
    """The key by name, which tells nothing of it: 80 bits of a hash, as people compare them (a1b2-c3d4-…)."""
    digest = sha256(b"parlband key-encryption key " + key.encode()).hexdigest()
    return "-".join(digest[place : place + 4] for place in range(0, 20, 4))


def is_under(key: str, cipher: bytes) -> bool:
    """Whether the cipher was made with the key: its last 32 bytes are an HMAC of the others (Fernet's format)."""
    try:
        token = urlsafe_b64decode(cipher)
    except ValueError:
        return False
    sign = hmac.new(urlsafe_b64decode(key)[:16], token[:-32], sha256).digest()
    return hmac.compare_digest(sign, token[-32:])


def keyed_hash(text: str) -> str:
    """The same text gives the same hash in this installation only; 64 hex digits."""
    return keyed_hashes(text)[0]


def keyed_hashes(text: str) -> tuple[str, ...]:
    """The hash under the key, then under the old one when there is one: what is looked for may stand under either."""
    return tuple(hmac.new(key.encode(), text.encode(), sha256).hexdigest() for key in keys())
