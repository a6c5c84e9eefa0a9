"""A signed sheet on paper: everybody who stood on it when it was signed, and who answers for it."""

from courses.esf import wording
from courses.esf.paper import printed
from courses.esf.snapshot import Row, SignedSheet, Snapshot
from lms import filters


def signed_sheet(snapshot: Snapshot, sheet: SignedSheet) -> bytes:
    """The PDF of one sheet. Who is no ESF participant is counted and not named."""
    what = f"Signerad närvarolista {wording.day(sheet.day)}"
    values = {
        "title": f"{what}, {sheet.activity}",
        "what": what,
        "whom": sheet.activity,
        "facts": _facts(snapshot, sheet),
        "alarm": _alarm(sheet),
        "rows": [_row(row) for row in sheet.rows],
        "total": [_people(sheet), "", "", filters.hours(sum(row.minutes for row in sheet.rows)), ""],
        "hash": sheet.entries_hash,
    }
    return printed("signed_sheet.typ", snapshot, values)


def _facts(snapshot: Snapshot, sheet: SignedSheet) -> list[list[str]]:
    told = [
        ["Projekt", f"{snapshot.project.name}, dnr {snapshot.project.dnr}"],
        ["Plats", sheet.place],
        ["Tid", f"{filters.day(sheet.day, 'sv')} kl. {filters.clock(sheet.starts_at)}–{filters.clock(sheet.ends_at)}"],
        ["Signerad av", f"{sheet.by}, {wording.moment(sheet.at)}"],
        ["Som ersättare", sheet.deputy_reason],
        ["Räknade i rummet", "" if sheet.head_count is None else str(sheet.head_count)],
        ["Lista", f"{sheet.session_id}, underskrift {sheet.sign_off_id}"],
    ]
    return [each for each in told if each[1]]


def _alarm(sheet: SignedSheet) -> list[str]:
    present = sum(row.state != "absent" for row in sheet.rows)
    if sheet.head_count is None or sheet.head_count == present:
        return []
    return [f"{sheet.head_count} räknades i rummet, {present} står som närvarande."]


def _row(row: Row) -> list[str]:
    return [
        row.name or wording.SOMEBODY,
        (row.employer or wording.NO_EMPLOYER) if row.name else "–",
        wording.STATES[row.state],
        filters.hours(row.minutes),
        str(row.entry_id),
    ]


def _people(sheet: SignedSheet) -> str:
    """How many were there, and how many of them are reported."""
    present = [row for row in sheet.rows if row.state != "absent"]
    return f"{len(present)} av {len(sheet.rows)} närvarande, varav {sum(bool(row.name) for row in present)} redovisas"
