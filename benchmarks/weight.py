"""What a page weighs on the wire the first time: itself and every file of ours that it names, each gzipped."""

import gzip
from html.parser import HTMLParser

from benchmarks.load import Connection, request_bytes
from benchmarks.servers import Server


class _Files(HTMLParser):
    """Addresses of styles, scripts, icons and pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, None] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        address = given.get("href") if tag == "link" else given.get("src") if tag in ("script", "img") else None
        if address and address.startswith("/"):
            self.found[address] = None


def weigh(server: Server, path: str, cookie: str) -> dict[str, int]:
    """Bytes per file, gzipped as a reverse proxy does it."""
    connection = Connection(server.port)
    page = connection.exchange(request_bytes(path, cookie=cookie)).body
    files = _Files()
    files.feed(page.decode())
    weights = {path: len(gzip.compress(page, 6))}
    for address in files.found:
        answer = connection.exchange(request_bytes(address))
        if answer.status != 200:
            raise RuntimeError(f"{address} answered {answer.status}")
        weights[address.partition("?")[0]] = len(gzip.compress(answer.body, 6))
    connection.socket.close()
    return weights
