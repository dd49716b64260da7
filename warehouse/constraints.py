"""The constraints that dictionary.toml declares, as queries: for a lake, which keeps none by itself, and for tables that grow."""

import re
from collections.abc import Iterable

import duckdb

from warehouse.dictionary import Relation, dictionary

_KEY = re.compile(r"(?:primary key|unique) \((.+)\)")
_REFERENCE = re.compile(r"foreign key \((.+)\) references (\w+) \((.+)\)")
_CHECK = re.compile(r"check (\(.+\))", re.DOTALL)


def key_of(table: str) -> tuple[str, ...]:
    """Return the columns of a table's primary key, quoted."""
    declared = next(text for text in dictionary()[table].constraints if text.startswith("primary key"))
    return tuple(f'"{name.strip().strip(chr(34))}"' for name in _matched(_KEY, declared)[1].split(","))


def violations(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Return which declared constraints of tables the rows break, with how many rows break each."""
    tables = (relation for relation in dictionary().values() if relation.kind == "table")
    return [said for relation in tables for said in _broken(connection, relation.name, relation.constraints, relation.name)]


def broken_keys(connection: duckdb.DuckDBPyConnection, relation: Relation, rows: str) -> list[str]:
    """Return which keys of a table the rows of the relation `rows` break among themselves, or with the tables that they refer to."""
    return _broken(connection, relation.name, relation.keys, rows)


def _broken(connection: duckdb.DuckDBPyConnection, table: str, constraints: Iterable[str], rows: str) -> list[str]:
    found = []
    for constraint in constraints:
        ((count,),) = connection.execute(_query(constraint, rows)).fetchall()
        if count:
            found.append(f"{table}: {count} rows break {constraint}")
    return found


def _query(constraint: str, rows: str) -> str:
    """Return the query that counts the rows which break a constraint. Nulls break none, as in SQL."""
    if constraint.startswith("check"):
        return f"select count(*) from {rows} where not {_matched(_CHECK, constraint)[1]}"  # noqa: S608 (our own names)
    if constraint.startswith("foreign key"):
        columns, other, theirs = _matched(_REFERENCE, constraint).groups()
        pairs = list(zip(columns.split(", "), theirs.split(", "), strict=True))
        same = " and ".join(f"r.{a} = o.{b}" for a, b in pairs)
        is_given = " and ".join(f"r.{a} is not null" for a, _ in pairs)
        # An anti-join asks a few rows of a large table, where `not in` would put the large one into memory.
        return f"select count(*) from {rows} r anti join {other} o on {same} where {is_given}"  # noqa: S608
    columns = _matched(_KEY, constraint)[1]
    of = f"select {columns}, count(*) as n from {rows} group by all having n > 1"  # noqa: S608
    return f"select coalesce(sum(n - 1), 0)::bigint from ({of}) where ({columns.split(',')[0]}) is not null"  # noqa: S608


def _matched(pattern: re.Pattern[str], constraint: str) -> re.Match[str]:
    found = pattern.fullmatch(constraint)
    if found is None:
        raise ValueError(f"not a constraint of a form that is known: {constraint}")
    return found
