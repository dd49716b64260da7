"""The deployments of prefect.yaml on a server of their own: a schedule fires, a worker runs it; the worker goes, and somebody is told.

    python benchmarks/schedule.py [--keep FOLDER]

Starts a Prefect server on loopback, registers everything in prefect.yaml, gives the night a schedule of one minute over the
sample web, starts a worker, and waits until a scheduled night stands in the journal. Then the worker is stopped, the clock
of the watch is set on by a day and a half, and `chiso status --alert` has to reach a webhook. Prints what was seen; exit 1
if anything was missing. Takes about three minutes.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

from flows.journal import Journal, JournalNight
from flows.status import OVERDUE, print_status

_BIN = Path(sys.executable).parent
_PATIENCE = 240


class Missed(Exception):
    """Raised when something did not happen in time."""


def free_port() -> int:
    """Return a port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(log: Path, environment: dict[str, str], *command: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program with its log in a file, until the block ends."""
    with log.open("wb") as stream:
        process = subprocess.Popen([_BIN / command[0], *command[1:]], stdout=stream, stderr=stream, env=environment)
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def webhook() -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Yield the address of a webhook, and what it got."""
    got: list[dict[str, str]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", got
    finally:
        server.shutdown()
        server.server_close()


def main(keep: Path | None) -> int:
    """Try it; return 1 if anything was missing."""
    with TemporaryDirectory() as temporary, ExitStack() as stack:
        folder = keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        data, port = folder / "data", free_port()
        hook, got = stack.enter_context(webhook())
        environment = {
            **os.environ,
            "PREFECT_HOME": str(folder / "prefect"),
            "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "1",
            "CHISO_WEBHOOK": hook,
        }
        stack.enter_context(
            running(folder / "server.log", environment, "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port))
        )
        try:
            _until("the server answers", lambda: _answers(f"http://127.0.0.1:{port}/api/health"))
            _prefect(environment, "work-pool", "create", "chiso", "--type", "process")
            told = _prefect(environment, "--no-prompt", "deploy", "--all")
            _say(f"deployed: {told.count('successfully created')} of prefect.yaml")
            # The same deployment, but over the sample web and every minute.
            parameters = json.dumps({"data_folder": str(data), "sample": True})
            _prefect(environment, "--no-prompt", "deploy", "--name", "nightly", "--params", parameters)
            _prefect(environment, "deployment", "schedule", "create", "nightly/nightly", "--cron", "* * * * *", "-y")
            with running(folder / "worker.log", environment, "prefect", "worker", "start", "--pool", "chiso"):
                _until("a scheduled night ended", lambda: bool(_ended(data)))
                (night, *_) = _ended(data)
                _say(f"the schedule fired: {night.run_id} {night.state}, {night.counts['claims_new']} claims")
                _until("the message about it", lambda: bool(got))
                _say(f"told: {got[0]['subject']}")
        except Missed as error:
            _say(f"missed: {error} (logs in {folder})")
            return 1
        # The worker is off now. A day and a half later the watch must notice.
        os.environ["CHISO_WEBHOOK"] = hook
        told_before = len(got)
        code = print_status(data, alert=True, now=datetime.now(UTC) + OVERDUE + timedelta(hours=6))
        _say(f"the watch, a day and a half after the worker went: exit {code}, told: {[message['text'] for message in got[told_before:]]}")
        return 0 if code == 1 and len(got) > told_before else 1


def _ended(data: Path) -> list[JournalNight]:
    return [night for night in Journal(data).nights() if night.ended_at] if data.exists() else []


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except (urllib.error.URLError, OSError):
        return False


def _prefect(environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run([_BIN / "prefect", *arguments], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Missed(f"prefect {' '.join(arguments[:2])}: {done.stderr[-300:] or done.stdout[-300:]}")
    return done.stdout


def _until(what: str, happened: Callable[[], bool]) -> None:
    end = time.monotonic() + _PATIENCE
    while not happened():
        if time.monotonic() > end:
            raise Missed(f"{what}, in {_PATIENCE} s")
        time.sleep(1)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, help="work there, and leave it with its logs")
    sys.exit(main(parser.parse_args().keep))
