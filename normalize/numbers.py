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
_TEN, _TENS = fold("mười"), fold("mươi")
_THOUSANDS = re.compile(r"\d{1,3}(?:\.\d{3})+(?:,\d+)?|\d{1,3}(?:,\d{3}){2,}", re.ASCII)
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
    """Read a small whole number in digits or in words (0 to 99), ordinals too.

    >>> parse_count("02"), parse_count("bẩy"), parse_count("nhì"), parse_count("hai mươi mốt")
    (2, 7, 2, 21)
    >>> parse_count("mười lăm"), parse_count("ba mươi")
    (15, 30)

    Raises NumberFormatError for anything else.
    """
    if text.strip().isdecimal() and text.isascii():
        return int(text)
    words = fold(text).split()
    if len(words) == 1 and words[0] in _FOLDED_ORDINALS:
        return _FOLDED_ORDINALS[words[0]]
    match words:
        case [one] if one in _FOLDED_DIGITS:
            return _FOLDED_DIGITS[one]
        case [ten] if ten == _TEN:
            return 10
        case [ten, unit] if ten == _TEN and unit in _FOLDED_DIGITS:
            return 10 + _FOLDED_DIGITS[unit]
        case [tens, mark] if mark == _TENS and tens in _FOLDED_DIGITS:
            return 10 * _FOLDED_DIGITS[tens]
        case [tens, mark, unit] if mark == _TENS and tens in _FOLDED_DIGITS and unit in _FOLDED_DIGITS:
            return 10 * _FOLDED_DIGITS[tens] + _FOLDED_DIGITS[unit]
    raise NumberFormatError(f"not a count: {text!r}")
