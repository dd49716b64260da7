"""The class of a conflict: what kind of slip turns the accepted value into the refused one.

The classes are those of the domain's lists of look-alikes and real errors; the first that fits is taken, the
special before the general. `real` is what no slip explains.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from normalize.board import Board
from normalize.equations import Figure, printed
from normalize.objection import ranked_of
from normalize.statement import Key, Statement
from normalize.units import members
from normalize.wording import Words, words

_MILLION = 10**6
#: Announced and final figures of one year differ by a few hundredths (PAR INDEX 2012: 87,14 and 87,12).
_REVISION = 50_000
#: So far the official table may be from what was announced, with no date to tell (PAR INDEX 2012: 83,44 and 83,41).
_FINAL = 30_000
_NEAR_YEARS = (-1, 1, -2, 2)
#: So many figures of one list that are off by the same place are a list with an entry left out.
SHIFTED = 2


class Related(NamedTuple):
    """A figure that the refused one may really be: of another year, component, scope, level or subject."""

    kind: str
    key: Key


@dataclass(frozen=True)
class Dispute:
    """An accepted figure against a refused one, and what else is known.

    `wrong_side` are the statements that print the refused figure; `demanded` is what equations make of other keys
    if the accepted figure is right; `shifted` counts, by article, index and year, the ranks that are off by one way.
    """

    key: Key
    subject_type: str
    right: Figure | None
    wrong: Figure
    wrong_side: Sequence[Statement]
    right_side: Sequence[Statement]
    board: Board
    demanded: Mapping[Key, Figure] = field(default_factory=dict)
    equation: str | None = None
    shifted: Mapping[tuple[str, str, int | None, int], int] = field(default_factory=dict)

    @cached_property
    def related(self) -> list[Related]:
        """Return the keys whose known figure is the refused one, which the source may have meant."""
        return _related(self)

    def known(self, key: Key) -> int | None:
        """Return the amount that leads for another key, or that an equation demands of it."""
        figure = self.board.values.get(key) or self.demanded.get(key)
        return None if figure is None or figure.label is not None else figure.amount


def _related(d: Dispute) -> list[Related]:
    key = d.key
    found: list[Related] = []
    if d.wrong.label is not None or key.year is None:
        return []
    same = d.board.with_amount(key, d.wrong.amount)
    demanded = [other for other in d.demanded if other not in d.board.values and d.known(other) == d.wrong.amount]
    if same or demanded:
        years = {other.year: other for other in (*same, *demanded) if _is_in_line(other, key)}
        found = [Related("year", years[key.year + step]) for step in _NEAR_YEARS if key.year + step in years]
        # In an order of their own: the board is laid out as its nodes arrived.
        for other in sorted((other for other in same if other.year == key.year and other != key), key=Key.texts):
            kind = next((part for part in ("component", "scope", "level") if getattr(other, part) != getattr(key, part)), None)
            if kind:
                found.append(Related(kind, other))
    for name in members(key.subject, key.year):
        for year in (key.year, key.year - 1):
            other = key._replace(subject=name, year=year)
            if name != key.subject and d.known(other) == d.wrong.amount:
                found.append(Related("place_version", other))
    return found


def _is_in_line(other: Key, key: Key) -> bool:
    """Tell whether a key is the same as another one but for the year, and compared with a year as far back."""
    if other.year is None or key.year is None:
        return False
    return other == key.in_year(other.year, None if key.base_year is None else key.base_year + other.year - key.year)


def _is_rank(d: Dispute) -> bool:
    return (
        d.key.measure == "score"
        and d.wrong.amount % _MILLION == 0
        and all(statement.decimals == 0 for statement in d.wrong_side)
        and d.known(d.key.as_measure("rank")) == d.wrong.amount
    )


def _is_related(kind: str) -> Callable[[Dispute], bool]:
    return lambda d: any(one.kind == kind for one in d.related)


def _is_neighbour(d: Dispute) -> bool:
    """Tell whether the figure is of the line above or below: another subject's, next to this one in a ranking.

    Tables of fields are mostly printed in the order of the whole. A place beside one's own says nothing: all have one.
    """
    if d.key.measure.startswith("rank"):
        return False
    if d.subject_type == "region":
        return any(d.known(key) == d.wrong.amount for key in d.board.regions(d.key))
    for component in dict.fromkeys((d.key.component, None)):
        rank = d.key.as_measure("rank")
        rank = rank if component == d.key.component else rank._replace(component=component)
        if any(d.known(d.key.of(subject)) == d.wrong.amount for subject in d.board.neighbours(rank, d.subject_type, 1)):
            return True
    return False


def _is_shifted(d: Dispute) -> bool:
    if d.key.measure != "rank" or d.right is None:
        return False
    off = d.wrong.amount - d.right.amount
    return abs(off) == _MILLION and any(d.shifted.get((s.article, d.key.index, d.key.year, off), 0) >= SHIFTED for s in d.wrong_side)


def _is_of_others(d: Dispute) -> bool:
    """Tell whether the refused place is one of another number than are ranked: another list, or another year's."""
    ranked = ranked_of(d.key, d.subject_type) if d.key.measure == "rank" else None
    return ranked is not None and all(statement.of not in {None, ranked} for statement in d.wrong_side)


def _is_wrong_delta(d: Dispute) -> bool:
    return d.key.measure.endswith("_delta") and d.equation is not None and not _is_copied(d)


def _is_wrong_bottom(d: Dispute) -> bool:
    return d.key.measure == "rank" and any(statement.qualifier == "last" for statement in d.wrong_side)


def _is_copied(d: Dispute) -> bool:
    sources = {s.source for s in d.wrong_side}
    return len(sources) > 1 and len({s.cluster for s in d.wrong_side}) == 1


def _is_unit(d: Dispute) -> bool:
    if d.right is None or not d.right.amount or not d.wrong.amount or not d.key.measure.startswith("score"):
        return False
    large, small = max(abs(d.right.amount), abs(d.wrong.amount)), min(abs(d.right.amount), abs(d.wrong.amount))
    return any(large == small * ratio for ratio in (100, 1000))


def _is_revision(d: Dispute) -> bool:
    if d.right is None or not d.key.measure.startswith("score") or abs(d.right.amount - d.wrong.amount) > _REVISION:
        return False
    if any(s.kind == "official" for s in d.right_side) and abs(d.right.amount - d.wrong.amount) <= _FINAL:
        return True
    right = [s.published for s in d.right_side if s.published]
    wrong = [s.published for s in d.wrong_side if s.published]
    return bool(right and wrong) and max(wrong) < min(right) and max(wrong).year != min(right).year


def _is_order(d: Dispute) -> bool:
    return d.equation in {"rank_order", "rank_unique"} and d.right is None


def digits(figure: Figure) -> str:
    """Return the digits of a figure as printed, sign and point left out."""
    return printed(figure).replace(".", "").lstrip("-0")


def slip(right: Figure, wrong: Figure) -> str | None:
    """Return the code (of wording.toml) of the slip of the pen that turns one figure into another; None where none does.

    >>> slip(Figure(90_130_000, 10_000), Figure(90_310_000, 10_000))
    'order'
    """
    whole = right.digit >= _MILLION
    # As printed; then in the digits of the shorter one, and of the longer one: 48,8114 was printed as 48,881.
    for digit in (None, max(right.digit, wrong.digit), min(right.digit, wrong.digit)):
        pair = [figure if digit is None else Figure(round(figure.amount / digit) * digit, digit) for figure in (right, wrong)]
        found = _slip(digits(pair[0]), digits(pair[1]), whole=whole)
        if found is not None and (digit is None or found != _TWO):
            return found
    return None


_TWO = "two"


def _slip(a: str, b: str, *, whole: bool) -> str | None:
    if not a or not b or a == b:
        return None
    if len(a) == len(b):
        if sorted(a) == sorted(b):
            return "order"
        off = [n for n, (x, y) in enumerate(zip(a, b, strict=True)) if x != y]
        if len(off) == 1:
            return "last" if off[0] == len(a) - 1 else "one"
        return _TWO if len(off) == 2 and len(a) > 3 else None  # noqa: PLR2004 (a short number has no room for two slips)
    longer, shorter = (a, b) if len(a) > len(b) else (b, a)
    is_lost = any(longer[:n] + longer[n + 1 :] == shorter for n in range(len(longer)))
    if not is_lost or len(longer) != len(shorter) + 1 or (whole and len(longer) < 2):  # noqa: PLR2004
        return None
    return "lost" if longer is a else "more"


def _is_transposition(d: Dispute) -> bool:
    return d.right is not None and slip(d.right, d.wrong) == "order"


def _is_typo(d: Dispute) -> bool:
    return d.right is not None and slip(d.right, d.wrong) is not None


#: In order: the first that fits names the conflict.
CLASSES: tuple[tuple[str, Callable[[Dispute], bool]], ...] = (
    ("rank_as_score", _is_rank),
    ("wrong_delta", _is_wrong_delta),
    ("year", _is_related("year")),
    ("neighbour_line", _is_neighbour),
    ("component", _is_related("component")),
    ("scope", _is_related("scope")),
    ("level", _is_related("level")),
    ("place_version", _is_related("place_version")),
    ("unit", _is_unit),
    ("wrong_denominator", _is_of_others),
    ("skipped_entry", _is_shifted),
    ("wrong_bottom", _is_wrong_bottom),
    ("copied_error", _is_copied),
    ("transposition", _is_transposition),
    ("revision", _is_revision),
    ("typo", _is_typo),
    ("order", _is_order),
)
#: Slips that show which side is wrong: the refused value is known to be another figure.
TELLING = ("rank_as_score", "year", "neighbour_line", "component", "scope", "level", "place_version")
_ALL = dict(CLASSES)


def classify(d: Dispute) -> tuple[str, Words]:
    """Return the class of a dispute and what speaks for it."""
    if d.wrong.label is not None:
        return "real", words("tier")
    for name, test in CLASSES:
        if test(d):
            how = slip(d.right, d.wrong) if name == "typo" and d.right is not None else None
            return name, words(f"slip.{how}" if how else f"class.{name}")
    return "real", words("class.real")


def telling_slip(d: Dispute) -> str | None:
    """Return the class that explains the refused value as another known figure, or None."""
    if d.wrong.label is not None:
        return None
    return next((name for name in TELLING if _ALL[name](d)), None)
