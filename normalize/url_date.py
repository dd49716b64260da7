"""The day that a URL carries: /2022-5-25/, /2024/01/17/, the time stamps of newspapers' article ids."""

import re
from datetime import date

_DAY = re.compile(r"/(20\d\d)[-/](\d{1,2})[-/](\d{1,2})(?=/)")
_STAMPS = (
    # VCCorp and thanhnien: channel, then yymmddhhmmss...: -188240513160245364.chn
    re.compile(r"-1\d\d(?P<y>\d\d)(?P<m>\d\d)(?P<d>\d\d)\d{6,}\.(?:htm|chn)"),
    # danviet, baotintuc, nhandan: the whole stamp: -20210415151607337.htm, -v20240417172100954.htm
    re.compile(r"[-v/d](?P<y>20\d\d)(?P<m>\d\d)(?P<d>\d\d)\d{6,}\.(?:htm|html|vov)"),
)


def url_day(url: str) -> date | None:
    """Return the publication day in a URL, or None.

    >>> url_day("https://cafef.vn/a-188240513160245364.chn"), url_day("http://x.gov.vn/portal/Pages/2022-5-25/a.aspx")
    (datetime.date(2024, 5, 13), datetime.date(2022, 5, 25))
    """
    match = _DAY.search(url)
    if match:
        return _valid(int(match[1]), int(match[2]), int(match[3]))
    for pattern in _STAMPS:
        match = pattern.search(url)
        if match:
            year = int(match["y"])
            return _valid(year if year > 99 else 2000 + year, int(match["m"]), int(match["d"]))  # noqa: PLR2004 (two digits)
    return None


def _valid(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
