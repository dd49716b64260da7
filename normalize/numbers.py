"""Numbers as Vietnamese news writes them: 88,34 and 88.34, 1.020, 45.366, "thứ bẩy", "hai mươi mốt"."""

import re
from decimal import Decimal

from normalize.fold import fold

_DIGITS = {
    "không": 0, "một": 1, "mốt": 1, "hai": 2, "ba": 3, "bốn": 4, "tư": 4, "năm": 5, "lăm": 5, "nhăm": 5,
    "sáu": 6, "bảy": 7, "bẩy": 7, "tám": 8, "chín": 9,
}  # fmt: skip
_ORDINALS = {"nhất": 1, "nhì": 2}
_FOLDED_DIGITS = {fold(word): value for word, value in _DIGITS.items()}
_FOLDED_ORDINALS = {fold(word): value for word, value in _ORDINALS.items()}
_TEN, _HUNDRED = fold("mười"), fold("trăm")
_TENS = {fold("mươi"), fold("chục")}
_SKIPPED_TENS = {fold("linh"), fold("lẻ")}
_SCALES = (
    ({fold("tỷ"), fold("tỉ")}, 10**9),
    ({fold("triệu")}, 10**6),
    ({fold("nghìn"), fold("ngàn")}, 10**3),
)
_QUANTITY_SCALES = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9} | {name: scale for names, scale in _SCALES for name in names}
_QUANTITY = re.compile(
    r"(?P<sign>-|−|âm\b)?\s*(?:(?P<digits>[.,]?\d[\d.,]*)\s*(?P<scale>[kmg]|nghìn|ngàn|triệu|tỷ|tỉ)?|(?P<words>[^\W\d_]+(?: [^\W\d_]+)*))",
    re.IGNORECASE,
)
_THOUSANDS = re.compile(r"\d{1,3}(?:\.\d{3})+(?:,\d+)?|\d{1,3}(?:,\d{3}){2,}", re.ASCII)
#: No count is longer; Python refuses to read what is very much longer.
_MOST_DIGITS = 18
_PLAIN = re.compile(r"\d+(?:[.,]\d+)?", re.ASCII)


class NumberFormatError(ValueError):
    """Raised by the readers here when the text is not one number in a form they know."""


def parse_number(text: str, scale_max: Decimal | None = None) -> Decimal:
    """Read one printed number; decimal comma and decimal point both count.

    A point before exactly three digits is a thousands mark ("1.020 dịch vụ") unless the index's scale
    says otherwise: PAPI is printed with three decimals ("45.366 điểm"), and a value read as 45366 would
    leave its scale. `scale_max` is the largest value that the measured scale allows.

    >>> parse_number("88,34"), parse_number("90.66"), parse_number("62, 16")
    (Decimal('88.34'), Decimal('90.66'), Decimal('62.16'))
    >>> parse_number("1.020"), parse_number("45.366", Decimal(80))
    (Decimal('1020'), Decimal('45.366'))

    Raises NumberFormatError for anything else.
    """
    compact = text.replace(" ", "")
    if _THOUSANDS.fullmatch(compact):
        grouped = Decimal(compact.replace(".", "").replace(",", ".") if "." in compact else compact.replace(",", ""))
        if scale_max is None or grouped <= scale_max or compact.count(".") != 1 or "," in compact:
            return grouped
    if not _PLAIN.fullmatch(compact):
        raise NumberFormatError(f"not a number: {text!r}")
    return Decimal(compact.replace(",", "."))


def decimals(text: str) -> int:
    """Return how many decimals were printed: the precision that the source claims.

    >>> decimals("88,34"), decimals("43")
    (2, 0)
    """
    _, mark, fraction = text.replace(",", ".").strip().rpartition(".")
    return len(fraction.strip()) if mark else 0


def parse_count(text: str) -> int:
    """Read a whole number in digits or in words, ordinals too.

    >>> parse_count("02"), parse_count("bẩy"), parse_count("nhì"), parse_count("hai mươi mốt")
    (2, 7, 2, 21)
    >>> parse_count("mười lăm"), parse_count("ba mươi"), parse_count("một trăm linh tám"), parse_count("hai nghìn không trăm mười")
    (15, 30, 108, 2010)

    Raises NumberFormatError for anything else.
    """
    digits = text.strip()
    if digits.isdecimal() and digits.isascii() and len(digits) <= _MOST_DIGITS:
        return int(digits)
    words = fold(text).split()
    if len(words) == 1 and words[0] in _FOLDED_ORDINALS:
        return _FOLDED_ORDINALS[words[0]]
    total = _in_words(words)
    if total is None:
        raise NumberFormatError(f"not a count: {text!r}")
    return total


def parse_ordinal(text: str) -> int:
    """Read a place: "thứ nhất", "thứ 12", "đầu tiên". Raises NumberFormatError for anything else.

    >>> parse_ordinal("thứ nhất"), parse_ordinal("thứ 12"), parse_ordinal("đầu tiên")
    (1, 12, 1)
    """
    if fold(text) == fold("đầu tiên"):
        return 1
    head, _, place = text.strip().partition(" ")
    if fold(head) != fold("thứ") or not place:
        raise NumberFormatError(f"not an ordinal: {text!r}")
    return parse_count(place)


def parse_quantity(text: str) -> Decimal:
    """Read any number as Vietnamese writes it: with a sign, with a scale behind it, or all in words.

    >>> parse_quantity("- 1.200.000"), parse_quantity("1,2 triệu"), parse_quantity("3000K"), parse_quantity(",77")
    (Decimal('-1200000'), Decimal('1200000.0'), Decimal('3000000'), Decimal('0.77'))
    >>> parse_quantity("bảy trăm hai mươi mốt nghìn không trăm mười hai")
    Decimal('721012')

    Raises NumberFormatError for anything else.
    """
    match = _QUANTITY.fullmatch(text.strip())
    if match is None:
        raise NumberFormatError(f"not a number: {text!r}")
    sign = -1 if match["sign"] else 1
    if not match["digits"]:
        return Decimal(sign * parse_count(match["words"]))
    digits = match["digits"]
    number = parse_number("0" + digits if digits[0] in ".," else digits)
    return sign * number * _QUANTITY_SCALES[fold(match["scale"] or "")]


def _in_words(words: list[str]) -> int | None:
    """Read groups of three digits, each with its scale: tỷ, triệu, nghìn."""
    total = 0
    left = words
    for name, scale in _SCALES:
        at = next((n for n, word in enumerate(left) if word in name), None)
        if at is None:
            continue
        group = _below_thousand(left[:at])
        if group is None:
            return None
        total, left = total + group * scale, left[at + 1 :]
    rest = _below_thousand(left) if left else 0
    return None if rest is None or not words else total + rest


def _below_thousand(words: list[str]) -> int | None:
    """Read one group: "bảy trăm hai mươi mốt", "trăm linh hai", "mười lăm"."""
    hundreds = 0
    if _HUNDRED in words:
        at = words.index(_HUNDRED)
        if at > 1 or (at == 1 and words[0] not in _FOLDED_DIGITS):
            return None
        hundreds = 100 * (_FOLDED_DIGITS[words[0]] if at else 1)
        words = words[at + 1 :]
        if not words:
            return hundreds
        if words[0] in _SKIPPED_TENS:  # "một trăm linh tám"
            words = words[1:]
    below = _below_hundred(words)
    return None if below is None else hundreds + below


def _below_hundred(words: list[str]) -> int | None:
    match words:
        case [one] if one in _FOLDED_DIGITS:
            return _FOLDED_DIGITS[one]
        case [ten] if ten == _TEN:
            return 10
        case [ten, unit] if ten == _TEN and unit in _FOLDED_DIGITS:
            return 10 + _FOLDED_DIGITS[unit]
        case [tens, mark] if mark in _TENS and tens in _FOLDED_DIGITS:
            return 10 * _FOLDED_DIGITS[tens]
        case [tens, mark, unit] if mark in _TENS and tens in _FOLDED_DIGITS and unit in _FOLDED_DIGITS:
            return 10 * _FOLDED_DIGITS[tens] + _FOLDED_DIGITS[unit]
    return None
