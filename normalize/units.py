"""The gazetteer: provinces, ministries, districts, departments and regions, with validity in time.

63 provinces until 2025-06-30, 34 since 2025-07-01; districts end on 2025-06-30. A name alone is no key:
(name, year) gives the unit, because Hưng Yên of 2024 and Hưng Yên of 2026 are two territories.
"""

from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache

from normalize.fold import fold, strip_marks
from normalize.lexicon import Lexicon
from normalize.tables import rows, split_names


@dataclass(frozen=True, slots=True)
class Unit:
    """One administrative unit during one period.

    `province` is the GSO code of a district's province, `merged_into` the unit that it became part of.
    """

    unit_id: str
    level: str
    kind: str
    name: str
    aliases: tuple[str, ...]
    valid_from: date | None
    valid_to: date | None
    gso_code: str
    province: str | None = None
    merged_into: str | None = None

    def valid_on(self, day: date) -> bool:
        """Tell whether the unit existed on `day`."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


@cache
def provinces_and_ministries() -> tuple[Unit, ...]:
    """Return every province of every era, and every ministry or body ranked with them."""
    return tuple(
        Unit(
            unit_id=row["unit_id"],
            level=row["level"],
            kind=row["type"],
            name=row["name_vi"],
            aliases=(*split_names(row["aliases"]), *split_names(row["name_en"])),
            valid_from=_day(row["valid_from"]),
            valid_to=_day(row["valid_to"]),
            gso_code=row["gso_code"],
            merged_into=row["successor_id"] or None,
        )
        for row in rows("units")
    )


@cache
def districts() -> tuple[Unit, ...]:
    """Return the districts, provincial towns and cities that ended on 2025-06-30."""
    return tuple(
        Unit(
            unit_id=row["unit_id"],
            level="district",
            kind=row["type"],
            name=row["name_vi"],
            aliases=split_names(row["aliases"]),
            valid_from=None,
            valid_to=_day(row["valid_to"]),
            gso_code=row["unit_id"].removeprefix("D"),
            province=row["province_gso"],
        )
        for row in rows("districts")
    )


@cache
def province_lexicon() -> Lexicon[Unit]:
    """Return all names of provinces and ministries, abbreviations and old spellings included."""
    # Two letters ("HN") are too short to be a name in running text.
    shortest = 3
    return Lexicon((name, unit) for unit in provinces_and_ministries() for name in (unit.name, *unit.aliases) if len(name) >= shortest)


@cache
def district_lexicon() -> Lexicon[Unit]:
    """Return the bare names of districts; the same name may belong to several provinces."""
    return Lexicon((name, unit) for unit in districts() for name in {unit.name, *unit.aliases, strip_marks(unit.name).title()})


@cache
def region_lexicon() -> Lexicon[str]:
    """Return the names of regions, each with its canonical name."""
    return Lexicon((name, row["name_vi"]) for row in rows("regions") for name in split_names(row["aliases"]))


@cache
def _regions_by_name() -> dict[str, str]:
    return {fold(name): row["name_vi"] for row in rows("regions") for name in (row["name_vi"], *split_names(row["aliases"]))}


def region_named(name: str) -> str | None:
    """Return the canonical name of the region that carries `name`.

    >>> region_named("ĐBSH")
    'Đồng bằng sông Hồng'
    """
    return _regions_by_name().get(fold(name))


@cache
def region_sizes() -> dict[str, int]:
    """Return how many provinces the regions have, of those with fixed borders: as of the 63; of the 34 they have fewer."""
    return {row["name_vi"]: int(row["n_provinces"]) for row in rows("regions") if row["n_provinces"]}


@cache
def department_lexicon() -> Lexicon[str]:
    """Return the names of provincial departments, each with its canonical name."""
    return Lexicon(
        (name, row["name"])
        for row in rows("departments")
        for name in (row["name"], *split_names(row["aliases"]), *split_names(row["name_en"]))
    )


def as_of_day(year: int | None) -> date:
    """Return the day on which a unit of a measured year is looked up: the last of that year.

    Results of 2025 are given for the 34 units that existed at its end; an open year is read as 2024,
    the last year of the 63.
    """
    return date(2024 if year is None else year, 12, 31)


def unit_in_year(units: tuple[Unit, ...] | list[Unit], year: int | None) -> Unit | None:
    """Pick, among units that share a name, the one that existed at the end of the measured year.

    >>> unit_in_year(named("Huế"), 2023).name, unit_in_year(named("Huế"), 2025).name
    ('Thừa Thiên Huế', 'Huế')
    """
    day = as_of_day(year)
    valid = [unit for unit in units if unit.valid_on(day)]
    return valid[0] if valid else None


@cache
def _by_name() -> dict[str, list[Unit]]:
    found: dict[str, list[Unit]] = {}
    for unit in provinces_and_ministries():
        for name in {fold(n) for n in (unit.name, *unit.aliases)}:
            found.setdefault(name, []).append(unit)
    return found


_folded = lru_cache(maxsize=4096)(fold)


def named(name: str) -> list[Unit]:
    """Return the provinces and ministries of any era that carry `name`."""
    return list(_by_name().get(_folded(name), ()))


@cache
def members(name: str, year: int | None) -> tuple[str, ...]:
    """Return the provinces of before 2025-07-01 that make up the province of that name and year; none where nothing merged.

    >>> members("Hưng Yên", 2025), members("Hưng Yên", 2024)
    (('Hưng Yên', 'Thái Bình'), ())
    """
    unit = unit_in_year([u for u in named(name) if u.level == "province"], year)
    return () if unit is None else _merged().get(unit.unit_id, ())


def merged_names() -> dict[str, tuple[str, ...]]:
    """Return the names of the merged provinces, each with those of the provinces that it was made of.

    >>> merged_names()["Hưng Yên"]
    ('Hưng Yên', 'Thái Bình')
    """
    return {unit.name: _merged()[unit.unit_id] for unit in provinces_and_ministries() if unit.unit_id in _merged()}


@cache
def _merged() -> dict[str, tuple[str, ...]]:
    """Return for each merged province the names of those that it was made of."""
    old = {u.gso_code: u.name for u in provinces_and_ministries() if u.level == "province" and u.valid_on(date(2024, 12, 31))}
    codes = {row["unit_id"]: split_names(row["members"]) for row in rows("units")}
    return {unit_id: tuple(old[code] for code in parts if code in old) for unit_id, parts in codes.items() if len(parts) > 1}


@cache
def _districts_by_province() -> dict[str, dict[str, Unit]]:
    """Return each province's districts by folded bare name, other spellings, and the name without marks that English news prints."""
    found: dict[str, dict[str, Unit]] = {}
    for unit in districts():
        found.setdefault(unit.province or "", {}).setdefault(strip_marks(unit.name), unit)
    for unit in districts():
        found[unit.province or ""] |= {fold(name): unit for name in unit.aliases}
    for unit in districts():
        found[unit.province or ""][fold(unit.name)] = unit
    return found


@cache
def _districts_by_name() -> dict[str, list[Unit]]:
    found: dict[str, list[Unit]] = {}
    for unit in districts():
        for name in (unit.name, *unit.aliases):
            found.setdefault(fold(name), []).append(unit)
    return found


def find_district(name: str, province_gso: str | None) -> Unit | None:
    """Return the district of that name in that province, or in the only province that has one."""
    key = fold(name)
    if province_gso is not None:
        return _districts_by_province().get(province_gso, {}).get(key)
    same = _districts_by_name().get(key, [])
    return same[0] if len(same) == 1 else None


def province_of_district(name: str) -> Unit | None:
    """Return the province of a district's name that no other province has.

    >>> province_of_district("Quảng Yên").name
    'Quảng Ninh'
    """
    district = find_district(name, None)
    codes = (u for u in provinces_and_ministries() if u.level == "province" and district is not None and u.gso_code == district.province)
    return next(codes, None)


def province_of(name: str) -> Unit | None:
    """Return the province (of the 63-unit era where both eras know it) that carries `name`."""
    candidates = [unit for unit in named(name) if unit.level == "province"]
    return unit_in_year(candidates, None) or (candidates[0] if candidates else None)
