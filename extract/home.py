"""The home of an article: the province and district whose portal published it."""

from dataclasses import dataclass

from extract.mentions import SubjectName
from normalize.units import Unit, find_district, province_of


@dataclass(frozen=True, slots=True)
class Home:
    """Province and district of the publishing portal; None where it has none (national media)."""

    province: Unit | None
    district: SubjectName | None


def read_home(text: str | None) -> Home:
    """Read "Yên Châu, Sơn La": the smallest unit first, the province last.

    >>> read_home("Yên Châu, Sơn La").province.name
    'Sơn La'
    """
    parts = [part.strip() for part in (text or "").split(",") if part.strip()]
    province = province_of(parts[-1]) if parts else None
    if province is None:
        return Home(None, None)
    for name in reversed(parts[:-1]):
        unit = find_district(name, province.gso_code)
        if unit is not None:
            return Home(province, SubjectName("district", unit.name, (unit.unit_id,)))
    return Home(province, None)
