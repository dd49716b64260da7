"""The release as other programs read it: R, LibreOffice, the recipes. The same figures, and every letter."""

import csv
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
from conftest import ROOT, Night, run_chiso

from warehouse.release.tables import CSV_FOR_EXCEL, STATA

NO_R = pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed: `make readers` installs it")
HAS_RETICULATE = shutil.which("Rscript") is not None and Path("/usr/lib/R/site-library/reticulate").is_dir()
NO_RETICULATE = pytest.mark.skipif(not HAS_RETICULATE, reason="R or its reticulate is not installed: `make readers` installs both")
NO_GRETL = pytest.mark.skipif(shutil.which("gretlcli") is None, reason="gretl is not installed: `make readers` installs it")
NO_OFFICE = pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed: `make readers` installs it")
#: R with this Python beside it, whose packages reticulate uses.
R_WITH_PYTHON = {"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin", "RETICULATE_PYTHON": sys.executable}
#: As R writes a number that it has read as one, and a text as it came.
WRITE_AGAIN = """
t <- read.csv(commandArgs(trailingOnly = TRUE)[1], encoding = "UTF-8", na.strings = "", check.names = FALSE)
write.csv(format(t, digits = 15, trim = TRUE, justify = "none"), commandArgs(trailingOnly = TRUE)[2], row.names = FALSE, fileEncoding = "UTF-8")
"""


@pytest.fixture(scope="module")
def release(first_night: Night, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("readers") / "nightly"
    assert run_chiso("export", "--data", first_night.data, "--out", out).returncode == 0
    return out


def are_the_same(said: list[dict[str, str]], expected: list[dict[str, Any]], nothing: str = "") -> None:
    """Compare the cells that a program has read with the rows of a Parquet file."""
    assert [list(row) for row in said[:1]] == [list(row) for row in expected[:1]]
    assert len(said) == len(expected) > 0
    for line, row in zip(said, expected, strict=True):
        for text, value in zip(line.values(), row.values(), strict=True):
            if value is None:
                assert text in {nothing, ""}
            elif isinstance(value, bool):
                assert text.upper() == str(value).upper()
            elif isinstance(value, int | float):
                assert float(text) == value
            elif isinstance(value, str):
                # R takes a column of nothing but figures for numbers, value_text too.
                assert text == value or float(text) == float(value)


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


@NO_R
@pytest.mark.parametrize("name", ["facts_wide", "panel_63", "official"])
def test_r_reads_the_same_figures_and_letters(release: Path, tmp_path: Path, name: str) -> None:
    command = ["Rscript", "-e", WRITE_AGAIN, release / f"{name}.csv", tmp_path / "again.csv"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"})
    assert done.returncode == 0, done.stderr
    are_the_same(read(tmp_path / "again.csv"), rows(release, name), nothing="NA")


def rows(release: Path, name: str) -> list[dict[str, Any]]:
    return pq.read_table(release / f"{name}.parquet").to_pylist()


@pytest.fixture(scope="module")
def sheets(release: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Each sheet of the workbook as LibreOffice reads it, and each file for Excel."""
    out = tmp_path_factory.mktemp("office")
    every_sheet = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false,false,false,-1"
    command = ["soffice", "--headless", f"-env:UserInstallation={(out / 'profile').as_uri()}", "--convert-to", every_sheet, "--outdir"]
    subprocess.run([*command, out / "book", release / "chiso.xlsx"], check=True, capture_output=True, timeout=300)
    english = "--infilter=CSV:44,34,76,1,,1033"
    subprocess.run([*command, out / "csv", english, *(release / "excel").glob("*.csv")], check=True, capture_output=True, timeout=300)
    return out


@NO_OFFICE
@pytest.mark.parametrize("name", ["facts_wide", "panel_2025", "panel_63", "facts"])
def test_libreoffice_reads_the_workbook_with_the_same_figures_and_letters(release: Path, sheets: Path, name: str) -> None:
    are_the_same(read(sheets / "book" / f"chiso-{name}.csv"), rows(release, name))


@NO_OFFICE
@pytest.mark.parametrize("name", [name for name in CSV_FOR_EXCEL if name != "conflicts"])
def test_libreoffice_reads_the_files_for_excel(release: Path, sheets: Path, name: str) -> None:
    (found,) = (sheets / "csv").glob(f"{name}[-.]*")
    are_the_same(read(found), rows(release, name))


@NO_RETICULATE
@pytest.mark.parametrize("name", ["facts_wide", "panel_63"])
def test_r_opens_the_warehouse(release: Path, tmp_path: Path, name: str) -> None:
    in_order = f"select * from read_parquet('{release / f'{name}.parquet'}') order by all"
    columns = ", ".join(f'"{column}"' for column in pq.read_schema(release / f"{name}.parquet").names)
    ask = [release / "chiso.duckdb", f"select {columns} from {name} order by all", tmp_path / "answer.csv"]
    done = subprocess.run(
        ["Rscript", ROOT / "recipes" / "warehouse.R", *ask], capture_output=True, text=True, check=False, env=R_WITH_PYTHON
    )
    assert done.returncode == 0, done.stderr
    are_the_same(read(tmp_path / "answer.csv"), duckdb.sql(in_order).to_arrow_table().to_pylist(), nothing="NA")


@NO_RETICULATE
def test_r_finds_the_package_valid(release: Path) -> None:
    ask = 'cat(reticulate::import("frictionless")$validate(commandArgs(TRUE)[1])$valid)'
    done = subprocess.run(
        ["Rscript", "-e", ask, release / "datapackage.json"], capture_output=True, text=True, check=True, env=R_WITH_PYTHON
    )
    assert done.stdout == "TRUE"


@NO_GRETL
@pytest.mark.parametrize("name", [name for name in STATA if name != "facts"])  # it cuts the sentences of `facts`
def test_gretl_reads_the_stata_files(release: Path, tmp_path: Path, name: str) -> None:
    """Gretl has a reader of Stata's format of its own; pyreadstat reads with the library that has written."""
    script = f'set csv_write_na ""\nopen "{release / f"{name}.dta"}" --quiet\nstore "{tmp_path / "again.csv"}"\n'
    (tmp_path / "again.inp").write_text(script, encoding="utf-8")
    home = {"HOME": str(tmp_path), "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(["gretlcli", "-b", tmp_path / "again.inp"], capture_output=True, text=True, check=False, env=home)
    assert done.returncode == 0, done.stdout
    are_the_same(read(tmp_path / "again.csv"), rows(release, name))


@NO_R
def test_the_recipes_answer_alike_in_python_and_r(release: Path) -> None:
    python = subprocess.run([sys.executable, ROOT / "recipes" / "questions.py", release], capture_output=True, text=True, check=True).stdout
    command = ["Rscript", ROOT / "recipes" / "questions.R", release]
    r = subprocess.run(command, capture_output=True, text=True, check=True, env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}).stdout
    gain, lose = python.splitlines()[1].split()[1:]
    assert r.splitlines()[0].split() == ["gain", gain, "lose", lose]
    assert r.splitlines()[1:12] == [" ".join(line.split()) for line in python.splitlines()[3:]]
    assert r.splitlines()[-1].startswith("An Giang; Bà Rịa - Vũng Tàu; ")


def test_the_notebook_asks_the_questions_of_the_docs_and_answers_them(release: Path, tmp_path: Path) -> None:
    notebook, docs = ROOT / "recipes" / "notebook.py", (ROOT / "docs" / "questions.md").read_text(encoding="utf-8")
    asked = re.findall(r'sql\("""\n(.*?)"""\)', notebook.read_text(encoding="utf-8"), re.DOTALL)
    assert asked == re.findall(r"```sql\n(.*?)```", docs, re.DOTALL)
    assert len(asked) == 5
    command = [Path(sys.executable).parent / "marimo", "export", "html", notebook, "-o", tmp_path / "answers.html"]
    done = subprocess.run([*command, "--", "--release", release], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "answers.html").read_text(encoding="utf-8")
    assert all(word in page for word in ("gives up its name", r"Tuy\u00ean Quang", "as_reconciled", "first_told"))
    # One cell that fails makes the whole fail.
    failed = subprocess.run([*command, "--force", "--", "--release", tmp_path], capture_output=True, text=True, check=False)
    assert failed.returncode != 0
