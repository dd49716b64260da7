"""Whether a number can be a score of an index: each index has its scale, and so has each of its fields."""

from decimal import Decimal

from extract.mentions import Score
from normalize.indices import LOCAL_SCALE, indices
from normalize.numbers import parse_number

# Local copies of an index give bonus points: 102,50 of 100 has been printed (Tiền Giang 2020).
_BONUS = Decimal("1.1")
# On a second scale (60,77 for 0,6077) a value this small would be of neither.
_LEAST = Decimal("0.05")


def read_score(score: Score, index: str, component: str | None, *, provincial: bool) -> Decimal | None:
    """Return the printed number as a score of `index`, or None where its scale does not allow it."""
    entry = indices()[index]
    most = (provincial and LOCAL_SCALE.get(index)) or entry.alt_scale_max or entry.scale_max
    value = parse_number(score.text, most * _BONUS)
    if component is not None:
        return value if value <= Decimal(100) else None
    part = score.scale is not None and score.scale not in {entry.scale_max, entry.alt_scale_max, most}
    if part and not (provincial or index == "DDCI"):
        return None  # "57,04/61,50 điểm": one block of the score, not the whole
    if value > most * (_BONUS if provincial or index == "DDCI" else 1):
        return None
    if entry.alt_scale_max is not None and entry.scale_max < value < entry.alt_scale_max * _LEAST:
        return None
    return value if entry.least <= value and (provincial or index == "DDCI" or value <= entry.most) else None
