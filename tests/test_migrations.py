"""Warehouses of every schema that there was: a night brings them up to date, an interrupted one leaves them as they were.

tests/schemas/ has the tables of each of them, in the order of time, as the code of its day made them (DuckDB's own words for
them); the rows are those of a real night. A change of warehouse/dictionary.toml that has been published belongs there as well.
"""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from conftest import Night

from flows.data import DataFolder
from flows.listing import news_of
from flows.loading import Run, load_night
from flows.reading import read_batch
from warehouse.content import content_hash
from warehouse.dictionary import dictionary, literal
from warehouse.error import WarehouseError
from warehouse.query import ask
from warehouse.store import bring_up_to_date, rewriting

SCHEMAS = sorted((Path(__file__).parent / "schemas").glob("*.sql"))
NOW = datetime.now(UTC)


def quiet_night(data: DataFolder) -> None:
    """Load a night that finds nothing new; what an older warehouse does not know to be read is read again."""
    bring_up_to_date(data.warehouse)
    listing, unread = news_of(data)
    load_night(data, listing, read_batch(data.archive, unread), [], Run("quiet", NOW, is_accepted=True))


def constraints(path: Path) -> list[tuple[object, ...]]:
    return ask(
        path,
        "select table_name, constraint_type, constraint_text from duckdb_constraints() where table_name not like 'ledger%' order by all",
    )[1]


@pytest.fixture(scope="module")
def today(first_night: Night, tmp_path_factory: pytest.TempPathFactory) -> DataFolder:
    """A data folder of this schema, after a first night and a quiet one."""
    data = DataFolder(tmp_path_factory.mktemp("today") / "data")
    shutil.copytree(first_night.data, data.root, ignore=shutil.ignore_patterns("prefect"))
    quiet_night(data)
    return data


@pytest.fixture
def older(first_night: Night, tmp_path: Path, request: pytest.FixtureRequest) -> DataFolder:
    """The first night's data folder, its warehouse as an older chiso would have it."""
    data = DataFolder(tmp_path / "data")
    shutil.copytree(first_night.data, data.root, ignore=shutil.ignore_patterns("prefect"))
    data.warehouse.unlink()
    with duckdb.connect(str(data.warehouse)) as connection:
        connection.execute(request.param.read_text(encoding="utf-8"))
        connection.execute(f"attach {literal(str(first_night.data / 'chiso.duckdb'))} as whole (read_only)")
        columns = "select table_name, list(column_name) from duckdb_columns() where database_name = ? group by all"
        there, had = (dict(connection.execute(columns, [name]).fetchall()) for name in ("chiso", "whole"))
        order = "select table_name from duckdb_tables() where database_name = 'chiso' order by table_oid"
        for (table,) in connection.execute(order).fetchall():
            shared = ", ".join(f'"{name}"' for name in there[table] if name in had.get(table, ()))
            if shared and table != "schema_version":
                connection.execute(f"insert into {table} by name select {shared} from whole.{table}")
        if "schema_version" in there:
            connection.execute("insert into schema_version (version) values (1)")
        connection.execute("detach whole")
    return data


@pytest.mark.parametrize("older", SCHEMAS, ids=lambda path: path.stem, indirect=True)
def test_a_night_brings_a_warehouse_of_an_older_schema_up_to_date(older: DataFolder, today: DataFolder) -> None:
    known = ask(older.warehouse, "select fact_id, known_from from fact_history order by all")[1]
    assert len(known) == 109
    quiet_night(older)
    assert content_hash(older.warehouse) == content_hash(today.warehouse)
    assert constraints(older.warehouse) == constraints(today.warehouse)
    assert set(known) <= set(ask(older.warehouse, "select fact_id, known_from from fact_history")[1])
    quiet_night(older)
    assert content_hash(older.warehouse) == content_hash(today.warehouse)


@pytest.mark.parametrize("older", [SCHEMAS[0], SCHEMAS[len(SCHEMAS) // 2], SCHEMAS[-1]], ids=lambda path: path.stem, indirect=True)
def test_a_migration_that_is_interrupted_leaves_the_older_warehouse(older: DataFolder) -> None:
    before = older.warehouse.read_bytes()

    def stopped() -> None:
        with rewriting(older.warehouse) as connection:
            assert connection.execute("select count(*) from facts").fetchall() == [(109,)]
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert older.warehouse.read_bytes() == before


@pytest.mark.parametrize("older", SCHEMAS[-1:], ids=lambda path: path.stem, indirect=True)
def test_rows_that_do_not_fit_are_named_and_nothing_is_lost(older: DataFolder) -> None:
    with duckdb.connect(str(older.warehouse)) as connection:
        connection.execute("create or replace table claims as select * replace ('guess' as measure) from claims")
    before = older.warehouse.read_bytes()
    with pytest.raises(WarehouseError, match=r"claims does not fit into the tables of today: .*; run `chiso rebuild`"):
        quiet_night(older)
    assert older.warehouse.read_bytes() == before


def test_the_newest_of_them_is_the_schema_of_today(today: DataFolder) -> None:
    with duckdb.connect() as connection:
        connection.execute(SCHEMAS[-1].read_text(encoding="utf-8"))
        columns = "select table_name, column_name, data_type, is_nullable from duckdb_columns() where not internal order by all"
        last = connection.execute(columns).fetchall()
    tables = {name for name, relation in dictionary().items() if relation.kind == "table"}
    now = ask(today.warehouse, columns)[1]
    missing = [row for row in now if row[0] in tables and row not in last]
    assert missing == [], "add the tables of today to tests/schemas as they are in a warehouse"
