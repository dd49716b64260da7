"""Values that are not simply the last subject's: places and tiers before their names, lists in order, numbered lines."""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import chain

from extract.blocks import BlockReader
from extract.draft import Draft, whole
from extract.lists import bracketed_list, listed_behind, members, name_list, subjects_behind
from extract.mentions import ComponentName, Delta, Rank, Score, Tier
from extract.places import leads_in_other

_IN_ORDER = re.compile(r"lần lượt|theo thứ tự")
_COUNTED_PLACES = re.compile(r"\b\d{1,2} vị trí[^.;]{0,20}$")
_TOGETHER = re.compile(r"\bcùng\b")
_ITEM_OPENS = re.compile(r"(?:^|[,;:.]|\bvà|\b(?:đơn vị|tỉnh|địa phương|thành phố))\s*$")
_OF_SEVERAL = re.compile(
    r"\b(?:(?:các|những)\b[^,;:]{0,25}|(?:\d{1,2}|hai|ba|bốn|năm|mười) (?:tỉnh|địa phương|đơn vị|huyện|sở|cơ quan)\b[^;:.]*)$"
)
#: "hạng 53, 48 và 49": the last of several places.
_SEVERAL_PLACES = re.compile(r" và (?:thứ )?\d{1,2}$|, (?:thứ )?nhì(?:,| và) (?:thứ )?ba$")


class Placer(BlockReader):
    """A block reader that also knows which values stand before the names that they are of."""

    def special(self, i: int) -> Iterator[Draft] | None:
        """Return the drafts of a value that is not simply the last subject's, or None."""
        payload = self.s.mentions[i].payload
        match payload:
            case Rank(enumerated=True):
                return self._enumerated(i)
            case Rank():
                return self._special_rank(i)
            case Tier():
                return self._special_tier(i, payload)
            case Score():
                return self.score_of_block(i) or self._score_of_behind(i)
            case Delta(unit=unit) if unit != "bậc":
                return self.change_of_block(i)
        return None

    def _score_of_behind(self, i: int) -> Iterator[Draft] | None:
        """Return the drafts of a score that stands before whose it is: "hơn 72,64 điểm của Long An"."""
        behind = self.s.subject(i + 1) if i + 1 < len(self.s.mentions) else None
        if behind is None or behind in self.subjects or self.s.between(i, i + 1) != " của ":
            return None
        return self.draft(i, behind, end=self.s.mentions[i + 1].end)

    def _special_rank(self, i: int) -> Iterator[Draft] | None:
        if (ranged := self._from_place_to_place(i)) is not None:
            return ranged
        run = self._places_together(i)
        names = subjects_behind(self.s, run[-1])
        # "B đứng thứ nhì và thứ 3 thuộc về C" are a place before its name and one behind it.
        if len(run) > 1 and names and not (self.subjects and len(run) == len(names) + 1):
            return self._shared_behind(run, names)
        places, end = self._places_from(i)
        if len(places) > 1 and (names := subjects_behind(self.s, i, end)):
            return self._shared_behind([i] * len(places), names, places)
        listed = bracketed_list(self.s, i)
        if len(places) > 1 and len(listed) == len(places):
            return self._bare_places(self._named(listed), self.s.mentions[listed[0]].start, i)
        if _SEVERAL_PLACES.search(self.s.text, self.s.mentions[i].end, end):
            return self._places_in_order(i)
        followers = subjects_behind(self.s, i) if self.s.mentions[i].rule != "rank.ordered" else listed_behind(self.s, i)
        if not followers and self._opens_item(i):
            followers = [i + 1]
        if not followers and self.s.is_superlative(i) and len(listed) > 1:
            self.drop(i, "one of many")
            return iter(())
        if followers and self.s.is_superlative(i) and leads_in_other(self.s, i):
            self.drop(i, "a lead in something else")
            return iter(())
        return self._inverted(i, followers) if followers else None

    def _from_place_to_place(self, i: int) -> Iterator[Draft] | None:
        """Return the places of as many names as stand behind a range: "lần lượt từ vị trí thứ 6 đến thứ 8 là A (69,36), B (69,08), C"."""
        first, last = self.s.mentions[i].payload, self.s.mentions[i + 1].payload if i + 1 < len(self.s.mentions) else None
        if not isinstance(first, Rank) or not isinstance(last, Rank) or first.place is None or last.place is None:
            return None
        names = subjects_behind(self.s, i + 1)
        places = range(first.place, last.place + 1)
        told = self.s.between(i, i + 1).strip() == "đến" and _IN_ORDER.search(self.s.text, 0, self.s.mentions[i].start)
        if not told or len(names) < 2 or len(names) != len(places):  # noqa: PLR2004 (a range)
            return None
        self.done.add(i + 1)
        return self._shared_behind([i] * len(places), names, places)

    def _opens_item(self, i: int) -> bool:
        """Tell whether a place stands right before its name and figure: "...; cao nhất Quảng Ninh 87,59%, thứ 2 Bắc Quang (0,4871)"."""
        s = self.s
        named = i + 2 < len(s.mentions) and s.subject(i + 1) is not None and isinstance(s.mentions[i + 2].payload, Score)
        return (
            named
            and not s.between(i, i + 1).strip()
            and s.between(i + 1, i + 2).strip() in {"", "(", "với", "đạt", ":"}
            and bool(_ITEM_OPENS.search(s.before(i, 12)))
        )

    def _special_tier(self, i: int, tier: Tier) -> Iterator[Draft] | None:
        names = bracketed_list(self.s, i)
        if len(names) > 1:
            return self._for_each(names, lambda _: self.attach(i))
        group = self._all_of_group(i)
        if group is not None:
            return self.draft(i, whole(group), group=group)
        listed = [] if tier.value.startswith("top ") else members(self.s, i, has_subject=bool(self.subjects))
        if not listed:
            return None
        # "Tỉnh thuộc nhóm A, cùng với Quảng Ninh, Hải Phòng"
        own = self.attach(i) if self.subjects and _TOGETHER.search(self.s.between(i, listed[0])) else ()
        return chain(own, self._for_each(listed, lambda n: self.draft(i, self.subjects[0], end=self.s.mentions[n].end)))

    def _for_each(self, names: Sequence[int], read: Callable[[int], Iterator[Draft]]) -> Iterator[Draft]:
        """Read a value once for each name of a list; the talk goes on of whom it was."""
        kept, at = self.subjects, self.subject_at
        for n in names:
            self.set_subjects(self._named([n]), self.s.mentions[n].start)
            yield from read(n)
        self.subjects, self.subject_at = kept, at

    def _enumerated(self, i: int) -> Iterator[Draft]:
        """Read "(3) Văn phòng UBND tỉnh 90,02%" in a list that says it is in order."""
        following = i + 1 < len(self.s.mentions) and self.s.subject(i + 1)
        if (
            following
            and not self.s.between(i, i + 1).strip()
            and re.search(r"lần lượt|thứ tự|xếp hạng|cao xuống|\b[Tt][oố]p \d", self.s.text)
        ):
            self.set_subjects([following], self.s.mentions[i].start)
            yield from self.draft(i, following, end=self.s.mentions[i + 1].end)

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
                self.set_subjects(self._named([n]), first.start)
                yield from self.draft(i, self.subjects[0], place=place, end=s.mentions[n].end)
            self.set_subjects([], first.start)
            return
        if rank.superlative and _OF_SEVERAL.search(s.before(i, 40)):
            return
        self.set_subjects(self._named(followers[:1]), first.start)
        fields = [m.payload for m in s.mentions[i + 1 : followers[0]] if isinstance(m.payload, ComponentName)]
        self.component = fields[-1] if fields else self.heading
        yield from self.draft(i, self.subjects[0], end=first.end)
        if len(name_list(s, followers[0])) == 1:
            self.done.add(followers[0])
            self.met += self.subjects
