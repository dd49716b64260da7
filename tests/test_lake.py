"""The warehouse as a lake: what its file may say, what it keeps, what it answers."""

import subprocess
from pathlib import Path

import duckdb
import pytest

from benchmarks.servers import LAKE_PYTHON
from tests.conftest import ROOT, Night
from warehouse.constraints import key_of, violations
from warehouse.dictionary import dictionary
from warehouse.error import WarehouseError
from warehouse.lake import Lake, refused_in
from warehouse.query import connect

NO_LAKE = pytest.mark.skipif(not LAKE_PYTHON.exists(), reason="the environment of the lake is not installed: `make lake` installs it")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("catalog = ", "lake.toml: Invalid"),
        ('catalog = "x"', "see data"),
        ('catalog = "x"\ndata = "y"\nuser = "z"', "see user"),
        ('catalog = 1\ndata = "y"', "see catalog"),
        ('catalog = "postgres:dbname=chiso password=geheim"\ndata = "y"', "no password belongs in it"),
    ],
)
def test_what_is_wrong_in_a_lakes_file_is_said(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "lake.toml").write_text(text, encoding="utf-8")
    with pytest.raises(WarehouseError, match=said) as error:
        Lake.read(tmp_path / "lake.toml")
    assert "geheim" not in str(error.value)


def test_constraints_as_queries_find_what_duckdb_would_refuse(first_night: Night) -> None:
    with connect(first_night.data / "chiso.duckdb") as published, duckdb.connect() as loose:
        assert violations(published) == []
        # The same rows in tables without constraints, as a lake has them.
        for relation in dictionary().values():
            if relation.kind == "table":
                loose.register("rows", published.sql(f"from {relation.name}").to_arrow_table())
                loose.execute(f"create table {relation.name} as from rows")
        assert violations(loose) == []
        breaks = {
            "insert into claims from claims limit 3": "claims: 3 rows break primary key (claim_id)",
            "update sources set kind = 'rumour' where source = 'dongnai.gov.vn'": "sources: 1 rows break check (kind in",
            "delete from indices where index = 'PCI'": 'claims: 17 rows break foreign key ("index") references indices ("index")',
            "update sources set portal = 'hagiang' where source = 'dongnai.gov.vn'": "sources: 1 rows break unique (portal)",
        }
        for statement, said in breaks.items():
            loose.execute("begin")
            loose.execute(statement)
            assert any(one.startswith(said) for one in violations(loose)), (statement, violations(loose))
            loose.execute("rollback")


def test_every_table_has_a_primary_key_that_is_understood() -> None:
    for relation in dictionary().values():
        if relation.kind == "table":
            names = [name.strip('"') for name in key_of(relation.name)]
            assert set(names) <= {column.name for column in relation.columns}, relation.name


@pytest.mark.parametrize(
    "sql",
    [
        "select * from postgres_query('x', 'select 1')",
        "select * from Postgres_Scan('host=elsewhere', 'a', 'b')",
        "call ducklake_expire_snapshots('lake')",
        "select * from __ducklake_metadata_lake.public.ducklake_snapshot",
        "select * from query('select 1')",
        "select * from \"query_table\"(['facts'])",
        "select json_execute_serialized_sql('')",
        "copy (select 1) to 's3://chiso/warehouse/x.parquet'",
        "select 1; delete from facts",
        "create table x as select 1",
    ],
)
def test_a_lake_answers_questions_only(sql: str) -> None:
    with duckdb.connect() as connection:
        assert refused_in(connection, sql) is not None


@pytest.mark.parametrize(
    "sql", ["from facts", "with a as (select 1) from a", "explain select 1", "select 'a query of mine' as inquiry", "summarize facts"]
)
def test_a_lake_answers_every_question(sql: str) -> None:
    with duckdb.connect() as connection:
        assert refused_in(connection, sql) is None


def in_lake(folder: Path, script: str) -> str:
    done = subprocess.run(
        [LAKE_PYTHON, "-c", script, str(folder / "lake.toml")], capture_output=True, text=True, check=False, cwd=ROOT, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@NO_LAKE
def test_a_broken_constraint_publishes_nothing_and_a_reader_can_only_ask(tmp_path: Path) -> None:
    (tmp_path / "lake.toml").write_text(f'catalog = "{tmp_path}/catalog.ducklake"\ndata = "{tmp_path}/parquet"\n', encoding="utf-8")
    script = """
import sys
from pathlib import Path
from warehouse.error import WarehouseError
from warehouse.query import QueryError, ask, is_published
from warehouse.store import add, rewriting, replace
lake = Path(sys.argv[1])
print(is_published(lake))
source = {"source": "a.vn", "portal": "a", "title": "A", "kind": "portal", "home": "https://a.vn", "family": "x", "caveats": ""}
with rewriting(lake) as connection:
    print(add(connection, "sources", [source]), add(connection, "sources", [source]))
print(is_published(lake), ask(lake, "select source, kind from sources")[1])
with rewriting(lake, afresh=True) as connection:
    print(connection.execute("select count(*) from sources").fetchall(), add(connection, "sources", [source]))
try:
    with rewriting(lake) as connection:
        replace(connection, "sources", [{**source, "kind": "rumour"}, source])
except WarehouseError as error:
    print(error)
print(ask(lake, "select source, kind from sources")[1])
for sql in ("select * from read_text('/etc/hostname')", "delete from sources", "select * from read_csv('http://127.0.0.1:1/x')"):
    try:
        print("ANSWERED", ask(lake, sql))
    except QueryError as error:
        print("refused")
"""
    lines = in_lake(tmp_path, script).splitlines()
    assert lines[:3] == ["False", "1 0", "True [('a.vn', 'portal')]"]
    assert lines[3] == "[(0,)] 1"  # made afresh, and written again after it
    assert "was not changed: sources: 1 rows break primary key" in lines[4]
    assert "sources: 1 rows break check (kind in" in lines[4]
    assert lines[5:] == ["[('a.vn', 'portal')]", "refused", "refused", "refused"]
