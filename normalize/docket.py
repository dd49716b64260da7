"""The docket of a key: everything that is said of it, as sides that print the same figure, and what each side weighs."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from normalize.equations import Figure, tier_label
from normalize.indices import indices, place_of_last
from normalize.objection import Objection, of_figure, of_words, ranked_of
from normalize.statement import TABLES, Key, Statement, agree, finest
from normalize.truth import Case, Vote

#: An official value or an editor's decision outweighs whatever the press says.
DECIDED = 1000.0
#: What it counts that the other value is known to be another figure: a rank, last year's, the next line's.
TELLING_WEIGHT = 2.0


class Docket:
    """The statements of one hot key: its sides, what each weighs, and the side that is known to be right, if any."""

    def __init__(self, key: Key, statements: Sequence[Statement]) -> None:
        self.key, self.fact_id = key, key.fact_id
        self.statements = list(statements)
        self.subject_type = statements[0].subject_type
        offset = indices()[key.index].edition_offset if key.index in indices() else None
        self.objections = _objections(key, statements, offset)
        heard = [s for s in statements if s.claim_id not in self.objections] or self.statements
        self.sides = sides_of(heard)
        self.figures = [figure_of(finest(side)) for side in self.sides]
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
        """Return the statement that stands for the side that leads."""
        return finest(self.sides[0])

    @property
    def figure(self) -> Figure | None:
        """Return the figure of the side that leads; None where it has no number."""
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
        self.weights = [weights[n] + (DECIDED if n == known else 0.0) for n in order]
        # The weighted median leads although another side may weigh more: it costs nothing to keep.
        self.weights[0] = max(self.weights)
        self._arrange(order)
        self.known = None if known is None else 0

    def favour(self, side: int) -> None:
        """Let a side lead because the others are known to be another figure."""
        self.weights[side] += TELLING_WEIGHT
        order = sorted(range(len(self.sides)), key=lambda n: (-self.weights[n], n))
        self.weights = [self.weights[n] for n in order]
        self._arrange(order)

    def _arrange(self, order: Sequence[int]) -> None:
        self.sides, self.figures = [self.sides[n] for n in order], [self.figures[n] for n in order]


def _objections(key: Key, statements: Iterable[Statement], offset: int | None) -> dict[str, Objection]:
    """Return what speaks against statements of the press, by their ids; most print the same figure."""
    to_figures: dict[tuple[str, Figure], Objection | None] = {}
    found: dict[str, Objection] = {}
    for s in statements:
        if s.kind in TABLES:
            continue
        figure = figure_of(s)
        objection = None
        if figure is not None:
            shown = (s.subject_type, figure)
            if shown not in to_figures:
                to_figures[shown] = of_figure(key, s.subject_type, figure)
            objection = to_figures[shown]
        objection = objection or of_words(key, s.evidence, offset)
        if objection is not None:
            found[s.claim_id] = objection
    return found


def figure_of(statement: Statement) -> Figure | None:
    """Return a statement's figure: its number, its group's label, or the last place where that is known."""
    amount = statement.amount
    if amount is not None:
        return Figure(amount, statement.digit)
    if statement.value is None:
        return last_place(statement.key, statement.subject_type, statement.of) if statement.qualifier == "last" else None
    return Figure(0, 1, tier_label(str(statement.value)))


def last_place(key: Key, subject_type: str, of: int | None) -> Figure | None:
    """Return the last place of a ranking as a number, where it is known how many are ranked."""
    is_known = ranked_of(key, subject_type) is not None
    last = place_of_last(key.index, subject_type, key.year) if is_known else of
    return Figure(last * 10**6, 10**6) if last else None


def sides_of(group: Sequence[Statement]) -> list[list[Statement]]:
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


def voices(side: Sequence[Statement]) -> int:
    """Return how many speak for a side, published lists among them."""
    heard = [s for s in side if s.kind != "aggregator"]
    return max(1, min(len({s.cluster for s in heard}), len({s.source for s in heard})))
