"""Files of closed months, made and read back."""

import io
import zipfile
from dataclasses import replace
from datetime import date

from pypdf import PdfReader
from python_calamine import CalamineWorkbook

from courses.esf import bundle, files
from courses.esf.attested import certificate_of_hours
from courses.esf.snapshot import Signed, Snapshot
from tests.courses.snapshots import CLOSED, make_month, make_person

NUMBERS = {1: "199001019802", 2: "198502299803"}


def text_of(pdf: bytes) -> str:
    """All words with single spaces: where lines break is the layout's business."""
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


def whole_zip(month: Snapshot, part: files.Part = "all") -> bytes:
    made = files.files(month, NUMBERS, part)
    return b"".join(bundle.zipped(made, files.announced(month, part), month.closed_at))


def of_first(month: Snapshot) -> bytes:
    person = month.participants[0]
    return certificate_of_hours(month, person, [line for line in month.lines if line.person_id == person.person_id])


def uneven_month() -> Snapshot:
    """Several employers, a start without hours, a missing confirmation, an objection, a protected person."""
    month = make_month(12, 3)
    lines = list(month.lines)
    lines[0] = replace(lines[0], participant=None, minutes=217)
    lines[4] = replace(lines[4], objects=100, employer="Heby *", manager=Signed("Maja", CLOSED, "signed_in"))
    persons = [
        make_person(number, [line for line in lines if line.person_id == number], name=person.name)
        for number, person in enumerate(month.participants, start=1)
    ]
    persons[2] = replace(persons[2], name="=Deltagare 7", protected=True, placeholder="19900101Tf29")
    persons.append(replace(persons[0], person_id=99, name="Ny Person", hours=(), started=date(2022, 11, 30)))
    return replace(month, lines=tuple(lines), participants=tuple(persons))


Table = dict[str, list[list[object]]]


def read(data: bytes) -> Table:
    """Every sheet as rows, with the stored values of formulas."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    return {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}


def xml_of(data: bytes) -> list[str]:
    inside = zipfile.ZipFile(io.BytesIO(data))
    return [inside.read(name).decode() for name in inside.namelist()]
