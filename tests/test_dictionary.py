"""The data dictionary: one file makes the tables, their comments and the documentation; the views that people ask."""

import unicodedata
from pathlib import Path

import duckdb
import pytest
from conftest import Night

from warehouse.dictionary import VERSION, build, dictionary
from warehouse.documentation import PAGES, as_markdown, refreshed
from warehouse.error import WarehouseError
from warehouse.query import ask
from warehouse.store import rewriting

ROOT = Path(__file__).resolve().parent.parent
COLUMNS = "select column_name, lower(data_type), is_nullable, comment from duckdb_columns() where schema_name = 'main' and table_name = ? order by column_index"
TYPES = {"timestamptz": "timestamp with time zone"}


@pytest.fixture
def built() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    build(connection)
    return connection


@pytest.mark.parametrize("name", [r.name for r in dictionary().values() if r.kind != "macro" and r.columns])
def test_relations_are_as_the_dictionary_says(built: duckdb.DuckDBPyConnection, name: str) -> None:
    relation = dictionary()[name]
    there = built.execute(COLUMNS, [name]).fetchall()
    assert [(n, kind, text) for n, kind, _, text in there] == [(c.name, TYPES.get(c.type, c.type), c.en) for c in relation.columns]
    if relation.kind == "table":
        assert [n for n, _, nullable, _ in there if not nullable] == [c.name for c in relation.columns if c.required]


def test_every_relation_says_what_it_is_in_both_languages(built: duckdb.DuckDBPyConnection) -> None:
    told = built.execute(
        "select table_name, comment from duckdb_tables() where schema_name = 'main' union all "
        "select view_name, comment from duckdb_views() where not internal union all "
        "select function_name, any_value(comment) from duckdb_functions() where function_type = 'table_macro' and not internal group by 1"
    ).fetchall()
    assert dict(told) == {relation.name: relation.en for relation in dictionary().values()}
    texts = [text for r in dictionary().values() for text in (r.en, r.vi, *(t for c in r.columns for t in (c.en, c.vi)))]
    assert all(text and text == unicodedata.normalize("NFC", text) for text in texts)
    assert all(r.en != r.vi for r in dictionary().values())


def test_the_documentation_is_made_from_it() -> None:
    assert (ROOT / "docs" / "dictionary.md").read_text(encoding="utf-8") == as_markdown(), "run: make docs"


def test_an_older_warehouse_gets_what_is_new_and_keeps_what_it_has(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "w.duckdb")) as old:
        build(old)
        old.execute(
            "update schema_version set dictionary = null; drop view panel_2025; drop view panel_63; drop table portals; alter table units drop column merged_into"
        )
        old.execute("insert into units values ('P01', 'province', 'thành phố', 'Hà Nội', '01', null, null, null)")
    with rewriting(tmp_path / "w.duckdb") as connection:
        assert connection.execute("select name, merged_into from units").fetchall() == [("Hà Nội", None)]
        assert connection.execute("select count(*) from panel_2025").fetchall() == [(0,)]
        assert connection.execute("select version from schema_version").fetchall() == [(VERSION,)]


def test_a_newer_warehouse_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    with duckdb.connect(str(path)) as newer:
        build(newer)
        newer.execute("update schema_version set version = version + 1")
    before = path.read_bytes()
    with pytest.raises(WarehouseError, match=f"{path}: made by a newer chiso"), rewriting(path):
        pass
    assert path.read_bytes() == before


@pytest.mark.parametrize(("page", "queries"), [("warehouse.md", 7), ("questions.md", 5)])
def test_the_queries_of_the_documentation_return_what_it_shows(first_night: Night, page: str, queries: int) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    assert text.count("```text") >= queries
    assert page in PAGES
    assert refreshed(text, first_night.data / "chiso.duckdb") == text, "run: make docs"


def test_the_panels_are_balanced(first_night: Night) -> None:
    path = first_night.data / "chiso.duckdb"
    sizes = {name: {n for (n,) in ask(path, f"select count(*) from {name} group by index, year")[1]} for name in ("panel_63", "panel_2025")}
    assert sizes == {"panel_63": {63}, "panel_2025": {34}}
    members = ask(path, "select sum(n_members) from panel_2025 where year = 2021 and index = 'PAR_INDEX'")[1]
    assert members == [(63,)]


def test_a_merged_province_has_a_mean_only_of_all_its_members(built: duckdb.DuckDBPyConnection) -> None:
    from datetime import UTC, datetime

    from flows.loading import _load_reference
    from warehouse.store import load_facts

    _load_reference(built)
    fact = {
        "level": "national", "authority": None, "subject_type": "province", "value_high": None, "decimals": 2, "qualifier": "exact", "unit": None, "of": None, "base_year": None,
        "component": None, "scope": None, "modality": "reported", "status": "single", "confidence": 0.97, "rule": "single", "reason": "One.", "n_claims": 1, "n_independent": 1, "claims": ["c"],
    }  # fmt: skip
    told = [("SIPAS", 2023, "Hưng Yên", "P33-63", 80.0), ("SIPAS", 2023, "Thái Bình", "P34-63", 90.0), ("SIPAS", 2022, "Hưng Yên", "P33-63", 70.0),
            ("SIPAS", 2023, "Cao Bằng", "P04", 60.0), ("SIPAS", 2025, "Hưng Yên", "P33-34", 88.0)]  # fmt: skip
    load_facts(built, [
        {**fact, "fact_id": f"f-{n}", "index": index, "year": year, "subject": subject, "subject_id": unit, "measure": "score", "value": value, "value_text": str(value)}
        for n, (index, year, subject, unit, value) in enumerate(told)
    ], datetime(2026, 1, 1, tzinfo=UTC))  # fmt: skip
    rows = built.execute(
        "select year, unit_id, score, aggregation, n_members, n_known, rank from panel_2025 where unit_id in ('P33-34', 'P04') and (score is not null or n_known > 0) order by all"
    ).fetchall()
    assert rows == [
        (2022, "P33-34", None, "mean of members", 2, 1, None),
        (2023, "P04", 60.0, "same province", 1, 1, None),
        (2023, "P33-34", 85.0, "mean of members", 2, 2, None),
        (2025, "P33-34", 88.0, "as published", 1, 1, None),
    ]
