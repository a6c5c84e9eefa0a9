"""JSON in its one spelling (RFC 8785), for proofs of others that were made over it (`eddsa-jcs-2022`).

Only documents without numbers are read: their spelling is the difficult part, and no certificate has any.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def canonical(value: object) -> str:
    """The one spelling of texts, truth values, lists and objects. ValueError for a number or half a sign."""
    if isinstance(value, dict):
        parts = (f"{_text(name)}:{canonical(value[name])}" for name in sorted(value, key=_order))
        return "{" + ",".join(parts) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, str):
        return _text(value)
    raise ValueError("a number has more than one spelling")


def hash_data(unsigned: Mapping[str, Any], options: Mapping[str, Any]) -> bytes:
    """The hash of the proof's options, then the hash of the document (VC-DI-EdDSA §3.3.4)."""
    return b"".join(hashlib.sha256(canonical(part).encode()).digest() for part in (dict(options), dict(unsigned)))


def _order(name: str) -> bytes:
    return name.encode("utf-16-be")  # by UTF-16 code units (RFC 8785 §3.2.3)


def _text(text: str) -> str:
    text.encode()  # half a sign has no bytes
    return json.dumps(text, ensure_ascii=False)
