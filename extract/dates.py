"""Publication dates: the portal's own line first, then machine-readable marks, the URL, the text; never the clock."""

import json
import re
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from bs4 import BeautifulSoup, Tag

from extract.url_date import url_day

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
_DMY = re.compile(r"(?<!\d)(\d{1,2})\s*[-/.]\s*(\d{1,2})\s*[-/.]\s*(\d{4})(?!\d)")
_WORDS = re.compile(r"ngày\s+(\d{1,2})\s+tháng\s+(\d{1,2})\s+năm\s+(\d{4})", re.IGNORECASE)
_ISO = re.compile(r"(?<!\d)(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)")
_LEAD = re.compile(r"(?:^|\n)[^\n]{0,40}?(?:[Nn]gày|[Ss]áng|[Cc]hiều)\s+(?:ngày\s+)?(\d{1,2})/(\d{1,2})/(\d{4})")
_META = ("article:published_time", "pubdate", "dc.date", "datePublished", "publishdate", "og:published_time")


def parse_day(text: str) -> date | None:
    """Read a day in the forms that portals print; day before month, always.

    >>> parse_day("Đăng ngày 25 - 05 - 2022"), parse_day("Thứ Năm, 24/06/2021, 19:17 [GMT+7]")
    (datetime.date(2022, 5, 25), datetime.date(2021, 6, 24))

    dateparser reads what is left ("3 giờ trước" is not read: the page's own time is not known here).
    """
    for pattern, order in ((_ISO, (1, 2, 3)), (_DMY, (3, 2, 1)), (_WORDS, (3, 2, 1))):
        match = pattern.search(text)
        if match:
            return _valid(*(int(match[n]) for n in order))
    return _dateparser(text)


def _valid(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _dateparser(text: str) -> date | None:
    if not re.search(r"\d{4}", text) or len(text) > 80:  # noqa: PLR2004 (a date line is short)
        return None
    import dateparser  # noqa: PLC0415 (a fifth of a second to import, and rarely needed)

    found = dateparser.parse(
        text.strip(),
        languages=["vi", "en"],
        settings={"DATE_ORDER": "DMY", "STRICT_PARSING": True, "TIMEZONE": "Asia/Ho_Chi_Minh", "RETURN_AS_TIMEZONE_AWARE": True},
    )
    return found.date() if found else None


def published_on(soup: BeautifulSoup, line: str | None, url: str | None, text: str) -> tuple[date | None, str | None]:
    """Return the publication day and the signal that gave it.

    `line` is the portal's own date line by its layout. The clock in a page's header shows the day of the visit
    and is no signal; neither is the date behind a related headline.
    """
    signals = (
        ("the page's date line", parse_day(line) if line else None),
        ("a meta tag", _from_meta(soup)),
        ("structured data", _from_json_ld(soup)),
        ("the URL", url_day(url or "")),
        ("the first lines of the text", _from_lead(text)),
    )
    for reason, day in signals:
        if day is not None:
            return day, reason
    return None, None


def _moment(text: str) -> date | None:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return parse_day(text)
    return (moment.astimezone(VIETNAM) if moment.tzinfo else moment).date()


def _from_meta(soup: BeautifulSoup) -> date | None:
    for name in _META:
        tag = soup.find("meta", attrs={"property": name}) or soup.find("meta", attrs={"name": name})
        if isinstance(tag, Tag) and isinstance(tag.get("content"), str):
            day = _moment(str(tag["content"]))
            if day:
                return day
    return None


def _from_json_ld(soup: BeautifulSoup) -> date | None:
    for tag in soup.find_all("script", type="application/ld+json"):
        try:
            data: Any = json.loads(tag.string or "")
        except ValueError:
            continue
        for item in data if isinstance(data, list) else [data]:
            if isinstance(item, dict) and isinstance(item.get("datePublished"), str):
                return _moment(item["datePublished"])
    return None


def _from_lead(text: str) -> date | None:
    match = _LEAD.search("\n".join(text[:2000].split("\n")[:3]))
    return _valid(int(match[3]), int(match[2]), int(match[1])) if match else None
