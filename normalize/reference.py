"""Reference tables: published values as sources of their own, with their quality and origin.

The tables that ship with the project are data/official_values.csv (totals, places and components of PCI, PAPI, DTI,
PAR INDEX, SIPAS and others) with data/official_origins.csv; `chiso reference add` brings others of the same columns.
"""

import csv
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import cache
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit

from normalize.indices import indices
from normalize.statement import Statement, StatementError, read_statement
from normalize.tables import rows

#: What a table's quality makes of its rows. A: the publisher's own table; B: a published list as the press
#: prints it, which is a source like another; C (derived) and X (known to be wrong) never count.
KINDS = {"": "official", "A": "official", "A-": "official", "B": "table"}
_NEVER = {"C", "X"}
#: What a table's score is of: one subject's own, or a region's or block's mean, least, most or median.
_SCORES = ("score", "score_mean", "score_min", "score_max", "score_median")
_COLUMNS = {"index", "year", "subject"}
SHIPPED = "official_values.csv"


class ReferenceTableError(ValueError):
    """Raised for a reference file that cannot be read, naming the file and the line."""


def read_reference(path: Path) -> Iterator[Statement]:
    """Yield the statements of a table with the columns index, year, subject and score, rank or both.

    Further columns that count: measure (score where it is empty), subject_type,
    component, of, quality (A, A-, B; C and X are left out), source_url.
    Raises ReferenceTableError.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ReferenceTableError(f"{path}: not UTF-8: {error.reason} at byte {error.start}") from error
    yield from _read(path.name, str(path), text)


@cache
def shipped() -> tuple[Statement, ...]:
    """Return the statements of the tables that ship with the project."""
    text = files("normalize").joinpath("data", SHIPPED).read_text(encoding="utf-8")
    return tuple(_read(SHIPPED, SHIPPED, text))


def _read(name: str, place: str, text: str) -> Iterator[Statement]:
    reader = csv.DictReader(text.splitlines())
    missing = _COLUMNS - set(reader.fieldnames or ())
    if missing:
        raise ReferenceTableError(f"{place}: no column {', '.join(sorted(missing))}")
    if not {"score", "rank"} & set(reader.fieldnames or ()):
        raise ReferenceTableError(f"{place}: neither a column score nor a column rank")
    origins = {row["origin"]: row["source"] for row in rows("official_origins")} if "origin" in (reader.fieldnames or ()) else {}
    for number, row in enumerate(reader, start=2):
        quality = (row.get("quality") or "").strip()
        if quality in _NEVER or (row.get("kind") or "value") != "value":
            continue
        if quality not in KINDS:
            raise ReferenceTableError(f"{place}:{number}: unknown quality {quality!r}; known: A, A-, B, C, X")
        if row["index"] not in indices():
            raise ReferenceTableError(f"{place}:{number}: unknown index {row['index']!r}; known: {', '.join(indices())}")
        origin = origins.get(row.get("origin") or "") or row.get("source_url") or name
        of_score = row.get("measure") or "score"
        if of_score not in _SCORES:
            raise ReferenceTableError(f"{place}:{number}: unknown measure {of_score!r}; known: {', '.join(_SCORES)}")
        for column, measure in (("score", of_score), ("rank", "rank")):
            if row.get(column):
                yield _statement(name, f"{place}:{number}", number, row, (column, measure), origin, KINDS[quality])


def _statement(
    name: str, place: str, number: int, row: dict[str, str], column_and_measure: tuple[str, str], origin: str, kind: str
) -> Statement:
    column, measure = column_and_measure
    try:
        printed = Decimal(row[column])
    except InvalidOperation as error:
        raise ReferenceTableError(f"{place}: {column} {row[column]!r} is no number") from error
    decimals = indices()[row["index"]].decimals
    if measure == "score" and not row.get("component") and len(row[column].partition(".")[2]) > decimals:
        # Data sets carry more digits than were ever published: 73,3965 is the 73,40 of the announcement.
        printed = printed.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    url = origin if urlsplit(origin).scheme in {"http", "https"} else None
    record = {
        "article": f"{name}:{number}",
        "index": row["index"],
        "subject": row["subject"],
        "subject_type": row.get("subject_type") or "province",
        "component": row.get("component") or None,
        "year": row["year"],
        "measure": measure,
        "value": printed,
        "of": int(row["of"]) if measure == "rank" and row.get("of") else None,
        "source": (urlsplit(origin).hostname or origin) if kind != "official" else f"{name} ({urlsplit(origin).hostname or origin})",
        "url": url,
        "evidence": f"{row['subject']} {row['year']} {measure} {row[column]}",
    }
    try:
        return read_statement(record, kind=kind, cluster=f"{name} {origin}")
    except StatementError as error:
        raise ReferenceTableError(f"{place}: {error}") from error
