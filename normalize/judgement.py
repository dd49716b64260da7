"""The judgement of a key: fact and conflict in words, with rule, reason, class, confidence and what would change it."""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from normalize.classes import TELLING, Dispute, Related, classify
from normalize.docket import DECIDED, Docket, figure_of, independent, sides_of
from normalize.equations import Figure, Instance, printed
from normalize.grouping import SURELY
from normalize.objection import Objection, ranked_of
from normalize.statement import TABLES, Key, Statement, finest
from normalize.wording import Words, words

#: From this confidence on a value is called resolved.
_SURE = 0.8
#: The confidence that a margin of evidence (in natural log units) stands for, its logit being slope times margin minus
#: offset: fitted to made-up news over official tables (benchmarks/simulation.py, 5 % of the claims wrong).
_SLOPE, _OFFSET = 0.9, 0.8
MARGIN = 12.0
#: The same for a value whose only rival cannot be.
_RIVAL_REFUSED = 0.98
#: Of the neighbours in a ranking that a value fits, so many are shown.
_NEIGHBOURS = 2


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


class Term(NamedTuple):
    """One figure of an equation, as the report draws it: whose, how often it counts, whether it is the one disputed."""

    key: Key
    shown: str
    times: int
    is_disputed: bool


class Equated(NamedTuple):
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


class Near(NamedTuple):
    """An equation that speaks of a key, with the values before and after the repair, and the claimed ones that break it after."""

    instance: Instance
    before: Mapping[Key, Figure | None]
    after: Mapping[Key, Figure | None]
    was_held: bool
    is_held: bool
    refuses: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a repair says of one key; `near` are the equations that speak of it."""

    figure: Figure | None
    margin: float
    near: tuple[Near, ...]
    is_suspect: bool = False
    is_changed: bool = False
    objection: Objection | None = None


def undisputed(docket: Docket) -> Fact:
    """Return the fact of a key whose claims agree within the digits that they print."""
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
    docket: Docket, side: Sequence[Statement], verdict: tuple[str, float, str, str], value: Figure | None = None, *, is_open: bool = False
) -> Fact:
    """Return the fact of a docket with the value of a side, another figure, or none."""
    status, confidence, rule, reason = verdict
    best = finest(side)
    ordered = sorted(side, key=lambda s: s.claim_id)
    number: Decimal | str | None = best.value if value is None else Decimal(printed(value))
    return Fact(
        fact_id=docket.fact_id,
        key=docket.key,
        value=None if is_open else number,
        high=best.high,
        decimals=best.decimals,
        unit=next((s.unit for s in ordered if s.unit), None),
        of=_of(docket, ordered),
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


def _of(docket: Docket, ordered: Sequence[Statement]) -> int | None:
    """Return how many were ranked: what is known of the ranking, before what a paper prints ("2/62")."""
    printed_of = next((s.of for s in ordered if s.of), None)
    return (ranked_of(docket.key, docket.subject_type) or printed_of) if docket.key.measure == "rank" else printed_of


class Judgement:
    """Puts a verdict into words: rule, reason, class, confidence, and what would change it."""

    def __init__(
        self,
        docket: Docket,
        verdict: Verdict,
        dispute: Callable[..., Dispute],
        shifted: Mapping[tuple[str, str, int | None, int], int],
    ) -> None:
        self.docket, self.verdict, self._dispute, self._shifted = docket, verdict, dispute, shifted
        self.side = next((n for n, figure in enumerate(docket.figures) if figure == verdict.figure), None)
        others = [side for n, side in enumerate(docket.sides) if n != self.side]
        refused = sides_of(
            [s for s in docket.statements if s.claim_id in docket.objections and all(s not in side for side in docket.sides)]
        )
        self.losers: list[list[Statement]] = [*others, *refused]

    def told(self) -> tuple[Fact, Conflict]:
        """Return the fact and the conflict."""
        docket, verdict = self.docket, self.verdict
        equation = self._deciding_equation()
        name, why, links = self._class(equation)
        rule, reason = self._rule(equation, name, why)
        margin = round(min(verdict.margin, MARGIN), 2)
        confidence = self._confidence(rule, margin)
        status = "refuted" if rule == "official" else "resolved" if confidence >= _SURE else "conflict"
        right = docket.sides[self.side] if self.side is not None else None
        if right is None and verdict.figure is None:
            fact = _fact(docket, docket.sides[0], ("conflict", 0.0, rule, reason.en), is_open=True)
        elif right is None and status == "conflict":
            fact = _fact(docket, docket.sides[0], (status, round(1 - confidence, 4), rule, reason.en))
        else:
            fact = _fact(docket, right or docket.sides[0], (status, confidence, rule, reason.en), None if right else verdict.figure)
        proposed = finest(right).value if right else None if verdict.figure is None else Decimal(printed(verdict.figure))
        sides = ([right] if right else []) + self.losers
        return fact, Conflict(
            conflict_id=docket.fact_id.replace("f-", "c-", 1),
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
        return 0.0 if n is None else min(self.docket.weights[n], DECIDED)

    def _deciding_equation(self) -> Near | None:
        """Return the equation that holds with the verdict and with none of the other values."""
        rivals = {figure for n, figure in enumerate(self.docket.figures) if n != self.side and figure is not None}
        return next((near for near in self.verdict.near if near.is_held and rivals and rivals <= set(near.refuses)), None)

    def _class(self, equation: Near | None) -> tuple[str, Words, list[Related]]:
        verdict, docket = self.verdict, self.docket
        loser = self.losers[0] if self.losers else docket.sides[0]
        if verdict.objection is not None and (not self.losers or self.side is None):
            name, why = verdict.objection
            return name, why, []
        wrong = figure_of(finest(loser))
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
        self, equation: Near | None, name_of_class: str, why: Words
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
            return f"equation:{name}", words("reason.impossible", wrong=_claimed(docket.leading), equation=self._broken_in_words())
        if not right and (equation is not None or verdict.is_changed):
            near = equation or verdict.near[0]
            return f"equation:{near.instance.equation.name}", words(
                "reason.demanded", shown=shown, equation=near.instance.words(near.after)
            )
        if verdict.is_suspect and not verdict.is_changed and len(docket.sides) == 1:
            return "equation:open", words("reason.suspect", equation=self._broken_in_words())
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

    def _broken_in_words(self) -> str | Words:
        return next((near.instance.words(near.before) for near in self.verdict.near), words("some_equation"))

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
