"""The compiled list of a closed month (XLSX): employers, people, entries, sheets, and what is not confirmed.

The rule that matters most: every figure can be followed. Employers are sums over the sheet of people, people sums over
the sheet of entries, and every entry names its sheet, its signatures and its place in the ledger. No personnummer.
"""

from collections.abc import Iterable

from courses.esf import wording
from courses.esf.snapshot import Line, Participant, Snapshot
from lms import filters, spreadsheet
from lms.spreadsheet import Cell, Column, Formula, Sheet

_ENTRIES = "Poster"
_PEOPLE = "Personer"
_MANY = 5_000  # lines: some 25 MiB as a workbook in memory


def compiled_list(snapshot: Snapshot) -> bytes:
    """The workbook; Swedish, the same bytes each time."""
    notes = _notes(snapshot)
    names = {person.person_id: person.name for person in snapshot.participants}
    people = _people_rows(snapshot, len(notes))
    sheets = [
        _employers(snapshot, notes),
        Sheet(_PEOPLE, _PEOPLE_COLUMNS, people, notes, "Summa"),
        _entries(snapshot, names, notes),
        _sheets(snapshot, notes),
        _not_confirmed(snapshot, names, notes),
    ]
    return spreadsheet.workbook(
        sheets,
        title=notes[0],
        created=snapshot.closed_at,
        publicity=wording.publicity(snapshot),
        large=len(snapshot.lines) > _MANY,
    )


def _notes(snapshot: Snapshot) -> tuple[str, ...]:
    project = snapshot.project
    reported = sum(person.reported for person in snapshot.participants)
    return (
        f"Sammanställning {wording.month(snapshot)}, {wording.version(snapshot)}",
        f"Projekt {project.name}, dnr {project.dnr}, {project.owner}",
        wording.publicity(snapshot),
        wording.SUPPORT,
        wording.closed(snapshot),
        wording.head(snapshot),
        wording.rounding(snapshot, snapshot.minutes, reported),
        f"Andra som deltog och inte är ESF-deltagare: {snapshot.others}",
    )


def _first_row(notes: int) -> int:
    """The first row of the table, as spreadsheets count: notes, a blank row, the headings."""
    return notes + 3


# --- employers and people -----------------------------------------------------------------------------------


def _employers(snapshot: Snapshot, notes: tuple[str, ...]) -> Sheet:
    columns = [
        Column("Arbetsgivare", width=30),
        Column("Personer med timmar", "integer", width=14),
        Column("Timmar", "formula", width=12, total=True),
        Column("Timmar att redovisa", "formula", width=14, total=True),
    ]
    sums: dict[str, tuple[int, int, int]] = {}
    for person in snapshot.participants:
        for part in person.hours:
            people, minutes, reported = sums.get(part.employer, (0, 0, 0))
            sums[part.employer] = (people + 1, minutes + part.minutes, reported + part.reported)
    last = _first_row(len(notes)) + sum(max(len(person.hours), 1) for person in snapshot.participants) - 1
    rows: list[list[Cell]] = [
        [
            name or wording.NO_EMPLOYER, people, _over_people("E", minutes, len(notes), last),
            _over_people("F", reported, len(notes), last),
        ]
        for name, (people, minutes, reported) in sorted(sums.items())
    ]  # fmt: skip
    return Sheet("Arbetsgivare", columns, rows, notes, "Summa")


def _over_people(column: str, minutes: int, notes: int, last: int) -> Formula:
    """Hours of the employer in this row, summed from the sheet of people (compared exactly, no wildcards)."""
    first = _first_row(notes)
    names, values = (f"{_PEOPLE}!${each}${first}:${each}${last}" for each in ("D", column))
    return Formula(f"=SUMPRODUCT(({names}=A{{row}})*{values})", minutes / 60)


_PEOPLE_COLUMNS = (
    Column("Rad", "integer", width=8),
    Column("Person", "integer", width=9),
    Column("Namn", width=30),
    Column("Arbetsgivare", width=26),
    Column("Timmar", "formula", width=11, total=True),
    Column("Timmar att redovisa", "minutes", width=13, total=True),
    Column("Började", "day", width=12),
    Column("Slutade", "day", width=12),
)


def _people_rows(snapshot: Snapshot, notes: int) -> list[list[Cell]]:
    """A row per person and employer, numbered; a person with a start or an end only has one without hours."""
    last = _first_row(notes) + max(len(snapshot.lines), 1) - 1
    rows: list[list[Cell]] = []
    for person in snapshot.participants:
        parts = [(part.employer or wording.NO_EMPLOYER, part.minutes, part.reported) for part in person.hours]
        for employer, minutes, reported in parts or [("", 0, 0)]:
            rows.append(
                [
                    len(rows) + 1, person.person_id, person.name, employer, _over_entries(minutes, notes, last),
                    reported, person.started, person.ended,
                ]
            )  # fmt: skip
    return rows


def _over_entries(minutes: int, notes: int, last: int) -> Formula:
    """Hours of the person and employer in this row: the entries that carry the number of the row."""
    first = _first_row(notes)
    numbers, values = (f"{_ENTRIES}!${each}${first}:${each}${last}" for each in ("A", "G"))
    return Formula(f"=SUMIF({numbers},A{{row}},{values})", minutes / 60)


def _row_numbers(participants: Iterable[Participant]) -> dict[tuple[int, str], int]:
    """Person and employer → number of their row among the people."""
    numbers: dict[tuple[int, str], int] = {}
    row = 0
    for person in participants:
        for part in person.hours:
            row += 1
            numbers[person.person_id, part.employer] = row
        row += not person.hours
    return numbers


# --- entries, sheets, what is missing -----------------------------------------------------------------------


def _entries(snapshot: Snapshot, names: dict[int, str], notes: tuple[str, ...]) -> Sheet:
    columns = [
        Column("Personrad", "integer", width=9),
        Column("Namn", width=28),
        Column("Arbetsgivare", width=22),
        Column("Dag", "day", width=12),
        Column("Slag", width=20),
        Column("Aktivitet", width=34),
        Column("Timmar", "minutes", width=10, total=True),
        Column("Minuter", "integer", width=9, total=True),
        Column("Post", "integer", width=9),
        Column("Lista", "integer", width=9),
        Column("Registrerad som", width=20),
        Column("Utbildare", width=24),
        Column("Utbildaren signerade", width=17),
        Column("Utbildarens sätt", width=22),
        Column("Deltagaren bekräftade", width=17),
        Column("Deltagarens sätt", width=22),
        Column("Chef", width=24),
        Column("Chefen bekräftade", width=17),
        Column("Deltagaren menar, minuter", "integer", width=14),
        Column("Postens kontrollsumma", width=68),
    ]
    numbers = _row_numbers(snapshot.participants)
    rows = [_entry(line, numbers[line.person_id, line.employer], names[line.person_id]) for line in snapshot.lines]
    return Sheet(_ENTRIES, columns, rows, notes, "Summa")


def _entry(line: Line, number: int, name: str) -> list[Cell]:
    trainer, participant, manager = line.trainer, line.participant, line.manager
    return [
        number, name, line.employer or wording.NO_EMPLOYER, line.day, wording.KINDS[line.kind], line.activity,
        line.minutes, line.minutes, line.entry_id, line.session_id, wording.recorded(line),
        trainer.name if trainer else "inte signerad",
        wording.stamp(trainer.at) if trainer else None,
        wording.WAYS[trainer.way] if trainer else None,
        wording.stamp(participant.at) if participant else "inte bekräftad",
        wording.WAYS[participant.way] if participant else None,
        manager.name if manager else None,
        wording.stamp(manager.at) if manager else None,
        line.objects,
        line.entry_hash,
    ]  # fmt: skip


def _sheets(snapshot: Snapshot, notes: tuple[str, ...]) -> Sheet:
    columns = [
        Column("Lista", "integer", width=9),
        Column("Dag", "day", width=12),
        Column("Tid", width=14),
        Column("Aktivitet", width=36),
        Column("Plats", width=26),
        Column("Signerad av", width=26),
        Column("Signerad", width=17),
        Column("Ersättarens skäl", width=30),
        Column("Räknade i rummet", "integer", width=11),
        Column("ESF-deltagare på listan", "integer", width=13, total=True),
        Column("Deras timmar", "minutes", width=11, total=True),
        Column("Andra på listan", "integer", width=11, total=True),
        Column("Listans kontrollsumma", width=68),
    ]
    rows: list[list[Cell]] = []
    for sheet in snapshot.sheets:
        told = [row for row in sheet.rows if row.name]
        rows.append(
            [
                sheet.session_id, sheet.day, f"{filters.clock(sheet.starts_at)}–{filters.clock(sheet.ends_at)}",
                sheet.activity, sheet.place, sheet.by, wording.stamp(sheet.at), sheet.deputy_reason, sheet.head_count,
                len(told), sum(row.minutes for row in told), len(sheet.rows) - len(told), sheet.entries_hash,
            ]
        )  # fmt: skip
    return Sheet("Listor", columns, rows, notes, "Summa")


def _not_confirmed(snapshot: Snapshot, names: dict[int, str], notes: tuple[str, ...]) -> Sheet:
    columns = [
        Column("Namn", width=30),
        Column("Arbetsgivare", width=26),
        Column("Dag", "day", width=12),
        Column("Aktivitet", width=36),
        Column("Timmar", "minutes", width=11, total=True),
        Column("Post", "integer", width=9),
        Column("Vad som saknas", width=60),
    ]
    rows: list[list[Cell]] = [
        [
            names[line.person_id], line.employer or wording.NO_EMPLOYER, line.day, line.activity, line.minutes,
            line.entry_id, ". ".join(told),
        ]
        for line in snapshot.lines
        if (told := wording.missing(snapshot, line))
    ]  # fmt: skip
    return Sheet("Inte bekräftat", columns, rows, notes, "Summa")
