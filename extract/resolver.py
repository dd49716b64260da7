"""The resolver: mentions of one sentence, and what the reader has in mind, become drafts of claims."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from extract.discourse import Discourse
from extract.draft import Draft
from extract.indexing import heads_sentence, heads_value, names_own_index, published_by
from extract.inherit import pass_on
from extract.lists import name_list
from extract.marked import Marked, mark
from extract.mentions import (
    LOCAL,
    ComponentName,
    Cue,
    Delta,
    Group,
    IndexName,
    Mention,
    Pronoun,
    Rank,
    Score,
    Statistic,
    SubjectName,
    Tier,
    Year,
)
from extract.moves import starts_change
from extract.placing import Placer
from extract.plausible import GAP, TOPIC_DRIFT
from extract.scales import read_score
from extract.years import opens_part, said_in_full
from normalize.numbers import parse_number
from normalize.units import find_district

_OPENS_WITH_VALUE = re.compile(
    r"\s*(?:[-–•*]\s*)?(?:\w+ \w+ )?(?:(?:về|riêng|đối với) (?:chỉ số )?[^,.;\d]{2,30}, )?(?:với|đạt|được)\b", re.IGNORECASE
)
#: "A thay B giữ ngôi đầu": what follows is A's.
_TAKES_PLACE = re.compile(
    r"\b(?:thay|thay thế|soán ngôi|vượt|vượt qua)(?: cho| của)? $|"
    r"\b(?:overt(?:ook|ak(?:ing|en))|surpass(?:ed|ing)|dethron(?:ed|ing)|replac(?:ed|ing)) $"
)
_OTHER_PART = re.compile(r"[;…]|\.\.\.")
# Who moved most or least stands between the verb and the amount.
_CHANGED_MOST = re.compile(
    r"\b(?:tăng|(?P<down>giảm|sụt))\b(?:(?!\b(?:tăng|giảm|sụt)\b)[^.]){0,60}?\b(?:nhiều|mạnh|ít|lớn|sâu) nhất\b"
    r"(?:(?!\b(?:còn|lên|xuống)\b)[^.;\d]){0,40}$"
)
#: No index of 100 points has moved further in a year than this.
_LARGEST_YEARLY = Decimal(40)
#: Behind fields their sum: "cải cách TTHC 95,2%, tổng điểm đạt 84,3%"; but not "Tiếp cận đất đai có tổng điểm 6,8".
_WHOLE = re.compile(
    r"[,;.] (?:và |với |đưa |nâng |nhưng )?"
    r"(?:tổng(?: số)? điểm|tổng cộng|tổng hợp|tổng(?= $)|điểm tổng|(?:kết quả|chỉ số|điểm) chung)\b[^;.]{0,40}$"
)
#: "..., xếp thứ 8 trong PAR INDEX 2022", but not "..., hạng 8; trong PAR INDEX"
_OF_FIELDS_INDEX = re.compile(r"[^\W_] (?:trong|của|thuộc)(?: bảng)?(?: xếp hạng)?(?: bộ)?(?: chỉ số)? $")
_CITY = re.compile(r"(?:của )?(?:ubnd )?thành phố\b")
_PROVINCES = Group("province", "63 tỉnh")
_SO_WITH = re.compile(r" so với \d")
_WHOLE_COUNTRY = {"cả nước", "toàn quốc", "cấp tỉnh"}
#: Where so many further values follow for the same, one behind the other, the first is none of it either.
_SO_MANY = 2
_LISTED = re.compile(r"[\s;,]*(?:và )?")
# "70 xã xếp loại tốt" counts some of them; "70 xã, phường" all.
_SOME_OF_THEM = re.compile(
    r"\s*(?:được |cùng )?(?:xếp loại|dưới|trên|chưa|không|bị|còn|đạt|thuộc|tăng|giảm|nằm|có (?:điểm|chỉ số|kết quả))\b"
)
#: "nhóm thứ hai, trên 80% đến dưới 90%, gồm 11 bộ"
_OF_CLASS = re.compile(r"\bnhóm\b[^.;]{2,70}\b(?:gồm|có)(?: \w+)? $")
#: "đề nghị các sở, ngành khắc phục hạn chế": nobody ranks them here.
_ADDRESSED = re.compile(r"\b(?:đề nghị|yêu cầu|chỉ đạo|giao|đôn đốc|lãnh đạo|đại diện)(?: \w+){0,2} $")


@dataclass(frozen=True, slots=True)
class Resolved:
    """The drafts of one sentence, and for each figure that became none the reason why."""

    drafts: tuple[Draft, ...]
    dropped: Mapping[Mention, str]


def resolve(sentence: str, mentions: Sequence[Mention], state: Discourse) -> Resolved:
    """Return what one sentence claims, and leave in `state` what the next sentence may refer to."""
    marked = mark(sentence, mentions)
    if _is_back_at_main(marked, state):
        state.index = state.main_index
    published = published_by(marked)
    if state.index is not None and published and state.index not in published:  # "VCCI cho biết" in an article on "PCI, PAPI"
        state.index = published[0]
    reader = _Reader(marked, state)
    drafts = tuple(_without_second_values(sentence, reader.read(), reader.dropped))
    told_of = {m.payload.years[-1] for m in reader.s.measured_years() if isinstance(m.payload, Year) and not opens_part(reader.s, m)}
    dated = {d.year for d in drafts if d.year.reason == "named in the sentence" and d.year.year in told_of and not d.target}
    if state.year.year is None and len(dated) == 1:  # "Năm 2022, Bộ Công Thương xếp thứ 12": the next sentence goes on with it
        state.year = state.first_year = replace(dated.pop(), reason="named in an earlier sentence")
    after = {d.year for d in drafts if d.year.reason == "base year plus one"}
    if state.year.year is None and len(after) == 1:  # "xếp thứ 49, tăng 15 bậc so với năm 2019"
        state.year = state.first_year = after.pop()
    if reader.codes:
        state.several = len({draft.index for draft in drafts if not isinstance(draft.value, Tier)}) > 1
    told = {draft.subject for draft in drafts}
    state.body = next((subject for subject in told if len(told) == 1 and subject.subject_type in LOCAL), None)
    drafted = {draft.number for draft in drafts}
    return Resolved(drafts, {mention: why for mention, why in reader.dropped.items() if mention not in drafted})


def _is_back_at_main(s: Marked, state: Discourse) -> bool:
    """Tell whether a score without index is off the scale of the index in mind, and on that of the one the article began with."""
    if (
        state.index is None
        or state.main_index in {None, state.index}
        or any(isinstance(m.payload, IndexName | ComponentName) for m in s.mentions)
        or TOPIC_DRIFT.search(s.text)
        or any(GAP.search(s.before(i, 90)) for i in range(len(s.mentions)))
    ):
        return False
    told = [m.payload for m in s.mentions if isinstance(m.payload, Score) and m.payload.unit != "%"]
    scores = [score for score in told if score.qualifier == "exact" and not score.noun_follows]
    in_mind, main = ([read_score(score, code, None, provincial=False) for score in scores] for code in (state.index, str(state.main_index)))
    return bool(scores) and not any(in_mind) and all(main)


def _without_second_values(sentence: str, drafts: Iterator[Draft], dropped: dict[Mention, str]) -> Iterator[Draft]:
    """Leave out a value where another part of the sentence has given one for the same: its name or field was not read."""
    first: dict[tuple[object, ...], Draft] = {}
    kept: list[Draft] = []
    listed: dict[Mention, list[Draft]] = defaultdict(list)
    for draft in drafts:
        unit = draft.value.unit or "điểm" if isinstance(draft.value, Score | Delta) else None
        of = (draft.index, draft.subject, draft.measure, draft.year.year, draft.component, draft.scope, draft.target)
        before = first.setdefault((*of, draft.base_year, unit), draft)
        same = (before.value, before.place, before.amount) == (draft.value, draft.place, draft.amount)
        if same or isinstance(draft.value, Tier) or not _OTHER_PART.search(sentence, before.number.end, draft.number.start):
            kept.append(draft)
        else:
            run = listed[before.number]
            if _LISTED.fullmatch(sentence, (run[-1] if run else before).number.end, draft.number.start):
                run.append(draft)
            dropped.setdefault(draft.number, "another part of the sentence has given a value for the same")
    for draft in kept:
        if len(listed[draft.number]) < _SO_MANY:
            yield draft
        else:  # "lần lượt xếp thứ 52, 48, 48; điểm: 59,42; 61,73; 63,49"
            dropped.setdefault(draft.number, "one of several values for the same")


def _beside_ministries(mentions: Sequence[Mention], state: Discourse) -> tuple[Mention, ...]:
    """Return the mentions with "khối địa phương" as the provinces where ministries were told of before: else it is the districts."""
    if all(m.rule != "group.localities" for m in mentions):
        return tuple(mentions)
    told = [m.payload.subject_type for m in mentions if isinstance(m.payload, Group | SubjectName)]
    told += [one.subject_type for one in (state.group, state.last_named) if one is not None]
    if "ministry" not in told:
        return tuple(mentions)
    return tuple(replace(m, payload=_PROVINCES) if m.rule == "group.localities" else m for m in mentions)


class _Reader(Placer):
    """One walk over the mentions of one sentence, left to right, brackets as asides."""

    def __init__(self, s: Marked, state: Discourse) -> None:
        super().__init__(replace(s, mentions=_beside_ministries(said_in_full(s.mentions, state.year.year), state)), state)

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
        if saved:  # brackets that end the sentence are left, too
            _, self.subjects, self.subject_at, self.component = saved[0]
        pass_on(self)

    def _as_change(self, i: int) -> bool:
        """Read "tăng nhiều nhất là Bình Thuận với 6,39%" as a change."""
        score = self.s.mentions[i].payload
        most = _CHANGED_MOST.search(self.s.before(i, 120))
        if not isinstance(score, Score) or most is None or score.scale is not None or starts_change(self.s, i):
            return False
        behind = self.s.mentions[i + 1] if i + 1 < len(self.s.mentions) else None
        if behind is not None and isinstance(behind.payload, Delta) and behind.payload.unit != "bậc" and self.s.between(i, i + 1) == ", ":
            return False  # "nhiều nhất là Tính minh bạch (5,82 điểm, giảm 0,76 điểm)"
        amount = parse_number(score.text, _LARGEST_YEARLY)
        if amount > _LARGEST_YEARLY:
            return False
        sign = -1 if most["down"] else 1
        mentions = list(self.s.mentions)
        mentions[i] = replace(mentions[i], payload=Delta(amount * sign, score.unit), rule="delta.most")
        self.s = replace(self.s, mentions=tuple(mentions))
        return True

    def _visit(self, i: int, mention: Mention) -> Iterator[Draft]:
        if isinstance(mention.payload, SubjectName | ComponentName | IndexName | Pronoun):
            self.lost_at = None
        match mention.payload:
            case SubjectName():
                yield from self._meet_subject(i)
            case Pronoun() as pronoun:
                yield from self._meet_pronoun(pronoun, mention.start)
            case Group() as group:
                self._meet_group(i, group)
            case Statistic() as statistic:
                yield from self.meet_statistic(i, statistic)
            case ComponentName() as component:
                self.component = component if heads_value(self.s, i) else None
                if heads_sentence(self.s, i):
                    self.heading = component
            case IndexName():
                if not self._goes_on_of_field(i):
                    self.component = self.heading = None
            case Cue(what="target" | "reported" as what):
                self.target = what == "target"
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
        is_both = i - 1 in self.compared and _SO_WITH.match(self.s.text, self.s.mentions[i].end)  # "Hải Phòng hơn A (91,80% so với 91,14%)"
        if previous is not None and self.s.between(i - 1, i).strip().startswith("(") and not is_both:
            self.set_subjects([previous], self.s.mentions[i - 1].start)

    def _meet_subject(self, i: int) -> Iterator[Draft]:
        if i in self.done:
            return
        mention = self.s.mentions[i]
        if i in self.compared and (self.subjects or not self.all_compared()):
            yield from self._figure_of_compared(i)
            return
        names = name_list(self.s, i)
        self.done.update(names)
        self.met += self._named(names)
        self.set_subjects(self._named(names), mention.start)
        if not self._is_behind_field(i):
            self.component = self.heading
        yield from self._flush()
        if len(names) > 1:
            yield from self._share_among(names)

    def _is_second_score_with(self, i: int, score: int) -> bool:
        """Tell whether a score "with" who is compared is his, the own one is told: "scored 89.09, second after Quang Ninh with 90.10"."""
        told = any(isinstance(m.payload, Score) and not self.s.depth[m.start] for m in self.s.mentions[:i])
        return (
            told and isinstance(self.s.mentions[score].payload, Score) and self.s.between(i, score).strip() in {"with", "với", "on", "at"}
        )

    def _goes_on_of_field(self, i: int) -> bool:
        """Tell whether an index only says of what the field in mind is one: "Tiếp cận đất đai của Hòa Bình trong bảng xếp hạng PCI"."""
        index = self.s.mentions[i].payload
        before = self.s.before(i, 40)
        of_it = isinstance(index, IndexName) and self.component is not None and index.code in self.component.codes
        return (i > 0 and names_own_index(self.s, i - 1)) or (of_it and bool(_OF_FIELDS_INDEX.search(before)))

    def _is_behind_field(self, i: int) -> bool:
        """Tell whether only its index and the year stand between a field and a name: "Chi phí thời gian PCI 2022 của Bắc Kạn"."""
        field = i - 1
        while field > 0 and (isinstance(self.s.mentions[field].payload, Year) or names_own_index(self.s, field - 1)):
            field -= 1
        return field >= 0 and isinstance(self.s.mentions[field].payload, ComponentName)

    def _figure_of_compared(self, i: int) -> Iterator[Draft]:
        """Read the figure right behind those who are compared with: "sau Quảng Ninh 26,00 điểm", "cao hơn Hải Phòng đứng thứ 2"."""
        following = i + 1
        if (
            following < len(self.s.mentions)
            and isinstance(self.s.mentions[following].payload, Score | Rank)
            and (not self.s.between(i, following).strip(" :(") or self._is_second_score_with(i, following))
            and not _TAKES_PLACE.search(self.s.before(i, 20))
        ):
            kept, at = self.subjects, self.subject_at
            self.set_subjects(self._named([i]), self.s.mentions[i].start)
            for figure in (following, *self._aside_of(following), *self._place_behind(following)):
                self.done.add(figure)
                yield from self.attach(figure)
            self.subjects, self.subject_at = kept, at

    def _place_behind(self, i: int) -> list[int]:
        """Return the place that goes on from a score in brackets: "bỏ xa Ninh Thuận (45,19 điểm) xếp thứ hai"."""
        place = i + 1
        if not self.s.bracket(i) or place >= len(self.s.mentions) or not isinstance(self.s.mentions[place].payload, Rank):
            return []
        return [place] if self.s.between(i, place).strip() == ")" else []

    def _aside_of(self, i: int) -> list[int]:
        """Return the figures in brackets right behind a figure: "sau Đà Nẵng 70,15 điểm (thứ 5)"."""
        aside = i + 1
        if aside >= len(self.s.mentions) or not self.s.bracket(aside) or self.s.between(i, aside).strip() != "(":
            return []
        inside = [j for j in range(aside, len(self.s.mentions)) if self.s.bracket(j) == self.s.bracket(aside)]
        return [j for j in inside if isinstance(self.s.mentions[j].payload, Score | Rank | Delta)]

    def _meet_pronoun(self, pronoun: Pronoun, at: int) -> Iterator[Draft]:
        local = self.state.home_subject(pronoun.subject_type) if pronoun.subject_type in LOCAL else None
        if self.subjects and local is None:
            return
        subject = (self.state.near if pronoun.subject_type else self.state.last_named) if pronoun.near else None
        if subject is None and pronoun.subject_type is None:
            return
        if subject is None and _CITY.match(self.s.text, at) and self._lists_districts():
            self.set_subjects(self._own_city(), at)  # "Thành phố: 86,5%; Hòa An: 84,2%" in a list of a province's districts
            yield from self._flush()
            return
        subject = subject or self.state.home_subject(pronoun.subject_type) or self.state.subject
        self.set_subjects([subject] if subject else [], at)
        yield from self._flush()

    def _lists_districts(self) -> bool:
        """Tell whether the talk is of the districts of a province that is no city itself."""
        group, province = self.state.group, self.state.province()
        return group is not None and group.subject_type == "district" and province is not None and province.kind == "tỉnh"

    def _own_city(self) -> list[SubjectName]:
        """Return the city that has the province's name; none where it has not, and what is told of it is left open."""
        province = self.state.province()
        city = find_district(province.name, province.gso_code) if province is not None else None
        self.lost_at = None if city else self.s.mentions[-1].end
        return [SubjectName("district", city.name.split(" (")[0], (city.unit_id,))] if city else []

    def _meet_group(self, i: int, group: Group) -> None:
        elsewhere = not self.codes and (TOPIC_DRIFT.search(self.s.text) or _ADDRESSED.search(self.s.before(i, 40)))
        if self.s.word(i) in _WHOLE_COUNTRY or elsewhere:
            return
        self.state.group = group
        of_some = _OF_CLASS.search(self.s.before(i, 90)) or _SOME_OF_THEM.match(self.s.text, self.s.mentions[i].end)
        if group.count is not None and group.subject_type != "province" and not of_some:
            self.state.counts[group.subject_type] = group.count

    # -- values -----------------------------------------------------------------------------------------

    def _meet_value(self, i: int) -> Iterator[Draft]:
        if self.component is not None and _WHOLE.search(self.s.before(i, 70)):
            self.component, self.lost_at = None, None
        if self._as_change(i):
            yield from self.attach(i)
            return
        special = self.special(i)
        if special is not None:
            yield from special
        elif not self.subjects and self._waits(i):
            self.deferred.append(i)
        else:
            yield from self.attach(i)

    def _waits(self, i: int) -> bool:
        """Tell whether a value without a subject so far is one of a name behind it: the opening words say so, or only one name comes."""
        if _OPENS_WITH_VALUE.match(self.s.text) and (self.s.names_anyone() or self._is_told_of_home(i)):
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

    def _is_told_of_home(self, i: int) -> bool:
        """Tell whether the next thing named is the province that the article is about: "Về PCI, với 61,96 điểm, tỉnh xếp 58/63"."""
        following = next((m.payload for m in self.s.mentions[i + 1 :] if isinstance(m.payload, SubjectName | Pronoun)), None)
        return isinstance(following, Pronoun) and self.state.home_subject(following.subject_type) is not None

    def _flush(self) -> Iterator[Draft]:
        """Attach the values that waited for their subject: "Với 0,5064 điểm và 0,4880 điểm, A và B ..."."""
        waiting, self.deferred = self.deferred, []
        everyone = self.subjects
        paired = len(everyone) > 1 and len(waiting) == len(everyone)
        for n, i in enumerate(waiting):
            self.subjects = [everyone[n]] if paired else everyone[-1:]
            yield from self.attach(i)
        self.subjects = everyone
