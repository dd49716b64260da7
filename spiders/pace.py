"""How fast a server is asked: one request at a time and a pause behind each, over all portals that share its address.

Every portal is crawled by a process of its own, so the turn is a lock on a file: `<folder>/<address>-<n>`, which
also holds when the address may be asked next. The system frees the lock of a process that dies.
"""

import asyncio
import fcntl
import hashlib
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

#: A robots.txt may ask for more seconds between two requests; nobody's nightly crawl waits longer.
MOST_CRAWL_DELAY = 60.0
#: A server may ask for a longer rest; it is left alone for the night then.
MOST_RETRY_AFTER = 600.0
#: A server that takes long is given as long a rest, but no longer than this.
_MOST_REST = 30.0
#: So many addresses in a row that fail, and the server is left alone for the night.
FAILURES_IN_A_ROW = 8
_LOOK_AGAIN = 0.05


@dataclass(slots=True)
class Pace:
    """Turns at servers. `folder` is shared by all crawls of a night; `delay` is in seconds, 0 for a server of our own."""

    folder: Path
    delay: float
    concurrency: int = 1
    asked_for: dict[str, float] = field(default_factory=dict)

    @asynccontextmanager
    async def turn(self, address: str, host: str) -> AsyncIterator[None]:
        """Wait for a host's turn at its address and the pause before it; hold it for the block."""
        slot = await self._free_slot(address)
        try:
            if (wait := _read_moment(slot) - time.time()) > 0:
                await asyncio.sleep(wait)
            started = time.monotonic()
            try:
                yield
            finally:
                latency = time.monotonic() - started
                if self.delay:
                    rest = max(self.delay, min(latency, _MOST_REST), self.asked_for.get(host, 0.0))
                    _write_moment(slot, time.time() + rest)
        finally:
            os.close(slot)

    def crawl_delay(self, host: str, seconds: float) -> None:
        """Take a host's Crawl-delay from its robots.txt, up to MOST_CRAWL_DELAY."""
        self.asked_for[host] = min(max(seconds, 0.0), MOST_CRAWL_DELAY)

    async def hold(self, address: str, seconds: float) -> None:
        """Let every crawl leave an address alone for so many seconds (Retry-After)."""
        for number in range(self.concurrency):
            slot = os.open(self._path(address, number), os.O_RDWR | os.O_CREAT, 0o644)
            try:
                _write_moment(slot, max(_read_moment(slot), time.time() + seconds))
            finally:
                os.close(slot)

    async def _free_slot(self, address: str) -> int:
        while True:
            for number in range(self.concurrency):
                slot = os.open(self._path(address, number), os.O_RDWR | os.O_CREAT, 0o644)
                try:
                    fcntl.flock(slot, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    os.close(slot)
                else:
                    return slot
            await asyncio.sleep(_LOOK_AGAIN)

    def _path(self, address: str, number: int) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder / f"{hashlib.sha256(address.encode()).hexdigest()[:16]}-{number}"


def _read_moment(slot: int) -> float:
    text = os.pread(slot, 32, 0)
    try:
        moment = float(text)
    except ValueError:  # new, or torn by a crash: ask now
        return 0.0
    # A clock that was set back must not close an address for years.
    return min(moment, time.time() + MOST_RETRY_AFTER)


def _write_moment(slot: int, moment: float) -> None:
    os.pwrite(slot, f"{moment:<32.3f}".encode(), 0)


def retry_after(text: str | None, now: datetime) -> float | None:
    """Read a Retry-After header, seconds or a date, as seconds from now; None without one or for nonsense.

    >>> retry_after("120", datetime(2026, 11, 23, tzinfo=UTC))
    120.0
    >>> retry_after("Mon, 23 Nov 2026 00:05:00 GMT", datetime(2026, 11, 23, tzinfo=UTC))
    300.0
    """
    text = (text or "").strip()
    if text.isascii() and text.isdecimal():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds())


class Asked:
    """How often each host was asked in this crawl."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def count(self, host: str) -> int:
        """Return how often a host was asked."""
        return self._counts.get(host, 0)

    def add(self, host: str) -> None:
        """Count one request."""
        self._counts[host] = self.count(host) + 1


@dataclass(slots=True)
class Breaker:
    """Counts the addresses of a host that fail in a row; `opened` says of which hosts no more is asked tonight, and why."""

    failures: dict[str, set[str]] = field(default_factory=dict)
    opened: dict[str, str] = field(default_factory=dict)

    def failed(self, host: str, url: str, why: str) -> None:
        """Count one failure (an address that is tried again counts once); the last of a row opens the circuit."""
        row = self.failures.setdefault(host, set())
        row.add(url)
        if len(row) >= FAILURES_IN_A_ROW:
            self.opened.setdefault(host, f"{len(row)} failures in a row, the last: {why}")

    def rest(self, host: str, why: str) -> None:
        """Open the circuit at once."""
        self.opened.setdefault(host, why)

    def answered(self, host: str) -> None:
        """Forget the failures before an answer."""
        self.failures.pop(host, None)
