"""Changes: "tăng 10 bậc", "giảm 1,76 điểm", "tăng 2,9 điểm và 5 bậc", "lên một bậc", "tăng 2 - 5 bậc"."""

import re
from dataclasses import replace
from decimal import Decimal

from extract.mentions import Delta, Rule, rule
from extract.rules.patterns import LARGEST_CHANGE, NUMBER, PLACE_UNIT, WORD_NUMBER
from normalize.numbers import NumberFormatError, parse_count, parse_number

_UP = r"tăng|thăng|nhích|vọt|nhảy|bật|cải\ thiện|vượt|thêm|vươn|leo|lên|nâng|tiến|hơn"
_DOWN = r"giảm|tụt|sụt|lùi|rớt|hạ|xuống|mất|rơi|kém|bớt|trượt"
_ADVERB = r"(?:\ (?:hạng|thêm|tới|đến|mạnh|sâu|nhẹ|khoảng|gần|hơn|những|lên|xuống|được|vọt|bật|tiếp|vượt|liền|thứ|điểm|bậc|lại|nhanh|đúng|thấp|cao|hẳn|ít\ nhất|tối\ thiểu))"
_UNIT = rf"(?P<unit>{PLACE_UNIT}|điểm\ phần\ trăm|điểm\ %|điểm|%)"
_AMOUNT = rf"(?P<amount>{NUMBER}|{WORD_NUMBER})(?:\ ?(?:-|–|—|đến)\ ?(?P<high>{NUMBER}))?"
_SIGN = re.compile(rf"\b(?:(?P<up>{_UP})|{_DOWN})\b")
_AT_LEAST = re.compile(r"\b(?:ít nhất|tối thiểu)\b")
_BEFORE_BASE = re.compile(
    r"\b(?P<verb>cao hơn|thấp hơn|tăng|giảm|hơn|kém)(?: (?:so )?với)? (?:năm (?:20\d\d|trước|ngoái)|cùng kỳ)(?: (?:là|tới|đến))? $"
)
#: "tăng nhẹ lên 7,35 điểm" says what was reached, "tăng lên 5 bậc" by how many; so does "tăng lên 0,35 điểm so với năm 2020".
_REACHES = re.compile(r"\b(?:lên|xuống)$")
_SMALL = 3
#: "thứ hạng 52 (-5)": places, although the brackets do not say so.
_PLACE_BEFORE = re.compile(r"(?:hạng|thứ|vị trí) \d{1,2}(?:/\d{1,2})? \($")
_SCORE_BEFORE = re.compile(r"(?:\d[.,]\d{1,4}(?:\ ?%| điểm)? \(|\(\d+[.,]\d{1,4}(?:\ ?%| điểm)?, )$".replace("\\ ", " "))
_ABOUT = re.compile(r"\b(?:khoảng|gần|xấp xỉ)\b")


def _amount(text: str) -> Decimal:
    try:
        return parse_number(text, Decimal(100))
    except NumberFormatError:
        return Decimal(parse_count(text))


def _unit(text: str | None) -> str | None:
    if text is None or text in {"điểm", "%"}:
        return text
    return "%" if text.startswith("điểm") else "bậc"


def _delta(match: re.Match[str]) -> Delta | None:
    verb = _SIGN.search(match["verb"])
    if verb is None:
        return None
    sign = 1 if verb["up"] and not match["verb"].startswith("thấp") else -1
    amount, unit = _amount(match["amount"]), _unit(match["unit"])
    places = unit == "bậc"
    if not 0 < amount <= LARGEST_CHANGE or (places and amount != amount.to_integral_value()):
        return None
    if not places and _REACHES.search(match["verb"]) and not (amount < _SMALL and match.string.startswith(" so với", match.end())):
        return None
    only_places = verb[0] in {"lên", "xuống", "vượt", "nâng", "tiến", "leo", "vươn", "nhảy", "bật", "vọt"}
    if only_places and not places:
        return None
    high = match["high"]
    return Delta(
        amount * sign,
        unit,
        parse_number(high) * sign if high else None,
        at_least=bool(_AT_LEAST.search(match["verb"])),
        about=bool(_ABOUT.search(match["verb"])),
        needs_base=verb[0] in {"hơn", "kém", "thêm"} or (verb[0] == "mất" and not places),
    )


def _from(match: re.Match[str]) -> Delta | None:
    read = _delta(match)
    return read and replace(read, at_least=True)


def _signed(match: re.Match[str]) -> Delta | None:
    amount, unit = _amount(match["amount"]), _unit(match["unit"])
    whole = amount == amount.to_integral_value()
    if unit is None and whole and _PLACE_BEFORE.search(match.string, 0, match.start()):
        unit = "bậc"
    if not 0 < amount <= LARGEST_CHANGE or (unit == "bậc" and not whole) or (unit is None and whole):
        return None
    return Delta(amount if match["sign"] in "+▲↑" else -amount, unit)


def _behind_score(match: re.Match[str]) -> Delta | None:
    return _delta(match) if _SCORE_BEFORE.search(match.string, 0, match.start()) else None


def _behind_base(match: re.Match[str]) -> Delta | None:
    verb = _BEFORE_BASE.search(match.string, max(0, match.start() - 40), match.start())
    amount, unit = _amount(match["amount"]), _unit(match["unit"])
    if verb is None or not 0 < amount <= LARGEST_CHANGE or (unit == "bậc" and amount != amount.to_integral_value()):
        return None
    return Delta(amount if verb["verb"] in {"cao hơn", "tăng", "hơn"} else -amount, unit)


RULES: tuple[Rule, ...] = (
    rule(
        "delta.verb",
        rf"(?<!so\ )\b(?P<verb>(?:cao\ |thấp\ )?(?:{_UP}|{_DOWN})(?:{_ADVERB}){{0,4}})\ {_AMOUNT}\ ?{_UNIT}(?!\ ?(?:dân\ số|dự\ toán|kế\ hoạch))",
        _delta,
    ),
    # the base between verb and amount: "cao hơn năm 2021 0,21 điểm", "tăng so với năm 2020 là 5 bậc"
    rule("delta.behind_base", rf"(?<![\d.,])(?P<amount>{NUMBER})\ ?{_UNIT}", _behind_base),
    # in brackets behind a value, with a sign: "hạng 8 (+4 bậc)", "7,46 điểm (+0,35)"
    rule(
        "delta.signed",
        rf"(?<=\()(?P<sign>[+\-−–▲▼↑↓])\ ?(?P<amount>\d+(?:[.,]\d+)?)\ ?(?P<unit>{PLACE_UNIT}|điểm|%)?(?=\)|\ so\ với\ )",
        _signed,
    ),
    # in brackets with or behind a score: "84,37% (tăng 1,27)", "(6,96 điểm, giảm 0,17)"
    rule(
        "delta.bracket",
        r"(?:(?<=\()|(?<=,\ ))(?P<verb>tăng|giảm)\ (?P<amount>\d+[.,]\d+)(?P<high>)(?P<unit>(?!))?(?=\)|[,;]\ (?:xếp|hạng|thứ)\b)",
        _behind_score,
    ),
    # in brackets alone, behind its field: "Thiết chế pháp lý (tăng 0,12)"
    rule("delta.bracket_alone", r"(?<=[^\W\d_]\ \()(?P<verb>tăng|giảm)\ (?P<amount>\d[.,]\d\d)(?P<high>)(?P<unit>(?!))?(?=\))", _delta),
    # "tăng từ 10 bậc trở lên"
    rule("delta.from", rf"\b(?P<verb>tăng)\ từ\ (?P<amount>\d{{1,2}})(?P<high>)\ (?P<unit>{PLACE_UNIT})\ trở\ lên", _from),
    rule(
        "delta.range",
        rf"\b(?P<verb>(?:tăng|giảm))\ từ\ (?P<amount>\d{{1,2}})\ ?(?:-|–|đến)\ ?(?P<high>\d{{1,2}})\ (?P<unit>{PLACE_UNIT})",
        _delta,
    ),
    # "tăng 0,13 so với năm 2020", "giảm 0,105 so với", "tăng 0,21, đạt 7,2 điểm": an index on a scale of 0 to 1 has no unit
    rule(
        "delta.unitless",
        rf"\b(?P<verb>(?:tăng|giảm)(?:{_ADVERB}){{0,2}})\ (?P<amount>\d+[.,]\d+)(?P<high>)(?P<unit>(?!))?(?=\ so\ với|,?\ (?:và\ )?(?:đạt|còn)\ \d)",
        _delta,
    ),
)

#: What may follow a change and share its verb: "tăng 0,86% và 7 bậc", "giảm 3,14 điểm, 26 bậc".
SHARED_VERB = re.compile(rf"\ ?(?:và|,|;|cùng)\ (?:cả\ )?{_AMOUNT}\ ?{_UNIT}".replace("\\ ", "[ ]"))


def shared(first: Delta, match: re.Match[str]) -> Delta | None:
    """Read a second change that has no verb of its own and takes the first one's direction."""
    amount, unit = _amount(match["amount"]), _unit(match["unit"])
    if not 0 < amount <= LARGEST_CHANGE or (unit == "bậc" and amount != amount.to_integral_value()):
        return None
    compared = match.string.startswith(" so ", match.end())
    if first.unit == "bậc" and unit != "bậc" and match[0].lstrip()[0] in ",;" and not compared:
        return None  # "giảm 3 hạng; 64,20 điểm" tells the score
    return Delta(amount if first.amount > 0 else -amount, unit)
