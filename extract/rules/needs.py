"""What a text must contain for a pattern to match at all, read off the pattern itself.

Looking for a few letters is a hundred times cheaper than running a pattern over a sentence, and most patterns have
nothing to find in most sentences. The pattern's parse tree is walked once, when the rules are loaded.
"""

import re
from collections.abc import Iterable
from re import _constants as op  # type: ignore[attr-defined]  # the tree has no public door
from re import _parser  # type: ignore[attr-defined]
from typing import Any

#: Stands for any digit.
DIGIT = "\\d"
_DIGITS = frozenset({DIGIT})
_ANY_DIGIT = re.compile(r"\d")
# More alternatives than this cost more to look for than they save.
_MOST = 60


def needed(pattern: str) -> frozenset[str]:
    r"""Return stretches of which a text must contain one for the verbose pattern to match; none where that is open.

    >>> sorted(needed(r"\b(?:á\ quân|xếp\ nhì)\b"))
    ['xếp nhì', 'á quân']
    >>> needed(r"\w+ | \d")
    frozenset()
    """
    found = _best(_parser.parse(pattern, re.VERBOSE))
    return found if found is not None and len(found) <= _MOST else frozenset()


class Needs:
    """What a set of rules needs, looked for once in a text for all of them."""

    def __init__(self, needs: Iterable[frozenset[str]]) -> None:
        """Build from what each rule needs; an empty set needs nothing."""
        self._stretches = frozenset().union(*needs) - _DIGITS

    def in_text(self, text: str) -> frozenset[str]:
        """Return the stretches that a text contains."""
        digit = _DIGITS if _ANY_DIGIT.search(text) else frozenset()
        return frozenset([stretch for stretch in self._stretches if stretch in text]) | digit


def _best(sequence: Iterable[tuple[Any, Any]]) -> frozenset[str] | None:
    """Return the most telling of the things that a sequence must contain."""
    candidates: list[frozenset[str]] = []
    run = ""
    for kind, value in sequence:
        if kind is op.LITERAL:
            run += chr(value)
            continue
        if kind is op.AT:
            continue
        if run:
            candidates.append(frozenset({run}))
            run = ""
        inside = _inside(kind, value)
        if inside is not None:
            candidates.append(inside)
    if run:
        candidates.append(frozenset({run}))
    return max(candidates, key=_telling, default=None)


def _inside(kind: Any, value: Any) -> frozenset[str] | None:
    """Return what one item of a sequence must contain, or None where it can be empty or anything."""
    if kind is op.SUBPATTERN:
        return _best(value[3])
    if kind in {op.MAX_REPEAT, op.MIN_REPEAT}:
        return _best(value[2]) if value[0] else None
    if kind is op.ASSERT:
        return _best(value[1])
    if kind is op.BRANCH:
        branches = [_best(branch) for branch in value[1]]
        return frozenset().union(*(b for b in branches if b is not None)) if all(b is not None for b in branches) else None
    if kind is op.IN:
        if all(item in {(op.CATEGORY, op.CATEGORY_DIGIT), (op.RANGE, (ord("0"), ord("9")))} for item in value):
            return _DIGITS
        if all(what is op.LITERAL for what, _ in value):
            return frozenset(chr(char) for _, char in value)
    return None


def _telling(stretches: frozenset[str]) -> tuple[int, int]:
    """Rank by the shortest stretch, a digit last; then by how few there are."""
    return min(0 if stretch == DIGIT else len(stretch) for stretch in stretches), -len(stretches)
