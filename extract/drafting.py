"""Drafting: a value in its place becomes a draft of a claim, or is dropped with the reason."""

import re
from collections.abc import Iterator, Sequence

from extract.discourse import OPEN_YEAR, Discourse, YearRead
from extract.draft import MEASURES, Draft, Value, base_year
from extract.fields import (
    field_changed,
    follows_unknown_name,
    is_part,
    lists_unknown_field,
    names_unknown_field,
    opens_with_unknown_field,
)
from extract.indexing import component_of, index_places, indices_of, is_one_of_many
from extract.lists import compared_names
from extract.marked import Marked
from extract.mentions import LOCAL, ComponentName, Delta, Group, Mention, Rank, RelativeBase, Score, Statistic, SubjectName, Tier, Year
from extract.places import (
    body_objection,
    change_objection,
    counts_points,
    elsewhere_objection,
    negation_objection,
    past_objection,
    place_objection,
    range_objection,
    tier_objection,
)
from extract.plausible import delta_objection, score_objection, supposition_objection, topic_objection
from extract.rules.tier import CLASS_BEHIND, GROUP_OF_INDEX
from extract.scales import read_score
from extract.scopes import block_of, in_brackets_of, ministries_apart, region_of, unnamed_region
from extract.sharing import Portion, equal_portions, fields_behind
from extract.years import REACHED, base_of, years_of
from normalize.indices import indices

#: Why a year is read that stands in the sentence of its value.
_OWN_YEAR = {"named in the sentence", "named in the same brackets", "named right behind the value", "shared out in order"}
_CALLED_SCORE = re.compile(
    r"\b(?:điểm tổng hợp|tổng điểm|điểm số|số điểm|tổng hợp|kết quả chung|chỉ số chung|hài lòng chung|con số này)[^.;,]{0,20}$"
)
_WAS = re.compile(r"\b(?:was|were|scored|came|finished|stood)\b")
_HUNDREDTHS = re.compile(r"[.,]\d\d")
#: A place of so many is among the provinces: 34 of today, 60 to 64 before.
_FEWEST_PROVINCES = 34
#: Nobody ranks the bodies of a province by these; a department beside them is named for something else.
OF_PROVINCES_ONLY = {"PCI", "PAPI", "PGI", "PII", "PEPI"}


class Drafter:
    """What is known at one place of a sentence: its subjects, field, index and target; and how a value there becomes a draft."""

    def __init__(self, s: Marked, state: Discourse) -> None:
        self.s = s
        self.state = state
        self.codes = index_places(s)
        self.compared = compared_names(s)
        self.portions: dict[int, Sequence[Portion]] = {}
        self.subjects: list[SubjectName] = []
        self.subject_at: int | None = None
        self.component: ComponentName | None = None
        #: Where the last value of a field ends that no list holds.
        self.lost_at: int | None = None
        self.aggregate: Group | None = None
        self.target = state.target and not (self._looks_back() or self._tells_of_others() or self._tells_results())
        self.target = self.target or self._looks_ahead()
        self.planned = False
        self.last_rank: tuple[int, str | None] | None = None
        self.dropped: dict[Mention, str] = {}

    def set_subjects(self, subjects: list[SubjectName], at: int) -> None:
        """Let the values that follow be of these subjects, named at `at`."""
        self.subjects = subjects
        self.subject_at = at
        self.aggregate = None

    def _planned_year(self, read: YearRead) -> YearRead:
        """Return the year of a target: its sentence's own, else the one that the plan has named."""
        if self.state.target_year is None and read.reason.startswith("released"):
            return OPEN_YEAR  # the results that are out by then are no plan
        if read.reason in _OWN_YEAR or self.state.target_year is None:
            return read
        return YearRead(self.state.target_year, "the year of the plan")

    def _looks_back(self) -> bool:
        """Tell whether the sentence speaks of a year before the one that the targets are for."""
        # an aside may look back: "đạt từ 67 điểm trở lên (năm 2022 đạt 67,88 điểm, xếp thứ 15)"
        told = [m for m in self.s.measured_years() if not self.s.depth[m.start]]
        years = [m.payload.years[-1] for m in told if isinstance(m.payload, Year)]
        now = [self.state.target_year] if self.state.published is None else [self.state.target_year, self.state.published.year]
        return bool(years) and any(year is not None and max(years) < year for year in now)

    def _looks_ahead(self) -> bool:
        """Tell whether the sentence opens with a year that has not begun: "Đến năm 2025: PAR INDEX đạt 90% trở lên"."""
        now = self.state.published
        first = next((m for m in self.s.mentions if isinstance(m.payload, Year | Score | Rank | Delta | Tier)), None)
        return (
            now is not None and first in self.s.measured_years() and isinstance(first.payload, Year) and first.payload.years[0] > now.year
        )

    def _is_of_others_behind_several(self, subject: SubjectName) -> bool:
        """Tell whether somebody else is named behind figures of several indices: "PAR INDEX đạt A; SIPAS đạt B. Hải Phòng dẫn đầu"."""
        told = {self.state.subject, self.state.home_subject("province"), self.state.body, self.state.last_named}
        is_other = subject.subject_type in {"province", *LOCAL} and subject not in told
        return self.state.several and not self.codes and self.component is None and is_other

    def _is_past(self, year: YearRead) -> bool:
        """Tell whether an aside in a plan names what was: "PCI phải vào top 10 (năm 2022 đứng thứ 12)"."""
        now = self.state.published.year if self.state.published is not None else self.state.target_year
        return bool(year.reason == "named in the same brackets" and year.year and now and year.year < now)

    def _tells_results(self) -> bool:
        """Tell whether the sentence says what was, or gives a score to the hundredth with its place, a change or a mean: no plan does."""
        if _WAS.search(self.s.text):
            return True
        told = [m.payload for m in self.s.mentions if not self.s.depth[m.start]]
        exact = any(isinstance(one, Score) and _HUNDREDTHS.search(one.text) for one in told)
        placed = any(isinstance(one, Rank) and one.place is not None and not one.superlative for one in told)
        return exact and (placed or any(isinstance(one, Statistic) or (isinstance(one, Delta) and one.amount % 1) for one in told))

    def _tells_of_others(self) -> bool:
        """Tell whether the sentence names somebody else than the one whose targets the sentence before has told."""
        planner = self.state.last_named or self.state.subject or self.state.home_subject("province")
        named = {self.s.subject(n) for n in range(len(self.s.mentions))} - {None, planner, self.state.home_subject("province")}
        return bool(named)

    def all_compared(self) -> bool:
        """Tell whether the sentence names nobody but those that its own subject is compared with."""
        return all(n in self.compared for n in range(len(self.s.mentions)) if self.s.subject(n) is not None)

    def _portions(self, i: int) -> Sequence[Portion]:
        """Return the shares of a list that value `i` belongs to; a change in brackets goes with the value before it."""
        before = [j for j in self.portions if j <= i]
        if before:
            return self.portions[max(before)]
        behind = fields_behind(self.s, i) if isinstance(self.s.mentions[i].payload, Rank) else []
        return behind or equal_portions(self.s, self.codes, i) or [Portion()]

    def attach(self, i: int, *, place: int | None = None, end: int | None = None) -> Iterator[Draft]:
        """Yield the drafts of value `i` for the last subject named, or for the one in mind where none is.

        `place` is the place where the text gives it in words; `end` is where the evidence ends, if not with the value.
        """
        payload = self.s.mentions[i].payload
        subject = self._ranked_for(i) or (self.subjects[-1] if self.subjects else None)
        if subject is None:
            only = self._only_named()
            if only is not None and not self.s.is_superlative(i):
                subject = only
        if subject is None:
            if not self.all_compared() or (self.s.is_superlative(i) and not self._tells_of_value(i)):
                self.drop(i, "whose it is stays open")
                return
            subject = self._carried(i)
            if subject is None:
                return
        objection = None
        if isinstance(payload, Rank) and counts_points(self.s, i):
            objection = "it counts points of a text"
        elif self.s.is_superlative(i):
            objection = place_objection(self.s, i, self.subject_at, has_component=self.component is not None)
        elif isinstance(payload, Tier):
            objection = tier_objection(self.s, i, target=self.target)
        if objection:
            self.drop(i, objection)
            return
        yield from self.draft(i, subject, place=place, end=end)

    def _only_named(self) -> SubjectName | None:
        """Return the only province that the sentence names, where it is the one that the talk is of anyway."""
        named = {self.s.subject(n) for n in range(len(self.s.mentions)) if n not in self.compared} - {None}
        carried = self.state.home_subject("province")
        return carried if named == {carried} else None

    def _tells_of_value(self, i: int) -> bool:
        """Tell whether a superlative is of the field or score before it: "Chi phí thời gian đạt 8,54 điểm, cao nhất cả nước"."""
        return self.component is not None or (i > 0 and isinstance(self.s.mentions[i - 1].payload, Score))

    def _ranked_for(self, i: int) -> SubjectName | None:
        """Return the province where a department is named before an index of provinces: "Sở ... chủ trì nâng PCI, hiện đứng thứ 59"."""
        if not self.subjects or self.subjects[-1].subject_type not in LOCAL or self.subject_at is None:
            return None
        start = self.s.mentions[i].start
        between = [code for at, end, code in self.codes if self.subject_at < at and end <= start]
        return self.state.home_subject("province") if between and between[-1] in OF_PROVINCES_ONLY else None

    def _carried(self, i: int) -> SubjectName | None:
        """Complete a value that names no subject; a bare percentage far from any index is left alone."""
        payload = self.s.mentions[i].payload
        if isinstance(payload, Tier) and not (
            self.s.names_index() or self.component or self.s.speaks_of_home() or self.s.has_rank_or_score()
        ):
            self.drop(i, "neither subject nor index is named")
            return None
        field = self.component is not None or any(portion.component for portion in self._portions(i))
        named = field or self.s.names_index() or _CALLED_SCORE.search(self.s.before(i, 40)) or self.s.is_placed(i) or self._is_beside(i)
        if not named and isinstance(payload, Score) and payload.unit != "điểm":
            self.drop(i, "neither subject nor index is named")
            return None
        objection = topic_objection(self.s, i)
        if objection:
            self.drop(i, objection)
            return None
        body = self.state.body or (None if {code for *_, code in self.codes} & OF_PROVINCES_ONLY else self.state.main_body)
        if body is not None and not self._ranks_provinces():
            return body
        if self.state.subject is None and self.state.group is not None and self.state.group.subject_type != "province":
            self.drop(i, "the talk is of a block, and of no member of it")
            return None
        home = self.state.home_subject("province")
        if self.state.subject is None and self.state.of_many and not self.state.of_one:
            self.drop(i, "whose it is stays open")
            return None
        subject = self.state.subject or home
        if self.state.of_one and subject != home and not self.s.speaks_of_home():
            # Whoever led before, the article goes on with its own province where it names an index or a field; else it is open.
            if not (self.codes or any(isinstance(m.payload, ComponentName) for m in self.s.mentions)):
                self.drop(i, "whose it is stays open")
                return None
            subject = home
        if subject is None:
            self.drop(i, "no subject is named so far")
        return subject

    def _is_beside(self, i: int) -> bool:
        """Tell whether brackets right behind a score that was read hold that of another year alone: "42,71 (năm 2021: 40,67)"."""
        before = next((m for m in reversed(self.s.mentions[:i]) if not self.s.depth[m.start]), None)
        if before is None or not isinstance(before.payload, Score) or before in self.dropped or not self.s.bracket(i):
            return False
        return not self.s.text[before.end : self.s.bracket(i)].strip(" (")

    def _ranks_provinces(self) -> bool:
        """Tell whether the sentence speaks of a place among the provinces: "xếp thứ 40/63", "12 toàn quốc"."""
        among = any(isinstance(m.payload, Rank) and (m.payload.of or 0) >= _FEWEST_PROVINCES for m in self.s.mentions)
        return among or any(isinstance(m.payload, Group) and m.payload.subject_type == "province" for m in self.s.mentions)

    def drop(self, i: int, why: str) -> None:
        """Remember why value `i` became no draft; the first reason stands."""
        self.dropped.setdefault(self.s.mentions[i], why)

    def draft(
        self,
        i: int,
        subject: SubjectName,
        *,
        measure: str | None = None,
        place: int | None = None,
        end: int | None = None,
        group: Group | None = None,
    ) -> Iterator[Draft]:
        """Yield the drafts of value `i` for `subject`: one for each index and year that the words give it."""
        mention = self.s.mentions[i]
        value: Value = mention.payload  # type: ignore[assignment]  # only values reach here
        carried = indices_of(self.s, self.codes, i, self.state, self.component)
        shares = [(p, index) for p in self._portions(i) for index in ([p.index] if p.index else carried)]
        if not isinstance(value, Tier) and shares and shares[0][0].index is None and is_one_of_many(self.s, self.codes, i):
            self.drop(i, "of which of the indices listed stays open")
            return
        if self._is_of_others_behind_several(subject):
            self.drop(i, "of which of the indices told of before stays open")
            return
        if not shares:
            self.drop(i, "no index is named so far")
        for portion, index in shares:
            component = portion.component or component_of(self.s, i, index, self.component)
            base = base_of(self.s, i) if isinstance(value, Delta) else None
            objection = self._objection(i, index, component, subject, base, aggregated=group is not None, placed=place is not None)
            amount = None
            if objection is None and isinstance(value, Score):
                local = subject.subject_type in LOCAL or (group is not None and group.subject_type != "province")
                amount = read_score(value, index, component, provincial=local)
                objection = f"off the scale of {index}" if amount is None else None
            if objection is not None:
                self.drop(i, objection)
                continue
            self.planned = self.planned or self.target
            if isinstance(value, Rank) and value.of is not None and subject.subject_type == "ministry":
                self.state.counts["ministry"] = value.of  # "first of 17 ministries": the last one is the 17th
            for year in [portion.year] if portion.year else years_of(self.s, i, index, base, self.state):
                if year.year is None and year.reason in REACHED:
                    self.drop(i, "of the year before one that is open")
                    continue
                target = self.target and year.reason not in REACHED and not self._is_past(year)
                if target:
                    year = self._planned_year(year)  # noqa: PLW2901
                yield Draft(
                    index=index,
                    subject=subject,
                    value=value,
                    number=mention,
                    measure=measure or MEASURES[type(value)](value),
                    year=year,
                    base_year=base_year(base, year.year),
                    component=component,
                    scope=self._scope_of(i, subject),
                    target=target,
                    anchor=self._anchor(i, aggregated=group is not None),
                    evidence_end=max(_told_until(self.s, mention), end or 0),
                    place=place,
                    amount=amount,
                    group=group,
                )

    def _anchor(self, i: int, *, aggregated: bool) -> int:
        """Return where the evidence begins: at the subject or the statistic named before the value, else with the sentence."""
        start = self.s.mentions[i].start
        if aggregated:
            before = self.s.mentions[:i]
            places = [m.start for m in before if isinstance(m.payload, Statistic)] or [
                m.start for m in before if isinstance(m.payload, Group)
            ]
            return places[-1] if places else self._opening()
        if self.subject_at is not None:
            return min(start, self.subject_at)
        return self._opening()

    def _opening(self) -> int:
        return len(self.s.text) - len(self.s.text.lstrip())

    def _objection(
        self,
        i: int,
        index: str,
        component: str | None,
        subject: SubjectName,
        base: Year | RelativeBase | None,
        *,
        aggregated: bool,
        placed: bool,
    ) -> str | None:
        """Return why a value cannot be one of `index` for `subject`, or None; one that is `placed` is a place of a list, or of a range."""
        payload = self.s.mentions[i].payload
        if indices()[index].level == "provincial" and subject.subject_type in {"province", "ministry"}:
            return f"{index} ranks the bodies of a province: the name of its body has not been read"
        if subject.subject_type in LOCAL and index in OF_PROVINCES_ONLY:
            return f"{index} ranks provinces only"
        if component is None and self.component is not None and index not in self.component.codes:
            return f"a field that {index} does not have"
        named = bool(self.codes) or aggregated
        if component is None and (
            names_unknown_field(self.s, i) or lists_unknown_field(self.s, i) or (self.state.by_fields and opens_with_unknown_field(self.s))
        ):
            self.lost_at = self.s.mentions[i].end
            return "a field that no list holds"
        if follows_unknown_name(self.s, i):
            self.lost_at = self.s.mentions[i].end
            return "a name that no list holds"
        if component is None and is_part(self.s, i):
            return "a part of the score before the brackets"
        if self._is_of_lost_field(i) or (component is not None and field_changed(self.s, i, component)):
            self.lost_at = self.s.mentions[i].end
            return "another field or name may stand between"
        if isinstance(payload, Delta) and self._explains_lost_score(i):
            return "a change of a score that was not read"
        objection = supposition_objection(self.s, i) or topic_objection(self.s, i)
        if objection is None and isinstance(payload, Rank | Tier):
            objection = (
                negation_objection(self.s, i)
                or past_objection(self.s, i)
                or change_objection(self.s, i)
                or body_objection(self.s, i, subject)
                or elsewhere_objection(self.s, i)
            )
            if objection is None and isinstance(payload, Rank) and not placed:
                objection = range_objection(self.s, i, target=self.target)
        if objection is None and isinstance(payload, Score):
            objection = score_objection(self.s, i, index, component, target=self.target, index_named=named)
        elif objection is None and isinstance(payload, Delta):
            objection = delta_objection(self.s, i, index, component, target=self.target, index_named=named)
            if objection is None and payload.needs_base and base is None:
                objection = "more or less than what is not said"
        return objection

    def _explains_lost_score(self, i: int) -> bool:
        """Tell whether a change stands in brackets right behind a score that became no draft: "7,03 điểm (-0,60)"."""
        before = self.s.mentions[i - 1] if i else None
        return (
            before is not None and before in self.dropped and isinstance(before.payload, Score) and self.s.between(i - 1, i).strip() == "("
        )

    def _is_of_lost_field(self, i: int) -> bool:
        """Tell whether a value goes on with a field that was not read: "..., lòng dân 83,6% (xếp 35)"."""
        return self.lost_at is not None and ";" not in self.s.text[self.lost_at : self.s.mentions[i].start]

    def _scope_of(self, i: int, subject: SubjectName) -> str | None:
        payload = self.s.mentions[i].payload
        apart = ministries_apart(self.state.group, subject)
        if apart is not None and (isinstance(payload, Rank) or (isinstance(payload, Delta) and payload.unit == "bậc")):
            return apart
        if isinstance(payload, Delta):
            shared = payload.unit == "bậc" and self.last_rank is not None and in_brackets_of(self.s, self.last_rank[0], i)
            return self.last_rank[1] if shared and self.last_rank is not None else None
        if isinstance(payload, Score):
            return None
        scope = region_of(self.s, i) or unnamed_region(self.s, i) or block_of(self.s, i, subject)
        if isinstance(payload, Rank):
            self.last_rank = (i, scope)
        return scope


def _told_until(s: Marked, mention: Mention) -> int:
    """Return where what a mention says ends: the class of a group may stand behind the index that it is of."""
    behind = CLASS_BEHIND.match(s.text, mention.end) if mention.rule == GROUP_OF_INDEX else None
    return behind.end() if behind else mention.end
