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
from typing import Any
from urllib.parse import urlsplit

from spiders.archive import Archive
from spiders.pace import Pace
from spiders.portal import Portal, load_portal

#: An interrupted night is taken up again within this time; later a new one begins.
_NIGHT = timedelta(hours=20)
_LIVE_SECONDS = 0.3
#: States of a crawl, from good to bad.
STATES = ("complete", "incomplete", "empty", "blocked", "broken")


@dataclass(frozen=True, slots=True)
class CrawlOptions:
    """How a crawl is to be done, where it differs from a portal's night.

    `fast` is for a server of our own, which needs no sparing. `window` makes it a backfill of those days. `timeout`
    is in seconds a response, `budget` in requests. `only` asks for one article and what it carries.
    """

    proxy: str | None = None
    fast: bool = False
    window: tuple[date, date] | None = None
    timeout: float | None = None
    budget: int | None = None
    only: str | None = None


@dataclass(frozen=True, slots=True)
class CrawlCounts:
    """What a crawl did; `reason` says why it is in its state.

    complete: all that was to be asked was answered. incomplete: some of it was not (the budget, the circuit breaker,
    failures), or fewer or more articles than the portal's bounds. empty: no article. blocked: robots.txt, refusals,
    challenge or login pages. broken: no answer, or pages that could not be read.
    """

    portal: str
    state: str
    reason: str
    requests: int
    new: int
    changed: int
    unchanged: int
    gone: int
    errors: int
    replayed: int = 0
    not_worth: int = 0


def read_counts(portal: Portal, stats: Mapping[str, Any]) -> CrawlCounts:
    """Judge a crawl by Scrapy's counts; a portal that yields nothing or raises is never a good one."""
    seen = {what: stats.get(f"chiso/article/{what}", 0) for what in ("new", "changed", "unchanged", "gone")}
    raised = _total(stats, "spider_exceptions/", but="count")
    network = _total(
        stats, "downloader/exception_type_count/", but=("IgnoreRequest", "LeftAloneError", "RefusedUrlError", "DisallowedError")
    )
    state, reason = _judge(portal, stats, sum(seen.values()) - seen["gone"], raised, network)
    moved = sorted(key.removeprefix("chiso/moved/") for key in stats if key.startswith("chiso/moved/"))
    if moved:
        reason += f"; redirects to {', '.join(moved[:3])}: add it to `hosts` if the site has moved"
    return CrawlCounts(
        portal=portal.name,
        state=state,
        reason=reason,
        requests=stats.get("downloader/request_count", 0),
        errors=raised + network,
        replayed=stats.get("chiso/replayed", 0),
        not_worth=stats.get("chiso/not_worth", 0),
        **seen,
    )


def _judge(portal: Portal, stats: Mapping[str, Any], articles: int, raised: int, network: int) -> tuple[str, str]:
    robots, unreachable = stats.get("chiso/robots_forbidden", 0), stats.get("chiso/robots_unreachable", 0)
    refused = sum(stats.get(f"downloader/response_status_count/{status}", 0) for status in (401, 403, 429, 503))
    walls = stats.get("chiso/class/challenge page", 0) + stats.get("chiso/class/login wall", 0)
    left_alone = stats.get("chiso/budget", 0) + stats.get("chiso/breaker", 0)
    if walls and walls >= articles:
        return "blocked", f"{walls} pages are a challenge or a login wall"
    if (robots or refused) and not articles and not network:
        return "blocked", f"{robots} requests forbidden by robots.txt, {refused} refused"
    if raised:
        return "broken", f"{raised} pages could not be read: {stats.get('chiso/last_error', 'a callback raised')}"
    if (network or unreachable) and not articles:
        return "broken", f"no answer: {_network_errors(stats) or 'robots.txt'}"
    if not articles:
        return "empty", f"no article, expected at least {portal.min_articles}"
    if left_alone:
        return (
            "incomplete",
            f"{articles} articles; {left_alone} requests not sent: {stats.get('chiso/left_alone') or 'the budget of a night is spent'}",
        )
    if network:
        return "incomplete", f"{articles} articles; no answer to {network} requests: {_network_errors(stats)}"
    if not portal.min_articles <= articles <= portal.max_articles:
        return "incomplete", f"{articles} articles, expected {portal.min_articles} to {portal.max_articles}"
    return "complete", f"{articles} articles"


def _total(stats: Mapping[str, Any], prefix: str, but: str | tuple[str, ...]) -> int:
    return sum(count for key, count in stats.items() if key.startswith(prefix) and not key.endswith(but))


def _network_errors(stats: Mapping[str, Any]) -> str:
    prefix = "downloader/exception_type_count/"
    names = {key.removeprefix(prefix).rsplit(".", 1)[-1] for key in stats if key.startswith(prefix)}
    return ", ".join(sorted(names))


def crawl(portal: Portal, root: Path, counts_file: Path, options: CrawlOptions) -> CrawlCounts:
    """Crawl one portal to the end; call once a process, because Twisted's reactor starts once.

    Beside `counts_file`, .live is kept up to date with what has been done so far, and .stats.json gets all of
    Scrapy's counts.
    """
    from scrapy import signals  # noqa: PLC0415
    from scrapy.crawler import CrawlerProcess  # noqa: PLC0415 (the declarations above are read without Scrapy)
    from scrapy.settings import Settings  # noqa: PLC0415

    from spiders.spider import PortalSpider, Window  # noqa: PLC0415

    live, noted = counts_file.with_suffix(".live"), 0.0
    archive = Archive(root, portal.name)
    name, started = _take_up(archive, options.window)
    settings = Settings()
    settings.setmodule("spiders.settings")
    here = {
        "CHISO_ARCHIVE": archive,
        "CHISO_CRAWL": name,
        "CHISO_HOSTS": (portal.host, *portal.hosts),
        "CHISO_PROXY": urlsplit(options.proxy).hostname if options.proxy else None,
        "CHISO_BUDGET": options.budget or portal.budget,
        "CHISO_PACE": Pace(root / ".turns", 0.0 if options.fast else portal.delay, portal.concurrency),
        "CONCURRENT_REQUESTS": portal.concurrency,
        "CONCURRENT_REQUESTS_PER_DOMAIN": portal.concurrency,
    }
    settings.setdict(here | ({"DOWNLOAD_TIMEOUT": options.timeout} if options.timeout else {}), priority="cmdline")
    if options.proxy:
        os.environ.update(http_proxy=options.proxy, https_proxy=options.proxy)
    process = CrawlerProcess(settings)
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
    process.crawl(crawler, portal=portal, archive=archive, crawl=name, started=started, window=window, only=options.only)
    process.start()
    archive.close()
    stats = dict(crawler.stats.get_stats()) if crawler.stats is not None else {}
    stats["chiso/peak_mb"] = _peak_mb()
    counts = read_counts(portal, stats)
    live.unlink(missing_ok=True)
    counts_file.with_suffix(".stats.json").write_text(json.dumps(stats, default=str, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    # A backfill that has spent its budget goes on another night; a night that was broken off by a signal, when it is started again.
    unfinished = stats.get("finish_reason") != "finished" or (window is not None and counts.state == "incomplete")
    if not unfinished:
        archive.note_crawl(name, "end", datetime.now(UTC))
    return counts


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
    parser.add_argument("--from", dest="first", type=date.fromisoformat, metavar="DAY", help="backfill from this day ...")
    parser.add_argument("--to", dest="last", type=date.fromisoformat, metavar="DAY", help="... to this one")
    args = parser.parse_args()
    window = (args.first, args.last) if args.first and args.last else None
    options = CrawlOptions(args.proxy, args.fast, window, args.timeout, args.budget, args.only)
    counts = crawl(load_portal(args.portal), args.archive, args.counts, options)
    written = args.counts.with_suffix(".writing")
    written.write_text(json.dumps(asdict(counts), ensure_ascii=False) + "\n", encoding="utf-8")
    written.replace(args.counts)
    return 0


if __name__ == "__main__":
    sys.exit(main())
