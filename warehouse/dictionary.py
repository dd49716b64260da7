"""The data dictionary (dictionary.toml): it makes the tables, their comments, the documentation, and the release's descriptions.

python -m warehouse.dictionary > docs/dictionary.md
"""

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import duckdb

#: Counted up with every change that older code cannot read.
VERSION = 1


class SchemaError(Exception):
    """Raised for a warehouse that a newer chiso has made."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its SQL type, whether it is never null, and what it means in English and Vietnamese."""

    name: str
    type: str
    required: bool
    en: str
    vi: str


@dataclass(frozen=True, slots=True)
class Relation:
    """A table, view or table macro; `query` is None for tables, `parameters` None but for macros.

    Of a table that `grows` with the archive no index is kept: its keys are asked of what is added (warehouse/constraints.py).
    """

    name: str
    en: str
    vi: str
    columns: tuple[Column, ...]
    constraints: tuple[str, ...] = ()
    query: str | None = None
    parameters: tuple[str, ...] | None = None
    is_internal: bool = False
    grows: bool = False

    @property
    def kind(self) -> str:
        """Return what it is: table, view or macro."""
        return "table" if self.query is None else "view" if self.parameters is None else "macro"

    @property
    def keys(self) -> tuple[str, ...]:
        """Return its constraints that speak of other rows: primary, unique and foreign keys."""
        return tuple(constraint for constraint in self.constraints if not constraint.startswith("check"))


@cache
def dictionary() -> Mapping[str, Relation]:
    """Return all relations by name, in the order in which they are made."""
    declared = tomllib.loads(files("warehouse").joinpath("dictionary.toml").read_text(encoding="utf-8"))
    shared = declared.pop("shared")
    found: dict[str, Relation] = {}
    for name, entry in declared.items():
        columns = tuple(_column(column, {**shared.get(column, {}), **parts}) for column, parts in entry.get("columns", {}).items())
        if "like" in entry:
            columns = tuple(column for column in found[entry["like"]].columns if column.name != "known_to")
        found[name] = Relation(
            name=name,
            en=entry["en"],
            vi=entry["vi"],
            columns=columns,
            constraints=tuple(entry.get("constraints", ())),
            query=entry.get("view", entry.get("macro")),
            parameters=tuple(entry["parameters"]) if "macro" in entry else None,
            is_internal=entry.get("internal", False),
            grows=entry.get("grows", False),
        )
    return found


def _column(name: str, parts: Mapping[str, Any]) -> Column:
    return Column(name, parts["type"], parts.get("required", False), parts["en"], parts["vi"])


def is_current(connection: duckdb.DuckDBPyConnection) -> bool:
    """Tell whether the relations of a warehouse were made by this dictionary.

    Raises SchemaError for a warehouse that is newer than this code.
    """
    if "schema_version" not in tables_of(connection):
        return False
    ((version,),) = connection.execute("select max(version) from schema_version").fetchall()
    if version is not None and version > VERSION:
        raise SchemaError(f"made by a newer chiso (schema {version}, this one knows {VERSION}): update chiso")
    return _made_by(connection) == _digest()


def tables_of(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Return the names of the tables of a warehouse."""
    there = "select table_name from duckdb_tables() where database_name = current_database() and schema_name = 'main'"
    return {name for (name,) in connection.execute(there).fetchall()}


def build(connection: duckdb.DuckDBPyConnection) -> None:
    """Make all relations; those of an older lake get the columns that are new (a file is written anew: warehouse/store.py).

    Raises SchemaError for a warehouse that is newer than this code.
    """
    if is_current(connection):
        return
    known = tables_of(connection)
    ((kind,),) = connection.execute("select type from duckdb_databases() where database_name = current_database()").fetchall()
    for relation in dictionary().values():
        for statement in _statements(relation, connection if relation.name in known else None, in_lake=kind == "ducklake"):
            connection.execute(statement)
    connection.execute("delete from schema_version")
    connection.execute("insert into schema_version values (?, ?)", [VERSION, _digest()])


def _made_by(connection: duckdb.DuckDBPyConnection) -> str | None:
    """Return the hash of the dictionary that a warehouse was made by; None for those of before it was noted."""
    cursor = connection.execute("from schema_version")
    columns = [column[0] for column in cursor.description or ()]
    return next((dict(zip(columns, row, strict=True)).get("dictionary") for row in cursor.fetchall()), None)


@cache
def _digest() -> str:
    """Return the hash of what makes the relations: where it is the same, there is nothing to make."""
    package = files("warehouse")
    return hashlib.sha256(b"".join(package.joinpath(f"dictionary.{kind}").read_bytes() for kind in ("toml", "py"))).hexdigest()


def _statements(relation: Relation, connection: duckdb.DuckDBPyConnection | None, *, in_lake: bool) -> Iterator[str]:
    """Yield what makes a relation and says what it is; `connection` has an older form of it. A lake keeps no constraints."""
    name = relation.name
    if relation.query is not None:
        what = f"macro {name}({', '.join(relation.parameters)}) as table" if relation.parameters is not None else f"view {name} as"
        yield f"create or replace {what} {relation.query}"
    elif connection is None:
        lines = [f'"{c.name}" {c.type}{" not null" if c.required else ""}' for c in relation.columns]
        asked = relation.constraints if in_lake else relation.keys if relation.grows else ()
        kept = (constraint for constraint in relation.constraints if constraint not in asked)
        yield f"create table {name} ({', '.join((*lines, *kept))})"
    else:
        sql = "select column_name from duckdb_columns() where database_name = current_database() and table_name = ?"
        there = {column for (column,) in connection.execute(sql, [name]).fetchall()}
        # DuckDB adds no column that is never null.
        yield from (f'alter table {name} add column "{c.name}" {c.type}' for c in relation.columns if c.name not in there)
    if in_lake and relation.kind == "macro":
        return  # DuckLake has no comments on macros, nor on the columns of views
    kind = "macro table" if relation.kind == "macro" else relation.kind
    yield f"comment on {kind} {name} is {literal(relation.en)}"
    if relation.kind == "table" or (relation.kind == "view" and not in_lake):
        yield from (f'comment on column {name}."{c.name}" is {literal(c.en)}' for c in relation.columns)


def literal(value: str) -> str:
    """Return a text as SQL has it, for statements that take no parameters."""
    return "'" + value.replace("'", "''") + "'"
