"""The warehouse: documented, idempotent, and never seen half-loaded."""

import errno
import os
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from conftest import held

from benchmarks.servers import LAKE_PYTHON, duckdb_ui
from warehouse.content import content_hash
from warehouse.dictionary import dictionary
from warehouse.error import HeldError, WarehouseError
from warehouse.file import copy
from warehouse.query import QueryError, ask
from warehouse.store import add, bring_up_to_date, load_facts, restore, rewriting, snapshots

CONTRACT = {"pages", "articles", "claims", "facts", "conflicts", "sources", "indices", "units", "runs"}
FACT = {
    "fact_id": "f-1", "index": "PCI", "level": "national", "authority": None, "subject": "Hà Nội", "subject_type": "province", "subject_id": "P01", "year": 2020,
    "measure": "score", "value": 66.93, "value_text": "66.93", "value_high": None, "decimals": 2, "qualifier": "exact", "unit": None, "of": None,
    "base_year": None, "component": None, "scope": None, "modality": "reported", "status": "single", "confidence": 0.5, "rule": "single", "reason": "One.",
    "n_claims": 1, "n_independent": 1, "claims": ["c"],
}  # fmt: skip
INDEX = {
    "index": "PCI", "name_vi": "x", "name_en": "x", "publisher": "VCCI", "level": "national", "unit": "điểm", "scale_min": 0, "scale_max": 100, "first_year": 2005,
    "last_year": 2025,
}  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with rewriting(tmp_path / "w.duckdb") as connection:
        add(connection, "indices", [INDEX])
        load_facts(connection, [FACT], datetime(2026, 1, 1, tzinfo=UTC))
    return tmp_path / "w.duckdb"


def test_every_table_of_the_contract_is_there(path: Path) -> None:
    names = {name for (name,) in ask(path, "select table_name from information_schema.tables")[1]}
    assert names >= CONTRACT


def test_every_table_and_column_says_what_it_is(path: Path) -> None:
    undocumented = ask(
        path,
        "select table_name, column_name from duckdb_columns() where schema_name = 'main' and not internal and comment is null and table_name in (select table_name from duckdb_tables())",
    )[1]
    assert undocumented == []
    assert ask(path, "select table_name from duckdb_tables() where comment is null")[1] == []
    assert ask(path, "select view_name from duckdb_views() where not internal and comment is null")[1] == []


def test_claims_and_facts_have_the_contracts_columns(path: Path) -> None:
    columns = {
        t: {c for (c,) in ask(path, f"select column_name from duckdb_columns() where table_name = '{t}'")[1]} for t in ("claims", "facts")
    }
    shared = {
        "index",
        "level",
        "authority",
        "subject",
        "subject_type",
        "subject_id",
        "year",
        "measure",
        "value",
        "value_high",
        "qualifier",
        "unit",
        "of",
        "base_year",
        "component",
        "scope",
        "modality",
        "rule",
    }
    assert shared | {"article", "evidence", "start", "end"} <= columns["claims"]
    assert shared | {"status", "confidence", "reason", "n_claims", "n_independent", "claims"} <= columns["facts"]


def test_the_same_facts_again_change_nothing(path: Path) -> None:
    with rewriting(path) as connection:
        assert load_facts(connection, [FACT], datetime(2026, 1, 2, tzinfo=UTC)) == 0
    assert ask(path, "select count(*) from fact_history")[1] == [(1,)]


def test_a_changed_fact_keeps_its_past(path: Path) -> None:
    with rewriting(path) as connection:
        assert load_facts(connection, [{**FACT, "value": 67.0, "value_text": "67.0"}], datetime(2026, 2, 1, tzinfo=UTC)) == 1
    assert ask(path, "select value from facts")[1] == [(67.0,)]
    assert ask(path, "select value from facts_asof(timestamptz '2026-01-15 00:00:00+00')")[1] == [(66.93,)]
    assert ask(path, "select value from facts_asof(timestamptz '2025-12-31 00:00:00+00')")[1] == []


def test_a_withdrawn_fact_is_closed_not_deleted(path: Path) -> None:
    with rewriting(path) as connection:
        assert load_facts(connection, [], datetime(2026, 3, 1, tzinfo=UTC)) == 1
    assert ask(path, "select * from facts")[1] == []
    assert ask(path, "select known_to is not null from fact_history")[1] == [(True,)]


def test_a_failed_load_publishes_nothing(path: Path) -> None:
    def fail_halfway() -> None:
        with rewriting(path) as connection:
            load_facts(connection, [], datetime(2026, 3, 1, tzinfo=UTC))
            add(connection, "claims", [{"claim_id": None}])

    before = path.read_bytes()
    with pytest.raises(duckdb.ConstraintException):
        fail_halfway()
    assert path.read_bytes() == before


def test_a_reader_who_has_it_open_never_sees_half_a_load(path: Path) -> None:
    reader = subprocess.Popen(
        [sys.executable, "-c", "import duckdb, sys\nc = duckdb.connect(sys.argv[1], read_only=True)\nprint(c.execute('select value from facts').fetchall(), flush=True)\nsys.stdin.readline()\nprint(c.execute('select value from facts').fetchall(), flush=True)\nc.close()", str(path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert reader.stdout.readline().strip() == "[(66.93,)]"
    with rewriting(path) as connection:
        load_facts(connection, [{**FACT, "value": 67.0, "value_text": "67.0"}], datetime(2026, 2, 1, tzinfo=UTC))
    out, _ = reader.communicate("\n", timeout=60)
    assert out.strip() == "[(66.93,)]", "the old file, whole"
    assert ask(path, "select value from facts")[1] == [(67.0,)]


def shell(path: Path, sql: str) -> subprocess.CompletedProcess[str]:
    """Ask the shell of DuckDB, which is an older one than ours."""
    return subprocess.run(
        [Path(sys.executable).parent / "duckdb", "-readonly", "-csv", "-noheader", path, "-c", sql],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_shell_of_an_older_duckdb_reads_whole_states_while_a_night_loads(path: Path) -> None:
    assert shell(path, "select version()").stdout < "v2"
    question = "select value from facts; select count(*) from history('PAPI', 'Sơn La'); select count(*) from facts_wide"
    before = shell(path, question)
    assert (before.returncode, before.stdout.splitlines()[0]) == (0, "66.93"), before.stderr
    with rewriting(path) as connection:
        load_facts(connection, [{**FACT, "value": 67.0, "value_text": "67.0"}], datetime(2026, 2, 1, tzinfo=UTC))
        assert shell(path, question).stdout == before.stdout
    assert shell(path, question).stdout.splitlines()[0] == "67.0"


@pytest.mark.skipif(not LAKE_PYTHON.exists(), reason="DuckDB's UI is not installed: `make lake` installs it")
def test_duckdbs_ui_reads_whole_states_while_a_night_loads(path: Path, tmp_path: Path) -> None:
    question = "select concat_ws(' ', value, subject, (select count(*) from history('PCI', 'Hà Nội'))) from facts"
    with duckdb_ui(path, tmp_path) as ask_ui:
        before = ask_ui(question)
        assert "66.93 Hà Nội 1".encode() in before
        with rewriting(path) as connection:
            load_facts(connection, [{**FACT, "value": 67.0, "value_text": "67.0"}], datetime(2026, 2, 1, tzinfo=UTC))
            assert ask_ui(question) == before
        assert ask_ui(question) == before, "who has it open keeps the state that he opened"
        assert b"read-only" in ask_ui("delete from fact_history")
    with duckdb_ui(path, tmp_path) as ask_ui:
        assert "67.0 Hà Nội".encode() in ask_ui(question)


def test_who_has_it_open_for_writing_is_named(path: Path) -> None:
    openings = (lambda: rewriting(path).__enter__(), lambda: bring_up_to_date(path), lambda: ask(path, "from facts"))
    for opening in openings:
        with held(path), pytest.raises(HeldError, match=r"is open for writing elsewhere; close it there, .*held in .*duckdb .PID \d+"):
            opening()
    assert ask(path, "select value from facts")[1] == [(66.93,)]


def test_what_is_published_cannot_be_written(path: Path) -> None:
    """A shell opens a file for writing if nothing else is said, and would keep out the next night."""
    with rewriting(path) as connection:
        load_facts(connection, [], datetime(2026, 2, 1, tzinfo=UTC))
    restore(path, snapshots(path)[0].name)
    assert [stat.filemode(one.stat().st_mode) for one in (path, *snapshots(path))] == ["-r--r--r--"] * 3


def test_a_file_that_older_readers_cannot_open_is_written_anew_for_them(path: Path) -> None:
    new = path.with_name("new.duckdb")
    with duckdb.connect(str(new), config={"storage_compatibility_version": "latest"}) as connection:
        connection.execute(f"attach '{path}' as standing (read_only); copy from database standing to new")
    assert "newer version" in shell(new, "from facts").stderr
    hashed = content_hash(new)
    with rewriting(new):
        pass
    assert shell(new, "select value from facts").stdout == "66.93\n"
    assert content_hash(new) == hashed


@pytest.mark.parametrize("number", [errno.EOPNOTSUPP, errno.EXDEV, errno.ENOTTY])
def test_a_file_whose_bytes_cannot_be_shared_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    (tmp_path / "a").write_bytes(os.urandom(3_000_000))
    copy(tmp_path / "a", tmp_path / "here")  # as this file system can

    def refused(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("fcntl.ioctl", refused)
    copy(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == (tmp_path / "here").read_bytes() == (tmp_path / "a").read_bytes()


def test_a_disk_that_is_full_while_a_file_is_copied_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_bytes(b"x")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr("fcntl.ioctl", full)
    with pytest.raises(OSError, match="no space left"):
        copy(tmp_path / "a", tmp_path / "b")


def test_a_killed_load_leaves_the_last_good_file(path: Path) -> None:
    before = path.read_bytes()
    code = (
        "import os, signal, sys\nfrom datetime import UTC, datetime\nfrom pathlib import Path\nfrom warehouse.store import load_facts, rewriting\n"
        "with rewriting(Path(sys.argv[1])) as c:\n    load_facts(c, [], datetime.now(UTC))\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], check=False, cwd=Path(__file__).resolve().parent.parent)
    assert done.returncode == -9
    assert path.read_bytes() == before
    with rewriting(path) as connection:
        assert load_facts(connection, [FACT], datetime(2026, 4, 1, tzinfo=UTC)) == 0


ARTICLE = {
    "article_id": "a-1", "url": "https://a.vn/1", "source": "a.vn", "page_id": "p-1", "text": "PCI", "cluster": "a-1", "current": True, "gone": False,
}  # fmt: skip
SOURCE = {"source": "a.vn", "portal": "a", "title": "A", "kind": "paper", "home": "https://a.vn", "family": "x", "caveats": ""}


def test_a_table_that_grows_with_the_archive_keeps_no_index_of_its_keys(path: Path) -> None:
    keys = "select distinct table_name from duckdb_constraints() where constraint_type in ('PRIMARY KEY', 'UNIQUE', 'FOREIGN KEY')"
    keyed = {name for (name,) in ask(path, keys)[1]}
    growing = {name for name, relation in dictionary().items() if relation.grows}
    assert growing >= {"pages", "articles", "claims"}
    assert keyed.isdisjoint(growing)
    assert keyed >= {"fact_history", "conflicts", "sources", "indices", "runs"}


@pytest.mark.parametrize(
    ("table", "rows", "said"),
    [
        ("articles", [ARTICLE, {**ARTICLE, "url": "https://a.vn/2"}], r"articles: 1 rows break primary key \(article_id\)"),
        ("articles", [{**ARTICLE, "source": "b.vn"}], r'articles: 1 rows break foreign key \("source"\) references sources'),
        ("sketches", [{"article_id": "a-2", "figures": b"", "whole": b""}], r"sketches: 1 rows break foreign key \(article_id\)"),
        ("problems", [{"article": "p-1", "url": "https://a.vn/1", "what": "empty"}] * 2, r"problems: 1 rows break primary key \(article, what\)"),
    ],
)  # fmt: skip
def test_it_refuses_rows_that_break_its_keys_all_the_same(path: Path, table: str, rows: list[dict[str, object]], said: str) -> None:
    with rewriting(path) as connection:
        add(connection, "sources", [SOURCE])
    before = path.read_bytes()
    with pytest.raises(WarehouseError, match=said), rewriting(path) as connection:
        add(connection, table, rows)
    assert path.read_bytes() == before


def test_a_row_whose_key_it_has_is_not_added_again(path: Path) -> None:
    for new in (1, 0):
        with rewriting(path) as connection:
            add(connection, "sources", [SOURCE])
            assert add(connection, "articles", [ARTICLE]) == new
    assert ask(path, "select count(*) from articles")[1] == [(1,)]


def test_what_a_killed_load_had_put_aside_is_removed(path: Path) -> None:
    spilled = path.with_name(f".{path.name}.building.tmp")
    spilled.mkdir()
    (spilled / "duckdb_temp_storage-0.tmp").write_bytes(b"x")
    with rewriting(path):
        pass
    assert not spilled.exists()


def test_a_load_has_the_memory_that_it_needs_and_no_more(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def limit() -> str:
        with rewriting(path) as connection:
            ((told,),) = connection.execute("select current_setting('memory_limit')").fetchall()
        return str(told)

    monkeypatch.setattr("warehouse.store._OF_THREAD", 512 * 1024**2 // (os.cpu_count() or 1))
    assert limit().startswith("512.")
    monkeypatch.setenv("CHISO_MEMORY", "3GiB")
    assert limit() == "3.0 GiB"
    monkeypatch.setenv("CHISO_MEMORY", "plenty")
    with pytest.raises(WarehouseError, match="CHISO_MEMORY=plenty: give a size such as 4GB"):
        limit()
    before = path.read_bytes()
    monkeypatch.setenv("CHISO_MEMORY", "20MB")
    with pytest.raises(WarehouseError, match=r"(?s)Out of Memory.*CHISO_MEMORY=4GB gives it more"), rewriting(path) as connection:
        connection.execute("create table much as select list(range) from range(10_000_000)")
    assert path.read_bytes() == before


def test_earlier_states_are_kept_and_can_be_restored(path: Path) -> None:
    for day, value in enumerate((67.0, 68.0, *range(69, 79)), start=1):
        with rewriting(path) as connection:
            load_facts(connection, [{**FACT, "value": float(value), "value_text": str(value)}], datetime(2026, 2, day, tzinfo=UTC))
    kept = snapshots(path)
    assert [ask(snapshot, "select value from facts")[1] for snapshot in kept] == [[(float(value),)] for value in range(77, 70, -1)]
    restore(path, kept[2].name)
    assert ask(path, "select value from facts")[1] == [(75.0,)]
    assert ask(snapshots(path)[0], "select value from facts")[1] == [(78.0,)], "what was restored from is kept too"
    before = path.read_bytes()
    with pytest.raises(WarehouseError, match="no snapshot nightmare"):
        restore(path, "nightmare")
    broken = snapshots(path)[-1]
    broken.unlink()
    broken.write_bytes(before[: len(before) // 2])
    with pytest.raises(WarehouseError, match="cannot be read"):
        restore(path, broken.name)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "sql",
    [
        "drop table claims",
        "insert into runs select * from runs",
        "copy facts to 'x.csv'",
        "attach 'x.db'",
        "select * from read_csv('/etc/passwd')",
        "install httpfs",
        "set enable_external_access = true",
        "select nonsense",
    ],
)
def test_a_query_can_only_read(path: Path, sql: str) -> None:
    with pytest.raises(QueryError):
        ask(path, sql)


def test_a_warehouse_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="run `chiso nightly` first"):
        ask(tmp_path / "none.duckdb", "select 1")


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(WarehouseError, match="cannot write"), rewriting(tmp_path / "file" / "w.duckdb"):
        pass
