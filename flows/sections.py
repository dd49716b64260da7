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
    table = connection.sql(sql).to_arrow_table()
    names = table.column_names
    return [dict(zip(names, row, strict=True)) for row in zip(*(column.to_pylist() for column in table.columns), strict=True)]
