"""The sample web's content: sites read from samples/sites/*.toml, rendered in their family's markup.

A site changes with the night: an article may appear, be revised, move, be gone, or hide behind a wall.
"""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

import jinja2

_VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
_WEEKDAYS = ("Thứ Hai", "Thứ Ba", "Thứ Tư", "Thứ Năm", "Thứ Sáu", "Thứ Bảy", "Chủ nhật")
_PER_PAGE = 2
#: The last night on which something changes; later nights show the same web.
LAST_NIGHT = 3


@dataclass(frozen=True, slots=True)
class Answer:
    """What the sample server answers: status, headers and body."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class SampleArticle:
    """One article as it stands on one night."""

    path: str
    title: str
    day: date
    clock: str
    body: str
    author: str | None
    meta_line: str | None
    listed: bool
    moved_to: str | None
    wall: str | None


@dataclass(frozen=True, slots=True)
class Site:
    """One sample site."""

    host: str
    family: str
    name: str
    listing: str
    articles: tuple[Mapping[str, Any], ...]
    related: tuple[Mapping[str, str], ...]
    validators: bool
    feed: str | None
    sitemap: str | None
    robots: str
    files: Mapping[str, str]
    broken_listing: bool

    def on(self, night: int) -> dict[str, SampleArticle]:
        """Return the articles that stand on the given night, by path and query."""
        found = {}
        for entry in self.articles:
            if not entry.get("from_night", 1) <= night <= entry.get("until_night", 10**6):
                continue
            revised = [r for r in entry.get("revision", ()) if r["night"] <= night]
            body = (revised[-1] if revised else entry)["body"]
            found[entry["path"]] = SampleArticle(
                path=entry["path"],
                title=entry["title"],
                day=entry["day"],
                clock=entry.get("clock", "08:30"),
                body=body if not entry.get("story") else _story(entry["story"]),
                author=entry.get("author"),
                meta_line=entry.get("meta_line"),
                listed=entry.get("listed", True),
                moved_to=entry["moved_to"] if entry.get("moved_night", 10**6) <= night else None,
                wall=entry["wall"] if entry.get("wall_night") == night else None,
            )
        return found


def _story(name: str) -> str:
    return files("samples").joinpath("stories", f"{name}.html").read_text(encoding="utf-8")


@cache
def sites() -> dict[str, Site]:
    """Return every sample site by host name."""
    found = {}
    for item in sorted(files("samples").joinpath("sites").iterdir(), key=lambda i: i.name):
        data = tomllib.loads(item.read_text(encoding="utf-8"))
        host = item.name.removesuffix(".toml")
        found[host] = Site(
            host=host,
            family=data["family"],
            name=data["name"],
            listing=data["listing"],
            articles=tuple(data.get("article", ())),
            related=tuple(data.get("related", ())),
            validators=data.get("validators", True),
            feed=data.get("feed"),
            sitemap=data.get("sitemap"),
            robots=data.get("robots", "User-agent: *\nAllow: /\n"),
            files=data.get("files", {}),
            broken_listing=data.get("broken_listing", False),
        )
    return found


@cache
def _templates() -> jinja2.Environment:
    return jinja2.Environment(loader=jinja2.PackageLoader("samples", "families"), autoescape=True, undefined=jinja2.StrictUndefined)


def answer(url: str, night: int, headers: Mapping[str, str], now: datetime | None = None) -> Answer:
    """Answer one GET for an absolute URL as the named site would on the given night."""
    parts = urlsplit(url)
    site = sites().get(parts.hostname or "")
    if site is None:
        return Answer(502, {"Content-Type": "text/plain"}, b"no such sample host\n")
    target = unquote(parts.path) + (f"?{parts.query}" if parts.query else "")
    if target == "/robots.txt":
        return Answer(200, {"Content-Type": "text/plain; charset=utf-8"}, site.robots.encode())
    articles = site.on(night)
    if target in articles and articles[target].moved_to:
        return Answer(301, {"Location": articles[target].moved_to or "", "Content-Type": "text/html"}, b"")
    if target in articles and articles[target].wall:
        page = files("samples").joinpath("walls", f"{articles[target].wall}.html").read_bytes()
        return Answer(200, {"Content-Type": "text/html; charset=utf-8"}, page)
    if target in articles:
        return _article(site, articles[target], headers, now or datetime.now(_VIETNAM))
    if target in site.files:
        body = files("samples").joinpath("files", site.files[target]).read_bytes()
        return _with_validators(site, Answer(200, {"Content-Type": "application/pdf"}, body), body, headers)
    if target == site.feed:
        return Answer(200, {"Content-Type": "application/rss+xml; charset=utf-8"}, _rss(site, articles).encode())
    if target == site.sitemap:
        return Answer(200, {"Content-Type": "application/xml; charset=utf-8"}, _sitemap(site, articles).encode())
    if parts.path == urlsplit(site.listing).path:
        return _listing(site, list(articles.values()), parts.query, now or datetime.now(_VIETNAM))
    return Answer(404, {"Content-Type": "text/html; charset=utf-8"}, "<h1>Không tìm thấy trang</h1>".encode())


def _furniture(now: datetime) -> dict[str, Any]:
    """Return what real pages show beside the article, and what changes at every visit."""
    return {
        "clock_long": f"{_WEEKDAYS[now.weekday()]}, ngày {now.day} tháng {now.month} năm {now.year}",
        "views": 40 + now.minute,
        "online": 100 + now.second,
    }


def _article(site: Site, article: SampleArticle, headers: Mapping[str, str], now: datetime) -> Answer:
    page = (
        _templates()
        .get_template(f"{site.family}/article.html")
        .render(site=site, article=article, weekday=_WEEKDAYS[article.day.weekday()], **_furniture(now))
    )
    plain = Answer(200, {"Content-Type": "text/html; charset=utf-8"}, page.encode())
    return _with_validators(site, plain, f"{article.title}{article.body}".encode(), headers)


def _with_validators(site: Site, plain: Answer, content: bytes, headers: Mapping[str, str]) -> Answer:
    if not site.validators:
        return plain
    etag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
    if headers.get("if-none-match") == etag:
        return Answer(304, {"ETag": etag}, b"")
    return Answer(plain.status, {**plain.headers, "ETag": etag}, plain.body)


def _listing(site: Site, articles: list[SampleArticle], query: str, now: datetime) -> Answer:
    number = int(query.removeprefix("page=")) if query.startswith("page=") and query[5:].isdecimal() else 1
    shown = [a for a in articles if a.listed]
    items = [] if site.broken_listing else shown[(number - 1) * _PER_PAGE : number * _PER_PAGE]
    following = f"{urlsplit(site.listing).path}?page={number + 1}" if number * _PER_PAGE < len(shown) else None
    page = _templates().get_template(f"{site.family}/listing.html").render(site=site, items=items, next=following, **_furniture(now))
    return Answer(200, {"Content-Type": "text/html; charset=utf-8"}, page.encode())


def _origin(site: Site) -> str:
    parts = urlsplit(site.listing)
    return f"{parts.scheme}://{parts.netloc}"


def _rss(site: Site, articles: Mapping[str, SampleArticle]) -> str:
    items = "".join(f"<item><title>{escape(a.title)}</title><link>{_origin(site)}{escape(a.path)}</link></item>" for a in articles.values())
    return f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>{site.name}</title>{items}</channel></rss>'


def _sitemap(site: Site, articles: Mapping[str, SampleArticle]) -> str:
    urls = "".join(f"<url><loc>{_origin(site)}{escape(a.path)}</loc></url>" for a in articles.values())
    return f'<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'
