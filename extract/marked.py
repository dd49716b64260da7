"""A sentence with its mentions marked: what every part of the resolver looks at."""

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from extract.mentions import Delta, IndexName, Mention, Pronoun, Rank, Score, SubjectName, Year
from normalize.fold import lowered

# "94,02; 93,51 và 92,88 điểm": the semicolon parts numbers, not clauses.
_NUMBERS_LISTED = re.compile(r"[\d%]; ?\d+[.,]\d")
#: "đầu năm 2023" dates a meeting; "đến cuối năm 2023" says for when something is planned.
_DATES_ELSE = re.compile(r"(?:\btừ|kể từ|tính từ|trước|đầu|(?<!đến )(?<!hết )cuối)\s*$")
# An unclosed bracket is a smiley or a list number; none that matters is longer.
_LONGEST_BRACKET = 400


@dataclass(frozen=True, slots=True)
class Marked:
    """Text in lower case and as it is, mentions in order, and for each place its innermost opening bracket plus one (0 outside)."""

    text: str
    raw: str
    mentions: Sequence[Mention]
    depth: Sequence[int]

    def before(self, i: int, length: int) -> str:
        """Return what stands before mention `i`."""
        start = self.mentions[i].start
        return self.text[max(0, start - length) : start]

    def between(self, i: int, j: int) -> str:
        """Return what stands between mentions `i` and `j`."""
        return self.text[self.mentions[i].end : self.mentions[j].start]

    def word(self, i: int) -> str:
        """Return the text of mention `i`."""
        return self.text[self.mentions[i].start : self.mentions[i].end]

    def bracket(self, i: int) -> int:
        """Return the bracket that mention `i` stands in, 0 for none."""
        return self.depth[self.mentions[i].start]

    def index_before(self, mention: Mention) -> int:
        """Return which mention stands right before another one, -1 if none does."""
        return bisect_left(self.mentions, mention.start, key=lambda one: one.start) - 1

    def clause_end(self, i: int) -> int:
        """Return where the clause behind mention `i` ends: at a semicolon outside brackets."""
        at = self.text.find(";", self.mentions[i].end)
        while at >= 0 and (self.depth[at] or _NUMBERS_LISTED.match(self.text, at - 1)):
            at = self.text.find(";", at + 1)
        return at if at >= 0 else len(self.text)

    def subject(self, i: int) -> SubjectName | None:
        """Return mention `i` as a subject."""
        payload = self.mentions[i].payload
        return payload if isinstance(payload, SubjectName) else None

    def is_superlative(self, i: int) -> bool:
        """Tell whether mention `i` is a place in words without a number ("dẫn đầu", "đội sổ")."""
        payload = self.mentions[i].payload
        return isinstance(payload, Rank) and payload.superlative

    def is_placed(self, i: int) -> bool:
        """Tell whether a place with its number stands right behind a score: "84,89%, xếp thứ 46/63"."""
        following = self.mentions[i + 1].payload if i + 1 < len(self.mentions) else None
        return isinstance(following, Rank) and not following.superlative and self.between(i, i + 1).strip() in {",", "(", ";"}

    def speaks_of_home(self) -> bool:
        """Tell whether the sentence says "tỉnh", "huyện", "tỉnh ta" for the place it is about."""
        return any(isinstance(m.payload, Pronoun) for m in self.mentions)

    def names_anyone(self) -> bool:
        """Tell whether any subject is named, or pointed at ("ngân hàng này")."""
        return any(isinstance(m.payload, SubjectName) or (isinstance(m.payload, Pronoun) and m.payload.near) for m in self.mentions)

    def names_anyone_between(self, start: int, end: int) -> bool:
        """Tell whether a subject is named, or pointed at, in a stretch of the sentence."""
        return any(isinstance(m.payload, SubjectName | Pronoun) and start <= m.start < end for m in self.mentions)

    def names_index(self) -> bool:
        """Tell whether an index is named outright."""
        return any(isinstance(m.payload, IndexName) and not m.payload.weak for m in self.mentions)

    def has_rank_or_score(self) -> bool:
        """Tell whether the sentence speaks of places or points at all."""
        return any(
            isinstance(m.payload, Rank) or (isinstance(m.payload, Score | Delta) and m.payload.unit in {"điểm", "bậc"})
            for m in self.mentions
        )

    def measured_years(self) -> list[Mention]:
        """Return the years that can be measured ones: not compared with, not "từ năm 2012"."""
        return [m for m in self.mentions if isinstance(m.payload, Year) and not m.payload.base and not self._dates_something_else(m)]

    def _dates_something_else(self, mention: Mention) -> bool:
        year = mention.payload
        before = self.text[max(0, mention.start - 12) : mention.start]
        when = self.text.startswith(" khi ", mention.end)  # "ngay từ năm 2021 khi PCI xếp thứ 36"
        return isinstance(year, Year) and not year.is_range and not when and bool(_DATES_ELSE.search(before))


def mark(sentence: str, mentions: Sequence[Mention]) -> Marked:
    """Mark a sentence."""
    if "(" not in sentence:
        return Marked(lowered(sentence), sentence, mentions, bytes(len(sentence) + 1))
    depth: list[int] = []
    stack: list[int] = []
    for at, char in enumerate(sentence):
        if char == ")" and stack:
            stack.pop()
        depth.append(stack[-1] if stack else 0)
        if char == "(" and sentence.find(")", at, at + _LONGEST_BRACKET) > 0:
            stack.append(at + 1)
    return Marked(lowered(sentence), sentence, mentions, (*depth, 0))
