"""`chiso query` reads, whatever it is asked: nothing outside the file, nothing written, nothing switched on."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from warehouse.error import WarehouseError
from warehouse.query import QueryError, ask
from warehouse.store import rewriting

REACHES_OUT = [
    "attach '{0}/x.db' as m", "attach ':memory:' as m", "copy facts to '{0}/leak.csv'", "copy (select 1) to '{0}/leak.parquet'",
    "copy claims from '/etc/passwd'", "select * from read_csv('/etc/passwd')", "select * from read_text('/etc/passwd')",
    "select * from read_blob('/etc/hostname')", "select * from read_json('/etc/passwd')", "select * from sniff_csv('/etc/passwd')",
    "select * from glob('/etc/*')", "from '/etc/passwd'", "from 'http://127.0.0.1/x.csv'", "install httpfs", "load httpfs", "load '{0}/x.so'",
    "export database '{0}/leak'", "import database '{0}/leak'", "create secret s (type s3)", "select getenv('HOME')",
    "select * from parquet_metadata('{0}/x.parquet')",
]  # fmt: skip
CHANGES = [
    "create table x (i int)", "insert into sources select * from sources", "delete from claims", "drop table claims", "update claims set value = 0",
    "alter table claims add column x int", "create macro f() as 1", "truncate claims", "set enable_external_access = true",
    "reset enable_external_access", "set lock_configuration = false", "set temp_directory = '{0}'", "set memory_limit = '1GB'",
]  # fmt: skip
PIECES = st.sampled_from(
    ["select", "from", "attach", "copy", "to", "'/etc/passwd'", "read_csv(", ")", "*", ";", "claims", "facts", "install", "load", "httpfs", "set", "=", "true",
     "enable_external_access", "create", "table", "view", "as", "drop", "insert into", "values", "(1)", "with", "x", ",", "where", "1", "union all", "--", "/*",
     "pragma", "call", "begin", "commit", "checkpoint", "vacuum", "describe", "summarize", "explain", "glob(", "'*'", "$$", "\x00", "Hưng Yên", "'", '"']
)  # fmt: skip


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("query") / "chiso.duckdb"
    with rewriting(path):
        pass
    return path


def state(warehouse: Path) -> tuple[str, list[str]]:
    return hashlib.sha256(warehouse.read_bytes()).hexdigest(), sorted(path.name for path in warehouse.parent.iterdir())


@pytest.mark.parametrize("sql", REACHES_OUT + CHANGES)
def test_it_is_refused(warehouse: Path, sql: str) -> None:
    before = state(warehouse)
    with pytest.raises(QueryError):
        ask(warehouse, sql.format(warehouse.parent))
    assert state(warehouse) == before


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(PIECES, min_size=1, max_size=12))
def test_any_text_is_answered_or_refused_and_changes_nothing(warehouse: Path, pieces: list[str]) -> None:
    before = state(warehouse)
    try:
        _, rows = ask(warehouse, " ".join(pieces))
    except QueryError:
        rows = []
    assert "root:" not in str(rows)
    assert state(warehouse) == before


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "chiso.duckdb"
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(WarehouseError, match="cannot read"):
        ask(path, "select 1")
