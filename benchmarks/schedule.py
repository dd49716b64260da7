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
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.servers import prefect, running, unit, webhook
from benchmarks.waiting import MissedError, ended, say, until
from flows.status import OVERDUE, print_status

_BIN = Path(sys.executable).parent
#: Seconds without a night, in place of 30 hours.
_SILENCE = 60


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
            say(f"deployed: {told.count('successfully created')} of prefect.yaml")
            # The same deployment, but over the sample web and every minute.
            parameters = json.dumps({"data_folder": str(data), "sample": True})
            _prefect(environment, "--no-prompt", "deploy", "--name", "nightly", "--params", parameters)
            _prefect(environment, "deployment", "schedule", "create", "nightly/nightly", "--cron", "* * * * *", "-y")
            with running(unit("chiso-worker", folder)[0], folder / "worker.log", environment):
                until("a scheduled night ended", lambda: bool(ended(data)))
                (night, *_) = ended(data)
                say(f"the schedule fired: {night.run_id} {night.state}, {night.counts['claims_new']} claims")
                until("the message about it", lambda: bool(got))
                say(f"told: {got[0]['subject']}")
            program = (
                f"from datetime import timedelta as t; from flows.automations import register; register(overdue=t(seconds={_SILENCE}))"
            )
            subprocess.run([sys.executable, "-c", program], env=environment, check=True, capture_output=True)
            until("the server misses a night", lambda: got[-1]["subject"] == "chiso: no night")
            say(f"the server, {_SILENCE} s after the worker went: {got[-1]['subject']}: {got[-1]['text'].splitlines()[0]}")
        except MissedError as error:
            say(f"missed: {error} (logs in {folder})")
            return 1
        # The worker is off now. A day and a half later the watch must notice.
        os.environ["CHISO_WEBHOOK"] = hook
        told_before = len(got)
        code = print_status(data, alert=True, now=datetime.now(UTC) + OVERDUE + timedelta(hours=6))
        say(f"the watch, a day and a half after the worker went: exit {code}, told: {[message['text'] for message in got[told_before:]]}")
        return 0 if code == 1 and len(got) > told_before else 1


def _prefect(environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run([_BIN / "prefect", *arguments], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise MissedError(f"prefect {' '.join(arguments[:2])}: {done.stderr[-300:] or done.stdout[-300:]}")
    return done.stdout


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, help="work there, and leave it with its logs")
    sys.exit(main(parser.parse_args().keep))
