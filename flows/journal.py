"""The journal of nights: one line when a night begins and one when it ends, whatever becomes of it.

A night that is killed, refused or fails leaves no row in the warehouse, since it publishes nothing; here it is seen.
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

#: A night that stands in the journal without its end, while nobody holds the lock.
INCOMPLETE = "incomplete"
RUNNING = "running"
#: States of nights that published a warehouse.
PUBLISHED = ("complete", "findings", "degraded")
#: The stages of a night that are measured, in their order.
STAGES = ("crawl", "read", "reconcile", "report")


class NightRunningError(Exception):
    """Raised when a night is to begin while another one runs in the same data folder; says which."""


@dataclass(frozen=True, slots=True)
class JournalNight:
    """One night of the journal; `state` is one of PUBLISHED, refused, failed, incomplete or running."""

    run_id: str
    kind: str
    started_at: datetime
    ended_at: datetime | None
    state: str
    reasons: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)


class Journal:
    """The journal of a data folder, and the lock that keeps two nights apart."""

    def __init__(self, folder: Path) -> None:
        """Open the journal of a data folder that exists."""
        self.path = folder / "nights.jsonl"
        self._lock = folder / ".night.lock"

    @contextmanager
    def night(self, run_id: str, kind: str) -> Iterator["Entry"]:
        """Yield the entry of a night that runs alone; its end is written whatever happens, short of a kill.

        Raises NightRunningError at once if another night runs.
        """
        with self._lock.open("a+", encoding="utf-8") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                stream.seek(0)
                raise NightRunningError(
                    f"a night is running in {self._lock.parent} ({stream.read().strip() or 'just begun'}): "
                    "wait for its end (`chiso status`), or use another folder with --data"
                ) from error
            stream.truncate(0)
            stream.write(f"process {os.getpid()}, {run_id}")
            stream.flush()
            self._write({"run": run_id, "event": "begin", "at": _now(), "kind": kind})
            entry = Entry()
            state, reasons = INCOMPLETE, ["stopped before its end"]
            try:
                yield entry
                state, reasons = entry.state, entry.reasons
            except Exception as error:
                state, reasons = entry.state or "failed", entry.reasons or [f"{type(error).__name__}: {error}"]
                raise
            finally:
                end = {"run": run_id, "event": "end", "at": _now(), "state": state, "reasons": reasons}
                self._write({**end, "counts": entry.counts, "seconds": entry.seconds})

    def nights(self) -> list[JournalNight]:
        """Return all nights, the one that began last first: by their lines, since a clock may be set back.

        Lines that cannot be read are left out: see `damaged`.
        """
        begun: dict[str, dict[str, Any]] = {}
        ended: dict[str, dict[str, Any]] = {}
        for line in self._lines():
            if isinstance(line, dict):
                (begun if line["event"] == "begin" else ended)[line["run"]] = line
        newest = next(reversed(begun), None)
        # Asking takes the lock for a moment: only where a night has no end.
        open_state = RUNNING if newest is not None and newest not in ended and self._is_held() else INCOMPLETE
        found = []
        for run, first in begun.items():
            last = ended.get(run)
            found.append(
                JournalNight(
                    run_id=run,
                    kind=first["kind"],
                    started_at=datetime.fromisoformat(first["at"]),
                    ended_at=None if last is None else datetime.fromisoformat(last["at"]),
                    state=last["state"] if last else open_state if run == newest else INCOMPLETE,
                    reasons=tuple(last["reasons"]) if last else (),
                    counts=last["counts"] if last else {},
                    seconds=last["seconds"] if last else {},
                )
            )
        return found[::-1]

    def damaged(self) -> list[int]:
        """Return the numbers of the lines that cannot be read."""
        return [number for number, line in enumerate(self._lines(), start=1) if line is None]

    def _lines(self) -> Iterator[dict[str, Any] | None]:
        if not self.path.exists():
            return
        for line in self.path.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                yield None
                continue
            yield entry if isinstance(entry, dict) and {"run", "event", "at"} <= entry.keys() else None

    def _is_held(self) -> bool:
        if not self._lock.exists():
            return False
        with self._lock.open("r+", encoding="utf-8") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            return False

    def _write(self, entry: Mapping[str, Any]) -> None:
        """Append one line; what a killed night left half-written stays a line of its own."""
        with self.path.open("ab+") as stream:
            if stream.tell():
                stream.seek(-1, os.SEEK_END)
                if stream.read(1) != b"\n":
                    stream.write(b"\n")
            stream.write(json.dumps(entry, ensure_ascii=False).encode() + b"\n")
            stream.flush()
            os.fsync(stream.fileno())


class Entry:
    """What a night has to tell at its end: its state, the reasons for it, its counts, and the seconds of each stage."""

    def __init__(self) -> None:
        self.state = ""
        self.reasons: list[str] = []
        self.counts: dict[str, int] = {}
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure one stage; of one that was broken off too."""
        started = time.monotonic()
        try:
            yield
        finally:
            self.seconds[name] = round(time.monotonic() - started, 1)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
