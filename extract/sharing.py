"""Shares of a list: one value each ("lần lượt"), or one value for all ("đều")."""

import re
from dataclasses import dataclass

from extract.discourse import YearRead
from extract.indexing import IndexPlace, heads_value
from extract.marked import Marked
from extract.mentions import ComponentName, Group, IndexName, Mention, SubjectName, Year
from extract.rules.patterns import FIELD

_LIST_GAP = re.compile(r"[\s(),”\"“]*(?:và|and|cùng|,)?\s*(?:(?:chỉ số|trụ cột|lĩnh vực|về)\s*)*[\s(,“\"]*")
_FIELDS_OPEN = re.compile(r"[^.;()]{0,60}?(?:\blà|\bgồm|\bin|:)(?: (?:các )?(?:chỉ số|trụ cột|lĩnh vực))?[\s:“\"]*")
_FIELD = re.compile(rf"\b{FIELD}\b")
_EQUALLY = re.compile(r"[^.;]{0,40}\b(?:đều|cùng)\b(?: (?:được|đạt|xếp|đứng|ở|có|tăng|giảm|nằm))*\s*")


@dataclass(frozen=True, slots=True)
class Portion:
    """What one value of a shared list is of, where the list says it: its index, its year or its field."""

    index: str | None = None
    year: YearRead | None = None
    component: str | None = None


def shared_portions(s: Marked, codes: list[IndexPlace], i: int, count: int) -> list[Portion]:
    """Return the `count` shares that the words before mention `i` list, or none where they list no such number."""
    years = _years(s, i)
    if len(years) == count:
        return [Portion(year=YearRead(year, "shared out in order")) for year in years]
    fields = _fields(s, i)
    if len(fields) == count:
        return [Portion(component=name) for name in fields]
    start = max((m.end for m in s.mentions[:i] if isinstance(m.payload, SubjectName)), default=0)
    listed = list(dict.fromkeys(code for at, _, code in codes if at < s.mentions[i].start))
    behind_subject = list(dict.fromkeys(code for at, _, code in codes if start <= at < s.mentions[i].start))
    for candidates in (behind_subject, listed):
        if len(candidates) == count:
            return [Portion(index=code) for code in candidates]
    return []


def equal_portions(s: Marked, codes: list[IndexPlace], i: int) -> list[Portion]:
    """Return the shares of a value that is the same for all of a list: "Chính quyền số và Kinh tế số đều xếp thứ 2"."""
    start = s.mentions[i].start
    fields = _fields(s, i)
    if len(fields) > 1:
        last = max(m.end for m in s.mentions[:i] if isinstance(m.payload, ComponentName))
        return [Portion(component=name) for name in fields] if _EQUALLY.fullmatch(s.text, last, start) else []
    before = [(at, end, code) for at, end, code in codes if end <= start]
    if len({code for _, _, code in before}) > 1 and _EQUALLY.fullmatch(s.text, before[-1][1], start):
        return [Portion(index=code) for code in dict.fromkeys(code for _, _, code in before)]
    return []


def fields_behind(s: Marked, i: int) -> list[Portion]:
    """Return the fields listed behind a place: "đứng đầu cả nước là Chi phí thời gian và Tính minh bạch"."""
    following = [j for j in range(i + 1, len(s.mentions)) if not isinstance(s.mentions[j].payload, Group | IndexName)]
    run: list[Mention] = []
    for j in following:
        mention = s.mentions[j]
        opens = (
            _FIELDS_OPEN.fullmatch(s.text, s.mentions[i].end, mention.start)
            if not run
            else _LIST_GAP.fullmatch(s.text, run[-1].end, mention.start)
        )
        if not isinstance(mention.payload, ComponentName) or not opens:
            break
        run.append(mention)
    if not run or _opens_list(s, i, run[0]):
        return []
    whole = [Portion()] if any(isinstance(m.payload, IndexName) and m.start < run[0].start for m in s.mentions[i:]) else []
    return whole + [Portion(component=m.payload.name) for m in run if isinstance(m.payload, ComponentName)]


def _opens_list(s: Marked, i: int, field: Mention) -> bool:
    """Tell whether a colon behind a place opens the list of fields with their figures: "xếp hạng 20/63: tiếp cận dịch vụ đạt 81,2%"."""
    opened = s.text[s.mentions[i].end : field.start].rstrip(' “"').endswith(":")
    return opened and heads_value(s, s.mentions.index(field)) and not _FIELD.search(s.before(i, 60))


def _fields(s: Marked, i: int) -> list[str]:
    """Return the fields of the list that ends nearest before mention `i`."""
    fields = [m for m in s.mentions[:i] if isinstance(m.payload, ComponentName)]
    run: list[Mention] = fields[-1:]
    for field in reversed(fields[:-1]):
        if not _LIST_GAP.fullmatch(s.text, field.end, run[0].start):
            break
        run.insert(0, field)
    return [m.payload.name for m in run if isinstance(m.payload, ComponentName)]


def _years(s: Marked, i: int) -> list[int]:
    """Return the years listed before mention `i`: "các năm 2020, 2021 và 2022", "từ năm 2019 đến 2021"."""
    mentions: list[Mention] = [m for m in s.mentions[:i] if isinstance(m.payload, Year) and not m.payload.base]
    years: list[int] = []
    for mention in mentions:
        year = mention.payload
        if isinstance(year, Year):
            years += range(year.years[0], year.years[-1] + 1) if year.is_range else year.years
    return list(dict.fromkeys(years))
