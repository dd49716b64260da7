"""Equations that bind figures of neighbouring years: what one value must be if the others are right.

    s(y) = s(y-1) + d(y)        score and its change
    r(y) = r(y-1) - k(y)        rank and its change (upwards positive)

Sources: the definition of the changes in the announcements; checked on Hưng Yên 12 + 10 = 22, Hà Giang
28 + 5 = 33, Hải Phòng 96,17 - 4,30 = 91,87.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from normalize.statement import Key

_PAIRS = {"score": ("score_delta", 1), "rank": ("rank_delta", -1)}


@dataclass(frozen=True, slots=True)
class Derived:
    """A value that an equation demands, with the equation in words and figures."""

    value: Decimal
    tolerance: Decimal
    equation: str


Known = Mapping[Key, tuple[Decimal, int]]


def derive(key: Key, known: Known) -> list[Derived]:
    """Return what the neighbouring years demand of `key`; `known` holds undisputed values with their decimals."""
    if key.measure not in _PAIRS or key.year is None:
        return []
    measure, sign = _PAIRS[key.measure]
    year = key.year
    found = []
    for other_year, delta_year, combine in (
        (year + 1, year + 1, _before),
        (year - 1, year, _after),
    ):
        other = known.get(key.moved(year=other_year))
        change = known.get(key.moved(measure=measure, year=delta_year, base_year=delta_year - 1))
        if other is None or change is None:
            continue
        value = combine(other[0], change[0] * sign)
        tolerance = Decimal(1).scaleb(-min(other[1], change[1])) if key.measure == "score" else Decimal(0)
        found.append(Derived(value, tolerance, _words(key, value, other_year, other[0], change[0], combine, sign)))
    return found


def _before(later: Decimal, change: Decimal) -> Decimal:
    return later - change


def _after(earlier: Decimal, change: Decimal) -> Decimal:
    return earlier + change


def _words(
    key: Key, value: Decimal, other_year: int, other: Decimal, change: Decimal, combine: Callable[[Decimal, Decimal], Decimal], sign: int
) -> str:
    letter = "s" if key.measure == "score" else "r"
    operator = "-" if (combine is _before) == (sign * change >= 0) else "+"
    return f"{letter}({key.year}) = {letter}({other_year}) {operator} {abs(change)} = {other} {operator} {abs(change)} = {value}"


def fits(value: Decimal, derived: Derived) -> bool:
    """Tell whether a value satisfies an equation within the precision of its terms."""
    return abs(value - derived.value) < derived.tolerance or value == derived.value
