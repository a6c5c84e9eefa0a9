"""PDF files of a closed month: PDF/A-3a and PDF/UA-1, the same bytes each time, whatever a person is called.

The rule that matters most: a month never fails because of one name. What no typeface has is told by its code point.
"""

import json
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from certificates.pdf import missing_glyphs
from courses.esf import wording
from courses.esf.snapshot import Snapshot
from lms import press

_ROOM = Path(__file__).parent
_UNPRINTABLE = {"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"}


def printed(source: str, snapshot: Snapshot, values: Mapping[str, Any]) -> bytes:
    """The PDF that a .typ file of this folder makes of `values`, with what stands on every paper of the month."""
    import typst  # noqa: PLC0415  see lms/press.py

    data = json.dumps(_readable({**_every_paper(snapshot), **values}), ensure_ascii=False, sort_keys=True)
    try:
        return _pressed(source, snapshot, data)
    except typst.TypstError:
        missing = missing_glyphs(data)
        if not missing:
            raise
    for sign in sorted(missing, key=len, reverse=True):
        data = data.replace(sign, _told(sign))
    return _pressed(source, snapshot, data)


def _pressed(source: str, snapshot: Snapshot, data: str) -> bytes:
    return press.pdf(_ROOM / source, {"data": data}, snapshot.closed_at)


def _every_paper(snapshot: Snapshot) -> dict[str, Any]:
    project = snapshot.project
    return {
        "owner": project.owner,
        "publicity": wording.publicity(snapshot),
        "emblem": wording.EMBLEM,
        "support": wording.SUPPORT,
        "footer": [
            f"{project.name}, dnr {project.dnr}, {wording.month(snapshot)}, {wording.version(snapshot)}",
            f"{wording.closed(snapshot)}. {wording.head(snapshot, 16)}",
        ],
    }


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
