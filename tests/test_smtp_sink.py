"""The SMTP server of the tests behaves like a server."""

import smtplib
import socket
from email.message import EmailMessage

import pytest

from tests.smtp_sink import PERMANENT, TEMPORARY, SmtpSink


def letter(*to: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Pärlband <kurs@parlband.example>"
    message["To"] = ", ".join(to)
    message["Subject"] = "Inbjudan till pass 1 i Håbo"
    message.set_content("Välkommen!\n.\nPunkten ovan är text.\n")
    message.add_attachment(b"BEGIN:VCALENDAR", maintype="text", subtype="calendar", filename="pass.ics")
    return message


def send(sink: SmtpSink, *to: str) -> dict[str, tuple[int, bytes]]:
    with smtplib.SMTP(sink.host, sink.port, timeout=10) as client:
        return client.send_message(letter(*to))


def test_what_is_sent_is_kept_parsed() -> None:
    with SmtpSink() as sink:
        send(sink, "ada@kommun.example", "bo@kommun.example")
        assert sink.url == f"smtp://127.0.0.1:{sink.port}"
        (message,) = sink.messages
        assert message["Subject"] == "Inbjudan till pass 1 i Håbo"
        body = message.get_body()
        assert body is not None
        assert body.get_content() == "Välkommen!\n.\nPunkten ovan är text.\n"
        assert [part.get_filename() for part in message.iter_attachments()] == ["pass.ics"]
        assert sink.received[0].sender == "kurs@parlband.example"
        assert sink.received[0].recipients == ("ada@kommun.example", "bo@kommun.example")
        assert sink.to("BO@kommun.example") == [message]
        assert sink.to("eva@kommun.example") == []


@pytest.mark.parametrize(("reply", "code"), [(TEMPORARY, 451), (PERMANENT, 550)])
def test_an_address_is_refused_as_told(reply: str, code: int) -> None:
    with SmtpSink() as sink:
        sink.refuse("Gone@kommun.example", reply)
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            send(sink, "gone@kommun.example")
        assert refused.value.recipients["gone@kommun.example"][0] == code
        assert list(send(sink, "gone@kommun.example", "ada@kommun.example")) == ["gone@kommun.example"]
        assert len(sink.to("ada@kommun.example")) == 1
        sink.accept_again()
        assert send(sink, "gone@kommun.example") == {}


def test_a_server_with_a_bad_day_recovers() -> None:
    with SmtpSink() as sink:
        sink.refuse_all()
        with pytest.raises(smtplib.SMTPDataError) as refused:
            send(sink, "ada@kommun.example")
        assert refused.value.smtp_code == 451
        assert sink.messages == []
        sink.accept_again()
        send(sink, "ada@kommun.example")
        assert len(sink.messages) == 1


def test_two_sinks_run_beside_each_other_and_end_with_their_block() -> None:
    with SmtpSink() as first, SmtpSink() as second:
        assert first.port != second.port
        send(second, "ada@kommun.example")
        assert (len(first.messages), len(second.messages)) == (0, 1)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((first.host, first.port), timeout=2)


def test_a_client_that_stays_connected_does_not_hold_the_test() -> None:
    with SmtpSink() as sink:
        client = socket.create_connection((sink.host, sink.port), timeout=5)
        assert client.recv(100).startswith(b"220")
    client.close()
    assert not sink._thread.is_alive()
