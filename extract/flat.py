"""Tables that lost their shape: one cell a line, or a numbered list run together."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from extract.article import Table
from extract.grid import spread
from normalize.lexicon import tokenize
from normalize.units import province_lexicon

# A row number, the name and one figure at least; more than six cells a row was never seen flattened.
_WIDTHS = range(3, 7)
_LEAST_ROWS = 3
_LEAST_LISTED = 5
_BAR = re.compile(r"\n[ \t]*\|[ \t]*(?=\n|$)")
_NUMBER = re.compile(r"(?<!\d)(\d{1,2})\s?[.)]\s?")
_RANKING = re.compile(r"xếp hạng|thứ hạng|bảng", re.IGNORECASE)
_PIPED_LINE = re.compile(r"(?:[^|\n]*\|){2,}[^|\n]*")
_PIPED_RULE = re.compile(r"[ \t|:-]+")
_NUMBERED_LINE = re.compile(
    r"\s*(\d{1,3})[.)]\s+(?P<name>[^\d\n:;(–-](?:[^\d\n:;(–]| – (?=[A-ZĐ])){2,60}?)(?=\s*(?:[-–](?! [A-ZĐ][^\W\d_])|[:;,(]|\d|$|đạt|với))"
)
#: "2. Đắk Lắk: 60,91 điểm (hạng 60)": the numbers count lines, not places.
_OWN_PLACE = re.compile(r"\b(?:hạng|thứ|vị trí)\s*\d", re.IGNORECASE)
_LEADERS = re.compile(r"xếp hạng|thứ hạng|bảng|dẫn đầu|đứng đầu|\btop\b|\btốp\b", re.IGNORECASE)
#: What a cell with figures holds: "68,20", "11/63", "+2,5", "88,1 %".
_FIGURES = re.compile(r"[+\-–]?\d+(?:[.,]\d+)?(?: ?[%/] ?\d*)?")
_BODY_NAME = re.compile(r"(?:Sở|Ban|Cục|Thanh tra|Văn phòng|Huyện|huyện|TP\.?|Thành phố|Thị xã|TX\.?|Xã|Phường|UBND) [^\d,;:]{2,60}$")
_LONGEST_NAME = 60
# How far before the list its heading may stand.
_HEADING_REACH = 120


class Cell(NamedTuple):
    """A cell's text and its place."""

    text: str
    start: int
    end: int


def flat_tables(text: str) -> tuple[Table, ...]:
    """Return the tables that stand in a plain text with their cells below each other, and its numbered lists."""
    cells = list(_cells(text))
    return (
        *_stacked(text, cells),
        *_named_rows(cells),
        *_piped(text),
        *_numbered(text),
        *_numbered_lines(text),
    )


def _piped(text: str) -> Iterator[Table]:
    """Find rows written "| 1 | Quảng Ninh | 70,36 |" or "1 | Quảng Ninh | 70,36", one a line."""
    rows: list[list[Cell]] = []
    for line in [*re.finditer(r"[^\n]+", text), None]:
        if line is not None and _PIPED_LINE.fullmatch(line[0]):
            if not _PIPED_RULE.fullmatch(line[0]):
                inner = line[0].strip(" \t").removeprefix("|").removesuffix("|")
                begins = line.start() + line[0].index(inner)
                rows.append([_trimmed(text, begins + m.start(), begins + m.end()) for m in re.finditer(r"(?:^|(?<=\|))[^|]*", inner)])
            continue
        width = max(map(len, rows), default=0)
        if len(rows) >= _LEAST_ROWS and all(len(row) == width for row in rows):
            yield Table(
                spread(tuple(tuple(c.text for c in row) for row in rows)), tuple(tuple((c.start, c.end) for c in row) for row in rows)
            )
        rows = []


def _trimmed(text: str, start: int, end: int) -> Cell:
    cell = text[start:end]
    lead = len(cell) - len(cell.lstrip())
    return Cell(cell.strip(), start + lead, start + lead + len(cell.strip()))


def _cells(text: str) -> Iterator[Cell]:
    """Yield the cells: what stands between lines of "|" where there are such, else line by line."""
    bars = [0, *(m.end() for m in _BAR.finditer(text)), len(text)]
    by_bars = len(bars) > 2 * _LEAST_ROWS
    edges = pairwise(bars) if by_bars else ((m.start(), m.end()) for m in re.finditer(r"[^\n]+", text))
    for start, end in edges:
        raw = text[start:end]
        body = raw.rstrip(" \t\n|")
        lead = len(body) - len(body.lstrip(" \t\n|"))
        if body.strip(" \t\n|"):
            yield Cell(" ".join(body[lead:].split()), start + lead, start + len(body))


def _stacked(text: str, cells: Sequence[Cell]) -> Iterator[Table]:
    """Find rows numbered 1, 2, 3 at equal distances; the cells before the first row are the headings."""
    at = 0
    while at < len(cells):
        width = next((w for w in _WIDTHS if _numbers(cells, at, w) >= _LEAST_ROWS), None)
        if width is None or at < width - 1:
            at += 1
            continue
        count = _numbers(cells, at, width)
        first = max(0, at - width)
        headings = list(cells[first:at])
        # Between lines of "|" the first heading carries all the text before the table: its last line is the heading.
        headings[:1] = [Cell(text[h.start : h.end].rsplit("\n", 1)[-1].strip(), h.start, h.end) for h in headings[:1]]
        rows = [headings, *(cells[at + n * width : at + (n + 1) * width] for n in range(count))]
        whole = [row for row in rows if len(row) == width]
        if len(whole) > _LEAST_ROWS:
            yield _table(whole)
        at += count * width


def _numbers(cells: Sequence[Cell], at: int, width: int) -> int:
    """Return how many cells at distances of `width` count 1, 2, 3 ..."""
    count = 0
    while at + count * width < len(cells):
        text = cells[at + count * width].text
        if not text.isdecimal() or int(text) != count + 1:
            break
        count += 1
    return count


def _named_rows(cells: Sequence[Cell]) -> Iterator[Table]:
    """Find rows without a number, each a name and its figures, below as many headings: "Tỉnh", "Điểm", "Hạng", "Lào Cai", "68,20", "11"."""
    at = 0
    while at < len(cells):
        width = _width_of_row(cells, at)
        count = 0
        while width and _width_of_row(cells, at + count * width) == width:
            count += 1
        headings = cells[at - width : at] if width and at >= width else ()
        if count >= _LEAST_ROWS and headings and not any(_FIGURES.fullmatch(cell.text) for cell in headings):
            rows = [headings, *(cells[at + n * width : at + (n + 1) * width] for n in range(count))]
            yield _table(rows)
        at += max(1, count * width)


def _width_of_row(cells: Sequence[Cell], at: int) -> int:
    """Return how many cells a row has that begins at `at` with a name and goes on with figures; 0 where none does."""
    if at >= len(cells) or not _is_name(cells[at].text):
        return 0
    end = at + 1
    while end < len(cells) and _FIGURES.fullmatch(cells[end].text):
        end += 1
    return end - at if 1 < end - at <= _WIDTHS[-1] else 0


def _is_name(text: str) -> bool:
    found = province_lexicon().match_at(text, tokenize(text), 0) if len(text) <= _LONGEST_NAME and text else None
    return bool(_BODY_NAME.match(text)) or (found is not None and found.start == 0 and found.end == len(text))


def _numbered(text: str) -> Iterator[Table]:
    """Find "1. Đà Nẵng2. Quảng Ninh3. Đồng Tháp ..." behind a heading that speaks of a ranking."""
    for line in re.finditer(r"[^\n]+", text):
        if len(_NUMBER.findall(line[0])) < _LEAST_LISTED:
            continue
        rows: list[tuple[Cell, Cell]] = []
        for match in _NUMBER.finditer(line[0]):
            name = _province_at(line[0], match.end())
            expected = not rows or int(match[1]) > int(rows[-1][0].text)
            if name is not None and expected:
                place = Cell(match[1], line.start() + match.start(1), line.start() + match.end(1))
                rows.append((place, Cell(name.text, line.start() + name.start, line.start() + name.end)))
        if len(rows) >= _LEAST_LISTED and _RANKING.search(text, max(0, rows[0][0].start - _HEADING_REACH), rows[0][0].start):
            heading = (Cell("Thứ hạng", rows[0][0].start, rows[0][0].start), Cell("Tỉnh, thành phố", rows[0][0].start, rows[0][0].start))
            yield _table([heading, *rows])


def _numbered_lines(text: str) -> Iterator[Table]:
    """Find lines "1. Quảng Ninh - 71,25 điểm", counted from 1, below a heading that speaks of a ranking."""
    rows: list[tuple[Cell, Cell]] = []
    for line in [*re.finditer(r"[^\n]+", text), None]:
        match = _NUMBERED_LINE.match(line[0]) if line and not _OWN_PLACE.search(line[0]) else None
        if line is not None and match is not None and int(match[1]) == len(rows) + 1:
            number = Cell(match[1], line.start() + match.start(1), line.start() + match.end(1))
            rows.append((number, Cell(match["name"].strip(), line.start() + match.start("name"), line.start() + match.end("name"))))
            continue
        if len(rows) >= _LEAST_ROWS and _LEADERS.search(text, max(0, rows[0][0].start - _HEADING_REACH), rows[0][0].start):
            yield _table(
                [(Cell("Thứ hạng", rows[0][0].start, rows[0][0].start), Cell("Đơn vị", rows[0][0].start, rows[0][0].start)), *rows]
            )
        rows = []


def _table(rows: Sequence[Sequence[Cell]]) -> Table:
    return Table(tuple(tuple(c.text for c in row) for row in rows), tuple(tuple((c.start, c.end) for c in row) for row in rows))


def _province_at(line: str, start: int) -> Cell | None:
    stretch = re.sub(r"\d.*", "", line[start : start + 40])
    match = province_lexicon().match_at(stretch, tokenize(stretch), 0) if stretch.strip() else None
    if match is None or match.start > 0 or match.entries[0].level != "province":
        return None
    return Cell(stretch[: match.end], start, start + match.end)
