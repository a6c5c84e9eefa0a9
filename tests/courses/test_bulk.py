"""Many are certified in one act: each signed once, and what is the same for all is not asked for each."""

from flask import Flask
from sqlalchemy import func, select

from certificates.proof import keys
from certificates.proof.credentials import Credential, StatusList, list_address, newest
from certificates.standards import checking, integrity
from courses.certification import certify
from lms import clock
from lms.db import db
from tests.courses.test_certification import scene
from tests.queries import count_queries

MOST = 20
"""Statements for one person more: six write (certificate, credential, counter, log, mail), two are a savepoint."""


def test_the_price_of_one_person_more(app: Flask) -> None:
    _project, run, trainer, people = scene(people=9)
    certify(run, people[:1], by=trainer)  # the trainer's own credential and list are there from now on
    db.session.commit()
    counts = []
    for some in (people[1:3], people[3:]):
        with count_queries() as queries:
            certify(run, some, by=trainer)
            db.session.commit()
        counts.append(len(queries))
    assert (counts[1] - counts[0]) / 4 <= MOST


def test_each_is_signed_once_and_proves_itself(app: Flask) -> None:
    _project, run, trainer, people = scene(people=4)
    made = certify(run, people, by=trainer)
    assert certify(run, people, by=trainer) == made
    kinds = select(Credential.certificate_id, func.count()).group_by(Credential.certificate_id)
    assert {count for _id, count in db.session.execute(kinds.where(Credential.kind == "certificate"))} == {1}
    lists = {list_address(each.name): integrity.read(each.text) for each in db.session.scalars(select(StatusList))}
    places = set()
    for certificate in made:
        held = newest(certificate)
        assert held is not None
        places.add((held.list_id, held.place))
        assert checking.check(integrity.read(held.text), keys.trust(), lists.get, clock.now()).passed
    assert len(places) == 4
