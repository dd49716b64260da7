"""The registry of indices: scales, units, how many are ranked, when results come out."""

from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache

from normalize.fold import fold
from normalize.lexicon import Lexicon
from normalize.tables import rows, split_names


@dataclass(frozen=True, slots=True)
class Index:
    """One index; `unit` is what official decisions print, whatever the press writes.

    Below `least` no total was ever published, nor above `most`: such a number is a field's, a count or another index's.

    `decimals` are those of the published totals. `edition_offset` plus the number of the edition is the measured year (PCI, 17th: 2021).
    `release_lag` is publication year minus measured year where that is regular, else None.
    """

    code: str
    name_vi: str
    name_en: str
    publisher: str
    level: str
    unit: str
    scale_min: Decimal
    least: Decimal
    most: Decimal
    scale_max: Decimal
    alt_scale_max: Decimal | None
    first_year: int
    last_year: int
    release_months: tuple[int, int]
    release_lag: int | None
    edition_offset: int | None
    decimals: int


@dataclass(frozen=True, slots=True)
class Alias:
    """What one name of an index is worth: weak ones count only beside a rank or a score."""

    code: str
    kind: str


@dataclass(frozen=True, slots=True)
class Component:
    """A field, dimension or sub-index of an index."""

    code: str
    name: str
    scale_max: Decimal
    english: tuple[str, ...] = ()


#: On what scale a province ranks its own bodies where that is another one: "772,3/1.000 điểm" of a district's DTI.
LOCAL_SCALE = {"DTI": Decimal(1000)}


@cache
def indices() -> dict[str, Index]:
    """Return every index by its code."""
    return {row["code"]: _index(row) for row in rows("indices")}


def _index(row: dict[str, str]) -> Index:
    first, last = row["release_months"].split("-")
    return Index(
        code=row["code"],
        name_vi=row["name_vi"],
        name_en=row["name_en"],
        publisher=row["publisher"],
        level=row["level"],
        unit=row["unit"],
        scale_min=Decimal(row["scale_min"]),
        least=Decimal(row["least"]),
        most=Decimal(row["most"] or row["alt_scale_max"] or row["scale_max"]),
        scale_max=Decimal(row["scale_max"]),
        alt_scale_max=Decimal(row["alt_scale_max"]) if row["alt_scale_max"] else None,
        first_year=int(row["first_year"]),
        last_year=int(row["last_year"]),
        release_months=(int(first), int(last)),
        release_lag=int(row["release_lag"]) if row["release_lag"] else None,
        edition_offset=int(row["edition_offset"]) if row["edition_offset"] else None,
        decimals=int(row["decimals"]),
    )


@cache
def index_lexicon() -> Lexicon[Alias]:
    """Return every alias and known misprint of every index."""
    return Lexicon((row["alias"], Alias(row["code"], row["kind"])) for row in rows("index_aliases"))


def alias_texts() -> tuple[str, ...]:
    """Return every alias and known misprint as text."""
    return tuple(row["alias"] for row in rows("index_aliases"))


@cache
def component_lexicon() -> Lexicon[Component]:
    """Return every name of every component; one name may belong to several indices."""
    return Lexicon(
        (name, Component(row["code"], row["name"], Decimal(row["scale_max"]), english))
        for row in rows("components")
        for english in (split_names(row["name_en"]),)
        for name in (row["name"], *split_names(row["aliases"]), *english)
    )


@cache
def _component_names() -> dict[tuple[str, str], str]:
    return {(row["code"], fold(name)): row["name"] for row in rows("components") for name in (row["name"], *split_names(row["aliases"]))}


def canonical_component(code: str, name: str) -> str:
    """Return the registry's name of a component, or the name itself where the registry has none."""
    return _component_names().get((code, fold(name)), name)


def ranked_count(code: str, subject_type: str, year: int | None) -> int | None:
    """Return how many subjects are counted in the ranking of that year, or None where no source says."""
    ranked, _ = _counted(code, subject_type, year)
    return ranked


def scored_count(code: str, subject_type: str, year: int | None) -> int | None:
    """Return how many subjects have a score in that year: fewer than are counted where some could not be measured (PAPI)."""
    _, scored = _counted(code, subject_type, year)
    return scored


def place_of_last(code: str, subject_type: str, year: int | None) -> int | None:
    """Return the last place of that year; None where it is not known, or depends on who counts those without a score."""
    ranked, scored = _counted(code, subject_type, year)
    return ranked if ranked == scored else None


@lru_cache(maxsize=4096)
def _counted(code: str, subject_type: str, year: int | None) -> tuple[int | None, int | None]:
    for row in rows("ranked"):
        if (
            row["code"] == code
            and row["subject_type"] == subject_type
            and year is not None
            and int(row["year_from"]) <= year <= int(row["year_to"])
        ):
            return int(row["ranked"]), int(row["scored"])
    return None, None
