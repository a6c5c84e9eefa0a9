"""The outbox against a real mail server: nothing is lost, nothing goes twice, and nobody waits for it."""

import smtplib
from collections.abc import Iterator
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from flask import Flask
from sqlalchemy import select

from lms import clock, mail
from lms.db import db
from lms.mail import OutboxMail
from lms.people import Person
from tests.conftest import NOON
from tests.factories import make_person, make_role
from tests.smtp_sink import PERMANENT, TEMPORARY, SmtpSink


@pytest.fixture
def sink() -> Iterator[SmtpSink]:
    with SmtpSink() as running:
        yield running


def _letters(*people: Person) -> list[OutboxMail]:
    letters = [mail.enqueue(person, "code", code="123456", minutes=10) for person in people]
    db.session.commit()
    return [letter for letter in letters if letter is not None]


def _send(sink: SmtpSink) -> int:
    return mail.send_waiting(lambda: smtplib.SMTP(sink.host, sink.port, timeout=10))


def _nobody() -> smtplib.SMTP:
    raise ConnectionRefusedError(111, "Connection refused")


def test_a_committed_mail_wakes_the_worker_and_does_not_wait_for_the_minute(app: Flask) -> None:
    woken: list[int] = []
    mail.on_committed(app, lambda: woken.append(1))
    mail.enqueue(make_person(), "code", code="123456", minutes=10)
    db.session.rollback()
    assert woken == []
    _letters(make_person(), make_person())
    assert woken == [1]
    db.session.add(make_person())
    db.session.commit()
    assert woken == [1], "no mail, nothing to do"


def test_refused_for_now_is_sent_later(app: Flask, sink: SmtpSink) -> None:
    (letter,) = _letters(make_person())
    sink.refuse(letter.recipient, TEMPORARY)
    assert _send(sink) == 0
    assert (letter.tries, letter.failed_at, "451" in letter.last_error) == (1, None, True)
    assert _send(sink) == 0, "not before its time"
    sink.accept_again()
    with clock.moved(NOON + timedelta(minutes=2)):
        assert _send(sink) == 1
    assert len(sink.to(letter.recipient)) == 1


@pytest.mark.parametrize("whole", [True, False])
def test_refused_for_good_fails_and_the_administrator_sees_it(app: Flask, sink: SmtpSink, browser_of, whole) -> None:  # type: ignore[no-untyped-def]
    bad, good = _letters(make_person(), make_person())
    administrator = make_role("administrator")
    if whole:
        sink.refuse_all(PERMANENT)
    else:
        sink.refuse(bad.recipient, PERMANENT)
    assert _send(sink) == (0 if whole else 1)
    assert bad.failed_at is not None
    assert (good.sent_at is None) is whole
    page = browser_of(administrator).get("/admin/mail").text
    assert bad.recipient in page
    assert "550" in page
    assert "123456" not in page


def test_a_server_that_is_down_costs_nothing(app: Flask, sink: SmtpSink) -> None:
    """However long it lasts, no mail uses up its tries; the first says why it waits, and then all go out in order."""
    letters = _letters(*[make_person() for _number in range(3)])
    for day in range(4):
        with clock.moved(NOON + timedelta(days=day)):
            assert mail.send_waiting(_nobody) == 0
    assert [(letter.tries, letter.failed_at) for letter in letters] == [(0, None)] * 3
    assert "ConnectionRefused" in letters[0].last_error
    with clock.moved(NOON + timedelta(days=4)):
        assert _send(sink) == 3
    assert [each.recipients for each in sink.received] == [(letter.recipient,) for letter in letters]


def test_a_crash_while_sending_sends_again(app: Flask, sink: SmtpSink) -> None:
    (letter,) = _letters(make_person())

    class Dies(smtplib.SMTP):
        def send_message(self, *args: object, **kwargs: object) -> dict[str, tuple[int, bytes]]:
            raise SystemExit

    with pytest.raises(SystemExit):
        mail.send_waiting(lambda: Dies(sink.host, sink.port, timeout=10))
    db.session.rollback()
    assert _send(sink) == 0, "it still belongs to who took it"
    with clock.moved(NOON + mail.LEASE + timedelta(seconds=1)):
        assert _send(sink) == 1
    assert letter.sent_at is not None


def test_nothing_is_locked_while_the_mail_server_thinks(app: Flask, sink: SmtpSink) -> None:
    """A writer gets through in the middle of a sending: on SQLite there is one lock for everybody."""
    _letters(make_person())
    wrote = []

    class Slow(smtplib.SMTP):
        def send_message(self, *args: object, **kwargs: object) -> dict[str, tuple[int, bytes]]:
            def write() -> None:
                with app.app_context(), clock.moved(NOON):
                    _letters(make_person())
                    wrote.append(True)
                    db.session.remove()

            thread = Thread(target=write)
            thread.start()
            thread.join(5)
            return super().send_message(*args, **kwargs)  # type: ignore[arg-type]

    assert mail.send_waiting(lambda: Slow(sink.host, sink.port, timeout=10), most=1) == 1
    assert wrote == [True]


def test_two_workers_send_each_mail_once(app: Flask, sink: SmtpSink) -> None:
    _letters(*[make_person() for _number in range(12)])
    barrier = Barrier(3)

    def work() -> None:
        with app.app_context(), clock.moved(NOON):
            barrier.wait()
            _send(sink)
            db.session.remove()

    threads = [Thread(target=work) for _number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sink.messages) == 12
    assert len({str(each["Message-ID"]) for each in sink.messages}) == 12
    db.session.rollback()
    assert db.session.scalars(select(OutboxMail).where(OutboxMail.sent_at.is_(None))).all() == []
