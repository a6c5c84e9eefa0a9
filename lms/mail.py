"""The outbox: a mail is a row first, written in the same transaction as what it tells of; the worker sends it."""

import smtplib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from urllib.parse import unquote, urlsplit

from flask import Flask, current_app, render_template
from flask_babel import force_locale
from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, event, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from lms import clock, emblem
from lms.db import Base, db
from lms.people import Person

LEASE = timedelta(minutes=5)
"""How long a mail belongs to who took it: longer than any server takes to answer."""
_ANSWERS = (smtplib.SMTPRecipientsRefused, smtplib.SMTPResponseException, smtplib.SMTPNotSupportedError)
PATIENCE = [timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360, 720)]


class OutboxMail(Base):
    """A mail to send or sent. `key` makes the same news to the same person go out once."""

    __tablename__ = "outbox_mail"
    __table_args__ = (Index("ix_outbox_mail_waiting", "sent_at", "not_before"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str | None] = mapped_column(String(120), unique=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    recipient: Mapped[str] = mapped_column(String(254))
    recipient_name: Mapped[str] = mapped_column(String(160), default="")
    subject: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    calendar: Mapped[bytes | None] = mapped_column(LargeBinary)
    calendar_method: Mapped[str] = mapped_column(String(10), default="")
    created_at: Mapped[datetime]
    not_before: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str] = mapped_column(String(300), default="")


# --- operations ---------------------------------------------------------------------------------------------


def enqueue(
    person: Person,
    template: str,
    *,
    key: str | None = None,
    calendar: bytes | Sequence[bytes] | None = None,
    calendar_method: str = "REQUEST",
    **values: object,
) -> OutboxMail | None:
    """Put a mail into the outbox, in the person's language; nothing when she has no address or had it already.

    `template` names `templates/mail/<template>.txt`: first line the subject, then an empty line, then paragraphs.
    Several calendars, one per meeting, become one attachment each: a REQUEST is for one UID (RFC 5546 §3.2.2).
    The HTML part, the EU emblem and the co-funding text are added to every mail (domain.md §3).
    """
    if not person.email or (key and db.session.scalar(select(OutboxMail.id).where(OutboxMail.key == key))):
        return None
    with force_locale(person.language):
        whole = render_template(f"mail/{template}.txt", person=person, **values)
        subject, _blank, text = whole.strip().partition("\n")
        html = render_template("mail/frame.html", text=text.strip(), language=person.language)
        text = render_template("mail/frame.txt", text=text.strip())
    mail = OutboxMail(
        key=key,
        person_id=person.id,
        recipient=person.email,
        recipient_name="" if person.protected else _one_line(person.full_name)[:160],
        subject=_one_line(subject)[:200],
        text=text,
        html=html,
        calendar=(calendar if isinstance(calendar, bytes) else b"".join(calendar)) if calendar else None,
        calendar_method=calendar_method if calendar else "",
        created_at=clock.now(),
        not_before=clock.now(),
        tries=0,
        last_error="",
    )
    db.session.add(mail)
    db.session.info["mail_waits"] = True
    return mail


def send_waiting(connect: Callable[[], smtplib.SMTP] | None = None, *, most: int = 50) -> int:
    """Send what waits, oldest first; returns how many were sent. Nothing is locked while the mail server thinks.

    Two workers may run at once: who takes a mail puts it off by LEASE and commits before sending. A crash between
    sending and committing sends twice, never not at all; the Message-ID is the same both times. A server that cannot be
    reached ends the round and costs no mail a try.
    """
    sent = 0
    server: smtplib.SMTP | None = None
    try:
        while sent < most and (taken := _take()):
            number, letter = taken
            try:
                server = server or (connect or connection)()
            except (OSError, smtplib.SMTPException) as error:
                _put_back(number, error)
                break
            wrong = _send(server, letter)
            _note(number, wrong)
            sent += wrong is None
            if isinstance(wrong, OSError) and not isinstance(wrong, _ANSWERS):
                server = None
    finally:
        if server is not None:
            _close(server)
    return sent


def on_committed(app: Flask, wake: Callable[[], object]) -> None:
    """Call `wake` after each commit of this application that put mail into the outbox; a queue that is down only makes
    the mail later."""

    @event.listens_for(db.session, "after_commit")
    def _wake(session: Session) -> None:
        if current_app._get_current_object() is not app or not session.info.pop("mail_waits", False):  # type: ignore[attr-defined]
            return
        try:
            wake()
        except Exception:
            app.logger.exception("the queue does not answer; mail goes out within a minute of its return")


def _take() -> tuple[int, EmailMessage] | None:
    """The next mail that is due, put off so that nobody else sends it too; what cannot be written is given up."""
    while mail := db.session.scalar(
        select(OutboxMail)
        .where(OutboxMail.sent_at.is_(None), OutboxMail.failed_at.is_(None), OutboxMail.not_before <= clock.now())
        .order_by(OutboxMail.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ):
        number = mail.id
        try:
            letter = message(mail)
        except (ValueError, LookupError, MessageError) as error:
            _give_up(mail, error)
            db.session.commit()
            continue
        mail.not_before = clock.now() + LEASE
        db.session.commit()
        return number, letter
    db.session.rollback()
    return None


def _send(server: smtplib.SMTP, letter: EmailMessage) -> Exception | None:
    """Send; answers with what went wrong."""
    try:
        server.send_message(letter)
    except (ValueError, LookupError, MessageError, OSError, smtplib.SMTPException) as error:
        return error
    return None


def _note(number: int, error: Exception | None) -> None:
    """Write what became of the mail."""
    mail = db.session.get(OutboxMail, number, with_for_update=True)
    if mail is not None and error is None:
        mail.sent_at, mail.last_error = clock.now(), ""
    elif mail is not None and isinstance(error, OSError):
        _postpone(mail, error)
    elif mail is not None and error is not None:
        _give_up(mail, error)
    db.session.commit()


def _put_back(number: int, error: Exception) -> None:
    """The server cannot be reached: the mail is due again at once, and says why it waits."""
    mail = db.session.get(OutboxMail, number, with_for_update=True)
    if mail is not None:
        mail.not_before, mail.last_error = clock.now(), f"{type(error).__name__}: {error}"[:300]
    db.session.commit()


def _give_up(mail: OutboxMail, error: Exception) -> None:
    """What cannot be written as a mail at all must not stand in the way of the mail behind it."""
    mail.tries += 1
    mail.failed_at, mail.last_error = clock.now(), f"{type(error).__name__}: {error}"[:300]


def _postpone(mail: OutboxMail, error: Exception) -> None:
    if _is_permanent(error):
        _give_up(mail, error)
        return
    mail.tries += 1
    mail.last_error = f"{type(error).__name__}: {error}"[:300]
    if mail.tries > len(PATIENCE):
        mail.failed_at = clock.now()
    else:
        mail.not_before = clock.now() + PATIENCE[mail.tries - 1]


def _is_permanent(error: Exception) -> bool:
    """Whether the server said 5xx about this mail: asking again gives the same answer."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(500 <= code < 600 for code, _text in error.recipients.values())
    return isinstance(error, smtplib.SMTPDataError) and 500 <= error.smtp_code < 600


def _one_line(text: str) -> str:
    """A header is one line, whatever was typed in a title or a name: line breaks become spaces, controls go."""
    return "".join(sign for sign in " ".join(text.split()) if sign.isprintable())


def _close(server: smtplib.SMTP) -> None:
    try:
        server.quit()
    except (OSError, smtplib.SMTPException):
        server.close()


# --- questions ----------------------------------------------------------------------------------------------


def connection() -> smtplib.SMTP:
    """A connection to LMS_SMTP_URL: smtp://, smtp+starttls:// or smtps://, with user:password@ when needed."""
    url = urlsplit(current_app.config["SETTINGS"].smtp_url)
    kind = smtplib.SMTP_SSL if url.scheme == "smtps" else smtplib.SMTP
    server = kind(url.hostname or "localhost", url.port or 0, timeout=20)
    try:
        if url.scheme == "smtp+starttls":
            server.starttls()
        if url.username:
            server.login(unquote(url.username), unquote(url.password or ""))
    except OSError:  # what smtplib raises is one, too
        server.close()
        raise
    return server


def message(mail: OutboxMail) -> EmailMessage:
    """The mail as it is sent: text, HTML with the emblem, and the calendar when there is one."""
    settings = current_app.config["SETTINGS"]
    made = EmailMessage(policy=SMTP)
    made["From"] = Address("Pärlband", addr_spec=f"no-reply@{settings.host}")
    made["To"] = Address(mail.recipient_name, addr_spec=mail.recipient)
    made["Subject"] = mail.subject
    made["Date"] = format_datetime(mail.created_at)
    made["Message-ID"] = f"<outbox-{mail.id}-{int(mail.created_at.timestamp())}@{settings.host}>"
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(mail.text)
    picture = make_msgid(domain=settings.host)
    made.add_alternative(mail.html.replace("cid:emblem", f"cid:{picture[1:-1]}"), subtype="html")
    html = made.get_payload()[1]  # type: ignore[index]  # it has two parts now
    assert isinstance(html, EmailMessage)
    html.add_related(emblem.png(), "image", "png", cid=picture, filename="eu.png", disposition="inline")
    for number, each in enumerate(calendars(mail), 1):
        params = {"method": mail.calendar_method, "charset": "utf-8"}
        made.add_attachment(each, "text", "calendar", filename=f"kurs-{number}.ics", params=params)
    return made


def calendars(mail: OutboxMail) -> list[bytes]:
    """The calendars of a mail: they are stored one after the other, as RFC 5545 §3.4 lets a stream be."""
    end = b"END:VCALENDAR\r\n"
    return [part + end for part in (mail.calendar or b"").split(end) if part.strip()]
