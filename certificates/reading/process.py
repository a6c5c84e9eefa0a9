"""Reading a PDF in a process of its own (pdf.py), which ends when it asks for too much.

The rule that matters most: nothing is written to a disk; the file goes through a pipe. So a server keeps neither the
libraries nor the memory that a PDF takes, and no file can stop it.
"""

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from certificates.reading import Reading, Signature, UnreadableError
from lms.message import N_

_SECONDS, _PATIENCE = 25, 3
_AT_ONCE = threading.BoundedSemaphore(2)
"""How many PDF files one process of a server has read at the same time; the others wait, and not for long."""
_ROOT = Path(__file__).parents[2]


def read(data: bytes) -> Reading:
    """What a PDF holds. Raises UnreadableError, also when the file asks for more work than any certificate does."""
    if not _AT_ONCE.acquire(timeout=_PATIENCE):
        raise UnreadableError("busy", N_("Many files are being checked now. Try again in a minute."))
    try:
        answer = _asked(data)
    finally:
        _AT_ONCE.release()
    if "code" in answer:
        raise UnreadableError(answer["code"], answer["words"])
    if "text" not in answer:
        raise UnreadableError("bomb", N_("The PDF asks for more work than any certificate does. It is not read."))
    signatures = tuple(Signature(**each) for each in answer["signatures"])
    return Reading("pdf", answer["text"], tuple(answer["pages"]), signatures)


def _asked(data: bytes) -> dict[str, Any]:
    """The answer of the other process, which gets no secret of this one's environment; empty when it was ended."""
    command = [sys.executable, "-m", "certificates.reading.pdf"]
    try:
        done = subprocess.run(  # noqa: S603  our own module, nothing of the file is in the command
            command, input=data, capture_output=True, timeout=_SECONDS, cwd=_ROOT, check=False, env={}
        )
        answer = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        return {}
    return answer if isinstance(answer, dict) else {}
