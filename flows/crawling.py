"""Crawls as processes of their own."""

import json
import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from flows.data import DataFolder
from spiders.judge import CrawlCounts

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
    """Crawl one portal in a process of its own and return its counts; a process that dies is a failed portal.

    `window` makes it a backfill of those days; `more` are further options of `python -m spiders.crawl`.
    """
    stem = Path(name).stem
    counts = data.crawls / f"{stem}.json"
    counts.unlink(missing_ok=True)
    command = [sys.executable, "-m", "spiders.crawl", name, "--archive", str(data.archive), "--counts", str(counts), *more]
    command += ["--proxy", proxy] if proxy else []
    command += ["--fast"] if fast else []
    command += ["--from", str(window[0]), "--to", str(window[1])] if window else []
    with (data.crawls / f"{stem}.log").open("wb") as log:
        try:
            done = subprocess.run(command, stdout=log, stderr=log, timeout=_CRAWL_SECONDS, check=False)  # noqa: S603 (our own module and names)
            ending = f"the crawl process ended with {done.returncode}"
        except subprocess.TimeoutExpired:
            ending = f"stopped after {_CRAWL_SECONDS // 3600} hours"
    if not counts.exists():
        return CrawlCounts(stem, "broken", f"{ending}; see {data.crawls / stem}.log", 0, 0, 0, 0, 0, 1)
    return CrawlCounts(**json.loads(counts.read_text(encoding="utf-8")))
