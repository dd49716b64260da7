"""Read-only questions: no attach, no files, no network, whatever the SQL says."""

from pathlib import Path
from typing import Any

import duckdb

from warehouse.error import WarehouseError
from warehouse.file import open_to_read
from warehouse.lake import Lake, is_lake, refused_in


class QueryError(Exception):
    """Raised for SQL that DuckDB refuses; carries its message."""


def is_published(path: Path) -> bool:
    """Tell whether there is a warehouse to read."""
    return path.exists() and (not is_lake(path) or Lake.read(path).is_published())


def connect(path: Path) -> duckdb.DuckDBPyConnection:
    """Open the published warehouse for reading, closed to everything outside it."""
    if is_lake(path):
        return Lake.read(path).reading()
    if not path.exists():
        raise WarehouseError(f"no warehouse at {path}: run `chiso nightly` first, or give its folder with --data")
    return open_to_read(path, {"enable_external_access": "false", "lock_configuration": "true"})


def ask(path: Path, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Return column names and rows of one query."""
    with connect(path) as connection:
        try:
            if is_lake(path) and (what := refused_in(connection, sql)) is not None:
                raise QueryError(f"{what}: a lake answers questions only (select), and none to its catalogue; see docs/scale.md")
            cursor = connection.execute(sql)
            if cursor is None:
                raise QueryError("there is no statement in it")
            return [column[0] for column in cursor.description or ()], cursor.fetchall()
        except duckdb.Error as error:
            raise QueryError(str(error)) from error
