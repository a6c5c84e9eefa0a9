"""The project leader fetches a closed month as one ZIP and sees how far it is; a participant fetches her own hours."""

import csv
import hashlib
import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from courses.esf import files
from courses.esf.closings import closings_of
from lms.db import db
from lms.demo import personas
from lms.people import Person
from lms.projects import project_with
from tests.journeys.serving import Site
from tests.journeys.visitor import Visitor


@dataclass
class Closed:
    """The newest closed month with hours, and the address of somebody in it."""

    address: str
    files: int
    participant: str
    hers: str


def newest(site: Site) -> Closed:
    found: list[Closed] = []

    def look() -> None:
        project = project_with("2021/00320")
        assert project is not None
        closing = [each for each in closings_of(project) if each.minutes][-1]
        month = files.snapshot_of(closing)
        hers = next(line.person_id for line in month.lines)
        person = db.session.get_one(Person, hers)
        found.append(
            Closed(
                f"/months/{closing.id}",
                files.announced(month),
                person.email or "",
                f"/hours?month={closing.first:%Y-%m}",
            )
        )

    site.act(look)
    return found[0]


def is_whole(path: Path, count: int) -> None:
    archive = zipfile.ZipFile(path)
    assert archive.testzip() is None
    assert len(archive.namelist()) == count
    listed = csv.reader(io.StringIO(archive.read("innehall.csv").decode("utf-8-sig")), delimiter=";")
    assert list(listed)[1:] == [
        [name, hashlib.sha256(archive.read(name)).hexdigest()] for name in archive.namelist()[:-1]
    ]


def test_a_closed_month_is_fetched_and_says_how_far_it_is(
    demo_site: Site, demo_visit: Callable[..., Visitor], tmp_path: Path
) -> None:
    month = newest(demo_site)
    leader = demo_visit()
    leader.become(personas.PROJECT_LEADER)
    leader.go(month.address)
    leader.sees(f"{month.files} filer i en ZIP", "Underlag för ESF:s egen portal eller blanketter")
    with leader.page.expect_download() as download:
        leader.page.get_by_role("link", name="Hämta alla filer").press("Enter")
        leader.page.get_by_text("Hur långt den har kommit").wait_for()
    download.value.save_as(tmp_path / "all.zip")
    is_whole(tmp_path / "all.zip", month.files)
    leader.page.get_by_text(f"Alla {month.files} filer är gjorda.").wait_for()
    leader.look()


def test_without_a_script_the_link_is_a_link(
    demo_site: Site, demo_visit: Callable[..., Visitor], tmp_path: Path
) -> None:
    month = newest(demo_site)
    leader = demo_visit(java_script_enabled=False)
    leader.become(personas.PROJECT_LEADER)
    leader.go(month.address, look=False)
    with leader.page.expect_download() as download:
        leader.page.get_by_role("link", name="Hämta alla filer").click()
    download.value.save_as(tmp_path / "all.zip")
    is_whole(tmp_path / "all.zip", month.files)


def test_a_participant_fetches_the_certificate_of_her_own_hours(
    demo_site: Site, demo_visit: Callable[..., Visitor], tmp_path: Path
) -> None:
    month = newest(demo_site)
    participant = demo_visit()
    participant.become(month.participant)
    participant.go(month.hers)
    participant.sees("Närvarointyg")
    with participant.page.expect_download() as download:
        participant.page.locator("a[href^='/months/']").first.click()
    download.value.save_as(tmp_path / "hers.pdf")
    assert (tmp_path / "hers.pdf").read_bytes().startswith(b"%PDF-1.7")
    answer = participant.go(month.address, look=False)
    assert answer is not None
    assert answer.status == 403


def test_a_download_that_breaks_off_is_told(
    demo_site: Site, demo_visit: Callable[..., Visitor], monkeypatch: pytest.MonkeyPatch
) -> None:
    """More files were announced than there are: nobody ends up with an archive that looks whole."""
    month = newest(demo_site)
    real = files.announced
    monkeypatch.setattr(files, "announced", lambda *values: real(*values) + 1)
    leader = demo_visit()
    leader.become(personas.PROJECT_LEADER)
    leader.go(month.address, look=False)
    with leader.page.expect_download() as download:
        leader.page.get_by_role("link", name="Hämta alla filer").click()
        leader.page.get_by_text("Hämtningen avbröts. Hämta filerna igen.").wait_for()
    held = download.value.failure()
    assert held or not zipfile.is_zipfile(download.value.path())
    leader.look()
