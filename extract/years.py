"""The measured year of a value, and the year a change is measured against; each with its reason."""

import re
from collections.abc import Sequence
from dataclasses import replace

from extract.discourse import Discourse, YearRead
from extract.lists import is_compared
from extract.marked import Marked
from extract.mentions import Cue, Delta, IndexName, Mention, Rank, RelativeBase, RelativeYear, Score, SubjectName, Year
from extract.moves import UP_OR_DOWN, ends_change, goes_on, starts_change, value_before_brackets

_ATTACHED = re.compile(r"\s*\(?\s*(?:(?:của|trong|vào|ở|in)\s+)?")
_PAST_ASIDE = re.compile(r"(?:\s*\([^()]*)?\)\s*")
_CLOSES_CLAUSE = re.compile(r"\s*(?:[,;.)]|$|và\b)")
_MOVES_TO = re.compile(
    r"[,)]?(?: (?!từ )\w+){0,3} (?:lên|xuống|(?:climbed|rose|moved|jumped|fell|dropped|slipped)(?: up| down)? to) [\w /]*"
)
_OF_YEAR_BEFORE = re.compile(r" (?:của |ở |trong )?năm (?:trước|ngoái)\b")
#: "tăng từ 63,98 đến 64,74 điểm"
_UNTIL = re.compile(r"(?: điểm|%)? (?:đến|tới) ")
_INTO_GROUP = re.compile(r"[^.;,\d]{0,40}\b(?:lên|xuống|vào)\b[^.;,\d]{0,20}\b(?:nhóm|top|tốp)\b")
_FROM_AND_TO = 2
_COMPARES_VALUE = re.compile(r"\bso với (?:mức |vị trí |hạng |con số |số điểm |kết quả )*$")
_OF_YEAR = re.compile(r" (?:của |trong |ở )?")
_COMPARED_WITH, _BEFORE_CHANGE = "the year compared with", "the value before the change"
#: Why a year is read of what was there before a change: a plan that names it does not plan it.
REACHED = {_COMPARED_WITH, _BEFORE_CHANGE}
#: These words open what follows them: "hạng 10 và nay vươn lên hạng 2".
_COUNTED_YEARS = {"year.now", "year.next", "year.previous"}
_NOW = re.compile(r"[,;] (?:đến |thì )?(?:nay|hiện nay|hiện)\b[^,;.\d]*$")
#: What a year in brackets explains: "đầu nhiệm kỳ (năm 2020)"
_TERM = re.compile(r"\b(?:nhiệm kỳ|giai đoạn|thời điểm|năm (?:đầu|cuối|trước|nay|đầu tiên)|khi|lúc|kỳ trước)[^.;,\d]*\($")
_PAPER = re.compile(r"\b(?:nghị quyết|kế hoạch|đề án|chương trình|chiến lược)\b[^.;]*$")
#: So many characters before its years a paper is named.
_NEAR_PAPER = 80
_SINCE = re.compile(r"\b(?:from|từ)\b")
#: What is told of several alike.
_ALIKE = re.compile(r"\b(?:đều|cả hai|cả ba|cùng (?:tăng|giảm))\b")
#: These count back from a year named before, or in the same sentence.
COUNTED_BACK = {"year.previous", "year.years_ago"}
#: What dates another part of the sentence: "đứng thứ hai năm nay, khi năm 2016 còn xếp thứ 20".
_OPENS_PART = re.compile(r"(?<!\w)(?:(?:trong khi|khi|nếu|trong lúc) (?:ở |vào )?$|mà |(?:sau|trước) khi )")
_OPENS_REST = re.compile(r"[,;] (?:còn |nhưng |và )?$")
_RESULTS_OF = re.compile(r"\((?:kết quả|số liệu|kết quả đánh giá|đánh giá|xếp hạng) (?:của )?$")
_CLOSES = re.compile(r"\s*(?:[),;.]|$|với|đạt)")


def said_in_full(mentions: Sequence[Mention], carried: int | None) -> tuple[Mention, ...]:
    """Return the mentions with each "năm sau" as the year it means, counted from the one named before it."""
    full: list[Mention] = []
    named = False
    for mention in mentions:
        payload = mention.payload
        if isinstance(payload, Year) and not payload.base:
            carried, named = payload.years[-1], True
        elif isinstance(payload, RelativeYear):
            if not named and mention.rule in COUNTED_BACK:  # "một năm trước xếp thứ 37; năm 2021, tỉnh vươn lên thứ 27"
                behind = (m.payload.years[-1] for m in mentions if isinstance(m.payload, Year) and not m.payload.base)
                carried = max((year for year in (carried, next(behind, None)) if year is not None), default=None)
            if carried is None or (payload.near and not named):
                continue
            carried += payload.distance
            mention = replace(mention, payload=Year((carried,)))  # noqa: PLW2901 (the same mention, said in full)
        full.append(mention)
    return tuple(full)


def base_of(s: Marked, i: int) -> Year | RelativeBase | None:
    """Return what the change `i` is measured against: behind it in the same clause, else before it."""
    bases = [m for m in s.mentions if isinstance(m.payload, RelativeBase) or (isinstance(m.payload, Year) and m.payload.base)]
    if not bases:
        return None
    start, end = s.mentions[i].end, s.clause_end(i)
    behind = next((m for m in bases if start <= m.start < end), None)
    before = next((m for m in reversed(bases) if m.start < start), None)
    found = behind or before
    return found.payload if found is not None and isinstance(found.payload, Year | RelativeBase) else None


def base_explained(s: Marked, i: int) -> Mention | None:
    """Return what the brackets around a value explain, a year compared with: "so với năm 2020 (83,05%)", "so với năm trước (thứ 20)"."""
    bracket = s.bracket(i)
    opened = next((m for m in reversed(s.mentions[:i]) if m.end < bracket), None)
    if opened is None or not (isinstance(opened.payload, RelativeBase) or (isinstance(opened.payload, Year) and opened.payload.base)):
        return None
    names = [j for j, m in enumerate(s.mentions) if isinstance(m.payload, SubjectName) and s.bracket(j) == bracket]
    # "đều tăng so với năm 2020 (Đà Nẵng 0,4874; Huế 0,4558)", but not "so với năm 2020 (tỉnh lân cận: Lâm Đồng 48, Gia Lai 50)"
    listed = bool(_ALIKE.search(s.text, 0, opened.start)) and all(
        j + 1 < len(s.mentions) and isinstance(s.mentions[j + 1].payload, Score) for j in names
    )
    others = not listed and any(s.mentions[j].start < s.mentions[i].start for j in names)
    return opened if not others and not s.text[opened.end : bracket - 1].strip() else None


def _base_of_value(s: Marked, i: int) -> Mention | None:
    """Return the year compared with that names a value with itself: "so với vị trí thứ 2 của năm 2019", "so với năm 2021: 85,82"."""
    before = s.mentions[i - 1] if i else None
    is_value = isinstance(s.mentions[i].payload, Score | Rank)
    if is_value and before and isinstance(before.payload, Year) and before.payload.base and s.between(i - 1, i).strip() == ":":
        return before
    behind = s.mentions[i + 1] if i + 1 < len(s.mentions) else None
    if behind is None or not isinstance(behind.payload, Year) or not behind.payload.base or not _COMPARES_VALUE.search(s.before(i, 30)):
        return None
    return behind if _OF_YEAR.fullmatch(s.between(i, i + 1)) else None


def results_year(s: Marked) -> Mention | None:
    """Return the year that a sentence names as that of the results: "năm 2023 ... công bố (kết quả năm 2022)"."""
    return next((m for m in s.measured_years() if _RESULTS_OF.search(s.text, max(0, m.start - 25), m.start)), None)


def opens_part(s: Marked, year: Mention, start: int = 0) -> bool:
    """Tell whether a year dates a part of the sentence that begins between `start` and it: "..., khi năm 2016 còn xếp thứ 20"."""
    return bool(_OPENS_PART.search(s.text, start, year.start))


def years_of(s: Marked, i: int, index: str, base: Year | RelativeBase | None, state: Discourse) -> list[YearRead]:
    """Return the year or years that the value `i` is of; one that reads open has the year None."""
    compared = _base_of_value(s, i) or base_explained(s, i)
    if compared is None or ends_change(s, i):
        return _measured_years(s, i, index, base, state)
    if not isinstance(compared.payload, RelativeBase):
        return _read(compared, _COMPARED_WITH)
    back = compared.payload.distance
    read = _measured_years(s, i, index, base, state)
    return read if isinstance(s.mentions[i].payload, Delta) else [YearRead(y.year and y.year - back, _COMPARED_WITH) for y in read]


def _measured_years(s: Marked, i: int, index: str, base: Year | RelativeBase | None, state: Discourse) -> list[YearRead]:
    years = s.measured_years()
    told = _year_told(s, i, index, base, years)
    if told is not None:
        return told
    outside = [
        m
        for m in years
        if (not s.depth[m.start] or _heads_part_in_brackets(s, m)) and not _belongs_to_earlier(s, m, i) and not _of_compared(s, m)
    ]
    before = [m for m in outside if m.start < s.mentions[i].start]
    if before:
        return _year_before(s, i, index, before, state)
    end = s.mentions[i].end
    plan = next((m.start for m in s.mentions[i:] if isinstance(m.payload, Cue) and m.payload.what == "target"), len(s.text))
    in_mind = state.measured_year(index, None).year
    # "đã vào top 10, vượt kế hoạch phấn đấu giai đoạn 2021-2025"
    own = _end_of_own_part(s, i) if in_mind is not None else len(s.text)
    behind = next(
        (
            m
            for m in outside
            if end <= m.start < min(plan, own)
            and not (opens_part(s, m, end) or _heads_rest(s, m, i, in_mind) or _dates_start(s, m, i) or _is_of_paper(s, m, end))
        ),
        None,
    )
    if behind is not None:
        return [_from_value(s, i, read) for read in _read(behind, "named in the sentence")]
    in_brackets = sorted({m.payload.years[-1] for m in years if isinstance(m.payload, Year) and s.depth[m.start]})
    if len(in_brackets) == _FROM_AND_TO and not s.bracket(i):  # "từ 64,43 (năm 2019) xuống 62,48 (năm 2020), từ thứ 26 xuống thứ 45"
        return [YearRead(in_brackets[0] if starts_change(s, i) else in_brackets[-1], "named in brackets before")]
    base = base or base_of(s, i)  # a value beside "so với năm 2020" is of a later year, changed or not
    read = state.measured_year(index, base if isinstance(base, Year) else None)
    if isinstance(base, Year) and read.year is not None and read.year <= base.years[0]:
        read = YearRead(base.years[0] + 1, "base year plus one")
    return [_from_value(s, i, read)]


def _end_of_own_part(s: Marked, i: int) -> int:
    """Return where a part of the sentence on somebody else begins: "A đạt 43,42 điểm; B từ hạng 2 năm 2019 rơi xuống hạng 8"."""
    stop = s.text.find(";", s.mentions[i].end)
    following = next((m for m in s.mentions if stop >= 0 and m.start > stop), None)
    return stop if following is not None and isinstance(following.payload, SubjectName) else len(s.text)


def _year_told(s: Marked, i: int, index: str, base: Year | RelativeBase | None, years: list[Mention]) -> list[YearRead] | None:
    """Return the year that is told of a value and of no other: of the results, in its brackets, right behind it, behind its index."""
    mention, bracket = s.mentions[i], s.bracket(i)
    results = results_year(s)
    if results is not None:
        return _read(results, "named as the year of the results")
    beside = _year_in_bracket(s, mention, [m for m in years if s.depth[m.start] == bracket]) if bracket else None
    if beside is not None:
        return _read(beside, "named in the same brackets")
    since = _year_since(s, i) if bracket else None
    if since is not None:
        return _read(since, "named right before the brackets")
    attached = _attached_year(s, mention, years)
    if attached is not None and not _is_base(attached, base):
        return _read(attached, "named right behind the value")
    of_index = _year_of_index(s, i, index, years)
    return None if of_index is None else _read(of_index, "named in brackets behind the index")


def _year_before(s: Marked, i: int, index: str, before: Sequence[Mention], state: Discourse) -> list[YearRead]:
    """Return the year of a value behind years of its sentence: the last one, unless the words turn back or come to today."""
    told = [m.payload.years[-1] for m in before if isinstance(m.payload, Year)]
    turned = len(told) == _FROM_AND_TO and told[0] > told[1] and _SINCE.search(s.text, before[0].end, before[-1].start)
    if turned and (starts_change(s, i) or ends_change(s, i)):
        # "fell to 68.52 in 2022 from 70.42 in 2021, and its ranking from fourth to ninth"
        return [YearRead(told[1] if starts_change(s, i) else told[0], "named in the sentence")]
    if _NOW.search(s.text, before[-1].end, s.mentions[i].start):  # "đứng thứ 6 vào năm 2013, nay tụt xuống thứ 55"
        return [state.released_year(index)]
    return [_from_value(s, i, read, before[-1]) for read in _read(before[-1], "named in the sentence")]


def _year_of_index(s: Marked, i: int, index: str, years: Sequence[Mention]) -> Mention | None:
    """Return the year in brackets right behind an index that the value `i` is of: "năm 2022, tỉnh đứng thứ hai về ICT Index (năm 2020)"."""
    named = [j for j, m in enumerate(s.mentions[:-1]) if isinstance(m.payload, IndexName) and m.payload.code == index]
    dated = [s.mentions[j + 1] for j in named if s.between(j, j + 1).strip() == "(" and s.text.startswith(")", s.mentions[j + 1].end)]
    if len(named) != 1 or not dated or dated[0] not in years:
        return None
    first, last = sorted((s.mentions[i].start, dated[0].start))
    return None if any(first < m.start < last for m in years) else dated[0]


def _heads_part_in_brackets(s: Marked, year: Mention) -> bool:
    """Tell whether a year alone in brackets dates what follows: "Đầu nhiệm kỳ (năm 2020), PCI của tỉnh xếp thứ 59"."""
    alone = s.text[: year.start].endswith("(") and s.text.startswith(")", year.end)
    before = s.index_before(year)
    heads = before < 0 or _TERM.search(s.text, max(s.mentions[before].end, year.start - 40), year.start)
    return bool(alone and heads)


def _year_since(s: Marked, i: int) -> Mention | None:
    """Return the year right before the brackets around a value that dates only them: "từ năm 2021 (81,05%, hạng 60), chỉ số cải thiện"."""
    bracket = s.bracket(i)
    opened = next((m for m in reversed(s.mentions[:i]) if m.start < bracket), None)
    if opened is None or not isinstance(opened.payload, Year) or opened.payload.base or opened in s.measured_years():
        return None
    return opened if not s.text[opened.end : bracket - 1].strip() else None


def _year_in_bracket(s: Marked, value: Mention, same: Sequence[Mention]) -> Mention | None:
    """Return the year of a value among those of its brackets: right behind it, else before it, else one that no other value has."""
    behind = next((m for m in same if m.start >= value.end), None)
    if behind is not None and _ATTACHED.fullmatch(s.text, value.end, behind.start) and _CLOSES_CLAUSE.match(s.text, behind.end):
        return behind  # "(hạng 5 năm 2022, hạng 1 năm 2023)"
    before = next((m for m in reversed(same) if m.start < value.start), None)
    if before is not None or behind is None:
        return before  # "(năm 2021 thứ 61; năm 2020 thứ 60)"
    inside = (m for m in s.mentions if m.start > behind.end and s.depth[m.start] == s.depth[value.start])
    heads_another = any(type(m.payload) is type(value.payload) for m in inside)  # "(xếp hạng 1, năm 2022 xếp hạng 5)"
    return None if heads_another else behind


def _is_base(year: Mention, base: Year | RelativeBase | None) -> bool:
    """Tell whether a year behind a change is the one that it is measured against: "tăng 1,52% (năm 2023 đạt 88,08%)"."""
    return isinstance(base, Year) and isinstance(year.payload, Year) and year.payload.years == base.years


def _read(mention: Mention, reason: str) -> list[YearRead]:
    year = mention.payload
    if not isinstance(year, Year):
        return []
    # Of "giai đoạn 2016-2020" the last year is the one that a result or a target is given for.
    return [YearRead(y, reason) for y in (year.years[-1:] if year.is_range else year.years)]


def _attached_year(s: Marked, value: Mention, years: list[Mention]) -> Mention | None:
    """Return the year in "hạng 14 (năm 2020)", "vị trí thứ hai năm 2017": it closes right behind."""
    after = next((m for m in years if m.start >= value.end and m.rule not in _COUNTED_YEARS), None)
    if after is None:
        return None
    if _PAST_ASIDE.fullmatch(s.text, value.end, after.start) and _CLOSES_CLAUSE.match(s.text, after.end):
        return after  # "đạt 85,53% (hạng 43) năm 2021 và 84,98% (hạng 44) năm 2020", each figure and the place behind it
    if _closes_bracket_of_both(s, value, after):
        return after  # "hạng 20 (66,10 điểm năm 2022)"
    if not _ATTACHED.fullmatch(s.text, value.end, after.start):
        return None
    in_bracket = s.depth[after.start] != s.depth[value.start]
    if in_bracket:
        # "41,41 điểm (năm 2020 đạt 42,25 điểm)": the brackets hold another value of the same kind, and its year; behind a
        # change any value: "giảm 7 bậc (năm 2023 xếp thứ 8)".
        kind = Score if isinstance(value.payload, Score) else Rank if isinstance(value.payload, Rank) else Rank | Score | Delta
        others = any(isinstance(m.payload, kind) for m in s.mentions if s.depth[m.start] == s.depth[after.start] and m.start > after.start)
        return after if _CLOSES.match(s.text, after.end) and not others else None
    return after


def _closes_bracket_of_both(s: Marked, value: Mention, year: Mention) -> bool:
    """Tell whether brackets right behind a value hold one value of the other kind, and close with the year of both."""
    inside = [m for m in s.mentions if m.start >= value.end and m.end <= year.start]
    other = Score if isinstance(value.payload, Rank) else Rank
    return (
        len(inside) == 1
        and isinstance(inside[0].payload, other)
        and s.text[value.end : inside[0].start].strip() == "("
        and s.text[inside[0].end : year.start].strip() == ""
        and s.text.startswith(")", year.end)
    )


def _heads_rest(s: Marked, year: Mention, i: int, spoken_of: int | None) -> bool:
    """Tell whether a year behind a named subject's value opens another part: "Quảng Ngãi đứng cuối với 59,69%, năm 2016 xếp thứ 59".

    So does one before the year that is spoken of, behind a semicolon: "Tổng điểm 61,94, hạng 55; năm 2021 là 64,09".
    """
    if not _OPENS_REST.search(s.text, max(s.mentions[i].end, year.start - 10), year.start):
        return False
    told = any(isinstance(m.payload, Rank | Score | Delta) and m.start > year.end for m in s.mentions)
    earlier = spoken_of is not None and isinstance(year.payload, Year) and year.payload.years[-1] < spoken_of
    if told and earlier and ";" in s.text[s.mentions[i].end : year.start]:
        return True
    return told and any(isinstance(m.payload, SubjectName) for m in s.mentions[:i])


def _belongs_to_earlier(s: Marked, year: Mention, i: int) -> bool:
    """Tell whether a year stands right behind an earlier place, from which it moved: "từ hạng 2 năm 2017 xuống hạng 5"."""
    j = s.index_before(year)
    if j in {-1, i} or not isinstance(s.mentions[j].payload, Rank) or not _ATTACHED.fullmatch(s.text, s.mentions[j].end, year.start):
        return False
    return starts_change(s, j) or (year.rule not in _COUNTED_YEARS and _moved_on(s, year, i))


def _moved_on(s: Marked, year: Mention, i: int) -> bool:
    """Tell whether a place behind a year, before the value `i` or itself, is what it moved to: "thứ 4 năm 2022, tụt xuống thứ 9"."""
    told = next((m for m in s.mentions[: i + 1] if m.start >= year.end and isinstance(m.payload, Rank | Score | Year)), None)
    return told is not None and isinstance(told.payload, Rank) and bool(_MOVES_TO.fullmatch(s.text, year.end, told.end))


def _dates_start(s: Marked, year: Mention, i: int) -> bool:
    """Tell whether a year is that of the value that the value `i` came from: "scored 65.13, up from 63.49 in 2018"."""
    j = s.index_before(year)
    is_value = j > i and isinstance(s.mentions[j].payload, type(s.mentions[i].payload))
    return is_value and starts_change(s, j) and bool(_ATTACHED.fullmatch(s.text, s.mentions[j].end, year.start))


def _is_of_paper(s: Marked, year: Mention, start: int) -> bool:
    """Tell whether years behind `start` are a paper's, and no figure's: "xếp thứ 36, tỉnh ban hành Nghị quyết giai đoạn 2021 - 2025"."""
    return bool(_PAPER.search(s.text, max(start, year.start - _NEAR_PAPER), year.start))


def _of_compared(s: Marked, year: Mention) -> bool:
    """Tell whether a year dates those that somebody is compared with: "thay vị trí của Đồng Tháp năm 2018"."""
    name = s.index_before(year)
    is_beside = name >= 0 and s.mentions[name].end == year.start - 1
    return is_beside and s.subject(name) is not None and is_compared(s, name)


def _dated_behind(s: Marked, i: int) -> bool:
    """Tell whether "năm trước" behind a value was read as the year that it is."""
    return (
        i + 1 < len(s.mentions)
        and isinstance(s.mentions[i + 1].payload, Year | RelativeBase)
        and len(s.between(i, i + 1)) <= len(" trong ")
    )


def _is_planned(s: Marked, i: int) -> bool:
    return any(isinstance(m.payload, Cue) and m.payload.what == "target" for m in s.mentions[:i])


def _from_value(s: Marked, i: int, read: YearRead, named: Mention | None = None) -> YearRead:
    """Move a value that a change starts from to the year before: "từ xếp hạng thứ 60 lên thứ 38", "từ 5,34 lên 6,72".

    Where years from one to another are named that is the first of them, unless they are planned.
    """
    told = value_before_brackets(s, i)
    if told is not None:  # "từ 75,2% (hạng 55) lên 79,3% (hạng 40)"
        return _from_value(s, told, read, named)
    if not isinstance(s.mentions[i].payload, Rank | Score):
        return read
    before = YearRead(None if read.year is None else read.year - 1, _BEFORE_CHANGE)
    if _OF_YEAR_BEFORE.match(s.text, s.mentions[i].end) and not _dated_behind(s, i):
        return before
    if not starts_change(s, i):
        return read
    if named is not None and isinstance(named.payload, Year) and named.payload.is_range and not _is_planned(s, i):
        before = YearRead(named.payload.years[0], _BEFORE_CHANGE)
    if s.mentions[i].rule == "english.rank_from" or goes_on(s, i):
        return before
    follower = next((m for m in s.mentions[i + 1 :] if s.depth[m.start] == s.depth[s.mentions[i].start]), None)
    like = type(s.mentions[i].payload)
    end = s.mentions[i].end
    to_value = (
        follower is not None
        and isinstance(follower.payload, like)
        and (UP_OR_DOWN.search(s.text, end, follower.end) or (like is Score and _UNTIL.fullmatch(s.text, end, follower.start)))
    )
    if like is Score:
        return before if to_value else read
    # "tăng 18 bậc từ vị trí thứ 48", "từ vị trí thứ 48 lên nhóm 30 tỉnh dẫn đầu": where the change ends has no number.
    change = s.mentions[i - 1] if i else None
    by_how_much = change is not None and isinstance(change.payload, Delta) and s.between(i - 1, i).strip() == "từ"
    if to_value or by_how_much or _INTO_GROUP.match(s.text, s.mentions[i].end):
        return before
    return read
