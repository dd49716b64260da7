"""Ranking tables: what each column holds is read from its heading, each cell becomes a claim with its place."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from extract.article import Article, Table
from extract.discourse import in_year
from extract.flat import flat_tables
from extract.home import read_home
from extract.lexer import lex, strong_codes
from extract.mentions import Mention, Score, SubjectName, Year
from extract.scales import read_score
from extract.text import read_text
from normalize.claim import Claim, Measure
from normalize.numbers import NumberFormatError, parse_count, parse_number
from normalize.units import Unit

_RANK = re.compile(r"thứ hạng|xếp hạng|\bhạng\b|vị trí|^tt$|^stt$|^hạng$", re.IGNORECASE)
_ORDINAL = re.compile(r"^(?:tt|stt)$", re.IGNORECASE)
_SCORE = re.compile(r"điểm|chỉ số|kết quả|giá trị|%|index|tỷ lệ", re.IGNORECASE)
_SUBJECT = re.compile(r"tỉnh|thành phố|địa phương|đơn vị|cơ quan|tên|huyện|sở|bộ|ngành", re.IGNORECASE)
_MOVE = re.compile(r"tăng|giảm|thay đổi|so với", re.IGNORECASE)
_YEAR = re.compile(r"\b(20\d\d)\b")
_YEAR_ONLY = re.compile(r"\s*(?:năm)?\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Column:
    """What a column holds: subject, year, rank, score, or nothing of interest."""

    holds: str
    year: int | None


def read_tables(article: Article) -> Iterator[Claim]:
    """Yield the claims of an article's tables; index and year come from the headings or the text before."""
    for table in article.tables or flat_tables(article.text):
        if table.rows and table.spans:
            yield from _read_table(article, table)


def _read_table(article: Article, table: Table) -> Iterator[Claim]:
    columns = [_column(heading) for heading in table.rows[0]]
    before = article.text[max(0, table.spans[0][0][0] - 600) : table.spans[0][0][0]].strip()
    # The nearest text that names one index decides: the headings, the line above, what is above that, the title.
    nearest = [lex(text) for text in (" ".join(table.rows[0]), before.rsplit("\n", 1)[-1], before, article.title or "")]
    code = next((codes[0] for codes in map(strong_codes, nearest) if len(codes) == 1), None)
    if code is None:
        return
    mentions = [mention for reading in nearest for mention in reading]
    years = [m.payload.years[-1] for m in mentions if isinstance(m.payload, Year) and not m.payload.base and not m.payload.is_range]
    province = read_home(article.home).province
    for cells, spans in zip(table.rows[1:], table.spans[1:], strict=True):
        subject = _subject(cells, columns, province) or (_only_subject(mentions) if _by_year(columns) else None)
        year = _row_year(cells, columns)
        for cell, span, column in zip(cells, spans, columns, strict=False):
            claim_year = column.year or year or (years[0] if len(set(years)) == 1 else None)
            if subject is not None:
                yield from _cell(article, cell, span, column, _Row(code, subject, claim_year, province, spans[0][0], spans[-1][1]))


def _column(heading: str) -> Column:
    match = _YEAR.search(heading)
    year = int(match[1]) if match else None
    rest = _YEAR.sub("", heading)
    if _MOVE.search(rest):
        return Column("other", year)
    if year is None and re.fullmatch(r"\s*năm\s*", rest, re.IGNORECASE):
        return Column("year", None)
    if _RANK.search(rest) and not _ORDINAL.match(rest.strip()):
        return Column("rank", year)
    if _SCORE.search(rest) or (year is not None and _YEAR_ONLY.fullmatch(rest)):
        return Column("score", year)
    return Column("subject" if _SUBJECT.search(rest) else "other", year)


def _by_year(columns: list[Column]) -> bool:
    return any(column.holds == "year" for column in columns)


def _row_year(cells: tuple[str, ...], columns: list[Column]) -> int | None:
    for cell, column in zip(cells, columns, strict=False):
        if column.holds == "year" and _YEAR.fullmatch(cell.strip()):
            return int(cell)
    return None


def _subject(cells: tuple[str, ...], columns: list[Column], province: Unit | None) -> SubjectName | None:
    for cell, column in zip(cells, columns, strict=False):
        if column.holds == "subject":
            named = [m.payload for m in lex(cell, province, bare_districts=True) if isinstance(m.payload, SubjectName)]
            return named[0] if len(named) == 1 else None
    return None


def _only_subject(mentions: list[Mention]) -> SubjectName | None:
    named = list(dict.fromkeys(m.payload for m in mentions if isinstance(m.payload, SubjectName) and m.payload.subject_type == "province"))
    return named[0] if len(named) == 1 else None


@dataclass(frozen=True, slots=True)
class _Row:
    """What a row of a table is about, and where it stands."""

    index: str
    subject: SubjectName
    year: int | None
    province: Unit | None
    start: int
    end: int


def _cell(article: Article, cell: str, span: tuple[int, int], column: Column, row: _Row) -> Iterator[Claim]:
    index, subject, year, province = row.index, row.subject, row.year, row.province
    provincial = subject.subject_type in {"department", "district", "commune"}
    value: Decimal | None = None
    measure: Measure = "rank"
    of = None
    clean = read_text(cell).clean.strip()
    try:
        if column.holds == "rank":
            place, _, total = clean.partition("/")
            value = Decimal(parse_count(place.strip()))
            of = int(total) if total.strip().isdecimal() else None
        elif column.holds == "score":
            measure = "score"
            parse_number(clean.rstrip("% ").removesuffix("điểm").strip())
            value = read_score(Score(clean.rstrip("% ").removesuffix("điểm").strip(), None), index, None, provincial=provincial)
    except NumberFormatError:
        return
    if value is None:
        return
    name, unit_id = in_year(subject, year)
    yield Claim(
        article=article.id,
        index=index,
        level="provincial" if provincial else "national",
        authority=province.name if provincial and province is not None else None,
        subject=name,
        subject_type=subject.subject_type,
        subject_id=unit_id,
        year=year,
        measure=measure,
        value=value,
        value_high=None,
        qualifier="exact",
        unit="%" if "%" in clean else None,
        of=of,
        base_year=None,
        component=None,
        scope=None,
        modality="reported",
        evidence=article.text[row.start : row.end],
        start=row.start,
        end=row.end,
        value_start=span[0],
        value_end=span[1],
        year_reason="the table's heading or the text before it",
        rule=f"table.{measure}",
    )
