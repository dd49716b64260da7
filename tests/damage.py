"""Kinds of damage that copying, scanning and old editors do to a text; what it claims must not change."""

import re
import unicodedata
from collections.abc import Callable

# Each pair is the tone on the first vowel and on the second: "Hòa Bình", "Hoà Bình".
_TONES = {
    "òa": "oà", "óa": "oá", "ỏa": "oả", "õa": "oã", "ọa": "oạ", "òe": "oè", "óe": "oé", "ỏe": "oẻ", "õe": "oẽ", "ọe": "oẹ",
    "ùy": "uỳ", "úy": "uý", "ủy": "uỷ", "ũy": "uỹ", "ụy": "uỵ",
}  # fmt: skip
_BROKEN = {"tăng": "t ăng", "Cải": "C ải", "xếp": "x ếp", "giảm": "gi ảm", "đạt": "đ ạt"}


def _replaced(text: str, pairs: dict[str, str], *, whole: bool = False) -> str:
    for old, new in pairs.items():
        text = re.sub(rf"\b{old}\b" if whole else rf"(?<![qQ]){old}(?!\w)", new, text)
    return text


DAMAGE: dict[str, Callable[[str], str]] = {
    "NFD": lambda t: unicodedata.normalize("NFD", t),
    "tone on the second vowel": lambda t: _replaced(t, _TONES),
    "tone on the first vowel": lambda t: _replaced(t, {new: old for old, new in _TONES.items()}),
    "no-break spaces": lambda t: t.replace(" ", "\u00a0"),
    "thin spaces": lambda t: t.replace(" ", "\u2009"),
    "thin spaces in numbers": lambda t: re.sub(r"(?<=\d),(?=\d+ ?(?:điểm|%))", ",\u2009", t),
    "two spaces": lambda t: t.replace(" ", "  "),
    "soft hyphens": lambda t: re.sub(r"(\w\w)(?=\w\w)", "\\1\u00ad", t),
    "zero-width spaces": lambda t: t.replace(", ", ",\u200b "),
    "byte order marks": lambda t: "\ufeff" + t.replace(". ", ".\ufeff "),
    "full-width digits": lambda t: t.translate({ord("0") + n: 0xFF10 + n for n in range(10)}),
    "words broken by a space": lambda t: _replaced(t, _BROKEN, whole=True),
    "no space after a full stop": lambda t: re.sub(r"(?<=[a-zà-ỹ])\. (?=[A-ZĐÀ-Ỹ])", ".", t),
    "CRLF": lambda t: t.replace("\n", "\r\n"),
    "decimal points": lambda t: re.sub(r"(?<=\d),(?=\d{2}(?:\D|$))", ".", t),
    "decimal commas": lambda t: re.sub(r"(?<=\d)\.(?=\d{2}(?!\d))", ",", t),
    "en dashes": lambda t: t.replace(" - ", " – "),
}
