"""The constraints that dictionary.toml declares, as queries: for a lake, which keeps none by itself, and for the doctor."""

import re
from collections.abc import Iterator

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
    found = []
    for relation in dictionary().values():
        if relation.kind == "table":
            for constraint, query in _queries(relation):
                ((count,),) = connection.execute(query).fetchall()
                if count:
                    found.append(f"{relation.name}: {count} rows break {constraint}")
    return found


def _queries(relation: Relation) -> Iterator[tuple[str, str]]:
    """Yield each constraint with the query that counts the rows which break it. Nulls break none, as in SQL."""
    for constraint in relation.constraints:
        if constraint.startswith("check"):
            yield constraint, f"select count(*) from {relation.name} where not {_matched(_CHECK, constraint)[1]}"  # noqa: S608 (our own names)
        elif constraint.startswith("foreign key"):
            columns, other, theirs = _matched(_REFERENCE, constraint).groups()
            there = f"(select {theirs} from {other})"  # noqa: S608
            yield constraint, f"select count(*) from {relation.name} where ({columns}) is not null and ({columns}) not in {there}"  # noqa: S608
        else:
            columns = _matched(_KEY, constraint)[1]
            of = f"select {columns}, count(*) as n from {relation.name} group by all having n > 1"  # noqa: S608
            yield constraint, f"select coalesce(sum(n - 1), 0)::bigint from ({of}) where ({columns.split(',')[0]}) is not null"  # noqa: S608


def _matched(pattern: re.Pattern[str], constraint: str) -> re.Match[str]:
    found = pattern.fullmatch(constraint)
    if found is None:
        raise ValueError(f"not a constraint of a form that is known: {constraint}")
    return found
