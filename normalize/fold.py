"""Folding: one key for every spelling of the same Vietnamese word.

NFC and NFD, upper and lower case, and both placements of the tone mark (Hòa Bình, Hoà Bình) give the
same key; the letters themselves (ă, â, đ, ê, ô, ơ, ư) stay apart, because "Đông" and "Dông" are not one word.
"""

import re
import unicodedata
from functools import lru_cache

# The five tone marks of NFD text; circumflex, breve and horn are part of the letter and are kept.
_TONES = {"\u0300", "\u0301", "\u0303", "\u0309", "\u0323"}
_WORD = re.compile(r"[^\W_]+")
_SPACES = re.compile(r"\s+")


@lru_cache(maxsize=65536)
def fold_word(word: str) -> str:
    """Return the key of one word: lower case, tone mark moved to the end.

    >>> fold_word("Hoà") == fold_word("HÒA")
    True
    >>> fold_word("Đông") == fold_word("Dông")
    False
    """
    if word.isascii():
        return word.lower()
    letters: list[str] = []
    tones: list[str] = []
    for char in unicodedata.normalize("NFD", word.lower()):
        (tones if char in _TONES else letters).append(char)
    return unicodedata.normalize("NFC", "".join(letters)) + "".join(tones)


def lowered(text: str) -> str:
    """Return the text in lower case with every character in its place: "İ" would become two.

    >>> lowered("PAR INDEX của Hưng Yên")
    'par index của hưng yên'
    """
    low = text.lower()
    return low if len(low) == len(text) else "".join(one if len(one := char.lower()) == 1 else char for char in text)


def fold(text: str) -> str:
    """Return the key of a phrase: its folded words, one space apart, punctuation gone.

    >>> fold("Bà Rịa – Vũng Tàu") == fold("BÀ RỊA-VŨNG TÀU")
    True
    """
    return " ".join(fold_word(word) for word in _WORD.findall(unicodedata.normalize("NFC", text)))


@lru_cache(maxsize=65536)
def strip_marks(text: str) -> str:
    """Return the phrase without any diacritics, lower case, as slugs and English news write it.

    >>> strip_marks("Đắk Lắk")
    'dak lak'
    """
    decomposed = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    bare = "".join(c for c in decomposed if not unicodedata.combining(c))
    return _SPACES.sub(" ", " ".join(_WORD.findall(bare))).strip()
