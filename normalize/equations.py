"""Equations that bind figures: read from data/equations.toml, laid over the known keys, checked and solved.

A `Board` holds one node a key. `around` gives every equation in which a key takes part, `broken` those of the
whole board that do not hold. Figures are integers in millionths, so that sums are exact; a sum holds within half
a unit of the last printed digit of each of its terms.
"""

import tomllib
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files
from statistics import median
from typing import Any, NamedTuple

from normalize.fold import fold
from normalize.indices import ranked_count
from normalize.statement import Key
from normalize.wording import Words

_MILLION = 10**6
#: A value far off breaks the order with its neighbours on both sides: so many are compared.
_WINDOW = 3
#: What a block's scores have in common.
_AGGREGATES = frozenset({"score_min", "score_max", "score_mean", "score_median"})
#: How an aggregate names the provinces; the least of the ministries bounds no province.
_PROVINCES = ("tỉnh", "địa phương", "cả nước", "toàn quốc")


class Figure(NamedTuple):
    """A number in millionths, with one unit of its last printed digit; `label` is set instead for a tier."""

    amount: int
    digit: int
    label: str | None = None


class Node(NamedTuple):
    """A key with the figure that leads among its claims."""

    key: Key
    figure: Figure
    subject_type: str


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


def printed(figure: Figure) -> str:
    """Return a figure with the decimals that were printed; amounts are whole multiples of their digit.

    >>> printed(Figure(-4_300_000, 10_000)), printed(Figure(63_000_000, 1_000_000))
    ('-4.30', '63')
    """
    decimals = max(0, 7 - len(str(figure.digit)))
    if figure.amount % figure.digit:
        return f"{Decimal(figure.amount).scaleb(-6):.{decimals}f}"
    whole, part = divmod(abs(figure.amount), _MILLION)
    sign = "-" if figure.amount < 0 else ""
    return f"{sign}{whole}.{part // figure.digit:0{decimals}d}" if decimals else f"{sign}{whole}"


def _sum(instance: Instance, figures: Sequence[Figure]) -> bool:
    off, slack = 0, 0
    for figure, times in zip(figures, instance.times, strict=True):
        off += times * figure.amount
        slack += abs(times) * (figure.digit if figure.digit < _MILLION else 0)
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
    return bounds is None or bounds[0] * _MILLION <= score.amount + score.digit // 2 and score.amount < bounds[1] * _MILLION + score.digit  # noqa: RUF021


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
def _by_form() -> dict[str, tuple[Equation, ...]]:
    found: dict[str, list[Equation]] = defaultdict(list)
    for equation in equations():
        found["parts" if equation.parts else equation.form].append(equation)
    return {form: tuple(of_form) for form, of_form in found.items()}


#: As the formulas of equations.toml name them.
_SYMBOLS = {"score": "s", "rank": "r", "score_min": "min", "score_max": "max"}

Block = tuple[str, str, str | None, int | None, str | None, str | None, str, str]


def block_of(key: Key, subject_type: str) -> Block:
    """Return what a ranking is of: all its parts but the subject and the measure."""
    return (key.index, key.level, key.authority, key.year, key.component, key.scope, key.modality, subject_type)


class Board:
    """All nodes, and the rankings they belong to."""

    def __init__(self, nodes: Iterable[Node]) -> None:
        """Lay out the nodes; a key may come once only."""
        self.nodes = {node.key: node for node in nodes}
        self.values: dict[Key, Figure | None] = {key: node.figure for key, node in self.nodes.items()}
        self._scored: dict[Block, list[tuple[int, str]]] = defaultdict(list)
        self._bounds: dict[tuple[Any, ...], dict[str, list[Key]]] = defaultdict(lambda: defaultdict(list))
        self._anchors: dict[tuple[Any, ...], list[Key]] = defaultdict(list)
        self._regions: list[Key] = []
        for key, node in self.nodes.items():
            measure = key.measure
            if measure == "rank":
                if node.figure.label is None:
                    self._scored[block_of(key, node.subject_type)].append((node.figure.amount, key.subject))
            elif measure.endswith("_delta"):
                if key.year is not None and key.base_year is not None:
                    self._anchors[_line_of(key, measure)].append(key)
            elif measure in _AGGREGATES and any(word in key.subject.lower() for word in _PROVINCES):
                self._bounds[_year_of(key)][measure].append(key)
            if node.subject_type == "region":
                self._regions.append(key)
        self._members: dict[Key, tuple[Key, ...]] = {}
        self._scored_subjects = self._subjects_of_bounded_years()
        for anchors in self._anchors.values():
            anchors.sort(key=_years)
        for ranking in self._scored.values():
            ranking.sort()
        # Equations come in an order that depends on what is known, never on the order in which it was read.
        for limits in self._bounds.values():
            for keys in limits.values():
                keys.sort(key=Key.texts)
        self._beside: dict[tuple[Any, ...], list[Key]] | None = None

    def _subjects_of_bounded_years(self) -> dict[tuple[Any, ...], list[str]]:
        """Return the provinces whose scores are known, of each index and year that has a mean, median, least or most."""
        found: dict[tuple[Any, ...], list[str]] = {year: [] for year in self._bounds}
        if found:
            for key, node in self.nodes.items():
                if key.measure == "score" and node.subject_type == "province" and (year := _year_of(key)) in found:
                    found[year].append(key.subject)
        return found

    def ranking(self, key: Key, subject_type: str) -> Sequence[tuple[int, str]]:
        """Return the places and subjects of a key's ranking, best first."""
        return self._scored.get(block_of(key, subject_type), ())

    def beside(self, key: Key) -> Sequence[Key]:
        """Return the keys of the same index, subject, year and measure that differ in component, scope, level or authority."""
        if self._beside is None:
            self._beside = defaultdict(list)
            for other in self.nodes:
                self._beside[other.index, other.subject, other.year, other.measure].append(other)
        return [other for other in self._beside.get((key.index, key.subject, key.year, key.measure), ()) if other != key]

    def regions(self, key: Key) -> Iterator[Key]:
        """Yield the keys of the other regions: a table of means has no ranking, its lines stand one below the other."""
        for other in self._regions:
            if other != key and other == key._replace(subject=other.subject):
                yield other

    def around(self, key: Key) -> Iterator[Instance]:
        """Yield every equation whose terms are all known and in which this key takes part."""
        node = self.nodes[key]
        yield from self._sums(key)
        yield from self._parts(key)
        if key.measure in {"score", "rank"}:
            yield from self._orders(key, node)
            yield from self._uniques(key, node)
        yield from self._limits(key, node)
        yield from self._tiers(key)
        yield from self._statistics(key)

    def broken(self) -> list[Instance]:
        """Return every equation of the board that does not hold."""
        found: list[Instance] = []
        for key, node in self.nodes.items():
            if key.measure.endswith("_delta") or key.measure.startswith("count_"):
                found.extend(i for i in self._anchored(key) if not i.holds(self.values))
            elif key.measure == "score":
                if key.component is None:
                    found.extend(i for i in self._parts(key) if not i.holds(self.values))
                if self._bounds:
                    found.extend(i for i in self._limits(key, node) if not i.holds(self.values))
        for block, ranking in self._scored.items():
            found.extend(self._broken_ranking(block, ranking))
        found.extend(i for key in self.nodes if key.measure == "tier" for i in self._tiers(key) if not i.holds(self.values))
        for limits in self._bounds.values():
            found.extend(i for keys in limits.values() for key in keys for i in self._statistics(key) if not i.holds(self.values))
        return found

    def _broken_ranking(self, block: Block, ranking: Sequence[tuple[int, str]]) -> Iterator[Instance]:
        index, level, authority, year, component, scope, modality, _ = block
        make = Key._make
        scores = [
            self.values.get(make((index, level, authority, subject, year, "score", component, scope, modality, None)))
            for _, subject in ranking
        ]
        orders = [e for e in _by_form()["order"] if index not in e.exempt]
        uniques = [e for e in _by_form()["unique"] if index not in e.exempt]
        for n, (place, subject) in enumerate(ranking):
            mine = scores[n]
            for m in range(n + 1, min(n + 1 + _WINDOW, len(ranking))):
                other_place, other = ranking[m]
                theirs = scores[m]
                is_shared = place == other_place
                if not is_shared and (mine is None or theirs is None or mine.amount >= theirs.amount):
                    continue
                rank_a = make((index, level, authority, subject, year, "rank", component, scope, modality, None))
                rank_b = rank_a.of(other)
                if is_shared:
                    yield from (Instance(equation, (rank_a, rank_b), (1, 1)) for equation in uniques)
                    continue
                for equation in orders:
                    instance = Instance(equation, (rank_a.as_measure("score"), rank_a, rank_b.as_measure("score"), rank_b), (1, 1, 1, 1))
                    if not instance.holds(self.values):
                        yield instance

    def _anchored(self, key: Key) -> Iterator[Instance]:
        """Yield the sums whose change or count this key is."""
        for equation in _by_form()["sum"]:
            if equation.anchor == key.measure and equation.concerns(key):
                keys = tuple(
                    key if measure == key.measure else key.as_measure(measure).in_year(key.base_year if from_base else key.year, None)
                    for measure, from_base, _ in equation.terms
                )
                if all(k in self.nodes for k in keys):
                    yield Instance(equation, keys, tuple(times for *_, times in equation.terms))

    def _sums(self, key: Key) -> Iterator[Instance]:
        seen: set[Key] = set()
        for equation in _by_form()["sum"]:
            for measure, from_base, _ in equation.terms:
                if measure != key.measure or key.year is None:
                    continue
                if key.measure == equation.anchor:
                    anchors = [key]
                elif equation.anchor.startswith("count_"):
                    anchors = [key._replace(measure=equation.anchor)]
                else:
                    line = self._anchors.get(_line_of(key, equation.anchor), ())
                    anchors = [anchor for anchor in line if (anchor.base_year if from_base else anchor.year) == key.year]
                for anchor in anchors:
                    if anchor in self.nodes and anchor not in seen:
                        seen.add(anchor)
                        yield from (i for i in self._anchored(anchor) if key in i.keys)

    def _parts(self, key: Key) -> Iterator[Instance]:
        if key.measure != "score" or key.scope is not None:
            return
        for equation in _by_form()["parts"]:
            if not equation.concerns(key) or (key.component is not None and key.component not in dict(equation.parts)):
                continue
            total = key._replace(component=None)
            keys = (total, *(key._replace(component=name) for name, _ in equation.parts))
            if all(k in self.nodes for k in keys):
                yield Instance(equation, keys, (-equation.total, *(times for _, times in equation.parts)))

    def _orders(self, key: Key, node: Node) -> Iterator[Instance]:
        rank = key if key.measure == "rank" else key.as_measure("rank")
        score = key if key.measure == "score" else key.as_measure("score")
        if rank not in self.nodes or score not in self.nodes:
            return
        for _, other in self._near(rank, node):
            other_rank, other_score = rank.of(other), score.of(other)
            if other_score in self.nodes:
                first, second = sorted(((score, rank), (other_score, other_rank)), key=lambda pair: pair[0].subject)
                for equation in _by_form()["order"]:
                    if key.index not in equation.exempt:
                        yield Instance(equation, (*first, *second), (1, 1, 1, 1))

    def _uniques(self, key: Key, node: Node) -> Iterator[Instance]:
        if key.measure == "rank":
            for equation in _by_form()["unique"]:
                if key.index not in equation.exempt:
                    for _, other in self._near(key, node):
                        first, second = sorted((key, key.of(other)), key=lambda k: k.subject)
                        yield Instance(equation, (first, second), (1, 1))

    def _near(self, rank: Key, node: Node) -> Iterator[tuple[int, str]]:
        ranking = self.ranking(rank, node.subject_type)
        figure = self.values[rank]
        if figure is None:
            return
        at = bisect_left(ranking, (figure.amount, rank.subject))
        yield from (one for one in ranking[max(0, at - _WINDOW) : at + 1 + _WINDOW] if one[1] != rank.subject)

    def _limits(self, key: Key, node: Node) -> Iterator[Instance]:
        if (
            key.measure == "score"
            and key.scope is None
            and key.component is None
            and node.subject_type == "province"
            and key.level == "national"
        ):
            bounds = self._bounds.get(_year_of(key), {})
            for equation in _by_form()["at_most"]:
                measures = [measure for measure, *_ in equation.terms]
                other = next(m for m in measures if m != "score")
                for limit in bounds.get(other, ()):
                    yield Instance(equation, tuple(key if m == "score" else limit for m in measures), (1, 1))

    def _statistics(self, key: Key) -> Iterator[Instance]:
        """Yield the mean and the median over all provinces, where a score of every one that was ranked is known."""
        if key.level != "national" or key.scope is not None or key.component is not None:
            return
        if key.measure in _AGGREGATES:
            wholes = [key]
        elif key.measure == "score" and self.nodes[key].subject_type == "province":
            wholes = [whole for _, keys in sorted(self._bounds.get(_year_of(key), {}).items()) for whole in keys]
        else:
            return
        for whole in wholes:
            for equation in (*_by_form().get("mean", ()), *_by_form().get("median", ())):
                if equation.terms[0][0] == whole.measure and equation.concerns(whole):
                    members = self._scores_of(whole)
                    if members and (whole is key or key in members):
                        times = (-len(members), *(1 for _ in members)) if equation.form == "mean" else (1,) * (1 + len(members))
                        yield Instance(equation, (whole, *members), times)

    def _scores_of(self, whole: Key) -> tuple[Key, ...]:
        """Return the scores of all provinces that an aggregate is over; none unless every one is known."""
        if whole not in self._members:
            wanted = ranked_count(whole.index, "province", whole.year)
            score = whole.as_measure("score")
            names = self._scored_subjects.get(_year_of(whole), ())
            self._members[whole] = tuple(score.of(name) for name in sorted(names)) if len(names) == wanted else ()
        return self._members[whole]

    def _tiers(self, key: Key) -> Iterator[Instance]:
        if key.measure not in {"tier", "score"} or key.component is not None or key.scope is not None:
            return
        tier, score = key._replace(measure="tier"), key._replace(measure="score")
        for equation in _by_form()["tier"]:
            if equation.concerns(key) and tier in self.nodes and score in self.nodes:
                yield Instance(equation, (tier, score), (1, 1))


def _year_of(key: Key) -> tuple[Any, ...]:
    return (key.index, key.level, key.authority, key.year, key.component, key.scope, key.modality)


def _line_of(key: Key, measure: str) -> tuple[Any, ...]:
    """Return what the figures of one subject over the years share."""
    return (*key[:4], measure, *key[6:9])


def _years(key: Key) -> tuple[int, int]:
    return key.year or 0, key.base_year or 0


def tier_label(value: str) -> str:
    """Return a tier as equations name it.

    >>> tier_label("nhóm A")
    'a'
    """
    return fold(value).removeprefix(fold("nhóm")).strip()
