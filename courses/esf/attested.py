"""The certificate of attendance (närvarointyg): one participant, one month, every line with who signed it and how."""

from collections.abc import Sequence
from typing import Any

from courses.esf import wording
from courses.esf.paper import printed
from courses.esf.snapshot import Line, Participant, Snapshot
from lms import filters


def certificate_of_hours(snapshot: Snapshot, person: Participant, lines: Sequence[Line]) -> bytes:
    """The PDF of `person` in the month; `lines` are hers, by day. Protected people stand under their alias."""
    what = f"Närvarointyg {wording.month(snapshot)}"
    values = {
        "title": f"{what}, {person.name}",
        "what": what,
        "whom": person.name,
        "facts": _facts(snapshot, person),
        "alarm": _alarm(snapshot, lines),
        "lines": [_line(snapshot, line) for line in lines],
        "sums": [
            [each.employer or wording.NO_EMPLOYER, filters.hours(each.minutes), filters.hours(each.reported)]
            for each in person.hours
        ],
        "total": ["Summa", filters.hours(person.minutes), filters.hours(person.reported)],
        "rounding": wording.rounding(snapshot, person.minutes, person.reported),
    }
    return printed("certificate_of_hours.typ", snapshot, values)


def _facts(snapshot: Snapshot, person: Participant) -> list[list[str]]:
    project = snapshot.project
    told = [
        ["Projekt", f"{project.name}, dnr {project.dnr}"],
        ["Projektägare", project.owner],
        ["Arbetsgivare", ", ".join(each.employer or wording.NO_EMPLOYER for each in person.hours)],
        ["Tid i månaden", filters.hours(person.minutes)],
        ["Att redovisa", filters.hours(person.reported)],
        ["Började i projektet", wording.day(person.started) if person.started else ""],
        ["Slutade i projektet", wording.day(person.ended) if person.ended else ""],
        ["Rättad", wording.version(snapshot) if snapshot.version > 1 else ""],
    ]
    return [each for each in told if each[1]]


def _alarm(snapshot: Snapshot, lines: Sequence[Line]) -> list[str]:
    """What is not certified, said before the table."""
    said = {
        "inte bekräftade av deltagaren": sum(line.participant is None for line in lines),
        "inte bekräftade av chefen": sum(line.manager is None for line in lines)
        if snapshot.project.countersignature
        else 0,
        "invända mot av deltagaren": sum(line.objects is not None for line in lines),
    }
    return [f"{count} av {len(lines)} rader är {words}." for words, count in said.items() if count]


def _line(snapshot: Snapshot, line: Line) -> dict[str, Any]:
    signed = [wording.trainer(line.trainer)] if line.trainer else []
    signed += [wording.participant(line.participant)] if line.participant else []
    signed += [wording.manager(line.manager)] if line.manager else []
    return {
        "day": wording.day(line.day),
        "activity": line.activity,
        "kind": wording.KINDS[line.kind].lower(),
        "time": filters.hours(line.minutes),
        "entry": str(line.entry_id),
        "signed": signed,
        "missing": ([] if line.trainer else [wording.trainer(None)]) + wording.missing(snapshot, line),
    }
