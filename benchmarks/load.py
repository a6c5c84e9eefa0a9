"""A small load generator: some keep-alive connections, each asking again as soon as it is answered."""

import selectors
import socket
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

LONGEST = 30.0


@dataclass(frozen=True)
class Answer:
    """One answer over HTTP; header names in small letters."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Outcome:
    """What came of it; latencies in milliseconds."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    @property
    def requests(self) -> int:
        return len(self.latencies)

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds

    @property
    def p95(self) -> float:
        ordered = sorted(self.latencies)
        return ordered[min(int(len(ordered) * 0.95), len(ordered) - 1)]


class Connection:
    """One keep-alive connection to the server on this machine."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=LONGEST)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = bytearray()
        self._begun = 0.0

    def ask(self, request: bytes) -> None:
        """Send a request; the answer is read with `receive`."""
        self._received.clear()
        self._begun = time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> Answer | None:
        """Read what has come; the answer once all of it is here."""
        chunk = self.socket.recv(262_144)
        if not chunk:
            raise ConnectionError("the server closed the connection")
        self._received += chunk
        return _whole(bytes(self._received))

    def waited(self) -> float:
        """Milliseconds since the request was sent."""
        return (time.perf_counter() - self._begun) * 1000

    def exchange(self, request: bytes) -> Answer:
        """Ask and wait for the answer."""
        self.ask(request)
        while True:
            answer = self.receive()
            if answer is not None:
                return answer


def _whole(received: bytes) -> Answer | None:
    head, blank, body = received.partition(b"\r\n\r\n")
    if not blank:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _colon, value in (line.partition(":") for line in lines)}
    if "content-length" in headers:
        if len(body) < int(headers["content-length"]):
            return None
    elif not received.endswith(b"0\r\n\r\n"):
        return None
    return Answer(int(first.split(" ", 2)[1]), headers, body)


def request_bytes(path: str, *, cookie: str = "", body: bytes = b"", sender: int = 0) -> bytes:
    """One HTTP/1.1 request as a proxy for https passes it on: a POST of a form when there is a body.

    `sender` numbers the visitor: limits are counted per address, and a stream of requests comes from many.
    """
    address = f"10.{sender >> 16 & 255}.{sender >> 8 & 255}.{sender & 255}"
    lines = [
        f"{'POST' if body else 'GET'} {path} HTTP/1.1",
        "Host: localhost",
        "Accept-Language: sv",
        "X-Forwarded-Proto: https",
        f"X-Forwarded-For: {address}",
    ]
    if cookie:
        lines.append(f"Cookie: {cookie}")
    if body:
        lines += [
            f"Referer: https://localhost{path}",
            "Content-Type: application/x-www-form-urlencoded",
            f"Content-Length: {len(body)}",
        ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def load(port: int, request: Callable[[int], bytes], *, seconds: float, connections: int = 4) -> Outcome:
    """Ask again and again for so many seconds; `request` is given the number of the request.

    Requests that are under way at the end are waited for and counted.
    """
    outcome, number = Outcome(), connections
    asking = [Connection(port) for _each in range(connections)]
    with selectors.DefaultSelector() as selector:
        begun = time.perf_counter()
        for place, connection in enumerate(asking):
            selector.register(connection.socket, selectors.EVENT_READ, connection)
            connection.ask(request(place))
        open_ones = connections
        while open_ones:
            ready = selector.select(timeout=LONGEST)
            if not ready:
                raise TimeoutError(f"no answer in {LONGEST:.0f} s")
            for key, _events in ready:
                connection = key.data
                answer = connection.receive()
                if answer is None:
                    continue
                outcome.latencies.append(connection.waited())
                outcome.statuses[answer.status] += 1
                if time.perf_counter() - begun < seconds:
                    connection.ask(request(number))
                    number += 1
                else:
                    open_ones -= 1
        outcome.seconds = time.perf_counter() - begun
    for connection in asking:
        connection.socket.close()
    return outcome
