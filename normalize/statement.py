"""A statement: a claim as one source makes it, brought to the form in which claims can be compared."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, NamedTuple

from normalize.claim import KEY
from normalize.fold import fold
from normalize.indices import LOCAL_SCALE, canonical_component, indices
from normalize.units import named, province_of, region_named, unit_in_year


class StatementError(ValueError):
    """Raised by `read_statement` for a claim record that lacks a part or holds a wrong one; names the part."""


#: Kinds of statements that are no claims of the press: tables of the publisher, published lists, the editor.
TABLES = frozenset({"official", "table", "decision"})
_PERCENT = Decimal(100)
#: One unit of the last of so many printed decimals, in millionths.
_DIGITS = (1_000_000, 100_000, 10_000, 1_000, 100, 10, 1)
#: "Gần 40" stands for what is less than this share away.
_ABOUT = Decimal("0.05")
_FRACTION = re.compile(r"(\d+)[.,](\d+)", re.ASCII)


class Key(NamedTuple):
    """What was measured. Claims are compared only where all parts are equal.

    `base_year` belongs to changes only: "tăng 25 bậc so với 2016" and "giảm 3 bậc so với 2018" are two facts.
    """

    index: str  # type: ignore[assignment]  # a field, and never the method of tuples
    level: str
    authority: str | None
    subject: str
    year: int | None
    measure: str
    component: str | None
    scope: str | None
    modality: str
    base_year: int | None = None

    def texts(self) -> tuple[str, ...]:
        """Return the parts as text, to sort by and to hash."""
        return tuple(map(str, self))

    def of(self, subject: str) -> "Key":
        """Return the same key of another subject; much faster than `_replace`, and asked a million times."""
        return Key._make((*self[:3], subject, *self[4:]))

    def as_measure(self, measure: str) -> "Key":
        """Return the same key with another measure."""
        return Key._make((*self[:5], measure, *self[6:]))

    def in_year(self, year: int | None, base_year: int | None) -> "Key":
        """Return the same key of another year, compared with another one."""
        return Key._make((*self[:4], year, *self[5:9], base_year))

    @property
    def fact_id(self) -> str:
        """Return the stable id of the fact about this key."""
        return "f-" + hashlib.sha256("\x1f".join(self.texts()).encode()).hexdigest()[:12]


class Statement(NamedTuple):
    """One claim of one source. `value` is on the index's own scale; `decimals` are those that were printed.

    `kind` is the source's (publisher, wire, portal, paper, aggregator, or one of TABLES); `first_hand` says that the
    source belongs to the subject. `cluster` names the group of articles that copy each other. `seen` is the day on
    which we read it first, where it is known, else the day of publication.
    """

    claim_id: str
    key: Key
    value: Decimal | str | None
    high: Decimal | None
    decimals: int
    subject_type: str
    subject_id: str | None
    unit: str | None
    of: int | None
    qualifier: str
    article: str
    source: str
    kind: str
    url: str | None
    published: date | None
    seen: date | None
    cluster: str
    first_hand: bool
    evidence: str

    @property
    def amount(self) -> int | None:
        """Return the number in millionths, None for a tier or an open last place: exact, and quick to compare."""
        return int(self.value.scaleb(6)) if isinstance(self.value, Decimal) else None

    @property
    def digit(self) -> int:
        """Return one unit of the last printed digit, in millionths."""
        return digit_of(self.decimals)


def digit_of(decimals: int) -> int:
    """Return one unit of the last of so many printed decimals, in millionths."""
    return _DIGITS[min(decimals, 6)]


def claim_id(record: Mapping[str, Any]) -> str:
    """Return the stable id of a claim: the same words of the same article always have it."""
    parts = [str(record.get(part)) for part in ("article", *KEY, "value", "start", "value_start")]
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]


def read_statement(record: Mapping[str, Any], *, cluster: str | None = None, kind: str = "paper", place: str | None = None) -> Statement:
    """Read one claim record (the JSON of CONTRACT, with "source", "url" and "published").

    Raises StatementError naming the missing or wrong part.
    """
    missing = [part for part in ("index", "subject", "measure") if not record.get(part)]
    if missing:
        raise StatementError(f"missing {', '.join(missing)}")
    index = str(record["index"])
    index = index if index in indices() else f"other:{index.lower()}"
    if index not in indices():
        raise StatementError(f"unknown index {record['index']!r}")
    value, decimals = _value(record)
    subject = str(record["subject"])
    published = record.get("published")
    try:
        day = date.fromisoformat(str(published)[:10]) if published else None
        seen = date.fromisoformat(str(record["seen"])[:10]) if record.get("seen") else day
        year = None if record.get("year") is None else int(record["year"])
    except ValueError as error:
        raise StatementError(str(error)) from error
    component = record.get("component")
    key = Key(
        index=index,
        level=record.get("level") or "national",
        authority=record.get("authority"),
        subject=_canonical(subject),
        year=year,
        measure=str(record["measure"]),
        component=canonical_component(index, component) if component else None,
        scope=record.get("scope"),
        modality=record.get("modality") or "reported",
        base_year=_base_year(record, year),
    )
    article = str(record.get("article") or record.get("url") or "")
    scaled = _rescaled(value, key, record.get("unit"))
    if record.get("unit") == "%" and scaled != value:
        # 50,77 % of 80 points are known to 0,008 points.
        decimals += 1
    return Statement(
        claim_id=str(record.get("claim_id") or claim_id(record)),
        key=key,
        value=scaled,
        high=_decimal(record.get("value_high")),
        decimals=decimals,
        subject_type=str(record.get("subject_type") or "province"),
        subject_id=record.get("subject_id") or _unit_id(str(record.get("subject_type") or "province"), key.subject, year),
        unit=record.get("unit"),
        of=record.get("of"),
        qualifier=str(record.get("qualifier") or "exact"),
        article=article,
        source=str(record.get("source") or ""),
        kind=kind,
        url=record.get("url"),
        published=day,
        seen=seen,
        cluster=cluster or article,
        first_hand=_first_hand(place, key),
        evidence=str(record.get("evidence") or ""),
    )


def _canonical(subject: str) -> str:
    units = named(subject)
    names = {unit.name for unit in units}
    return units[0].name if len(names) == 1 else region_named(subject) or subject


@lru_cache(maxsize=4096)
def _unit_id(subject_type: str, name: str, year: int | None) -> str | None:
    """Return the id of the province or ministry of that name in the measured year."""
    unit = None if year is None else unit_in_year([unit for unit in named(name) if unit.level == subject_type], year)
    return None if unit is None else unit.unit_id


def _decimal(value: Any) -> Decimal | None:
    try:
        return None if value is None else Decimal(str(value))
    except InvalidOperation as error:
        raise StatementError(f"value {value!r} is no number") from error


def _value(record: Mapping[str, Any]) -> tuple[Decimal | str | None, int]:
    raw = record.get("value")
    if record["measure"] == "tier" or raw is None:
        return raw, 0
    value = _decimal(raw)
    decimals = record.get("decimals")
    if decimals is None and value is not None:
        decimals = _printed_decimals(value, str(record.get("evidence") or ""))
    return value, int(decimals or 0)


def _printed_decimals(value: Decimal, evidence: str) -> int:
    """Return how many decimals were printed: JSON turns 4,30 into 4.3, the evidence still has both digits."""
    exponent = value.as_tuple().exponent
    carried = max(0, -exponent) if isinstance(exponent, int) else 0
    printed = [f for w, f in _FRACTION.findall(evidence) if Decimal(f"{w}.{f}") == abs(value)]
    return max([carried, *map(len, printed)])


def _base_year(record: Mapping[str, Any], year: int | None) -> int | None:
    if not str(record["measure"]).endswith("_delta"):
        return None
    base = record.get("base_year")
    if base is not None:
        return int(base)
    return year - 1 if year is not None else None


def _rescaled(value: Decimal | str | None, key: Key, unit: str | None) -> Decimal | str | None:
    """Bring a figure to its index's own scale: 60,77 of 0 to 1 is 0,6077, and 50,77 % of 80 points are 40,62.

    Percent and points of a share are one number already.
    """
    entry = indices()[key.index]
    if not isinstance(value, Decimal) or not key.measure.startswith("score") or key.component is not None:
        return value
    if key.level == "provincial" and key.index in LOCAL_SCALE and abs(value) > (entry.alt_scale_max or entry.scale_max):
        return value / (LOCAL_SCALE[key.index] / entry.scale_max)
    if entry.alt_scale_max and abs(value) > entry.scale_max:
        return value / (entry.alt_scale_max / entry.scale_max)
    if unit == "%" and entry.unit != "%" and entry.scale_max not in (1, _PERCENT) and key.measure != "score_delta":
        return (value * entry.scale_max / _PERCENT).normalize()
    return value


def _first_hand(place: str | None, key: Key) -> bool:
    """Tell whether the source is the subject's own: the province on itself, the authority on its bodies."""
    if not place:
        return False
    parts = [fold(part) for part in place.split(",")]
    province = province_of(place.rsplit(",", 1)[-1])
    own = {*parts, fold(province.name)} if province else set(parts)
    return fold(key.subject) in own or (key.authority is not None and fold(key.authority) in own)


def agree(a: Statement, b: Statement) -> bool:
    """Tell whether two values are the same number as printed.

    70,7 and 70,69 are: a shorter figure stands for every value that rounds or is cut to it, so the tolerance is
    a full unit of its last digit (the press cuts as often as it rounds). Equal precision must be equal.
    """
    if not isinstance(a.value, Decimal) or not isinstance(b.value, Decimal):
        # A last place without its number agrees with any place: who else is last, other keys tell.
        return (a.value is None or b.value is None) or _same_tier(a.value, b.value)
    if a.high != b.high:
        return False
    for qualifier, bound, other in ((a.qualifier, a.value, b.value), (b.qualifier, b.value, a.value)):
        if qualifier == "about":
            return abs(bound - other) <= _ABOUT * max(abs(bound), abs(other))
        if qualifier in {"at_least", "at_most"}:
            return bound <= other if qualifier == "at_least" else other <= bound
    if a.decimals == b.decimals or not a.key.measure.startswith("score"):
        return a.value == b.value
    return abs(a.value - b.value) < Decimal(1).scaleb(-min(a.decimals, b.decimals))


def _same_tier(a: object, b: object) -> bool:
    return fold(str(a)) == fold(str(b))


def finest(statements: Iterable[Statement]) -> Statement:
    """Return the statement that says most: an exact figure with the most digits; the earliest id among equals."""
    first, *others = statements
    if not others:
        return first
    return min((first, *others), key=lambda s: (s.value is None, s.qualifier not in {"exact", "range", "last"}, -s.decimals, s.claim_id))
