"""The board: one figure a key, as far as it is laid out, and every equation in which a key takes part."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from normalize.equations import AGGREGATES, PROVINCES, WINDOW, Figure, Instance, by_form
from normalize.indices import scored_count
from normalize.statement import Key


class Node(NamedTuple):
    """A key with the figure that leads among its claims."""

    key: Key
    figure: Figure
    subject_type: str


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
        self._amounts: dict[tuple[Any, ...], list[Key]] = defaultdict(list)
        for key, node in self.nodes.items():
            measure = key.measure
            is_number = node.figure.label is None
            if is_number:
                self._amounts[key.index, key.subject, measure, node.figure.amount].append(key)
            if measure == "rank":
                if is_number:
                    self._scored[block_of(key, node.subject_type)].append((node.figure.amount, key.subject))
            elif measure.endswith("_delta"):
                if key.year is not None and key.base_year is not None:
                    self._anchors[_line_of(key, measure)].append(key)
            elif measure in AGGREGATES and any(word in key.subject.lower() for word in PROVINCES):
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

    def _subjects_of_bounded_years(self) -> dict[tuple[Any, ...], list[str]]:
        """Return the provinces whose scores are known, of each index and year that has a mean, median, least or most."""
        found: dict[tuple[Any, ...], list[str]] = {year: [] for year in self._bounds}
        if found:
            for key, node in self.nodes.items():
                if key.measure == "score" and node.subject_type == "province" and (year := _year_of(key)) in found:
                    found[year].append(key.subject)
        return found

    def with_amount(self, key: Key, amount: int) -> Sequence[Key]:
        """Return the keys of this index, subject and measure with this amount, of any year, component, scope, level or authority."""
        return self._amounts.get((key.index, key.subject, key.measure, amount), ())

    def regions(self, key: Key) -> Iterator[Key]:
        """Yield the keys of the other regions: a table of means has no ranking, its lines stand one below the other."""
        for other in self._regions:
            if other != key and other == key.of(other.subject):
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

    def _anchored(self, key: Key) -> Iterator[Instance]:
        """Yield the sums whose change or count this key is."""
        for equation in by_form()["sum"]:
            if equation.anchor == key.measure and equation.concerns(key):
                keys = tuple(
                    key if measure == key.measure else key.as_measure(measure).in_year(key.base_year if from_base else key.year, None)
                    for measure, from_base, _ in equation.terms
                )
                if all(k in self.nodes for k in keys):
                    yield Instance(equation, keys, tuple(times for *_, times in equation.terms))

    def _sums(self, key: Key) -> Iterator[Instance]:
        seen: set[Key] = set()
        for equation in by_form()["sum"]:
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
        for equation in by_form()["parts"]:
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
        for other in self.neighbours(rank, node.subject_type, WINDOW):
            other_rank, other_score = rank.of(other), score.of(other)
            if other_score in self.nodes:
                first, second = sorted(((score, rank), (other_score, other_rank)), key=lambda pair: pair[0].subject)
                for equation in by_form()["order"]:
                    if key.index not in equation.exempt:
                        yield Instance(equation, (*first, *second), (1, 1, 1, 1))

    def _uniques(self, key: Key, node: Node) -> Iterator[Instance]:
        if key.measure == "rank":
            for equation in by_form()["unique"]:
                if key.index not in equation.exempt:
                    for other in self.neighbours(key, node.subject_type, WINDOW):
                        first, second = sorted((key, key.of(other)), key=lambda k: k.subject)
                        yield Instance(equation, (first, second), (1, 1))

    def neighbours(self, rank: Key, subject_type: str, reach: int) -> list[str]:
        """Return the subjects that stand up to so many lines above and below a key in its ranking; none where its place is not known."""
        figure = self.values.get(rank)
        ranking = self._scored.get(block_of(rank, subject_type), ())
        at = 0 if figure is None else bisect_left(ranking, (figure.amount, rank.subject))
        if figure is None or ranking[at : at + 1] != [(figure.amount, rank.subject)]:
            return []
        return [subject for _, subject in (*ranking[max(0, at - reach) : at], *ranking[at + 1 : at + 1 + reach])]

    def _limits(self, key: Key, node: Node) -> Iterator[Instance]:
        if (
            key.measure == "score"
            and key.scope is None
            and key.component is None
            and node.subject_type == "province"
            and key.level == "national"
        ):
            bounds = self._bounds.get(_year_of(key), {})
            for equation in by_form()["at_most"]:
                measures = [measure for measure, *_ in equation.terms]
                other = next(m for m in measures if m != "score")
                for limit in bounds.get(other, ()):
                    yield Instance(equation, tuple(key if m == "score" else limit for m in measures), (1, 1))

    def _statistics(self, key: Key) -> Iterator[Instance]:
        """Yield the mean and the median over all provinces, where a score of every one that was ranked is known."""
        if key.level != "national" or key.scope is not None or key.component is not None:
            return
        if key.measure in AGGREGATES:
            wholes = [key]
        elif key.measure == "score" and self.nodes[key].subject_type == "province":
            wholes = [whole for _, keys in sorted(self._bounds.get(_year_of(key), {}).items()) for whole in keys]
        else:
            return
        for whole in wholes:
            for equation in (*by_form().get("mean", ()), *by_form().get("median", ())):
                if equation.terms[0][0] == whole.measure and equation.concerns(whole):
                    members = self._scores_of(whole)
                    if members and (whole is key or key in members):
                        times = (-len(members), *(1 for _ in members)) if equation.form == "mean" else (1,) * (1 + len(members))
                        yield Instance(equation, (whole, *members), times)

    def _scores_of(self, whole: Key) -> tuple[Key, ...]:
        """Return the scores of all provinces that an aggregate is over; none unless every one is known."""
        if whole not in self._members:
            wanted = scored_count(whole.index, "province", whole.year)
            score = whole.as_measure("score")
            names = self._scored_subjects.get(_year_of(whole), ())
            self._members[whole] = tuple(score.of(name) for name in sorted(names)) if len(names) == wanted else ()
        return self._members[whole]

    def _tiers(self, key: Key) -> Iterator[Instance]:
        if key.measure not in {"tier", "score"} or key.component is not None or key.scope is not None:
            return
        tier, score = key._replace(measure="tier"), key._replace(measure="score")
        for equation in by_form()["tier"]:
            if equation.concerns(key) and tier in self.nodes and score in self.nodes:
                yield Instance(equation, (tier, score), (1, 1))


def _year_of(key: Key) -> tuple[Any, ...]:
    return (key.index, key.level, key.authority, key.year, key.component, key.scope, key.modality)


def _line_of(key: Key, measure: str) -> tuple[Any, ...]:
    """Return what the figures of one subject over the years share."""
    return (*key[:4], measure, *key[6:9])


def _years(key: Key) -> tuple[int, int]:
    return key.year or 0, key.base_year or 0
