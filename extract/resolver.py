"""The resolver: mentions of one sentence, and what the reader has in mind, become drafts of claims."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from extract.discourse import Discourse, YearRead
from extract.draft import MEASURES, Draft, Value, base_year, whole
from extract.indexing import announced, component_of, heads_value, index_places, indices_of, is_one_of_many
from extract.lists import bracketed_list, compared_names, listed_behind, members, name_list, subjects_behind
from extract.marked import Marked, mark
from extract.mentions import (
    ComponentName,
    Cue,
    Delta,
    Group,
    IndexName,
    Mention,
    Pronoun,
    Rank,
    Region,
    RelativeBase,
    Score,
    Statistic,
    SubjectName,
    Tier,
    Year,
)
from extract.plausible import (
    counts_points,
    delta_objection,
    is_part,
    leads_in_other,
    place_objection,
    score_objection,
    tier_objection,
    topic_objection,
)
from extract.rules.patterns import COUNT
from extract.scales import read_score
from extract.scopes import block_of, in_brackets_of, ministries_apart, region_of
from extract.sharing import Portion, equal_portions, shared_portions
from extract.years import base_of, explains_base, said_in_full, years_of
from normalize.indices import indices
from normalize.numbers import NumberFormatError, parse_count, parse_number

_IN_ORDER = re.compile(r"lần lượt|theo thứ tự")
_COUNTED_PLACES = re.compile(r"\b\d{1,2} vị trí[^.;]{0,20}$")
_OPENS_WITH_VALUE = re.compile(r"\s*(?:[-–•*]\s*)?(?:\w+ \w+ )?(?:với|đạt|được)\b", re.IGNORECASE)
_EQUALLY = re.compile(r"\b(?:đều|cùng|mỗi nơi|mỗi)\b|là 2 đơn vị")
_MORE_PLACES = re.compile(rf"(?:(?:,| và) (?:thứ )?{COUNT})+(?! (?:tỉnh|điểm|bậc))".replace("\\ ", "[ ]"))
_OWN_MEAN = re.compile(
    r"cả nước|toàn quốc|của các|bình quân chung|\bcấp\b|các (?:tỉnh|sở|huyện|bộ|địa)|khối|trung vị|\d+ bộ|mức (?:cao|thấp) nhất"
)
# Who moved most or least stands between the verb and the amount.
_CHANGED_MOST = re.compile(
    r"\b(?:tăng|(?P<down>giảm|sụt))\b[^.]{0,60}?\b(?:nhiều|mạnh|ít|lớn|sâu)\ nhất\b[^.;\d]{0,40}$".replace("\\ ", " ")
)
#: No index of 100 points has moved further in a year than this.
_LARGEST_YEARLY = Decimal(40)
_WHOLE_COUNTRY = {"cả nước", "toàn quốc", "cấp tỉnh"}
_STATISTIC_REACH = 90
_FEWEST_SHARED = 2
#: Why a year is read that stands in the sentence of its value.
_OWN_YEAR = {"named in the sentence", "named in the same brackets", "named right behind the value", "shared out in order"}
_CALLED_SCORE = re.compile(r"\b(?:điểm tổng hợp|tổng điểm|điểm số|số điểm|tổng hợp)[^.;,]{0,20}$")
_ALL_OF = re.compile(r" (?:đều |cùng |được |đạt |xếp )*")
_LOCAL = {"department", "district", "commune"}
#: Nobody ranks the bodies of a province by these; a department beside them is named for something else.
_OF_PROVINCES_ONLY = {"PCI", "PAPI", "PGI", "PII", "PEPI"}
_NEAR_YEAR = 12
#: Between an index and its year the name of the province may stand: "DDCI tỉnh Hải Dương năm 2022".
_NEAR_YEAR_NAMED = 50


@dataclass(frozen=True, slots=True)
class Resolved:
    """The drafts of one sentence, and for each figure that became none the reason why."""

    drafts: tuple[Draft, ...]
    dropped: Mapping[Mention, str]


def resolve(sentence: str, mentions: Sequence[Mention], state: Discourse) -> Resolved:
    """Return what one sentence claims, and leave in `state` what the next sentence may refer to."""
    reader = _Reader(mark(sentence, mentions), state)
    drafts = tuple(reader.read())
    drafted = {draft.number for draft in drafts}
    return Resolved(drafts, {mention: why for mention, why in reader.dropped.items() if mention not in drafted})


class _Reader:
    """One walk over the mentions of one sentence, left to right, brackets as asides."""

    def __init__(self, s: Marked, state: Discourse) -> None:
        self.s = s = replace(s, mentions=said_in_full(s.mentions, state.year.year))
        self.state = state
        self.codes = index_places(s)
        self.compared = compared_names(s)
        self.portions: dict[int, Sequence[Portion]] = {}
        self.subjects: list[SubjectName] = []
        self.subject_at: int | None = None
        self.met: list[SubjectName] = []
        self.component: ComponentName | None = None
        self.statistic: tuple[Statistic, int] | None = None
        self.aggregate: Group | None = None
        self.target = state.target and not self._looks_back()
        self.planned = False
        self.deferred: list[int] = []
        self.done: set[int] = set()
        self.last_rank: tuple[int, str | None] | None = None
        self.dropped: dict[Mention, str] = {}

    # -- the walk ---------------------------------------------------------------------------------------

    def read(self) -> Iterator[Draft]:
        saved: list[tuple[int, list[SubjectName], int | None, ComponentName | None]] = []
        for i, mention in enumerate(self.s.mentions):
            while saved and self.s.bracket(i) != saved[-1][0]:
                _, self.subjects, self.subject_at, self.component = saved.pop()
            if self.s.bracket(i) and not saved:
                saved.append((self.s.bracket(i), self.subjects, self.subject_at, self.component))
                self._enter_bracket(i)
            yield from self._visit(i, mention)
        self._leave()

    def _as_change(self, i: int) -> bool:
        """Read "tăng nhiều nhất là Bình Thuận với 6,39%" as a change."""
        score = self.s.mentions[i].payload
        most = _CHANGED_MOST.search(self.s.before(i, 120))
        if not isinstance(score, Score) or most is None or score.scale is not None:
            return False
        amount = parse_number(score.text, _LARGEST_YEARLY)
        if amount > _LARGEST_YEARLY:
            return False
        sign = -1 if most["down"] else 1
        mentions = list(self.s.mentions)
        mentions[i] = replace(mentions[i], payload=Delta(amount * sign, score.unit), rule="delta.most")
        self.s = replace(self.s, mentions=tuple(mentions))
        return True

    def _visit(self, i: int, mention: Mention) -> Iterator[Draft]:
        match mention.payload:
            case SubjectName():
                yield from self._meet_subject(i)
            case Pronoun() as pronoun:
                yield from self._meet_pronoun(pronoun, mention.start)
            case Group() as group:
                self._meet_group(i, group)
            case Statistic() as statistic:
                self.statistic = (statistic, mention.end)
            case ComponentName() as component:
                self.component = component if heads_value(self.s, i) else None
            case IndexName():
                if not (i and isinstance(self.s.mentions[i - 1].payload, ComponentName) and self.s.between(i - 1, i).strip() in {"", "("}):
                    self.component = None
            case Cue(what="target"):
                self.target = True
            case Cue(what="respectively"):
                yield from self._respectively(i)
            case Rank() | Delta() | Score() | Tier():
                if i not in self.done:
                    yield from self._meet_value(i)
            case _:
                pass

    # -- subjects ---------------------------------------------------------------------------------------

    def _enter_bracket(self, i: int) -> None:
        """Give the figures of "Sơn La (hạng 46)" to the name before the bracket, compared or not."""
        previous = self.s.subject(i - 1) if i else None
        if previous is not None and self.s.between(i - 1, i).strip().startswith("("):
            self._set_subjects([previous], self.s.mentions[i - 1].start)

    def _set_subjects(self, subjects: list[SubjectName], at: int) -> None:
        self.subjects = subjects
        self.subject_at = at
        self.aggregate = None

    def _named(self, names: Sequence[int]) -> list[SubjectName]:
        return [subject for n in names if (subject := self.s.subject(n)) is not None]

    def _meet_subject(self, i: int) -> Iterator[Draft]:
        if i in self.done:
            return
        mention = self.s.mentions[i]
        if i in self.compared and (self.subjects or not self._all_compared()):
            return
        names = name_list(self.s, i)
        self.done.update(names)
        self.met += self._named(names)
        self._set_subjects(self._named(names), mention.start)
        if not (i and isinstance(self.s.mentions[i - 1].payload, ComponentName)):
            self.component = None
        yield from self._flush()
        if len(names) > 1:
            yield from self._share_among(names)

    def _planned_year(self, read: YearRead) -> YearRead:
        """Return the year of a target: its sentence's own, else the one that the plan has named."""
        if read.reason in _OWN_YEAR or self.state.target_year is None:
            return read
        return YearRead(self.state.target_year, "the year of the plan")

    def _looks_back(self) -> bool:
        """Tell whether the sentence speaks of a year before the one that the targets are for."""
        years = [m.payload.years[-1] for m in self.s.measured_years() if isinstance(m.payload, Year)]
        return bool(years) and self.state.target_year is not None and max(years) < self.state.target_year

    def _all_compared(self) -> bool:
        """Tell whether the sentence names nobody but those that its own subject is compared with."""
        return all(n in self.compared for n in range(len(self.s.mentions)) if self.s.subject(n) is not None)

    def _meet_pronoun(self, pronoun: Pronoun, at: int) -> Iterator[Draft]:
        if self.subjects and not (pronoun.subject_type == "district" and self.state.home.district is not None):
            return
        subject = self.state.subject if pronoun.near else None
        subject = subject or self.state.home_subject(pronoun.subject_type) or self.state.subject
        self._set_subjects([subject] if subject else [], at)
        yield from self._flush()

    def _meet_group(self, i: int, group: Group) -> None:
        if self.s.word(i) in _WHOLE_COUNTRY:
            return
        self.state.group = group
        if group.count is not None and group.subject_type != "province":
            self.state.counts[group.subject_type] = group.count

    def _share_among(self, names: list[int]) -> Iterator[Draft]:
        """Give each name of a list its own value: "A và B với 80,37% và 79,97%", "đều tăng 1 bậc"."""
        s, named = self.s, self._named(names)
        start = s.mentions[names[0]].start
        values = self._values_until_next_subject(names[-1])
        shared = False
        for kind in (Score, Rank):
            here = s.bracket(names[0])
            of_kind = [j for j in values if isinstance(s.mentions[j].payload, kind) and not s.is_superlative(j) and s.bracket(j) == here]
            if kind is Rank and len(of_kind) == 1:
                yield from self._bare_places(names, of_kind[0])
                shared = shared or of_kind[0] in self.done
            elif len(of_kind) == len(names):
                shared = True
                for name, j, after in zip(named, of_kind, [*of_kind[1:], len(s.mentions)], strict=True):
                    self._set_subjects([name], start)
                    for k in [
                        k for k in values if k == j or (j < k < after and (isinstance(s.mentions[k].payload, Tier) or s.bracket(k) != here))
                    ]:
                        self.done.add(k)
                        yield from self._attach(k)
        first = next((j for j in values if j not in self.done), None)
        if first is not None and isinstance(s.mentions[first].payload, Tier) and not shared:
            shared = True
            self.done.add(first)
            for name in named:
                self._set_subjects([name], start)
                yield from self._attach(first)
        elif first is not None and _EQUALLY.search(s.text[s.mentions[names[-1]].end : s.mentions[first].end + 12]):
            self.done.add(first)
            for name in named:
                self._set_subjects([name], start)
                yield from self._attach(first)
        self._set_subjects([named[-1]] if shared else [], s.mentions[names[-1]].start)

    def _values_until_next_subject(self, i: int) -> list[int]:
        s, end = self.s, self.s.clause_end(i)
        following = [j for j in range(i + 1, len(s.mentions)) if s.mentions[j].start < end]
        stop = next((j for j in following if s.subject(j) is not None), len(s.mentions))
        return [j for j in following if j < stop and isinstance(s.mentions[j].payload, Value)]

    def _bare_places(self, names: list[int], i: int) -> Iterator[Draft]:
        """Read "lần lượt thứ 9 và 10": the second place has lost its noun."""
        rank, end = self.s.mentions[i].payload, self.s.mentions[i].end
        tail = _MORE_PLACES.match(self.s.text, end)
        if not isinstance(rank, Rank) or rank.place is None or not tail:
            return
        try:
            places = [rank.place, *(parse_count(word) for word in re.findall(r"(?:,| và) (?:thứ )?([^,]+?)(?=,| và|$)", tail[0]))]
        except NumberFormatError:
            return
        if len(places) != len(names):
            return
        self.done.add(i)
        for name, place in zip(self._named(names), places, strict=True):
            self._set_subjects([name], self.s.mentions[names[0]].start)
            yield from self._attach(i, place=place, end=tail.end())

    def _respectively(self, i: int) -> Iterator[Draft]:
        """Share out "lần lượt là 87,61 và 86,70": over the years or the indices listed before it, else over the subjects.

        Subjects in a list right before the word are `_share_among`'s.
        """
        s = self.s
        following = [j for j in range(i + 1, len(s.mentions)) if s.mentions[j].start < s.clause_end(i)]
        stop = next((j for j in following if s.subject(j) is not None or isinstance(s.mentions[j].payload, IndexName)), len(s.mentions))
        here = s.bracket(i)
        for kind in (Score, Rank):
            run = [
                j for j in following if j < stop and isinstance(s.mentions[j].payload, kind) and s.bracket(j) == here and j not in self.done
            ]
            if len(run) < _FEWEST_SHARED:
                continue
            portions = shared_portions(s, self.codes, i, len(run))
            if portions:
                self.portions.update((j, [portion]) for j, portion in zip(run, portions, strict=True))
            elif kind is Score and len(self.met) >= len(run) and not self.deferred:
                yield from self._share_scores(i, run)

    def _share_scores(self, i: int, run: Sequence[int]) -> Iterator[Draft]:
        """Give scores to the last subjects named."""
        kept, at = self.subjects, self.subject_at
        for subject, j in zip(self.met[-len(run) :], run, strict=True):
            self.done.add(j)
            self._set_subjects([subject], at if at is not None else self.s.mentions[i].start)
            yield from self._attach(j)
        self.subjects = kept

    def _portions(self, i: int) -> Sequence[Portion]:
        """Return the shares of a list that value `i` belongs to; a change in brackets goes with the value before it."""
        before = [j for j in self.portions if j <= i]
        return self.portions[max(before)] if before else equal_portions(self.s, self.codes, i) or [Portion()]

    # -- values -----------------------------------------------------------------------------------------

    def _meet_value(self, i: int) -> Iterator[Draft]:
        payload = self.s.mentions[i].payload
        if self._as_change(i):
            yield from self._attach(i)
            return
        match payload:
            case Rank(enumerated=True):
                yield from self._enumerated(i)
                return
            case Rank():
                followers = subjects_behind(self.s, i) if self.s.mentions[i].rule != "rank.ordered" else listed_behind(self.s, i)
                if followers and self.s.is_superlative(i) and leads_in_other(self.s, i):
                    self._drop(i, "a lead in something else")
                    return
                if followers:
                    yield from self._inverted(i, followers)
                    return
            case Tier() if len(names := bracketed_list(self.s, i)) > 1:
                for name in names:
                    self._set_subjects(self._named([name]), self.s.mentions[names[0]].start)
                    yield from self._attach(i)
                return
            case Tier() if (group := self._all_of_group(i)) is not None:
                yield from self._draft(i, whole(group), group=group)
                return
            case Tier(value=value) if not value.startswith("top "):
                listed = members(self.s, i, has_subject=bool(self.subjects))
                for n in listed:
                    self._set_subjects(self._named([n]), self.s.mentions[n].start)
                    yield from self._draft(i, self.subjects[0], end=self.s.mentions[n].end)
                if listed:
                    return
            case Score() if self.statistic is not None and self._statistic_reaches(i):
                statistic, self.statistic = self.statistic[0], None
                yield from self._aggregate_score(i, statistic)
                return
            case Score() if self.aggregate is not None and explains_base(self.s, i):
                yield from self._draft(i, whole(self.aggregate), measure="score_mean", group=self.aggregate)
                return
            case Delta(unit=unit) if self.aggregate is not None and unit != "bậc":
                yield from self._draft(i, whole(self.aggregate), group=self.aggregate)
                return
        if not self.subjects and self._waits(i):
            self.deferred.append(i)
            return
        yield from self._attach(i)

    def _waits(self, i: int) -> bool:
        """Tell whether a value without a subject so far is one of a name behind it: the opening words say so, or only one name comes."""
        if _OPENS_WITH_VALUE.match(self.s.text) and self.s.names_anyone():
            return True
        coming = {self.s.subject(n) for n in range(i + 1, len(self.s.mentions)) if n not in self.compared and not self.s.bracket(n)} - {
            None
        }
        payload = self.s.mentions[i].payload
        opens = (
            isinstance(payload, Rank)
            and not payload.superlative
            and not self.s.text[: self.s.mentions[i].start].strip(' “"').removeprefix("đã ").removeprefix("từng").removeprefix("từ")
        )
        return (isinstance(payload, Score) or opens) and not self.s.bracket(i) and len(coming) == 1

    def _flush(self) -> Iterator[Draft]:
        """Attach the values that waited for their subject: "Với 0,5064 điểm và 0,4880 điểm, A và B ..."."""
        waiting, self.deferred = self.deferred, []
        everyone = self.subjects
        paired = len(everyone) > 1 and len(waiting) == len(everyone)
        for n, i in enumerate(waiting):
            self.subjects = [everyone[n]] if paired else everyone[-1:]
            yield from self._attach(i)
        self.subjects = everyone

    def _enumerated(self, i: int) -> Iterator[Draft]:
        """Read "(3) Văn phòng UBND tỉnh 90,02%" in a list that says it is in order."""
        following = i + 1 < len(self.s.mentions) and self.s.subject(i + 1)
        if following and not self.s.between(i, i + 1).strip() and re.search(r"lần lượt|thứ tự|xếp hạng|cao xuống", self.s.text):
            self._set_subjects([following], self.s.mentions[i].start)
            yield from self._draft(i, following, end=self.s.mentions[i + 1].end)

    def _inverted(self, i: int, followers: list[int]) -> Iterator[Draft]:
        s = self.s
        rank: Rank = s.mentions[i].payload  # type: ignore[assignment]  # the caller has a rank
        first = s.mentions[followers[0]]
        ordered = bool(_IN_ORDER.search(s.text, max(0, s.mentions[i].start - 40), first.start)) or bool(
            _COUNTED_PLACES.search(s.before(i, 40))
        )
        if len(followers) > 1 and rank.superlative:
            ordered = ordered or s.mentions[i].rule == "rank.ordered"
            for place, n in enumerate(followers if rank.place == 1 and ordered else (), start=1):
                self._set_subjects(self._named([n]), first.start)
                yield from self._draft(i, self.subjects[0], place=place, end=s.mentions[n].end)
            self._set_subjects([], first.start)
            return
        if rank.superlative and re.search(r"\b(?:các|những)\b", s.before(i, 25)):
            return
        self._set_subjects(self._named(followers[:1]), first.start)
        self.component = None
        yield from self._draft(i, self.subjects[0], end=first.end)
        if len(name_list(s, followers[0])) == 1:
            self.done.add(followers[0])
            self.met += self.subjects

    def _aggregate_score(self, i: int, statistic: Statistic) -> Iterator[Draft]:
        s = self.s
        before = s.text[: s.mentions[i].start]
        if statistic.compared and not re.search(r"(?:là|\(|ở mức)\s*$", before):
            return
        if statistic.measure == "score_mean" and self.subjects and not statistic.compared and not _OWN_MEAN.search(before[-90:]):
            yield from self._attach(i)
            return
        self.aggregate = self._group_near(i)
        if self.aggregate.subject_type == "province" and indices_of(self.s, self.codes, i, self.state, self.component) == ["DDCI"]:
            self.aggregate = Group("district", "các huyện")
        region = self._region_before(i) if self.aggregate.subject_type == "province" else None
        subject = SubjectName("region", region) if region else whole(self.aggregate)
        yield from self._draft(i, subject, measure=statistic.measure, group=self.aggregate)
        if statistic.measure == "score_min" and re.search(r"khoảng\s*$|từ\s*$", before):
            top = next((j for j in range(i + 1, len(s.mentions)) if isinstance(s.mentions[j].payload, Score)), None)
            if top is not None and re.fullmatch(r"\s*(?:-|–|đến)\s*", s.between(i, top)):
                self.done.add(top)
                yield from self._draft(top, whole(self.aggregate), measure="score_max", group=self.aggregate)

    def _region_before(self, i: int) -> str | None:
        """Return the region that a mean is of: "Vùng Đồng bằng sông Hồng có chỉ số trung bình 81,80%"."""
        for j in range(i - 1, -1, -1):
            payload = self.s.mentions[j].payload
            if isinstance(payload, Region):
                return payload.name
            if not isinstance(payload, Statistic | IndexName | Year):
                return None
        return None

    def _statistic_reaches(self, i: int) -> bool:
        """Tell whether the mean or median named before is this number's: not beyond a semicolon, not far away."""
        if self.statistic is None:
            return False
        gap = self.s.text[self.statistic[1] : self.s.mentions[i].start]
        return len(gap) <= _STATISTIC_REACH and ";" not in gap

    def _group_near(self, i: int) -> Group:
        """Return the block a statistic is over: the one named in the sentence, else the block in mind, else all provinces."""
        here = [m.payload for m in self.s.mentions[:i] if isinstance(m.payload, Group)]
        specific = [g for g in here if g.subject_type != "province"]
        if specific or here:
            return (specific or here)[-1]
        if self.state.group is not None and not any(subject.subject_type == "province" for subject in self.subjects):
            return self.state.group
        return Group("province", "63 tỉnh")

    def _all_of_group(self, i: int) -> Group | None:
        """Return the group that a tier right behind it is of, whole: "08/08 huyện ở mức khá"."""
        before = self.s.mentions[i - 1] if i else None
        whole_group = before is not None and before.rule == "group.all_districts" and _ALL_OF.fullmatch(self.s.between(i - 1, i))
        return before.payload if whole_group and before is not None and isinstance(before.payload, Group) else None

    def _attach(self, i: int, *, place: int | None = None, end: int | None = None) -> Iterator[Draft]:
        payload = self.s.mentions[i].payload
        subject = self._ranked_for(i) or (self.subjects[-1] if self.subjects else None)
        if subject is None:
            if not self._all_compared() or self.s.is_superlative(i):
                self._drop(i, "whose it is stays open")
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
            self._drop(i, objection)
            return
        yield from self._draft(i, subject, place=place, end=end)

    def _ranked_for(self, i: int) -> SubjectName | None:
        """Return the province where a department is named before an index of provinces: "Sở ... chủ trì nâng PCI, hiện đứng thứ 59"."""
        if not self.subjects or self.subjects[-1].subject_type not in _LOCAL or self.subject_at is None:
            return None
        start = self.s.mentions[i].start
        between = [code for at, end, code in self.codes if self.subject_at < at and end <= start]
        return self.state.home_subject("province") if between and between[-1] in _OF_PROVINCES_ONLY else None

    def _carried(self, i: int) -> SubjectName | None:
        """Complete a value that names no subject; a bare percentage far from any index is left alone."""
        payload = self.s.mentions[i].payload
        named = self.s.names_index() or self.component is not None or _CALLED_SCORE.search(self.s.before(i, 40))
        if not named and isinstance(payload, Score) and payload.unit != "điểm":
            self._drop(i, "neither subject nor index is named")
            return None
        objection = topic_objection(self.s, i)
        if objection:
            self._drop(i, objection)
            return None
        if self.state.subject is None and self.state.group is not None and self.state.group.subject_type != "province":
            self._drop(i, "the talk is of a block, and of no member of it")
            return None
        subject = self.state.subject or self.state.home_subject("province")
        if subject is None:
            self._drop(i, "no subject is named so far")
        return subject

    def _drop(self, i: int, why: str) -> None:
        self.dropped.setdefault(self.s.mentions[i], why)

    # -- drafts -----------------------------------------------------------------------------------------

    def _draft(
        self,
        i: int,
        subject: SubjectName,
        *,
        measure: str | None = None,
        place: int | None = None,
        end: int | None = None,
        group: Group | None = None,
    ) -> Iterator[Draft]:
        mention = self.s.mentions[i]
        value: Value = mention.payload  # type: ignore[assignment]  # only values reach here
        carried = indices_of(self.s, self.codes, i, self.state, self.component)
        shares = [(p, index) for p in self._portions(i) for index in ([p.index] if p.index else carried)]
        if not isinstance(value, Tier) and shares and shares[0][0].index is None and is_one_of_many(self.s, self.codes, i):
            self._drop(i, "of which of the indices listed stays open")
            return
        if not shares:
            self._drop(i, "no index is named so far")
        for portion, index in shares:
            component = portion.component or component_of(self.s, i, index, self.component)
            base = base_of(self.s, i) if isinstance(value, Delta) else None
            objection = self._objection(i, index, component, subject, base, aggregated=group is not None)
            amount = None
            if objection is None and isinstance(value, Score):
                local = subject.subject_type in _LOCAL or (group is not None and group.subject_type != "province")
                amount = read_score(value, index, component, provincial=local)
                objection = f"off the scale of {index}" if amount is None else None
            if objection is not None:
                self._drop(i, objection)
                continue
            self.planned = self.planned or self.target
            if isinstance(value, Rank) and value.of is not None and subject.subject_type == "ministry":
                self.state.counts["ministry"] = value.of  # "first of 17 ministries": the last one is the 17th
            for year in [portion.year] if portion.year else years_of(self.s, i, index, base, self.state):
                if self.target:
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
                    target=self.target,
                    anchor=self._anchor(i, aggregated=group is not None),
                    evidence_end=max(mention.end, end or 0),
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
        self, i: int, index: str, component: str | None, subject: SubjectName, base: Year | RelativeBase | None, *, aggregated: bool
    ) -> str | None:
        """Return why a value cannot be one of `index` for `subject`, or None."""
        payload = self.s.mentions[i].payload
        if indices()[index].level == "provincial" and subject.subject_type in {"province", "ministry"}:
            return f"{index} ranks the bodies of a province: the name of its body has not been read"
        if subject.subject_type in _LOCAL and index in _OF_PROVINCES_ONLY:
            return f"{index} ranks provinces only"
        if component is None and self.component is not None and index not in self.component.codes:
            return f"a field that {index} does not have"
        named = bool(self.codes) or aggregated
        if component is None and is_part(self.s, i):
            return "a part of the score before the brackets"
        objection = topic_objection(self.s, i)
        if objection is None and isinstance(payload, Score):
            objection = score_objection(self.s, i, index, component, target=self.target, index_named=named)
        elif objection is None and isinstance(payload, Delta):
            objection = delta_objection(self.s, i, index, component, index_named=named)
            if objection is None and payload.needs_base and base is None:
                objection = "more or less than what is not said"
        return objection

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
        scope = region_of(self.s, i) or block_of(self.s, i, subject)
        if isinstance(payload, Rank):
            self.last_rank = (i, scope)
        return scope

    # -- what the next sentence inherits ------------------------------------------------------------------

    def _beside(self, end: int, year: Mention) -> bool:
        """Tell whether a year stands beside the index that ends at `end`, with no more than a name between."""
        between = [m for m in self.s.mentions if end <= m.start < year.start]
        named_only = all(isinstance(m.payload, SubjectName | Pronoun | Group | IndexName) for m in between)
        return 0 <= year.start - end <= (_NEAR_YEAR_NAMED if between and named_only else _NEAR_YEAR)

    def _leave(self) -> None:
        state = self.state
        if self.codes:
            state.index = announced(self.s, self.codes)
        years = [m for m in self.s.measured_years() if not self.s.depth[m.start] and isinstance(m.payload, Year) and not m.payload.is_range]
        if self.planned:
            plans = [m.payload.years[-1] for m in self.s.measured_years() if isinstance(m.payload, Year)]
            state.target_year = plans[-1] if plans else state.target_year
        elif years and isinstance(years[-1].payload, Year):
            if self.codes:  # a year beside other things ("thu ngân sách năm 2017") is not an index's
                state.year = YearRead(years[-1].payload.years[-1], "named in an earlier sentence")
                state.first_year = state.first_year or state.year
            for _, end, code in self.codes:
                near = [m.payload.years[-1] for m in years if self._beside(end, m) and isinstance(m.payload, Year)]
                if near:
                    state.name_year(code, near[0])
        if len(self.subjects) == 1 and self.subjects[0].subject_type == "province":
            state.subject = self.subjects[0]
        state.target = self.target and (state.target or self.planned)
