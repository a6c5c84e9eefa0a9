"""The pages of hours: one tap on the home, the link of a mail with a code, objections, answers, countersignatures."""

import re

import pytest
from sqlalchemy import func, select

from courses import hours, links
from courses.attendance import AttendanceEntry, HoursSignature, Objection, hash_of
from courses.hours.lines import as_text
from lms import clock
from lms.db import db
from lms.mail import OutboxMail
from tests.courses import ledger_rows
from tests.courses.certifying import confirm_month, signed_day
from tests.factories import make_participant, make_person, make_role
from tests.queries import count_queries

pytestmark = pytest.mark.usefixtures("app")


def count(table):
    return db.session.scalar(select(func.count()).select_from(table))


def form_of(page):
    """What the form that confirms carries."""
    found = {name: re.search(rf'name="{name}" value="([^"]*)"', page) for name in ("entries", "seen", "month", "home")}
    return {name: match[1] for name, match in found.items() if match}


def code_to(person):
    letter = db.session.scalars(
        select(OutboxMail).where(OutboxMail.person_id == person.id).order_by(OutboxMail.id.desc())
    ).first()
    return re.search(r"\b\d{6}\b", letter.subject)[0]


@pytest.fixture
def day(app):
    return signed_day()


def link_to(person, first):
    return "/hours/mail/" + links.hours_token(person, first)


def test_one_tap_from_the_home_on_the_day_itself(browser_of):
    with clock.moved(clock.now().replace(hour=14)):
        day = signed_day(days_ago=0)
        browser = browser_of(day.person)
        page = browser.get("/").text
        assert "Confirm that you were there today" in page
        answer = browser.post("/hours/confirm", data=form_of(page))
        assert (answer.status_code, answer.location) == (303, "/")
        assert count(HoursSignature) == 1
        assert "Confirm that you were there today" not in browser.get("/").text


def test_a_month_in_one_tap(browser_of, day):
    browser = browser_of(day.person)
    assert "/hours?month=2022-10" in browser.get("/").text
    page = browser.get("/hours").text
    assert "4 h" in page
    assert browser.post("/hours/confirm", data=form_of(page)).location == "/hours?month=2022-10"
    page = browser.get("/hours").text
    assert "Confirmed" in page
    assert "Waits for you" not in page


def test_looking_writes_nothing(browser_of, day):
    browser_of(day.person).get("/hours")
    browser_of(day.person).get(link_to(day.person, day.first))
    assert count(HoursSignature) == 0


@pytest.mark.parametrize("who", ["trainer", "colleague", "stranger"])
def test_the_form_of_somebody_else_confirms_nothing(browser_of, day, who):
    other = {"trainer": day.day.trainer, "colleague": day.day.people[1], "stranger": make_person()}[who]
    sent = {"entries": as_text([day.entry.id]), "seen": hash_of([day.entry])}
    assert browser_of(other).post("/hours/confirm", data=sent).status_code == 403
    assert count(HoursSignature) == 0


@pytest.mark.parametrize("entries", ["", "x", "1-", "-1", "999999999", "1" * 40, "1-" * 2000 + "1"])
def test_forms_that_nobody_was_given(browser_of, day, entries):
    answer = browser_of(day.person).post("/hours/confirm", data={"entries": entries, "seen": "0"})
    assert answer.status_code in (403, 409, 422)
    assert count(HoursSignature) == 0


def test_a_page_left_open_while_the_sheet_is_corrected(browser_of, day):
    browser = browser_of(day.person)
    page = browser.get("/hours").text
    ledger_rows.attended(day.day.session, day.person, 200, replaces=day.entry)
    answer = browser.post("/hours/confirm", data=form_of(page))
    assert answer.status_code == 409
    assert "changed while you looked" in answer.text
    assert count(HoursSignature) == 0


@pytest.mark.parametrize("month", ["", "2022-13", "x", "1999-01", "2022-10-01", "0000-01"])
def test_any_month_in_the_address(browser_of, day, month):
    assert browser_of(day.person).get(f"/hours?month={month}").status_code == 200


def test_as_many_questions_for_many_lines(browser_of):
    counts = []
    for people in (1, 6):
        day = signed_day(people)
        for number in range(people * 3):
            ledger_rows.approved(day.day.run, day.person, 10, day.first.replace(day=number + 1))
        with count_queries() as queries:
            assert browser_of(day.person).get("/hours").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


# --- by mail ------------------------------------------------------------------------------------------------


def test_with_a_code_and_without_being_signed_in(client, day):
    link = link_to(day.person, day.first)
    page = client.get(link).text
    assert "4 h" in page
    assert day.person.family_name not in page
    assert client.post(link).location == link + "/code"
    sent = form_of(client.get(link + "/code").text)
    assert client.post(link + "/code", data={**sent, "code": code_to(day.person)}).status_code == 303
    made = db.session.scalars(select(HoursSignature)).one()
    assert (made.way, made.by_id, made.person_id) == ("code", day.person.id, day.person.id)
    assert client.get("/hours").status_code == 303  # to the sign-in page: nobody is signed in
    assert "Nothing waits" in client.get(link).text


def test_a_wrong_code_confirms_nothing_and_five_are_enough(client, day):
    link = link_to(day.person, day.first)
    client.post(link)
    right = code_to(day.person)
    wrong = "000000" if right != "000000" else "000001"
    sent = form_of(client.get(link + "/code").text)
    for _try in range(5):
        assert client.post(link + "/code", data={**sent, "code": wrong}).status_code == 422
    assert "Five tries" in client.post(link + "/code", data={**sent, "code": right}).text
    assert count(HoursSignature) == 0


def test_a_code_of_another_sign_in_confirms_nothing(client, day):
    """The code for a sign-in of the colleague, typed on the page of the person."""
    other = day.day.people[1]
    client.post("/sign-in", data={"email": other.email})
    link = link_to(day.person, day.first)
    sent = form_of(client.get(link).text) or {"entries": as_text([day.entry.id]), "seen": hash_of([day.entry])}
    assert client.post(link + "/code", data={**sent, "code": code_to(other)}).status_code == 422
    assert count(HoursSignature) == 0


def test_the_code_of_a_colleagues_link_confirms_only_hers(client, day):
    other = day.day.people[1]
    client.post(link_to(other, day.first))
    sent = {"entries": as_text([day.entry.id]), "seen": hash_of([day.entry]), "code": code_to(other)}
    answer = client.post(link_to(day.person, day.first) + "/code", data=sent)
    assert answer.status_code == 422
    assert count(HoursSignature) == 0


def test_the_code_does_not_sign_in(client, day):
    link = link_to(day.person, day.first)
    client.post(link)
    assert client.post("/sign-in/code", data={"code": code_to(day.person)}).status_code == 422


def test_somebody_else_who_is_signed_in_sees_no_hours_and_confirms_none(browser_of, day):
    link = link_to(day.person, day.first)
    browser = browser_of(day.day.people[1])
    page = browser.get(link).text
    assert "somebody else" in page
    assert "4 h" not in page
    assert browser.post(link).status_code == 403


def test_the_person_herself_signed_in_needs_no_code(browser_of, day):
    browser = browser_of(day.person)
    sent = form_of(browser.get(link_to(day.person, day.first)).text)
    assert browser.post("/hours/confirm", data=sent).status_code == 303
    assert db.session.scalars(select(HoursSignature)).one().way == "signed_in"


@pytest.mark.parametrize("token", ["x", "W10.abc", "a" * 500])
def test_forged_links(client, token):
    assert client.get(f"/hours/mail/{token}").status_code == 404
    assert client.post(f"/hours/mail/{token}").status_code == 404
    assert client.post(f"/hours/mail/{token}/code", data={"code": "1"}).status_code == 404


def test_a_link_for_another_purpose_is_no_link(client, day):
    token = links.calendar(day.person).rsplit("/", 1)[1].removesuffix(".ics")
    assert client.get(f"/hours/mail/{token}").status_code == 404


# --- objections ---------------------------------------------------------------------------------------------


def test_object_and_answer(browser_of, day):
    browser = browser_of(day.person)
    url = f"/hours/{day.entry.id}/objection"
    assert url in browser.get("/hours").text
    assert browser.get(url).status_code == 200
    answer = browser.post(url, data={"left": "11.30", "comment": "Jag gick till bussen."})
    assert answer.status_code == 303
    objection = db.session.scalars(select(Objection)).one()
    assert (objection.minutes, objection.comment) == (180, "08.30–11.30. Jag gick till bussen.")
    trainer = browser_of(day.day.trainer)
    assert f"/objections/{objection.id}" in trainer.get("/").text
    page = trainer.get(f"/objections/{objection.id}").text
    assert f"/sessions/{day.day.session.id}/correction" in page
    assert trainer.post(f"/objections/{objection.id}", data={"comment": ""}).status_code == 422
    assert trainer.post(f"/objections/{objection.id}", data={"comment": "Du var kvar."}).status_code == 303
    assert "Du var kvar." in browser.get("/hours").text
    letters = db.session.scalars(select(OutboxMail.recipient).order_by(OutboxMail.id)).all()
    assert {day.day.trainer.email, day.person.email} <= set(letters)


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"comment": "Bara ord"},
        {"minutes": "3 h", "comment": "Fel"},
        {"minutes": "240", "comment": "Samma"},
        {"minutes": "5000", "comment": "För mycket"},
        {"came": "11.00", "left": "10.00", "comment": "Bakvänt"},
        {"came": "99", "comment": "Ingen tid"},
        {"minutes": "10", "comment": ""},
        {"minutes": "٣", "comment": "Andra siffror"},
    ],
)  # fmt: skip
def test_objections_that_say_too_little(browser_of, day, sent):
    answer = browser_of(day.person).post(f"/hours/{day.entry.id}/objection", data=sent)
    assert answer.status_code == 422
    assert "field-error" in answer.text
    assert count(Objection) == 0


def test_nobody_objects_or_answers_in_the_wrong_place(browser_of, day):
    assert browser_of(day.day.people[1]).get(f"/hours/{day.entry.id}/objection").status_code == 403
    objection = hours.object_to(day.entry, 180, "Gick 11.30.", by=day.person)
    for person in (day.person, day.day.people[1], make_role("trainer", day.day.project)):
        assert browser_of(person).post(f"/objections/{objection.id}", data={"comment": "Nej"}).status_code == 403


def test_hours_without_a_sheet_are_corrected_on_the_page(browser_of, day):
    entry = ledger_rows.approved(day.day.run, day.person, 120, day.entry.day)
    objection = hours.object_to(entry, 200, "Satt längre.", by=day.person)
    browser, url = browser_of(day.day.trainer), f"/objections/{objection.id}"
    assert browser.post(url, data={"correct": "1", "comment": "Du har rätt."}).status_code == 422
    sent = {"correct": "1", "minutes": "200", "comment": "Du har rätt."}
    assert browser.post(url, data=sent).status_code == 303
    assert browser.post(url, data=sent).status_code == 409
    made = db.session.scalars(select(AttendanceEntry).where(AttendanceEntry.replaces_id == entry.id)).one()
    assert made.minutes == 200


def test_a_protected_person_stands_under_her_alias(browser_of, day):
    day.person.protected, day.person.alias = True, "Deltagare Ett"
    hours.object_to(day.entry, 180, "Gick 11.30.", by=day.person)
    page = browser_of(day.day.trainer).get("/").text
    letter = db.session.scalars(select(OutboxMail).where(OutboxMail.person_id == day.day.trainer.id)).one()
    for text in (page, letter.text, letter.subject):
        assert "Deltagare Ett" in text
        assert day.person.family_name not in text


# --- the project leader -------------------------------------------------------------------------------------


def test_who_is_missing_and_reminded_in_one_act(browser_of, day):
    make_participant(day.day.project, "Har Inget")
    confirm_month(day.day.people[2])
    browser = browser_of(make_role("project_leader", day.day.project))
    url = f"/projects/{day.day.project.id}/months/2022-10"
    page = browser.get(f"{url}/confirmations").text
    assert "1 of 3" in page.replace("\u202f", " ")
    assert "Har Inget" not in page
    for expected in (2, 2):  # pressed twice the same day
        assert browser.post(f"{url}/remind").status_code == 303
        assert len(db.session.scalars(select(OutboxMail).where(OutboxMail.key.startswith("hours:"))).all()) == expected
    letter = db.session.scalars(select(OutboxMail).where(OutboxMail.person_id == day.person.id)).one()
    assert "4 h" in letter.text
    assert "/hours/mail/" in letter.text


def test_months_the_project_does_not_have(browser_of, day):
    browser = browser_of(make_role("project_leader", day.day.project))
    for name in ("2019-01", "2022-13", "x"):
        assert browser.get(f"/projects/{day.day.project.id}/months/{name}/confirmations").status_code == 404


def test_as_many_questions_for_many_people(browser_of):
    counts = []
    for people in (2, 9):
        day = signed_day(people)
        browser = browser_of(make_role("project_leader", day.day.project))
        with count_queries() as queries:
            browser.get(f"/projects/{day.day.project.id}/months/2022-10/confirmations")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_an_objection_is_taken_back_by_confirming(browser_of, day):
    objection = hours.object_to(day.entry, 180, "Gick 11.30.", by=day.person)
    browser = browser_of(day.person)
    page = browser.get("/hours").text
    assert "Confirm 4 h after all" in page
    assert browser.post("/hours/confirm", data=form_of(page)).status_code == 303
    assert "is settled" in browser_of(day.day.trainer).get(f"/objections/{objection.id}").text


def test_an_old_month_stands_among_those_shown(browser_of, day):
    for month in range(1, 10):
        ledger_rows.approved(day.day.run, day.person, 10, day.first.replace(month=month))
    page = browser_of(day.person).get("/hours?month=2022-01").text
    assert 'month=2022-01" aria-current="page"' in page
    assert "All months" in page


def test_who_had_confirmed_is_told_of_a_correction_at_once(browser_of, day):
    confirm_month(day.person)
    trainer, url = browser_of(day.day.trainer), f"/sessions/{day.day.session.id}/correction"
    sent = {"nonce": "fix-000001", "reason": "Gick 11.30."}
    for entry in day.entries:
        sent |= {f"seen{entry.person_id}": entry.id, f"state{entry.person_id}": "part"}
        sent |= {f"came{entry.person_id}": "08.30", f"left{entry.person_id}": "11.30"}
    assert trainer.post(url, data=sent).status_code == 303
    assert trainer.post(url, data=sent).status_code == 303
    letter = db.session.scalars(select(OutboxMail).where(OutboxMail.key.startswith("corrected:"))).one()
    assert letter.person_id == day.person.id
    for words in ("240 minutes", "180 minutes", "Gick 11.30.", "/hours/mail/"):
        assert words in letter.text


@pytest.mark.parametrize(
    "meant", [(180, "08.40–11.40. A.", "part", "11.40"), (60, "En timme.", "part", "09.30"), (0, "Nej.", "absent", "")]
)
def test_the_correction_begins_with_what_she_means(browser_of, day, meant):
    minutes, comment, state, left = meant
    objection = hours.object_to(day.entry, minutes, comment, by=day.person)
    trainer = browser_of(day.day.trainer)
    url = f"/sessions/{day.day.session.id}/correction?objection={objection.id}"
    assert url in trainer.get(f"/objections/{objection.id}").text
    page = trainer.get(url).text
    assert re.search(rf'id="state{day.person.id}-{state}"[^>]*checked', page)
    assert comment in page
    if left:
        assert re.search(rf'name="left{day.person.id}"[^>]*value="{left}"', page)
    other = browser_of(day.day.trainer).get(url.replace(f"={objection.id}", "=999999"))
    assert comment not in other.text
