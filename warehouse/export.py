"""The release: the tables as Parquet and CSV, the DuckDB file itself, a datapackage and checksums."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import duckdb

from warehouse.query import connect

_TABLES = ("facts", "conflicts", "claims", "articles", "sources", "indices", "units")
_TYPES = {"VARCHAR": "string", "INTEGER": "integer", "BIGINT": "integer", "DOUBLE": "number", "BOOLEAN": "boolean", "DATE": "date"}


def export(warehouse: Path, out: Path) -> list[Path]:
    """Write the release into `out` and return the files written; the same warehouse gives the same bytes."""
    import pyarrow.csv  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    out.mkdir(parents=True, exist_ok=True)
    written = []
    resources: list[dict[str, Any]] = []
    with connect(warehouse) as connection:
        for name in _TABLES:
            table = connection.sql(f"select * from {name} order by all").to_arrow_table()  # noqa: S608 (names of our own tables)
            parquet, csv = out / f"{name}.parquet", out / f"{name}.csv"
            pq.write_table(table, parquet, compression="zstd")
            flat = connection.sql(f"select {_flat(table.schema)} from {name} order by all").to_arrow_table()  # noqa: S608
            pyarrow.csv.write_csv(flat, csv)
            written += [parquet, csv]
            resources.append(_resource(connection, name))
    copy = out / "chiso.duckdb"
    shutil.copyfile(warehouse, copy)
    package = out / "datapackage.json"
    package.write_text(
        json.dumps(
            {
                "name": "chiso",
                "title": "Chỉ số: Vietnamese provincial indices from the news",
                "licenses": [{"name": "Apache-2.0"}],
                "resources": resources,
            },
            ensure_ascii=False,
            indent=1,
        )
        + "\n",
        encoding="utf-8",
    )
    written += [copy, package]
    sums = out / "SHA256SUMS"
    sums.write_text("".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in written), encoding="utf-8")
    return [*written, sums]


def _flat(schema: Any) -> str:
    """Return a select list in which lists are joined, because CSV has none."""
    import pyarrow as pa  # noqa: PLC0415

    return ", ".join(f'array_to_string("{f.name}", \'|\') as "{f.name}"' if pa.types.is_list(f.type) else f'"{f.name}"' for f in schema)


def _resource(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, Any]:
    source = "fact_history" if table == "facts" else table
    rows = connection.execute(
        "select column_name, data_type, comment from duckdb_columns() "
        "where table_name = ? and column_name <> 'known_to' order by column_index",
        [source],
    ).fetchall()
    fields = [
        {"name": name, "type": _TYPES.get(kind, "datetime" if "TIMESTAMP" in kind else "any"), "description": comment}
        for name, kind, comment in rows
    ]
    return {"name": table, "path": f"{table}.csv", "format": "csv", "encoding": "utf-8", "schema": {"fields": fields}}
