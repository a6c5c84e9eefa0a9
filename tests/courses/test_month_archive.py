"""All files of a closed month as one archive: whole, counted, and the same bytes each time."""

import csv
import hashlib
import io
import os
import re
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from flask_babel import force_locale

from courses.esf import bundle, files
from tests.courses.made_files import text_of, uneven_month, whole_zip, xml_of
from tests.courses.snapshots import make_month


def test_the_archive_is_whole_and_lists_what_it_holds() -> None:
    month = make_month(4, 2)
    archive = zipfile.ZipFile(io.BytesIO(whole_zip(month)))
    assert archive.testzip() is None
    names = archive.namelist()
    assert len(names) == files.announced(month) == 2 + 4 + 2 + 1
    assert names[-1] == bundle.CONTENTS
    assert all(re.fullmatch(r"[a-z0-9/.-]+", name) for name in names)
    listed = list(csv.reader(io.StringIO(archive.read(bundle.CONTENTS).decode("utf-8-sig")), delimiter=";"))
    assert listed[1:] == [[name, hashlib.sha256(archive.read(name)).hexdigest()] for name in names[:-1]]
    assert {entry.date_time for entry in archive.infolist()} == {(2022, 12, 5, 9, 12, 0)}
    assert not any(entry.flag_bits & 0x08 for entry in archive.infolist()), "no data descriptors"


@pytest.mark.parametrize(("part", "count"), [("certificates", 5), ("sheets", 3)])
def test_parts_of_the_archive(part: files.Part, count: int) -> None:
    assert len(zipfile.ZipFile(io.BytesIO(whole_zip(make_month(4, 2), part))).namelist()) == count


def test_it_comes_a_file_at_a_time_and_tells_how_far_it_is() -> None:
    month = make_month(4, 2)
    heard: list[int] = []
    chunks = list(bundle.zipped(files.files(month, {}), files.announced(month), month.closed_at, heard.append))
    assert heard == list(range(1, 10))
    assert len(chunks) == 9


def test_another_number_of_files_than_announced_breaks_the_stream() -> None:
    month = make_month(2, 1)
    made = files.files(month, {})
    for wrong in (made[:-1], [*made, replace(made[0], name="en-till.xlsx")]):
        with pytest.raises(bundle.BrokenOff):
            list(bundle.zipped(wrong, files.announced(month), month.closed_at))


def test_same_bytes_in_another_process_zone_and_language(app: object) -> None:
    month = uneven_month()
    with force_locale("en"):
        here = hashlib.sha256(whole_zip(month)).hexdigest()
    with force_locale("sv"):
        assert hashlib.sha256(whole_zip(month)).hexdigest() == here
    code = (
        "import hashlib; from tests.courses.made_files import uneven_month, whole_zip;"
        "print(hashlib.sha256(whole_zip(uneven_month())).hexdigest())"
    )
    elsewhere = os.environ | {"TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONHASHSEED": "7"}
    root = Path(__file__).parents[2]
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=root, env=elsewhere, capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == here


def test_two_at_once_do_not_mix_two_people() -> None:
    months = [make_month(4, 2), uneven_month()]
    alone = [hashlib.sha256(whole_zip(month)).hexdigest() for month in months]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda month: hashlib.sha256(whole_zip(month)).hexdigest(), months * 3))
    assert together == alone * 3


def test_people_of_the_same_or_an_unwritable_name_have_files_of_their_own() -> None:
    month = make_month(4, 1)
    names = ("Anna Alm", "Anna Alm", "王 小明", "../../etc/passwd\x00")
    persons = tuple(replace(each, name=name) for each, name in zip(month.participants, names, strict=True))
    found = [file.name for file in files.certificates(replace(month, participants=persons))]
    assert found == [
        "narvarointyg/smail-2022-11-v1-anna-alm-1.pdf",
        "narvarointyg/smail-2022-11-v1-anna-alm-2.pdf",
        "narvarointyg/smail-2022-11-v1-3.pdf",
        "narvarointyg/smail-2022-11-v1-etc-passwd-4.pdf",
    ]


def test_the_files_of_closed_months_stay_as_they_were() -> None:
    """Whoever means to change them gives the snapshot a new format, and keeps the old files for the old one."""
    archive = zipfile.ZipFile(io.BytesIO(whole_zip(make_month(2, 1))))
    marks = {}
    for name in archive.namelist()[:-1]:
        data = archive.read(name)
        told = text_of(data) if name.endswith("pdf") else "".join(xml_of(data))
        marks[name.rsplit("/", 1)[-1]] = hashlib.sha256(told.encode()).hexdigest()[:16]
    assert marks == {
        "smail-2022-11-v1-sammanstallning.xlsx": "3a0e0320f07882c1",
        "smail-2022-11-v1-scb.xlsx": "2ef78bc9c02284af",
        "smail-2022-11-v1-bo-bjork-1.pdf": "2c18df7f75ec89b2",
        "smail-2022-11-v1-cecilia-dahl-2.pdf": "336958c7982032a0",
        "smail-2022-11-v1-2022-11-03-lista-43.pdf": "5905bdf815d8fe54",
    }
