"""Sharing out: several values of a sentence over the several names, years or indices that it lists."""

import re
from collections.abc import Iterator, Sequence

from extract.discourse import Discourse
from extract.draft import Draft, Value
from extract.drafting import Drafter
from extract.lists import bracketed_list
from extract.marked import Marked
from extract.mentions import ComponentName, Cue, Delta, IndexName, Rank, Score, SubjectName, Tier, Year
from extract.rules.english import ORDINALS
from extract.rules.patterns import COUNT
from extract.sharing import shared_portions
from normalize.numbers import NumberFormatError, parse_count

_EQUALLY = re.compile(r"\b(?:đều|cùng|mỗi nơi|mỗi)\b|là 2 đơn vị")
_PLACES_GAP = re.compile(r"\s*(?:,|và|, và)\s*(?:vị trí |hạng )?")
_MORE_PLACES = re.compile(rf"(?:(?:,| và) (?:thứ )?{COUNT})+(?! (?:tỉnh|điểm|bậc))".replace("\\ ", "[ ]"))
#: "ranked second and third": the second place has lost its verb.
_MORE_ORDINALS = re.compile(rf"(?:(?:,|,? and) (?:the )?(?:\d{{1,3}}(?:st|nd|rd|th)|{'|'.join(ORDINALS)})\b)+")
_PLACE = re.compile(r"(?:,| và|,? and) (?:thứ |the )?([^,]+?)(?=,| và| and|$)")
_IN_ORDER = re.compile(r"\b(?:lần lượt|tương ứng|theo thứ tự)\b")
_FEWEST_SHARED = 2
_CUE = Cue("respectively")
#: "tăng lần lượt 2,1 và 1,4 điểm"
_BY_HOW_MUCH = re.compile(r"\b(?:tăng|giảm|thêm|hơn|kém|cao hơn|thấp hơn) $")
_NEXT_CHANGE = re.compile(r"(?:,|,? và)(?: (?:tăng|giảm))? ")
#: "lần lượt là 56 (năm 2021), 46 (năm 2022)": each tells its year.
_DATED = re.compile(r" ?\((?:năm )?(?:19|20)\d\d\)")


class Sharer(Drafter):
    """A drafter that knows the names met so far (`met`), the values that are read (`done`), and those that wait for a name."""

    def __init__(self, s: Marked, state: Discourse) -> None:
        super().__init__(s, state)
        self.met: list[SubjectName] = []
        #: The field that the whole sentence is of: "Hạ tầng kỹ thuật: A xếp thứ 1, đơn vị xếp sau là B (0,71 điểm)".
        self.heading: ComponentName | None = None
        self.deferred: list[int] = []
        self.done: set[int] = set()

    def _named(self, names: Sequence[int]) -> list[SubjectName]:
        return [subject for n in names if (subject := self.s.subject(n)) is not None]

    def _share_among(self, names: list[int]) -> Iterator[Draft]:
        """Give each name of a list its own value: "A và B với 80,37% và 79,97%", "đều tăng 1 bậc"."""
        s, named = self.s, self._named(names)
        start = s.mentions[names[0]].start
        values = self._values_until_next_subject(names[-1])
        shared = False
        for kind in (Score, Rank):
            here = s.bracket(names[0])
            of_kind = [j for j in values if isinstance(s.mentions[j].payload, kind) and not s.is_superlative(j) and s.bracket(j) == here]
            if len(of_kind) > len(names):  # "là 2 tỉnh duy nhất đạt trên 47 điểm, với 47,876 và 47,448 điểm"
                of_kind = [j for j in of_kind if not self._is_bound(j)]
            if kind is Rank and len(of_kind) == 1:
                yield from self._bare_places(named, start, of_kind[0])
                shared = shared or of_kind[0] in self.done
            elif len(of_kind) == len(names):
                shared = True
                for name, j, after in zip(named, of_kind, [*of_kind[1:], len(s.mentions)], strict=True):
                    self.set_subjects([name], start)
                    for k in [
                        k for k in values if k == j or (j < k < after and (isinstance(s.mentions[k].payload, Tier) or s.bracket(k) != here))
                    ]:
                        self.done.add(k)
                        yield from self.attach(k)
        first = next((j for j in values if j not in self.done), None)
        if first is not None and isinstance(s.mentions[first].payload, Tier) and not shared:
            shared = True
            self.done.add(first)
            for name in named:
                self.set_subjects([name], start)
                yield from self.attach(first)
        elif first is not None and _EQUALLY.search(s.text[s.mentions[names[-1]].end : s.mentions[first].end + 12]):
            self.done.add(first)
            for name in named:
                self.set_subjects([name], start)
                yield from self.attach(first)
        if shared:  # "A, B and C led with 90%, 89% and 88%": the place of all of them is nobody's
            for j in values:
                if j not in self.done and isinstance(s.mentions[j].payload, Rank):
                    self.done.add(j)
                    self.drop(j, "of which of the names listed stays open")
        self.set_subjects([named[-1]] if shared else [], s.mentions[names[-1]].start)

    def _is_bound(self, i: int) -> bool:
        score = self.s.mentions[i].payload
        return isinstance(score, Score) and score.qualifier in {"at_least", "at_most"}

    def _values_until_next_subject(self, i: int) -> list[int]:
        s, end = self.s, self.s.clause_end(i)
        following = [j for j in range(i + 1, len(s.mentions)) if s.mentions[j].start < end]
        stop = next((j for j in following if s.subject(j) is not None), len(s.mentions))
        return [j for j in following if j < stop and isinstance(s.mentions[j].payload, Value)]

    def _places_from(self, i: int) -> tuple[list[int], int]:
        """Return the place `i` and those behind it that have lost their noun ("thứ 15, 4 và 33"), and where the last one ends."""
        rank, end = self.s.mentions[i].payload, self.s.mentions[i].end
        if not isinstance(rank, Rank) or rank.place is None:
            return [], end
        tail = _MORE_PLACES.match(self.s.text, end) or _MORE_ORDINALS.match(self.s.text, end)
        words = _PLACE.findall(tail[0]) if tail else []
        try:
            more = [ORDINALS.get(word) or parse_count(word.rstrip("stndrh")) for word in words]
        except NumberFormatError:
            return [rank.place], end
        return [rank.place, *more], tail.end() if tail else end

    def _bare_places(self, names: Sequence[SubjectName], at: int, i: int) -> Iterator[Draft]:
        """Read "lần lượt thứ 9 và 10": the second place has lost its noun. The names begin at `at`."""
        places, end = self._places_from(i)
        if len(places) == 1 or len(places) != len(names):
            return
        self.done.add(i)
        for name, place in zip(names, places, strict=True):
            self.set_subjects([name], at)
            yield from self.attach(i, place=place, end=end)

    def _respectively(self, i: int) -> Iterator[Draft]:
        """Share out "lần lượt là 87,61 và 86,70": over the years or the indices listed before it, else over the subjects.

        Subjects in a list right before the word are `_share_among`'s.
        """
        s = self.s
        following = [j for j in range(i + 1, len(s.mentions)) if s.mentions[j].start < s.clause_end(i)]
        ends = (j for j in following if s.subject(j) is not None or isinstance(m := s.mentions[j].payload, IndexName) or m == _CUE)
        stop = next(ends, len(s.mentions))
        here = s.bracket(i)
        if _BY_HOW_MUCH.search(s.before(i, 40)):  # "tăng lần lượt 2,1 và 1,4 điểm": no scores
            self._leave_out([j for j in following if j < stop and isinstance(s.mentions[j].payload, Score) and s.bracket(j) == here])
            return
        for kind in (Score, Rank):
            run = [
                j for j in following if j < stop and isinstance(s.mentions[j].payload, kind) and s.bracket(j) == here and j not in self.done
            ]
            if kind is Rank and len(run) == _FEWEST_SHARED and s.between(*run).strip() == "đến":
                continue  # "lần lượt từ vị trí thứ 6 đến thứ 10 là A, B, C": of the names behind
            if kind is Rank and len(run) == 1 and len(self._places_from(run[0])[0]) > 1:
                # "SIPAS lần lượt xếp thứ 15, 4 và 33": of those named before, or of the years
                yield from self._places_of_portions(i, run[0])
                if run[0] not in self.done:
                    yield from self._bare_places(list(dict.fromkeys(self.met)), s.mentions[run[0]].start, run[0])
                run = [j for j in run if j not in self.done]
                self._leave_out(run)
            if len(run) < _FEWEST_SHARED or all(_DATED.match(s.text, s.mentions[j].end) for j in run):
                continue
            portions = shared_portions(s, self.codes, i, len(run))
            if portions:
                self.portions.update((j, [portion]) for j, portion in zip(run, portions, strict=True))
                self.portions.update((j, [portion]) for j, portion in zip(self._changes_behind(run[-1], len(run)), portions, strict=False))
            elif kind is Score and len(self.met) >= len(run) and not self.deferred:
                yield from self._share_scores(i, run)
            elif kind is Rank and len(names := bracketed_list(s, i)) == len(run):
                for name, j in zip(names, run, strict=True):
                    self.done.add(j)
                    self.set_subjects(self._named([name]), s.mentions[names[0]].start)
                    yield from self.attach(j)
            else:  # "Bộ Tư pháp, Giao thông Vận tải lần lượt đứng thứ tư và thứ năm": one of the names was not read
                self._leave_out(run)

    def _changes_behind(self, i: int, count: int) -> list[int]:
        """Return so many changes of one kind that follow values that were shared out: "89,41% và 84,12%, tăng 2,1% và 1,4%"."""
        s, run = self.s, range(i + 1, min(i + 1 + count, len(self.s.mentions)))
        units = [m.payload.unit for m in s.mentions[i + 1 : i + 1 + count] if isinstance(m.payload, Delta)]
        in_list = all(_NEXT_CHANGE.fullmatch(s.between(j, j + 1)) for j in run[:-1])
        return list(run) if len(units) == count and len(set(units)) == 1 and in_list else []

    def _places_of_portions(self, i: int, rank: int) -> Iterator[Draft]:
        """Share out "các năm 2019, 2020 và 2021 lần lượt xếp thứ 59, 58 và 61" over the years, fields or indices named before `i`."""
        places, end = self._places_from(rank)
        portions = shared_portions(self.s, self.codes, i, len(places))
        if portions:
            self.done.add(rank)
        for portion, place in zip(portions, places, strict=False):
            self.portions[rank] = [portion]
            yield from self.attach(rank, place=place, end=end)
        self.portions.pop(rank, None)

    def _places_in_order(self, i: int) -> Iterator[Draft]:
        """Read "lần lượt đạt 84,5% và 80,67%; xếp hạng 53 và 48", "các năm 2018, 2019, PCI xếp hạng 50 và 52": as what stands before."""
        years = any(isinstance(m.payload, Year) and len(m.payload.years) > 1 and not m.payload.is_range for m in self.s.mentions[:i])
        if years or _IN_ORDER.search(self.s.text, 0, self.s.mentions[i].start):
            yield from self._places_of_portions(i, i)
        if i not in self.done:
            self._leave_out([i])

    def _leave_out(self, run: Sequence[int]) -> None:
        """Leave out values of a list that cannot be shared out."""
        for j in run:
            self.done.add(j)
            self.drop(j, "shared out in order, and to what is not read")

    def _share_scores(self, i: int, run: Sequence[int]) -> Iterator[Draft]:
        """Give scores to the last subjects named."""
        kept, at = self.subjects, self.subject_at
        for subject, j in zip(self.met[-len(run) :], run, strict=True):
            self.done.add(j)
            self.set_subjects([subject], at if at is not None else self.s.mentions[i].start)
            yield from self.attach(j)
        self.subjects = kept

    def _places_together(self, i: int) -> list[int]:
        """Return the places of a list that begins at `i`: "vị trí thứ 2 và thứ 3"."""
        run = [i]
        for j in range(i + 1, len(self.s.mentions)):
            if not isinstance(self.s.mentions[j].payload, Rank) or not _PLACES_GAP.fullmatch(self.s.between(run[-1], j)):
                break
            run.append(j)
        return run

    def _shared_behind(self, run: Sequence[int], names: Sequence[int], places: Sequence[int | None] = ()) -> Iterator[Draft]:
        """Share out places over the names behind them: "vị trí thứ 2 và thứ 3 lần lượt thuộc về A (79,81 điểm) và B".

        `places` are those of a place that has others in its tail: "xếp thứ 2, 3".
        """
        start = self.s.mentions[run[0]].start
        if len(run) != len(names):
            self._leave_out(run)
        else:
            self.done.update(run)
            for j, n, place in zip(run, names, places or (None,) * len(run), strict=True):
                self.set_subjects(self._named([n]), start)
                self.component = self.heading
                yield from self.draft(j, self.subjects[0], place=place, end=self.s.mentions[n].end)
        self.set_subjects([], start)
