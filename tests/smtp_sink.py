"""A real SMTP server on 127.0.0.1 for tests: it keeps what it accepts, and refuses whom it is told to refuse.

The rule that matters most: a test meets the same answers a real server gives, over a real socket, and every
message is in `messages` before the client reads "250".
"""

import asyncio
import threading
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from types import TracebackType
from typing import Self

from aiosmtpd.smtp import SMTP, Envelope, Session

TEMPORARY = "451 4.3.0 Try again later"
PERMANENT = "550 5.1.1 No such mailbox"


@dataclass(frozen=True)
class Received:
    """One accepted message with its envelope."""

    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage


@dataclass
class SmtpSink:
    """Use as a context manager; `host`, `port` and `url` are set inside it."""

    host: str = "127.0.0.1"
    port: int = 0
    received: list[Received] = field(default_factory=list)
    _refusals: dict[str, str] = field(default_factory=dict)
    _refuse_all: str | None = None

    @property
    def url(self) -> str:
        """The address for `LMS_SMTP_URL`."""
        return f"smtp://{self.host}:{self.port}"

    @property
    def messages(self) -> list[EmailMessage]:
        """The accepted messages, in the order they came."""
        return [one.message for one in list(self.received)]

    def to(self, address: str) -> list[EmailMessage]:
        """The accepted messages whose envelope names `address`."""
        return [
            one.message for one in list(self.received) if address.lower() in map(str.lower, one.recipients)
        ]

    def refuse(self, address: str, reply: str = PERMANENT) -> None:
        """Answer `reply` (`TEMPORARY` or `PERMANENT`) to every RCPT of `address`."""
        self._refusals[address.lower()] = reply

    def refuse_all(self, reply: str = TEMPORARY) -> None:
        """Answer `reply` to every message, after its data: the whole server has a bad day."""
        self._refuse_all = reply

    def accept_again(self) -> None:
        """Forget all refusals."""
        self._refusals.clear()
        self._refuse_all = None

    def __enter__(self) -> Self:
        ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, args=(ready,), name="smtp-sink", daemon=True)
        self._thread.start()
        if not ready.wait(10):
            raise TimeoutError("the SMTP sink did not start")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def _serve(self, ready: threading.Event) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._until_stopped(ready))

    async def _until_stopped(self, ready: threading.Event) -> None:
        self._stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        self._clients: set[asyncio.BaseTransport] = set()
        server = await loop.create_server(self._protocol, self.host, self.port)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await self._stop.wait()
        server.close()
        for client in list(self._clients):
            client.close()
        await server.wait_closed()
        await asyncio.sleep(0)

    def _protocol(self) -> SMTP:
        sink = self

        class Connection(SMTP):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                sink._clients.add(transport)
                super().connection_made(transport)

            def connection_lost(self, error: Exception | None) -> None:
                sink._clients.discard(self.transport)
                super().connection_lost(error)

        return Connection(
            self, hostname="sink.example", enable_SMTPUTF8=True, loop=asyncio.get_running_loop(), timeout=30
        )

    async def handle_RCPT(  # noqa: N802  the name aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if reply := self._refusals.get(address.lower()):
            return reply
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self._refuse_all:
            return self._refuse_all
        content = envelope.content
        assert isinstance(content, bytes)
        message = message_from_bytes(content.replace(b"\r\n", b"\n"), policy=policy.default)
        self.received.append(Received(envelope.mail_from or "", tuple(envelope.rcpt_tos), message))
        return "250 OK"
