"""Employers by day: what was is kept, also when a change is told late or twice."""

from datetime import UTC, date, datetime

from flask import Flask

from lms import clock
from lms.db import db
from lms.employment import Employment, employ, employers_on, follow
from lms.organisations import add_organisation
from tests.factories import make_person
from tests.queries import count_queries


def test_without_a_change_nothing_is_kept(app: Flask) -> None:
    person = make_person(organisation=add_organisation("Tierp"))
    employ(person, person.organisation, by=None)
    assert db.session.query(Employment).count() == 0
    assert employers_on([person], date(1999, 1, 1)) == {person.id: person.organisation_id}


def test_each_day_has_its_employer(app: Flask) -> None:
    tierp, heby = add_organisation("Tierp"), add_organisation("Heby")
    person = make_person(organisation=tierp)
    employ(person, heby, since=date(2022, 10, 10), by=None)
    assert person.organisation is heby, "the change has come: today is 12 October"
    days = {day: employers_on([person], date(2022, 10, day))[person.id] for day in (9, 10, 11)}
    assert days == {9: tierp.id, 10: heby.id, 11: heby.id}


def test_a_change_to_come_waits_for_its_day(app: Flask) -> None:
    tierp, heby = add_organisation("Tierp"), add_organisation("Heby")
    person = make_person(organisation=tierp)
    employ(person, heby, since=date(2022, 11, 1), by=None)
    assert person.organisation is tierp
    assert employers_on([person], date(2022, 11, 1)) == {person.id: heby.id}
    follow()
    assert person.organisation is tierp
    with clock.moved(datetime(2022, 10, 31, 23, 0, tzinfo=UTC)):  # midnight in Stockholm
        follow()
        assert person.organisation is heby
        follow()
    assert person.organisation is heby


def test_a_change_told_late_or_twice(app: Flask) -> None:
    tierp, heby, knivsta = (add_organisation(name) for name in ("Tierp", "Heby", "Knivsta"))
    person = make_person(organisation=tierp)
    employ(person, knivsta, since=date(2022, 10, 1), by=None)
    employ(person, heby, since=date(2022, 9, 1), by=None)
    employ(person, heby, since=date(2022, 9, 1), by=None)
    at = [employers_on([person], day)[person.id] for day in (date(2022, 8, 31), date(2022, 9, 30), date(2022, 10, 1))]
    assert at == [tierp.id, heby.id, knivsta.id]
    assert person.organisation is knivsta


def test_somebody_leaves_and_has_no_employer(app: Flask) -> None:
    person = make_person(organisation=add_organisation("Tierp"))
    employ(person, None, since=date(2022, 10, 1), by=None)
    assert employers_on([person], date(2022, 10, 2)) == {person.id: None}


def test_one_question_for_many(app: Flask) -> None:
    tierp, heby = add_organisation("Tierp"), add_organisation("Heby")
    people = [make_person(organisation=tierp) for _number in range(5)]
    for person in people[:3]:
        employ(person, heby, since=date(2022, 10, 1), by=None)
    db.session.flush()
    with count_queries() as few:
        employers_on(people[:1], date(2022, 10, 2))
    with count_queries() as many:
        found = employers_on(people, date(2022, 10, 2))
    assert len(few) == len(many) == 1
    assert list(found.values()).count(heby.id) == 3
