"""robots.txt by RFC 9309: no answer and a failing server mean "keep out", a missing file means "come in".

429 counts as a failing server, not as a missing file: who asks for less is not told to come in.
"""

import asyncio
from typing import Any
from urllib.parse import urlsplit

from protego import Protego
from scrapy import Request
from scrapy.core.downloader.handlers.http11 import TunnelError
from scrapy.crawler import Crawler
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK
from twisted.internet.error import ConnectError

from spiders.handler import LeftAloneError, RefusedUrlError

#: The most that RFC 9309 asks a crawler to parse (2.5); what stands behind it is not read.
MOST_BYTES = 500 * 1024
#: Redirects that RFC 9309 asks a crawler to follow (2.3.1.2).
MOST_REDIRECTS = 5
_AGENT = "chiso"
_OK, _TOO_MANY, _SERVER_ERROR = range(200, 300), 429, 500
_NO_ANSWER = (
    CannotResolveHostError, DownloadCancelledError, DownloadConnectionRefusedError, DownloadFailedError, DownloadTimeoutError,
    ResponseDataLossError, ConnectError, TunnelError, OSError,
)  # fmt: skip


class DisallowedError(IgnoreRequest):
    """Raised for a request that robots.txt forbids, or whose robots.txt could not be read."""


class Robots:
    """Downloader middleware: asks each site's robots.txt once a crawl, before anything else of it."""

    def __init__(self, crawler: Crawler) -> None:
        """Ask through the crawl's own engine, so that the answer is archived like any other."""
        self.crawler = crawler
        self.rules: dict[tuple[str, str], asyncio.Task[Protego | str]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "Robots":
        """Build for a crawl."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Let a request through, or raise DisallowedError."""
        if request.meta.get("kind") == "robots":
            return
        parts = urlsplit(request.url)
        site = (parts.scheme, parts.netloc)
        if site not in self.rules:
            self.rules[site] = asyncio.ensure_future(self._ask(*site))
        rules = await self.rules[site]
        if isinstance(rules, str):
            self._count("robots_unreachable")
            raise DisallowedError(f"{parts.netloc}: {rules}")
        if not rules.can_fetch(request.url, _AGENT):
            self._count("robots_forbidden")
            raise DisallowedError(f"forbidden by robots.txt: {request.url}")

    async def _ask(self, scheme: str, netloc: str) -> Protego | str:
        """Return a site's rules, or why they could not be had."""
        url = f"{scheme}://{netloc}/robots.txt"
        meta = {"kind": "robots", "allow_offsite": True, "redirect_ttl": MOST_REDIRECTS}
        asked = Request(url, callback=NO_CALLBACK, priority=1000, meta=meta, dont_filter=True)
        engine: Any = self.crawler.engine
        try:
            response: Response = await engine.download_async(asked)
        except (LeftAloneError, RefusedUrlError) as error:
            return str(error)
        except IgnoreRequest:  # too many redirects: a file that is not there
            return Protego.parse("")
        except _NO_ANSWER as error:
            return f"robots.txt not reachable ({type(error).__name__})"
        return self._read(response, urlsplit(url).hostname or "")

    def _read(self, response: Response, host: str) -> Protego | str:
        if response.status >= _SERVER_ERROR or response.status == _TOO_MANY:
            return f"robots.txt answered {response.status}"
        if response.status not in _OK:
            return Protego.parse("")
        rules = Protego.parse(response.body[:MOST_BYTES].decode("utf-8-sig", errors="replace"))
        delay = rules.crawl_delay(_AGENT)
        if delay:
            self.crawler.settings["CHISO_PACE"].crawl_delay(host, float(delay))
        return rules

    def _count(self, what: str) -> None:
        if self.crawler.stats is not None:
            self.crawler.stats.inc_value(f"chiso/{what}")
