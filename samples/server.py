"""Serves the sample web on loopback as an HTTP proxy, under the sites' own names.

A crawler is told of the proxy and nothing else, so it runs as on the real web: it asks for
https://dongnai.gov.vn/..., the proxy opens the tunnel to itself with a certificate made on the spot.
"""

import gzip
import socketserver
import ssl
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from samples.web import answer, sites

_LOOPBACK = "127.0.0.1"


class _Handler(BaseHTTPRequestHandler):
    """Answers absolute-form requests, and tunnels for https."""

    protocol_version = "HTTP/1.1"
    server: "SampleServer"
    tunnel: str | None = None

    def do_CONNECT(self) -> None:
        """Open a tunnel that ends here: TLS with our own certificate."""
        self.send_response(200)
        self.end_headers()
        self.tunnel = self.path.removesuffix(":443")
        self.connection = self.server.tls.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb", -1)
        self.wfile = self.connection.makefile("wb", 0)

    def do_GET(self) -> None:
        """Answer as the named site."""
        url = f"https://{self.tunnel}{self.path}" if self.tunnel else self.path
        reply = answer(url, self.server.night, {k.lower(): v for k, v in self.headers.items()}, self.server.clock)
        self.server.log.append((reply.status, url))
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        body = reply.body
        if "gzip" in self.headers.get("Accept-Encoding", "") and reply.headers.get("Content-Type", "").startswith("text/html"):
            body = gzip.compress(body, mtime=0)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def finish(self) -> None:
        """Close the tunnel too, which the base class does not know of."""
        super().finish()
        if self.tunnel:
            self.connection.close()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base class names it so)
        """Keep quiet; `SampleServer.log` has what was asked."""


class SampleServer(ThreadingHTTPServer):
    """The proxy; `log` holds (status, url) of every request in order. Pages show the time, or that of a `clock` that stands."""

    daemon_threads = True

    def __init__(self, night: int, tls: ssl.SSLContext, clock: datetime | None = None) -> None:
        """Listen on a free port of loopback."""
        super().__init__((_LOOPBACK, 0), _Handler)
        self.night, self.clock = night, clock
        self.tls = tls
        self.log: list[tuple[int, str]] = []

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Tell of errors, but not of a crawler that was killed or whose line is cut."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    @property
    def proxy(self) -> str:
        """The proxy setting that leads here."""
        return f"http://{_LOOPBACK}:{self.server_address[1]}"


def _certificate(folder: Path) -> ssl.SSLContext:
    """Make a throw-away certificate; the crawler does not check names, as portals' chains are often broken."""
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
    from cryptography.x509.oid import NameOID  # noqa: PLC0415

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "chiso sample web")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in sites()]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "sample.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


@contextmanager
def serve(night: int, clock: datetime | None = None) -> Iterator[SampleServer]:
    """Serve the sample web of one night until the block ends."""
    with tempfile.TemporaryDirectory() as folder:
        server = SampleServer(night, _certificate(Path(folder)), clock)
    with beside(server):
        yield server


@contextmanager
def beside(server: socketserver.BaseServer) -> Iterator[None]:
    """Let a server answer in a thread of its own until the block ends."""
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
