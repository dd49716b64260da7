"""A server of our own on loopback that answers as any host, well or badly: the crawler is told of it as its proxy.

Answers are functions from a request to bytes on the wire, so that a server can do here whatever a server can do.
"""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
HOST = "bao.chiso-mau.vn"
HOME = f"http://{HOST}/"

Send = Callable[[bytes], None]
#: Takes the URL and how to send; what it returns is sent as a whole response if it is not None.
Answer = Callable[[str, dict[str, str], Send], bytes | None]


def reply(body: bytes | str = b"", status: str = "200 OK", kind: str = "text/html; charset=utf-8", **headers: str) -> bytes:
    """One whole response."""
    data = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(data)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + data


@dataclass
class Loopback:
    """The server; `asked` holds every URL in order, `connections` counts what was accepted."""

    routes: dict[str, Answer | bytes]
    asked: list[str] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0
    connections: int = 0
    default: Answer | bytes = field(default_factory=lambda: reply("<h1>Không tìm thấy trang</h1>", "404 Not Found"))

    def __post_init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.lock = threading.Lock()
        self.closing = False
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        return self.socket.getsockname()[1]

    @property
    def proxy(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def counts(self) -> Counter[str]:
        return Counter(self.asked)

    def close(self) -> None:
        self.closing = True
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    def _accept(self) -> None:
        while not self.closing:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(120)
            data = b""
            while b"\r\n\r\n" not in data:
                chunk = connection.recv(65536)
                if not chunk:
                    return
                data += chunk
            first, *lines = data.split(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
            url = first.split(" ")[1]
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            with self.lock:
                self.asked.append(url)
                self.times.append(time.monotonic())
                self.in_flight += 1
                self.most_in_flight = max(self.most_in_flight, self.in_flight)
            try:
                self._answer(url, headers, connection)
            finally:
                with self.lock:
                    self.in_flight -= 1

    def _answer(self, url: str, headers: dict[str, str], connection: socket.socket) -> None:
        path = url.removeprefix(HOME.rstrip("/")) if url.startswith(HOME) else url
        answer = self.routes.get(path, self.routes.get(urlsplit(path).path, self.default))
        if not isinstance(answer, bytes):
            answer = answer(url, headers, connection.sendall)
        if answer is not None:
            connection.sendall(answer)


@contextmanager
def loopback(routes: dict[str, Answer | bytes], **options: object) -> Iterator[Loopback]:
    server = Loopback(routes, **options)  # type: ignore[arg-type]
    try:
        yield server
    finally:
        server.close()


def page(title: str = "Hưng Yên xếp thứ 12 PAR INDEX năm 2021", body: str = "") -> str:
    """An article in the markup of the family that the test portal has."""
    said = body or "<p>Chỉ số PAR INDEX năm 2021 của tỉnh Hưng Yên đạt 88,34%, xếp thứ 12/63 tỉnh, thành phố.</p>"
    return f'<html><body><h1 class="title margin-bottom-lg">{title}</h1><span class="h5">Thứ tư - 25/05/2022 15:42</span><div id="news-bodyhtml">{said}</div></body></html>'


def listing(*paths: str, following: str | None = None) -> str:
    items = "".join(f'<div class="news_column"><h3><a href="{path}">PAR INDEX {path}</a></h3></div>' for path in paths)
    after = f'<ul class="pagination"><a rel="next" href="{following}">sau</a></ul>' if following else ""
    return f"<html><body>{items}{after}</body></html>"


@dataclass(frozen=True)
class Crawled:
    """What a crawl of the test portal came to."""

    counts: dict
    stats: dict
    log: str
    seconds: float
    peak_mb: float
    code: int

    @property
    def state(self) -> str:
        return self.counts.get("state", "died")


DECLARED = f"""
title = "Báo mẫu"
home = "{HOME}"
kind = "paper"
family = "nukeviet"
place = "Hưng Yên"
article_pattern = '/vi/news/.+\\.html'
"""


def declare(folder: Path, more: str = "") -> Path:
    """Write the test portal's file."""
    path = folder / "bao_mau.toml"
    lines = (
        more
        if "listings" in more or "feeds" in more or "sitemaps" in more
        else f'listings = ["{HOME}vi/news/cai-cach-hanh-chinh/"]\n{more}'
    )
    path.write_text(DECLARED + lines, encoding="utf-8")
    return path


def command(folder: Path, proxy: str | None, *, fast: bool = True, more: str = "", options: tuple[str, ...] = ()) -> list[str]:
    declared = declare(folder, more)
    found = [
        sys.executable,
        "-m",
        "spiders.crawl",
        str(declared),
        "--archive",
        str(folder / "archive"),
        "--counts",
        str(folder / "counts.json"),
    ]
    return [*found, *(["--proxy", proxy] if proxy else []), *(["--fast"] if fast else []), *options]


def crawl(
    folder: Path,
    proxy: str | None,
    *,
    fast: bool = True,
    more: str = "",
    options: tuple[str, ...] = (),
    limit_s: float = 120,
    env: dict[str, str] | None = None,
) -> Crawled:
    """Crawl the test portal in a process of its own and say what it came to, how long it took and its peak memory."""
    counts = folder / "counts.json"
    for left in (counts, folder / "counts.stats.json"):
        left.unlink(missing_ok=True)
    started = time.monotonic()
    around = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")} | (env or {})
    with (folder / "crawl.log").open("wb") as log:
        process = subprocess.Popen(
            command(folder, proxy, fast=fast, more=more, options=options), stdout=log, stderr=log, cwd=ROOT, env=around
        )
        killer = threading.Timer(limit_s, process.kill)
        killer.start()
        process.wait()
        killer.cancel()
    read = json.loads(counts.read_text()) if counts.exists() else {}
    written = folder / "counts.stats.json"
    stats = json.loads(written.read_text()) if written.exists() else {}
    log = (folder / "crawl.log").read_text()
    return Crawled(read, stats, log, time.monotonic() - started, stats.get("chiso/peak_mb", 0.0), process.returncode)


@contextmanager
def rise_mb() -> Iterator[list[float]]:
    """Measure by how many MB the memory of this process rises at most inside the block."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the high-water mark begins anew
    before = _memory_mb("VmRSS:")
    found: list[float] = []
    try:
        yield found
    finally:
        found.append(_memory_mb("VmHWM:") - before)


def _memory_mb(name: str) -> float:
    lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(name))
