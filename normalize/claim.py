"""The claim: ONE number that ONE article states about one subject, one index and one year."""

from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any, Literal

Measure = Literal["score", "rank", "score_delta", "rank_delta", "score_min", "score_max", "score_median", "score_mean", "tier"]
Modality = Literal["reported", "target", "estimate"]
Qualifier = Literal["exact", "about", "at_least", "at_most", "range", "last"]

#: The parts of a claim that say what was measured; claims with equal keys must agree.
KEY = ("index", "level", "authority", "subject", "year", "measure", "component", "scope", "modality")


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim with its evidence; the fields are those of the JSON form, in its order.

    `value` is a Decimal with the decimals that were printed (70.70 is not 70.7: precision is evidence too),
    a string for a tier, or None for a last place whose number is unknown. `start` and `end` are code points
    into the article's text, and `text[start:end] == evidence`. `value_start` and `value_end` mark the figure.
    """

    article: str
    index: str
    level: str
    authority: str | None
    subject: str
    subject_type: str
    subject_id: str | None
    year: int | None
    measure: Measure
    value: Decimal | str | None
    value_high: Decimal | None
    qualifier: Qualifier
    unit: str | None
    of: int | None
    base_year: int | None
    component: str | None
    scope: str | None
    modality: Modality
    evidence: str
    start: int
    end: int
    value_start: int
    value_end: int
    year_reason: str
    rule: str

    def to_json(self) -> dict[str, Any]:
        """Return the claim as JSON values; decimals become numbers, `decimals` keeps what was printed."""
        record = asdict(self)
        exponent = self.value.as_tuple().exponent if isinstance(self.value, Decimal) else None
        record["value"] = _number(self.value) if isinstance(self.value, Decimal) else self.value
        record["value_high"] = None if self.value_high is None else _number(self.value_high)
        record["decimals"] = -exponent if isinstance(exponent, int) else None
        return record


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() and -value.as_tuple().exponent <= 0 else float(value)  # type: ignore[operator]
