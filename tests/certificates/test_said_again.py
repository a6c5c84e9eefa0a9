"""What was said about a certificate is said again only as long as it holds, word for word, and to whom it fits."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask, template_rendered
from flask.testing import FlaskClient
from jinja2 import Template
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from certificates import register
from certificates.acts import issuing, renaming, revoking
from certificates.acts.revoking import CertificateDecision
from certificates.answering import verification
from lms import clock
from lms.db import ALONE, db
from tests.certificates.test_register import draft
from tests.certificates.test_verify import chain, page
from tests.conftest import NOON
from tests.factories import make_person


@contextmanager
def drawn(app: Flask) -> Iterator[list[str]]:
    """The names of the templates that are drawn in the block."""
    names: list[str] = []

    def note(_app: Flask, template: Template, **_more: object) -> None:
        names.append(template.name or "")

    with template_rendered.connected_to(note, app):
        yield names


def test_what_was_said_this_minute_is_said_again_as_long_as_the_register_says_the_same(app: Flask) -> None:
    made, own, holder, _trainer = chain()
    db.session.commit()
    one, other = app.test_client(), app.test_client()
    address, english = f"/v/{made.code}", {"Accept-Language": "en"}

    def told(seconds: int = 0) -> tuple[str, bool]:
        with clock.moved(NOON + timedelta(seconds=seconds)), drawn(app) as names:
            answer = other.get(address, headers=english)
        assert answer.status_code == 200
        return answer.text, bool(names)

    with clock.moved(NOON):
        first = one.get(address, headers=english)
    with clock.moved(NOON + timedelta(seconds=50)), drawn(app) as names:
        again = other.get(f"/v/{made.code[:4].lower()}-{made.code[4:]}", headers=english)
        swedish = other.get(address, headers={"Accept-Language": "sv"})
    assert (again.data, list(again.headers)) == (first.data, list(first.headers))
    assert ('<html lang="sv"' in swedish.text, names.count("certificates/v.html")) == (True, 1)
    assert told(59) == (first.text, False)
    assert told(60)[1], "the next minute it is written anew"
    register.present(made, full_name=True, by=holder)
    db.session.commit()
    text, anew = told(61)
    assert ("Elin Maria Forsman" in text, anew) == (True, True)
    holder.protected, holder.alias = True, "Deltagare 7"
    db.session.commit()
    assert "Elin" not in told(61)[0]
    revoking.revoke(own, reason_code="conduct", by=make_person())
    db.session.commit()
    assert "is under review" in told(62)[0]
    revoking.revoke(made, reason_code="mistake", by=make_person())
    db.session.commit()
    assert "Revoked certificate" in told(62)[0]
    assert told(63)[0] == told(64)[0]


def test_midnight_is_in_stockholm_also_where_pages_are_said_again(app: Flask, client: FlaskClient) -> None:
    """Expiry on both days on which the clocks change, asked for before and after, and after the clock was set back."""
    leader = make_person()
    for day, midnight in ((date(2023, 3, 26), datetime(2023, 3, 26, 22, tzinfo=UTC)),
                          (date(2022, 10, 30), datetime(2022, 10, 30, 23, tzinfo=UTC))):  # fmt: skip
        made = issuing.issue(
            draft(valid_until=day), holder=make_person(), ground=str(day), issuer_certificate=None, by=leader
        )
        told = {}
        for seconds in (-3600, -1, 0, 1, 3600, -1, 0):
            with clock.moved(midnight + timedelta(seconds=seconds)):
                text = page(client, made.code, **{"Accept-Language": "en"})
            assert ("Valid certificate" in text, "has expired" in text) == (seconds < 0, seconds >= 0), (day, seconds)
            assert told.setdefault(seconds, text) == text


def test_a_code_is_read_in_front_of_the_application_as_in_it(app: Flask, client: FlaskClient) -> None:
    """Word processors turn spaces and dashes into others; what is no UTF-8 is no space."""
    made, *_rest = chain()
    db.session.commit()
    for between, status in (("%20", 200), ("%C2%A0", 200), ("%E2%80%93", 200), ("%A0", 404), ("%C3%85", 404)):
        for _first_and_again in range(2):
            assert client.get(f"/v/{made.code[:8]}{between}{made.code[8:]}").status_code == status, between


def test_only_what_is_known_is_said_again_and_only_when_read(app: Flask) -> None:
    made, *_rest = chain()
    db.session.commit()
    client = app.test_client()
    for path in ("A" * 16, "offline", "sw.js", f"{made.code}/", ""):
        answers = []
        for _time in range(2):
            with drawn(app) as names:
                answers.append(client.get(f"/v/{path}"))
            assert names or path == "sw.js", path
        assert answers[0].status_code == answers[1].status_code
    client.get(f"/v/{made.code}")
    assert client.post(f"/v/{made.code}").status_code == 405
    assert client.head(f"/v/{made.code}").data == b""


def test_without_the_register_nothing_is_said_again(
    app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    made, *_rest = chain()
    db.session.commit()
    client, code, lost = app.test_client(), made.code, db.engine.dialect.loaded_dbapi.OperationalError
    assert client.get(f"/v/{code}").status_code == 200

    def gone(_engine: object) -> None:
        raise lost(f"no register\nDETAIL: {code}")

    with monkeypatch.context() as broken:
        for name in ("TESTING", "PROPAGATE_EXCEPTIONS"):
            broken.setitem(app.config, name, False)
        broken.setattr(type(db.engine), "raw_connection", gone)
        answer = client.get(f"/v/{code}")
        with pytest.raises(OperationalError):
            verification.entries(code)
    assert answer.status_code == 500
    assert "certifi" not in answer.text
    assert "no register" in caplog.text
    assert code not in caplog.text
    assert (caplog.text.count("Traceback"), caplog.text.count("no register")) == (0, 1), "told once, and shortly"
    assert client.get(f"/v/{code}").status_code == 200


def test_the_driver_and_the_engine_read_the_same(app: Flask) -> None:
    """What is read without SQLAlchemy, with every column filled: days, moments and yes or no are what they were."""
    made, own, holder, _trainer = chain()
    register.present(made, full_name=True, by=holder)
    revoking.revoke(own, reason_code="conduct", by=make_person())
    decided = {"event_id": own.events[0].id, "certificate_id": made.id, "outcome": "keep", "at": NOON}
    db.session.add(CertificateDecision(by_id=holder.id, **decided))
    again = renaming.rename(made, given_name="Elin", family_name="Åkerström", by=make_person())
    db.session.commit()
    for code in (made.code, own.code, again.code):
        with db.engine.connect().execution_options(**{ALONE: True}) as connection:
            theirs = [tuple(row) for row in connection.execute(verification._line(), {"code": code})]
        assert [tuple(entry) for entry in verification.entries(code)] == theirs
        assert theirs


def test_a_look_leaves_no_transaction_behind_and_postgresql_plans_the_question_once(app: Flask) -> None:
    code = chain()[0].code
    db.session.commit()
    for _each in range(60):
        verification.entries(code)
    assert db.engine.pool.checkedout() == 0
    if db.engine.dialect.name != "postgresql":
        return
    with db.engine.connect() as connection:
        plans = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%RECURSIVE%'"
        assert connection.scalar(text(plans)) == 1
        states = "SELECT DISTINCT state FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle%'"
        assert set(connection.scalars(text(states))) <= {"idle"}
