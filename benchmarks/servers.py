"""Servers on loopback, started for a test and gone with it: PostgreSQL, Redis and S3 from Debian and npm, Dask, Prefect, a webhook, mail.

`make servers` and `make lake` install what they need; MissingServerError says what is not there.
"""

import configparser
import json
import os
import shlex
import shutil
import socket
import socketserver
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import distributed

from samples.server import beside

ROOT = Path(__file__).resolve().parent.parent
LAKE_PYTHON = ROOT / ".venv-lake" / "bin" / "python"
_S3 = ROOT / ".tools" / "node_modules" / ".bin" / "s3rver"
UNITS = Path(__file__).resolve().parent.parent / "deploy" / "systemd"
_PATIENCE = 60.0
#: The key of the S3 server, which knows no other.
S3_KEYS = {"AWS_ACCESS_KEY_ID": "S3RVER", "AWS_SECRET_ACCESS_KEY": "S3RVER", "AWS_REGION": "us-east-1"}


class MissingServerError(Exception):
    """Raised where a server is not installed; says how it is."""


def missing() -> str | None:
    """Return what is not installed, or None."""
    wanted = {"PostgreSQL": _postgres(), "Redis": shutil.which("redis-server"), "s3rver": _S3, "the environment of the lake": LAKE_PYTHON}
    gone = [name for name, path in wanted.items() if path is None or not Path(path).exists()]
    return f"{', '.join(gone)} not installed: run `make servers lake`" if gone else None


def _postgres() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    return found[-1] if found else None


@contextmanager
def postgres(folder: Path) -> Iterator[int]:
    """Run a PostgreSQL server, which logs into a folder, and yield its port; its user chiso needs no password on loopback."""
    program = _postgres()
    if program is None:
        raise MissingServerError("PostgreSQL is not installed: run `make servers`")
    tools, port = program.parent, free_port()
    with ExitStack() as stack:
        # PostgreSQL refuses to run as root, and who runs it then cannot look into root's folders.
        data = Path(stack.enter_context(TemporaryDirectory(prefix="chiso-postgres-")))
        someone: list[str] = []
        if os.geteuid() == 0:
            shutil.chown(data, "postgres")
            someone = ["runuser", "-u", "postgres", "--"]
        subprocess.run([*someone, str(tools / "initdb"), "-D", str(data), "-A", "trust", "-U", "chiso"], check=True, capture_output=True)
        options = ["-D", str(data), "-p", str(port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]
        stack.enter_context(running([*someone, str(program), *options], folder / "postgres.log"))
        ask = [str(tools / "createdb"), "-h", "127.0.0.1", "-p", str(port), "-U", "chiso", "chiso"]
        until = time.monotonic() + _PATIENCE
        while subprocess.run(ask, check=False, capture_output=True).returncode:
            if time.monotonic() > until:
                raise MissingServerError(f"PostgreSQL does not answer: see {folder / 'postgres.log'}")
            time.sleep(0.2)
        yield port


@contextmanager
def redis(folder: Path) -> Iterator[str]:
    """Run a Redis server and yield its URL."""
    port = free_port()
    with running(["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""], folder / "redis.log"):
        wait_for(port)
        yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def s3(folder: Path) -> Iterator[str]:
    """Run a server that speaks S3, with a bucket `chiso`, and yield its endpoint."""
    port = free_port()
    command = [str(_S3), "-d", str(folder / "s3"), "--address", "127.0.0.1", "--port", str(port), "--configure-bucket", "chiso"]
    with running(command, folder / "s3.log"):
        wait_for(port)
        yield f"http://127.0.0.1:{port}"


@contextmanager
def duckdb_ui(file: Path, folder: Path) -> Iterator[Callable[[str], bytes]]:
    """Open DuckDB's UI on a file, read-only, and yield what asks it as its page does: SQL in, the answer's bytes out.

    The page itself is fetched by the UI from its makers, which is no part of the extension.
    """
    port = free_port()
    script = (
        "import duckdb, sys, threading\nconnection = duckdb.connect(sys.argv[1], read_only=True)\n"
        f"connection.execute('load ui; set ui_local_port = {port}; call start_ui_server()')\nthreading.Event().wait()\n"
    )
    page = f"http://localhost:{port}"

    def ask(sql: str) -> bytes:
        asked = urllib.request.Request(f"{page}/ddb/run", data=sql.encode(), headers={"Origin": page})  # noqa: S310 (loopback)
        with urllib.request.urlopen(asked, timeout=_PATIENCE) as answer:  # noqa: S310
            return bytes(answer.read())

    with running([str(LAKE_PYTHON), "-c", script, str(file)], folder / "ui.log"):
        wait_for(port)
        yield ask


@contextmanager
def dask(folder: Path, workers: int) -> Iterator[str]:
    """Run a Dask scheduler with so many workers, each a process of its own, and yield its address."""
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    here = {**os.environ, "DASK_DISTRIBUTED__WORKER__DAEMON": "False"}
    with ExitStack() as stack:
        scheduler = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]
        stack.enter_context(running(scheduler, folder / "scheduler.log"))
        wait_for(port)
        for number in range(workers):
            # A port for the dashboard of each worker would be taken by the first.
            local = str(folder / f"worker{number}")
            command = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--nthreads", "1", "--no-dashboard"]
            stack.enter_context(running([*command, "--local-directory", local], folder / f"worker{number}.log", here))
        connect: Any = distributed.Client
        with connect(address, timeout=_PATIENCE, set_as_default=False) as client:
            if workers:
                client.wait_for_workers(workers, timeout=_PATIENCE)
        yield address


def unit(name: str, folder: Path) -> tuple[list[str], dict[str, str]]:
    """Return the command and the environment of a systemd unit of ours, with this environment's programs and a folder for /srv/chiso."""
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # systemd's names have capitals
    parser.read(UNITS / f"{name}.service", encoding="utf-8")
    service = parser["Service"]
    here = [
        word.replace("/opt/chiso/.venv/bin", str(Path(sys.executable).parent)).replace("/srv/chiso", str(folder))
        for word in shlex.split(f"{service['ExecStart']} -- {service.get('Environment', '')}")
    ]
    said = here[here.index("--") + 1 :]
    return here[: here.index("--")], dict(pair.split("=", 1) for pair in said)


@contextmanager
def prefect(folder: Path) -> Iterator[dict[str, str]]:
    """Run a Prefect server and yield the environment in which chiso and `prefect` speak to it."""
    port = free_port()
    command, said = unit("chiso-server", folder)
    environment = {**os.environ, **said, "PREFECT_API_URL": f"http://127.0.0.1:{port}/api"}
    with running([*command, "--port", str(port)], folder / "prefect.log", environment):
        until = time.monotonic() + 2 * _PATIENCE
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/api/health", timeout=2).close()
            except OSError:
                if time.monotonic() > until:
                    raise MissingServerError(f"Prefect does not answer: see {folder / 'prefect.log'}") from None
                time.sleep(0.5)
            else:
                break
        yield environment


@contextmanager
def webhook() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield the address of a webhook, and what it got; at /broken it says 500, at /nonsense no HTTP."""
    got: list[dict[str, Any]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            if self.path == "/nonsense":
                self.wfile.write(b"what is HTTP?\r\n\r\n")
                return
            self.send_response(500 if self.path == "/broken" else 204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    with _served(HTTPServer(("127.0.0.1", 0), Hook)) as port:
        yield f"http://127.0.0.1:{port}", got


@contextmanager
def mail_server() -> Iterator[tuple[str, list[EmailMessage]]]:
    """Yield the address of a mail server that offers no TLS, and what it got."""
    got: list[EmailMessage] = []

    class Smtp(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 here\r\n")
            while line := self.rfile.readline():
                if line.upper().startswith(b"DATA"):
                    self.wfile.write(b"354 go on\r\n")
                    lines = []
                    while (said := self.rfile.readline()) != b".\r\n":
                        lines.append(said)
                    got.append(message_from_bytes(b"".join(lines), policy=default))
                self.wfile.write(b"221 bye\r\n" if line.upper().startswith(b"QUIT") else b"250 ok\r\n")

    with _served(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Smtp)) as port:
        yield f"smtp://127.0.0.1:{port}", got


@contextmanager
def _served(server: socketserver.BaseServer) -> Iterator[int]:
    """Serve in a thread until the block ends, and yield the port."""
    with beside(server):
        yield server.server_address[1]


@contextmanager
def running(command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None) -> Iterator[None]:
    """Run a program until the block ends."""
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=environment)
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def wait_for(port: int) -> None:
    """Wait until somebody listens on a port of loopback."""
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > until:
                raise MissingServerError(f"nobody listens on port {port}") from None
            time.sleep(0.1)
        else:
            return
