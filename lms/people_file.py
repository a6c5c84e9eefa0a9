"""Reads a list of people as municipalities export it, and tells every problem by its row.

The rule that matters most: a row is either wholly right or a problem; no message repeats a personnummer.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from email_validator import EmailNotValidError, validate_email

from lms import personnummer
from lms.message import N_, Message, Translate, plain
from lms.table_file import Cell, Line, Unreadable, read_sheets

Gender = Literal["woman", "man", "other", "unknown"]
Field = Literal["given_name", "family_name", "email", "personnummer", "organisation", "gender", "job_title"]

MOST_ROWS = 5_000
LONGEST = 200
_SEARCHED_FOR_HEADINGS = 10
_REQUIRED: tuple[Field, ...] = ("given_name", "family_name")
_HEADINGS: dict[Field, str] = {
    "given_name": "förnamn fornamn tilltalsnamn firstname givenname",
    "family_name": "efternamn lastname familyname surname",
    "email": "epost epostadress email emailadress emailaddress mail mejl mejladress mailadress",
    "personnummer": "personnummer personnr persnr pnr personalidentitynumber personalnumber",
    "organisation": "kommun arbetsgivare kommunarbetsgivare arbetsgivarekommun organisation organization"
    " municipality employer municipalityemployer",
    "gender": "kön kon gender sex",
    "job_title": "befattning titel yrkesroll yrkestitel jobtitle title position",
}
_FIELD_OF: dict[str, Field] = {word: name for name, words in _HEADINGS.items() for word in words.split()}
_GENDERS: dict[str, Gender] = {
    **dict.fromkeys(("kvinna", "k", "woman", "female", "f", "w"), "woman"),
    **dict.fromkeys(("man", "m", "male"), "man"),
    **dict.fromkeys(("annan", "annat", "annankönstillhörighet", "ickebinär"), "other"),
    **dict.fromkeys(("nonbinary", "other", "x"), "other"),
    **dict.fromkeys(("", "okänt", "okänd", "ejangivet", "unknown", "notstated"), "unknown"),
}


@dataclass(frozen=True)
class Row:
    """One person of the file; `personnummer` is twelve digits. `line` counts as in the file."""

    line: int
    given_name: str
    family_name: str
    email: str | None
    personnummer: str | None = field(repr=False)
    organisation: str
    gender: Gender
    job_title: str | None


@dataclass(frozen=True)
class RowProblem:
    """What to mend (or, among notices, to know): `line` 0 is the whole file, `column` a heading or empty."""

    line: int
    column: str
    code: str
    message: Message

    def sentence(self, translate: Translate = plain) -> str:
        """The whole sentence as `translate` words it, with the row and the heading in front."""
        told = self.message.render(translate)
        place = f"{self.line}, {self.column}" if self.column else str(self.line)
        return translate(N_("Row %(place)s: %(told)s"), place=place, told=told) if self.line else told


@dataclass(frozen=True)
class Column:
    """A heading as the file has it and the field it fills; None when the column is ignored."""

    heading: str
    field: Field | None


@dataclass(frozen=True)
class PeopleFile:
    """What a file says: the rows that are right, everything that is not, and what is merely worth knowing."""

    rows: tuple[Row, ...]
    problems: tuple[RowProblem, ...]
    columns: tuple[Column, ...]
    notices: tuple[RowProblem, ...] = ()


def read_people(data: bytes, filename: str, *, today: date, organisation: str | None = None) -> PeopleFile:
    """Reads a CSV or XLSX file; its kind is told by its content, `filename` is only shown.

    `today` settles the century of short personnummer; `organisation` is for rows that name none.
    """
    try:
        sheets = read_sheets(data)
        lines, headings = _headed(sheets, filename)
    except Unreadable as error:
        return PeopleFile((), (RowProblem(error.line, "", error.code, error.message),), ())
    return _Reading(headings, today, organisation).people(lines)


def _headed(sheets: Sequence[list[Line]], filename: str) -> tuple[list[Line], Line]:
    """The lines under the first line that names at least two of our columns, and that line."""
    for lines in sheets:
        for index, line in enumerate(lines[:_SEARCHED_FOR_HEADINGS]):
            if len({_field_of(cell) for cell in line.cells} - {None}) >= 2:
                return lines[index + 1 :], line
    message = N_("No headings (Förnamn, Efternamn, E-post, Personnummer, Kommun) were found in %(file)s.")
    raise Unreadable("no_headings", message, file=_echo(filename))


def _field_of(cell: Cell) -> Field | None:
    return _FIELD_OF.get(_letters(cell)) if isinstance(cell, str) else None


def _letters(text: str) -> str:
    return re.sub(r"[\W_\d]", "", unicodedata.normalize("NFC", text)).casefold()


def _echo(value: Cell) -> str:
    """A value short enough for a message, without digits that might be a personnummer."""
    text = str(value)
    if len(re.findall(r"\d", text)) >= 6:
        text = re.sub(r"\d", "•", text)
    return text if len(text) <= 40 else text[:39] + "…"


class _Reading:
    """Goes through the rows once and gathers rows, problems and notices."""

    def __init__(self, headings: Line, today: date, organisation: str | None) -> None:
        self.headings = headings
        self.columns = tuple(Column(_echo(cell), _field_of(cell)) for cell in headings.cells)
        self.today = today
        self.organisation = organisation
        self.problems: list[RowProblem] = []
        self.notices: list[RowProblem] = []
        self.seen: dict[tuple[Field, str], int] = {}

    def people(self, lines: Sequence[Line]) -> PeopleFile:
        self._check_columns()
        if not lines:
            self._problem(self.headings.number, "", "no_rows", N_("There are no people under the headings."))
        elif len(lines) > MOST_ROWS:
            message = N_("The file has %(rows)s rows; at most %(most)s can be read at a time.")
            self._problem(0, "", "too_many_rows", message, rows=len(lines), most=MOST_ROWS)
        if self.problems:
            return PeopleFile((), tuple(self.problems), self.columns, tuple(self.notices))
        rows = [row for line in lines if (row := self._row(line))]
        return PeopleFile(tuple(rows), tuple(self.problems), self.columns, tuple(self.notices))

    def _problem(self, line: int, column: str, code: str, message: str, **values: object) -> None:
        self.problems.append(RowProblem(line, column, code, Message(message, values)))

    def _check_columns(self) -> None:
        number = self.headings.number
        fields = [column.field for column in self.columns]
        for column in self.columns:
            if column.field is None and column.heading:
                notice = Message(N_("The column %(heading)s is not used."), {"heading": column.heading})
                self.notices.append(RowProblem(number, column.heading, "ignored_column", notice))
        for name in dict.fromkeys(each for each in fields if each is not None and fields.count(each) > 1):
            same = ", ".join(column.heading for column in self.columns if column.field == name)
            message = N_("Several columns say the same thing (%(columns)s); keep one of them.")
            self._problem(number, same, "same_column", message, columns=same)
        for name in _REQUIRED + (() if self.organisation else ("organisation",)):
            if name not in fields:
                message = N_("The column %(heading)s is missing.")
                self._problem(number, "", "missing_column", message, heading=_shown_heading(name))
        if "email" not in fields and "personnummer" not in fields:
            message = N_("The file needs a column E-post or Personnummer, so that nobody is entered twice.")
            self._problem(number, "", "missing_column", message)

    def _row(self, line: Line) -> Row | None:
        before = len(self.problems)
        if any(line.cells[len(self.columns) :]):
            message = N_("The row has more cells than there are headings.")
            self._problem(line.number, "", "too_many_cells", message)
        values = {name: self._value(line, name) for name in _HEADINGS}
        row = Row(
            line=line.number,
            given_name=self._required(line, "given_name", values),
            family_name=self._required(line, "family_name", values),
            email=self._email(line, values["email"]),
            personnummer=self._personnummer(line, values["personnummer"]),
            organisation=self._organisation(line, values),
            gender=self._gender(line, values["gender"]),
            job_title=values["job_title"] or None,
        )
        if not values["email"] and not values["personnummer"] and len(self.problems) == before:
            message = N_("The row needs an e-mail address or a personnummer.")
            self._problem(line.number, "", "no_identity", message)
        self._check_seen(line, "email", row.email)
        self._check_seen(line, "personnummer", row.personnummer)
        return row if len(self.problems) == before else None

    def _place(self, name: Field) -> int | None:
        return next((index for index, column in enumerate(self.columns) if column.field == name), None)

    def _heading(self, name: Field) -> str:
        place = self._place(name)
        return _shown_heading(name) if place is None else self.columns[place].heading

    def _value(self, line: Line, name: Field) -> str:
        """The text of a cell; empty when there is none or when it is a problem (which is noted)."""
        place = self._place(name)
        if place is None or place >= len(line.cells):
            return ""
        cell = line.cells[place]
        if isinstance(cell, date):
            message = N_("Excel has made a date of the cell; format it as text and fill it in again.")
            self._problem(line.number, self._heading(name), "date_cell", message)
            return ""
        found = re.fullmatch(r'="([^"]*)"', cell)
        text = unicodedata.normalize("NFC", found[1].strip() if found else cell)
        if text in {"-", "–", "—"}:
            return ""
        wrong = _wrong_text(text)
        if wrong:
            self._problem(line.number, self._heading(name), *wrong)
        return "" if wrong else text

    def _required(self, line: Line, name: Field, values: dict[Field, str]) -> str:
        if values[name]:
            return values[name]
        heading = self._heading(name)
        told = any(each.line == line.number and each.column == heading for each in self.problems[-20:])
        if not told:
            self._problem(line.number, heading, "missing", N_("The cell is empty."))
        return ""

    def _organisation(self, line: Line, values: dict[Field, str]) -> str:
        return values["organisation"] or self.organisation or self._required(line, "organisation", values)

    def _email(self, line: Line, text: str) -> str | None:
        if not text:
            return None
        try:
            address = text.removeprefix("mailto:")
            found = validate_email(address, check_deliverability=False, allow_smtputf8=False)
        except EmailNotValidError:
            message = N_("%(value)s is not an e-mail address.")
            self._problem(line.number, self._heading("email"), "email", message, value=_echo(text))
            return None
        return found.normalized.lower()

    def _personnummer(self, line: Line, text: str) -> str | None:
        if not text:
            return None
        heading = self._heading("personnummer")
        if re.fullmatch(r"\d+([.,]\d+)?[eE]\+?\d+", text):
            message = N_("Excel has shortened the personnummer; format the column as text and fill it in.")
            self._problem(line.number, heading, "exponent", message)
            return None
        is_short = re.fullmatch(r"\d{7,9}", text, re.ASCII) is not None
        try:
            number = personnummer.parse(text.zfill(10) if is_short else text, today=self.today)
        except personnummer.WrongPersonnummer as error:
            self.problems.append(RowProblem(line.number, heading, error.code, error.message))
            return None
        if is_short:
            message = N_("Zeros that Excel had taken away were put back first in the personnummer.")
            self.notices.append(RowProblem(line.number, heading, "zeros", Message(message)))
        return number.digits12

    def _gender(self, line: Line, text: str) -> Gender:
        found = _GENDERS.get(_letters(text))
        if found is None:
            message = N_("%(value)s is not one of kvinna, man, annat, okänt.")
            self._problem(line.number, self._heading("gender"), "gender", message, value=_echo(text))
        return found or "unknown"

    def _check_seen(self, line: Line, name: Field, value: str | None) -> None:
        if value is None:
            return
        first = self.seen.setdefault((name, value), line.number)
        if first != line.number:
            message = N_("The same person is already on row %(first)s.")
            self._problem(line.number, self._heading(name), "duplicate", message, first=first)


def _shown_heading(name: Field) -> str:
    headings: dict[Field, str] = {
        "given_name": "Förnamn",
        "family_name": "Efternamn",
        "organisation": "Kommun/Arbetsgivare",
    }
    return headings.get(name, name)


def _wrong_text(text: str) -> tuple[str, str] | None:
    """A code and a message when the text cannot be somebody's name, title or address."""
    if text.startswith(("=", "@", "+")) or re.match(r"-\s*[\w(]", text):
        return "formula", N_("The cell holds a formula; replace it by its value.")
    if not text.isprintable():
        return "control", N_("The cell holds characters that cannot be seen; type it again.")
    if len(text) > LONGEST:
        return "too_long", N_("The cell holds more than 200 characters.")
    return None
