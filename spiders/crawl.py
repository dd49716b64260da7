"""One portal's crawl in a process of its own: `python -m spiders.crawl PORTAL --archive DIR --counts FILE`.

Scrapy ends with success when a callback raises or a host does not answer, so the counts of the crawl are
written down and judged by `read_counts`.
"""

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from spiders.archive import Archive
from spiders.portal import Portal, load_portal


@dataclass(frozen=True, slots=True)
class CrawlCounts:
    """What a crawl did; `state` is complete, empty, blocked or broken, and `reason` says why."""

    portal: str
    state: str
    reason: str
    requests: int
    new: int
    changed: int
    unchanged: int
    gone: int
    errors: int


def read_counts(portal: Portal, stats: dict[str, Any]) -> CrawlCounts:
    """Judge a crawl by Scrapy's counts; a portal that yields nothing or raises is never a good one."""
    seen = {what: stats.get(f"chiso/article/{what}", 0) for what in ("new", "changed", "unchanged", "gone")}
    raised = stats.get("spider_exceptions/count", 0) + sum(
        count for key, count in stats.items() if key.startswith("spider_exceptions/") and key != "spider_exceptions/count"
    ) * (0 if "spider_exceptions/count" in stats else 1)
    network = sum(
        count for key, count in stats.items() if key.startswith("downloader/exception_type_count/") and "IgnoreRequest" not in key
    )
    forbidden = stats.get("robotstxt/forbidden", 0)
    refused = sum(
        count
        for key, count in stats.items()
        if key.startswith("downloader/response_status_count/") and key.rsplit("/", 1)[-1] in {"401", "403", "429", "503"}
    )
    articles = seen["new"] + seen["changed"] + seen["unchanged"]
    if raised:
        state, reason = "broken", f"{raised} pages could not be read: {stats.get('chiso/last_error', 'a callback raised')}"
    elif network and not articles:
        state, reason = "broken", f"no answer: {_network_errors(stats)}"
    elif (forbidden or refused) and not articles:
        state, reason = "blocked", f"{forbidden} requests forbidden by robots.txt, {refused} refused"
    elif articles < portal.min_articles:
        state, reason = "empty", f"{articles} articles, expected at least {portal.min_articles}"
    else:
        state, reason = "complete", f"{articles} articles"
    return CrawlCounts(
        portal=portal.name,
        state=state,
        reason=reason,
        requests=stats.get("downloader/request_count", 0),
        errors=raised + network,
        **seen,
    )


def _network_errors(stats: dict[str, Any]) -> str:
    prefix = "downloader/exception_type_count/"
    names = {key.removeprefix(prefix).rsplit(".", 1)[-1] for key in stats if key.startswith(prefix)}
    return ", ".join(sorted(names))


def crawl(portal: Portal, archive: Path, *, proxy: str | None, fast: bool) -> CrawlCounts:
    """Crawl one portal to the end; call once a process, because Twisted's reactor starts once."""
    from scrapy import signals  # noqa: PLC0415
    from scrapy.crawler import CrawlerProcess  # noqa: PLC0415 (the declarations above are read without Scrapy)
    from scrapy.settings import Settings  # noqa: PLC0415

    from spiders.spider import PortalSpider  # noqa: PLC0415

    settings = Settings()
    settings.setmodule("spiders.settings")
    settings.setdict({"CHISO_ARCHIVE": archive, "CHISO_PORTAL": portal.name}, priority="cmdline")
    if fast:  # a server of our own on loopback needs no sparing
        settings.setdict({"DOWNLOAD_DELAY": 0, "AUTOTHROTTLE_ENABLED": False}, priority="cmdline")
    process = CrawlerProcess(settings)
    crawler = process.create_crawler(PortalSpider)
    if proxy:
        import os  # noqa: PLC0415

        os.environ.update(http_proxy=proxy, https_proxy=proxy)

    def note_error(failure: Any, **_: Any) -> None:
        if crawler.stats is not None:
            crawler.stats.set_value("chiso/last_error", str(failure.value))

    crawler.signals.connect(note_error, signals.spider_error)
    process.crawl(crawler, portal=portal, archive=Archive(archive, portal.name))
    process.start()
    return read_counts(portal, dict(crawler.stats.get_stats()) if crawler.stats is not None else {})


def main() -> None:
    """Run one crawl and write its counts."""
    parser = argparse.ArgumentParser(prog="python -m spiders.crawl", description=__doc__)
    parser.add_argument("portal")
    parser.add_argument("--archive", type=Path, required=True)
    parser.add_argument("--counts", type=Path, required=True)
    parser.add_argument("--proxy")
    parser.add_argument("--fast", action="store_true", help="no delays: only for a server of our own")
    args = parser.parse_args()
    counts = crawl(load_portal(args.portal), args.archive, proxy=args.proxy, fast=args.fast)
    args.counts.write_text(json.dumps(asdict(counts), ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
