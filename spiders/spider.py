"""The one spider: listings, feeds, sitemaps and search pages to articles and attachments, as the portal's file says."""

import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import quote_plus, urlsplit

from scrapy import Request, Spider
from scrapy.http import Response, TextResponse

from normalize.url_date import url_day
from spiders.finding import Entry, ListingError, feed_entries, sitemap_entries
from spiders.guard import canonical, refusal
from spiders.known import Known
from spiders.links import attachments_of, links_of
from spiders.middleware import GONE, OK, original
from spiders.page_class import MOST_MARKUP, NOT_ARTICLES, SOFT_404, page_class, wild
from spiders.portal import Portal
from spiders.scan import is_topic, worth_fetching

#: What is asked of a site's own search.
SEARCHES = ("PAR INDEX", "chỉ số cải cách hành chính", "SIPAS", "PCI", "PAPI", "chỉ số chuyển đổi số", "DDCI", "xếp hạng")
#: A listing goes on as long as it shows something new; this many pages a night, all of them in a backfill.
_MOST_PAGES = 30
_MOST_PAGES_BACK = 5000
_SITEMAP_DEPTH = 3
#: A night leaves sitemaps alone that hold nothing younger.
_RECENT = timedelta(days=90)


class EmptyListingError(Exception):
    """Raised by a listing that leads to no article: the markup has changed, or the page is not a listing."""


@dataclass(frozen=True, slots=True)
class Window:
    """The days of a backfill, both included; articles that are known to lie outside are not fetched."""

    first: date
    last: date

    def holds(self, day: date | None) -> bool:
        """Tell whether a day may lie in the window; an unknown one may."""
        return day is None or self.first <= day <= self.last


class PortalSpider(Spider):
    """Crawls one portal; what it has seen before is asked for conditionally, by its stored validators."""

    name = "portal"
    handle_httpstatus_list: ClassVar[list[int]] = [304, 404, 410]

    def __init__(
        self,
        portal: Portal,
        known: dict[str, Known],
        started: datetime,
        window: Window | None = None,
        only: str | None = None,
        *,
        begins: bool = True,
        **kwargs: Any,
    ) -> None:
        """Crawl `portal`, going by what was known of its articles when the crawl began.

        Of several processes one `begins`; the others take what waits.
        """
        super().__init__(**kwargs)
        self.portal = portal
        self.window = window
        self.only = only
        self.begins = begins
        self.started = started
        self.known = known
        self.article_url = re.compile(portal.article_pattern)
        self.allowed_domains = [portal.host, *portal.hosts]
        self.asked: set[str] = set()

    async def start(self) -> AsyncIterator[Request]:
        """Ask for listings, feeds, sitemaps and searches, and again for the articles that were there before."""
        if not self.begins:
            return
        if self.only:
            yield self.ask(self.only, "article", self.parse_article)
            return
        for url in self.portal.listings:
            yield self.ask(url, "listing", self.parse_listing, {"topic": is_topic(url)})
        for url in self.portal.feeds:
            yield self.ask(url, "feed", self.parse_feed)
        for url in self.portal.sitemaps:
            yield self.ask(url, "sitemap", self.parse_sitemap)
        for template in self.portal.search:
            for words in SEARCHES if self.window else SEARCHES[:1]:
                yield self.ask(
                    template.replace("{query}", quote_plus(words)), "listing", self.parse_listing, {"topic": True, "search": True}
                )
        if self.window is None:
            for url, known in list(self.known.items()):
                if known.is_due(self.started):
                    callback = self.parse_article if known.page.kind == "article" else self.parse_attachment
                    yield self.ask(url, known.page.kind, callback)

    # -- listings -----------------------------------------------------------------------------------------

    def parse_listing(self, response: Response) -> Iterator[Request]:
        """Follow the articles of a listing page and, as long as it shows something new, the next page."""
        if response.status in GONE or not isinstance(response, TextResponse):
            raise EmptyListingError(f"{response.url} answered {response.status}")
        if (why := _too_much(response.body)) is not None:
            raise EmptyListingError(f"{response.url}: {why}")
        links = links_of(response, self.portal.article_links)
        articles = [(url, title) for url, title in links.items() if self.article_url.search(url)]
        page = response.meta.get("page", 1)
        if not articles:
            if page > 1 or response.meta.get("search"):
                return  # behind the last page; nothing found
            wrong = page_class(response.selector.root, self.portal.layout_on(None))
            self._count_class(wrong)
            missing = f"a {wrong} instead of links" if wrong in NOT_ARTICLES else f"no link fits {self.portal.article_pattern!r}"
            raise EmptyListingError(f"{response.url}: {missing}")
        fresh = [url for url, _ in articles if url not in self.asked]
        unknown = [url for url in fresh if url not in self.known]
        topic = response.meta.get("topic", False)
        yield from self._follow((Entry(url, title, url_day(url)) for url, title in articles), everything=topic)
        # A backfill goes to the end; a night to known ground. A page that shows nothing new at all is a circle.
        if (fresh if self.window else unknown) and page < (_MOST_PAGES_BACK if self.window else _MOST_PAGES):
            meta = {**{key: response.meta.get(key) for key in ("topic", "search")}, "page": page + 1}
            for url in list(links_of(response, self.portal.next_page))[:1]:
                yield self.ask(url, "listing", self.parse_listing, meta)

    def parse_feed(self, response: Response) -> Iterator[Request]:
        """Follow the items of an RSS or Atom feed."""
        yield from self._follow(self._entries(response, feed_entries))

    def parse_sitemap(self, response: Response) -> Iterator[Request]:
        """Follow the pages of a sitemap, and the sitemaps of an index that may hold something new."""
        depth = response.meta.get("page", 1)
        entries = self._entries(response, sitemap_entries)
        for entry in entries:
            if entry.is_index and depth < _SITEMAP_DEPTH and self._may_hold_news(entry):
                yield self.ask(entry.url, "sitemap", self.parse_sitemap, {"page": depth + 1})
        yield from self._follow(entry for entry in entries if not entry.is_index)

    def _entries(self, response: Response, read: Callable[[bytes], list[Entry]]) -> list[Entry]:
        if response.status in GONE:
            raise EmptyListingError(f"{response.url} answered {response.status}")
        try:
            return read(response.body)
        except ListingError as error:
            raise EmptyListingError(f"{response.url}: {error}") from error

    def _may_hold_news(self, entry: Entry) -> bool:
        """Tell whether a sitemap of an index is of the window, or of the last months, by its name or its date."""
        named = re.search(r"(?<!\d)(20\d\d)(?:[-_/]?(0[1-9]|1[0-2]))?(?!\d)", urlsplit(entry.url).path)
        if named is None:
            since = self.window.first if self.window else self.started.date() - _RECENT
            return entry.day is None or entry.day >= since  # lastmod: nothing in it is younger
        year, months = int(named[1]), (int(named[2]), int(named[2])) if named[2] else (1, 12)
        begin, end = date(year, months[0], 1), date(year, months[1], 28) + timedelta(days=3)
        if self.window:
            return begin <= self.window.last and end >= self.window.first
        return end >= self.started.date() - _RECENT

    # -- articles -----------------------------------------------------------------------------------------

    def _follow(self, entries: Iterable[Entry], *, everything: bool = False) -> Iterator[Request]:
        """Ask for the articles among the entries that are new, changed since, and worth it."""
        for entry in entries:
            url = canonical(entry.url)
            if not self.article_url.search(url) or refusal(url) is not None:
                continue
            known = self.known.get(url)
            if known is not None and not known.gone and (entry.day is None or entry.day <= known.last_asked.date()):
                continue  # asked for by `start` when it is due
            day = entry.day or url_day(url)
            if self.window and not self.window.holds(day):
                self._count("outside_window")
            elif not everything and not worth_fetching(entry.title, url):
                self._count("not_worth")
            else:
                yield self.ask(url, "article", self.parse_article)

    def ask(self, url: str, kind: str, callback: Any, meta: dict[str, Any] | None = None) -> Request:
        """Build a request; a known article carries the validators its last response came with."""
        url = canonical(url)
        self.asked.add(url)
        known = self.known.get(url)
        headers = {}
        if known is not None:
            if known.page.etag:
                headers["If-None-Match"] = known.page.etag
            if known.page.last_modified:
                headers["If-Modified-Since"] = known.page.last_modified
        return Request(url, callback=callback, headers=headers, meta={"kind": kind, "known": known is not None, **(meta or {})})

    def parse_article(self, response: Response) -> Iterator[Request]:
        """Fetch the documents that an article links to; the article itself is already archived."""
        if response.status != OK or not isinstance(response, TextResponse) or _too_much(response.body):
            return
        found = page_class(response.selector.root, self.portal.layout_on(None))
        if found in NOT_ARTICLES or _is_front_page(response):
            self._count_class(found if found in NOT_ARTICLES else SOFT_404)
            return
        for url in attachments_of(response):
            if url not in self.asked:
                yield self.ask(url, "attachment", self.parse_attachment)

    def parse_attachment(self, response: Response) -> None:
        """Keep an attachment: the archive has done so."""

    def _count_class(self, found: str) -> None:
        if found in NOT_ARTICLES:
            self._count(f"class/{found}")

    def _count(self, what: str) -> None:
        if self.crawler.stats is not None:
            self.crawler.stats.inc_value(f"chiso/{what}")


def _too_much(body: bytes) -> str | None:
    """Return why a page is not looked through for links, or None."""
    return f"larger than {MOST_MARKUP // 2**20} MB" if len(body) > MOST_MARKUP else wild(body)


def _is_front_page(response: Response) -> bool:
    """Tell whether an article's address now leads to the front page: a soft 404 by redirect."""
    request = response.request
    return request is not None and original(request) != response.url and urlsplit(response.url).path in {"", "/", "/index.html", "/home"}
