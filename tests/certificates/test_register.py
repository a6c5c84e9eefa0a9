"""The register: exactly one certificate per ground, numbers in order, and what a certificate is on a day."""

import threading
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from certificates import register
from certificates.acts import issuing, revoking
from certificates.register import Certificate
from certificates.statement import Statement, digest
from lms import clock
from lms.audit import Audit
from lms.db import db
from lms.people import Person
from lms.refusals import Refused
from tests.certificates.examples import example
from tests.factories import make_person

DAY = date(2022, 10, 12)


def draft(**values: object) -> Statement:
    return example(**{"number": register.DRAFT, "issued_on": DAY, **values})


def issue(holder: Person, ground: str = "run:1:person:1", **values: object) -> Certificate:
    by = values.pop("by", None) or make_person()
    under = values.pop("under", None)
    return issuing.issue(draft(**values), holder=holder, ground=ground, issuer_certificate=under, by=by)  # type: ignore[arg-type]


def test_numbers_of_a_series_follow_each_other_and_each_series_counts_for_itself(app: Flask) -> None:
    holder = make_person()
    numbers = [issue(holder, f"g{i}").number for i in range(3)]
    assert numbers == ["SMA-A-2022-0001", "SMA-A-2022-0002", "SMA-A-2022-0003"]
    assert issue(holder, "t", level="trainer").number == "SMA-U-2022-0001"


def test_the_statement_is_stored_as_issued(app: Flask) -> None:
    holder = make_person()
    made = issue(holder)
    told = register.statement_of(made)
    assert (told.number, told.code, made.digest) == (made.number, made.code, digest(told))
    assert told.code != draft().code
    assert db.session.scalar(select(Audit.act).where(Audit.subject_kind == "certificate")) == "certificate.issued"


def test_the_same_ground_gives_the_same_certificate(app: Flask) -> None:
    holder = make_person()
    first = issue(holder)
    assert issue(holder) is first
    assert db.session.scalar(select(db.func.count()).select_from(Certificate)) == 1


def test_two_who_press_at_once_make_one_certificate_per_ground(app: Flask) -> None:
    holder, by = make_person(), make_person()
    db.session.commit()
    start, made, faults = threading.Barrier(4), [], []

    def press() -> None:
        with app.app_context(), clock.moved(clock.at(DAY, clock.local(clock.now()).time())):
            try:
                start.wait()
                mine, me = db.session.get_one(Person, holder_id), db.session.get_one(Person, by_id)
                made.extend((ground, issue(mine, ground, by=me).id) for ground in ("one", "two", "three"))
                db.session.commit()
            except Exception as error:
                faults.append(error)
            finally:
                db.session.remove()

    holder_id, by_id = holder.id, by.id
    db.session.commit()
    threads = [threading.Thread(target=press) for _each in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    assert len(made) == 12
    assert len(set(made)) == 3
    rows = db.session.scalars(select(Certificate).order_by(Certificate.number)).all()
    assert [row.number for row in rows] == ["SMA-A-2022-0001", "SMA-A-2022-0002", "SMA-A-2022-0003"]


def test_letters_no_typeface_has_are_refused_before_anything_is_issued(app: Flask) -> None:
    holder = make_person()
    with pytest.raises(Refused) as refusal:
        issue(holder, holder_name="Elin \U00012000")
    assert refusal.value.code == "glyphs"
    assert db.session.scalar(select(db.func.count()).select_from(Certificate)) == 0


def counting(on: date) -> list[int]:
    """Ids of all certificates that count, as questions about many ask it."""
    return list(db.session.scalars(select(Certificate.id).where(register.NOT_REVOKED, register.not_expired(on))))


def test_what_a_certificate_is_on_a_day(app: Flask) -> None:
    holder = make_person()
    made = issue(holder, valid_until=DAY + timedelta(days=10))
    last = DAY + timedelta(days=10)
    assert register.state(made, last) == "valid"
    assert register.state(made, last + timedelta(days=1)) == "expired"
    assert counting(last) == [made.id]
    assert counting(last + timedelta(days=1)) == []


def test_revoking_happens_once_and_leaves_the_past_as_it_was(app: Flask) -> None:
    holder, by = make_person(), make_person()
    made = issue(holder)
    with pytest.raises(Refused) as refusal:
        revoking.revoke(made, reason_code="because", by=by)
    assert refusal.value.code == "reason"
    revoking.revoke(made, reason_code="mistake", note="Not for strangers", by=by)
    assert register.state(made, DAY) == "revoked"
    assert register.state(made, DAY - timedelta(days=1)) == "valid"
    assert counting(DAY) == []
    with pytest.raises(Refused) as refusal:
        revoking.revoke(made, reason_code="mistake", by=by)
    assert refusal.value.code == "revoked"


def test_the_chain_has_the_first_certificate_first(app: Flask) -> None:
    holder = make_person()
    top = issue(holder, "county", level="trainer")
    trainer = issue(holder, "trainer", level="trainer", under=top)
    user = issue(holder, "user", under=trainer)
    db.session.expire_all()
    assert [link.id for link in register.chain(user)] == [top.id, trainer.id, user.id]
    assert register.chain(top) == [top]


def test_a_code_is_found_as_people_type_it(app: Flask) -> None:
    made = issue(make_person())
    typed = f" {made.code[:4].lower()}-{made.code[4:8]} {made.code[8:]} "
    assert register.find(typed) is made
    assert register.find("7Q4M") is None
    assert register.find("A" * 16) is None


def test_certificates_are_never_changed_or_deleted(app: Flask) -> None:
    issue(make_person())
    db.session.commit()
    for statement in ("UPDATE certificate SET number = 'X'", "DELETE FROM certificate"):
        with pytest.raises(DBAPIError, match="append-only"):
            db.session.execute(text(statement))
        db.session.rollback()


def test_a_protected_identity_is_never_shown_by_name(app: Flask) -> None:
    holder = make_person(protected=True, alias="Deltagare 7")
    made = issue(holder, holder_name="Deltagare 7")
    with pytest.raises(Refused) as refusal:
        register.present(made, full_name=True, by=holder)
    assert refusal.value.code == "protected"
