"""Reference tables: official values as a source of their own, with their quality."""

import csv
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from normalize.indices import indices
from normalize.statement import Statement, StatementError, read_statement

#: Qualities that count as official; X marks a value known to be wrong, C one that was derived.
_TRUSTED = {"", "A", "A-", "B"}
_COLUMNS = {"index", "year", "subject"}


class ReferenceTableError(ValueError):
    """Raised for a reference file without the columns it must have, naming the file."""


def read_reference(path: Path) -> Iterator[Statement]:
    """Yield the statements of a table with the columns index, year, subject and score, rank or both.

    Rows of quality X (known to be wrong) or C (derived) never count. Raises ReferenceTableError.
    """
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream)
        missing = _COLUMNS - set(reader.fieldnames or ())
        if missing:
            raise ReferenceTableError(f"{path}: no column {', '.join(sorted(missing))}")
        for number, row in enumerate(reader, start=2):
            if row.get("quality", "") not in _TRUSTED or row["index"] not in indices() or row.get("kind"):
                continue
            for measure in ("score", "rank"):
                if row.get(measure):
                    yield _statement(path, number, row, measure)


def _statement(path: Path, number: int, row: dict[str, str], measure: str) -> Statement:
    printed = Decimal(row[measure])
    record = {
        "article": f"{path.name}:{number}",
        "index": row["index"],
        "subject": row["subject"],
        "subject_type": row.get("subject_type") or "province",
        "year": row["year"],
        "measure": measure,
        "value": int(printed) if measure == "rank" else printed,
        "source": row.get("source_url") or path.name,
        "url": row.get("source_url"),
        "evidence": f"{row['subject']} {row['year']} {measure} {row[measure]}",
    }
    try:
        return read_statement(record, kind="official")
    except StatementError as error:
        raise ReferenceTableError(f"{path}:{number}: {error}") from error
