"""Years and their roles: measured ("năm 2021", "PCI 2017"), compared with ("so với năm 2020"), ranges."""

import re

from extract.mentions import RelativeBase, RelativeYear, Rule, Year, rule
from extract.rules.patterns import WORD_NUMBER
from normalize.numbers import parse_count

_Y = r"(?:19|20)\d\d"


def _year(match: re.Match[str]) -> Year:
    return Year((int(match["year"]),))


def _base(match: re.Match[str]) -> Year:
    return Year((int(match["year"]),), base=True)


_KEPT = re.compile(r"\b(?:giữ|duy trì|bằng|vẫn)\b[^.;,]{0,40} $")


def _like(match: re.Match[str]) -> Year | None:
    kept = _KEPT.search(match.string, max(0, match.start() - 60), match.start())
    return Year((int(match["year"]),), base=True) if kept else None


def _list(match: re.Match[str]) -> Year:
    return Year(tuple(int(y) for y in re.findall(_Y, match[0])))


def _range(match: re.Match[str]) -> Year:
    first, last = int(match["year"]), int(match["last"])
    return Year((first, last), is_range=True)


RULES: tuple[Rule, ...] = (
    rule(
        "year.range",
        rf"(?:\b(?:giai\ đoạn|trong|thời\ kỳ|các\ năm|từ\ năm|từ)\ )?\b(?P<year>{_Y})\ ?(?:-|–|—|đến|đến\ năm)\ ?(?P<last>{_Y})\b",
        _range,
    ),
    # "từ năm 2020 đến nay tăng 12 bậc", "... đều đứng thứ nhất": what is told is of now
    rule("year.since", rf"\btừ\ (?:năm\ )?(?P<year>{_Y})\ (?:đến|tới)\ nay\b", _base),
    rule(
        "year.base",
        rf"\b(?:so\ với|so|(?:hơn|kém)(?=[^,.;]{{0,30}}\ năm\ ))(?:\ (?:cùng\ kỳ|kết\ quả|par\ index|chỉ\ số|pci|papi|sipas|của|thứ\ hạng|mức|điểm))*\ (?:năm\ )?(?P<year>{_Y})\b",
        _base,
    ),
    rule(
        "year.kept",
        rf"\b(?:giữ\ nguyên|giữ\ vững|bằng)\ (?:vị\ trí|thứ\ hạng|hạng|thứ\ bậc)(?:\ của|\ như)?\ năm\ (?P<year>{_Y})\b(?=[).,;])",
        _base,
    ),
    # "giữ nguyên vị trí thứ 2 như năm 2018, đạt 70,36 điểm"
    rule("year.like", rf"\bnhư\ (?:của\ )?năm\ (?P<year>{_Y})\b", _like),
    # "năm 2019, năm 2020" ends a clause and begins another, unless an "và" goes on with it
    rule("year.list", rf"\bnăm\ {_Y}(?:(?:,\ (?:năm\ )?{_Y})*,?\ và\ (?:năm\ )?{_Y}|(?:,\ {_Y})+)\b", _list),
    rule("year.bracket_list", rf"(?<=\(){_Y}(?:,\ {_Y})+(?=\))", _list),
    rule("year.named", rf"\bnăm\ (?P<year>{_Y})\b", _year),
    rule(
        "year.plain",
        rf"(?<![\d./,-])(?P<year>{_Y})\b(?![\d./-]*\d)(?!\ ?(?:doanh|hộ\b|người|hồ\ sơ|phiếu|đồng\b(?!\ (?:nai|tháp|xoài|hới|hỷ|phú|văn|triều|xuân|hòa))|tỷ|%|điểm))",
        _year,
    ),
    rule(
        "year.before",
        r"\bso\ (?:với\ )?(?:cùng\ kỳ|năm\ trước|năm\ ngoái|năm\ liền\ trước|kỳ\ trước|1\ năm\ trước|một\ năm\ trước)(?:\ (?:đó|liền\ kề))?",
        lambda _: RelativeBase(),
    ),
    rule("year.now", r"\b(?:và|nhưng|đến|năm)\ nay\b(?=[^.;]{0,30}\ (?:hạng|thứ|vị\ trí))", lambda _: RelativeYear(1, near=True)),
    rule(
        "year.previous",
        r"(?<!với\ )(?<!so\ )(?<!hơn\ )(?<!kém\ )(?<!tăng\ )(?<!giảm\ )(?<!hai\ )(?<!ba\ )(?<!bốn\ )(?<!vài\ )(?<!nhiều\ )(?<!mấy\ )(?<!\d\ )\b(?:năm\ (?:trước|ngoái|trước\ đó)|cách\ đây\ (?:một|1)\ năm|một\ năm\ trước(?:\ đó)?)\b(?=(?:,?\ (?:tỉnh|thành\ phố|địa\ phương)|,\ [^.;,\d]{2,90}?)?\ (?:mới\ |chỉ\ |còn\ )?(?:(?:đứng|xếp|đạt|là|ở|chỉ|hạng|thuộc|nằm|còn)\b|\d+[.,]\d)|:\ \d)",
        lambda _: RelativeYear(-1),
    ),
    # "ba năm trước, thành phố đứng thứ 11": counted back from the year in mind
    rule(
        "year.years_ago",
        rf"\b(?:cách\ đây\ )?(?P<n>[2-9]|{WORD_NUMBER})\ năm\ (?:trước|về\ trước)\b(?=[^.;\d]{{0,40}}\ (?:đứng|xếp|đạt|ở|hạng)\b)",
        lambda m: RelativeYear(-parse_count(m["n"])),
    ),
    rule(
        "year.next",
        r"\bnăm\ (?:sau|sau\ đó|tiếp\ theo|kế\ tiếp)\b(?=[^.;]{0,40}\ (?:hạng|thứ|điểm|bậc|vị\ trí))",
        lambda _: RelativeYear(1),
    ),
)
