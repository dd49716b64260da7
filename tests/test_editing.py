"""What the editor does by commands: reference tables, the list of what waits, decisions."""

import csv
import shutil
from pathlib import Path

import pytest
from conftest import Night, nightly, run_chiso

from warehouse.query import connect


@pytest.fixture
def data(first_night: Night, tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    shutil.copytree(first_night.data, folder, ignore=shutil.ignore_patterns("prefect"))
    return folder


def test_a_decision_is_kept_and_wins_the_next_night(data: Path) -> None:
    waiting = run_chiso("review", "--data", data)
    assert waiting.returncode == 1
    listed = waiting.stdout.decode()
    assert "Sơn La" in listed
    with connect(data / "chiso.duckdb") as connection:
        ((conflict, status),) = connection.execute("select conflict_id, status from conflicts where status = 'conflict'").fetchall()
    assert (conflict in listed, status) == (True, "conflict")
    missing = run_chiso("review", conflict, "--value", "90,13", "--data", data)
    assert missing.returncode == 2
    assert b"--reason" in missing.stderr
    unknown = run_chiso("review", "c-0", "--value", "1", "--reason", "x", "--who", "lan", "--data", data)
    assert (unknown.returncode, b"no conflict c-0" in unknown.stderr) == (2, True)
    done = run_chiso("review", conflict, "--value", "90,13", "--reason", "bản gốc của Sở Nội vụ", "--who", "lan", "--data", data)
    assert done.returncode == 0
    (row,) = csv.DictReader((data / "decisions.csv").read_text(encoding="utf-8").splitlines())
    assert (row["key"], row["value"], row["who"]) == (conflict, "90,13", "lan")
    nightly(data, portal="dongnai")
    with connect(data / "chiso.duckdb") as connection:
        ((proposed, rule, vi),) = connection.execute(
            "select proposed, rule, reason_vi from conflicts where conflict_id = ?", [conflict]
        ).fetchall()
        ((change,),) = connection.execute(
            "select change from conflict_changes where conflict_id = ? and change <> 'new'", [conflict]
        ).fetchall()
        ((value,),) = connection.execute("select value from facts where fact_id = ?", [conflict.replace("c-", "f-", 1)]).fetchall()
    assert (proposed, rule, change, value) == ("90.13", "decision", "resolved", 90.13)
    assert vi == "Biên tập viên đã chọn 90,13: bản gốc của Sở Nội vụ"
    nothing = run_chiso("review", "--data", data)
    assert (nothing.returncode, nothing.stdout) == (0, b"Nothing waits.\n")


def test_a_reference_table_is_checked_whole_before_it_counts(data: Path, tmp_path: Path) -> None:
    good, bad = tmp_path / "so_noi_vu.csv", tmp_path / "bad.csv"
    good.write_text("index,year,subject,score,rank,quality\nSIPAS,2021,Sơn La,90.13,6,A\n", encoding="utf-8")
    bad.write_text("index,year,subject,score\nSIPAS,2021,Sơn La,90.13\nNO_INDEX,2021,Sơn La,1\n", encoding="utf-8")
    refused = run_chiso("reference", "add", bad, "--data", data)
    assert refused.returncode == 2
    assert b"bad.csv:3: unknown index 'NO_INDEX'" in refused.stderr
    assert not (data / "reference" / "bad.csv").exists()
    added = run_chiso("reference", "add", good, "--data", data)
    assert (added.returncode, b"2 values" in added.stdout) == (0, True)
    assert b"so_noi_vu.csv" in run_chiso("reference", "list", "--data", data).stdout
    nightly(data, portal="dongnai")
    with connect(data / "chiso.duckdb") as connection:
        ((status, proposed, official),) = connection.execute(
            "select status, proposed, reason_vi from conflicts where index = 'SIPAS' and subject = 'Sơn La'"
        ).fetchall()
    assert (status, proposed) == ("refuted", "90.13")
    assert "so_noi_vu.csv" in official
