"""Reconciliation: all statements about one key become one fact, and a conflict where they cannot all be true.

Where all claims print one figure, and every equation around it holds, SQL makes the fact (normalize/grouping.py).
The rest is *hot*: keys with several figures, and keys in broken equations. Hot keys that share a broken equation
are settled together: the weights of their values (normalize/truth.py) and the equations between them
(normalize/equations.py) give the cheapest repair (normalize/repair.py).
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import duckdb

from normalize.classes import Dispute, telling_slip
from normalize.collecting import uncollected
from normalize.docket import DECIDED, Docket, last_place, voices
from normalize.equations import Board, Figure, Instance, Node, tier_label
from normalize.grouping import Grouped, arrow
from normalize.judgement import MARGIN, Conflict, Fact, Judgement, Near, Verdict, undisputed
from normalize.objection import Objection, of_figure
from normalize.repair import Option, Repair, repair
from normalize.statement import Key, Statement
from normalize.truth import Learned, Record, learn

#: One unit of the last of so many printed decimals, in millionths.
_DIGITS = tuple(10 ** (6 - decimals) for decimals in range(7))
#: A figure of this class is known to be wrong, whatever its weight: no equation is checked with it.
_IMPOSSIBLE = "impossible"
#: A further witness of one value says less than the first: both may have it from a story that we never saw.
_FURTHER = 0.35
#: "Đứng cuối bảng" without the place may mean among the last: it weighs less than a printed place.
_VAGUE = 0.5


@dataclass(frozen=True, slots=True)
class Settled:
    """Facts and conflicts of the hot keys, in the order of their keys, and what was learned of the sources."""

    facts: tuple[Fact, ...]
    conflicts: tuple[Conflict, ...]
    records: tuple[Record, ...]


def reconcile(statements: Iterable[Statement]) -> Settled:
    """Reconcile statements; the result depends on what was said, never on the order in which it arrived."""
    with duckdb.connect(":memory:") as connection:
        table = arrow(statements)
        connection.register("statements", table)
        settled = settle(connection)
        hot = {fact.fact_id for fact in settled.facts}
        rows = connection.execute("select * from plain").fetchall()
        names = [column[0] for column in connection.execute("select * from plain limit 0").description or ()]
        plain = [_plain_fact(dict(zip(names, row, strict=True))) for row in rows if row[0] not in hot]
    # A key of which only official tables speak is no news.
    facts = tuple(sorted((fact for fact in (*settled.facts, *plain) if fact.n_claims), key=lambda fact: fact.key.texts()))
    return Settled(facts, tuple(conflict for conflict in settled.conflicts if conflict.is_news), settled.records)


def _plain_fact(row: Mapping[str, object]) -> Fact:
    parts = {name: row[name] for name in Fact.__dataclass_fields__ if name in row}
    number = row["value_text"] if row["value"] is None else Decimal(str(row["value_text"]))
    high = None if row["value_high"] is None else Decimal(str(row["value_high"]))
    key = Key._make(row[name] for name in Key._fields)
    return Fact(**{**parts, "key": key, "value": number, "high": high, "claims": tuple(row["claims"])})  # type: ignore[arg-type]


def settle(connection: duckdb.DuckDBPyConnection) -> Settled:
    """Settle the relation `statements`; leaves the table `plain`, of which the keys of the returned facts are to be left out."""
    with uncollected():
        return _Court(Grouped(connection)).settle()


class _Court:
    """Settles all hot keys of one grouping."""

    def __init__(self, grouped: Grouped) -> None:
        self._grouped = grouped
        self._plain = {Key._make(row[:10]): row[10:] for row in grouped.nodes()}
        self._dockets = {key: Docket(key, statements) for key, statements in grouped.mixed().items()}
        self._objections: dict[Key, Objection] = {}
        disputed = [docket for _, docket in sorted(self._dockets.items(), key=lambda item: item[0].texts()) if len(docket.sides) > 1]
        cases = [docket.case() for docket in disputed]
        self.learned: Learned = learn(cases, grouped.confirmed(), grouped.kinds())
        self._weight = self.learned.weigher()
        for docket, weights, winner in zip(disputed, self.learned.weights, self.learned.winners, strict=True):
            docket.lead([self._damped(side, weight) for side, weight in zip(docket.sides, weights, strict=True)], winner)
        self._board = Board(self._nodes())
        self._favour_by_slips(disputed)

    def _nodes(self) -> Iterable[Node]:
        for key, (text, amount, decimals, subject_type, of) in self._plain.items():
            if amount is not None:
                figure: Figure | None = Figure(amount, _DIGITS[min(decimals, 6)])
            else:
                figure = last_place(key, subject_type, of) if text is None else Figure(0, 1, tier_label(text))
            if figure is None:
                continue
            objection = None if amount is None else of_figure(key, subject_type, figure)
            if objection is not None:
                self._objections[key] = objection
            if objection is None or objection.conflict_class != _IMPOSSIBLE:
                yield Node(key, figure, subject_type)
        for key, docket in self._dockets.items():
            if (
                key.modality == "reported"
                and key.year is not None
                and docket.figure is not None
                and not docket.objections.get(docket.leading.claim_id)
            ):
                yield Node(key, docket.figure, docket.subject_type)

    def _favour_by_slips(self, disputed: Sequence[Docket]) -> None:
        """Let the side lead of two whose rival is known to be another figure; the board then shows it."""
        for docket in disputed:
            if docket.known is not None or len(docket.sides) != 2 or docket.key not in self._board.nodes:  # noqa: PLR2004 (a pair)
                continue
            told = [self._slip_of(docket, n) for n in (0, 1)]
            if (told[0] is None) != (told[1] is None):
                docket.favour(1 if told[0] else 0)
                figure = docket.figure
                if figure is not None:
                    self._board.values[docket.key] = figure

    def _slip_of(self, docket: Docket, side: int) -> str | None:
        wrong, right = docket.figures[side], docket.figures[1 - side]
        if wrong is None or right is None:
            return None
        return telling_slip(self._dispute(docket, right, wrong, docket.sides[side], docket.sides[1 - side], {}))

    def _dispute(
        self,
        docket: Docket,
        right: Figure | None,
        wrong: Figure,
        wrong_side: Sequence[Statement],
        right_side: Sequence[Statement],
        shifted: Mapping[tuple[str, str, int | None, int], int],
        equation: str | None = None,
    ) -> Dispute:
        return Dispute(
            docket.key,
            docket.subject_type,
            right,
            wrong,
            wrong_side,
            right_side,
            self._board,
            self._near_years(docket.key, right),
            equation,
            shifted,
        )

    def _near_years(self, key: Key, right: Figure | None) -> dict[Key, Figure]:
        """Return what the neighbouring years' values must be if `right` is: to recognise last year's figure."""
        if right is None or key.year is None or key.measure not in {"score", "rank"}:
            return {}
        measure, sign = ("score_delta", 1) if key.measure == "score" else ("rank_delta", -1)
        found: dict[Key, Figure] = {}
        values, delta = self._board.values, key.as_measure(measure)
        back = values.get(delta.in_year(key.year, key.year - 1))
        if back is not None:
            found[key.in_year(key.year - 1, None)] = Figure(right.amount - sign * back.amount, max(right.digit, back.digit))
        on = values.get(delta.in_year(key.year + 1, key.year))
        if on is not None:
            found[key.in_year(key.year + 1, None)] = Figure(right.amount + sign * on.amount, max(right.digit, on.digit))
        return found

    def settle(self) -> Settled:
        """Settle every component of hot keys."""
        broken = self._board.broken()
        bound = {key for instance in broken for key in instance.keys}
        missing = sorted((bound | set(self._objections)) - set(self._dockets), key=Key.texts)
        for key, statements in self._grouped.of(key.fact_id for key in missing).items():
            self._dockets[key] = Docket(key, statements)
        for docket in self._dockets.values():
            if not docket.weights:
                docket.weights = [self._weight_of(side) for side in docket.sides]
        verdicts: dict[Key, Verdict] = {}
        for component in _components(broken, (key for key, docket in self._dockets.items() if len(docket.sides) > 1)):
            self._repair(component, verdicts)
        for key, objection in self._objections.items():
            if key not in verdicts or verdicts[key].objection is None:
                verdicts[key] = Verdict(None, 0.0, (), objection=objection)
        for key, docket in self._dockets.items():
            if docket.objections and len(docket.objections) == len(docket.statements):
                verdicts[key] = Verdict(None, 0.0, (), objection=docket.objections[docket.leading.claim_id])
            elif docket.objections and key not in verdicts:
                verdicts[key] = Verdict(docket.figure, MARGIN, (), objection=min(docket.objections.values()))
        shifted = self._shifts(verdicts)
        facts, conflicts = [], []
        for key in sorted(self._dockets, key=Key.texts):
            fact, conflict = self._told(self._dockets[key], verdicts.get(key), shifted)
            if fact is not None:
                facts.append(fact)
            if conflict is not None:
                conflicts.append(conflict)
        return Settled(tuple(facts), tuple(conflicts), self.learned.records)

    def _weight_of(self, side: Sequence[Statement]) -> float:
        """Return the weight of an undisputed side: its best witnesses, as many as are independent."""
        if any(s.kind in {"official", "decision"} for s in side):
            return DECIDED
        best = self._best(side)
        return self._damped(side, math.fsum(sorted(best.values(), reverse=True)[: voices(side)]))

    def _best(self, side: Sequence[Statement]) -> dict[str, float]:
        index = side[0].key.index
        best: dict[str, float] = {}
        for s in side:
            weight = self._weight(s.source, index, "first_hand" if s.first_hand else s.kind) * (_VAGUE if s.value is None else 1.0)
            best[s.source] = max(weight, best.get(s.source, 0.0))
        return best

    def _damped(self, side: Sequence[Statement], weight: float) -> float:
        most = max(self._best(side).values())
        return most if weight <= most else most + _FURTHER * (weight - most)

    def _repair(self, component: Sequence[Key], verdicts: dict[Key, "Verdict"]) -> None:
        values = self._board.values
        options = {
            key: [Option(figure, weight) for figure, weight in zip(docket.figures, docket.weights, strict=True) if figure is not None]
            for key in component
            for docket in (self._dockets[key],)
        }
        found: dict[tuple[str, tuple[Key, ...]], Instance] = {}
        for key in component:
            if key in self._board.nodes:
                for instance in self._board.around(key):
                    found[instance.equation.name, instance.keys] = instance
        instances = list(found.values())
        known = {key: values.get(key) for instance in instances for key in instance.keys} | {
            key: options[key][0].figure for key in component if options[key]
        }
        held = [instance.holds(known) for instance in instances]
        told = self._told_of({key for instance, holds in zip(instances, held, strict=True) if not holds for key in instance.keys})
        result: Repair = repair({key: options[key] for key in component if options[key]}, instances, known, told)
        after = {**known, **result.changes} if result.changes else known
        holds = [instance.holds(after) for instance in instances] if result.changes else held
        suspects = {_suspect(instance, options, result.margins) for instance in result.unpaid}
        for key in component:
            chosen = after.get(key)
            margin = result.margins.get(key, MARGIN)
            around = [n for n, instance in enumerate(instances) if key in instance.keys]
            refused: dict[int, list[Figure]] = defaultdict(list)
            price = {option.figure: option.weight for option in options[key]}
            for figure, weight in price.items():
                if figure != chosen:
                    then = {**after, key: figure}
                    cost = 0.0
                    for n in around:
                        if instances[n].holds(then) != holds[n]:
                            cost -= math.log(instances[n].equation.exception) * (1 if holds[n] else -1)
                            if holds[n]:
                                refused[n].append(figure)
                    if chosen is not None:
                        margin = min(margin, price.get(chosen, 0.0) - weight + cost)
            verdicts[key] = Verdict(
                chosen,
                margin,
                tuple(
                    Near(instances[n], known, after, was_held=held[n], is_held=holds[n], refuses=tuple(refused[n]))
                    for n in around
                    if not (held[n] and holds[n]) or refused[n]
                ),
                is_suspect=key in suspects,
                is_changed=key in result.changes,
            )

    def _told_of(self, keys: Iterable[Key]) -> frozenset[Key]:
        """Return those keys whose one figure is known to be another one: of them a broken equation speaks first."""
        dockets = (self._dockets[key] for key in keys if key in self._dockets)
        return frozenset(
            docket.key
            for docket in dockets
            if len(docket.sides) == 1
            and docket.figure is not None
            and telling_slip(self._dispute(docket, None, docket.figure, docket.sides[0], (), {})) is not None
        )

    def _shifts(self, verdicts: Mapping[Key, "Verdict"]) -> Counter[tuple[str, str, int | None, int]]:
        """Count, by article, index and year, the refused ranks that are off by the same number of places."""
        counts: Counter[tuple[str, str, int | None, int]] = Counter()
        for key, verdict in verdicts.items():
            if key.measure == "rank" and verdict.figure is not None:
                for s in self._dockets[key].statements:
                    if s.amount is not None and s.amount != verdict.figure.amount:
                        counts[s.article, key.index, key.year, s.amount - verdict.figure.amount] += 1
        return counts

    def _told(
        self, docket: Docket, verdict: "Verdict | None", shifted: Mapping[tuple[str, str, int | None, int], int]
    ) -> tuple[Fact | None, Conflict | None]:
        """Return a key's fact, None where the plain one stands, and its conflict."""
        if verdict is None or not (len(docket.sides) > 1 or verdict.is_changed or verdict.is_suspect or verdict.objection):
            is_plain = docket.key in self._plain
            return (None if is_plain else undisputed(docket)), None
        return Judgement(docket, verdict, self._dispute, shifted).told()


def _components(broken: Sequence[Instance], alone: Iterable[Key]) -> list[list[Key]]:
    """Return the groups of keys that broken equations tie together, each in the order of its keys."""
    parent: dict[Key, Key] = {key: key for key in alone}

    def root(key: Key) -> Key:
        while parent[key] != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    for instance in broken:
        first = instance.keys[0]
        for key in instance.keys:
            parent.setdefault(key, key)
            parent[root(key)] = root(first)
    groups: dict[Key, list[Key]] = defaultdict(list)
    for key in parent:
        groups[root(key)].append(key)
    return sorted((sorted(group, key=Key.texts) for group in groups.values()), key=lambda group: group[0].texts())


def _suspect(instance: Instance, options: Mapping[Key, Sequence[Option]], margins: Mapping[Key, float]) -> Key:
    """Return the key of an equation left broken whose figure has the least evidence."""
    return min(
        (key for key in instance.keys if options.get(key)),
        key=lambda key: (options[key][0].weight, margins.get(key, 0.0), key.texts()),
    )
