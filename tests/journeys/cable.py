"""A cable between browser and server that can be cut, mended, and made to lose answers on their way back.

Cut, every connection ends and nobody can connect: pages and service workers alike, whatever the browser believes.
"""

import contextlib
import socket
import threading
import time


class Cable:
    """Listens on a port of its own and carries everything to the server's port while it is whole."""

    def __init__(self, to: int) -> None:
        self.to = to
        self.losing = False
        self.lost = 0
        self.delay = 0.0
        self.carried = 0
        self._open: set[socket.socket] = set()
        self._listener: socket.socket | None = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.mend()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def mend(self) -> None:
        """Carry again."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(64)
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def cut(self) -> None:
        """End every connection and let nobody connect."""
        listener, self._listener = self._listener, None
        if listener is not None:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        for each in list(self._open):
            _end(each)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                browser, _address = listener.accept()
            except OSError:
                return
            if self._listener is not listener:
                browser.close()
                return
            server = socket.create_connection(("127.0.0.1", self.to))
            self._open |= {browser, server}
            asked: list[bytes] = []
            threading.Thread(target=self._there, args=(browser, server, asked), daemon=True).start()
            threading.Thread(target=self._back, args=(server, browser, asked), daemon=True).start()

    def _there(self, browser: socket.socket, server: socket.socket, asked: list[bytes]) -> None:
        with contextlib.suppress(OSError):
            while data := browser.recv(65536):
                asked.append(data)
                server.sendall(data)

    def _back(self, server: socket.socket, browser: socket.socket, asked: list[bytes]) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(65536):
                if self.losing and asked and b"/attendance/marks " in asked[0]:
                    self.lost += 1
                    break
                time.sleep(self.delay)
                browser.sendall(data)
                self.carried += 1
        for each in (browser, server):
            _end(each)
            self._open.discard(each)


def _end(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
