"""Values that a change starts from or ends with: "từ hạng 55 lên hạng 11", "75,2% (hạng 55) lên 79,3% (hạng 40)"."""

import re

from extract.marked import Marked
from extract.mentions import Rank, Score

#: How a value becomes another one.
UP_OR_DOWN = re.compile(r"\b(?:lên|xuống|còn|về|tụt|vươn|nhảy|to)\b")
_FROM = re.compile(r"\b(?:từ|from)(?: chỗ(?: (?:chỉ|đang|còn))?| mức)?\s*$")
_MOVES = re.compile(r"(?: điểm)? (?:tăng |giảm )?(?:lên|xuống|còn|về) (?:vị trí |hạng |thứ )*\d")
_OPENS = re.compile(r"(?:^|[(;:])\s*$")


def starts_change(s: Marked, i: int) -> bool:
    """Tell whether a change starts from the value `i`: "từ vị trí thứ 2", "from fourth", "(6,68 còn 5,9)"."""
    return bool(_FROM.search(s.before(i, 20))) or goes_on(s, i)


def goes_on(s: Marked, i: int) -> bool:
    """Tell whether brackets or a part of the sentence open with what a value became: "(6,68 còn 5,9)", "; hạng 26 xuống 35"."""
    return bool(_OPENS.search(s.before(i, 3))) and bool(_MOVES.match(s.text, s.mentions[i].end))


def ends_change(s: Marked, i: int) -> bool:
    """Tell whether a change ends with the value `i`: "so với năm 2019 (từ hạng 55 lên hạng 11)"."""
    return i > 0 and starts_change(s, i - 1) and bool(UP_OR_DOWN.search(s.text, s.mentions[i - 1].end, s.mentions[i].end))


def value_before_brackets(s: Marked, i: int) -> int | None:
    """Return the value right before the brackets that hold the value `i` alone, one of the other kind."""
    if not i or not s.bracket(i) or s.bracket(i - 1) == s.bracket(i) or s.between(i - 1, i).strip() != "(":
        return None
    kinds = {type(s.mentions[i - 1].payload), type(s.mentions[i].payload)}
    return i - 1 if kinds == {Rank, Score} and s.text.startswith(")", s.mentions[i].end) else None
