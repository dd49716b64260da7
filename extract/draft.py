"""A draft of a claim: who, what, when, and the mention that carries the number."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from extract.discourse import YearRead
from extract.mentions import Delta, Group, Mention, Rank, RelativeBase, Score, SubjectName, Tier, Year

Value = Rank | Delta | Score | Tier


@dataclass(frozen=True, slots=True)
class Draft:
    """A claim before its texts are cut."""

    index: str
    subject: SubjectName
    value: Value
    number: Mention
    measure: str
    year: YearRead
    base_year: int | None
    component: str | None
    scope: str | None
    target: bool
    anchor: int
    evidence_end: int
    place: int | None = None
    amount: Decimal | None = None
    group: Group | None = None


def base_year(base: Year | RelativeBase | None, year: int | None) -> int | None:
    """Return the year that a change in a value of `year` is measured against."""
    if isinstance(base, Year):
        return base.years[0]
    return year - base.distance if isinstance(base, RelativeBase) and year is not None else None


def whole(group: Group) -> SubjectName:
    """Return a block as the subject of its mean, median, minimum or maximum."""
    return SubjectName("aggregate", group.name)


def _delta_measure(value: Value) -> str:
    return "rank_delta" if isinstance(value, Delta) and value.unit == "bậc" else "score_delta"


MEASURES: dict[type[Value], Callable[[Value], str]] = {
    Rank: lambda _: "rank",
    Score: lambda _: "score",
    Tier: lambda _: "tier",
    Delta: _delta_measure,
}
