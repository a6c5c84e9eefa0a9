"""Values that may not be read from a stolen database: a cipher to keep them, a keyed hash to find them again."""

import hmac
from hashlib import sha256

from cryptography.fernet import Fernet
from flask import current_app


def _key() -> str:
    return str(current_app.config["SETTINGS"].key_encryption_key)


def encrypted(text: str) -> bytes:
    """The text under LMS_KEY_ENCRYPTION_KEY (Fernet: AES-128-CBC with HMAC-SHA256)."""
    return Fernet(_key()).encrypt(text.encode())


def decrypted(cipher: bytes) -> str:
    return Fernet(_key()).decrypt(cipher).decode()


def keyed_hash(text: str) -> str:
    """The same text gives the same hash in this installation only; 64 hex digits."""
    return hmac.new(_key().encode(), text.encode(), sha256).hexdigest()
