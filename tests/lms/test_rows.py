"""Questions about columns are asked on the connection of the session: they see what it has written so far."""

from flask import Flask
from sqlalchemy import bindparam, select

from lms.db import db, rows
from lms.people import Person
from tests.factories import make_person


def test_what_the_session_has_written_is_read(app: Flask) -> None:
    person = make_person("Elin Forsman")
    db.session.flush()
    query = select(Person.given_name, Person.family_name).where(Person.id == bindparam("person"))
    assert [tuple(row) for row in rows(query, {"person": person.id})] == [("Elin", "Forsman")]
