"""A line to a server that breaks: it is cut, or goes dead and keeps its connections, after so many bytes have come through."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from socketserver import BaseRequestHandler, ThreadingTCPServer
from urllib.parse import urlsplit

from samples.server import beside

_LOOPBACK, _CHUNK = "127.0.0.1", 65536


class _Call(BaseRequestHandler):
    """One connection: bytes go both ways until one side ends it, or the line breaks."""

    server: "Line"

    def handle(self) -> None:
        """Pass on what comes; of a connection that does not lead to the broken line's host nothing is held back."""
        first = self.request.recv(_CHUNK)
        breaks = self.server.host.encode() in first
        if not first or (breaks and not self.server.passes(0)):
            return
        with socket.create_connection(self.server.far) as far:
            far.sendall(first)
            back = threading.Thread(target=self._pass, args=(far, self.request), kwargs={"breaks": breaks}, daemon=True)
            back.start()
            self._pass(self.request, far, breaks=breaks)
            back.join()

    def _pass(self, here: socket.socket, there: socket.socket, *, breaks: bool) -> None:
        with suppress(OSError):  # whichever side ends the call, or the line that is cut
            while some := here.recv(_CHUNK):
                if breaks and not self.server.passes(len(some)):
                    break
                there.sendall(some)
        for end in (here, there):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


class Line(ThreadingTCPServer):
    """Leads to a proxy; connections that ask for `host` (an empty one: all) break after `most` bytes.

    A line that is `dead` keeps them and lets nothing through, as a server that hangs; else they end, and new ones too.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, proxy: str, host: str = "", most: int | None = None, *, dead: bool = False) -> None:
        """Listen on a free port of loopback."""
        super().__init__((_LOOPBACK, 0), _Call)
        parts = urlsplit(proxy)
        self.far, self.host, self.most, self._dead = (str(parts.hostname), int(parts.port or 0)), host, most, dead
        self.through = 0
        self._counting, self._over = threading.Lock(), threading.Event()

    @property
    def proxy(self) -> str:
        """The proxy setting that leads here."""
        return f"http://{_LOOPBACK}:{self.server_address[1]}"

    def passes(self, size: int) -> bool:
        """Count bytes and tell whether they get through; on a dead line the answer comes when the line is over."""
        with self._counting:
            self.through += size
            whole = self.most is None or self.through <= self.most
        if not whole and self._dead:
            self._over.wait()
        return whole

    def server_close(self) -> None:
        """Let go of the connections that a dead line holds."""
        self._over.set()
        super().server_close()


@contextmanager
def line(proxy: str, host: str = "", most: int | None = None, *, dead: bool = False) -> Iterator[Line]:
    """Serve such a line until the block ends."""
    server = Line(proxy, host, most, dead=dead)
    with beside(server):
        yield server
