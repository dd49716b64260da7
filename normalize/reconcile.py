"""Reconciliation: all statements about one key become one fact, and a conflict where they cannot all be true.

Where all claims print one figure, and every equation around it holds, SQL makes the fact (normalize/grouping.py).
The rest is *hot*: keys with several figures, and keys in broken equations. Hot keys that share a broken equation
are settled together: the weights of their values (normalize/truth.py) and the equations between them
(normalize/equations.py) give the cheapest repair (normalize/repair.py).
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

import duckdb

from normalize.classes import TELLING, Dispute, Related, classify, telling_slip
from normalize.collecting import uncollected
from normalize.equations import Board, Figure, Instance, Node, printed, tier_label
from normalize.grouping import SURELY, Grouped, arrow
from normalize.indices import indices, ranked_count
from normalize.objection import Objection, of_figure, of_words
from normalize.repair import Option, Repair, repair
from normalize.statement import TABLES, Key, Statement, agree, finest
from normalize.truth import Case, Learned, Record, Vote, learn
from normalize.wording import Words, words

#: An official value or an editor's decision outweighs whatever the press says.
_DECIDED = 1000.0
#: What it counts that the other value is known to be another figure: a rank, last year's, the next line's.
_TELLING = 2.0
#: A further witness of one value says less than the first: both may have it from a story that we never saw.
_FURTHER = 0.35
#: "Đứng cuối bảng" without the place may mean among the last: it weighs less than a printed place.
_VAGUE = 0.5
#: From this confidence on a value is called resolved.
_SURE = 0.8
#: The confidence that a margin of evidence (in natural log units) stands for, its logit being slope times margin minus
#: offset: fitted to made-up news over official tables (benchmarks/simulation.py, 5 % of the claims wrong).
_SLOPE, _OFFSET = 0.9, 0.8
_MARGIN = 12.0
#: The same for a value whose only rival cannot be.
_RIVAL_REFUSED = 0.98
#: Of the neighbours in a ranking that a value fits, so many are shown.
_NEIGHBOURS = 2
#: Such a figure is known to be wrong, whatever its weight: it is not published.
_IMPOSSIBLE = "impossible"


@dataclass(frozen=True, slots=True)
class Fact:
    """The reconciled value of one key.

    `status` is agreed, rounded, single, resolved, conflict or refuted; `confidence` is the share of such values that are
    right (fitted by benchmarks/simulation.py), 0 where no value stands; `claims` are the ids of all statements, losers included.
    """

    fact_id: str
    key: Key
    value: Decimal | str | None
    high: Decimal | None
    decimals: int
    unit: str | None
    of: int | None
    qualifier: str
    subject_type: str
    subject_id: str | None
    status: str
    confidence: float
    rule: str
    reason: str
    n_claims: int
    n_independent: int
    claims: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Term:
    """One figure of an equation, as the report draws it: whose, how often it counts, whether it is the one disputed."""

    key: Key
    shown: str
    times: int
    is_disputed: bool


@dataclass(frozen=True, slots=True)
class Equated:
    """An equation around a disputed value: in words, and whether the claims break it and the proposal mends it.

    `refuses` are the claimed values that break it where the proposed one does not.
    """

    name: str
    title: Words
    form: str
    formula: str
    words: str
    is_broken: bool
    is_mended: bool
    refuses: tuple[str, ...]
    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Conflict:
    """A key whose claims cannot all be true: the sides, the class, the proposal and what would change it.

    The accepted side comes first; where nobody claims the proposed value there is none. `margin` is the evidence
    for the proposal over the next answer, in natural log units. `related` are the keys whose figure the refused
    one is: the source may have meant that year or that field.
    """

    conflict_id: str
    key: Key
    conflict_class: str
    why: Words
    sides: tuple[tuple[Statement, ...], ...]
    weights: tuple[float, ...]
    proposed: Decimal | str | None
    is_claimed: bool
    margin: float
    rule: str
    reason: Words
    equations: tuple[Equated, ...]
    would_change: Words
    related: tuple[Related, ...]
    asks_again: bool

    @property
    def is_news(self) -> bool:
        """Tell whether anybody in the press speaks of the key: what tables say of each other is no news."""
        return any(s.kind not in TABLES for side in self.sides for s in side)


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


class _Docket:
    """The statements of one hot key: its sides, what each weighs, and the side that is known to be right, if any."""

    def __init__(self, key: Key, statements: Sequence[Statement]) -> None:
        self.key = key
        self.statements = list(statements)
        self.subject_type = statements[0].subject_type
        offset = indices()[key.index].edition_offset if key.index in indices() else None
        self.objections = {s.claim_id: o for s in statements if (o := _objection(key, s, offset))}
        heard = [s for s in statements if s.claim_id not in self.objections] or self.statements
        self.sides = _sides(heard)
        self.figures = [_figure(finest(side)) for side in self.sides]
        self.weights: list[float] = []
        self.is_corrected = False
        self.known = self._known()
        self.asks_again = any(
            s.kind == "decision" and any(o.kind != "decision" and o.seen and s.published and o.seen > s.published for o in statements)
            for s in statements
        )

    def _known(self) -> int | None:
        for kind in ("decision", "official"):
            sides = [n for n, side in enumerate(self.sides) if any(s.kind == kind for s in side)]
            if len(sides) == 1:
                return sides[0]
        if len(self.sides) > 1:
            for n, side in enumerate(self.sides):
                if _is_correction(side, [s for other in self.sides if other is not side for s in other]):
                    self.is_corrected = True
                    return n
        return None

    @property
    def leading(self) -> Statement:
        return finest(self.sides[0])

    @property
    def figure(self) -> Figure | None:
        return self.figures[0]

    def case(self) -> Case:
        """Return the dispute as truth discovery sees it."""
        votes = tuple(
            Vote(s.source, "first_hand" if s.first_hand else s.kind, s.cluster, n) for n, side in enumerate(self.sides) for s in side
        )
        amounts = [None if figure is None or figure.label is not None else figure.amount for figure in self.figures]
        numbers = None if any(amount is None for amount in amounts) else tuple(a for a in amounts if a is not None)
        return Case(self.key.index, votes, numbers, self.known, len(self.sides))

    def lead(self, weights: Sequence[float], winner: int) -> None:
        """Take the weights of the sides, and put the side first that leads."""
        known = self.known
        order = sorted(range(len(self.sides)), key=lambda n: (n != winner, -weights[n], n))
        self.weights = [weights[n] + (_DECIDED if n == known else 0.0) for n in order]
        # The weighted median leads although another side may weigh more: it costs nothing to keep.
        self.weights[0] = max(self.weights)
        self._arrange(order)
        self.known = None if known is None else 0

    def favour(self, side: int) -> None:
        """Let a side lead because the others are known to be another figure."""
        self.weights[side] += _TELLING
        order = sorted(range(len(self.sides)), key=lambda n: (-self.weights[n], n))
        self.weights = [self.weights[n] for n in order]
        self._arrange(order)

    def _arrange(self, order: Sequence[int]) -> None:
        self.sides, self.figures = [self.sides[n] for n in order], [self.figures[n] for n in order]


def _objection(key: Key, statement: Statement, offset: int | None) -> Objection | None:
    if statement.kind in TABLES:
        return None
    figure = _figure(statement)
    return (None if figure is None else of_figure(key, statement.subject_type, figure)) or of_words(key, statement.evidence, offset)


def _figure(statement: Statement) -> Figure | None:
    if statement.amount is not None:
        return Figure(statement.amount, statement.digit)
    if statement.value is None:
        return _last(statement.key, statement.subject_type, statement.of) if statement.qualifier == "last" else None
    return Figure(0, 1, tier_label(str(statement.value)))


def _last(key: Key, subject_type: str, of: int | None) -> Figure | None:
    """Return the last place of a ranking as a number, where it is known how many are ranked."""
    ranked = of or (ranked_count(key.index, subject_type, key.year) if key.scope is None and key.level == "national" else None)
    return Figure(ranked * 10**6, 10**6) if ranked else None


def _sides(group: Sequence[Statement]) -> list[list[Statement]]:
    """Group statements that print the same value; the most precise figure of a side stands for it."""
    sides: list[list[Statement]] = []
    for statement in sorted(group, key=lambda s: (s.value is None, s.qualifier != "exact", -s.decimals, str(s.value), s.claim_id)):
        side = next((side for side in sides if agree(side[0], statement)), None)
        if side is None:
            sides.append([statement])
        else:
            side.append(statement)
    return sides


def _is_correction(side: Sequence[Statement], others: Sequence[Statement]) -> bool:
    """Tell whether every source of the other sides has moved to this one in a later article."""
    mine: dict[str, list[Statement]] = defaultdict(list)
    for statement in side:
        mine[statement.source].append(statement)
    return all(any(s.published and later.published and s.published < later.published for later in mine.get(s.source, ())) for s in others)


def independent(statements: Iterable[Statement]) -> int:
    """Return how many witnesses there are: copies of one story and articles of one source count once, aggregators not at all.

    An aggregator prints what others have written, whether its original was found or not; alone it is one witness.
    Reference tables and decisions are no witnesses of the press.
    """
    group = [s for s in statements if s.kind != "aggregator" and s.kind not in TABLES]
    return max(1, min(len({s.cluster for s in group}), len({s.source for s in group})))


def _voices(side: Sequence[Statement]) -> int:
    """Return how many speak for a side, published lists among them."""
    heard = [s for s in side if s.kind != "aggregator"]
    return max(1, min(len({s.cluster for s in heard}), len({s.source for s in heard})))


class _Court:
    """Settles all hot keys of one grouping."""

    def __init__(self, grouped: Grouped) -> None:
        self._grouped = grouped
        self._plain = {Key._make(row[:10]): row[10:] for row in grouped.nodes()}
        self._dockets = {key: _Docket(key, statements) for key, statements in grouped.mixed().items()}
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
                figure: Figure | None = Figure(amount, 10 ** (6 - min(decimals, 6)))
            else:
                figure = _last(key, subject_type, of) if text is None else Figure(0, 1, tier_label(text))
            if figure is None:
                continue
            objection = None if amount is None else of_figure(key, subject_type, figure)
            if objection is not None:
                self._objections[key] = objection
            if objection is None or objection.conflict_class != _IMPOSSIBLE:
                yield Node(key, figure, subject_type, disputed=False)
        for key, docket in self._dockets.items():
            if (
                key.modality == "reported"
                and key.year is not None
                and docket.figure is not None
                and not docket.objections.get(docket.leading.claim_id)
            ):
                yield Node(key, docket.figure, docket.subject_type, disputed=len(docket.sides) > 1)

    def _favour_by_slips(self, disputed: Sequence[_Docket]) -> None:
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

    def _slip_of(self, docket: _Docket, side: int) -> str | None:
        wrong, right = docket.figures[side], docket.figures[1 - side]
        if wrong is None or right is None:
            return None
        return telling_slip(self._dispute(docket, right, wrong, docket.sides[side], docket.sides[1 - side], {}))

    def _dispute(
        self,
        docket: _Docket,
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
            self._dockets[key] = _Docket(key, statements)
        for docket in self._dockets.values():
            if not docket.weights:
                docket.weights = [self._weight_of(side) for side in docket.sides]
        verdicts: dict[Key, _Verdict] = {}
        for component in _components(broken, (key for key, docket in self._dockets.items() if len(docket.sides) > 1)):
            self._repair(component, verdicts)
        for key, objection in self._objections.items():
            if key not in verdicts or verdicts[key].objection is None:
                verdicts[key] = _Verdict(None, 0.0, (), objection=objection)
        for key, docket in self._dockets.items():
            if docket.objections and len(docket.objections) == len(docket.statements):
                verdicts[key] = _Verdict(None, 0.0, (), objection=docket.objections[docket.leading.claim_id])
            elif docket.objections and key not in verdicts:
                verdicts[key] = _Verdict(docket.figure, _MARGIN, (), objection=min(docket.objections.values()))
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
            return _DECIDED
        best = self._best(side)
        return self._damped(side, math.fsum(sorted(best.values(), reverse=True)[: _voices(side)]))

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

    def _repair(self, component: Sequence[Key], verdicts: dict[Key, "_Verdict"]) -> None:
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
            margin = result.margins.get(key, _MARGIN)
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
            verdicts[key] = _Verdict(
                chosen,
                margin,
                tuple(
                    _Near(instances[n], known, after, was_held=held[n], is_held=holds[n], refuses=tuple(refused[n]))
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

    def _shifts(self, verdicts: Mapping[Key, "_Verdict"]) -> Counter[tuple[str, str, int | None, int]]:
        """Count, by article, index and year, the refused ranks that are off by the same number of places."""
        counts: Counter[tuple[str, str, int | None, int]] = Counter()
        for key, verdict in verdicts.items():
            if key.measure == "rank" and verdict.figure is not None:
                for s in self._dockets[key].statements:
                    if s.amount is not None and s.amount != verdict.figure.amount:
                        counts[s.article, key.index, key.year, s.amount - verdict.figure.amount] += 1
        return counts

    def _told(
        self, docket: _Docket, verdict: "_Verdict | None", shifted: Mapping[tuple[str, str, int | None, int], int]
    ) -> tuple[Fact | None, Conflict | None]:
        """Return a key's fact, None where the plain one stands, and its conflict."""
        if verdict is None or not (len(docket.sides) > 1 or verdict.is_changed or verdict.is_suspect or verdict.objection):
            is_plain = docket.key in self._plain
            return (None if is_plain else _undisputed(docket)), None
        return _Judgement(docket, verdict, self._dispute, shifted).told()


class _Near(NamedTuple):
    """An equation that speaks of a key, with the values before and after the repair, and the claimed ones that break it after."""

    instance: Instance
    before: Mapping[Key, Figure | None]
    after: Mapping[Key, Figure | None]
    was_held: bool
    is_held: bool
    refuses: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What a repair says of one key; `near` are the equations that speak of it."""

    figure: Figure | None
    margin: float
    near: tuple[_Near, ...]
    is_suspect: bool = False
    is_changed: bool = False
    objection: Objection | None = None


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


def _undisputed(docket: _Docket) -> Fact:
    witnesses = independent(docket.statements)
    side = docket.sides[0]
    if any(s.kind == "official" for s in side):
        reason = "An official table gives the same within the digits that are printed."
        return _fact(docket, side, ("rounded", SURELY.official, "official", reason))
    if witnesses <= 1:
        first_hand = any(s.first_hand for s in side)
        return _fact(docket, side, ("single", SURELY.first_hand if first_hand else SURELY.single, "single", "One independent source."))
    reason = f"{witnesses} independent sources agree within the digits that they print."
    return _fact(docket, side, ("rounded", SURELY.two if witnesses == 2 else SURELY.many, "agreement", reason))  # noqa: PLR2004 (a pair)


def _fact(
    docket: _Docket, side: Sequence[Statement], verdict: tuple[str, float, str, str], value: Figure | None = None, *, is_open: bool = False
) -> Fact:
    """Return the fact of a docket with the value of a side, another figure, or none."""
    status, confidence, rule, reason = verdict
    best = finest(side)
    ordered = sorted(side, key=lambda s: s.claim_id)
    number: Decimal | str | None = best.value if value is None else Decimal(printed(value))
    return Fact(
        fact_id=docket.key.fact_id,
        key=docket.key,
        value=None if is_open else number,
        high=best.high,
        decimals=best.decimals,
        unit=next((s.unit for s in ordered if s.unit), None),
        of=next((s.of for s in ordered if s.of), None),
        qualifier=best.qualifier,
        subject_type=best.subject_type,
        subject_id=best.subject_id,
        status=status,
        confidence=confidence,
        rule=rule,
        reason=reason,
        n_claims=sum(s.kind not in TABLES for s in docket.statements),
        n_independent=independent(docket.statements),
        claims=tuple(sorted(s.claim_id for s in docket.statements)),
    )


class _Judgement:
    """Puts a verdict into words: rule, reason, class, confidence, and what would change it."""

    def __init__(
        self,
        docket: _Docket,
        verdict: _Verdict,
        dispute: Callable[..., Dispute],
        shifted: Mapping[tuple[str, str, int | None, int], int],
    ) -> None:
        self.docket, self.verdict, self._dispute, self._shifted = docket, verdict, dispute, shifted
        self.side = next((n for n, figure in enumerate(docket.figures) if figure == verdict.figure), None)
        others = [side for n, side in enumerate(docket.sides) if n != self.side]
        refused = _sides([s for s in docket.statements if s.claim_id in docket.objections and all(s not in side for side in docket.sides)])
        self.losers: list[list[Statement]] = [*others, *refused]

    def told(self) -> tuple[Fact, Conflict]:
        """Return the fact and the conflict."""
        docket, verdict = self.docket, self.verdict
        equation = self._deciding_equation()
        name, why, links = self._class(equation)
        rule, reason = self._rule(equation, name, why)
        margin = round(min(verdict.margin, _MARGIN), 2)
        confidence = self._confidence(rule, margin)
        status = "refuted" if rule == "official" else "resolved" if confidence >= _SURE else "conflict"
        right = docket.sides[self.side] if self.side is not None else None
        is_impossible = verdict.objection is not None and verdict.objection.conflict_class == _IMPOSSIBLE
        if right is None and (verdict.figure is None or is_impossible):
            fact = _fact(docket, docket.sides[0], ("conflict", 0.0, rule, reason.en), is_open=True)
        elif right is None and status == "conflict":
            fact = _fact(docket, docket.sides[0], (status, round(1 - confidence, 4), rule, reason.en))
        else:
            fact = _fact(docket, right or docket.sides[0], (status, confidence, rule, reason.en), None if right else verdict.figure)
        proposed = finest(right).value if right else None if verdict.figure is None else Decimal(printed(verdict.figure))
        sides = ([right] if right else []) + self.losers
        return fact, Conflict(
            conflict_id=docket.key.fact_id.replace("f-", "c-", 1),
            key=docket.key,
            conflict_class=name,
            why=why,
            sides=tuple(tuple(side) for side in sides),
            weights=tuple(round(self._weight(side), 2) for side in sides),
            proposed=proposed,
            is_claimed=right is not None,
            margin=margin,
            rule=rule,
            reason=reason,
            equations=self._equations(),
            would_change=self._would_change(margin),
            related=tuple(links),
            asks_again=docket.asks_again,
        )

    def _weight(self, side: Sequence[Statement]) -> float:
        n = next((n for n, other in enumerate(self.docket.sides) if other is side), None)
        return 0.0 if n is None else min(self.docket.weights[n], _DECIDED)

    def _deciding_equation(self) -> _Near | None:
        """Return the equation that holds with the verdict and with none of the other values."""
        rivals = {figure for n, figure in enumerate(self.docket.figures) if n != self.side and figure is not None}
        return next((near for near in self.verdict.near if near.is_held and rivals and rivals <= set(near.refuses)), None)

    def _class(self, equation: _Near | None) -> tuple[str, Words, list[Related]]:
        verdict, docket = self.verdict, self.docket
        loser = self.losers[0] if self.losers else docket.sides[0]
        if verdict.objection is not None and (not self.losers or self.side is None):
            name, why = verdict.objection
            return name, why, []
        wrong = _figure(finest(loser))
        if wrong is None:
            return "wrong_bottom", words("last"), []
        right = verdict.figure
        if verdict.is_suspect and not verdict.is_changed and len(docket.sides) == 1:
            right, loser = self._demanded(), docket.sides[0]
        name_of = equation.instance.equation.name if equation else next((near.instance.equation.name for near in verdict.near), None)
        dispute = self._dispute(
            docket, right, wrong, loser, docket.sides[self.side] if self.side is not None else (), self._shifted, name_of
        )
        name, why = classify(dispute)
        if name == "real" and verdict.objection is not None:
            name, why = verdict.objection
        return name, why, dispute.related

    def _demanded(self) -> Figure | None:
        """Return what a broken equation would make of the key."""
        return next((f for near in self.verdict.near if (f := near.instance.demand(self.docket.key, near.after)) is not None), None)

    def _rule(  # noqa: PLR0911 (one return a rule, in their order)
        self, equation: _Near | None, name_of_class: str, why: Words
    ) -> tuple[str, Words]:
        docket, verdict = self.docket, self.verdict
        right = docket.sides[self.side] if self.side is not None else []
        shown = str(finest(right).value) if right else "" if verdict.figure is None else printed(verdict.figure)
        wrong = _claimed(finest(self.losers[0]) if self.losers else docket.leading)
        decision = next((s for s in right if s.kind == "decision"), None)
        official = next((s for s in right if s.kind == "official"), None)
        if decision is not None:
            return "decision", words("reason.decision", shown=shown, why=decision.evidence)
        if official is not None:
            return "official", words("reason.official", source=official.source, shown=shown)
        if verdict.objection is not None and (not right or len(docket.sides) == 1):
            return f"objection:{verdict.objection.conflict_class}", words("reason.objection", wrong=wrong, why=verdict.objection.why)
        if verdict.figure is None:
            name = next((near.instance.equation.name for near in verdict.near), "equation")
            return f"equation:{name}", words("reason.impossible", wrong=_claimed(docket.leading), equation=self._words(0))
        if not right and (equation is not None or verdict.is_changed):
            near = equation or verdict.near[0]
            return f"equation:{near.instance.equation.name}", words(
                "reason.demanded", shown=shown, equation=near.instance.words(near.after)
            )
        if verdict.is_suspect and not verdict.is_changed and len(docket.sides) == 1:
            return "equation:open", words("reason.suspect", equation=self._words(0))
        if self.docket.is_corrected and self.side == 0:
            return "correction", words("reason.correction", shown=shown)
        if equation is not None and verdict.margin > self._lead() + 1:
            instance = equation.instance
            return f"equation:{instance.equation.name}", words("reason.only", shown=shown, equation=instance.words(equation.after))
        if name_of_class in TELLING and self.losers and right:
            return f"slip:{name_of_class}", words("reason.slip", wrong=wrong, why=why)
        mine, theirs = self._weight(right) if right else 0.0, max((self._weight(side) for side in self.losers), default=0.0)
        if mine <= theirs + 1e-9 and len(docket.sides) > 2:  # noqa: PLR2004 (of two, the lower is no middle)
            return "median", words("reason.median", shown=shown)
        weights = {"mine": f"{mine:.1f}", "theirs": f"{theirs:.1f}"}
        if self._confidence("weight", verdict.margin) >= _SURE:
            return "weight", words("reason.weight", sources=independent(right) if right else 0, **weights)
        return "weight", words("reason.open", shown=shown, **weights)

    def _lead(self) -> float:
        return self.docket.weights[self.side or 0] - max((self._weight(side) for side in self.losers), default=0.0)

    def _words(self, n: int) -> str | Words:
        return next((near.instance.words(near.before) for near in self.verdict.near[n:]), words("some_equation"))

    def _confidence(self, rule: str, margin: float) -> float:
        fixed = {"decision": SURELY.official, "official": SURELY.official, "correction": 0.95}.get(rule)
        if fixed is not None:
            return fixed
        if rule.startswith("objection") and self.side is not None:
            return _RIVAL_REFUSED
        if rule.startswith(("objection", "equation:open")):
            return 0.5
        return round(min(SURELY.many, 1 / (1 + math.exp(_OFFSET - _SLOPE * max(margin, 0.0)))), 4)

    def _equations(self) -> tuple[Equated, ...]:
        """Return the equations that tell most: all that stay broken, all sums, and of a ranking's neighbours the nearest two."""
        told = []
        neighbours = 0
        for instance, _, after, was_held, is_held, refuses in self.verdict.near:
            equation = instance.equation
            if is_held and equation.form in {"order", "unique"}:
                neighbours += 1
                if neighbours > _NEIGHBOURS:
                    continue
            is_whole = equation.form in {"mean", "median"}
            terms = tuple(
                Term(key, _shown(after[key]), times, key == self.docket.key)
                for n, (key, times) in enumerate(zip(instance.keys, instance.times, strict=True))
                if not is_whole or n == 0 or key == self.docket.key
            )
            told.append(
                Equated(
                    equation.name,
                    equation.title,
                    equation.form,
                    equation.formula,
                    instance.words(after),
                    is_broken=not was_held,
                    is_mended=is_held,
                    refuses=tuple(_shown(figure) for figure in refuses),
                    terms=terms,
                )
            )
        return tuple(told)

    def _would_change(self, margin: float) -> Words:
        docket = self.docket
        if self.side is None or not self.losers:
            return words("change.any")
        right = docket.sides[self.side]
        rival = _claimed(finest(self.losers[0]))
        if any(s.kind in {"decision", "official"} for s in right):
            return words("change.table")
        by_source = Counter(s.source for s in right)
        heaviest = min(by_source, key=lambda source: (-by_source[source], source))
        share = self._weight(right) / max(1, independent(right))
        if margin < share:
            return words("change.without", source=heaviest or "?", rival=rival)
        count = math.ceil(margin / max(share, 0.25))
        return words("change.need", rival=rival, margin=f"{margin:.1f}", count=count)


def _claimed(statement: Statement) -> str | Words:
    return words("last_place") if statement.value is None else str(statement.value)


def _shown(figure: Figure | None) -> str:
    return "?" if figure is None else figure.label if figure.label is not None else printed(figure)
