"""Loading and publishing: a night is loaded into a copy, which then replaces the published file in one step.

DuckDB lets one process write or many read, so nobody ever opens the published file for writing. A reader who has
it open goes on with the old file; a new reader sees the new one; a crash leaves the old one.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from warehouse.constraints import broken_keys, key_of, violations
from warehouse.dictionary import SchemaError, build, dictionary, is_current, literal, tables_of
from warehouse.error import WarehouseError
from warehouse.file import copy, open_to_read, open_to_write, take_over
from warehouse.lake import Lake, is_lake

#: How DuckDB says that a file could not be written: at once, or when it puts what is in memory into the file, for which it needs some.
_NO_WRITING = (duckdb.IOException, duckdb.FatalException, duckdb.OutOfMemoryException, duckdb.TransactionException)
#: A night gives DuckDB this much memory a thread, in bytes (its guide asks for 125 MB at least); what finds no room waits in a
#: file. As much again is for each entry of the keys' indices, which must be in memory: 45 bytes for a key of one column and 80
#: for one of three, as seen in DuckDB 2.0.
_OF_THREAD, _OF_ENTRY = 192 * 1024**2, 100
_ENTRIES = """
select coalesce(sum(estimated_size), 0)::bigint from duckdb_tables() join duckdb_constraints() using (database_oid, table_oid)
where constraint_type in ('PRIMARY KEY', 'UNIQUE', 'FOREIGN KEY')
"""
Rows = Sequence[Mapping[str, Any]]
#: So many rows of an older file are in memory at once.
_AT_ONCE = 100_000
#: So many earlier states are kept.
_KEPT = 7


#: What was known when, and what was done: it cannot be made anew from the archive. Facts refer to indices.
_HISTORY = ("indices", "fact_history", "runs", "crawls", "conflict_changes", "conflicts", "releases")


@contextmanager
def rewriting(published: Path, *, afresh: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a connection to a copy of the warehouse, in a transaction; publish it if the block succeeds.

    `afresh` begins with nothing but what was known when. Raises WarehouseError if the folder cannot be written, or
    another process is writing. On any error nothing is published.
    """
    with _alone(published):
        if is_lake(published):
            with Lake.read(published).rewriting(afresh=afresh, kept=frozenset(_HISTORY)) as connection:
                yield connection
        else:
            yield from _rewriting(published, afresh=afresh)


def bring_up_to_date(published: Path) -> None:
    """Publish a warehouse of an older schema anew with the tables of today; do nothing where there is none, or it is of today."""
    if not is_lake(published) and _taken(published, afresh=False):
        with rewriting(published):
            pass


def _rewriting(published: Path, *, afresh: bool) -> Iterator[duckdb.DuckDBPyConnection]:
    building = published.with_name(f".{published.name}.building")
    with _writing(published, OSError, *_NO_WRITING):
        for left_over in (building, building.with_name(building.name + ".wal")):
            left_over.unlink(missing_ok=True)
        if (spilled := building.with_name(building.name + ".tmp")).exists():
            shutil.rmtree(spilled)
        taken = _taken(published, afresh=afresh)
        if taken is None:
            take_over(published, building)
        connection = open_to_write(building)
    try:
        with _writing(published, *_NO_WRITING):  # what the caller does with other files is its own
            _limit_memory(connection, _entries(connection))
            connection.execute("begin")
            build(connection)
            if taken:
                _take_rows(connection, published, taken)
            yield connection
            connection.execute("commit")
            connection.execute("checkpoint")
    finally:
        connection.close()
    with _writing(published, OSError):
        _publish(building, published)


@contextmanager
def _writing(published: Path, *errors: type[Exception]) -> Iterator[None]:
    """Say of which warehouse it is that a file could not be written."""
    try:
        yield
    except errors as error:
        more = "; CHISO_MEMORY=4GB gives it more" if "memory_limit" in str(error) else ""
        raise WarehouseError(f"cannot write {published.parent}: {error}{more}") from error


@contextmanager
def _alone(published: Path) -> Iterator[None]:
    """Hold the lock of the one process that may write."""
    try:
        published.parent.mkdir(parents=True, exist_ok=True)
        lock = published.with_name(f".{published.name}.lock").open("a")
    except OSError as error:
        raise WarehouseError(f"cannot write {published.parent}: {error}") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise WarehouseError(f"another process is writing {published}: try again when it has ended") from error
        yield


def _taken(published: Path, *, afresh: bool) -> Sequence[str] | None:
    """Return the tables of which the rows go over into new ones; None where the file is copied as it is.

    A file of before schemas were counted gives what was known when, and the archive is read again for the rest. One that
    a newer chiso has made is refused.
    """
    if not published.exists():
        return ()
    with open_to_read(published) as connection:
        try:
            current = is_current(connection)
        except SchemaError as error:
            raise WarehouseError(f"{published}: {error}") from error
        counted = "schema_version" in tables_of(connection)
    if afresh or not counted:
        return _HISTORY
    return None if current else tuple(dictionary())


def _take_rows(connection: duckdb.DuckDBPyConnection, published: Path, tables: Sequence[str]) -> None:
    """Copy rows of the published file into the empty tables that this code makes.

    So a file of an older schema gets every column, key and check of today; what nobody knows any more stays behind.
    """
    with open_to_read(published) as standing:
        there = tables_of(standing) - {"schema_version"}
        _limit_memory(connection, 2 * _entries(standing))  # until they are committed, entries are in memory twice
        for table in (name for name in tables if name in there):
            known = {
                name for (name,) in standing.execute("select column_name from duckdb_columns() where table_name = ?", [table]).fetchall()
            }
            columns = [f'"{column.name}"' for column in dictionary()[table].columns if column.name in known]
            rows = standing.table(table).select(*map(duckdb.SQLExpression, columns))
            connection.register("standing_rows", rows.to_arrow_reader(_AT_ONCE))
            try:
                connection.execute(f"insert into {table} by name from standing_rows")
            except duckdb.ConstraintException as error:
                raise WarehouseError(f"{published}: {table} does not fit into the tables of today: {error}; run `chiso rebuild`") from error
            connection.unregister("standing_rows")
        if said := violations(connection):
            raise WarehouseError(f"{published} does not fit into the tables of today: {'; '.join(said)}; run `chiso rebuild`")


def _publish(building: Path, published: Path) -> None:
    # Who opens it for writing, as shells do that are not told otherwise, would keep out the next night.
    building.chmod(building.stat().st_mode & ~0o222)
    with building.open("rb") as stream:
        os.fsync(stream.fileno())
    if published.exists():
        _keep(published)
    building.replace(published)
    folder = os.open(published.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _keep(published: Path) -> None:
    """Keep the file that is about to be replaced; the oldest of those that are kept go."""
    folder = published.parent / "snapshots"
    folder.mkdir(exist_ok=True)
    loaded = datetime.fromtimestamp(published.stat().st_mtime, UTC)
    snapshot = folder / f"{published.stem}-{loaded:%Y%m%dT%H%M%S%f}Z{published.suffix}"
    if not snapshot.exists():
        # A published file is never written again: another name for it costs nothing.
        os.link(published, snapshot)
    for old in snapshots(published)[_KEPT:]:
        old.unlink()


def snapshots(published: Path) -> list[Path]:
    """Return the states that were published before, the newest first."""
    return sorted((published.parent / "snapshots").glob(f"{published.stem}-*{published.suffix}"), reverse=True)


def restore(published: Path, name: str) -> None:
    """Publish an earlier state again; the present one becomes a snapshot.

    Raises WarehouseError if there is no snapshot of that name, or it cannot be read.
    """
    snapshot = next((path for path in snapshots(published) if path.name == name), None)
    if snapshot is None:
        raise WarehouseError(f"no snapshot {name} beside {published}: `chiso snapshots` lists them")
    building = published.with_name(f".{published.name}.building")
    with _alone(published):
        building.unlink(missing_ok=True)
        copy(snapshot, building)
        try:
            with open_to_read(building) as connection:
                connection.execute("select count(*), sum(length(reason)) from fact_history").fetchall()
        except (duckdb.Error, WarehouseError) as error:
            building.unlink()
            raise WarehouseError(f"{snapshot} cannot be read: {error}") from error
        _publish(building, published)


def columns_of(connection: duckdb.DuckDBPyConnection, table: str) -> list[tuple[str, str]]:
    """Return a table's columns and types in order."""
    rows = connection.execute(
        "select column_name, data_type from duckdb_columns() "
        "where database_name in (current_database(), 'temp') and table_name = ? order by column_index",
        [table],
    ).fetchall()
    return [(str(name), str(kind)) for name, kind in rows]


def make_room(connection: duckdb.DuckDBPyConnection) -> None:
    """Put what was written so far into the copy of the file, so that it need not stay in memory.

    Nobody sees that copy before it is published, whole or not at all. A lake has readers, and one transaction.
    """
    ((kind,),) = connection.execute("select type from duckdb_databases() where database_name = current_database()").fetchall()
    if kind == "duckdb":
        for step in ("commit", "checkpoint", "begin"):
            connection.execute(step)
        _limit_memory(connection, _entries(connection))


def check_memory() -> None:
    """Raise WarehouseError if CHISO_MEMORY is not a size: better before a night than behind its crawl."""
    with duckdb.connect() as connection:
        _limit_memory(connection, 0)


def _limit_memory(connection: duckdb.DuckDBPyConnection, entries: int) -> None:
    """Let DuckDB take no more memory than a night needs beside so many entries of indices; CHISO_MEMORY gives another size, such as `4GB`.

    Else it would take four fifths of the machine's for what it has read, and be stopped by the system where others need theirs.
    """
    ((threads,),) = connection.execute("select current_setting('threads')").fetchall()
    size = os.environ.get("CHISO_MEMORY") or f"{_OF_THREAD * threads + _OF_ENTRY * entries}B"
    try:
        connection.execute(f"set memory_limit = {literal(size)}")
    except duckdb.ParserException as error:
        raise WarehouseError(f"CHISO_MEMORY={size}: give a size such as 4GB") from error


def _entries(connection: duckdb.DuckDBPyConnection) -> int:
    """Return about how many entries the indices of all keys have."""
    ((entries,),) = connection.execute(_ENTRIES).fetchall()
    return int(entries)


def add(connection: duckdb.DuckDBPyConnection, table: str, rows: Rows | pa.Table) -> int:
    """Insert rows that are not there yet (by primary key), through Arrow, and return how many were new.

    Of rows of one key, all would be new: tables refuse them, those that grow by asking (`refuse_broken`).
    """
    if not len(rows):
        return 0
    staged = _stage(connection, table, rows)
    key = ", ".join(key_of(table))
    ((added,),) = connection.execute(f"insert into {table} by name from {staged} anti join {table} using ({key})").fetchall()
    refuse_broken(connection, table, staged)
    connection.unregister(staged)
    return int(added)


def refuse_broken(connection: duckdb.DuckDBPyConnection, table: str, rows: str) -> None:
    """Raise WarehouseError if rows that were added, those of the relation `rows`, break keys of which their table keeps no index.

    Such a table takes no row of a key that is there (`add`); so rows may break the primary key only among themselves.
    """
    relation = dictionary()[table]
    if relation.grows and (said := broken_keys(connection, relation, rows)):
        raise WarehouseError(f"what was read does not fit together: {'; '.join(said)}")


def replace(connection: duckdb.DuckDBPyConnection, table: str, rows: Rows, *, renewed: str | None = None) -> None:
    """Replace all rows of a table, or those of the facts in the table `renewed`."""
    among = "" if renewed is None else f" where fact_id in (select fact_id from {renewed})"  # noqa: S608
    connection.execute(f"delete from {table}{among}")  # noqa: S608
    append(connection, table, rows)


def append(connection: duckdb.DuckDBPyConnection, table: str, rows: Rows) -> None:
    """Insert rows, none of which is there."""
    if rows:
        staged = _stage(connection, table, rows)
        connection.execute(f"insert into {table} by name select * from {staged}")  # noqa: S608
        connection.unregister(staged)


def _stage(connection: duckdb.DuckDBPyConnection, table: str, rows: Rows | pa.Table) -> str:
    arrow = rows if isinstance(rows, pa.Table) else pa.table({name: [row.get(name) for row in rows] for name in rows[0]})
    unknown = set(arrow.column_names) - {name for name, _ in columns_of(connection, table)}
    if unknown:
        raise WarehouseError(f"{table} has no column {', '.join(sorted(unknown))}")
    connection.register(f"staged_{table}", arrow)
    return f"staged_{table}"


def count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    """Return how many rows a table or view has."""
    ((rows,),) = connection.execute(f"select count(*) from {table}").fetchall()  # noqa: S608
    return int(rows)


_COMPARED = (
    "value", "value_text", "value_high", "decimals", "qualifier", "unit", '"of"', "status", "confidence", "rule", "reason",
    "n_claims", "n_independent", "claims",
)  # fmt: skip


def load_facts(
    connection: duckdb.DuckDBPyConnection, rows: Rows, moment: Any, *, plain: str | None = None, renewed: str | None = None
) -> int:
    """Bring the facts up to date with `rows`, and with the table `plain` for all other keys; return how many differ.

    `renewed` names a table of the only facts that may differ.

    What changed or vanished is closed, what is new is opened. Facts that are the same stay untouched, so that the
    same night twice changes nothing. Keys of which only reference tables speak are no facts of ours.
    """
    connection.execute("create temp table incoming as select * exclude (known_from, known_to) from fact_history limit 0")
    connection.execute("create temp table hot (fact_id varchar)")
    if rows:
        names = ", ".join(f'"{name}"' for name in rows[0])
        arrow = pa.table({name: [row[name] for row in rows] for name in rows[0]})
        connection.register("arriving", arrow)
        connection.execute(f"insert into incoming by name select {names} from arriving where n_claims > 0")  # noqa: S608
        connection.execute("insert into hot select fact_id from arriving")
        connection.unregister("arriving")
    if plain is not None:
        others = "n_claims > 0 and fact_id not in (select fact_id from hot)"
        connection.execute(f"insert into incoming by name select * from {plain} where {others}")  # noqa: S608 (a table of ours)
    same = " and ".join(f"h.{column} is not distinct from i.{column}" for column in _COMPARED)
    connection.execute(
        "create temp table standing as select h.fact_id from fact_history h join incoming i using (fact_id) "  # noqa: S608
        f"where h.known_to is null and {same}"
    )
    among = "" if renewed is None else f"and fact_id in (select fact_id from {renewed}) "  # noqa: S608
    ((closed,),) = connection.execute(
        f"update fact_history set known_to = ? where known_to is null {among}and fact_id not in (select fact_id from standing)",  # noqa: S608
        [moment],
    ).fetchall()
    ((opened,),) = connection.execute(
        "insert into fact_history by name select *, ?::timestamptz as known_from, null::timestamptz as known_to "
        "from incoming where fact_id not in (select fact_id from standing)",
        [moment],
    ).fetchall()
    connection.execute("drop table incoming; drop table standing; drop table hot")
    return max(int(closed), int(opened))
