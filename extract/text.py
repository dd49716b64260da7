"""A clean reading of a damaged text, with the way back to the text as given.

Rules read `View.clean` (NFC, plain spaces, plain digits, no invisible marks); offsets go back through
`View.raw_span`, so that a claim always quotes the article exactly as it was printed.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

# Invisible marks that word processors leave inside words.
_DROPPED = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"), None)
# Spaces that are not a line's end; thin ones stand inside numbers.
_SPACES = dict.fromkeys(map(ord, "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u3000\t"), " ")
_FULL_WIDTH = {0xFF10 + n: str(n) for n in range(10)} | {0xFF0C: ",", 0xFF0E: ".", 0xFF05: "%", 0xFF0F: "/"}
_TABLE = _DROPPED | _SPACES | _FULL_WIDTH
#: A line with so many cells between tabs is the row of a table: its tabs are read as "|".
_LEAST_CELLS = 3
# A thin space inside a number groups or mars its digits; between words it is a space like any other.
_THIN = "[\u2006\u2007\u2008\u2009\u200a\u202f]"
_THIN_IN_NUMBER = re.compile(
    rf"(?<=[0-9]){_THIN}(?=[0-9]{{3}}(?![0-9])|[.,][0-9])|(?<![0-9.,/])[0-9]{{1,3}}[.,](?P<decimal>{_THIN})(?=[0-9]{{1,4}}\s?(?:điểm|%|/[0-9]))"
)
# Word processors leave a space behind the first consonants of a word that began a bold stretch: "t ăng", "C ải cách".
# Joined are only the words that rules and names turn on, and only where the rest is none of its own.
_BREAKABLE = frozenset(
    re.findall(
        r"\w+",
        "tăng giảm tụt xếp hạng đứng đạt điểm bậc thứ chỉ số cải cách hành chính tỉnh huyện năm nước vị trí nhóm dẫn đầu cuối "
        "trung bình mức cả lượt được thành phố kết quả lòng",
    )
)
# No Vietnamese word is made of consonants alone, so that one standing alone is rare, and looked at twice.
_ALONE = re.compile(r"\b(gi|[bcdđghklmnpqrstvx]{1,3})( )(\w+)", re.IGNORECASE)
_DAMAGED = re.compile("[\r" + "".join(map(chr, _TABLE)) + "]")
_GAP = re.compile(r"(?<= ) +|\r(?=\n)")


@dataclass(frozen=True, slots=True)
class View:
    """A clean text and, where it differs from the raw one, each code point's place in the raw text."""

    raw: str
    clean: str
    places: tuple[int, ...] | None

    def raw_span(self, start: int, end: int) -> tuple[int, int]:
        """Turn a span of the clean text into the span of the raw text that it was read from."""
        if self.places is None:
            return start, end
        return self.places[start], self.places[end]


def read_text(raw: str) -> View:
    r"""Return the clean view of a text.

    >>> view = read_text("88\u202f,34")
    >>> view.clean, view.raw_span(0, 5)
    ('88,34', (0, 6))
    """
    if unicodedata.is_normalized("NFC", raw) and not _DAMAGED.search(raw):
        return _joined(View(raw, raw, None))
    clean: list[str] = []
    places: list[int] = []
    tabs = set(_tabs_of_rows(raw))
    thin = {match.start("decimal") if match["decimal"] else match.start() for match in _THIN_IN_NUMBER.finditer(raw)}
    for start, cluster in _clusters(raw):
        for char in "" if start in thin else "|" if start in tabs else unicodedata.normalize("NFC", cluster.translate(_TABLE)):
            clean.append(char)
            places.append(start)
    places.append(len(raw))
    return _joined(View(raw, "".join(clean), tuple(places)))


def _tabs_of_rows(raw: str) -> Iterator[int]:
    """Yield the places of the tabs between cells of a table."""
    for line in re.finditer(r"[^\n]+", raw if "\t" in raw else ""):
        if sum(1 for cell in line[0].split("\t") if cell.strip()) >= _LEAST_CELLS:
            yield from (at for at in range(*line.span()) if raw[at] == "\t")


def _joined(view: View) -> View:
    """Take out the spaces that break a word in two, and all but one of a run of spaces."""
    left_out = {match.start(2) for match in _ALONE.finditer(view.clean) if (match[1] + match[3]).lower() in _BREAKABLE}
    left_out.update(at for match in _GAP.finditer(view.clean) for at in range(*match.span()))
    if not left_out:
        return view
    kept = [at for at in range(len(view.clean)) if at not in left_out]
    places = view.places if view.places is not None else range(len(view.raw) + 1)
    return View(view.raw, "".join(view.clean[at] for at in kept), (*(places[at] for at in kept), places[len(view.clean)]))


def _clusters(raw: str) -> list[tuple[int, str]]:
    """Cut a text into base characters with their combining marks, so that NFC can be done piece by piece."""
    starts = [i for i, char in enumerate(raw) if i == 0 or not unicodedata.combining(char)]
    return [(start, raw[start:end]) for start, end in zip(starts, [*starts[1:], len(raw)], strict=True)]
