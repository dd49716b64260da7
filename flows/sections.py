"""Queries that belong to pages: files of SQL with a name before each query, and their rows as dictionaries."""

import re
from collections.abc import Mapping
from importlib.resources import files

import duckdb

from flows.figures import Row

_SECTION = re.compile(r"^-- section (\w+)\n(.*?);\n", re.MULTILINE | re.DOTALL)


def queries(package: str) -> Mapping[str, str]:
    """Return the queries of a package's sections.sql by name."""
    return dict(_SECTION.findall(files(package).joinpath("sections.sql").read_text(encoding="utf-8")))


def fetch(connection: duckdb.DuckDBPyConnection, sql: str) -> list[Row]:
    """Return the rows of a query."""
    cursor = connection.execute(sql)
    columns = [column[0] for column in cursor.description or ()]
    return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
