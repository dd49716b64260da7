"""Shares of a "lần lượt": the years or indices listed before it, one for each value behind it."""

from dataclasses import dataclass

from extract.discourse import YearRead
from extract.indexing import IndexPlace
from extract.marked import Marked
from extract.mentions import Mention, SubjectName, Year


@dataclass(frozen=True, slots=True)
class Portion:
    """What one value of a shared list is of, where the list says it: its index or its year."""

    index: str | None = None
    year: YearRead | None = None


def shared_portions(s: Marked, codes: list[IndexPlace], i: int, count: int) -> list[Portion]:
    """Return the `count` shares that the words before mention `i` list, or none where they list no such number."""
    years = _years(s, i)
    if len(years) == count:
        return [Portion(year=YearRead(year, "shared out in order")) for year in years]
    start = max((m.end for m in s.mentions[:i] if isinstance(m.payload, SubjectName)), default=0)
    listed = list(dict.fromkeys(code for at, _, code in codes if at < s.mentions[i].start))
    behind_subject = list(dict.fromkeys(code for at, _, code in codes if start <= at < s.mentions[i].start))
    for candidates in (behind_subject, listed):
        if len(candidates) == count:
            return [Portion(index=code) for code in candidates]
    return []


def _years(s: Marked, i: int) -> list[int]:
    """Return the years listed before mention `i`: "các năm 2020, 2021 và 2022", "từ năm 2019 đến 2021"."""
    mentions: list[Mention] = [m for m in s.mentions[:i] if isinstance(m.payload, Year) and not m.payload.base]
    years: list[int] = []
    for mention in mentions:
        year = mention.payload
        if isinstance(year, Year):
            years += range(year.years[0], year.years[-1] + 1) if year.is_range else year.years
    return list(dict.fromkeys(years))
