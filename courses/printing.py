"""PDF files out of values about people: PDF/A-3a and PDF/UA-1, the same bytes each time, whatever somebody is called.

The rule that matters most: a file never fails because of one name. What no typeface has is told by its code point.
"""

import json
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from certificates.files.pdf import missing_glyphs
from lms import press

_UNPRINTABLE = {"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"}


def printed(source: Path, values: Mapping[str, Any], moment: datetime) -> bytes:
    """The PDF that a .typ file makes of `values`, which it reads as JSON in `sys.inputs.data`; `moment` is aware."""
    import typst  # noqa: PLC0415  see lms/press.py

    data = json.dumps(_readable(values), ensure_ascii=False, sort_keys=True)
    try:
        return press.pdf(source, {"data": data}, moment)
    except typst.TypstError:
        missing = missing_glyphs(data)
        if not missing:
            raise
    for sign in sorted(missing, key=len, reverse=True):
        data = data.replace(sign, _told(sign))
    return press.pdf(source, {"data": data}, moment)


def _readable(value: Any) -> Any:
    """The same values with every sign that paper cannot carry told in words."""
    if isinstance(value, str):
        return "".join(_told(sign) if unicodedata.category(sign) in _UNPRINTABLE else sign for sign in value)
    if isinstance(value, Mapping):
        return {key: _readable(each) for key, each in value.items()}
    if isinstance(value, Sequence):
        return [_readable(each) for each in value]
    return value


def _told(sign: str) -> str:
    """A sign by its code points: "[tecken U+738B]"; blanks of any kind become a space."""
    if sign in "\t\n\r\u2028\u2029":
        return " "
    return f"[tecken {' '.join(f'U+{ord(each):04X}' for each in sign)}]"
