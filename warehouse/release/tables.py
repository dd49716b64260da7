"""The tables of a release in each format: numbers as numbers, texts as NFC, lists joined where a format has none."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from warehouse.cells import harmless
from warehouse.dictionary import dictionary

#: In the order of the workbook; each is sorted by all its columns.
TABLES = (
    "facts_wide", "panel_2025", "panel_63", "facts", "conflicts", "claims", "articles", "sources", "indices", "units", "equations", "decisions", "releases", "official",
)  # fmt: skip
#: What people open in a spreadsheet or in Stata; texts of whole articles are for neither.
CSV_FOR_EXCEL = ("facts_wide", "panel_2025", "panel_63", "facts", "conflicts")
STATA = ("facts_wide", "panel_2025", "panel_63", "facts")
SHEETS = ("facts_wide", "panel_2025", "panel_63", "facts", "conflicts", "sources", "indices", "units", "equations", "decisions", "releases")
#: A sheet holds so many rows, a cell so many characters, a label of Stata so many.
_ROWS, _CELL, _LABEL = 1_048_575, 32_767, 80
_NOTE = "List cells are joined by |. Empty cells are unknown, never zero. Each column is explained in codebook.html."
_NOTE_VI = "Ô chứa danh sách được nối bằng |. Ô trống là chưa biết, không phải số không. Mỗi cột được giải thích trong codebook.html."


def read(connection: duckdb.DuckDBPyConnection, name: str) -> pa.Table:
    """Return a table of the warehouse, sorted by all its columns."""
    return connection.sql(f"from {name} order by all").to_arrow_table()


def parquet(table: pa.Table, path: Path) -> None:
    """Write a table as Parquet."""
    import pyarrow.parquet as pq  # noqa: PLC0415

    pq.write_table(table, path, compression="zstd")


def csv(table: pa.Table, path: Path, *, for_excel: bool = False) -> None:
    """Write a table as CSV in UTF-8; for Excel with the byte order mark that it wants, and nothing that it would run."""
    import pyarrow.csv  # noqa: PLC0415

    path.parent.mkdir(exist_ok=True)
    with path.open("wb") as stream:
        flat = _flat(table)
        if for_excel:
            stream.write(b"\xef\xbb\xbf")
            flat = pa.table({name: _harmless(flat[name]) for name in flat.column_names})
        pyarrow.csv.write_csv(flat, stream)


def _harmless(column: pa.ChunkedArray) -> pa.ChunkedArray | pa.Array:
    if column.type != pa.string():
        return column
    return pa.array([None if text is None else harmless(text) for text in column.to_pylist()], pa.string())


def _flat(table: pa.Table) -> pa.Table:
    """Join lists, and write moments as ISO 8601 in UTC."""
    columns = {}
    for field in table.schema:
        column = table[field.name]
        if pa.types.is_list(field.type):
            column = pa.array([None if value is None else _joined(value) for value in column.to_pylist()], pa.string())
        elif pa.types.is_timestamp(field.type):
            column = pa.array([None if value is None else _moment(value) for value in column.to_pylist()], pa.string())
        columns[field.name] = column
    return pa.table(columns)


def _joined(values: list[Any]) -> str:
    return "|".join(" ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value) for value in values)


def _moment(value: datetime) -> str:
    from datetime import UTC  # noqa: PLC0415

    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def workbook(tables: Mapping[str, pa.Table], path: Path, version: str, moment: datetime) -> None:
    """Write the tables that people open in a spreadsheet as one workbook, with a sheet of notes before them."""
    import xlsxwriter  # noqa: PLC0415

    book = xlsxwriter.Workbook(
        path, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "nan_inf_to_errors": True}
    )
    book.set_properties({"title": f"chiso {version}", "created": moment.replace(tzinfo=None)})
    head = book.add_format({"bold": True, "bottom": 1})
    sheet = book.add_worksheet("Notes")
    sheet.set_column(0, 0, 16)
    sheet.set_column(1, 1, 100)
    lines = [("chiso", version), ("", moment.strftime("%Y-%m-%d")), ("", _NOTE), ("", _NOTE_VI), ("", "")]
    lines += [(name, text) for name in SHEETS for text in (dictionary()[name].en, dictionary()[name].vi)]
    for row, line in enumerate(lines):
        sheet.write_row(row, 0, line)
    for name in SHEETS:
        table = _flat(tables[name].slice(0, _ROWS))
        sheet = book.add_worksheet(name)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, table.num_rows, table.num_columns - 1)
        sheet.write_row(0, 0, table.column_names, head)
        for row, values in enumerate(zip(*(column.to_pylist() for column in table.columns), strict=True), start=1):
            for column, value in enumerate(values):
                _write_cell(sheet, row, column, value)
    book.close()


def _write_cell(sheet: Any, row: int, column: int, value: Any) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, str):
        sheet.write_string(row, column, value[:_CELL])
    elif hasattr(value, "isoformat"):
        sheet.write_string(row, column, value.isoformat())
    else:
        sheet.write_number(row, column, value)


def stata(name: str, table: pa.Table, path: Path, moment: datetime) -> None:
    """Write a table for Stata 14 and later (format 118: UTF-8), with English labels; labels_vi.do sets Vietnamese ones."""
    relation = dictionary()[name]
    frame = _flat(table).to_pandas(date_as_object=False)
    labels = {column.name: column.en[:_LABEL] for column in relation.columns}
    for column in frame.columns:
        if frame[column].dtype == bool:
            frame[column] = frame[column].astype("int8")
        elif not (frame[column].dtype.kind in "if" or frame[column].dtype.kind == "M"):
            frame[column] = frame[column].astype(object).where(frame[column].notna(), "")
    frame.to_stata(
        path, write_index=False, version=118, variable_labels=labels, data_label=f"chiso: {name}"[:_LABEL], time_stamp=moment.replace(tzinfo=None)
    )  # fmt: skip


def stata_labels() -> str:
    """Return the do-file that gives the variables Vietnamese labels; `label language en` brings the English ones back."""
    lines = [
        "* Nhãn tiếng Việt cho các tệp .dta của chiso: use facts_wide, clear / do labels_vi.do",
        "label language en, rename",
        "label language vi, new",
    ]
    seen: dict[str, str] = {}
    for name in STATA:
        for column in dictionary()[name].columns:
            seen.setdefault(column.name, column.vi)
    for variable, text in seen.items():
        label = text[:_LABEL].replace('"', "'")
        lines.append(f'capture label variable {variable} "{label}"')
    return "\n".join(lines) + "\n"
