"""What a sign-in list on paper says, typed afterwards: who signed, who came later or left earlier, and the rest.

The rule that matters most: a row without a signature changes no answer that stands, unless its tick is taken away.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from flask_babel import gettext as _

from courses import row_codes, sheet
from courses.activities import Session
from courses.attendance import Conflict, Mark
from courses.sheet import Sheet
from lms.filters import parse_number


@dataclass
class Row:
    """A line of the list: the sheet's row, its code, whether it is ticked, and the times when they are not all of it.

    `was` is what stood there when the page was first shown, with the entry in `base.seen`.
    """

    base: sheet.Row
    code: str
    was: str = ""
    there: bool = False
    came: str = ""
    left: str = ""


@dataclass
class Entry:
    """The whole list as it is shown; `errors` is what the page's title goes by."""

    sheet: Sheet
    rows: list[Row]
    codes: str = ""
    codes_error: str = ""
    everybody: bool = False
    rest_absent: bool = False
    refusal: str = ""
    told: dict[int, str] = field(default_factory=dict)

    @property
    def errors(self) -> list[str]:
        return [*([self.codes_error] if self.codes_error else []), *self.told.values()]


def entry_of(session: Session) -> Entry:
    """The list in printed order, with what the sheet says already."""
    filled = sheet.sheet_of(session)
    return Entry(filled, [_row(base) for base in filled.rows])


def _row(base: sheet.Row) -> Row:
    row = Row(base, row_codes.code_of(base.person.id), base.state, base.state in ("whole", "part"))
    if base.state == "part":
        row.came, row.left = base.came, base.left
    return row


def read(session: Session, values: Mapping[str, str]) -> tuple[list[Mark], dict[int, str], str]:
    """What the list means: marks, what makes no sense by person id, and what is wrong with the codes."""
    numbers = [parse_number(key[4:]) for key in values if key.startswith("seen")]
    ids = [number for number in numbers if number is not None]
    typed, strange = row_codes.read(values.get("codes", "")[:4000])
    errors: dict[int, str] = {}
    answers: dict[str, str] = {}
    for number in ids:
        state = _state(number, values, number in typed)
        if state == "unclear":
            errors[number] = str(_("Take away the times too if the person was not there."))
        elif state:
            answers |= _answer(number, values, state)
    marks, wrong = sheet.read(session, answers, prefilled=False)
    return marks, errors | wrong, _codes_error(strange, typed - set(ids))


def _state(number: int, values: Mapping[str, str], coded: bool) -> str:
    """whole, part, absent, nothing for a row that stays as it is, or «unclear»."""
    was = values.get(f"was{number}", "")
    timed = bool(values.get(f"came{number}", "").strip() or values.get(f"left{number}", "").strip())
    there = coded or f"there{number}" in values or ("everybody" in values and not was)
    if timed:
        return "part" if there or was != "part" else "unclear"
    if there:
        return "whole"
    if was in ("whole", "part"):
        return "absent"
    return "absent" if not was and "rest" in values else ""


def _answer(number: int, values: Mapping[str, str], state: str) -> dict[str, str]:
    kept = ("seen", "came", "left")
    return {f"{key}{number}": values.get(f"{key}{number}", "") for key in kept} | {f"state{number}": state}


def _codes_error(strange: list[str], others: set[int]) -> str:
    """Codes that are none, and codes of people who do not stand on this list."""
    wrong = [*strange, *(row_codes.code_of(number) for number in sorted(others))]
    if not wrong:
        return ""
    return str(_("Nobody on this list has the code %(codes)s. Look at the paper again.", codes=", ".join(wrong[:10])))


def typed(session: Session, values: Mapping[str, str], errors: Mapping[int, str], codes_error: str = "") -> Entry:
    """The list with what was typed on top."""
    filled = entry_of(session)
    for row in filled.rows:
        number = row.base.person.id
        if f"seen{number}" in values:
            _put(row, values)
            row.was, row.base.seen = values.get(f"was{number}", ""), parse_number(values[f"seen{number}"])
        row.base.error = errors.get(number, "")
    filled.told = {number: told for number, told in errors.items() if told}
    return _options(filled, values, codes_error)


def renewed(session: Session, values: Mapping[str, str], conflicts: list[Conflict]) -> Entry:
    """The list after a save in which somebody else was first: what stands at those rows, and what was typed."""
    filled = entry_of(session)
    taken = {conflict.person_id for conflict in conflicts}
    for row in filled.rows:
        if row.base.person.id in taken:
            _put(row, values)
            row.there = row.there or row.base.person.id in row_codes.read(values.get("codes", ""))[0]
            row.base.stands = row.base.chain[-1]
    return filled


def _put(row: Row, values: Mapping[str, str]) -> None:
    number = row.base.person.id
    row.there = f"there{number}" in values
    row.came, row.left = values.get(f"came{number}", ""), values.get(f"left{number}", "")


def _options(filled: Entry, values: Mapping[str, str], codes_error: str) -> Entry:
    filled.codes, filled.codes_error = values.get("codes", ""), codes_error
    filled.everybody, filled.rest_absent = "everybody" in values, "rest" in values
    return filled
