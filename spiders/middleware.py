"""Archives every response as it came off the wire, before anything decodes or reads it."""

from datetime import UTC, datetime
from urllib.parse import urlsplit

from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.http import Response

from spiders.archive import Archive

OK, NOT_MODIFIED = 200, 304
GONE = (404, 410)


class ArchiveResponses:
    """Downloader middleware; sits between the wire and Scrapy's decompression (590)."""

    def __init__(self, crawler: Crawler, archive: Archive) -> None:
        """Write to `archive` and count in the crawler's stats."""
        self.crawler = crawler
        self.archive = archive

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "ArchiveResponses":
        """Build from the crawl's own settings (CHISO_ARCHIVE, CHISO_PORTAL)."""
        return cls(crawler, Archive(crawler.settings["CHISO_ARCHIVE"], crawler.settings["CHISO_PORTAL"]))

    def process_response(self, request: Request, response: Response, spider: Spider | None = None) -> Response:
        """Archive every response but "not modified", which has nothing to keep, and count it by its kind."""
        del spider
        kind = request.meta.get("kind") or ("robots" if urlsplit(request.url).path == "/robots.txt" else "other")
        outcome = self._outcome(response.status, known=bool(request.meta.get("known")))
        if self.crawler.stats is not None:
            self.crawler.stats.inc_value(f"chiso/{kind}/{outcome}")
        if response.status != NOT_MODIFIED:
            headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, values in response.headers.items() for value in values]
            self.archive.append(
                url=request.url,
                kind=kind,
                fetched_at=datetime.now(UTC),
                status=response.status,
                headers=headers,
                body=response.body,
            )
        return response

    @staticmethod
    def _outcome(status: int, *, known: bool) -> str:
        if status == NOT_MODIFIED:
            return "unchanged"
        if status in GONE:
            return "gone"
        if status == OK:
            return "changed" if known else "new"
        return "refused"
