"""All certificates of a run as one ZIP: only what one may open, as it stands today, made while it is sent."""

import io
import tracemalloc
from zipfile import ZipFile

import pytest
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import select

from certificates import register
from certificates.acts import issuing, revoking
from certificates.register import Certificate
from courses.certification import archive, certify
from courses.esf import bundle
from courses.runs import RunTrainer
from lms.audit import Audit
from lms.db import db
from lms.people import Person
from tests.courses.test_certification import scene
from tests.factories import make_person, make_role
from tests.queries import count_queries


def names(data: bytes) -> list[str]:
    with ZipFile(io.BytesIO(data)) as opened:
        assert opened.testzip() is None
        return opened.namelist()


def test_every_paper_is_in_it_sealed_and_by_name(app: Flask, browser_of) -> None:  # type: ignore[no-untyped-def]
    project, run, trainer, people = scene(people=3)
    made = certify(run, people, by=trainer)
    answer = browser_of(make_role("project_leader", project)).get(f"/runs/{run.id}/certificates.zip")
    assert answer.mimetype == "application/zip"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=certifikat-")
    assert "Content-Length" not in answer.headers, "it is made while it is sent"
    with ZipFile(io.BytesIO(answer.data)) as opened:
        *papers, contents = opened.namelist()
        assert contents == bundle.CONTENTS
        for paper, certificate in zip(papers, made, strict=True):
            assert paper.startswith(f"{certificate.number}-")
            assert paper.isascii()
            pdf = PdfReader(io.BytesIO(opened.read(paper)))
            assert certificate.number in pdf.pages[0].extract_text()
            assert pdf.get_fields()["Sigill"]["/FT"] == "/Sig"
            assert paper in opened.read(contents).decode("utf-8-sig")
    told = db.session.scalars(select(Audit).where(Audit.act == "run.certificates_fetched")).one()
    assert told.details == {"files": 3}


def test_a_trainer_gets_what_she_has_issued_and_others_nothing(app: Flask, browser_of) -> None:  # type: ignore[no-untyped-def]
    project, run, trainer, people = scene(people=2)
    address = f"/runs/{run.id}/certificates.zip"
    assert browser_of(trainer).get(address).status_code == 404, "nobody is certified yet"
    certify(run, people, by=trainer)
    colleague = make_role("trainer", project)
    db.session.add(RunTrainer(run_id=run.id, person_id=colleague.id))
    assert len(names(browser_of(trainer).get(address).data)) == 3
    assert browser_of(colleague).get(address).status_code == 404
    assert "certificates.zip" in browser_of(trainer).get(f"/runs/{run.id}/certification").text
    assert "certificates.zip" not in browser_of(colleague).get(f"/runs/{run.id}/certification").text
    for person in (people[0], make_role("county_trainer", project), make_person()):
        assert browser_of(person).get(address).status_code == 403


def test_what_stands_today(app: Flask) -> None:
    project, run, trainer, people = scene(people=3)
    leader = make_role("project_leader", project)
    first, second, third = certify(run, people, by=trainer)
    revoking.revoke(third, reason_code="mistake", by=leader)
    anew = issuing.reissue(first, register.statement_of(first), ground="name:1", reason="name", by=leader)
    db.session.flush()
    assert archive.of(run, leader) == [second, anew]


def protect(person: Person) -> None:
    person.protected, person.alias = True, "Deltagare 7"
    db.session.flush()


def test_a_name_that_is_protected_now(app: Flask, browser_of) -> None:  # type: ignore[no-untyped-def]
    project, run, trainer, people = scene(people=2)
    first, second = certify(run, people, by=trainer)
    protect(people[0])
    leader = make_role("project_leader", project)
    address = f"/runs/{run.id}/certificates.zip"
    (paper, _contents) = names(browser_of(trainer).get(address).data)
    assert paper.startswith(second.number)
    assert names(browser_of(leader).get(address).data)[0] == f"{first.number}.pdf"
    seen = db.session.scalars(select(Audit).where(Audit.act == "name.revealed")).all()
    assert [(each.person_id, each.subject_id) for each in seen] == [(leader.id, people[0].id)]


def test_as_many_questions_for_many_as_for_few(app: Flask) -> None:
    _project, run, trainer, people = scene(people=9)
    counts = []
    for some in (people[:2], people):
        certify(run, some, by=trainer)
        db.session.commit()
        db.session.expire_all()
        with count_queries() as queries:
            assert len(list(archive.zipped(archive.of(run, trainer)))) == len(some) + 1
        counts.append(len(queries))
    assert counts[1] <= counts[0] + 2


@pytest.mark.one_engine
def test_memory_holds_one_file_at_a_time(app: Flask) -> None:
    _project, run, trainer, people = scene(people=12)
    certify(run, people, by=trainer)
    papers = archive.of(run, trainer)
    size = len(next(archive.zipped(papers)))
    assert _peak(papers) - _peak(papers[:4]) < 8 * size / 2, "the files do not lie side by side"


def _peak(papers: list[Certificate]) -> int:
    tracemalloc.start()
    for _chunk in archive.zipped(papers):
        pass
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found
