"""The sheet of a session as a file that can be read back: a round trip changes nothing.

The rule that matters most: people with protected identity are in no export; reading the file leaves them as they are.
"""

from courses.activities import Session
from courses.attendance.marks import local_day
from courses.attendance.own_columns import HEADINGS, columns_of
from courses.attendance.questions import answers, on_sheet
from courses.row_codes import code_of
from lms import clock, filters, spreadsheet
from lms.spreadsheet import Column, Sheet

KINDS = {"csv": "text/csv", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
_WIDTHS = (8, 26, 30, 22, 14, 10, 10, 16, 16, 10)


def exported(session: Session, kind: str) -> bytes:
    """CSV or XLSX, in the language of whoever asks; every cell is text, so that nothing is made into something else."""
    language = filters.spoken()
    columns = [Column(heading, width=width) for heading, width in zip(HEADINGS[language], _WIDTHS, strict=True)]
    people = on_sheet(session)
    now = answers(session, people)
    rows = [
        [
            code_of(person.id),
            person.name,
            person.email or "",
            person.organisation.name if person.organisation else "",
            *columns_of(session, now.get(person.id), language),
        ]
        for person in people
        if not person.protected
    ]
    if kind == "csv":
        return spreadsheet.csv_text(columns, rows)
    title = f"{session.activity.title} {local_day(session)}"
    return spreadsheet.workbook(
        [Sheet(title, columns, rows)],
        title=title,
        created=clock.now(),
        publicity=session.activity.project.plan.publicity.within(language),
    )


def file_name(session: Session, kind: str) -> str:
    """«narvaro-2022-11-03-7.xlsx»."""
    return f"narvaro-{local_day(session)}-{session.id}.{kind}"
