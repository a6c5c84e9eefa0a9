"""Attendance out of files: who is who, what stands is never overwritten unasked, and out and in again is nothing."""

from datetime import timedelta

import pytest
from flask import Flask

from courses import attendance
from courses.activities import Session
from courses.attendance import Mark
from courses.attendance.exporting import exported
from courses.attendance.importing import NOBODY, Preview, import_answers, preview
from courses.attendance.report_file import Report, read_report
from courses.enrolment import Enrolment
from lms import clock
from lms.db import db
from lms.people import Person
from lms.refusals import Refused
from lms.table_file import read_sheets
from tests.courses.reports import teams, zoom
from tests.courses.sheets import Day, absent, course_day, move, part, whole
from tests.courses.test_attendance_at_once import at_once
from tests.courses.uploading import report_of, stay, upload
from tests.factories import make_participant


def _write(day: Day, report: Report, choices: dict[int, str] | None = None, **values: object) -> dict[int, int]:
    shown: Preview = preview(day.session, report, choices or {})
    asked = {"replace": set(), "rest_absent": False, "shown": shown.shown, "nonce": "import-0001", **values}
    done = import_answers(day.session, report, choices or {}, by=day.trainer, **asked)  # type: ignore[arg-type]
    return {entry.person_id: entry.minutes for entry in done.entries}


def _refused(day: Day, report: Report, choices: dict[int, str] | None = None, **values: object) -> str:
    with pytest.raises(Refused) as refusal:
        _write(day, report, choices, **values)
    return refusal.value.code


def test_minutes_of_somebody_who_dropped_out_and_came_back_on_two_devices(app: Flask) -> None:
    day = course_day(2)
    a, b = day.people
    report = report_of(
        stay(a, "08:20", "10:00"), stay(a, "10:30", "12:00"), stay(a, "11:00", "12:45"), stay(b, "08:00", "13:00")
    )
    assert _write(day, report) == {a.id: 90 + 120, b.id: 240}
    now = attendance.latest(day.session)
    assert {entry.method for entry in now.values()} == {"import"}
    assert [attendance.state_of(now[person.id]) for person in (a, b)] == ["part", "whole"]


def test_first_last_and_a_sum_are_never_more_than_the_session(app: Flask) -> None:
    day = course_day(1)
    report = report_of(stay(day.people[0], "08:00", "13:00"), activities=False)
    assert _write(day, report) == {day.people[0].id: 200}  # «3h 20m 5s»


def test_known_by_address_then_by_a_name_that_one_person_has(app: Flask) -> None:
    day = course_day(4)
    a, b, c, d = day.people
    c.given_name, c.family_name = d.given_name, d.family_name = "Åsa", "Öberg"
    report = report_of(
        stay(a, "08:30", "12:30", name="Smeknamn"), stay(b, "08:30", "12:30", name=b.name.upper(), email=""),
        stay(c, "08:30", "12:30", email=""),
    )  # fmt: skip
    lines = preview(day.session, report, {}).lines
    assert [(line.how, line.person) for line in lines] == [("email", a), ("name", b), ("", None)]
    assert {c, d} <= set(lines[2].choices)
    assert _refused(day, report) == "undecided"
    assert attendance.entries_of(day.session) == []
    assert set(_write(day, report, {2: str(d.id)})) == {a.id, b.id, d.id}


def test_zooms_own_name_in_brackets_and_family_name_first(app: Flask) -> None:
    day = course_day(2)
    a, b = day.people
    a.given_name, a.family_name, b.given_name, b.family_name = "Anna", "Alm", "Bo", "Ek"
    stays = [stay(None, "08:30", "12:30", name=name) for name in ("Annas iPad (Anna Alm)", '"Ek, Bo"')]
    report = read_report(zoom(stays), near=clock.today() - timedelta(days=1))
    assert [line.person for line in preview(day.session, report, {}).lines] == [a, b]


def test_protected_people_are_known_by_address_only_and_stand_by_their_alias(app: Flask, browser_of) -> None:  # type: ignore[no-untyped-def]
    day = course_day(2)
    a, b = day.people
    for person, alias in ((a, "Kim Alias"), (b, "Lo Alias")):
        person.family_name, person.protected, person.alias = f"Hemlig{person.id}", True, alias
    named = stay(b, "08:30", "12:30", name=f"{b.given_name} {b.family_name}", email="")
    aliased = stay(None, "08:30", "12:30", name="Lo Alias", email="")
    lines = preview(day.session, report_of(stay(a, "08:30", "12:30"), named, aliased), {}).lines
    assert [line.person for line in lines] == [a, None, None]
    page = upload(browser_of(day.trainer), day, teams([stay(a, "08:30", "12:30")]))[1]
    assert "Kim Alias" in page
    assert a.family_name not in page
    assert str(a.email) not in page


def test_who_leads_is_left_out_and_who_does_not_belong_is_said(app: Flask) -> None:
    day = course_day(1)
    stranger = stay(None, "08:30", "12:30", name="Vikarien", email="vik@x.example")
    report = report_of(stay(day.trainer, "08:00", "13:00"), stranger)
    assert [line.how for line in preview(day.session, report, {}).lines] == ["leads", ""]
    assert _write(day, report, {1: NOBODY}) == {}


def test_somebody_of_the_project_comes_onto_the_sheet(app: Flask) -> None:
    day = course_day(1)
    other = make_participant(day.project, "Cia Ny")
    report = report_of(stay(other, "08:30", "12:30"))
    (line,) = preview(day.session, report, {}).lines
    assert line.how == ""
    assert line.choices[0] == other
    assert _write(day, report, {0: str(other.id)}) == {other.id: 240}
    place = db.session.query(Enrolment).filter_by(run_id=day.run.id, person_id=other.id).one()
    assert (place.state, place.walk_in) == ("registered", True)


def test_a_number_that_was_not_offered_is_nobodys(app: Flask) -> None:
    day, elsewhere = course_day(1), course_day(1)
    report = report_of(stay(None, "08:30", "12:30", name="Okänd"))
    assert _refused(day, report, {0: str(elsewhere.trainer.id)}) == "undecided"


def test_what_stands_is_kept_until_somebody_says_otherwise(app: Flask) -> None:
    day = course_day(3)
    a, b, c = day.people
    marks = [absent(a), whole(b), part(day.session, c, "09:00", "12:30")]
    attendance.record(day.session, marks, by=day.trainer, nonce="before-01")
    report = report_of(*(stay(person, "08:30", "12:30") for person in day.people))
    found = preview(day.session, report, {})
    assert {answer.person.id: answer.verdict for answer in found.answers} == {
        a.id: "conflict", b.id: "same", c.id: "conflict"
    }  # fmt: skip
    assert _write(day, report) == {}
    assert _write(day, report, replace={c.id}) == {c.id: 240}


def test_the_rest_were_absent_only_when_asked_and_unanswered(app: Flask) -> None:
    day = course_day(3)
    a, b, c = day.people
    attendance.record(day.session, [whole(b)], by=day.trainer, nonce="before-01")
    report = report_of(stay(a, "08:30", "12:30"))
    assert preview(day.session, report, {}).unanswered == [c]
    assert _write(day, report, rest_absent=True) == {a.id: 240, c.id: 0}
    assert attendance.latest(day.session)[b.id].minutes == 240


def test_somebody_there_only_before_the_session_gets_no_answer_and_is_not_the_rest(app: Flask) -> None:
    day = course_day(1)
    report = report_of(stay(day.people[0], "07:00", "08:30"))
    found = preview(day.session, report, {})
    assert (found.answers, found.unanswered) == ([], [])
    stranger = report_of(stay(None, "07:00", "08:30", name="Fredrik Mobil"))
    assert [line.how for line in preview(day.session, stranger, {}).lines] == ["outside"]
    assert _write(day, stranger) == {}


def test_all_or_nothing_when_the_sheet_changed_meanwhile(app: Flask) -> None:
    day = course_day(2)
    a, b = day.people
    report = report_of(stay(a, "08:30", "12:30"), stay(b, "08:30", "12:30"))
    shown = preview(day.session, report, {}).shown
    attendance.record(day.session, [absent(a)], by=day.trainer, nonce="between-1")
    assert _refused(day, report, shown=shown) == "stale"
    assert len(attendance.entries_of(day.session)) == 1


def test_a_signed_sheet_is_not_changed(app: Flask) -> None:
    day = course_day(1)
    attendance.record(day.session, [absent(day.people[0])], by=day.trainer, nonce="before-01")
    attendance.sign_off(day.session, by=day.trainer)
    report = report_of(stay(day.people[0], "08:30", "12:30"))
    assert _refused(day, report, replace={day.people[0].id}) == "signed"


def test_the_hour_that_autumn_repeats_is_counted_in_utc(app: Flask) -> None:
    day = course_day(1)
    move(day.session, "2021-10-31T01:00", "2021-10-31T04:00")
    assert day.session.minutes == 240
    name, email, *_clocks = stay(day.people[0], "01:00", "04:00")
    night = (name, email, "2021-10-31T00:00:00Z", "2021-10-31T01:30:00Z")
    report = read_report(zoom([night]), near=attendance.local_day(day.session))
    assert _write(day, report) == {day.people[0].id: 90}


# --- out and in again ----------------------------------------------------------------------------------------


def _everything(day: Day) -> None:
    a, b, c, d, e, _f = day.people
    came = day.session.starts_at + timedelta(minutes=25, seconds=31)
    gaps = Mark(b.id, "part", None, day.session.starts_at - timedelta(hours=1), day.session.ends_at, minutes=200)
    seconds = Mark(c.id, "part", None, came, came + timedelta(minutes=100, microseconds=7))
    marks = [whole(a), gaps, seconds, absent(d, kind="ill"), part(day.session, e, "08:55", "12:00")]
    attendance.record(day.session, marks, by=day.trainer, nonce="before-01")


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("language", ["sv", "en"])
def test_a_round_trip_changes_nothing(app: Flask, kind: str, language: str) -> None:
    day = course_day(6)
    _everything(day)
    day.people[0].given_name = "=HYPERLINK"
    with app.test_request_context(headers={"Accept-Language": language}):
        data = exported(day.session, kind)
    report = read_report(data, near=attendance.local_day(day.session))
    assert (report.own, report.problems) == (True, ())
    found = preview(day.session, report, {})
    assert [line.how for line in found.lines] == ["code"] * 6
    assert (found.count("same"), found.count("new"), found.count("conflict")) == (5, 0, 0)
    assert _write(day, report, replace={person.id for person in day.people}) == {}


def test_an_export_onto_an_empty_sheet_gives_the_same_answers(app: Flask) -> None:
    day = course_day(6)
    _everything(day)
    with app.test_request_context():
        data = exported(day.session, "csv")
    before = {entry.person_id: attendance.marks.said_by(entry) for entry in attendance.latest(day.session).values()}
    other = day.run.sessions[1]
    move(other, "2022-10-11T08:30", "2022-10-11T12:30")
    again = Day(day.project, day.trainer, day.run, other, day.people)
    _write(again, read_report(data, near=attendance.local_day(other)), nonce="import-0002")
    assert {e.person_id: attendance.marks.said_by(e) for e in attendance.latest(other).values()} == before


def test_protected_people_are_in_no_export(app: Flask) -> None:
    day = course_day(2)
    hidden = day.people[0]
    hidden.protected, hidden.alias = True, "Kim Alias"
    with app.test_request_context():
        text = exported(day.session, "csv").decode("utf-8-sig")
        (sheet,) = read_sheets(exported(day.session, "xlsx"))
    assert "Kim" not in text
    assert str(hidden.email) not in text
    assert len(text.splitlines()) == 2
    assert len(sheet) == 2


@pytest.mark.parametrize(
    ("row", "told"),
    [("kanske;;;;", "Write hela"), ("del;25.00;;;", "Write when"), ("del;12.00;09.00;;", "Write when"),
     ("del;;;;", "Write when"), ("del;08.30;12.30;240;", "Write when the person was there"),
     ("del;08.55;;-5;", "Write when"), ("frånvarande;;;;semester", "Write sjuk")],
)  # fmt: skip
def test_what_our_columns_cannot_mean_is_told_at_its_row(app: Flask, row: str, told: str) -> None:
    day = course_day(1)
    data = f"E-post;Närvaro;Kom;Gick;Borta däremellan;Frånvaro\n{day.people[0].email};{row}".encode()
    report = read_report(data, near=attendance.local_day(day.session))
    (line,) = preview(day.session, report, {}).lines
    assert line.error.startswith(told)
    assert _refused(day, report) == "row"


def test_the_same_person_twice_in_our_columns_is_told(app: Flask) -> None:
    day = course_day(1)
    email = day.people[0].email
    data = f"E-post;Närvaro\n{email};hela\n{email};frånvarande".encode()
    assert _refused(day, read_report(data, near=attendance.local_day(day.session))) == "row"


def test_people_write_the_words_they_know(app: Flask) -> None:
    day = course_day(4)
    words = ("Ja", "NÄRVARANDE", "", "nej")
    rows = [f"{p.email};{word};{'9' if not word else ''}" for p, word in zip(day.people, words, strict=True)]
    rows[2] = f"{day.people[2].email};;0900"
    data = "\n".join(["E-post;Närvaro;Kom", *rows]).encode()
    written = _write(day, read_report(data, near=attendance.local_day(day.session)))
    assert list(written.values()) == [240, 240, 210, 0]


def test_two_uploads_at_once_write_one_answer(app: Flask) -> None:
    day = course_day(2)
    report = report_of(*(stay(person, "08:30", "12:00") for person in day.people))
    session_id, trainer, shown = day.session.id, day.trainer.id, preview(day.session, report, {}).shown
    db.session.commit()

    def act() -> int:
        session, by = db.session.get_one(Session, session_id), db.session.get_one(Person, trainer)
        done = import_answers(
            session, report, {}, replace=set(), rest_absent=False, shown=shown, by=by, nonce="import-0001"
        )
        return len(done.entries)

    results = at_once(app, act, act, act)
    assert sorted(str(each) for each in results)[0] == "2"
    assert sum(isinstance(each, Refused) and each.code == "stale" for each in results) == 2
    assert len(attendance.entries_of(db.session.get_one(Session, session_id))) == 2
