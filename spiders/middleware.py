"""Between the wire and the spider: every response archived as it came, and an interrupted crawl taken up again."""

from datetime import UTC, datetime
from urllib.parse import urljoin, urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Headers, Response
from scrapy.responsetypes import responsetypes

from spiders.archive import Archive, Page
from spiders.guard import refusal

OK, NOT_MODIFIED = 200, 304
GONE = (404, 410)
REDIRECTS = (301, 302, 303, 307, 308)
#: An answer of the archive instead of the web; it is not archived again.
REPLAYED = "replayed"
# Asked again after a crash: the server may have recovered.
_TRANSIENT = (408, 429, 500, 502, 503, 504)


def original(request: Request) -> str:
    """Return the address that was asked for before any redirect."""
    return str(request.meta.get("redirect_urls", [request.url])[0])


class ArchiveResponses:
    """Downloader middleware; sits between the wire and everything that decodes, follows or retries."""

    def __init__(self, crawler: Crawler) -> None:
        """Write to the crawl's archive and count in its stats."""
        self.crawler = crawler
        self.archive: Archive = crawler.settings["CHISO_ARCHIVE"]
        self.crawl: str = crawler.settings["CHISO_CRAWL"]
        self.hosts: frozenset[str] = frozenset(crawler.settings["CHISO_HOSTS"])

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "ArchiveResponses":
        """Build from the crawl's own settings."""
        return cls(crawler)

    def process_response(self, request: Request, response: Response) -> Response:
        """Archive the response and count it by its kind."""
        kind = request.meta.get("kind", "other")
        outcome = _outcome(response.status, known=bool(request.meta.get("known")))
        if self.crawler.stats is not None:
            self.crawler.stats.inc_value(f"chiso/{kind}/{outcome}")
            if response.status in REDIRECTS and (host := self._elsewhere(request, response)):
                self.crawler.stats.inc_value(f"chiso/moved/{host}")
        if REPLAYED not in response.flags:
            headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, values in response.headers.items() for value in values]
            asked = original(request)
            self.archive.append(
                url=asked,
                answered_by=request.url if request.url != asked else None,
                kind=kind,
                crawl=self.crawl,
                fetched_at=datetime.now(UTC),
                status=response.status,
                headers=headers,
                body=response.body,
            )
        return response

    def _elsewhere(self, request: Request, response: Response) -> str | None:
        """Return the host that a redirect leads to, if it is none of the portal's."""
        target = urljoin(request.url, (response.headers.get("Location") or b"").decode("latin-1"))
        host = urlsplit(target).hostname or ""
        if host in self.hosts or request.meta.get("kind") == "robots" or refusal(target) is not None:
            return None
        return host


class ResumeCrawl:
    """Downloader middleware: answers from the archive what this same crawl has fetched before it was interrupted.

    So listings are read again and lead to the same articles, and no server is asked twice. The archive is the only
    state of a crawl: nothing else could disagree with it after a crash.
    """

    def __init__(self, crawler: Crawler) -> None:
        """Look up what the crawl has fetched before this process began."""
        self.crawler = crawler
        self.archive: Archive = crawler.settings["CHISO_ARCHIVE"]
        fetched: list[Page] = crawler.settings["CHISO_FETCHED"]
        self.fetched = {page.final_url: page for page in fetched if page.status not in _TRANSIENT}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "ResumeCrawl":
        """Build from the crawl's own settings."""
        return cls(crawler)

    def process_request(self, request: Request) -> Response | None:
        """Answer from the archive, or let the request go to the web."""
        page = self.fetched.get(request.url)
        if page is None:
            return None
        headers, body = self.archive.response(page)
        if self.crawler.stats is not None:
            self.crawler.stats.inc_value("chiso/replayed")
        fields = Headers([(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers])
        kind = responsetypes.from_args(headers=fields, url=request.url, body=b"" if page.content_encoding else body)
        return kind(url=request.url, status=page.status, headers=fields, body=body, flags=[REPLAYED], request=request)


def _outcome(status: int, *, known: bool) -> str:
    if status == NOT_MODIFIED:
        return "unchanged"
    if status in GONE:
        return "gone"
    if status in REDIRECTS:
        return "redirected"
    if status == OK:
        return "changed" if known else "new"
    return "refused"
