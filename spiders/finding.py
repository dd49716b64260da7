"""What sitemaps and feeds list: addresses with their days. XML from anywhere, so no entity and no DTD is followed."""

import gzip
import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice

from lxml import etree

#: The limits of the sitemap protocol; what a file holds beyond them is not read.
MOST_ENTRIES = 50_000
MOST_BYTES = 50 * 1024 * 1024
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)


class ListingError(ValueError):
    """Raised for a sitemap or feed that cannot be read: no XML, an entity bomb, too large."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One address that a sitemap or feed lists; `day` is when it was published or last changed, None if not said."""

    url: str
    title: str = ""
    day: date | None = None
    is_index: bool = False


def sitemap_entries(body: bytes) -> list[Entry]:
    """Return what a sitemap, news sitemap, sitemap index or plain list of addresses holds.

    Raises ListingError for what is neither.
    """
    body = _unpacked(body)
    if not body.startswith(_UTF16) and not body.lstrip().startswith((b"<", b"\xef\xbb\xbf")):
        lines = [line.strip() for line in body.decode("utf-8", errors="replace").splitlines()]
        if found := [Entry(line) for line in lines[:MOST_ENTRIES] if _ADDRESS.fullmatch(line)]:
            return found
        raise ListingError("neither XML nor a list of addresses")
    entries = []
    for item in islice(_items(body, {"url", "sitemap"}), MOST_ENTRIES):
        values = _values(item)
        if url := values.get("loc"):
            day = _day(values.get("publication_date") or values.get("lastmod") or "")
            entries.append(Entry(url, values.get("title", ""), day, is_index=_local(item) == "sitemap"))
    return entries


def feed_entries(body: bytes) -> list[Entry]:
    """Return the items of an RSS or Atom feed. Raises ListingError for what is neither."""
    entries = []
    for item in islice(_items(_unpacked(body), {"item", "entry"}), MOST_ENTRIES):
        values = _values(item)
        links = [link.get("href", "") for link in item.iter("{*}link") if link.get("rel", "alternate") == "alternate"]
        url = values.get("link") or next(filter(None, links), "") or values.get("guid", "")
        if _ADDRESS.fullmatch(url):
            day = _day(values.get("pubDate") or values.get("published") or values.get("updated") or values.get("date") or "")
            entries.append(Entry(url, values.get("title", ""), day))
    return entries


def _unpacked(body: bytes) -> bytes:
    if body[:2] != b"\x1f\x8b":
        return body
    try:
        with gzip.open(io.BytesIO(body)) as stream:
            text = stream.read(MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise ListingError(f"damaged gzip data: {error}") from error
    if len(text) > MOST_BYTES:
        raise ListingError(f"more than {MOST_BYTES // 2**20} MB when unpacked")
    return text


def _items(body: bytes, names: set[str]) -> Iterator[etree._Element]:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, recover=True, remove_comments=True
    )
    try:
        root = etree.fromstring(body[:MOST_BYTES] if body.startswith(_UTF16) else body[:MOST_BYTES].lstrip(), parser)
    except etree.XMLSyntaxError as error:
        raise ListingError(f"no XML: {error.msg}") from error
    if root is None:
        raise ListingError("no XML")
    document = root.getroottree().docinfo
    if document.internalDTD is not None and list(document.internalDTD.iterentities()):
        raise ListingError("it declares entities, which no sitemap or feed needs")
    return (item for item in root.iter("{*}*") if _local(item) in names)


def _local(item: etree._Element) -> str:
    return str(item.tag).rsplit("}", 1)[-1]


def _values(item: etree._Element) -> dict[str, str]:
    """Return the texts of an item's fields by name; of two with one name the first."""
    found: dict[str, str] = {}
    for child in item.iterdescendants():
        text = (child.text or "").strip() if isinstance(child.tag, str) else ""
        if text:
            found.setdefault(_local(child), text)
    return found


def _day(text: str) -> date | None:
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 (feeds only)

    try:
        return datetime.fromisoformat(text.strip()).date()
    except ValueError:
        pass
    match = re.match(r"(\d{4})-(\d\d)(?:-(\d\d))?", text.strip())
    try:
        if match:
            return date(int(match[1]), int(match[2]), int(match[3] or 1))
        return parsedate_to_datetime(text).date()
    except (ValueError, TypeError):
        return None
