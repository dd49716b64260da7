"""The release: the same figures in every format, described by one dictionary, whole or not at all."""

import json
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from conftest import Night, run_chiso

from warehouse.dictionary import dictionary
from warehouse.query import ask
from warehouse.release.tables import SHEETS, STATA, TABLES

VERSION = "v2026.11.0"


@pytest.fixture(scope="module")
def release(first_night: Night, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("release") / VERSION
    done = run_chiso("export", "--data", first_night.data, "--out", out, "--release", VERSION)
    assert done.returncode == 0, done.stderr
    return out


def rows(release: Path, name: str) -> list[dict]:
    return pq.read_table(release / f"{name}.parquet").to_pylist()


def test_it_says_what_it_is_and_its_bytes_can_be_checked(release: Path, tmp_path: Path) -> None:
    checked = run_chiso("export", "--verify", release)
    assert (checked.returncode, checked.stdout.decode()) == (0, f"{release}: all files are as released\n")
    assert subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=release, check=False).returncode == 0
    copy = tmp_path / "copy"
    shutil.copytree(release, copy)
    (copy / "facts.csv").write_text((copy / "facts.csv").read_text(encoding="utf-8").replace("88.34", "88.43"), encoding="utf-8")
    (copy / "chiso.xlsx").unlink()
    wrong = run_chiso("export", "--verify", copy)
    assert (wrong.returncode, wrong.stdout.decode().splitlines()) == (
        1, [f"{copy}/chiso.xlsx: missing", f"{copy}/facts.csv: other bytes than were released"],
    )  # fmt: skip
    assert f'version: "{VERSION}"' in (release / "CITATION.cff").read_text(encoding="utf-8")
    assert json.loads((release / ".zenodo.json").read_text(encoding="utf-8"))["version"] == VERSION


def test_the_same_warehouse_gives_the_same_bytes(release: Path, first_night: Night, tmp_path: Path) -> None:
    assert run_chiso("export", "--data", first_night.data, "--out", tmp_path / VERSION, "--release", VERSION).returncode == 0
    assert (tmp_path / VERSION / "SHA256SUMS").read_bytes() == (release / "SHA256SUMS").read_bytes()


def test_frictionless_finds_the_package_valid(release: Path) -> None:
    import frictionless

    package = frictionless.Package(str(release / "datapackage.json"))
    assert [resource.name for resource in package.resources] == list(TABLES)
    report = package.validate()
    assert report.valid, report.flatten(["name", "rowNumber", "fieldName", "note"])[:5]


@pytest.mark.parametrize("name", ["facts_wide", "facts", "conflicts"])
def test_the_workbook_has_the_same_figures_as_numbers(release: Path, name: str) -> None:
    import openpyxl

    book = openpyxl.load_workbook(release / "chiso.xlsx", read_only=True)
    assert book.sheetnames == ["Notes", *SHEETS]
    head, *lines = book[name].iter_rows(values_only=True)
    expected = rows(release, name)
    assert list(head) == list(expected[0])
    assert len(lines) == len(expected)
    for line, row in zip(lines, expected, strict=True):
        for said, value in zip(line, row.values(), strict=True):
            if isinstance(value, bool | int | float) or value is None:
                assert said == value
            elif isinstance(value, str):
                assert said == (value or None)
    subjects = {row["subject"] for row in expected}
    assert "Hưng Yên" in subjects or "Sơn La" in subjects


@pytest.mark.parametrize("name", STATA)
def test_stata_reads_the_same_figures_with_labels(release: Path, name: str) -> None:
    import pyreadstat

    frame, meta = pyreadstat.read_dta(str(release / f"{name}.dta"))
    expected = rows(release, name)
    assert list(frame.columns) == list(expected[0])
    assert meta.column_names_to_labels == {column.name: column.en[:80] for column in dictionary()[name].columns}
    assert len(frame) == len(expected)
    for column in frame.columns:
        for said, value in zip(frame[column], [row[column] for row in expected], strict=True):
            if isinstance(value, str | int | float):
                assert said == value
            elif value is None:
                assert said == "" or said is None or said != said  # noqa: PLR0124 (a missing number is no number)
    do = (release / "labels_vi.do").read_text(encoding="utf-8")
    assert all(f"capture label variable {column} " in do for column in frame.columns)


def test_csv_is_utf_8_and_excel_gets_its_mark(release: Path) -> None:
    plain, marked = (release / "facts_wide.csv").read_bytes(), (release / "excel" / "facts_wide.csv").read_bytes()
    assert marked == b"\xef\xbb\xbf" + plain
    assert "Hưng Yên".encode() in plain


def test_a_sentence_from_outside_is_no_formula(tmp_path: Path) -> None:
    import openpyxl
    import pyarrow as pa

    from warehouse.release.tables import csv, workbook

    table = pa.table({"evidence": ['=HYPERLINK("http://x.vn","88,34")', "@SUM(1)", "Hưng Yên"], "value": [-4.3, 1.0, None]})
    csv(table, tmp_path / "facts.csv", for_excel=True)
    lines = (tmp_path / "facts.csv").read_text(encoding="utf-8-sig").splitlines()
    assert lines[1:] == ['"\'=HYPERLINK(""http://x.vn"",""88,34"")",-4.3', '"\'@SUM(1)",1', '"Hưng Yên",']
    workbook(dict.fromkeys(SHEETS, table), tmp_path / "x.xlsx", VERSION, datetime(2026, 11, 24, tzinfo=UTC))
    cell = openpyxl.load_workbook(tmp_path / "x.xlsx")["facts"]["A2"]
    assert (cell.value, cell.data_type) == ('=HYPERLINK("http://x.vn","88,34")', "s")


@pytest.mark.parametrize("name", ["facts", "claims", "conflicts", "panel_2025"])
def test_rows_follow_their_json_schema(release: Path, name: str) -> None:
    import jsonschema

    schema = json.loads((release / "schema" / f"{name}.schema.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    for row in json.loads(json.dumps(rows(release, name), default=lambda value: value.isoformat())):
        assert list(validator.iter_errors(row)) == []
    assert list(validator.iter_errors({"fact_id": 1})) != []


def test_the_codebook_explains_every_column_in_both_languages(release: Path) -> None:
    import html

    text = html.unescape((release / "codebook.html").read_text(encoding="utf-8"))
    for name in TABLES:
        for column in dictionary()[name].columns:
            assert f"<code>{column.name}</code>" in text
            assert column.en in text
            assert column.vi in text
    assert "default-src 'none'" in text


def test_the_codebook_on_paper_has_the_same_columns(release: Path) -> None:
    import unicodedata

    import pdfplumber

    with pdfplumber.open(release / "codebook.pdf") as pdf:
        text = "".join("".join(unicodedata.normalize("NFC", page.extract_text()).split()) for page in pdf.pages)
    for name in TABLES:
        for column in dictionary()[name].columns:
            assert column.name in text
        # Sentences break over lines and pages: their first words do not.
        assert "".join(dictionary()[name].vi.split()[:4]) in text


def test_the_notes_tell_what_has_changed_since(release: Path, two_nights: tuple[Night, Night], tmp_path: Path) -> None:
    out = tmp_path / "nightly"
    assert run_chiso("export", "--data", two_nights[1].data, "--out", out, "--since", release).returncode == 0
    changed = (out / "changes.csv").read_text(encoding="utf-8").splitlines()
    ids = {
        name: {r["fact_id"]: (r["value_text"], r["status"]) for r in rows(folder, "facts")}
        for name, folder in (("old", release), ("new", out))
    }
    signs = {
        "+": ids["new"].keys() - ids["old"].keys(),
        "-": ids["old"].keys() - ids["new"].keys(),
        "~": {f for f in ids["old"].keys() & ids["new"].keys() if ids["old"][f] != ids["new"][f]},
    }
    assert len(signs["+"]) > 0
    assert len(signs["~"]) > 0
    assert sorted((line[1], line.rsplit(",", 1)[1].strip('"')) for line in changed[1:]) == sorted(
        (s, f) for s, fs in signs.items() for f in fs
    )
    notes = (out / "RELEASE_NOTES.md").read_text(encoding="utf-8")
    assert f"- + {len(signs['+'])} new" in notes
    assert "PAR_INDEX Hưng Yên 2021 score: 88.34 (resolved) → 88.34 (agreed)" in notes
    missing = run_chiso("export", "--data", two_nights[1].data, "--out", out, "--since", tmp_path / "none")
    assert (missing.returncode, b"no release to compare with" in missing.stderr) == (2, True)
    assert (out / "changes.csv").exists(), "the older release stays"


def test_a_folder_that_is_no_release_is_left_alone(first_night: Night, tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("mine", encoding="utf-8")
    done = run_chiso("export", "--data", first_night.data, "--out", tmp_path / "thesis")
    assert (done.returncode, b"is no release of chiso" in done.stderr) == (2, True)
    assert [path.name for path in tmp_path.rglob("*")] == ["thesis", "chapter.txt"]
    assert run_chiso("export", "--data", first_night.data, "--out", tmp_path / "x", "--release", "latest").returncode == 2


def test_the_copy_of_the_warehouse_can_be_asked(release: Path) -> None:
    assert ask(release / "chiso.duckdb", "select count(*) from facts")[1] == [(len(rows(release, "facts")),)]


def test_a_warehouse_of_an_older_chiso_is_named_not_half_exported(first_night: Night, tmp_path: Path) -> None:
    import duckdb

    (tmp_path / "data").mkdir()
    shutil.copyfile(first_night.data / "chiso.duckdb", tmp_path / "data" / "chiso.duckdb")
    with duckdb.connect(str(tmp_path / "data" / "chiso.duckdb")) as older:
        older.execute("drop view official")
    done = run_chiso("export", "--data", tmp_path / "data", "--out", tmp_path / "out")
    assert (done.returncode, b"was made by an older chiso and has no official" in done.stderr) == (2, True)
    assert not (tmp_path / "out").exists()
