"""Equations that bind figures: read from data/equations.toml, checked and solved.

Figures are integers in millionths, so that sums are exact; a sum holds within half a unit of the last printed digit
of each of its terms.
"""

import tomllib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from importlib.resources import files
from statistics import median
from typing import Any, NamedTuple

from normalize.fold import fold
from normalize.statement import Key
from normalize.wording import Words

MILLION = 10**6
#: A value far off breaks the order with its neighbours on both sides: so many are compared.
WINDOW = 3
#: What a block's scores have in common.
AGGREGATES = frozenset({"score_min", "score_max", "score_mean", "score_median"})
#: How an aggregate names the provinces; the least of the ministries bounds no province.
PROVINCES = ("tỉnh", "địa phương", "cả nước", "toàn quốc")


class Figure(NamedTuple):
    """A number in millionths, with one unit of its last printed digit; `label` is set instead for a tier."""

    amount: int
    digit: int
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Equation:
    """One declared equation; `title` names it for readers, `exception` is how often it fails although every figure is right."""

    name: str
    title: Words
    formula: str
    form: str
    exception: float
    source: str
    index: str | None
    years: range | tuple[int, ...]
    anchor: str
    terms: tuple[tuple[str, bool, int], ...]
    parts: tuple[tuple[str, int], ...]
    total: int
    tiers: tuple[tuple[str, int, int], ...]
    exempt: frozenset[str]

    def concerns(self, key: Key) -> bool:
        """Tell whether the equation is declared for this key's index and year."""
        return (
            (self.index is None or (self.index == key.index and key.level == "national"))
            and key.year in self.years
            and key.index not in self.exempt
        )


class Instance(NamedTuple):
    """An equation with the keys it binds, each with how often it counts; order: score, rank, score, rank."""

    equation: Equation
    keys: tuple[Key, ...]
    times: tuple[int, ...]

    def holds(self, values: Mapping[Key, Figure | None]) -> bool:
        """Tell whether the equation holds; where a value is unknown (None) it does."""
        figures = [values[key] for key in self.keys]
        if None in figures:
            return True
        return _FORMS[self.equation.form](self, figures)  # type: ignore[arg-type]

    def demand(self, wanted: Key, values: Mapping[Key, Figure | None]) -> Figure | None:
        """Return what a sum demands of one of its keys, in the digits of its neighbours; None if it demands no one number."""
        if self.equation.form not in {"sum", "mean"}:
            return None
        rest, digit, mine = 0, 1, 0
        for key, times in zip(self.keys, self.times, strict=True):
            if key == wanted:
                mine += times
                continue
            figure = values[key]
            if figure is None:
                return None
            rest += times * figure.amount
            digit = max(digit, figure.digit)
        own = values[wanted]
        digit = max(digit if abs(mine) == 1 else 1, own.digit if own is not None else 1)
        amount = round(-rest / mine / digit) * digit
        return Figure(amount, digit)

    def words(self, values: Mapping[Key, Figure | None]) -> str:
        """Return the equation with its figures."""
        shown = {key: _shown(values[key]) for key in self.keys}
        name = self.equation.name
        if self.equation.form in {"mean", "median"}:
            return f"{name}: {shown[self.keys[0]]} / {len(self.keys) - 1} s"
        if self.equation.form != "sum":
            return f"{name}: " + " / ".join(f"{key.subject} {_SYMBOLS.get(key.measure, key.measure)} {shown[key]}" for key in self.keys)
        left: list[str] = []
        right: list[str] = []
        for key, times in zip(self.keys, self.times, strict=True):
            (left if times > 0 else right).append((f"{abs(times)} x " if abs(times) != 1 else "") + shown[key])
        return f"{name}: {' + '.join(left)} = {' + '.join(right)}"


def _shown(figure: Figure | None) -> str:
    if figure is None:
        return "?"
    return figure.label if figure.label is not None else printed(figure)


@lru_cache(maxsize=65536)
def printed(figure: Figure) -> str:
    """Return a figure with the decimals that were printed; amounts are whole multiples of their digit.

    >>> printed(Figure(-4_300_000, 10_000)), printed(Figure(63_000_000, 1_000_000))
    ('-4.30', '63')
    """
    decimals = max(0, 7 - len(str(figure.digit)))
    if figure.amount % figure.digit:
        return f"{Decimal(figure.amount).scaleb(-6):.{decimals}f}"
    whole, part = divmod(abs(figure.amount), MILLION)
    sign = "-" if figure.amount < 0 else ""
    return f"{sign}{whole}.{part // figure.digit:0{decimals}d}" if decimals else f"{sign}{whole}"


def _sum(instance: Instance, figures: Sequence[Figure]) -> bool:
    off, slack = 0, 0
    for figure, times in zip(figures, instance.times, strict=True):
        off += times * figure.amount
        slack += abs(times) * (figure.digit if figure.digit < MILLION else 0)
    return 2 * abs(off) <= slack


def _order(_: Instance, figures: Sequence[Figure]) -> bool:
    score_a, rank_a, score_b, rank_b = figures
    slack = max(score_a.digit, score_b.digit) if score_a.digit != score_b.digit else 0
    return (rank_a.amount - rank_b.amount) * (score_a.amount - score_b.amount) <= 0 or abs(score_a.amount - score_b.amount) < slack


def _unique(_: Instance, figures: Sequence[Figure]) -> bool:
    return figures[0].amount != figures[1].amount


def _at_most(_: Instance, figures: Sequence[Figure]) -> bool:
    low, high = figures
    return low.amount <= high.amount or (low.digit != high.digit and low.amount < high.amount + max(low.digit, high.digit))


def _tier(instance: Instance, figures: Sequence[Figure]) -> bool:
    tier, score = figures
    bounds = next(((low, high) for name, low, high in instance.equation.tiers if name == tier.label), None)
    return bounds is None or bounds[0] * MILLION <= score.amount + score.digit // 2 and score.amount < bounds[1] * MILLION + score.digit  # noqa: RUF021


def _median(_: Instance, figures: Sequence[Figure]) -> bool:
    middle = median(figure.amount for figure in figures[1:])
    return abs(figures[0].amount - middle) <= max(figures[0].digit, figures[1].digit)


_FORMS = {"mean": _sum, "median": _median, "sum": _sum, "order": _order, "unique": _unique, "at_most": _at_most, "tier": _tier}


@cache
def equations() -> tuple[Equation, ...]:
    """Return the declared equations."""
    declared = tomllib.loads(files("normalize").joinpath("data", "equations.toml").read_text(encoding="utf-8"))
    return tuple(_equation(entry) for entry in declared["equation"])


def _equation(entry: dict[str, Any]) -> Equation:
    years = tuple(entry["years"]) if "years" in entry else range(entry.get("first_year", 1900), entry.get("last_year", 2200) + 1)
    return Equation(
        name=entry["name"],
        title=Words(**entry["title"]),
        formula=entry["formula"],
        form=entry["form"],
        exception=entry["exception"],
        source=entry["source"],
        index=entry.get("index"),
        years=years,
        anchor=entry.get("anchor", ""),
        terms=tuple((term["measure"], term.get("year") == "base", term.get("times", 1)) for term in entry.get("terms", ())),
        parts=tuple(entry.get("parts", {}).items()),
        total=entry.get("total", 1),
        tiers=tuple((name, low, high) for name, (low, high) in entry.get("tiers", {}).items()),
        exempt=frozenset(entry.get("except", ())),
    )


@cache
def by_form() -> dict[str, tuple[Equation, ...]]:
    """Return the declared equations by their form; sums over the components of one subject are "parts"."""
    found: dict[str, list[Equation]] = defaultdict(list)
    for equation in equations():
        found["parts" if equation.parts else equation.form].append(equation)
    return {form: tuple(of_form) for form, of_form in found.items()}


#: As the formulas of equations.toml name them.
_SYMBOLS = {"score": "s", "rank": "r", "score_min": "min", "score_max": "max"}


def tier_label(value: str) -> str:
    """Return a tier as equations name it.

    >>> tier_label("nhóm A")
    'a'
    """
    return fold(value).removeprefix(fold("nhóm")).strip()
