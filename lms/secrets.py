"""Values that may not be read from a stolen database: a cipher to keep them, a keyed hash to find them again."""

import hmac
from hashlib import sha256
from typing import TYPE_CHECKING

from flask import current_app

if TYPE_CHECKING:
    from cryptography.fernet import Fernet


def _key() -> str:
    return str(current_app.config["SETTINGS"].key_encryption_key)


def _cipher() -> "Fernet":
    from cryptography.fernet import Fernet  # noqa: PLC0415  few requests need it

    return Fernet(_key())


def encrypted(text: str) -> bytes:
    """The text under LMS_KEY_ENCRYPTION_KEY (Fernet: AES-128-CBC with HMAC-SHA256)."""
    return _cipher().encrypt(text.encode())


def decrypted(cipher: bytes) -> str:
    return _cipher().decrypt(cipher).decode()


def keyed_hash(text: str) -> str:
    """The same text gives the same hash in this installation only; 64 hex digits."""
    return hmac.new(_key().encode(), text.encode(), sha256).hexdigest()
