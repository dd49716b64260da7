"""The release: what a researcher downloads, cites and can check. The same warehouse gives the same bytes.

Tables as Parquet, CSV (plain, and with a byte order mark for Excel), one XLSX workbook and Stata files with labels; the
DuckDB file; datapackage.json, JSON Schemas, a codebook, CITATION.cff, .zenodo.json, release notes with what has changed
since another release, and checksums.
"""

import hashlib
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from warehouse.error import WarehouseError
from warehouse.file import copy
from warehouse.lake import copy_to_file, is_lake
from warehouse.query import connect
from warehouse.release.changes import Changes, changes, notes
from warehouse.release.codebook import codebook, codebook_pdf
from warehouse.release.metadata import citation, datapackage, json_schema, zenodo
from warehouse.release.tables import CSV_FOR_EXCEL, STATA, TABLES, csv, parquet, read, stata, stata_labels, workbook

SUMS = "SHA256SUMS"


def export(
    warehouse: Path, out: Path, *, version: str = "nightly", since: Path | None = None, also: Callable[[Path], object] | None = None
) -> list[Path]:
    """Write the release into `out`, which is put there whole, and return the files written.

    `since` is the folder of another release; what has changed since goes into the notes. `also` writes more into the
    folder that is being made, and is covered by the checksums. Raises WarehouseError if there
    is no warehouse, or no release at `since`.
    """
    building = out.with_name(f".{out.name}.building")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    try:
        with connect(warehouse) as connection:
            _is_of_today(connection, warehouse)
            _write(connection, building, version, _moment(connection), since)
            if is_lake(warehouse):
                copy_to_file(connection, building / "chiso.duckdb")
            else:
                copy(warehouse, building / "chiso.duckdb")
        if also is not None:
            also(building)
        sums = "".join(f"{_sha256(building / name)}  {name}\n" for name in _names(building))
        (building / SUMS).write_text(sums, encoding="utf-8")
        _put(building, out)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return [out / name for name in _names(out)]


def _is_of_today(connection: duckdb.DuckDBPyConnection, warehouse: Path) -> None:
    known = {name for (name,) in connection.execute("select table_name from information_schema.tables").fetchall()}
    missing = sorted(set(TABLES) - known)
    if missing:
        raise WarehouseError(
            f"{warehouse} was made by an older chiso and has no {', '.join(missing)}: the next night, or `chiso rebuild`, brings it up to date"
        )


def verify(release: Path) -> list[str]:
    """Return what is wrong with a release: files that are missing, or whose bytes are not those of the checksums."""
    sums = release / SUMS
    if not sums.exists():
        raise WarehouseError(f"no release at {release}: {SUMS} is missing")
    wrong = []
    for line in sums.read_text(encoding="utf-8").splitlines():
        digest, name = line.split("  ", 1)
        path = release / name
        if not path.exists():
            wrong.append(f"{path}: missing")
        elif _sha256(path) != digest:
            wrong.append(f"{path}: other bytes than were released")
    return wrong


def _moment(connection: duckdb.DuckDBPyConnection) -> datetime:
    """Return when the warehouse was loaded last: the release is of that moment, whenever it is written."""
    ((moment,),) = connection.execute("select max(ended_at) from runs").fetchall()
    return datetime(1970, 1, 1, tzinfo=UTC) if moment is None else moment.astimezone(UTC)


def _write(connection: duckdb.DuckDBPyConnection, out: Path, version: str, moment: datetime, since: Path | None) -> None:
    tables = {name: read(connection, name) for name in TABLES}
    for name, table in tables.items():
        parquet(table, out / f"{name}.parquet")
        csv(table, out / f"{name}.csv")
    for name in CSV_FOR_EXCEL:
        csv(tables[name], out / "excel" / f"{name}.csv", for_excel=True)
    workbook(tables, out / "chiso.xlsx", version, moment)
    for name in STATA:
        stata(name, tables[name], out / f"{name}.dta", moment)
    found = Changes.none() if since is None else changes(since / "facts.parquet", tables["facts"])
    texts = {
        "labels_vi.do": stata_labels(),
        "datapackage.json": datapackage(tables, version, moment),
        "codebook.html": codebook(version, moment),
        "CITATION.cff": citation(version, moment),
        ".zenodo.json": zenodo(version, moment),
        "RELEASE_NOTES.md": notes(tables, version, moment, found, None if since is None else since.name),
        **{f"schema/{name}.schema.json": json_schema(name) for name in TABLES},
    }
    for name, text in texts.items():
        path = out / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (out / "codebook.pdf").write_bytes(codebook_pdf(version, moment))
    if since is not None:
        csv(found.table, out / "changes.csv")


def _names(folder: Path) -> Iterator[str]:
    yield from sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _put(building: Path, out: Path) -> None:
    """Put a folder in the place of another; a reader meets the old one or the new one, and never half of one."""
    if not out.exists():
        building.rename(out)
        return
    if any(out.iterdir()) and not (out / SUMS).exists():
        raise WarehouseError(f"{out} is no release of chiso: give an empty folder, or another one")
    old = out.with_name(f".{out.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    out.rename(old)
    building.rename(out)
    shutil.rmtree(old)
