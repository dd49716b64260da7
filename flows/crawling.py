"""Crawls as processes of their own: one a portal, or several that share a frontier."""

import json
import subprocess
import sys
import time
import uuid
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path

from flows.data import DataFolder
from flows.engines import crawlers
from flows.writing import write_whole
from spiders.archive import Archive
from spiders.crawl import note_end
from spiders.judge import CrawlCounts, read_counts, summed
from spiders.portal import load_portal

_CRAWL_SECONDS = 4 * 3600


def crawl_portal(
    name: str,
    data: DataFolder,
    *,
    proxy: str | None = None,
    fast: bool = False,
    window: tuple[date, date] | None = None,
    more: Sequence[str] = (),
) -> CrawlCounts:
    """Crawl one portal and return its counts; a process that dies is a failed portal.

    `window` makes it a backfill of those days; `more` are further options of `python -m spiders.crawl`. With the server of
    a frontier in CHISO_FRONTIER several processes share the crawl.
    """
    stem = Path(name).stem
    command = [sys.executable, "-m", "spiders.crawl", name, "--archive", str(data.archive), *more]
    command += ["--proxy", proxy] if proxy else []
    command += ["--fast"] if fast else []
    command += ["--from", str(window[0]), "--to", str(window[1])] if window else []
    counts = data.crawls / f"{stem}.json"
    counts.unlink(missing_ok=True)
    if (number := crawlers()) > 1:
        return _crawl_together(name, data, command, number, window)
    (ending,) = _run([[*command, "--counts", str(counts)]], [data.crawls / f"{stem}.log"])
    if not counts.exists():
        return _broken(stem, f"{ending}; see {data.crawls / stem}.log")
    return CrawlCounts(**json.loads(counts.read_text(encoding="utf-8")))


def _crawl_together(name: str, data: DataFolder, command: Sequence[str], number: int, window: tuple[date, date] | None) -> CrawlCounts:
    """Crawl one portal by several processes. If one of them dies the crawl has no end: the next run takes it up again."""
    stem = Path(name).stem
    session = f"{stem}:{uuid.uuid4().hex}"
    counts = [data.crawls / f"{stem}.{n}.json" for n in range(1, number + 1)]
    for path in counts:
        path.unlink(missing_ok=True)
    commands = [[*command, "--session", session, "--number", str(n), "--counts", str(path)] for n, path in enumerate(counts, start=1)]
    endings = _run(commands, [path.with_suffix(".log") for path in counts])
    parts = [json.loads(path.with_suffix(".stats.json").read_text(encoding="utf-8")) for path in counts if path.exists()]
    lost = [f"{ending}; see {path.with_suffix('.log')}" for path, ending in zip(counts, endings, strict=True) if not path.exists()]
    if not parts:
        return _broken(stem, lost[0])
    portal, stats = load_portal(name), summed(parts)
    judged = read_counts(portal, stats)
    if lost:
        judged = CrawlCounts(**{**asdict(judged), "state": "incomplete", "reason": f"{judged.reason}; {'; '.join(lost)}"})
    else:
        note_end(Archive(data.archive, portal.name), judged, stats, window)
    write_whole(data.crawls / f"{stem}.json", [json.dumps(asdict(judged), ensure_ascii=False) + "\n"])
    return judged


def _run(commands: Sequence[Sequence[str]], logs: Sequence[Path]) -> list[str]:
    """Run processes beside each other to their ends; return how each has ended."""
    running = []
    for command, log in zip(commands, logs, strict=True):
        with log.open("wb") as out:
            running.append(subprocess.Popen(command, stdout=out, stderr=out))  # noqa: S603 (our own module and names)
    until = time.monotonic() + _CRAWL_SECONDS
    endings = []
    try:
        for process in running:
            try:
                endings.append(f"the crawl process ended with {process.wait(max(0.0, until - time.monotonic()))}")
            except subprocess.TimeoutExpired:
                endings.append(f"stopped after {_CRAWL_SECONDS // 3600} hours")
    finally:
        for process in running:
            process.kill()
            process.wait()
    return endings


def _broken(stem: str, reason: str) -> CrawlCounts:
    return CrawlCounts(stem, "broken", reason, 0, 0, 0, 0, 0, 1)
