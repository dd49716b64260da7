"""The home of an article: the province and district whose portal published it."""

import re
from dataclasses import dataclass
from functools import cache

from extract.mentions import SubjectName
from normalize.units import Unit, find_district, province_of, provinces_and_ministries

_AUTHORITY = r"(?:UBND|HĐND|[UỦ][ỷy] ban nhân dân|Hội đồng nhân dân|Tỉnh ủy|Thành ủy|Sở [^,.;:()\d\n]{3,45}?)"


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


def speaking_province(text: str) -> str | None:
    """Return the province whose authorities alone speak in a text that comes from no portal; None where several do, or none.

    >>> speaking_province("Phó Chủ tịch UBND tỉnh Sơn La cho biết, tỉnh xếp thứ 12. Dẫn đầu là Quảng Ninh.")
    'Sơn La'
    """
    told = {found["name"] for found in _spoken().finditer(text)}
    return told.pop() if len(told) == 1 else None


@cache
def _spoken() -> re.Pattern[str]:
    names = sorted({re.escape(unit.name) for unit in provinces_and_ministries() if unit.level == "province"}, key=len, reverse=True)
    return re.compile(rf"\b{_AUTHORITY} (?:tỉnh |thành phố |TP\.? ?)?(?P<name>{'|'.join(names)})\b")
