"""What speaks against a figure by itself, whatever others say: off the scale, a unit that was not, the wrong edition."""

import re
from functools import lru_cache
from typing import NamedTuple

from normalize.equations import Figure, printed
from normalize.indices import indices, ranked_count
from normalize.statement import Key
from normalize.units import named, unit_in_year
from normalize.wording import Words, words

_MILLION = 10**6
_SCORES = frozenset({"score", "score_min", "score_max", "score_mean", "score_median"})
#: "Năm thứ 17 công bố" tells the edition; "năm thứ 5 liên tiếp dẫn đầu" is a streak.
_WORK = "công bố|khảo sát|điều tra|thực hiện|xếp hạng|đánh giá"
_COUNT = "(?:lần|năm|kỳ) thứ "
_EDITION = re.compile(
    rf"(?:{_WORK})[^.;]{{0,40}}{_COUNT}(\d{{1,2}})(?!\s*liên t|\d)|{_COUNT}(\d{{1,2}})\s+(?:\S+ ){{0,3}}(?:{_WORK})",
    re.IGNORECASE,
)
#: What every sentence has that `of_words` may object to, for SQL.
COUNTED = rf"(?i){_COUNT}\d"


class Objection(NamedTuple):
    """The class of an error and the reason for it."""

    conflict_class: str
    why: Words


def ranked_of(key: Key, subject_type: str) -> int | None:
    """Return how many are ranked in the ranking that a key belongs to, where that is known: of the whole nation only."""
    return ranked_count(key.index, subject_type, key.year) if key.scope is None and key.level == "national" else None


def of_figure(key: Key, subject_type: str, figure: Figure) -> Objection | None:
    """Say why a figure cannot be: a place beyond the number ranked, a score off its scale, a unit that did not exist."""
    if key.measure == "rank":
        ranked = ranked_of(key, subject_type)
        if figure.amount < _MILLION or (ranked is not None and figure.amount > ranked * _MILLION):
            return Objection("impossible", words("objection.rank", figure=printed(figure), ranked=ranked or "…"))
    elif key.measure in _SCORES and key.index in indices():
        largest = _largest(key.index) if key.component is None else 100 * _MILLION
        if not 0 <= figure.amount <= largest:
            return Objection("impossible", words("objection.scale", figure=printed(figure), largest=largest // _MILLION))
    return unit_objection(key.subject, key.year) if subject_type == "province" and key.year is not None else None


@lru_cache(maxsize=256)
def _largest(index: str) -> int:
    return int(indices()[index].scale_max * _MILLION)


@lru_cache(maxsize=16384)
def unit_objection(subject: str, year: int) -> Objection | None:
    """Say that a province of that name did not exist in a year; None if it did, or is not known."""
    units = [unit for unit in named(subject) if unit.level == "province"]
    # Indices of the second half of 2025 are given for the new units, those of 2024 sometimes too.
    if units and all(unit_in_year([unit], y) is None for unit in units for y in (year - 1, year, year + 1)):
        return Objection("place_version", words("objection.unit", subject=subject, year=year))
    return None


def of_words(key: Key, evidence: str, offset: int | None) -> Objection | None:
    """Say whether the edition that a sentence counts is another year's: "năm thứ 17" of PCI is 2021 (`offset` 2004)."""
    found = None if offset is None else _EDITION.search(evidence)
    if found is None or offset is None or key.year is None:
        return None
    edition = int(found[1] or found[2])
    return None if offset + edition == key.year else Objection("year", words("objection.edition", words=found[0], year=offset + edition))
