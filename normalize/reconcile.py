"""Reconciliation: all statements about one key become one fact, and a conflict where they cannot all be true.

Where all claims print one figure, and every equation around it holds, SQL makes the fact (normalize/grouping.py).
The rest is *hot*: keys with several figures, and keys in broken equations. Hot keys that share a broken equation
are settled together: the weights of their values (normalize/truth.py) and the equations between them
(normalize/equations.py) give the cheapest repair (normalize/repair.py).
"""

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NamedTuple

import duckdb

from normalize.beside import beside, meanwhile
from normalize.board import Board
from normalize.classes import Dispute, telling_slip
from normalize.collecting import uncollected
from normalize.docket import DECIDED, Docket, last_place, voices
from normalize.equations import Figure, Instance, tier_label
from normalize.grouping import Grouped, Uniform, arrow
from normalize.judgement import MARGIN, Conflict, Fact, Judgement, Near, Verdict, undisputed
from normalize.ledger import Entry, Ledger, nodes_of
from normalize.objection import of_figure
from normalize.repair import Option, Repair, repair
from normalize.statement import Key, Statement, digit_of
from normalize.truth import Record, learn

#: A figure of this class is known to be wrong, whatever its weight: no equation is checked with it.
_IMPOSSIBLE = "impossible"
#: A further witness of one value says less than the first: both may have it from a story that we never saw.
_FURTHER = 0.35
#: "Đứng cuối bảng" without the place may mean among the last: it weighs less than a printed place.
_VAGUE = 0.5
#: So many keys are judged by two processes, the copy somewhat less than half of them: what it finds has to come here.
_MANY = 1000
_AFAR, _OF = 9, 20


@dataclass(frozen=True, slots=True)
class Settled:
    """Facts and conflicts of the hot keys, in the order of their keys, and what was learned of the sources.

    Statements of conflicts are as `Grouped` fetches them; those that `reconcile` returns are the ones that it was given.
    `is_whole` says that all keys were settled; else only those that have changed, or see what has.
    """

    facts: tuple[Fact, ...]
    conflicts: tuple[Conflict, ...]
    records: tuple[Record, ...]
    is_whole: bool = True


class Told(NamedTuple):
    """What is told of one key: its fact, None where the plain one stands, and its conflict."""

    key: Key
    fact: Fact | None
    conflict: Conflict | None

    def packed(self, statements: Sequence[Statement]) -> "Packed":
        """Return it without the key's statements, which another process has as well."""
        if self.conflict is None:
            return Packed(self, ())
        at = {id(statement): n for n, statement in enumerate(statements)}
        sides = tuple(tuple(at[id(statement)] for statement in side) for side in self.conflict.sides)
        return Packed(self._replace(conflict=replace(self.conflict, sides=())), sides)


class Packed(NamedTuple):
    """What is told of one key, and which of its statements the sides of its conflict are."""

    told: Told
    sides: tuple[tuple[int, ...], ...]

    def unpacked(self, statements: Sequence[Statement]) -> Told:
        """Return it with the statements."""
        conflict = self.told.conflict
        sides = tuple(tuple(statements[n] for n in side) for side in self.sides)
        return self.told if conflict is None else self.told._replace(conflict=replace(conflict, sides=sides))


def reconcile(statements: Iterable[Statement]) -> Settled:
    """Reconcile statements; the result depends on what was said, never on the order in which it arrived."""
    given = list(statements)
    with duckdb.connect(":memory:") as connection:
        table = arrow(given)
        connection.register("statements", table)
        settled = settle(connection)
        plain = plain_facts(connection, {fact.fact_id for fact in settled.facts})
    # A key of which only official tables speak is no news.
    facts = tuple(sorted((fact for fact in (*settled.facts, *plain) if fact.n_claims), key=lambda fact: fact.key.texts()))
    whole = {statement.claim_id: statement for statement in given}
    conflicts = tuple(
        replace(conflict, sides=tuple(tuple(whole[s.claim_id] for s in side) for side in conflict.sides))
        for conflict in settled.conflicts
        if conflict.is_news
    )
    return Settled(facts, conflicts, settled.records)


def plain_facts(connection: duckdb.DuckDBPyConnection, hot: Collection[str]) -> list[Fact]:
    """Return the facts of the table `plain` that `settle` leaves, without those of the keys that were judged."""
    cursor = connection.execute("select * from plain")
    names = [column[0] for column in cursor.description or ()]
    return [_plain_fact(dict(zip(names, row, strict=True))) for row in cursor.fetchall() if row[0] not in hot]


def _plain_fact(row: Mapping[str, object]) -> Fact:
    parts = {name: row[name] for name in Fact.__dataclass_fields__ if name in row}
    number = row["value_text"] if row["value"] is None else Decimal(str(row["value_text"]))
    high = None if row["value_high"] is None else Decimal(str(row["value_high"]))
    key = Key._make(row[name] for name in Key._fields)
    return Fact(**{**parts, "key": key, "value": number, "high": high, "claims": tuple(row["claims"])})  # type: ignore[arg-type]


def settle(connection: duckdb.DuckDBPyConnection) -> Settled:
    """Settle the relation `statements`, as far as it has changed since the ledger in this connection was kept.

    Leaves the temp tables `renewed`, the ids of all facts that may have changed, and `plain`, of which the keys of the
    returned facts are to be left out.
    """
    with uncollected():
        return _Court(connection).settle()


class _Court:
    """Settles what has changed: the keys that new statements speak of, and those that see what these have changed."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._ledger = Ledger(connection)
        self._grouped = Grouped(connection, is_whole=self._ledger.is_whole)
        self._dockets: dict[Key, Docket] = {}
        mixed = self._grouped.mixed()
        (confirmed, kinds), _ = meanwhile(lambda: (self._ledger.confirmed(), self._ledger.kinds()), lambda: self._hear(mixed))
        self._ledger.dispute((docket.fact_id, docket.case()) for docket in self._dockets.values() if len(docket.sides) > 1)
        fact_ids, ballots = self._ledger.ballots()
        odd, self.learned = meanwhile(self._grouped.odd, lambda: learn(ballots, confirmed, kinds))
        self._weight = self.learned.weigher()
        self._number = {fact_id: n for n, fact_id in enumerate(fact_ids)}
        turned = self._ledger.weigh(fact_ids, self.learned)
        self._lead(self._dockets)
        self._lead(self._hear(self._grouped.of(turned)))
        self._ledger.enter([*map(_entry, odd), *map(_entry_of, self._dockets.values())], self._grouped.said)

    def _hear(self, statements: Mapping[Key, Sequence[Statement]]) -> list[Key]:
        """Make the dockets that are not there yet; return their keys."""
        keys = [key for key in statements if key not in self._dockets]
        self._dockets.update((key, Docket(key, statements[key])) for key in keys)
        return keys

    def _lead(self, keys: Iterable[Key]) -> None:
        """Put of each docket the side first that truth discovery makes lead."""
        for key in keys:
            docket = self._dockets[key]
            if len(docket.sides) > 1:
                n = self._number[docket.fact_id]
                weights = [self._damped(side, weight) for side, weight in zip(docket.sides, self.learned.weights[n], strict=True)]
                docket.lead(weights, self.learned.winners[n])
            else:
                docket.weights = [self._weight_of(side) for side in docket.sides]

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
        """Judge every hot key that is reached, together with those that broken equations bind it to."""
        broken = self._ledger.heat()
        reached = self._ledger.hot_and_reached()
        groups = _components(broken, reached)
        self._apart = frozenset(self._ledger.renew(one for group in groups for one in group))
        heard = {docket.fact_id for docket in self._dockets.values()}
        wanted = self._apart.union(*groups) - heard
        seen = self._ledger.seen()
        further = "(select fact_id from renewed except select fact_id from touched)"
        _, self._board = meanwhile(lambda: self._grouped.add(further), lambda: Board(nodes_of(seen)))
        self._lead(self._hear(self._grouped.grouped(wanted)))
        self._shifted = self._ledger.shifts()
        key_of = {docket.fact_id: key for key, docket in self._dockets.items()}
        components = [sorted((key_of[one] for one in group), key=Key.texts) for group in groups]
        bound = {key for component in components for key in component}
        told = self._judged_by_two(components) if len(bound) >= _MANY else self._judged(components)
        told.extend(Told(key, *self._told(docket, None)) for key, docket in self._dockets.items() if key not in bound)
        told.sort(key=lambda one: one.key.texts())
        facts = tuple(one.fact for one in told if one.fact is not None)
        conflicts = tuple(one.conflict for one in told if one.conflict is not None)
        return Settled(facts, conflicts, self.learned.records, self._ledger.is_whole)

    def _judged_by_two(self, components: Sequence[Sequence[Key]]) -> list[Told]:
        """Judge half of the components in a copy of this process, which sends where its statements are and not what they say."""
        afar, near = ([c for n, c in enumerate(components) if (n % _OF < _AFAR) == is_afar] for is_afar in (True, False))
        packed, told = beside(
            lambda: [one.packed(self._dockets[one.key].statements) for one in self._judged(afar)],
            lambda: self._judged(near),
        )
        return told + [one.unpacked(self._dockets[one.told.key].statements) for one in packed]

    def _judged(self, components: Iterable[Sequence[Key]]) -> list[Told]:
        """Judge the keys of components, each on its own."""
        told = []
        for component in components:
            dockets = [self._dockets[key] for key in component]
            for docket in dockets:
                self._favour_by_slips(docket)
            verdicts: dict[Key, Verdict] = {}
            if len(component) > 1 or len(dockets[0].sides) > 1:
                self._repair(component, verdicts)
            for docket in dockets:
                self._object(docket, verdicts)
                told.append(Told(docket.key, *self._told(docket, verdicts.get(docket.key))))
        return told

    def _favour_by_slips(self, docket: Docket) -> None:
        """Let the side lead of two whose rival is known to be another figure."""
        if docket.known is not None or len(docket.sides) != 2 or docket.key not in self._board.nodes:  # noqa: PLR2004 (a pair)
            return
        told = [self._slip_of(docket, n) for n in (0, 1)]
        if (told[0] is None) != (told[1] is None):
            docket.favour(1 if told[0] else 0)

    def _object(self, docket: Docket, verdicts: dict[Key, Verdict]) -> None:
        """Give the verdict on a figure that cannot be, whoever prints it."""
        key, figure = docket.key, docket.figure
        if docket.objections and len(docket.objections) == len(docket.statements):
            verdicts[key] = Verdict(None, 0.0, (), objection=docket.objections[docket.leading.claim_id])
        elif (
            len(docket.sides) == 1
            and figure is not None
            and figure.label is None
            and (objection := of_figure(key, docket.subject_type, figure))
        ):
            verdicts[key] = Verdict(None, 0.0, (), objection=objection)
        elif docket.objections and key not in verdicts:
            verdicts[key] = Verdict(figure, MARGIN, (), objection=min(docket.objections.values()))

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
        instances, at_key = self._instances(component)
        known = {key: values.get(key) for instance in instances for key in instance.keys} | {
            key: options[key][0].figure for key in component if options[key]
        }
        held = [instance.holds(known) for instance in instances]
        broken = {key for instance, holds in zip(instances, held, strict=True) if not holds for key in instance.keys}
        told = self._told_of(key for key in component if key in broken)
        result: Repair = repair({key: options[key] for key in component if options[key]}, instances, known, told)
        after = {**known, **result.changes} if result.changes else known
        holds = [instance.holds(after) for instance in instances] if result.changes else held
        suspects = {_suspect(instance, options, result.margins) for instance in result.unpaid}
        then = dict(after)
        for key in component:
            chosen = after.get(key)
            margin = result.margins.get(key, MARGIN)
            around = at_key.get(key, ())
            refused: dict[int, list[Figure]] = defaultdict(list)
            price = {option.figure: option.weight for option in options[key]}
            for figure, weight in price.items():
                if figure != chosen:
                    then[key] = figure
                    cost = 0.0
                    for n in around:
                        if instances[n].holds(then) != holds[n]:
                            cost -= math.log(instances[n].equation.exception) * (1 if holds[n] else -1)
                            if holds[n]:
                                refused[n].append(figure)
                    if chosen is not None:
                        margin = min(margin, price.get(chosen, 0.0) - weight + cost)
            then[key] = chosen
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

    def _instances(self, component: Sequence[Key]) -> tuple[list[Instance], dict[Key, Sequence[int]]]:
        """Return the equations that speak of the keys of a component, and the numbers of those that speak of each."""
        around = {key: list(self._board.around(key)) for key in component if key in self._board.nodes}
        if len(around) == 1:
            ((key, instances),) = around.items()
            return instances, {key: range(len(instances))}
        number: dict[tuple[str, tuple[Key, ...]], int] = {}
        instances = []
        for instance in (instance for found in around.values() for instance in found):
            if number.setdefault((instance.equation.name, instance.keys), len(instances)) == len(instances):
                instances.append(instance)
        return instances, {key: sorted(number[i.equation.name, i.keys] for i in found) for key, found in around.items()}

    def _told_of(self, keys: Iterable[Key]) -> frozenset[Key]:
        """Return those keys whose one figure is known to be another one: of them a broken equation speaks first."""
        dockets = map(self._dockets.__getitem__, keys)
        return frozenset(
            docket.key
            for docket in dockets
            if len(docket.sides) == 1
            and docket.figure is not None
            and telling_slip(self._dispute(docket, None, docket.figure, docket.sides[0], (), {})) is not None
        )

    def _told(self, docket: Docket, verdict: Verdict | None) -> tuple[Fact | None, Conflict | None]:
        """Return a key's fact, None where the plain one stands, and its conflict."""
        if verdict is None or not (len(docket.sides) > 1 or verdict.is_changed or verdict.is_suspect or verdict.objection):
            return (undisputed(docket) if docket.fact_id in self._apart else None), None
        return Judgement(docket, verdict, self._dispute, self._shifted).told()


def _entry(one: Uniform) -> Entry:
    """Return what a key of which all claims print one figure puts on the board."""
    figure = objection = None
    if one.key.modality == "reported" and one.key.year is not None:
        if one.amount is not None:
            figure = Figure(one.amount, digit_of(one.decimals))
            objection = of_figure(one.key, one.subject_type, figure)
        elif one.text is not None:
            figure = Figure(0, 1, tier_label(one.text))
        elif one.qualifier == "last":
            figure = last_place(one.key, one.subject_type, one.of)
    is_impossible = objection is not None and objection.conflict_class == _IMPOSSIBLE
    return Entry(one.fact_id, one.subject_type, objection is not None, None if is_impossible else figure)


def _entry_of(docket: Docket) -> Entry:
    """Return what a key of which several figures are printed puts on the board."""
    key = docket.key
    is_shown = key.modality == "reported" and key.year is not None and docket.leading.claim_id not in docket.objections
    is_questioned = len(docket.sides) > 1 or bool(docket.objections)
    return Entry(docket.fact_id, docket.subject_type, is_questioned, docket.figure if is_shown else None)


def _components(bound: Iterable[Sequence[str]], wanted: Iterable[str]) -> list[list[str]]:
    """Return the groups that share members, as far as one of their members is wanted; alone what is in no group."""
    parent: dict[str, str] = {}

    def root(one: str) -> str:
        while parent.setdefault(one, one) != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    for group in bound:
        for one in group:
            parent[root(one)] = root(group[0])
    roots = {root(one) for one in wanted}
    groups: dict[str, list[str]] = defaultdict(list)
    for one in sorted(parent):
        if root(one) in roots:
            groups[root(one)].append(one)
    return list(groups.values())


def _suspect(instance: Instance, options: Mapping[Key, Sequence[Option]], margins: Mapping[Key, float]) -> Key:
    """Return the key of an equation left broken whose figure has the least evidence."""
    return min(
        (key for key in instance.keys if options.get(key)),
        key=lambda key: (options[key][0].weight, margins.get(key, 0.0), key.texts()),
    )
