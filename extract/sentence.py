"""Paragraphs and sentences with their places. The only import of underthesea."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from extract.rules.patterns import LOWER, UPPER

# underthesea takes a third of a second to import; a text without a full stop inside does not need it.
_INNER_STOP = re.compile(r"[.!?…]\s+\S")
# "10,02%Các sở", "92,1 điểm.PAR INDEX": two sentences that lost the space between them; the break is before the capital.
_GLUED = re.compile(rf"(?<=\d%|[{LOWER}]\.)(?<!Tp\.)(?=[{UPPER}][{UPPER}{LOWER} ])")
# A stop that ends a short form, not a sentence: "TX. An Khê", "H. Yên Châu", "ThS. Nguyễn", or numbers a list: "; 2. Thái
# Nguyên"; but "51/63 tỉnh, TP." ends one.
_SHORTENED = re.compile(
    r"(?:^|(?<!tỉnh,)[ (,;\-–])(?:TX|Tx|TT|Tt|TP|Tp|H|Q|P|X|Th\.?S|T\.?S|GS|PGS|BS|KS|LS|Đ/c|đ/c|No|vs|v\.v|(?<=[;:] )\d{1,2})\.$"
)
# Where underthesea sees no end: "51/63 tỉnh, TP. Trong đó", "from 28th to 8th. With".
_UNSEEN = re.compile(rf"(?<=tỉnh, TP\.) (?=[{UPPER}][{LOWER}]+ [{LOWER}])|(?<=\d(?:st|nd|rd|th)\.) (?=[{UPPER}])")
# The longest sentence in the development articles has 1,100 characters; lists run to twice that.
_LONGEST = 4000


class Span(NamedTuple):
    """A stretch of text: the text itself and where it begins."""

    text: str
    start: int


def lines(text: str) -> Iterator[Span]:
    """Yield the non-empty lines of a text; a line is a paragraph, a caption, a bullet or a table row."""
    position = 0
    for line in text.split("\n"):
        if line.strip():
            yield Span(line, position)
        position += len(line) + 1


def sentences(line: Span) -> list[Span]:
    """Cut a line into sentences, each a stretch of the line.

    underthesea knows "TP. Hồ Chí Minh" and "QĐ-UBND."; it returns bare strings, so each is looked up
    behind the one before it.
    """
    return [piece for stretch in _unglued(line) for part in _tokenized(stretch) for piece in _bounded(part)] or [line]


def _bounded(sentence: Span) -> Iterator[Span]:
    """Cut what no person would write as one sentence, so that the cost of reading stays linear in the text."""
    text, start = sentence
    while len(text) > _LONGEST:
        cut = text.rfind(" ", 1, _LONGEST)
        cut = cut if cut > 0 else _LONGEST
        yield Span(text[:cut], start)
        text, start = text[cut:], start + cut
    yield Span(text, start)


def _unglued(line: Span) -> Iterator[Span]:
    cuts = [0, *(m.start() for m in _GLUED.finditer(line.text)), len(line.text)]
    for start, end in pairwise(cuts):
        yield Span(line.text[start:end], line.start + start)


def _tokenized(line: Span) -> Iterator[Span]:
    if not _INNER_STOP.search(line.text):
        yield line
        return
    from underthesea import sent_tokenize  # noqa: PLC0415 (see _INNER_STOP)

    begin = position = 0
    for sentence in (part for whole in sent_tokenize(line.text) for part in _UNSEEN.split(whole)):
        found = line.text.find(sentence, position)
        if found < 0:  # underthesea changed a character: keep the rest whole rather than guess
            break
        position = found + len(sentence)
        if not _SHORTENED.search(line.text, begin, position):
            yield _trimmed(line, begin, position)
            begin = position
    if line.text[begin:].strip():
        yield _trimmed(line, begin, len(line.text))


def _trimmed(line: Span, begin: int, end: int) -> Span:
    text = line.text[begin:end]
    return Span(text.strip(), line.start + begin + len(text) - len(text.lstrip()))
