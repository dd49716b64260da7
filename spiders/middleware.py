"""Archives every response as it came off the wire, before anything decodes or reads it."""

from datetime import UTC, datetime

from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.http import Response

from spiders.archive import Archive

NOT_MODIFIED = 304
_ARCHIVED = (200, 404, 410)


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
        """Archive what carries content or says that it is gone; count what is unchanged."""
        del spider
        kind = request.meta.get("kind")
        stats = self.crawler.stats
        if kind is None or stats is None:  # robots.txt, redirects
            return response
        if response.status == NOT_MODIFIED:
            stats.inc_value(f"chiso/{kind}/unchanged")
        elif response.status in _ARCHIVED:
            headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, values in response.headers.items() for value in values]
            self.archive.append(
                url=request.url,
                kind=kind,
                fetched_at=datetime.now(UTC),
                status=response.status,
                headers=headers,
                body=response.body,
            )
            gone = response.status != 200  # noqa: PLR2004
            stats.inc_value(f"chiso/{kind}/{'gone' if gone else 'changed' if request.meta.get('known') else 'new'}")
        return response
