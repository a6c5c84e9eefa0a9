"""Many sign in the same moment: every place is given once, every list is one, nothing that was revoked is forgotten."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import func, select

from certificates import register
from certificates.acts import issuing, revoking
from certificates.proof import credentials, keys, signing_anew, status_lists
from certificates.proof.credentials import Achievement, Credential, StatusList
from certificates.register import Certificate
from certificates.standards import integrity, status_list
from certificates.statement import ProjectRef
from lms import clock
from lms.db import db
from lms.people import Person
from lms.refusals import Refused
from tests.certificates.examples import example
from tests.certificates.test_signing import checked, issue
from tests.courses.test_attendance_at_once import at_once
from tests.factories import make_person


def issuing_in(project: str, holder: int, by: int, level: str = "user", under: int | None = None) -> Callable[[], int]:
    """Issue in a series of its own: the counter of another project stands in nobody's way."""

    def act() -> int:
        person, me = db.session.get_one(Person, holder), db.session.get_one(Person, by)
        above = db.session.get_one(Certificate, under) if under else None
        draft = example(
            number=register.DRAFT, level=level, issued_on=clock.today(), project=ProjectRef(project, f"2022/{project}")
        )
        return issuing.issue(draft, holder=person, ground=f"at once {project}", issuer_certificate=above, by=me).id

    return act


def all_hold(number: int) -> None:
    db.session.rollback()
    rows = db.session.scalars(select(Certificate)).all()
    assert len(rows) == number
    assert all(checked(row).passed for row in rows)
    places = db.session.execute(select(Credential.list_id, Credential.place)).all()
    assert len(set(places)) == len(places)


def test_the_first_of_several_projects_at_once(app: Flask) -> None:
    """The county's first list, the wording of what is taught, and a place for each: in six series at once."""
    people = [make_person().id for _each in range(6)]
    db.session.commit()
    acts = [issuing_in(f"P{number:02}", person, people[0]) for number, person in enumerate(people)]
    results = at_once(app, *acts)
    assert [type(each) for each in results] == [int] * 6
    all_hold(6)
    assert db.session.scalar(select(func.count()).select_from(StatusList)) == 1
    assert db.session.scalar(select(func.count()).select_from(Achievement)) == 1


def test_a_trainer_who_certifies_in_two_projects_at_once(app: Flask) -> None:
    own, people = issue(make_person(), "trainer"), [make_person().id for _each in range(5)]
    above, by = own.id, own.holder_id
    db.session.commit()
    acts = [issuing_in(f"Q{number:02}", person, by, "user", above) for number, person in enumerate(people)]
    assert [type(each) for each in at_once(app, *acts)] == [int] * 5
    all_hold(6)
    assert db.session.scalar(select(func.count()).select_from(StatusList)) == 2


def test_who_is_revoked_while_others_are_stays_revoked_in_the_list(app: Flask) -> None:
    made = [issue(make_person(), "user", ground=f"r{number} ") for number in range(4)]
    numbers, by, listed = [each.id for each in made], make_person().id, db.session.scalars(select(StatusList.id)).one()
    db.session.commit()

    def revoking_(number: int) -> Callable[[], object]:
        def act() -> None:
            certificate = db.session.get_one(Certificate, number)
            revoking.revoke(certificate, reason_code="mistake", by=db.session.get_one(Person, by))

        return act

    def renewing() -> None:
        status_lists.renew_list(db.session.get_one(StatusList, listed, with_for_update=True))

    at_once(app, *[revoking_(number) for number in numbers], renewing, renewing)
    db.session.rollback()
    row = db.session.get_one(StatusList, listed)
    encoded = integrity.read(row.text)["credentialSubject"]["encodedList"]
    places = db.session.scalars(select(Credential.place)).all()
    assert [status_list.is_set(encoded, place) for place in places] == [True] * 4
    assert set(places) == credentials.revoked_places(row)


def test_a_key_is_withdrawn_while_somebody_issues(app: Flask) -> None:
    """Whatever comes first: with another round at the end nothing rests on the withdrawn key."""
    first, people = issue(make_person(), "user"), [make_person().id for _each in range(3)]
    name, by = keys.in_use("county").public, first.holder_id
    db.session.commit()

    def withdraw() -> int:
        return signing_anew.compromised(keys.named(name), by=None)

    acts = [issuing_in(f"W{number}", person, by) for number, person in enumerate(people)]
    results = at_once(app, *acts, withdraw, withdraw)
    assert not [each for each in results if not isinstance(each, int | Refused)]
    db.session.rollback()
    withdraw()
    db.session.commit()
    assert len(keys.listed()) == 3
    assert signing_anew.resting_on(keys.named(name)) == []
    all_hold(4)


@pytest.mark.parametrize("again", [1, 2])
def test_two_who_let_the_spare_take_over(app: Flask, again: int) -> None:
    results = at_once(app, *[lambda: keys.succeed(by=None).public] * (again + 1))
    assert len(set(results)) == again + 1, "one after the other"
    db.session.rollback()
    assert [keys.state_of(key)[0] for key in keys.listed()] == ["retired"] * (again + 1) + ["in use", "spare"]
