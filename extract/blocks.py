"""Figures of blocks: the mean, median, highest or lowest of all provinces, of a sector or of a region."""

import re
from collections.abc import Iterator
from dataclasses import replace

from extract.discourse import Discourse
from extract.draft import Draft, whole
from extract.drafting import OF_PROVINCES_ONLY
from extract.indexing import indices_of
from extract.marked import Marked
from extract.mentions import LOCAL, Delta, Group, IndexName, Pronoun, Rank, Region, Score, Statistic, SubjectName, Year
from extract.moves import starts_change
from extract.sharer import Sharer
from extract.years import base_explained

_OWN_MEAN = re.compile(
    r"cả nước|toàn quốc|của các|bình quân chung|\bcấp\b|các (?:tỉnh|sở|huyện|bộ|địa)|khối|trung vị|"
    r"\d+ (?:bộ|sở|huyện|xã|phường|đơn vị)\b|mức (?:cao|thấp) nhất"
)
_STATISTIC_REACH = 90
#: Said of a block that the sentence has given the mean or median of: "..., thấp nhất là 66,05 điểm".
_BARE_EXTREMES = {"statistic.max_bare", "statistic.min_bare"}
_EXTREMES = {"statistic.max_of_all": Rank(1, superlative=True), "statistic.min_of_all": Rank(None, from_end=1, superlative=True)}
# "tỉnh có điểm cao nhất là 95,97%" is nobody in particular; "X đạt điểm cao nhất với 95,97%" is X.
_OF_NOBODY = re.compile(r"(?:tỉnh|địa phương|đơn vị|nơi|mức|giá trị)\b")
_REGION_VALUE = re.compile(r"\s*(?:đạt|là|:|,|\()?\s*")
_OF_COUNTRY = re.compile(r"\b(?:cả nước|toàn quốc|63 tỉnh)\b")
#: What leads from the mean of one year to that of another.
_OTHER_YEAR = re.compile(
    r",? (?:tăng|giảm) \d[\d.,]*(?:%| điểm)? so với (?:mức |con số )?|"
    r"(?: năm \d{4}| in \d{4})?,? (?:(?:tăng|giảm|nhích|cao|thấp|up|down|higher|lower)(?: \w+)? )?"
    r"(?:từ|lên|xuống|hơn|so với|from|to|than)(?: mức| con số)? "
    r"|(?: điểm)?[,;]? ?\(?(?:năm )?\d{4}(?: là| đạt|:) "
)
_YEAR_BEHIND = re.compile(r" \(?(?:của |trong |vào |in |ở )?")
_MIDDLES = {"score_mean", "score_median"}
_ALL_OF = re.compile(r" (?:đều |cùng |được |đạt |xếp )*")


class BlockReader(Sharer):
    """A sharer that also knows the statistic that the sentence has announced, and where it stands."""

    def __init__(self, s: Marked, state: Discourse) -> None:
        super().__init__(s, state)
        self.statistic: tuple[Statistic, int] | None = None
        #: Where the last figure of a block stands, with its statistic and whose it is.
        self.told: tuple[int, str, SubjectName] | None = None
        #: What the sentence gives of each block: "điểm trung vị khối sở là 82,16, khối huyện là 83,51".
        self.told_of_blocks = "score_mean"

    def _extreme(self, i: int, rank: Rank) -> Iterator[Draft]:
        """Read "Quảng Ninh đạt điểm cao nhất với 47,876 điểm" as a place: the score behind it is the subject's own."""
        mentions = list(self.s.mentions)
        mentions[i] = replace(mentions[i], payload=rank)
        self.s = replace(self.s, mentions=tuple(mentions))
        yield from self.draft(i, self.subjects[-1])

    def meet_statistic(self, i: int, statistic: Statistic) -> Iterator[Draft]:
        """Note that the next figure is a mean, median or extreme of a block; read "X đạt điểm cao nhất với ..." as X's place."""
        mention = self.s.mentions[i]
        of_block = mention.rule in _BARE_EXTREMES or (mention.rule in _EXTREMES and self.aggregate is not None)
        if of_block:
            self.statistic = (statistic, mention.end) if self.aggregate is not None else None
            if self.aggregate is None and i + 1 < len(self.s.mentions) and isinstance(self.s.mentions[i + 1].payload, Score):
                self.done.add(i + 1)
                self.drop(i + 1, "the highest or lowest of a block that is not named")
        elif self.met and self.subjects and mention.rule in _EXTREMES and not _OF_NOBODY.match(self.s.word(i)):
            yield from self._extreme(i, _EXTREMES[mention.rule])
        elif mention.rule == "statistic.national" and self.statistic is not None:
            self.statistic = (self.statistic[0], mention.end)  # "điểm trung vị của cả nước là" stays a median
        else:
            self.statistic = (statistic, mention.end)

    def score_of_block(self, i: int) -> Iterator[Draft] | None:
        """Return the drafts of a score that is a block's or a region's, or None."""
        if self.statistic is not None and self._statistic_reaches(i):
            statistic, self.statistic = self.statistic[0], None
            return self._aggregate_score(i, statistic)
        if self.told is not None and self.aggregate is not None and self._is_of_other_year(self.told[0], i):
            _, measure, subject = self.told
            return self.draft(i, subject, measure=measure, group=self.aggregate)
        if (region := self._region_told(i)) is not None:
            return self.draft(i, SubjectName("region", region), measure="score_mean", group=Group("province", "63 tỉnh"))
        group = self._group_told(i) or (self.aggregate if base_explained(self.s, i) is not None else None)
        if group is None:
            return None
        self.aggregate = group
        return self.draft(i, whole(group), measure=self.told_of_blocks, group=group)

    def _is_of_other_year(self, told: int, i: int) -> bool:
        """Tell whether a score is the same statistic of another year: "đạt 84,79%, giảm so với 86,37% năm 2021", "(năm 2017: 59,7)"."""
        between = self.s.mentions[told + 1 : i]
        behind = self.s.mentions[i + 1] if i + 1 < len(self.s.mentions) else None
        dated = behind is not None and isinstance(behind.payload, Year) and _YEAR_BEHIND.fullmatch(self.s.between(i, i + 1))
        gap = self.s.text[self.s.mentions[told].end : self.s.mentions[i].start]
        joined = _OTHER_YEAR.fullmatch(gap) if dated or between else None
        return joined is not None and all(
            isinstance(m.payload, Delta) or (isinstance(m.payload, Year) and not m.payload.base) for m in between
        )

    def change_of_block(self, i: int) -> Iterator[Draft] | None:
        """Return the drafts of a change of a block's mean or median, or None."""
        if self._is_of_mean(i):
            self.aggregate = self._group_near(i)
        return None if self.aggregate is None else self.draft(i, whole(self.aggregate), group=self.aggregate)

    def _aggregate_score(self, i: int, statistic: Statistic) -> Iterator[Draft]:
        s = self.s
        before = s.text[: s.mentions[i].start]
        if statistic.compared and not re.search(r"(?:là|\(|ở mức)\s*$", before):
            return
        is_told = any(isinstance(m.payload, Score) and m.start >= (self.subject_at or 0) for m in s.mentions[:i])
        own = statistic.measure == "score_mean" and self.subjects and not statistic.compared and not is_told
        if own and not _OWN_MEAN.search(before[-90:]):
            yield from self.attach(i)
            return
        self.aggregate = self._group_near(i)
        if self.aggregate.subject_type == "province" and indices_of(self.s, self.codes, i, self.state, self.component) == ["DDCI"]:
            self.aggregate = Group("district", "các huyện")
        if statistic.measure in _MIDDLES:
            self.told_of_blocks = statistic.measure
        region = self._region_before(i) if self.aggregate.subject_type == "province" else None
        subject = SubjectName("region", region) if region else whole(self.aggregate)
        yield from self.draft(i, subject, measure=statistic.measure, group=self.aggregate)
        self.told = (i, statistic.measure, subject)
        if starts_change(s, i) and i + 1 < len(s.mentions) and isinstance(s.mentions[i + 1].payload, Score):  # "(từ 83,72 lên 86,37)"
            self.done.add(i + 1)
            yield from self.draft(i + 1, subject, measure=statistic.measure, group=self.aggregate)
        if statistic.measure == "score_min" and re.search(r"khoảng\s*$|từ\s*$", before):
            top = next((j for j in range(i + 1, len(s.mentions)) if isinstance(s.mentions[j].payload, Score)), None)
            if top is not None and re.fullmatch(r"\s*(?:-|–|đến)\s*", s.between(i, top)):
                self.done.add(top)
                yield from self.draft(top, whole(self.aggregate), measure="score_max", group=self.aggregate)

    def _region_before(self, i: int) -> str | None:
        """Return the region that a mean is of: "Vùng Đồng bằng sông Hồng có chỉ số trung bình 81,80%"."""
        for j in range(i - 1, -1, -1):
            payload = self.s.mentions[j].payload
            if isinstance(payload, Region):
                return payload.name
            if not isinstance(payload, Statistic | IndexName | Year) and not self.s.is_superlative(j):
                return None
        return None

    def _region_told(self, i: int) -> str | None:
        """Return the region whose own figure stands right behind it: "Đông Nam Bộ đạt 85,88%"."""
        before = self.s.mentions[i - 1].payload if i else None
        told = isinstance(before, Region) and not self.met and _REGION_VALUE.fullmatch(self.s.between(i - 1, i))
        return before.name if told and isinstance(before, Region) else None

    def _group_told(self, i: int) -> Group | None:
        """Return the further block whose mean stands right behind it: "trung bình khối sở đạt 89,09%, khối huyện đạt 92,6%"."""
        before = self.s.mentions[i - 1].payload if i else None
        if not isinstance(before, Group) or before == self.aggregate or not _REGION_VALUE.fullmatch(gap := self.s.between(i - 1, i)):
            return None
        # Where no mean is told: "chỉ số hài lòng khối sở 89,70%", but not "dẫn đầu khối sở 96,43%".
        placed = i > 1 and isinstance(self.s.mentions[i - 2].payload, Rank)
        is_own = before.subject_type in LOCAL and not placed and "," not in gap and "(" not in gap
        return before if self.aggregate is not None or is_own else None

    def _is_of_mean(self, i: int) -> bool:
        """Tell whether a change is that of the mean or median right before it: "so với năm 2019, chỉ số trung bình tăng 1,03%"."""
        told = next((j for j in range(i - 1, -1, -1) if not isinstance(self.s.mentions[j].payload, Group)), i)
        mean = self.s.mentions[told].payload
        is_mean = isinstance(mean, Statistic) and mean.measure in _MIDDLES and not mean.compared
        between = (self.s.between(j, j + 1) for j in range(told, i))
        return is_mean and self.aggregate is None and not any(gap.removesuffix("của ").strip() for gap in between)

    def _statistic_reaches(self, i: int) -> bool:
        """Tell whether the mean or median named before is this number's: not beyond a semicolon, not far away.

        Nor where the sentence turns to who is compared with it: "So với điểm trung vị, tỉnh có 3 chỉ số cao hơn: ... (7,52)".
        """
        if self.statistic is None:
            return False
        statistic, end = self.statistic
        gap = self.s.text[end : self.s.mentions[i].start]
        others = [m for m in self.s.mentions[:i] if m.start >= end and isinstance(m.payload, SubjectName | Pronoun)]
        turned = statistic.compared and any("," in self.s.text[end : m.start] for m in others)
        named = sum(m.end - m.start for m in self.s.mentions[:i] if m.start >= end and isinstance(m.payload, IndexName))
        return len(gap) - named <= _STATISTIC_REACH and ";" not in gap and not turned

    def _group_near(self, i: int) -> Group:
        """Return the block a statistic is over: the one named in the sentence, else the block in mind, else all provinces."""
        told = max((m.start for m in self.s.mentions[:i] if isinstance(m.payload, Statistic)), default=i)
        of_country = _OF_COUNTRY.search(self.s.text, told, self.s.mentions[i].start)
        if of_country or set(indices_of(self.s, self.codes, i, self.state, self.component)) & OF_PROVINCES_ONLY:
            return Group("province", "63 tỉnh")
        since = max((n for n in range(i) if isinstance(self.s.mentions[n].payload, Score)), default=0)
        groups = [(n, m.payload) for n, m in enumerate(self.s.mentions[:i]) if isinstance(m.payload, Group)]
        here = [group for n, group in groups if n >= since] or [group for _, group in groups]
        specific = [g for g in here if g.subject_type != "province"]
        if specific or here:
            return (specific or here)[-1]
        group, last = self.state.group, self.state.last_named
        if group is not None and group.subject_type == "ministry" and last is not None and last.subject_type == "province":
            return Group("province", "63 tỉnh")  # the ministries were told of before the provinces
        if group is not None and not any(subject.subject_type == "province" for subject in self.subjects):
            return group
        return Group("province", "63 tỉnh")

    def _all_of_group(self, i: int) -> Group | None:
        """Return the group that a tier right behind it is of, whole: "08/08 huyện ở mức khá"."""
        before = self.s.mentions[i - 1] if i else None
        whole_group = before is not None and before.rule == "group.all_districts" and _ALL_OF.fullmatch(self.s.between(i - 1, i))
        return before.payload if whole_group and before is not None and isinstance(before.payload, Group) else None
