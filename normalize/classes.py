"""The class of a conflict: what kind of slip turns the accepted value into the refused one.

The classes are those of the domain's list of real errors; the first that fits is taken, the special before
the general. `real` is what no slip explains.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from normalize.statement import Key, Statement

#: Announced and final figures of one year differ by a few hundredths (PAR INDEX 2012: 87,14 and 87,12).
_REVISION = Decimal("0.05")


@dataclass(frozen=True, slots=True)
class Dispute:
    """An accepted value against a refused one, and what else is known of the subject and its neighbours."""

    key: Key
    right: Statement
    wrong: Statement
    wrong_side: tuple[Statement, ...]
    values: Mapping[Key, tuple[Decimal, int]]
    derived: Mapping[Key, Decimal]
    ranks: Mapping[tuple[str, int | None], Mapping[str, int]]


def _digits(statement: Statement) -> str:
    return f"{statement.value:f}".replace(".", "").lstrip("-0") if isinstance(statement.value, Decimal) else ""


def _is_copied(d: Dispute) -> bool:
    sources = {s.source for s in d.wrong_side}
    return len(sources) > 1 and len({s.cluster for s in d.wrong_side}) == 1


def _is_rank(d: Dispute) -> bool:
    if d.key.measure != "score" or d.wrong.decimals:
        return False
    rank = d.values.get(d.key.moved(measure="rank"))
    return rank is not None and rank[0] == d.wrong.value


def _is_other_year(d: Dispute) -> bool:
    if d.key.year is None:
        return False
    near = [d.key.moved(year=d.key.year + step, base_year=None if d.key.base_year is None else d.key.base_year + step) for step in (-1, 1)]
    return any(d.values.get(key, (None, 0))[0] == d.wrong.value or d.derived.get(key) == d.wrong.value for key in near)


def _is_neighbour(d: Dispute) -> bool:
    """Tell whether the figure is of the line above or below: another subject's, next to this one in the ranking."""
    ranks = d.ranks.get((d.key.index, d.key.year), {})
    mine = ranks.get(d.key.subject)
    for other, place in ranks.items():
        value = d.values.get(d.key.moved(subject=other))
        if other != d.key.subject and value is not None and value[0] == d.wrong.value and mine is not None and abs(place - mine) == 1:
            return True
    return False


def _is_transposition(d: Dispute) -> bool:
    a, b = _digits(d.right), _digits(d.wrong)
    return a != b and len(a) == len(b) and sorted(a) == sorted(b)


def _is_revision(d: Dispute) -> bool:
    if not isinstance(d.right.value, Decimal) or not isinstance(d.wrong.value, Decimal) or not d.key.measure.startswith("score"):
        return False
    if d.right.published is None or d.wrong.published is None:
        return False
    return (
        abs(d.right.value - d.wrong.value) <= _REVISION
        and d.right.published.year != d.wrong.published.year
        and d.wrong.published < d.right.published
    )


def _is_typo(d: Dispute) -> bool:
    a, b = _digits(d.right), _digits(d.wrong)
    if not a or not b or (d.right.decimals == 0 and len(a) != len(b)):
        return False
    if len(a) == len(b):
        return sum(x != y for x, y in zip(a, b, strict=True)) <= (2 if len(a) > 2 else 1)  # noqa: PLR2004 (a short number has no room for two slips)
    longer, shorter = (a, b) if len(a) > len(b) else (b, a)
    return len(longer) == len(shorter) + 1 and any(longer[:i] + longer[i + 1 :] == shorter for i in range(len(longer)))


#: In order: the first that fits names the conflict.
CLASSES: tuple[tuple[str, str, Callable[[Dispute], bool]], ...] = (
    ("rank_as_score", "the refused score is the subject's rank", _is_rank),
    ("year", "the refused value is that of a neighbouring year", _is_other_year),
    ("neighbour_line", "the refused value belongs to the next line of the ranking", _is_neighbour),
    ("copied_error", "the refused value is one slip repeated by copies of one story", _is_copied),
    ("transposition", "the same digits in another order", _is_transposition),
    ("revision", "announced first, corrected later", _is_revision),
    ("typo", "a digit changed or lost", _is_typo),
)


def classify(dispute: Dispute) -> tuple[str, str]:
    """Return the class of a dispute and what speaks for it."""
    for name, why, test in CLASSES:
        if test(dispute):
            return name, why
    return "real", "no slip explains the difference"


#: Slips that show which side is wrong: the refused value is known to be another figure.
_TELLING = ("rank_as_score", "year", "neighbour_line")


def telling_slip(dispute: Dispute) -> tuple[str, str] | None:
    """Return the slip that explains the refused value as another known figure, or None."""
    return next(((name, why) for name, why, test in CLASSES if name in _TELLING and test(dispute)), None)
