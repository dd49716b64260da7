"""The one door to the web: every request of a crawl, robots.txt and retries too, leaves through this handler.

It asks only public addresses, connects to the very address that was checked, waits for its turn there, keeps the
night's budget and leaves a server alone that fails or asks for rest.
"""

from datetime import UTC, datetime
from typing import Any, NoReturn
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler, _LenientHTTP11ClientFactory
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.resolver import CachingThreadedResolver
from scrapy.utils.defer import maybe_deferred_to_future
from twisted.internet.defer import Deferred
from twisted.internet.error import DNSLookupError
from twisted.web.client import URI

from spiders.guard import is_public, refusal
from spiders.pace import MOST_RETRY_AFTER, Asked, Breaker, Pace, retry_after

_BUSY = (429, 503)
_SERVER_ERROR = 500
#: Real headers take a few thousand bytes.
MOST_HEADER_BYTES = 256 * 1024


class RefusedUrlError(IgnoreRequest):
    """Raised for a URL or an address that is never asked for; says why."""


class LeftAloneError(IgnoreRequest):
    """Raised for a request to a host that is left alone for the night: its budget is spent or its circuit open."""


class PublicResolver(CachingThreadedResolver):
    """Resolves names to public addresses only, so that no DNS answer leads the crawler into a private network.

    The proxy that the crawl was told to use is the one exception.
    """

    proxy: str | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: Any) -> "PublicResolver":
        """Build for a crawl."""
        resolver: PublicResolver = super().from_crawler(crawler, reactor)
        resolver.proxy = crawler.settings["CHISO_PROXY"]
        return resolver

    def getHostByName(self, name: str, timeout: Any = ()) -> "Deferred[str]":  # noqa: N802 (Twisted's name)
        """Resolve a name; fails with DNSLookupError for one whose address is not public."""
        found: Deferred[str] = super().getHostByName(name, timeout)
        return found if name == self.proxy else found.addCallback(_only_public)


def _only_public(address: str) -> str:
    if not is_public(address):
        raise DNSLookupError(f"its name leads to {address}, which is not public")
    return address


class _BoundedFactory(_LenientHTTP11ClientFactory):
    """Builds protocols that give up on headers without end: Twisted bounds a line of them, not their number."""

    def buildProtocol(self, addr: Any) -> Any:  # noqa: N802 (Twisted's name)
        """Build Scrapy's protocol, and count what it takes in before the body."""
        protocol: Any = super().buildProtocol(addr)
        receive, taken = protocol.dataReceived, 0

        def received(data: bytes) -> None:
            nonlocal taken
            parser = getattr(protocol, "_parser", None)
            if parser is not None and getattr(parser, "state", None) in {"STATUS", "HEADER"}:
                taken += len(data)
                if taken > MOST_HEADER_BYTES:
                    protocol.transport.abortConnection()
                    return
            else:
                taken = 0
            receive(data)

        protocol.dataReceived = received
        return protocol


def _uri(url: str) -> Any:
    """Read a URL as the one who connects does."""
    read: Any = URI.fromBytes
    return read(url.encode("ascii"))


class PoliteHandler(HTTP11DownloadHandler):
    """Download handler for http and https."""

    def __init__(self, crawler: Crawler) -> None:
        """Read the pace and the budget from the crawl's settings."""
        super().__init__(crawler)
        settings = crawler.settings
        self._pool._factory = _BoundedFactory  # noqa: SLF001 (Scrapy's own way to choose it)
        self.pace: Pace = settings["CHISO_PACE"]
        self.breaker = Breaker()
        self.budget = settings.getint("CHISO_BUDGET")
        self.asked: Asked = settings["CHISO_ASKED"]

    async def download_request(self, request: Request) -> Response:
        """Download one response, or raise RefusedUrlError or LeftAloneError without a connection made."""
        host = self._checked_host(request)
        self._allowed(host)
        address = await self._address(request, host)
        async with self.pace.turn(address, host):
            self._allowed(host)  # what happened while it waited
            self.asked.add(host)
            try:
                response = await super().download_request(request)
            except Exception as error:
                self.breaker.failed(host, request.url, type(error).__name__)
                raise
        await self._judge(host, address, request.url, response)
        return response

    def _checked_host(self, request: Request) -> str:
        reason = refusal(request.url)
        host = urlsplit(request.url).hostname or ""
        # The one who checks and the one who connects must read the same host out of it.
        if reason is None and _uri(request.url).host.decode("ascii").lower() != host:
            reason = "its host can be read in two ways"
        if reason is not None:
            self._count("refused_url")
            raise RefusedUrlError(f"never asked for: {request.url[:200]} ({reason})")
        return host

    def _allowed(self, host: str) -> None:
        if host in self.breaker.opened:
            self._leave_alone("breaker", f"{host} is left alone: {self.breaker.opened[host]}")
        if self.asked.count(host) >= self.budget:
            self._leave_alone("budget", f"{host} is left alone: {self.budget} requests, the budget of a night")

    async def _address(self, request: Request, host: str) -> str:
        """Return the address whose turn it is; behind a proxy, which resolves names itself, the name stands for it."""
        if request.meta.get("proxy"):
            return host
        from twisted.internet import reactor  # noqa: PLC0415 (importing it starts it)

        try:
            found: str = await maybe_deferred_to_future(reactor.resolver.getHostByName(host))
        except DNSLookupError as error:
            if "not public" in str(error):
                self._count("refused_url")
                raise RefusedUrlError(f"never asked for: {request.url[:200]} ({error})") from error
            return host  # the download itself fails of it, in Scrapy's own words
        return found

    async def _judge(self, host: str, address: str, url: str, response: Response) -> None:
        if response.status in _BUSY:
            text = (response.headers.get("Retry-After") or b"").decode("latin-1")
            rest = retry_after(text, datetime.now(UTC))
            if rest is not None and rest > MOST_RETRY_AFTER:
                self.breaker.rest(host, f"it asks for {rest:.0f} seconds of rest")
            elif rest is not None:
                self._count("retry_after")
                await self.pace.hold(address, rest)
        if response.status >= _SERVER_ERROR or response.status in _BUSY:
            self.breaker.failed(host, url, f"status {response.status}")
        else:
            self.breaker.answered(host)

    def _leave_alone(self, what: str, why: str) -> NoReturn:
        self._count(what)
        if self._crawler.stats is not None:
            self._crawler.stats.set_value("chiso/left_alone", why)
        raise LeftAloneError(why)

    def _count(self, what: str) -> None:
        if self._crawler.stats is not None:
            self._crawler.stats.inc_value(f"chiso/{what}")
