"""The one spider: listing, feed and sitemap to articles and attachments, as the portal's file says."""

import re
from collections.abc import AsyncIterator, Iterator
from typing import Any, ClassVar
from urllib.parse import urldefrag

from scrapy import Request, Spider
from scrapy.http import Response, TextResponse
from scrapy.utils.sitemap import Sitemap

from spiders.archive import Archive, Page
from spiders.middleware import GONE, OK
from spiders.portal import Portal

# What a page of an article may carry along.
_ATTACHMENT = re.compile(r"\.pdf(?:$|\?)", re.IGNORECASE)


class EmptyListingError(Exception):
    """Raised by a listing that leads to no article: the markup has changed, or the page is not a listing."""


class PortalSpider(Spider):
    """Crawls one portal; what it has seen before is asked for conditionally, by its stored validators."""

    name = "portal"
    handle_httpstatus_list: ClassVar[list[int]] = [304, 404, 410]

    def __init__(self, portal: Portal, archive: Archive, **kwargs: Any) -> None:
        """Crawl `portal` into `archive`, going by what the archive already holds."""
        super().__init__(**kwargs)
        self.portal = portal
        self.known: dict[str, Page] = {page.url: page for page in archive.pages()}
        self.article_url = re.compile(portal.article_pattern)
        self.allowed_domains = [portal.host, *portal.hosts]

    async def start(self) -> AsyncIterator[Request]:
        """Ask for listings, feeds and sitemaps, and again for every article that was there last time."""
        for url in self.portal.listings:
            yield self.ask(url, "listing", self.parse_listing)
        for url in self.portal.feeds:
            yield self.ask(url, "feed", self.parse_feed)
        for url in self.portal.sitemaps:
            yield self.ask(url, "sitemap", self.parse_sitemap)
        for page in list(self.known.values()):
            if page.kind == "article" and page.status not in GONE:
                yield self.ask(page.url, "article", self.parse_article)

    def ask(self, url: str, kind: str, callback: Any) -> Request:
        """Build a request; a known article carries the validators its last response came with."""
        url = urldefrag(url).url
        known = self.known.get(url)
        headers = {}
        if known is not None and kind in {"article", "attachment"}:
            if known.etag:
                headers["If-None-Match"] = known.etag
            if known.last_modified:
                headers["If-Modified-Since"] = known.last_modified
        return Request(url, callback=callback, headers=headers, meta={"kind": kind, "known": known is not None})

    def parse_listing(self, response: Response) -> Iterator[Request]:
        """Follow the articles of a listing page and, as long as it shows something new, the next page."""
        if response.status in GONE:
            raise EmptyListingError(f"{response.url} answered {response.status}")
        links = self._links(response, self.portal.article_links)
        articles = [url for url in links if self.article_url.search(url)]
        if not articles:
            raise EmptyListingError(f"{response.url}: no link fits {self.portal.article_pattern!r}")
        yield from (self.ask(url, "article", self.parse_article) for url in articles)
        if any(url not in self.known for url in articles):
            for url in self._links(response, self.portal.next_page)[:1]:
                yield self.ask(url, "listing", self.parse_listing)

    def parse_feed(self, response: Response) -> Iterator[Request]:
        """Follow the items of an RSS or Atom feed."""
        selector = response.selector  # type: ignore[attr-defined]  # feeds are text
        selector.remove_namespaces()
        for url in selector.xpath("//item/link/text() | //entry/link/@href").getall():
            if self.article_url.search(url.strip()):
                yield self.ask(url.strip(), "article", self.parse_article)

    def parse_sitemap(self, response: Response) -> Iterator[Request]:
        """Follow the pages of a sitemap."""
        for entry in Sitemap(response.body):
            if self.article_url.search(entry["loc"]):
                yield self.ask(entry["loc"], "article", self.parse_article)

    def parse_article(self, response: Response) -> Iterator[Request]:
        """Fetch the documents that an article links to; the article itself is already archived."""
        if response.status == OK and isinstance(response, TextResponse):
            for url in self._links(response, ("a",)):
                if _ATTACHMENT.search(url):
                    yield self.ask(url, "attachment", self.parse_attachment)

    def parse_attachment(self, response: Response) -> None:
        """Keep an attachment: the archive has done so."""

    def _links(self, response: Response, selectors: tuple[str, ...]) -> list[str]:
        found = [response.urljoin(href) for css in selectors for href in response.css(f"{css}::attr(href)").getall()]
        return list(dict.fromkeys(urldefrag(url).url for url in found))
