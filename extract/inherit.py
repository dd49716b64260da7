"""What a sentence leaves in mind for the next: the index, the years, the subjects, and whether plans are told."""

import re
from collections.abc import Sequence

from extract.discourse import Discourse, YearRead
from extract.indexing import announced
from extract.marked import Marked
from extract.mentions import Delta, Group, IndexName, Mention, Pronoun, Rank, Score, SubjectName, Tier, Year
from extract.sharer import Sharer
from extract.years import COUNTED_BACK, opens_part, results_year

#: "5 chỉ số năm 2022" heads an article on all of them, "năm 2022, tỉnh đạt những kết quả sau:" a list.
_OF_ALL_INDICES = re.compile(
    r"\b(?:\d{1,2}|các|những) (?:bộ )?chỉ số (?:của [^,.;]{2,30} )?(?:trong )?năm \d{4}|"
    r"\bnăm \d{4}\b(?=[^.;:]*\b(?:các|những|\d{1,2}) (?:bộ )?chỉ số\b)|\bnăm \d{4}\b(?=[^.;:]*\b(?:kết quả|chỉ số)\b[^.;:]*:\s*$)"
)
_LEAST_OF_SERIES = 2
_PLAN = re.compile(r"\b(?:kế hoạch|mục tiêu|chỉ tiêu|nhiệm vụ)\b")
_RESULTS = re.compile(r"\b(?:công bố|kết quả|xếp hạng|tổng kết|hoàn thành|đánh giá)\b")
#: A sentence on so many provinces is about none of them.
_MANY = 3
_NEAR_YEAR = 12
#: Between an index and its year the name of the province may stand: "DDCI tỉnh Hải Dương năm 2022".
_NEAR_YEAR_NAMED = 50
#: "Năm 2023, chỉ số PII được triển khai trên cả nước"
_DATES_INDEX = re.compile(r"(?: này)?[, ]*(?:(?:bộ |điểm )?chỉ số )?")
#: "Từ vị trí 24/63 năm 2021, DTI đã tăng lên vị trí 20/63 năm 2022": what follows is of 2022.
_FROM = re.compile(r"\btừ (?:mức|vị trí|thứ hạng|hạng|thứ|\d)[^.;]{0,45}$")


def pass_on(reader: Sharer) -> None:
    """Leave in the discourse of a reader what the sentence that it has read hands on."""
    s, state = reader.s, reader.state
    state.by_fields = reader.heading is not None or (state.by_fields and not reader.codes)
    if reader.codes:
        state.index = announced(s, reader.codes)
        state.main_index = state.main_index or state.index
    if reader.planned:
        plans = [m.payload.years[-1] for m in s.measured_years() if isinstance(m.payload, Year) and not s.depth[m.start]]
        state.target_year = plans[-1] if plans else state.target_year
    else:
        state.target_year = _planned_year(s, state) or state.target_year
        if reader.codes or (state.year.year is None and _OF_ALL_INDICES.search(s.text)):
            # a year beside other things ("thu ngân sách năm 2017") is not an index's
            _name_years(reader, [(m, m.payload.years[-1]) for m in _spoken_years(s) if isinstance(m.payload, Year)])
    if len(reader.subjects) == 1 and reader.subjects[0].subject_type == "province":
        state.near, state.subject = reader.subjects[0], _spoken_of(reader, reader.subjects[0])
    provinces = {
        s.subject(n) for n, m in enumerate(s.mentions) if isinstance(m.payload, SubjectName) and m.payload.subject_type == "province"
    }
    state.of_many = len(provinces) >= _MANY
    state.last_named = reader.met[-1] if reader.met else state.last_named
    departments, districts = ({one for one in reader.met if one.subject_type == kind} for kind in ("department", "district"))
    if len(departments) == 1:
        state.department = departments.pop()
    if len(districts) == 1:
        state.district = districts.pop()
    opens_list = s.text.rstrip().endswith(":") and not _RESULTS.search(s.text)
    state.lists_plans = state.lists_plans or (reader.target and opens_list)  # "đặt mục tiêu cụ thể:"
    state.target = reader.target and (state.target or reader.planned)


def _planned_year(s: Marked, state: Discourse) -> int | None:
    """Return the year of a plan that a sentence without figures names: "Kế hoạch cải thiện các chỉ số năm 2024"."""
    years = [m.payload.years[-1] for m in s.measured_years() if isinstance(m.payload, Year)]
    told = any(isinstance(m.payload, Score | Rank | Delta | Tier) for m in s.mentions)
    if told or not years or state.published is None or max(years) < state.published.year:
        return None
    return max(years) if _PLAN.search(s.text) and not _RESULTS.search(s.text) else None


def _spoken_years(s: Marked) -> list[Mention]:
    """Return the years that a sentence is about: not those of its asides, nor those that it only starts from."""
    results = results_year(s)
    if results is not None:
        return [results]
    years = [m for m in s.measured_years() if not s.depth[m.start] and isinstance(m.payload, Year) and not m.payload.is_range]
    years = [m for m in years if not opens_part(s, m)] or years  # "..., trong khi năm 2020 là 0,29"
    years = [m for m in years if m.rule not in COUNTED_BACK] or years  # "một năm trước xếp thứ 47; năm 2023 xếp thứ 59"
    return [m for m in years if not _FROM.search(s.before(s.index_before(m) + 1, 60))] or years


def _name_years(reader: Sharer, years: Sequence[tuple[Mention, int]]) -> None:
    """Remember the year that stands beside each index, and the one that the next sentence goes on with."""
    if not years:
        return
    s, state = reader.s, reader.state
    before = [year for m, year in years if m.end <= reader.codes[-1][0]] if reader.codes else []
    goes_on = before[-1] if before else years[-1][1]
    for start, end, code in reader.codes:
        near = [year for m, year in years if _stands_beside(s, end, m)]
        near = near or [year for m, year in years if _DATES_INDEX.fullmatch(s.text, m.end, start)]
        if near:  # of a series ("PCI: 2019 hạng 28, 2020 hạng 38, 2021 hạng 44") the last one is spoken of further on
            goes_on = years[-1][1] if _is_series(s, years) else near[0]
            state.name_year(code, goes_on)
    state.year = YearRead(goes_on, "named in an earlier sentence")
    state.first_year = state.first_year or state.year


def _stands_beside(s: Marked, end: int, year: Mention) -> bool:
    """Tell whether a year stands beside the index that ends at `end`, with no more than a name between."""
    between = [m for m in s.mentions if end <= m.start < year.start]
    named_only = all(isinstance(m.payload, SubjectName | Pronoun | Group | IndexName) for m in between)
    if ";" in s.text[end : year.start]:
        return False
    return 0 <= year.start - end <= (_NEAR_YEAR_NAMED if between and named_only else _NEAR_YEAR)


def _is_series(s: Marked, years: Sequence[tuple[Mention, int]]) -> bool:
    """Tell whether the years of a sentence follow each other as a development: three of them, or two, each with its figure behind it."""
    told = [year for _, year in years]
    if told != sorted(set(told)) or len(told) < _LEAST_OF_SERIES:
        return False
    return len(told) > _LEAST_OF_SERIES or all(_has_figure(s, m.end) for m, _ in years)


def _has_figure(s: Marked, end: int) -> bool:
    """Tell whether a figure follows a year right behind: "năm 2019 đạt 63,89 điểm"."""
    return any(isinstance(m.payload, Score | Rank) and 0 <= m.start - end <= _NEAR_YEAR for m in s.mentions)


def _spoken_of(reader: Sharer, last: SubjectName) -> SubjectName:
    """Return whom a sentence without a name goes on with: the article's own province where more than one was told of."""
    s, home = reader.s, reader.state.home_subject("province")
    named = {one for n in range(len(s.mentions)) if (one := s.subject(n)) is not None and one.subject_type == "province"}
    return home if home is not None and (home in named or len(named) > 1) else last
