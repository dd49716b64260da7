"""One portal's crawl in a process of its own: `python -m spiders.crawl PORTAL --archive DIR --counts FILE`.

Scrapy ends with success when a callback raises or a host does not answer, so the counts of the crawl are
written down and judged by `read_counts`. A crawl that was interrupted goes on where it stopped.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from spiders.archive import Archive
from spiders.judge import CrawlCounts, read_counts
from spiders.pace import Pace
from spiders.portal import Portal, load_portal

if TYPE_CHECKING:
    from scrapy.settings import Settings

    from spiders.frontier import Session

#: An interrupted night is taken up again within this time; later a new one begins.
_NIGHT = timedelta(hours=20)
_LIVE_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class CrawlOptions:
    """How a crawl is to be done, where it differs from a portal's night.

    `fast` is for a server of our own, which needs no sparing. `window` makes it a backfill of those days. `timeout`
    is in seconds a response, `budget` in requests. `only` asks for one article and what it carries. `session` names what
    the processes of a shared crawl have in common, of which this is the one of that `number` (spiders/frontier.py).
    """

    proxy: str | None = None
    fast: bool = False
    window: tuple[date, date] | None = None
    timeout: float | None = None
    budget: int | None = None
    only: str | None = None
    session: str | None = None
    number: int = 1


def crawl(portal: Portal, root: Path, counts_file: Path, options: CrawlOptions) -> CrawlCounts:
    """Crawl one portal to the end; call once a process, because Twisted's reactor starts once.

    Beside `counts_file`, .live is kept up to date with what has been done so far, and .stats.json gets all of
    Scrapy's counts.
    """
    from scrapy import signals  # noqa: PLC0415
    from scrapy.crawler import CrawlerProcess  # noqa: PLC0415 (the declarations above are read without Scrapy)

    from spiders.known import known_articles  # noqa: PLC0415
    from spiders.spider import PortalSpider, Window  # noqa: PLC0415

    live, noted = counts_file.with_suffix(".live"), 0.0
    session = _session(options)
    archive = Archive(root, portal.name, series=0 if options.number == 1 else options.number)
    name, started = _begin(archive, options, session)
    pages = archive.pages()
    fetched = [page for page in pages if page.crawl == name]
    if options.proxy:
        os.environ.update(http_proxy=options.proxy, https_proxy=options.proxy)
    here = {"CHISO_ARCHIVE": archive, "CHISO_CRAWL": name, "CHISO_FETCHED": fetched}
    process = CrawlerProcess(_settings(portal, root, options, session, here))
    crawler = process.create_crawler(PortalSpider)

    def note_error(failure: Any, **_: Any) -> None:
        if crawler.stats is not None:
            crawler.stats.set_value("chiso/last_error", str(failure.value))

    def note_progress(**_: Any) -> None:
        nonlocal noted
        if crawler.stats is None or time.monotonic() - noted < _LIVE_SECONDS:
            return
        noted = time.monotonic()
        done = crawler.stats.get_value("response_received_count", 0)
        articles = sum(crawler.stats.get_value(f"chiso/article/{what}", 0) for what in ("new", "changed", "unchanged"))
        waiting = crawler.stats.get_value("scheduler/enqueued", 0) - crawler.stats.get_value("scheduler/dequeued", 0)
        live.write_text(f"{done} {done + waiting} {articles}", encoding="ascii")

    crawler.signals.connect(note_error, signals.spider_error)
    crawler.signals.connect(note_progress, signals.response_received)
    window = Window(*options.window) if options.window else None
    known = known_articles(page for page in pages if page.crawl != name)
    begins = session is None or session.number == 1
    process.crawl(crawler, portal=portal, known=known, started=started, window=window, only=options.only, begins=begins)
    process.start()
    archive.close()
    stats = dict(crawler.stats.get_stats()) if crawler.stats is not None else {}
    stats |= {"chiso/peak_mb": _peak_mb(), "chiso/crawl": name}
    counts = read_counts(portal, stats)
    live.unlink(missing_ok=True)
    counts_file.with_suffix(".stats.json").write_text(json.dumps(stats, default=str, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    if session is None:  # else the one who has started all processes of the session does it
        note_end(archive, counts, stats, options.window)
    return counts


def _begin(archive: Archive, options: CrawlOptions, session: "Session | None") -> tuple[str, datetime]:
    """Return the crawl and when it began; the first process of a session tells the others."""
    if session is not None and session.number > 1:
        told = session.crawl()
        return told["name"], datetime.fromisoformat(told["started"])
    name, started = _take_up(archive, options.window)
    if session is not None:
        session.begin({"name": name, "started": started.isoformat()})
    return name, started


def _settings(portal: Portal, root: Path, options: CrawlOptions, session: "Session | None", here: dict[str, Any]) -> "Settings":
    """Return the settings of all crawls, of this portal's, and those of `here`."""
    from scrapy.settings import Settings  # noqa: PLC0415

    from spiders.pace import Asked  # noqa: PLC0415

    own = here | {
        "CHISO_HOSTS": (portal.host, *portal.hosts),
        "CHISO_PROXY": urlsplit(options.proxy).hostname if options.proxy else None,
        # A night that goes on has spent some of its budget; a backfill gets a new one each time it goes on.
        "CHISO_BUDGET": (options.budget or portal.budget) - (0 if options.window else len(here["CHISO_FETCHED"])),
        "CHISO_ASKED": Asked(),
        "CHISO_PACE": Pace(root / ".turns", 0.0 if options.fast else portal.delay, portal.concurrency),
        "CONCURRENT_REQUESTS": portal.concurrency,
        "CONCURRENT_REQUESTS_PER_DOMAIN": portal.concurrency,
    }
    if options.timeout:
        own["DOWNLOAD_TIMEOUT"] = options.timeout
    if session is not None:
        from spiders.frontier import SharedAsked  # noqa: PLC0415

        own |= {"CHISO_SESSION": session, "CHISO_ASKED": SharedAsked(session), "SCHEDULER": "spiders.frontier.SharedScheduler"}
    settings = Settings()
    settings.setmodule("spiders.settings")
    settings.setdict(own, priority="cmdline")
    return settings


def note_end(archive: Archive, counts: CrawlCounts, stats: Mapping[str, Any], window: tuple[date, date] | None) -> None:
    """Write down that a crawl has come to its end, if it has.

    A backfill that has spent its budget goes on another night; a night that was broken off by a signal, when it is started again.
    """
    if stats.get("finish_reason") == "finished" and (window is None or counts.state != "incomplete"):
        archive.note_crawl(str(stats["chiso/crawl"]), "end", datetime.now(UTC))


def _session(options: CrawlOptions) -> "Session | None":
    """Return the session of a shared crawl; its server's address comes from the environment, since it may hold a password."""
    if options.session is None:
        return None
    from spiders.frontier import Session  # noqa: PLC0415 (Redis is not needed by a crawl of one process)

    return Session.joined(os.environ["CHISO_FRONTIER"], options.session, options.number)


def _peak_mb() -> float | None:
    """Return the most memory that this process has held; the system's own counts begin with its parent's."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    return next((int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM:")), None)


def _take_up(archive: Archive, window: tuple[date, date] | None) -> tuple[str, datetime]:
    """Return the crawl to go on with and when it began: an interrupted one, or a new one."""
    moment = datetime.now(UTC)
    prefix = f"backfill-{window[0]}-{window[1]}-" if window else "night-"
    found = archive.open_crawl(prefix)
    if found is not None and (window is not None or moment - found[1] < _NIGHT):
        return found
    name = f"{prefix}{moment:%Y%m%dT%H%M%S%f}"
    archive.note_crawl(name, "begin", moment)
    return name, moment


def main() -> int:
    """Run one crawl and write its counts."""
    parser = argparse.ArgumentParser(prog="python -m spiders.crawl", description=__doc__)
    parser.add_argument("portal")
    parser.add_argument("--archive", type=Path, required=True)
    parser.add_argument("--counts", type=Path, required=True)
    parser.add_argument("--proxy")
    parser.add_argument("--fast", action="store_true", help="no delays: only for a server of our own")
    parser.add_argument("--budget", type=int, metavar="REQUESTS", help="for a host (default: what the portal's file says)")
    parser.add_argument("--only", metavar="URL", help="this one article")
    parser.add_argument("--timeout", type=float, metavar="SECONDS", help="for a whole response (default: 60)")
    parser.add_argument("--session", metavar="NAME", help="share this crawl with the other processes of that name (CHISO_FRONTIER)")
    parser.add_argument("--number", type=int, default=1, metavar="N", help="which of them this is, counted from 1")
    parser.add_argument("--from", dest="first", type=date.fromisoformat, metavar="DAY", help="backfill from this day ...")
    parser.add_argument("--to", dest="last", type=date.fromisoformat, metavar="DAY", help="... to this one")
    args = parser.parse_args()
    window = (args.first, args.last) if args.first and args.last else None
    options = CrawlOptions(args.proxy, args.fast, window, args.timeout, args.budget, args.only, args.session, args.number)
    counts = crawl(load_portal(args.portal), args.archive, args.counts, options)
    written = args.counts.with_suffix(".writing")
    written.write_text(json.dumps(asdict(counts), ensure_ascii=False) + "\n", encoding="utf-8")
    written.replace(args.counts)
    return 0


if __name__ == "__main__":
    sys.exit(main())
