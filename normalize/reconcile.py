"""Reconciliation: all statements about one key become one fact, and a conflict where they cannot all be true."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from normalize.classes import Dispute, classify, telling_slip
from normalize.equations import Derived, derive, fits
from normalize.statement import Key, Statement, agree, finest

#: How much one independent source of each kind counts. The order is the domain's: the publisher's own table,
#: the wire, the province's portal, the paper, the aggregator; an official table outweighs them all.
WEIGHTS = {"official": 100.0, "publisher": 4.0, "wire": 3.0, "portal": 2.0, "paper": 1.5, "aggregator": 0.5}
_FIRST_HAND = 2.0
# The winner must weigh this many times the next value to be called resolved by weight.
_CLEAR = 1.5


@dataclass(frozen=True, slots=True)
class Fact:
    """The reconciled value of one key.

    `status` is agreed, rounded, single, resolved, conflict or refuted; `confidence` is 0 to 1, a heuristic of
    independent weight that is not calibrated yet; `claims` are the ids of all statements, losers included.
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
class Conflict:
    """A key whose claims cannot all be true: the sides, the class, the proposal and what would change it."""

    conflict_id: str
    key: Key
    conflict_class: str
    why: str
    sides: tuple[tuple[Statement, ...], ...]
    proposed: Decimal | str | None
    rule: str
    reason: str
    equations: tuple[str, ...]
    would_change: str


@dataclass(frozen=True, slots=True)
class Reconciled:
    """All facts and conflicts, in the order of their keys."""

    facts: tuple[Fact, ...]
    conflicts: tuple[Conflict, ...]


def key_id(key: Key) -> str:
    """Return the stable id of a key."""
    return hashlib.sha256("\x1f".join(key.texts()).encode()).hexdigest()[:12]


def reconcile(statements: Iterable[Statement]) -> Reconciled:
    """Reconcile statements; the result depends on what was said, never on the order in which it arrived."""
    by_key: dict[Key, list[Statement]] = defaultdict(list)
    for statement in sorted(statements, key=lambda s: s.claim_id):
        by_key[statement.key].append(statement)
    sides = {key: _sides(group) for key, group in by_key.items()}
    known = {
        key: (best.value, best.decimals)
        for key, values in sides.items()
        if len(values) == 1 and isinstance((best := finest(values[0])).value, Decimal)
    }
    ranks = _ranks(known)
    facts, conflicts = [], []
    for key in sorted(by_key, key=Key.texts):
        fact, conflict = _settle(key, sides[key], known, ranks)
        facts.append(fact)
        if conflict is not None:
            conflicts.append(conflict)
    return Reconciled(tuple(facts), tuple(conflicts))


def _sides(group: Sequence[Statement]) -> list[tuple[Statement, ...]]:
    """Group statements that print the same value; the most precise figure of a side stands for it."""
    sides: list[list[Statement]] = []
    for statement in sorted(group, key=lambda s: (-s.decimals, str(s.value), s.claim_id)):
        side = next((side for side in sides if agree(side[0], statement)), None)
        if side is None:
            sides.append([statement])
        else:
            side.append(statement)
    return [tuple(side) for side in sides]


def _ranks(known: Mapping[Key, tuple[Decimal, int]]) -> dict[tuple[str, int | None], dict[str, int]]:
    ranks: dict[tuple[str, int | None], dict[str, int]] = defaultdict(dict)
    for key, (value, _) in known.items():
        if key.measure == "rank" and key.component is None and key.scope is None and key.level == "national":
            ranks[key.index, key.year][key.subject] = int(value)
    return ranks


def weight(side: Sequence[Statement]) -> float:
    """Return the weight of a side: each cluster of copies, and each source, counts once by its best member."""
    best: dict[str, float] = {}
    for statement in side:
        own = WEIGHTS[statement.kind] + (_FIRST_HAND if statement.first_hand else 0.0)
        witness = statement.cluster
        best[witness] = max(best.get(witness, 0.0), own)
    by_source: dict[str, float] = {}
    for statement in side:
        by_source[statement.source] = max(by_source.get(statement.source, 0.0), best[statement.cluster])
    return min(sum(best.values()), sum(by_source.values()))


def independent(statements: Iterable[Statement]) -> int:
    """Return how many witnesses there are: copies of one story and articles of one source count once, aggregators not at all.

    An aggregator prints what others have written, whether its original was found or not; alone it is one witness.
    """
    everyone = list(statements)
    group = [s for s in everyone if s.kind != "aggregator"] or everyone[:1]
    return min(len({s.cluster for s in group}), len({s.source for s in group}))


def _settle(
    key: Key,
    sides: Sequence[tuple[Statement, ...]],
    known: Mapping[Key, tuple[Decimal, int]],
    ranks: Mapping[tuple[str, int | None], Mapping[str, int]],
) -> tuple[Fact, Conflict | None]:
    everyone = [s for side in sides for s in side]
    if len(sides) == 1:
        return _undisputed(key, everyone), None
    ordered = sorted(sides, key=lambda side: (-weight(side), str(finest(side).value)))
    demands = derive(key, known)

    def dispute(winner: tuple[Statement, ...], loser: tuple[Statement, ...]) -> Dispute:
        return Dispute(key, finest(winner), finest(loser), loser, known, _near_years(key, finest(winner), known), ranks)

    winner, rule, reason, status = _winner(ordered, demands, dispute)
    losers = [side for side in ordered if side is not winner]
    right = finest(winner)
    name, why = classify(dispute(winner, losers[0]))
    fact = _fact(key, winner, everyone, status=status, rule=rule, reason=reason, confidence=_confidence(winner, ordered, rule))
    conflict = Conflict(
        conflict_id=f"c-{key_id(key)}",
        key=key,
        conflict_class=name,
        why=why,
        sides=(winner, *losers),
        proposed=right.value,
        rule=rule,
        reason=reason,
        equations=tuple(d.equation for d in demands),
        would_change=_would_change(winner, losers),
    )
    return fact, conflict


def _near_years(key: Key, right: Statement, known: Mapping[Key, tuple[Decimal, int]]) -> dict[Key, Decimal]:
    """Return what the neighbouring years' values must be if `right` is: to recognise last year's figure."""
    if key.year is None or not isinstance(right.value, Decimal):
        return {}
    assumed = {**known, key: (right.value, right.decimals)}
    near = (key.moved(year=key.year - 1), key.moved(year=key.year + 1))
    return {other: d.value for other in near for d in derive(other, assumed)}


def _winner(
    ordered: Sequence[tuple[Statement, ...]],
    demands: Sequence[Derived],
    dispute: Callable[[tuple[Statement, ...], tuple[Statement, ...]], Dispute],
) -> tuple[tuple[Statement, ...], str, str, str]:
    official = [side for side in ordered if any(s.kind == "official" for s in side)]
    if len(official) == 1:
        source = next(s.source for s in official[0] if s.kind == "official")
        return official[0], "official", f"The official table ({source}) gives {_show(official[0])}.", "refuted"
    for demand in demands:
        fitting = [side for side in ordered if isinstance(v := finest(side).value, Decimal) and fits(v, demand)]
        if len(fitting) == 1:
            return fitting[0], "equation", f"Only {_show(fitting[0])} satisfies {demand.equation}.", "resolved"
    first, second = ordered[0], ordered[1]
    slips = [(side, other, found) for side, other in ((first, second), (second, first)) if (found := telling_slip(dispute(other, side)))]
    if len(ordered) == 2 and len(slips) == 1:  # noqa: PLR2004
        side, other, (name, why) = slips[0]
        return other, f"slip:{name}", f"{_show(side)} is a slip: {why}.", "resolved"
    corrected = _correction(ordered)
    if corrected is not None:
        return corrected, "correction", f"The source that printed another value before now prints {_show(corrected)}.", "resolved"
    if weight(first) >= _CLEAR * weight(second):
        return (
            first,
            "weight",
            f"{independent(first)} independent source(s) of weight {weight(first):g} against {weight(second):g}.",
            "resolved",
        )
    return first, "weight", f"{_show(first)} leads by weight {weight(first):g} to {weight(second):g}, too little to decide.", "conflict"


def _correction(ordered: Sequence[tuple[Statement, ...]]) -> tuple[Statement, ...] | None:
    """Return the side that every source of the other sides has moved to in a later article."""
    for side in ordered:
        mine = {s.source: s.published for s in side}
        others = [s for other in ordered if other is not side for s in other]
        if all(s.source in mine and s.published and mine[s.source] and s.published < mine[s.source] for s in others):  # type: ignore[operator]
            return side
    return None


def _show(side: Sequence[Statement]) -> str:
    return str(finest(side).value)


def _would_change(winner: Sequence[Statement], losers: Sequence[Sequence[Statement]]) -> str:
    heaviest = max(winner, key=lambda s: (WEIGHTS[s.kind], s.first_hand, s.claim_id))
    rest = [s for s in winner if s.source != heaviest.source]
    if not rest or weight(rest) < weight(losers[0]):
        return f"Without {heaviest.source or heaviest.article}, {_show(losers[0])} would lead."
    return f"{_show(losers[0])} would need independent sources of weight {weight(winner) - weight(losers[0]):g} more."


def _undisputed(key: Key, statements: Sequence[Statement]) -> Fact:
    witnesses = independent(statements)
    if witnesses <= 1:
        return _fact(
            key,
            statements,
            statements,
            status="single",
            rule="single",
            reason="One independent source.",
            confidence=_confidence(statements, [statements], "single"),
        )
    rounded = len({(s.value, s.decimals) for s in statements}) > 1
    status = "rounded" if rounded else "agreed"
    reason = f"{witnesses} independent sources agree" + (" within the digits that they print." if rounded else ".")
    return _fact(
        key,
        statements,
        statements,
        status=status,
        rule="agreement",
        reason=reason,
        confidence=_confidence(statements, [statements], "agreement"),
    )


#: How sure a rule is that decides by more than weight; heuristics until they are calibrated on known truths.
_SURE = {"official": 0.99, "equation": 0.9, "correction": 0.9, "slip": 0.85}


def _confidence(winner: Sequence[Statement], sides: Sequence[Sequence[Statement]], rule: str) -> float:
    """Return how sure a rule is, or the winner's share of the weight, damped where few speak."""
    decided = _SURE.get(rule.split(":", maxsplit=1)[0])
    if decided is not None:
        return decided
    mine, total = weight(winner), sum(weight(side) for side in sides)
    damped: float = (1 - 0.5 ** (mine / 2)) * mine / total
    return round(max(0.05, min(0.99, damped)), 2)


def _fact(
    key: Key, winner: Sequence[Statement], everyone: Sequence[Statement], *, status: str, rule: str, reason: str, confidence: float
) -> Fact:
    best = finest(winner)
    return Fact(
        fact_id=f"f-{key_id(key)}",
        key=key,
        value=best.value,
        high=best.high,
        decimals=best.decimals,
        unit=next((s.unit for s in sorted(winner, key=lambda s: s.claim_id) if s.unit), None),
        of=next((s.of for s in sorted(winner, key=lambda s: s.claim_id) if s.of), None),
        qualifier=best.qualifier,
        subject_type=best.subject_type,
        subject_id=best.subject_id,
        status=status,
        confidence=confidence,
        rule=rule,
        reason=reason,
        n_claims=len(everyone),
        n_independent=independent(everyone),
        claims=tuple(sorted(s.claim_id for s in everyone)),
    )
