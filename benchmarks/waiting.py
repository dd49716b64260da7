"""What trials of running servers share: to wait until something happens, and to say what was seen."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

from flows.journal import Journal, JournalNight

_PATIENCE = 240


class MissedError(Exception):
    """Raised when something did not happen in time."""


def until(what: str, happened: Callable[[], bool]) -> None:
    """Wait until it has happened; raise MissedError after four minutes."""
    end = time.monotonic() + _PATIENCE
    while not happened():
        if time.monotonic() > end:
            raise MissedError(f"{what}, in {_PATIENCE} s")
        time.sleep(1)


def ended(data: Path) -> list[JournalNight]:
    """Return the nights that have ended in a data folder, the newest first."""
    return [night for night in Journal(data).nights() if night.ended_at] if data.exists() else []


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
