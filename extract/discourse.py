"""What the reader has in mind while going through an article: index, subject, year, block, modality."""

from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache

from extract.home import Home
from extract.mentions import Group, SubjectName, Year
from normalize.indices import indices, ranked_count
from normalize.lexicon import tokenize
from normalize.units import Unit, named, province_lexicon, provinces_and_ministries, unit_in_year


@dataclass(frozen=True, slots=True)
class YearRead:
    """A measured year and why it was read so."""

    year: int | None
    reason: str


_MERGED, _YEAR_OF_34 = 34, 2025
OPEN_YEAR = YearRead(None, "open")


@dataclass(slots=True)
class Discourse:
    """The state carried from sentence to sentence; a value that stands alone is completed from it."""

    home: Home
    published: date | None
    codes: frozenset[str] = frozenset()
    index: str | None = None
    #: The index that the article began with.
    main_index: str | None = None
    subject: SubjectName | None = None
    #: The province named last: "tỉnh này".
    near: SubjectName | None = None
    main_province: SubjectName | None = None
    #: Whether the article is of one province, which its portal or its title tells, and comes back to it.
    of_one: bool = False
    department: SubjectName | None = None
    district: SubjectName | None = None
    last_named: SubjectName | None = None
    #: The body of a province that the sentence before told of, and of nobody else: "Chỉ số hài lòng đạt 96,11%" goes on with it.
    body: SubjectName | None = None
    #: The last sentence told of many provinces: whom a new paragraph is about, stays open.
    of_many: bool = False
    #: The district or commune that an article's title opens with: "Tuyên Hóa: Nỗ lực cải thiện chỉ số".
    main_body: SubjectName | None = None
    group: Group | None = None
    year: YearRead = OPEN_YEAR
    by_fields: bool = False
    #: The last sentence that named an index told figures of several: of which of them somebody else's figures are, stays open.
    several: bool = False
    target: bool = False
    target_year: int | None = None
    #: A line has opened a list of plans, of which an item may tell only what was.
    lists_plans: bool = False
    counts: dict[str, int] = field(default_factory=dict)
    index_years: dict[str, int] = field(default_factory=dict)
    first_years: dict[str, int] = field(default_factory=dict)
    first_year: YearRead | None = None
    #: Where in the text the sentence begins that has named it.
    first_year_at: int = 0

    def province(self) -> Unit | None:
        """Return the province whose bodies are spoken of: the portal's, else the one the article is about."""
        if self.home.province is not None:
            return self.home.province
        if self.main_province is not None and self.main_province.subject_type == "province":
            return _unit(self.main_province)
        return None

    def home_subject(self, subject_type: str | None) -> SubjectName | None:
        """Resolve a pronoun: "tỉnh" is the province the article is about, "UBND huyện" the portal's district."""
        if subject_type == "district":
            return self.home.district or self.district
        if subject_type == "department":
            return self.department
        if self.main_province is not None:
            return self.main_province
        return as_subject(self.home.province) if self.home.province is not None else None

    def name_year(self, index: str, year: int) -> None:
        """Remember the year that an article names with an index; the first one is what it announces."""
        self.index_years[index] = year
        self.first_years.setdefault(index, year)

    def new_paragraph(self, *, goes_on: bool) -> None:
        """Go back to the years that the article announces; a paragraph on an earlier year ends with itself."""
        self.index_years = dict(self.first_years)
        self.body = None
        if self.of_one or self.of_many:
            self.subject = None
        self.year = self.first_year or self.year
        self.lists_plans = self.lists_plans and goes_on
        self.target = self.lists_plans or (self.target and goes_on)

    def measured_year(self, index: str, base: Year | None) -> YearRead:
        """Return the year of a value whose own sentence names none."""
        if base is not None and not base.is_range and self.year.year is None:
            return YearRead(base.years[0] + 1, "base year plus one")
        if index in self.index_years:
            return YearRead(self.index_years[index], "named with the index earlier")
        if self.year.year is not None:
            return replace(self.year, reason="carried from an earlier sentence")
        return self.released_year(index)

    def can_report(self, index: str, year: int) -> bool:
        """Tell whether a national result of that year can be out: most come in the year after the measured one."""
        return self.published is None or indices()[index].release_lag != 1 or year < self.published.year

    def released_year(self, index: str) -> YearRead:
        """Read the measured year off the publication date, where the index has a regular calendar."""
        entry = indices()[index]
        if self.published is None or entry.release_lag is None:
            return OPEN_YEAR
        first, last = entry.release_months
        if not first <= self.published.month <= last:
            return OPEN_YEAR
        return YearRead(self.published.year - entry.release_lag, f"released in month {self.published.month} of the year after")


def as_subject(unit: Unit) -> SubjectName:
    """Return a gazetteer unit as a subject, with the units of all eras that carry its name."""
    match = province_lexicon().match_at(unit.name, tokenize(unit.name), 0)
    ids = tuple(entry.unit_id for entry in match.entries) if match else (unit.unit_id,)
    return SubjectName(unit.level, unit.name, ids)


@cache
def _units_by_id() -> dict[str, Unit]:
    return {unit.unit_id: unit for unit in provinces_and_ministries()}


def _unit(subject: SubjectName) -> Unit | None:
    known = _units_by_id()
    units = [known[i] for i in subject.unit_ids if i in known]
    return unit_in_year(units, None) or (units[0] if units else None)


def era(index: str, year: int | None) -> int | None:
    """Return the year whose provinces were ranked: DTI 2024 came out for the 34 that exist since 2025-07-01."""
    return _YEAR_OF_34 if year is not None and ranked_count(index, "province", year) == _MERGED else year


def in_year(subject: SubjectName, year: int | None) -> tuple[str, str | None]:
    """Return a subject's canonical name and unit id in the measured year (Huế was Thừa Thiên Huế in 2023)."""
    known = _units_by_id()
    units = [known[i] for i in subject.unit_ids if i in known]
    if units:
        unit = unit_in_year(units, year) or unit_in_year(named(units[0].name), year)
        if unit is not None:
            return unit.name, unit.unit_id
        return units[0].name, None
    return subject.name, subject.unit_ids[0] if subject.unit_ids else None
