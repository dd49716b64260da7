"""Ranking tables: what each column holds is read from its headings, each cell becomes a claim with its place.

A row is about a province, a body, a field of the index ("Chi phí thời gian") or an index ("PAR INDEX | 87,12 | 15");
whatever the row does not say, the column's headings say, and then the text before the table.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise

from extract.article import Article, Table
from extract.discourse import era, in_year
from extract.flat import flat_tables
from extract.home import read_home
from extract.lexer import lex, strong_codes
from extract.mentions import LOCAL, ComponentName, Mention, Score, SubjectName, Year
from extract.scales import read_score
from extract.text import View, read_text
from normalize.claim import Claim, Measure
from normalize.indices import indices
from normalize.numbers import NumberFormatError, parse_count, parse_number
from normalize.units import Unit

_ORDINAL = re.compile(r"\s*(?:tt|stt|số tt)\s*", re.IGNORECASE)
_RANK = re.compile(r"thứ hạng|xếp hạng|xếp thứ|\bhạng\b|vị trí|vị thứ|\branks?\b|ranking", re.IGNORECASE)
_SCORE = re.compile(r"điểm|chỉ số|kết quả|giá trị|%|index|tỷ lệ|score|points|\bp[ac][ipr]+\b|sipas|\bdti\b|ddci", re.IGNORECASE)
_SUBJECT = re.compile(
    r"tỉnh|thành phố|địa phương|đơn vị|cơ quan|tên|huyện|\bsở\b|\bbộ\b|ngành|\bxã\b|"
    r"nội dung|lĩnh vực|tiêu chí|thành phần|provinces?|localit",
    re.IGNORECASE,
)
_MOVE = re.compile(r"tăng|giảm|thay đổi|so với|chênh lệch|biến động|\+\s*/\s*-|change", re.IGNORECASE)
_PLACES = re.compile(r"bậc|hạng|vị trí|places", re.IGNORECASE)
_POINTS = re.compile(r"điểm|%|points", re.IGNORECASE)
#: Beside a total, other points are parts of it; these are never a result.
_TOTAL = re.compile(r"\btổng\b", re.IGNORECASE)
_NO_RESULT = re.compile(r"\btự (?:chấm|đánh giá)|tối đa|\bchuẩn\b|điểm (?:trừ|thưởng|cộng)|điều tra|khảo sát|\bxhh\b", re.IGNORECASE)
_YEAR = re.compile(r"\b(20\d\d)\b")
_BASE = re.compile(r"so (?:với )?(?:năm )?(20\d\d)", re.IGNORECASE)
_YEAR_ONLY = re.compile(r"\s*(?:năm)?\s*", re.IGNORECASE)
_NUMBER = re.compile(r"[+\-−–]?\s?\d+(?:[.,]\d+)?\s?(?:%|điểm)?|\d+\s?/\s?\d+")
# "(1) | (2) | (3)": the numbers of the columns.
_NUMBERED = re.compile(r"\(?(?:\d{1,2}|[A-Z])\)?(?:\s?=.*)?")
_CHANGE = re.compile(
    r"(?P<sign>[+\-−–▲▼↑↓]|tăng|giảm)?\s*(?P<amount>\d+(?:[.,]\d+)?)\s*(?:bậc|hạng|điểm|%)?\s*(?P<arrow>[▲▼↑↓])?", re.IGNORECASE
)
#: Two figures in one cell: "79,97 (hạng 63)".
_SCORE_AND_PLACE = re.compile(
    r"\s*(?P<score>\d+[.,]\d+\s?(?:%|điểm)?)\s*"
    r"\((?:xếp |đứng )?(?:hạng|thứ|thứ hạng|vị trí)(?: thứ)? (?P<rank>\d{1,3}(?:\s?/\s?\d{2,3})?)\)\s*",
    re.IGNORECASE,
)
_UPWARD = {"+", "▲", "↑", "tăng"}
_DOWNWARD = {"-", "−", "–", "▼", "↓", "giảm"}
_AVERAGE = re.compile(
    r"(?:giá trị |điểm |chỉ số )?(?:trung bình|bình quân)(?: (?:chung|cả nước|toàn quốc))?|cả nước|toàn quốc", re.IGNORECASE
)
# Before a table, in which no column gives the places, these words say that its rows stand in order.
_IN_ORDER = re.compile(r"xếp hạng|thứ tự|từ cao (?:xuống|đến) thấp", re.IGNORECASE)
_LEAST_IN_ORDER = 5
_CONTEXT = 600
_LEAST_YEARS = 2


@dataclass(frozen=True, slots=True)
class Column:
    """What a column holds: subject, year, rank, score, rank_delta, score_delta, move (of what its neighbour holds), or other."""

    holds: str
    year: int | None = None
    base: int | None = None
    index: str | None = None
    component: str | None = None


@dataclass(frozen=True, slots=True)
class _Row:
    """What a row of a table is about, and where it stands."""

    subject: SubjectName
    index: str
    component: str | None
    year: int | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Context:
    """What holds for a whole table: the index and year that its headings or the text before name, and the home province."""

    article: Article
    index: str
    year: int | None
    province: Unit | None
    only_subject: SubjectName | None


def read_tables(article: Article, view: View) -> Iterator[Claim]:
    """Yield the claims of an article's tables; index and year come from the headings or the text before."""
    for table in article.tables or (_as_given(table, view) for table in flat_tables(view.clean)):
        if table.rows and table.spans:
            yield from _read_table(article, table)


def _lies(table: Table) -> bool:
    """Tell whether the columns of a table are years, and its rows scores and places."""
    head, *data = table.rows
    return (
        len(head) > _LEAST_YEARS
        and all(_YEAR.search(cell) and _YEAR_ONLY.fullmatch(_YEAR.sub("", cell)) for cell in head[1:])
        and all(len(row) == len(head) and (_RANK.search(row[0]) or _POINTS.search(row[0])) for row in data)
        and any(_RANK.search(row[0]) for row in data)
    )


def _turned(table: Table) -> Table:
    """Return a table that lies with a row a year."""
    measures, *years = zip(*table.rows, strict=True)
    rows = (("Năm", *measures[1:]), *((_YEAR.findall(year)[0], *cells) for year, *cells in years))
    return Table(rows, tuple(zip(*table.spans, strict=True)))


def _as_given(table: Table, view: View) -> Table:
    """Return a table found in the clean text with the places of its cells in the text as given."""
    return Table(table.rows, tuple(tuple(view.raw_span(start, end) for start, end in row) for row in table.spans))


def _read_table(article: Article, table: Table) -> Iterator[Claim]:
    lies = _lies(table)
    table = _turned(table) if lies else table
    heads = _heading_rows(table)
    headings = _headings(table.rows[:heads])
    start = table.spans[0][0][0]
    before = read_text(article.text[max(0, start - _CONTEXT) : start]).clean.strip()
    # The nearest text that names one index decides: the headings, the line above, what is above that, the title.
    nearest = [lex(text) for text in (" ; ".join(dict.fromkeys(headings)), before.rsplit("\n", 1)[-1], before, article.title or "")]
    named = [codes for codes in map(strong_codes, nearest) if codes]
    data = [(row, spans) for row, spans in zip(table.rows[heads:], table.spans[heads:], strict=True) if not _all_numbered(row)]
    row_codes = {code for cells, _ in data for code in _row_codes(cells)}
    code = next((codes[0] for codes in named if len(codes) == 1), min(row_codes, default=None)) or _least_of_columns(headings)
    if code is None:
        return
    mentions = [mention for reading in nearest for mention in reading]
    years = {m.payload.years[-1] for m in mentions if isinstance(m.payload, Year) and not m.payload.base and not m.payload.is_range}
    province = read_home(article.home).province
    context = _Context(
        article=article,
        index=code,
        year=years.pop() if len(years) == 1 else None,
        province=province,
        only_subject=_only_subject(mentions),
    )
    columns = _columns(headings, context.index)
    in_order = bool(_IN_ORDER.search(before[-200:] + " " + (article.title or ""))) and not any(c.holds == "rank" for c in columns)
    rows = [(row, cells, spans) for cells, spans in data if (row := _row(cells, spans, columns, context)) is not None]
    for row, cells, spans in rows:
        for n, (cell, span, column) in enumerate(zip(cells, spans, columns, strict=False)):
            # What is quoted is a row as it is printed.
            told = replace(row, start=table.spans[0][n][0], end=table.spans[-1][n][1]) if lies else row
            yield from _cell(cell, span, column, told, context, _places(cells, columns))
    if in_order:
        yield from _places_by_order(rows, columns, context)


# -- headings -------------------------------------------------------------------------------------------------------


def _least_of_columns(headings: Sequence[str]) -> str | None:
    """Return an index where every column of scores or places names its own, so that none takes it from there."""
    columns = [column for column in _columns(headings, "") if column.holds in {"score", "rank"}]
    return min((c.index for c in columns if c.index is not None), default=None) if all(c.index for c in columns) else None


def _heading_rows(table: Table) -> int:
    """Return how many rows stand above the figures: a heading can have two ("Năm 2023" above "Điểm" and "Hạng")."""
    count = 1
    while count < len(table.rows) - 1 and not any(
        _NUMBER.fullmatch(c.strip()) and not _YEAR.fullmatch(c.strip()) for c in table.rows[count]
    ):
        count += 1
    return count if count < len(table.rows) - 1 else 1


def _headings(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Return each column's headings from top to bottom in one text."""
    width = max(map(len, rows))
    columns = [[row[n].strip() for row in rows if n < len(row)] for n in range(width)]
    return [" ".join(dict.fromkeys(filter(None, column))) for column in columns]


def _all_numbered(row: tuple[str, ...]) -> bool:
    return all(_NUMBERED.fullmatch(cell.strip()) for cell in row)


def _columns(headings: Sequence[str], index: str) -> list[Column]:
    columns = [_column(heading, index) for heading in headings]
    total_years = {c.year for c, heading in zip(columns, headings, strict=True) if c.holds == "score" and _TOTAL.search(heading)}
    for n, column in enumerate(columns):
        of_whole = column.holds == "score" and column.component is None and column.index is None and not _TOTAL.search(headings[n])
        if of_whole and (column.year in total_years or _NO_RESULT.search(headings[n])):
            columns[n] = replace(column, holds="other")
        if column.holds == "move":  # "Tăng/giảm" alone is of what stands to its left
            left = next((c.holds for c in reversed(columns[:n]) if c.holds in {"rank", "score"}), None)
            years = sorted({c.year for c in columns[:n] if c.year is not None and c.holds in {"rank", "score"}})
            # "Năm 2021 | Năm 2022 | Tăng/giảm"
            of, base = (years[-1], years[0]) if column.year is None and len(years) == _LEAST_YEARS else (column.year, column.base)
            columns[n] = Column(f"{left}_delta" if left else "other", of, base, column.index, column.component)
    if not any(column.holds == "subject" for column in columns):
        first = next((n for n, c in enumerate(columns) if c.holds == "other" and not _ORDINAL.fullmatch(headings[n])), None)
        if first is not None:
            columns[first] = Column("subject")
    return columns


def _column(heading: str, index: str) -> Column:
    base = _BASE.search(heading)
    years = [int(year) for year in _YEAR.findall(_BASE.sub("", heading))]
    year = years[0] if len(set(years)) == 1 else None
    rest = _YEAR.sub("", heading)
    mentions = lex(heading)
    codes = strong_codes(mentions)
    named = codes[0] if len(codes) == 1 else None
    component = next(
        (m.payload.name for m in mentions if isinstance(m.payload, ComponentName) and (named or index) in m.payload.codes), None
    )
    if _MOVE.search(rest):
        holds = "rank_delta" if _PLACES.search(rest) else "score_delta" if _POINTS.search(rest) else "move"
        return Column(holds, year, int(base[1]) if base else None, named, component)
    if year is None and re.fullmatch(r"\s*năm\s*", rest, re.IGNORECASE):
        return Column("year")
    if _ORDINAL.fullmatch(rest):
        return Column("other")
    if _RANK.search(rest):
        return Column("rank", year, None, named, component)
    if _SUBJECT.search(rest) and not component and not named:
        return Column("subject", year)
    if _SCORE.search(rest) or component or named or (year is not None and _YEAR_ONLY.fullmatch(rest)):
        return Column("score", year, None, named, component)
    return Column("other", year)


# -- rows -----------------------------------------------------------------------------------------------------------


def _row_codes(cells: tuple[str, ...]) -> list[str]:
    """Return the index that a row is about, where its first words name one."""
    first = next((cell for cell in cells if any(char.isalpha() for char in cell)), "")
    codes = strong_codes(lex(first))
    return codes if len(codes) == 1 else []


def _row(cells: tuple[str, ...], spans: tuple[tuple[int, int], ...], columns: Sequence[Column], context: _Context) -> _Row | None:
    index = next(iter(_row_codes(cells)), context.index)
    shown = next((cell for cell, column in zip(cells, columns, strict=False) if column.holds == "subject"), "")
    mentions = lex(shown, context.province, bare_districts=True)
    named = [m.payload for m in mentions if isinstance(m.payload, SubjectName)]
    component = next((m.payload.name for m in mentions if isinstance(m.payload, ComponentName) and index in m.payload.codes), None)
    if len(named) == 1 and component is None:
        subject: SubjectName | None = named[0]
    elif _AVERAGE.fullmatch(shown.strip()):
        subject = SubjectName("aggregate", "63 tỉnh")
    elif component is not None or _row_codes(cells) or any(column.holds == "year" for column in columns):
        subject = context.only_subject
    else:
        subject = None
    if subject is None:
        return None
    year = next((int(c) for c, column in zip(cells, columns, strict=False) if column.holds == "year" and _YEAR.fullmatch(c.strip())), None)
    return _Row(subject, index, component, year, spans[0][0], spans[-1][1])


def _only_subject(mentions: list[Mention]) -> SubjectName | None:
    named = list(dict.fromkeys(m.payload for m in mentions if isinstance(m.payload, SubjectName) and m.payload.subject_type == "province"))
    return named[0] if len(named) == 1 else None


def _places(cells: tuple[str, ...], columns: Sequence[Column]) -> dict[int, int]:
    """Return the places of a row by year, with which the sign of a change can be checked."""
    return {
        column.year: int(cell)
        for cell, column in zip(cells, columns, strict=False)
        if column.holds == "rank" and column.year is not None and cell.strip().isdecimal()
    }


# -- cells ----------------------------------------------------------------------------------------------------------


def _cell(cell: str, span: tuple[int, int], column: Column, row: _Row, context: _Context, places: dict[int, int]) -> Iterator[Claim]:
    if column.holds == "score" and "(" in cell:
        view = read_text(context.article.text[slice(*span)])
        both = _SCORE_AND_PLACE.fullmatch(view.clean)
        if both is not None:
            for holds in ("score", "rank"):
                start, end = view.raw_span(*both.span(holds))
                yield from _cell(both[holds], (span[0] + start, span[0] + end), replace(column, holds=holds), row, context, places)
            return
    clean = read_text(cell).clean.strip()
    index = column.index or row.index
    component = column.component or row.component
    local = row.subject.subject_type in LOCAL
    year = column.year or row.year or context.year
    value: Decimal | None = None
    of = None
    holds = column.holds
    if holds.endswith("_delta") and (_PLACES.search(clean) or _POINTS.search(clean)):  # "tăng 12 bậc" says itself of what
        holds = "rank_delta" if _PLACES.search(clean) else "score_delta"
    try:
        match holds:
            case "rank":
                place, _, total = clean.partition("/")
                value = Decimal(parse_count(place.strip()))
                of = int(total) if total.strip().isdecimal() else None
            case "score":
                number = clean.rstrip("% ").removesuffix("điểm").strip()
                parse_number(number)
                value = read_score(Score(number, None), index, component, provincial=local)
            case "rank_delta" | "score_delta":
                value = _change(clean, replace(column, holds=holds), year, places)
    except NumberFormatError:
        return
    if value is not None:
        yield _claim(value, span, holds, _Row(row.subject, index, component, year, row.start, row.end), context, of=of, base=column.base)


def _change(text: str, column: Column, year: int | None, places: dict[int, int]) -> Decimal | None:
    """Read a change; a bare number says no direction, unless the places of both years are in the row."""
    match = _CHANGE.fullmatch(text)
    if match is None:
        return None
    amount = parse_number(match["amount"], Decimal(100))
    sign = (match["sign"] or match["arrow"] or "").lower()
    before, after = places.get(column.base or (year or 0) - 1), places.get(year or 0)
    if column.holds == "rank_delta" and before is not None and after is not None:
        return Decimal(before - after) if abs(before - after) == amount and amount else None
    if not amount or sign not in _UPWARD | _DOWNWARD:
        return None
    return amount if sign in _UPWARD else -amount


def _places_by_order(
    rows: Sequence[tuple[_Row, tuple[str, ...], tuple[tuple[int, int], ...]]], columns: Sequence[Column], context: _Context
) -> Iterator[Claim]:
    """Give each row the place it stands in, where the text says that the table is in order and its scores fall.

    Of scores of several years it stays open by which of them the rows are in order.
    """
    totals = [n for n, column in enumerate(columns) if column.holds == "score" and column.component is None]
    at = totals[0] if len(totals) == 1 else None
    if at is None or len(rows) < _LEAST_IN_ORDER or len({row.subject.subject_type for row, _, _ in rows}) > 1:
        return
    try:
        scores = [parse_number(cells[at].strip().rstrip("% "), Decimal(100)) for _, cells, _ in rows]
    except (NumberFormatError, IndexError):
        return
    if all(above > below for above, below in pairwise(scores)):
        for place, (row, _, spans) in enumerate(rows, start=1):
            year = columns[at].year or row.year or context.year
            yield _claim(Decimal(place), spans[at], "rank", replace(row, year=year), context, rule="table.order")


def _claim(
    value: Decimal,
    span: tuple[int, int],
    measure: str,
    row: _Row,
    context: _Context,
    *,
    of: int | None = None,
    base: int | None = None,
    rule: str | None = None,
) -> Claim:
    subject_type = row.subject.subject_type
    local = subject_type in LOCAL or indices()[row.index].level == "provincial"
    name, unit_id = in_year(row.subject, era(row.index, row.year))
    mean = subject_type == "aggregate" and measure == "score"
    shown = context.article.text[span[0] : span[1]]
    return Claim(
        article=context.article.id,
        index=row.index,
        level="provincial" if local else "national",
        authority=context.province.name if local and context.province is not None else None,
        subject=name,
        subject_type=subject_type,
        subject_id=unit_id,
        year=row.year,
        measure=_MEASURES["score_mean" if mean else measure],
        value=value,
        value_high=None,
        qualifier="exact",
        unit="%" if "%" in shown else None,
        of=of,
        base_year=base,
        component=row.component,
        scope=None,
        modality="reported",
        evidence=context.article.text[row.start : row.end],
        start=row.start,
        end=row.end,
        value_start=span[0],
        value_end=span[1],
        year_reason="the table's headings or the text before it",
        rule=rule or f"table.{measure}",
    )


_MEASURES: dict[str, Measure] = {
    "rank": "rank",
    "score": "score",
    "score_mean": "score_mean",
    "rank_delta": "rank_delta",
    "score_delta": "score_delta",
}
