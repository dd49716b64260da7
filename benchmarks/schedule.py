"""The deployments of prefect.yaml on a server of their own: a schedule fires, a worker runs it; the worker goes, and somebody is told.

    python benchmarks/schedule.py [--keep FOLDER]

Starts a Prefect server on loopback by the command of its systemd unit, registers everything in prefect.yaml, gives the night a
schedule of one minute over the sample web, starts a worker by the command of its unit, and waits until a scheduled night
stands in the journal. Then the worker is stopped: the server's own automation (flows/automations.py, with a minute for the
30 hours) has to reach a webhook, and so has `chiso status --alert` with its clock set on by a day and a half. Prints what was
seen; exit 1 if anything was missing. Takes about three minutes.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.servers import prefect, running, unit, webhook
from flows.journal import Journal, JournalNight
from flows.status import OVERDUE, print_status

_BIN = Path(sys.executable).parent
_PATIENCE = 240
#: Seconds without a night, in place of 30 hours.
_SILENCE = 60


class Missed(Exception):
    """Raised when something did not happen in time."""


def main(keep: Path | None) -> int:
    """Try it; return 1 if anything was missing."""
    with TemporaryDirectory() as temporary, ExitStack() as stack:
        folder = keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        data = folder / "data"
        hook, got = stack.enter_context(webhook())
        environment = stack.enter_context(prefect(folder)) | {"CHISO_WEBHOOK": hook}
        try:
            _prefect(environment, "work-pool", "create", "chiso", "--type", "process")
            told = _prefect(environment, "--no-prompt", "deploy", "--all")
            _say(f"deployed: {told.count('successfully created')} of prefect.yaml")
            # The same deployment, but over the sample web and every minute.
            parameters = json.dumps({"data_folder": str(data), "sample": True})
            _prefect(environment, "--no-prompt", "deploy", "--name", "nightly", "--params", parameters)
            _prefect(environment, "deployment", "schedule", "create", "nightly/nightly", "--cron", "* * * * *", "-y")
            with running(unit("chiso-worker", folder)[0], folder / "worker.log", environment):
                _until("a scheduled night ended", lambda: bool(_ended(data)))
                (night, *_) = _ended(data)
                _say(f"the schedule fired: {night.run_id} {night.state}, {night.counts['claims_new']} claims")
                _until("the message about it", lambda: bool(got))
                _say(f"told: {got[0]['subject']}")
            program = (
                f"from datetime import timedelta as t; from flows.automations import register; register(overdue=t(seconds={_SILENCE}))"
            )
            subprocess.run([sys.executable, "-c", program], env=environment, check=True, capture_output=True)
            _until("the server misses a night", lambda: got[-1]["subject"] == "chiso: no night")
            _say(f"the server, {_SILENCE} s after the worker went: {got[-1]['subject']}: {got[-1]['text'].splitlines()[0]}")
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
