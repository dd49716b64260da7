"""A portal is one short TOML file that says where things are; a family is the markup that many share.

    spiders/portals/<name>.toml    home, listings, feeds, sitemaps, place, and what differs from the family
    spiders/families/<family>.toml layouts of the CMS, each valid until a date

Nothing here runs code of a portal: a new one is data, read and checked by `load_portal`.
"""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit


class PortalError(ValueError):
    """Raised by `load_portal` for an unknown name or a declaration that does not say what it must."""


@dataclass(frozen=True, slots=True)
class Layout:
    """CSS selectors of an article page; the first selector of a tuple that matches is taken.

    `until` is the last day on which pages looked like this; None for the layout in use. `lead` is a first paragraph
    that stands outside the body. `drop` is not read: counters, related headlines, share buttons.
    """

    title: tuple[str, ...]
    body: tuple[str, ...]
    lead: tuple[str, ...] = ()
    published: tuple[str, ...] = ()
    author: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Portal:
    """One publisher's site.

    `place` is the unit that publishes, smallest first ("Yên Châu, Sơn La"), None for national media.
    `kind` is publisher (of an index), wire, portal, paper or aggregator: the order in which reconciliation
    believes them. `copies` says that what it prints is others' text, translated by a machine if "translated".

    Where its articles are: `listings`, `feeds`, `sitemaps`, and `search`, an address in which {query} stands for
    words. `hosts` are further names of the same site, and where it has moved to.

    What it bears: `concurrency` requests in flight, `delay` seconds between them, `budget` requests a night.
    What a healthy night finds: `min_articles` to `max_articles` pages, `min_claims` to `max_claims` claims.
    """

    name: str
    title: str
    home: str
    kind: str
    family: str
    layouts: tuple[Layout, ...]
    article_links: tuple[str, ...]
    article_pattern: str
    next_page: tuple[str, ...] = ()
    place: str | None = None
    copies: str | None = None
    hosts: tuple[str, ...] = ()
    listings: tuple[str, ...] = ()
    feeds: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    concurrency: int = 1
    delay: float = 1.0
    budget: int = 2000
    min_articles: int = 1
    max_articles: int = 2000
    min_claims: int = 0
    max_claims: int = 20_000
    verified: str = "never"
    caveats: str = ""

    @property
    def host(self) -> str:
        """The host name of the home page: the name of the source in claims."""
        return urlsplit(self.home).hostname or self.home

    def layout_on(self, day: date | None) -> Layout:
        """Return the layout in use on the day a page was fetched; the newest when the day is unknown."""
        dated = sorted((lo for lo in self.layouts if lo.until), key=lambda lo: lo.until or date.max)
        if day is not None:
            for layout in dated:
                if layout.until and day <= layout.until:
                    return layout
        return next((lo for lo in self.layouts if lo.until is None), self.layouts[-1])


_LISTS = ("hosts", "listings", "feeds", "sitemaps", "search", "article_links", "next_page")
_REQUIRED = ("title", "home", "kind", "family")
KINDS = ("publisher", "wire", "portal", "paper", "aggregator")
COPIES = (None, "copied", "translated")


def _read(folder: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(files("spiders").joinpath(folder, f"{name}.toml").read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise PortalError(f"no such {folder[:-1]}: {name!r} (see `chiso portals`)") from error
    except tomllib.TOMLDecodeError as error:
        raise PortalError(f"spiders/{folder}/{name}.toml: {error}") from error


def _layout(entry: dict[str, Any], where: str) -> Layout:
    unknown = set(entry) - {"title", "body", "lead", "published", "author", "drop", "until"}
    if unknown or not entry.get("title") or not entry.get("body"):
        raise PortalError(f"{where}: a layout needs title and body, and knows no {sorted(unknown)}")
    texts = {key: tuple(value) for key, value in entry.items() if key != "until"}
    return Layout(until=entry.get("until"), **texts)


@cache
def load_portal(name: str) -> Portal:
    """Read one portal by name, completed from its family; a name that ends in .toml is a file that is not yet part of the project.

    Raises PortalError, naming the file and the field, for anything missing or unknown.
    """
    if name.endswith(".toml"):
        path = Path(name)
        try:
            return _portal(path.stem, tomllib.loads(path.read_text(encoding="utf-8")), name)
        except OSError as error:
            raise PortalError(f"{name}: {error.strerror}") from error
        except tomllib.TOMLDecodeError as error:
            raise PortalError(f"{name}: {error}") from error
    return _portal(name, _read("portals", name if name.replace("_", "").isalnum() else "?"), f"spiders/portals/{name}.toml")


def _portal(name: str, declared: dict[str, Any], where: str) -> Portal:
    missing = [key for key in _REQUIRED if key not in declared]
    if missing:
        raise PortalError(f"{where}: missing {', '.join(missing)}")
    family = _read("families", declared["family"])
    merged: dict[str, Any] = {**family, **declared}
    layouts = tuple(_layout(entry, where) for entry in merged.pop("layout", ()))
    if not layouts or merged["kind"] not in KINDS or merged.get("copies") not in COPIES:
        raise PortalError(
            f"{where}: needs a layout (its own or its family's) and a kind of {', '.join(KINDS)}; copies is copied or translated, if given"
        )
    for key in _LISTS:
        merged[key] = tuple(merged.get(key, ()))
    try:
        return Portal(name=name, layouts=layouts, **merged)
    except TypeError as error:
        raise PortalError(f"{where}: {error}") from error


@cache
def portal_names() -> tuple[str, ...]:
    """Return the names of all declared portals."""
    folder = files("spiders").joinpath("portals")
    return tuple(sorted(item.name.removesuffix(".toml") for item in folder.iterdir() if item.name.endswith(".toml")))


@cache
def _by_host() -> dict[str, Portal]:
    portals = [load_portal(name) for name in portal_names()]
    return {host: portal for portal in portals for host in (portal.host, *portal.hosts)}


def portal_of(url: str | None) -> Portal | None:
    """Return the portal that a URL belongs to, by host name; None for a site nobody has declared."""
    try:
        host = urlsplit(url or "").hostname or ""
    except ValueError:  # "http://[": no host at all
        return None
    return _by_host().get(host) or _by_host().get(host.removeprefix("www."))
