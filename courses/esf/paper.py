"""PDF files of a closed month: what stands on every paper of it, whoever it is about."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from courses import printing
from courses.esf import wording
from courses.esf.snapshot import Snapshot

_ROOM = Path(__file__).parent


def printed(source: str, snapshot: Snapshot, values: Mapping[str, Any]) -> bytes:
    """The PDF that a .typ file of this folder makes of `values`, with what stands on every paper of the month."""
    return printing.printed(_ROOM / source, {**_every_paper(snapshot), **values}, snapshot.closed_at)


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
