"""Publication dates: the portal's own line first, then machine-readable marks, the line by the headline, the URL, the text.

The clock in a page's header shows the moment of the visit, and a related headline its own day; neither is asked.
"""

import json
import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from lxml.html import HtmlElement

from extract.visible import words_of
from normalize.url_date import url_day

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
_DMY = re.compile(r"(?<!\d)(\d{1,2})\s*[-/.]\s*(\d{1,2})\s*[-/.]\s*(\d{4})(?!\d)")
_WORDS = re.compile(r"ngày\s+(\d{1,2})\s+tháng\s+(\d{1,2})\s+năm\s+(\d{4})", re.IGNORECASE)
_TITLED = re.compile(r"(?<!\d)(\d{1,2})\s+tháng\s+(\d{1,2})(?:\s*,|\s+năm)?\s+(\d{4})(?!\d)", re.IGNORECASE)
_ISO = re.compile(r"(?<!\d)(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?!\d)")
_FORMS = ((_ISO, (1, 2, 3)), (_DMY, (3, 2, 1)), (_WORDS, (3, 2, 1)), (_TITLED, (3, 2, 1)))
_TIME = re.compile(
    r"(?<![\d/.,])([01]?\d|2[0-3])\s*[:hg]\s*([0-5]\d)(?:\s*[:']\s*([0-5]\d)(?!\d))?\s*(SA|CH|AM|PM)?(?![\w/])", re.IGNORECASE
)
_OFFSET = re.compile(
    r"(?:GMT|UTC)\s*([+-])\s*(\d{1,2})(?::?(\d\d))?|(?<=\d)\s*(Z)\b|(?<=[\d:.]{3})\s*([+-])(\d\d):?(\d\d)\b", re.IGNORECASE
)
_LEAD = re.compile(r"(?:^|\n)[^\n]{0,40}?(?:[Nn]gày|[Ss]áng|[Cc]hiều)\s+(?:ngày\s+)?(\d{1,2})/(\d{1,2})/(\d{4})")
_META = (
    "article:published_time", "og:article:published_time", "datepublished", "pubdate", "publishdate", "publish-date", "published_time",
    "publication_date", "dc.date", "dc.date.issued", "dc.date.created", "dcterms.created", "og:published_time", "parsely-pub-date", "date",
    "article.published", "cxenseparse:recs:publishtime", "sailthru.date", "datecreated",
)  # fmt: skip
_WRITTEN = re.compile(r'"datePublished"\s*:\s*"([^"]{8,40})"')
# What elements that hold a date are called, and where dates are not the article's.
_DATED = re.compile(
    r"date|time|publi|ngay|post-?meta|entry-meta|article-meta|detail-info|tacgia|cms-date|datetime|time-?post", re.IGNORECASE
)
_ELSEWHERE = re.compile(
    r"relat|lien-?quan|tin-?khac|other|sidebar|side-?bar|footer|header|clock|today|current|comment|binh-?luan|widget|menu|nav|breadcrumb"
    r"|most|newest|moi-?nhat|hot|weather|cungchuyenmuc|recommend",
    re.IGNORECASE,
)
_LONGEST_LINE = 160
_MODIFIED = re.compile(r"cập nhật|sửa|updated|modified|last", re.IGNORECASE)


def parse_moment(text: str) -> datetime | date | None:
    """Read a day, and its time where one stands beside it, in the forms that portals print; day before month, always.

    A time without a zone is Vietnamese; one with a zone is turned into Vietnamese time, which may be another day.

    >>> parse_moment("Đăng ngày 25 - 05 - 2022"), parse_moment("2022-05-24T23:30:00Z").isoformat()
    (datetime.date(2022, 5, 25), '2022-05-25T06:30:00+07:00')
    >>> parse_moment("13/09/2022 3:23 CH").isoformat()
    '2022-09-13T15:23:00+07:00'

    dateparser reads what is left ("3 giờ trước" is not read: the page's own time is not known here).
    """
    for pattern, (y, m, d) in _FORMS:
        match = pattern.search(text)
        if match:
            day = _valid(int(match[y]), int(match[m]), int(match[d]))
            return None if day is None else _at(day, text, match.span())
    return _dateparser(text)


def parse_day(text: str) -> date | None:
    """Read the day of `parse_moment`.

    >>> parse_day("Thứ Năm, 24/06/2021, 19:17 [GMT+7]")
    datetime.date(2021, 6, 24)
    """
    moment = parse_moment(text)
    return moment.date() if isinstance(moment, datetime) else moment


def _valid(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _at(day: date, text: str, span: tuple[int, int]) -> datetime | date:
    """Add the time of day that stands next to a day: behind it if there is one, else before it."""
    behind = text[span[1] : span[1] + 40].replace("T", " ", 1)
    clock = _TIME.search(behind) or _TIME.search(text[max(0, span[0] - 40) : span[0]])
    if clock is None:
        return day
    half, hour = (clock[4] or "").upper(), int(clock[1])
    if half in {"CH", "PM"} and hour < 12:  # noqa: PLR2004
        hour += 12
    elif half in {"SA", "AM"} and hour == 12:  # noqa: PLR2004
        hour = 0
    moment = datetime.combine(day, time(hour, int(clock[2]), int(clock[3] or 0)), VIETNAM)
    zone = _OFFSET.search(text, span[0])
    if zone is None:
        return moment
    sign, hours, minutes = (zone[1] or zone[5] or "+", int(zone[2] or zone[6] or 0), int(zone[3] or zone[7] or 0))
    shift = timedelta(hours=7) - (timedelta(hours=hours, minutes=minutes) if sign == "+" else -timedelta(hours=hours, minutes=minutes))
    return moment + shift


def _dateparser(text: str) -> datetime | date | None:
    if not re.search(r"\d{4}", text) or len(text) > 80:  # noqa: PLR2004 (a date line is short)
        return None
    import dateparser  # noqa: PLC0415 (a fifth of a second to import, and rarely needed)

    found: datetime | None = dateparser.parse(
        text.strip(),
        languages=["vi", "en"],
        settings={"DATE_ORDER": "DMY", "STRICT_PARSING": True, "TIMEZONE": "Asia/Ho_Chi_Minh", "RETURN_AS_TIMEZONE_AWARE": True},
    )
    if found is None:
        return None
    return found.astimezone(VIETNAM) if _TIME.search(text) else found.date()


def published_on(
    root: HtmlElement | None,
    line: str | None,
    url: str | None,
    text: str,
    *,
    heading: HtmlElement | None = None,
    to_the_second: bool = False,
) -> tuple[datetime | date | None, str | None]:
    """Return when an article was published and the signal that said so.

    `line` is the portal's own date line by its layout, `heading` the element of the headline where no layout is known.
    With `to_the_second` the marks of the page add the seconds to a line that agrees with them.
    """
    signals: list[tuple[str, Iterable[datetime | date | None]]] = [("the page's date line", [parse_moment(line) if line else None])]
    if root is not None:
        signals += [("a meta tag", _from_meta(root)), ("structured data", _from_json_ld(root))]
        if heading is not None:
            signals.append(("the line by the headline", _from_lines(root, heading)))
    signals += [("the URL", [url_day(url or "")]), ("the first lines of the text", [_from_lead(text)])]
    for reason, moments in signals:
        for moment in moments:
            if moment is not None:
                return (_to_the_second(moment, root) if root is not None and to_the_second else moment), reason
    return None, None


def _to_the_second(moment: datetime | date, root: HtmlElement) -> datetime | date:
    """Return the same minute as the page's machine-readable marks have it, if they agree with its date line."""
    for exact in (*_from_meta(root), *_from_json_ld(root)):
        if isinstance(exact, datetime) and isinstance(moment, datetime) and exact.replace(second=0) == moment:
            return exact
    return moment


def _from_meta(root: HtmlElement) -> Iterator[datetime | date | None]:
    found: dict[str, str] = {}
    for tag in root.iter("meta"):
        name = (tag.get("property") or tag.get("name") or tag.get("itemprop") or "").lower()
        if name in _META and tag.get("content"):
            found.setdefault(name, tag.get("content", ""))
    for name in _META:
        if name in found:
            yield parse_moment(found[name])


def _from_json_ld(root: HtmlElement) -> Iterator[datetime | date | None]:
    for tag in root.iter("script"):
        if tag.get("type") != "application/ld+json":
            continue
        try:
            data: Any = json.loads((tag.text or "").strip(), strict=False)
        except (ValueError, RecursionError):  # a comma too many; the day stands there all the same
            if found := _WRITTEN.search(tag.text or ""):
                yield parse_moment(found[1])
            continue
        items = data if isinstance(data, list) else [data]
        graphs = [item["@graph"] for item in items if isinstance(item, dict) and isinstance(item.get("@graph"), list)]
        for item in [*items, *(inner for graph in graphs for inner in graph)]:
            if isinstance(item, dict) and isinstance(item.get("datePublished"), str):
                yield parse_moment(item["datePublished"])


def _from_lines(root: HtmlElement, heading: HtmlElement) -> Iterator[datetime | date | None]:
    """Yield the dates of elements that are called dates, the nearest to the headline first; behind it before above it."""
    places = {element: place for place, element in enumerate(root.iter())}
    at = places.get(heading, 0)
    found = []
    for element, place in places.items():
        if not isinstance(element.tag, str) or element.tag in {"script", "style", "a", "body", "html", "form"}:
            continue
        named = f"{element.get('class', '')} {element.get('id', '')} {element.get('itemprop', '')}"
        if element.tag != "time" and not _DATED.search(named):
            continue
        if any(
            up.tag in {"footer", "nav", "aside"} or _ELSEWHERE.search(f"{up.get('class', '')} {up.get('id', '')}") for up in _up(element)
        ):
            continue
        said = (element.get("datetime") or "") if element.tag == "time" else ""
        said = said or words_of(element)
        if said and len(said) <= _LONGEST_LINE:
            distance = place - at if place >= at else 3 * (at - place)
            found.append((bool(_MODIFIED.search(said)), distance, said))
    for _, _, said in sorted(found, key=lambda item: item[:2])[:8]:
        yield parse_moment(said)


def _up(element: HtmlElement) -> Iterator[HtmlElement]:
    yield element
    yield from element.iterancestors()


def _from_lead(text: str) -> date | None:
    match = _LEAD.search("\n".join(text[:2000].split("\n")[:3]))
    return _valid(int(match[3]), int(match[2]), int(match[1])) if match else None
