"""The resolver: mentions of one sentence, and what the reader has in mind, become drafts of claims."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from extract.discourse import Discourse, YearRead
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
from extract.scales import read_score

Value = Rank | Delta | Score | Tier

# "dẫn đầu là X", "vị trí thứ 3 của bảng thuộc về X": the subject stands behind the place.
_INVERTED = re.compile(
    r"(?:[\s,]*(?:về|của|trong|ở|toàn|cả|bảng|chỉ số|năm|cấp|khối|nhóm|trên|tại|với|xếp hạng|par|\()[^.;]{0,90}?)?"
    r"[\s,]*(?:vẫn |cũng |tiếp tục |đều |chính |lại |lần lượt )*(?:là|thuộc về|gọi tên|gồm|có)(?: lần lượt)?(?: (?:là|thuộc))?\s*[:,]?\s*"
    r"(?:các |địa phương |đơn vị |tỉnh |thành phố |bộ |ngành |\d+ đơn vị[: ]*)*[:,]?\s*",
)
# Between the names of one list: "A, B và C", "thị xã A; huyện B cùng huyện C".
_LIST_GAP = re.compile(
    r"\s*(?:,|;|và|cùng|cùng với|/|,\s*và|-|–)\s*(?:(?:các|tỉnh|thành phố|tp\.?|huyện|thị xã|mỗi nơi)\s*)*", re.IGNORECASE
)
_COUNTED_PLACES = re.compile(r"\b\d{1,2} (?:vị trí|địa phương|đơn vị|tỉnh|huyện)[^.;]{0,20}$")
_COMPARED = re.compile(
    r"(?:\bsau|\btrên|\bdưới|\bhơn|so với|\bkém|\bgiống|\bvượt|bỏ xa|trước|bằng|cùng với|như|\bcạnh)(?: (?:tỉnh|thành phố|địa phương|các|đơn vị|cả))*\s*$"
)
_OPENS_WITH_VALUE = re.compile(r"\s*(?:[-–•*]\s*)?(?:\w+ \w+ )?(?:với|đạt|được)\b", re.IGNORECASE)
_SCORE_CUE = re.compile(
    r"(?:\blà|\bđạt|\bđược|\bvới|:|\(|\btừ|\blên|\bxuống|\bcòn|ở mức|\bmức|điểm số|tổng điểm|\bđiểm|giá trị|kết quả|\bchỉ số|\bindex|\bpci|\bpapi|\bsipas|\bdti|\bpii|\bpgi|\bvà|,|\bcó|khá cao|\bchỉ|tỷ lệ|tỉ lệ|kỷ lục|được số)\s*$"
)
_TIER_CUE = re.compile(
    r"(?:thuộc|nằm|\bở|\bvào|\bxếp|\bđạt|trong|giữ|lọt|đưa|thuộc số|\bvề|\blên|\bxuống|sang|vẫn|là|chỉ|,|\()(?:\s+(?:trong|ở|vào|số|top|các|tỉnh|lại|chỉ|được|\d+))*\s*$"
)
_TOPIC_DRIFT = re.compile(
    r"grdp|tốt nghiệp|thí sinh|huy chương|thu ngân sách|xuất khẩu|tỉ đồng|tỷ đồng|triệu đồng|học sinh|hộ nghèo|đại biểu|giải ngân|"
    r"chỉ số giá|cpi tháng|vn-index|vn index|bình chọn|bóng đá|giá vàng|tiêu dùng|sản xuất công nghiệp|iip|tăng trưởng kinh tế|thế giới|toàn cầu|asean|quốc gia trên|quốc gia và vùng"
)
_MEMBERS = re.compile(r"[^.;]{0,70}?(?:\bgồm|\blà|\bcó|:|\()[^.;]{0,40}$")
_EQUALLY = re.compile(r"\b(?:đều|cùng|mỗi nơi|mỗi)\b|là 2 đơn vị")


@dataclass(frozen=True, slots=True)
class Draft:
    """A claim before its texts are cut: who, what, when, and the mention that carries the number."""

    index: str
    subject: SubjectName
    value: Value | Statistic
    number: Mention
    measure: str
    year: YearRead
    base_year: int | None
    component: str | None
    scope: str | None
    target: bool
    anchor: int
    evidence_end: int
    place: int | None = None
    amount: Decimal | None = None
    from_group: Group | None = None


def resolve(sentence: str, mentions: Sequence[Mention], state: Discourse) -> list[Draft]:
    """Return the drafts of one sentence and leave in `state` what the next sentence may refer to."""
    return list(_Reader(sentence, mentions, state).read())


class _Reader:
    """One walk over the mentions of one sentence."""

    def __init__(self, sentence: str, mentions: Sequence[Mention], state: Discourse) -> None:
        self.text = sentence.lower()
        self.mentions = mentions
        self.state = state
        self.depth = _brackets(sentence)
        self.subjects: list[SubjectName] = []
        self.subject_at: int | None = None
        self.component: ComponentName | None = None
        self.statistic: Statistic | None = None
        self.aggregate: Group | None = None
        self.target = state.target
        self.deferred: list[int] = []
        self.planned = False
        self.done: set[int] = set()
        self.last_rank: tuple[int, str | None] | None = None
        self.codes = self._index_places()
        self.strong = any(isinstance(m.payload, IndexName) and not m.payload.weak for m in mentions)

    # -- the walk ---------------------------------------------------------------------------------------

    def read(self) -> Iterator[Draft]:
        saved: list[tuple[int, list[SubjectName], int | None, ComponentName | None]] = []
        for i, mention in enumerate(self.mentions):
            while saved and self.depth[mention.start] != saved[-1][0]:
                _, self.subjects, self.subject_at, self.component = saved.pop()
            inside = self.depth[mention.start]
            if inside and not saved:
                saved.append((inside, self.subjects, self.subject_at, self.component))
                self._enter_bracket(i)
            yield from self._visit(i, mention)
        self._leave()

    def _visit(self, i: int, mention: Mention) -> Iterator[Draft]:
        match mention.payload:
            case SubjectName():
                yield from self._meet_subject(i)
            case Pronoun(subject_type):
                if not self.subjects or subject_type == "district":
                    subject = self.state.home_subject(subject_type) or self.state.subject
                    self._set_subjects([subject] if subject else [], mention.start)
                    yield from self._flush()
            case Group() as group:
                self._meet_group(i, group)
            case Statistic() as statistic:
                self.statistic = statistic
            case ComponentName() as component:
                self._meet_component(i, component)
            case IndexName():
                if not self._inside_list_of_names(i):
                    self.component = None
            case Cue("target"):
                self.target = True
            case Rank() | Delta() | Score() | Tier():
                if i not in self.done:
                    yield from self._meet_value(i, mention)
            case _:
                pass

    # -- subjects ---------------------------------------------------------------------------------------

    def _enter_bracket(self, i: int) -> None:
        if (
            i
            and isinstance(self.mentions[i - 1].payload, SubjectName)
            and self.text[self.mentions[i - 1].end : self.mentions[i].start].strip(" ").startswith("(")
        ):
            previous = self.mentions[i - 1]
            self._set_subjects([previous.payload], previous.start)  # type: ignore[list-item]

    def _set_subjects(self, subjects: list[SubjectName], at: int) -> None:
        self.subjects = subjects
        self.subject_at = at
        self.aggregate = None

    def _meet_subject(self, i: int) -> Iterator[Draft]:
        mention = self.mentions[i]
        if i in self.done:
            return
        names = self._name_list(i)
        compared = bool(_COMPARED.search(self.text[: mention.start]))
        if compared and self.subjects:
            return
        self.done.update(names)
        self._set_subjects([self.mentions[n].payload for n in names], mention.start)  # type: ignore[misc]
        self.component = self.component if i and isinstance(self.mentions[i - 1].payload, ComponentName) else None
        yield from self._flush()
        if len(names) > 1:
            yield from self._share_among(names)

    def _name_list(self, i: int) -> list[int]:
        names = [i]
        for j in range(i + 1, len(self.mentions)):
            if not isinstance(self.mentions[j].payload, SubjectName):
                break
            if not _LIST_GAP.fullmatch(self.text, self.mentions[names[-1]].end, self.mentions[j].start):
                break
            names.append(j)
        return names

    def _share_among(self, names: list[int]) -> Iterator[Draft]:
        """Give each name of a list its own value: "A và B với 80,37% và 79,97%"."""
        end = self._clause_end(self.mentions[names[-1]].end)
        following = [j for j in range(names[-1] + 1, len(self.mentions)) if self.mentions[j].start < end]
        stop = next((j for j in following if isinstance(self.mentions[j].payload, SubjectName)), None)
        values = [j for j in following if (stop is None or j < stop) and isinstance(self.mentions[j].payload, Rank | Score | Delta | Tier)]
        named = [self.mentions[n].payload for n in names]
        shared = False
        for kind in (Score, Rank):
            of_kind = [j for j in values if isinstance(self.mentions[j].payload, kind) and not self._is_superlative(j)]
            # "lần lượt đứng thứ 9 và 10": the second place has lost its noun
            if kind is Rank and len(of_kind) == 1:
                yield from self._bare_places(names, of_kind[0])
                shared = shared or of_kind[0] in self.done
                continue
            if len(of_kind) != len(names):
                continue
            shared = True
            for name, j, after in zip(named, of_kind, [*of_kind[1:], len(self.mentions)], strict=True):
                self._set_subjects([name], self.mentions[names[0]].start)  # type: ignore[list-item]
                for k in range(j, after):
                    if k in values and k not in self.done and (k == j or isinstance(self.mentions[k].payload, Tier)):
                        self.done.add(k)
                        yield from self._attach(k)
        first = next((j for j in values if j not in self.done), None)
        if not shared and first is not None and _EQUALLY.search(self.text[self.mentions[names[-1]].end : self.mentions[first].end + 12]):
            self.done.add(first)
            for name in named:
                self._set_subjects([name], self.mentions[names[0]].start)  # type: ignore[list-item]
                yield from self._attach(first)
        self._set_subjects([named[-1]] if shared else [], self.mentions[names[-1]].start)  # type: ignore[list-item]

    def _bare_places(self, names: list[int], i: int) -> Iterator[Draft]:
        """Read "thứ 9 và 10", "vị trí thứ ba và tư" behind a list of names."""
        from normalize.numbers import NumberFormatError, parse_count  # noqa: PLC0415

        mention = self.mentions[i]
        rank = mention.payload
        tail = re.match(r"(?:(?:,| và) (?:thứ )?(\w+))+", self.text[mention.end : mention.end + 40])
        if not isinstance(rank, Rank) or rank.place is None or not tail:
            return
        try:
            places = [rank.place, *(parse_count(w) for w in re.findall(r"(?:,| và) (?:thứ )?(\w+)", tail[0]))]
        except NumberFormatError:
            return
        if len(places) != len(names):
            return
        self.done.add(i)
        for n, place in zip(names, places, strict=True):
            self._set_subjects([self.mentions[n].payload], self.mentions[names[0]].start)  # type: ignore[list-item]
            yield from self._attach(i, place=place, end=mention.end + tail.end())

    def _is_superlative(self, i: int) -> bool:
        payload = self.mentions[i].payload
        return isinstance(payload, Rank) and payload.superlative

    def _meet_group(self, i: int, group: Group) -> None:
        text = self.text[self.mentions[i].start : self.mentions[i].end]
        if text in {"cả nước", "toàn quốc", "cấp tỉnh"}:
            return
        self.state.group = group

    # -- values -----------------------------------------------------------------------------------------

    def _meet_value(self, i: int, mention: Mention) -> Iterator[Draft]:
        payload = mention.payload
        if isinstance(payload, Rank):
            followers = self._subjects_behind(i)
            if followers is not None:
                yield from self._inverted(i, followers)
                return
        if isinstance(payload, Tier):
            members = self._members(i)
            if members:
                for n in members:
                    self.done.add(n)
                    self._set_subjects([self.mentions[n].payload], self.mentions[n].start)  # type: ignore[list-item]
                    yield from self._attach(i)
                return
        if isinstance(payload, Score) and self.statistic is not None:
            statistic, self.statistic = self.statistic, None
            yield from self._aggregate_score(i, statistic)
            return
        if isinstance(payload, Delta) and self.aggregate is not None and payload.unit != "bậc":
            yield from self._draft(i, _group_subject(self.aggregate), group=self.aggregate)
            return
        if not self.subjects and _OPENS_WITH_VALUE.match(self.text) and self._subject_ahead(i):
            self.deferred.append(i)
            return
        yield from self._attach(i)

    def _subject_ahead(self, i: int) -> bool:
        return any(isinstance(m.payload, SubjectName) for m in self.mentions[i:])

    def _flush(self) -> Iterator[Draft]:
        waiting, self.deferred = self.deferred, []
        if len(self.subjects) > 1 and len(waiting) == len(self.subjects):
            everyone = self.subjects
            for subject, i in zip(everyone, waiting, strict=True):
                self.subjects = [subject]
                yield from self._attach(i)
            self.subjects = everyone
            return
        for i in waiting:
            yield from self._attach(i)

    def _subjects_behind(self, i: int) -> list[int] | None:
        """Return the subjects that a place names behind itself, or None where it stands after its subject."""
        for j in range(i + 1, len(self.mentions)):
            payload = self.mentions[j].payload
            if isinstance(payload, SubjectName):
                if not _INVERTED.fullmatch(self.text, self.mentions[i].end, self.mentions[j].start):
                    return None
                return self._sequence(j)
            if isinstance(payload, Rank | Delta | Score | Tier | Statistic):
                return None
        return None

    def _sequence(self, j: int) -> list[int]:
        """Return the names of an order list, scores between them allowed: "A (70,36 điểm), B (69,75 điểm) cùng C"."""
        names = [j]
        last = self.mentions[j].end
        for k in range(j + 1, len(self.mentions)):
            mention = self.mentions[k]
            gap = self.text[last : mention.start]
            if isinstance(mention.payload, SubjectName):
                if not re.fullmatch(r"[\s),;.]*(?:và|cùng|cùng với)?[\s(:\d.)]*(?:(?:các|tỉnh|thành phố|huyện|thị xã|là) )*", gap):
                    break
                names.append(k)
            elif not (isinstance(mention.payload, Score | Rank) and re.fullmatch(r"[\s(,:]*(?:với|đạt|được)?\s*|[\s)]*đứng đầu", gap)):
                break
            last = mention.end
        return names

    def _inverted(self, i: int, followers: list[int]) -> Iterator[Draft]:
        mention = self.mentions[i]
        rank: Rank = mention.payload  # type: ignore[assignment]
        first = self.mentions[followers[0]]
        between = self.text[max(0, mention.start - 40) : first.start]
        listed = (
            "lần lượt" in between
            or (bool(_COUNTED_PLACES.search(self.text[: mention.start]))
            and "là" in self.text[mention.end : first.start])
        )
        if len(followers) > 1 and rank.superlative:
            if rank.place == 1 and listed:
                for place, n in enumerate(followers, start=1):
                    self._set_subjects([self.mentions[n].payload], first.start)  # type: ignore[list-item]
                    yield from self._attach(i, place=place, end=self.mentions[n].end)
            self._set_subjects([], first.start)
            return
        if (
            self._plural(i)
            and rank.superlative
            and len(followers) == 1
            and re.search(r"\b(?:các|những)\b", self.text[max(0, mention.start - 25) : mention.start])
        ):
            return
        self._set_subjects([first.payload], first.start)  # type: ignore[list-item]
        self.component = None
        yield from self._attach(i, end=first.end)
        names = self._name_list(followers[0])
        if len(names) == 1:
            self.done.add(followers[0])

    def _plural(self, i: int) -> bool:
        return bool(re.search(r"\b(?:các|những|nhóm|\d+) [^,.;]{0,30}$", self.text[: self.mentions[i].start]))

    def _members(self, i: int) -> list[int]:
        """Return the subjects that a tier lists: "Nhóm A gồm: X; Y; Z", "hai đơn vị ở nhóm Rất tốt là X và Y"."""
        end = self.mentions[i].end
        for j in range(i + 1, len(self.mentions)):
            payload = self.mentions[j].payload
            if isinstance(payload, SubjectName):
                if (
                    self.subjects
                    and not re.search(r"(?:đơn vị|tỉnh|bộ|huyện|địa phương)[^.;]{0,20}$", self.text[: self.mentions[i].start])
                    and "gồm" not in self.text[end : self.mentions[j].start]
                ):
                    return []
                return self._sequence(j) if _MEMBERS.fullmatch(self.text, end, self.mentions[j].start) else []
            if isinstance(payload, Rank | Delta | Score | Tier):
                return []
        return []

    def _aggregate_score(self, i: int, statistic: Statistic) -> Iterator[Draft]:
        group = self._group_near(i)
        between = self.text[: self.mentions[i].start]
        direct = bool(re.search(r"(?:là|\(|ở mức)\s*$", between))
        if statistic.compared and not direct:
            return
        own = self.subjects and not re.search(
            r"cả nước|toàn quốc|của các|bình quân chung|\bcấp\b|các (?:tỉnh|sở|huyện|bộ|địa)|khối|trung vị|\d+ bộ", between[-90:]
        )
        if own and statistic.measure == "score_mean" and not statistic.compared:
            yield from self._attach(i)
            return
        measure = statistic.measure
        self.aggregate = group
        yield from self._draft(i, _group_subject(group), measure=measure, group=group)
        if measure == "score_min" and re.search(r"khoảng\s*$|từ\s*$", between):
            top = next((j for j in range(i + 1, len(self.mentions)) if isinstance(self.mentions[j].payload, Score)), None)
            if top is not None and re.fullmatch(r"\s*(?:-|–|đến)\s*", self.text[self.mentions[i].end : self.mentions[top].start]):
                self.done.add(top)
                yield from self._draft(top, _group_subject(group), measure="score_max", group=group)

    def _group_near(self, i: int) -> Group:
        """Return the block a statistic is over: the last one named in the sentence, else the block in mind."""
        here = [m.payload for m in self.mentions[:i] if isinstance(m.payload, Group)]
        specific = [g for g in here if g.subject_type != "province"]
        if specific:
            return specific[-1]  # type: ignore[return-value]
        if here:
            return here[-1]  # type: ignore[return-value]
        return self.state.group or Group("province", "63 tỉnh")

    def _attach(self, i: int, *, place: int | None = None, end: int | None = None) -> Iterator[Draft]:
        subject = self.subjects[-1] if self.subjects else None
        payload = self.mentions[i].payload
        if subject is None:
            if self._names_anyone() or (isinstance(payload, Rank) and payload.superlative):
                return
            subject = self._carried(i)
            if subject is None:
                return
        if isinstance(payload, Rank) and payload.superlative and not self._superlative_holds(i):
            return
        if isinstance(payload, Tier) and not self._tier_holds(i):
            return
        yield from self._draft(i, subject, place=place, end=end)

    def _names_anyone(self) -> bool:
        return any(isinstance(m.payload, SubjectName) for m in self.mentions)

    def _carried(self, i: int) -> SubjectName | None:
        """Complete a value that names no subject; a bare percentage far from any index is left alone."""
        payload = self.mentions[i].payload
        if not self.strong and self.component is None and isinstance(payload, Score) and payload.unit != "điểm":
            return None
        if _TOPIC_DRIFT.search(self.text):
            return None
        if self.state.group is not None and self.state.group.subject_type not in {"province"} and self.state.subject is None:
            return None
        return self.state.subject or self.state.home_subject("province")

    def _superlative_holds(self, i: int) -> bool:
        """Check that "cao nhất" speaks of the subject's place, not of a group, a record or a sum."""
        mention = self.mentions[i]
        word = self.text[mention.start : mention.end]
        if (
            re.search(
                r"(?:nhóm|top|tốp|các (?:tỉnh|địa phương)|những|vị trí|thứ hạng|người)[^,.;()]{0,40}$",
                self.text[max(0, mention.start - 45) : mention.start],
            )
            and self.subject_at is not None
            and self.subject_at < mention.start
            and "thuộc" not in word
        ):
            return bool(re.search(r"là (?:địa phương|đơn vị|nơi|tỉnh|thành phố|2 đơn vị)[^,.;]{0,30}$", self.text[: mention.start]))
        if not word.endswith(("cao nhất", "thấp nhất")) or "vị trí" in word:
            return True
        since = self.text[self.subject_at or 0 : mention.start]
        return not re.search(r"\d[.,]\d|\bmức\b|\bnhóm\b|tỷ lệ|\btăng\b|\bgiảm\b|hạng", since) and bool(
            self.component is not None
            or re.search(
                r"(?:index|sipas|pci|papi|dti|ddci|pii|cchc|hành chính|\d{4}|đánh giá|về|minh bạch|"
                + re.escape(self.text[self.subject_at or 0 : (self.subject_at or 0) + 4])
                + r"\S*(?: \S+){0,6})\s*$",
                since,
            )
        )

    def _tier_holds(self, i: int) -> bool:
        mention = self.mentions[i]
        before = self.text[max(0, mention.start - 40) : mention.start]
        tier: Tier = mention.payload  # type: ignore[assignment]
        if tier.value.startswith("top ") and not self.target:
            return False
        if re.search(r"cách\s*$|từ (?:nhóm )?$", before):
            return False
        return bool(_TIER_CUE.search(before)) or self.text[mention.start : mention.end].startswith(("xếp loại", "xếp hạng"))

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
        mention = self.mentions[i]
        payload = mention.payload
        for index in self._indices_of(i):
            component = self._component_of(i, index)
            if not self._plausible(i, index, component):
                continue
            base = self._base_of(i)
            for year in self._years_of(i, index, base):
                amount = None
                if isinstance(payload, Score):
                    amount = read_score(payload, index, component, provincial=subject.subject_type in {"department", "district", "commune"})
                    if amount is None:
                        continue
                base_year = (
                    base.years[0] if isinstance(base, Year) else (year.year - 1 if isinstance(base, RelativeBase) and year.year else None)
                )
                if isinstance(payload, Delta) and payload.needs_base and base is None:
                    continue
                self.planned = self.planned or self.target
                yield Draft(
                    index=index,
                    subject=subject,
                    value=payload,  # type: ignore[arg-type]  # only values reach here
                    number=mention,
                    measure=measure or _MEASURES[type(payload)](payload),
                    year=year,
                    base_year=base_year if isinstance(payload, Delta) else None,
                    component=component,
                    scope=self._scope_of(i),
                    target=self.target,
                    anchor=min(self._anchor(i), mention.start),
                    evidence_end=max(mention.end, end or 0),
                    place=place,
                    amount=amount,
                    from_group=group,
                )

    def _anchor(self, i: int) -> int:
        """Return where the evidence begins: at the subject, where the sentence names it before the value."""
        start = self.mentions[i].start
        return self.subject_at if self.subject_at is not None and self.subject_at < start else start

    def _plausible(self, i: int, index: str, component: str | None) -> bool:
        payload = self.mentions[i].payload
        start = self.mentions[i].start
        if not self.strong and _TOPIC_DRIFT.search(self.text):
            return False
        if self.strong and _TOPIC_DRIFT.search(self._since_index(i)):
            return False
        if isinstance(payload, Score):
            if payload.noun_follows and payload.unit != "điểm":
                return False
            before = self.text[max(0, start - 60) : start]
            if payload.unit == "%" and not self.codes and component is None and not self._names_anyone():
                return False
            if payload.unit is None and payload.scale is None and not _SCORE_CUE.search(before) and not self._follows_subject(i):
                return False
            if payload.unit == "%" and index in {"PCI", "PAPI", "PGI", "PII", "DTI", "ICT_INDEX", "DDCI"}:
                return False
            if payload.unit == "%" and re.search(r"(?:tỷ lệ|tỉ lệ)(?! \d)(?! là)[^,;.]{3,60}$", before) and component is None:
                return False
        return not (
            isinstance(payload, Delta)
            and re.search(r"(?:hồ sơ|doanh nghiệp|đơn vị|người)[^,;.]{0,12}$", self.text[max(0, start - 25) : start])
        )

    def _follows_subject(self, i: int) -> bool:
        previous = self.mentions[i - 1] if i else None
        return (
            previous is not None
            and isinstance(previous.payload, SubjectName | ComponentName)
            and not self.text[previous.end : self.mentions[i].start].strip(' (:”"')
        )

    def _since_index(self, i: int) -> str:
        places = [m.end for m in self.mentions[:i] if isinstance(m.payload, IndexName)]
        return self.text[(places[-1] if places else 0) : self.mentions[i].start]

    def _index_places(self) -> list[tuple[int, int, str]]:
        """Return (start, end, code) of the names that count as indices in this sentence."""
        named = [(m.start, m.end, m.payload) for m in self.mentions if isinstance(m.payload, IndexName)]
        strong = [(s, e, p.code) for s, e, p in named if not p.weak]
        if strong:
            return strong
        return [(s, e, p.code) for s, e, p in named if self._weak_counts(s, e)]

    def _weak_counts(self, start: int, end: int) -> bool:
        """Tell whether "cải cách hành chính" names the index here: beside a rank, a score or "chỉ số"."""
        before, after = self.text[max(0, start - 28) : start], self.text[end : end + 60]
        return bool(
            re.search(r"(?:chỉ số|điểm|xếp hạng|thứ hạng|bảng|về|hạng|tụt hạng)\s*$", before)
            or re.match(r"(?: năm)?(?: \d{4})?(?: của [^,.;]{2,30})?[ ,]*(?:xếp|đứng|đạt|hạng|tăng \d|giảm \d|lên|tụt)", after)
        )

    def _indices_of(self, i: int) -> list[str]:
        mention = self.mentions[i]
        forward = next((m for m in self.mentions[i + 1 :] if not isinstance(m.payload, Group | Region | Year | RelativeBase)), None)
        if forward is not None and isinstance(forward.payload, IndexName) and any(forward.start == s for s, _, _ in self.codes):
            gap = self.text[mention.end : forward.start]
            if re.fullmatch(
                r"(?:[^.;,()]{0,30}?)\s(?:về|trong|trên|xếp hạng|thứ hạng|bảng)(?: (?:xếp hạng|bảng|bảng xếp hạng|thứ hạng))?(?: chỉ số)?\s*|\s*(?:xếp hạng|thứ hạng)\s*(?:của )?",
                gap,
            ):
                return [forward.payload.code]
        before = [code for start, _, code in self.codes if start < mention.start]
        if not before:
            if self.codes:
                return [self.codes[0][2]] if len({c for _, _, c in self.codes}) == 1 or self.state.index is None else [self.state.index]
            return [self.state.index] if self.state.index else []
        if isinstance(mention.payload, Tier):
            return self._index_list(mention.start)
        return [before[-1]]

    def _index_list(self, before: int) -> list[str]:
        """Return the indices of a list that share one value: "PAR INDEX, PAPI và ICT INDEX nằm trong nhóm 20"."""
        places = [place for place in self.codes if place[0] < before]
        codes = [places[-1][2]]
        for (_, end, code), (start, _, _) in zip(reversed(places[:-1]), reversed(places[1:]), strict=True):
            if not re.fullmatch(r"[\s(),]*(?:và\s*)?(?:chỉ số[^.;]{0,60})?[\s(),]*", self.text[end:start]):
                break
            codes.append(code)
        return list(dict.fromkeys(reversed(codes)))

    def _inside_list_of_names(self, i: int) -> bool:
        return (
            bool(i)
            and isinstance(self.mentions[i - 1].payload, ComponentName)
            and self.text[self.mentions[i - 1].end : self.mentions[i].start].strip() in {"", "("}
        )

    # -- components, years, scopes ------------------------------------------------------------------------

    def _meet_component(self, i: int, component: ComponentName) -> None:
        """Take up a component that stands right before a value, or heads its line."""
        following = next((m for m in self.mentions[i + 1 :] if not isinstance(m.payload, SubjectName | Pronoun | Group)), None)
        if following is None or not isinstance(following.payload, Rank | Delta | Score | Tier):
            if following is not None and isinstance(following.payload, ComponentName):
                return
            self.component = None
            return
        gap = self.text[self.mentions[i].end : following.start]
        if (
            re.fullmatch(
                r"[”\"\s:,(–-]*(?:cấp tỉnh|vẫn|đã|lại|cũng|là|đạt|được|có|ở|nằm|đứng|xếp|chỉ|với|của|trong|năm \d{4}|ở mức|đều|thì|trên|cả nước|tỉnh|,|\w+ \w+|[\s”\"(,:])*",
                gap,
            )
            and len(gap) <= 45
        ):
            self.component = component
        else:
            self.component = None

    def _component_of(self, i: int, index: str) -> str | None:
        mention = self.mentions[i]
        behind = self.mentions[i + 1] if i + 1 < len(self.mentions) else None
        if behind is not None and isinstance(behind.payload, Group) and i + 2 < len(self.mentions):
            behind = self.mentions[i + 2]
        if behind is not None and isinstance(behind.payload, ComponentName) and index in behind.payload.codes:
            gap = self.text[mention.end : behind.start]
            if re.fullmatch(
                r"[^,.;()]{0,25}?(?:về|ở|của|trong)(?: (?:tiêu chí|chỉ số|lĩnh vực|nội dung|chỉ số thành phần|mục))?(?: về)?\s*[“\"]?", gap
            ):
                return behind.payload.name
        if self.component is not None and index in self.component.codes:
            return self.component.name
        return None

    def _base_of(self, i: int) -> Year | RelativeBase | None:
        """Return the year a change is measured against: behind it in the same clause, else before it."""
        end = self._clause_end(self.mentions[i].end)
        for mention in self.mentions[i + 1 :]:
            if mention.start >= end:
                break
            if isinstance(mention.payload, RelativeBase) or (isinstance(mention.payload, Year) and mention.payload.base):
                return mention.payload  # type: ignore[return-value]
        for mention in reversed(self.mentions[:i]):
            if isinstance(mention.payload, RelativeBase) or (isinstance(mention.payload, Year) and mention.payload.base):
                return mention.payload  # type: ignore[return-value]
        return None

    def _years_of(self, i: int, index: str, base: Year | RelativeBase | None) -> list[YearRead]:
        mention = self.mentions[i]
        years = [m for m in self.mentions if isinstance(m.payload, Year) and not m.payload.base and not self._dates_something_else(m)]
        bracket = self.depth[mention.start]
        if bracket:
            same = [m for m in years if self.depth[m.start] == bracket]
            if same:
                return [YearRead(y, "named in the same brackets") for y in self._choose(same[0].payload)]  # type: ignore[arg-type]
        after = next((m for m in years if m.start >= mention.end), None)
        if after is not None and re.fullmatch(r"\s*(?:năm )?\(?\s*(?:năm )?", self.text[mention.end : after.start]):
            return [YearRead(y, "named right behind the value") for y in self._choose(after.payload)]  # type: ignore[arg-type]
        before = [m for m in years if m.start < mention.start and not self.depth[m.start]]
        if before:
            return [YearRead(y, "named in the sentence") for y in self._choose(before[-1].payload)]  # type: ignore[arg-type]
        behind = [m for m in years if m.start >= mention.end and not self.depth[m.start]]
        if behind:
            return [YearRead(y, "named in the sentence") for y in self._choose(behind[0].payload)]  # type: ignore[arg-type]
        read = self.state.measured_year(index, base if isinstance(base, Year) else None)
        if isinstance(base, Year) and read.year is not None and read.year <= base.years[0] and isinstance(mention.payload, Delta):
            read = YearRead(base.years[0] + 1, "base year plus one")
        return [read]

    def _dates_something_else(self, year: Mention) -> bool:
        before = self.text[max(0, year.start - 12) : year.start]
        return bool(re.search(r"(?:\btừ|kể từ|tính từ|trước|đầu|cuối)\s*$", before)) and not year.payload.is_range  # type: ignore[union-attr]

    def _choose(self, year: Year) -> tuple[int, ...]:
        return year.years[-1:] if year.is_range else year.years

    def _scope_of(self, i: int) -> str | None:
        mention = self.mentions[i]
        payload = mention.payload
        if isinstance(payload, Score):
            return None
        if isinstance(payload, Delta):
            return self.last_rank[1] if payload.unit == "bậc" and self.last_rank and self._same_bracket_as_rank(i) else None
        scope = self._region_of(i)
        if scope is None and isinstance(payload, Rank):
            group = next((m.payload for m in self.mentions[i + 1 : i + 2] if isinstance(m.payload, Group)), None) or self._group_in_mind()
            if group is not None and group.name in {"ngành dọc", "đơn vị sự nghiệp"}:
                scope = group.name
            elif payload.of is not None and payload.of <= 20 and self.subjects and self.subjects[-1].subject_type == "province":  # noqa: PLR2004 (fewer than any national ranking of provinces)
                scope = f"{payload.of} tỉnh"
        if isinstance(payload, Rank):
            self.last_rank = (i, scope)
        return scope

    def _group_in_mind(self) -> Group | None:
        group = self.state.group
        return (
            group
            if group is not None and group.name in {"ngành dọc", "đơn vị sự nghiệp"} and any(m.payload is group for m in self.mentions)
            else None
        )

    def _region_of(self, i: int) -> str | None:
        mention = self.mentions[i]
        bracket = self.depth[mention.start]
        for follower in self.mentions[i + 1 :]:
            if self.depth[follower.start] != bracket:
                continue
            if isinstance(follower.payload, Region):
                gap = self.text[mention.end : follower.start]
                plain = re.sub(r"\([^)]*\)", "", gap)
                return (
                    follower.payload.name
                    if re.fullmatch(r"[^.;()]{0,60}", plain) and not re.search(r"toàn quốc|cả nước|, (?!thành)", plain)
                    else None
                )
            if isinstance(follower.payload, Rank | Score | Delta | SubjectName | Tier):
                break
        for leader in reversed(self.mentions[:i]):
            if isinstance(leader.payload, Rank | Score | Delta | Tier):
                break
            if isinstance(leader.payload, Region):
                return (
                    leader.payload.name if re.search(r"\b(?:trong|ở|tại|so với|riêng)\b[^.;,]{0,30}$", self.text[: leader.start]) else None
                )
        return None

    def _same_bracket_as_rank(self, i: int) -> bool:
        """Tell whether a change stands in brackets right behind the rank that it belongs to."""
        if self.last_rank is None or not self.depth[self.mentions[i].start]:
            return False
        rank = self.mentions[self.last_rank[0]]
        opening = self.depth[self.mentions[i].start] - 1
        return self.depth[rank.start] == 0 and len(re.sub(r"[^,.;]", "", self.text[rank.end : opening])) <= 1 and opening > rank.end - 1

    def _clause_end(self, start: int) -> int:
        for at in range(start, len(self.text)):
            if self.text[at] == ";" and not self.depth[at]:
                return at
        return len(self.text)

    # -- what the next sentence inherits ------------------------------------------------------------------

    def _leave(self) -> None:
        state = self.state
        if self.codes:
            state.index = self.codes[-1][2]
        years = [
            m
            for m in self.mentions
            if isinstance(m.payload, Year)
            and not m.payload.base
            and not m.payload.is_range
            and not self.depth[m.start]
            and not self._dates_something_else(m)
        ]
        if years:
            year = years[-1].payload.years[-1]  # type: ignore[union-attr]
            if self.codes or state.year.year is None:
                state.year = YearRead(year, "named in an earlier sentence")
            for _, end, code in self.codes:
                if any(0 <= m.start - end <= 12 for m in years):  # noqa: PLR2004 ("PCI năm 2021", "PCI 2021")
                    state.index_years[code] = next(m.payload.years[-1] for m in years if 0 <= m.start - end <= 12)  # type: ignore[union-attr]  # noqa: PLR2004
        if len(self.subjects) == 1 and self.subjects[0].subject_type == "province":
            state.subject = self.subjects[0]
        state.target = self.target and (state.target or self.planned)


def _brackets(sentence: str) -> list[int]:
    """Return for each place the number of its innermost opening bracket plus one, or 0 outside."""
    depth: list[int] = []
    stack: list[int] = []
    for at, char in enumerate(sentence):
        if char == ")" and stack:
            stack.pop()
        depth.append(stack[-1] if stack else 0)
        if char == "(" and sentence.find(")", at, at + 400) > 0:
            stack.append(at + 1)
    return [*depth, 0]


def _group_subject(group: Group) -> SubjectName:
    return SubjectName("aggregate", group.name)


_MEASURES = {
    Rank: lambda _: "rank",
    Score: lambda _: "score",
    Tier: lambda _: "tier",
    Delta: lambda d: "rank_delta" if d.unit == "bậc" else "score_delta",
}
