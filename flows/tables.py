"""Rows on a terminal, or as CSV, JSON lines of one array, or Parquet."""

import csv
import json
import sys
from pathlib import Path
from typing import Any

from spiders.portal import load_portal, portal_names


def print_table(columns: list[str], rows: list[tuple[Any, ...]], form: str) -> None:
    """Print rows in one of the forms table, csv, json, parquet."""
    match form:
        case "csv":
            writer = csv.writer(sys.stdout, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows([["" if v is None else v for v in row] for row in rows])
        case "json":
            json.dump([dict(zip(columns, row, strict=True)) for row in rows], sys.stdout, ensure_ascii=False, indent=1, default=str)
            sys.stdout.write("\n")
        case "parquet":
            _parquet(columns, rows)
        case _:
            _table(columns, rows)


def _parquet(columns: list[str], rows: list[tuple[Any, ...]]) -> None:
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    table = pa.table({name: [row[i] for row in rows] for i, name in enumerate(columns)})
    pq.write_table(table, sys.stdout.buffer, compression="zstd")


def _table(columns: list[str], rows: list[tuple[Any, ...]]) -> None:
    from rich.console import Console  # noqa: PLC0415
    from rich.markup import escape  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    console = Console(width=None if sys.stdout.isatty() else 240, soft_wrap=False)
    table = Table(show_edge=False, header_style="bold")
    for n, name in enumerate(columns):
        numeric = any(isinstance(row[n], int | float) and not isinstance(row[n], bool) for row in rows)
        table.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(escape(_shown(value)) for value in row))
    console.print(table)
    console.print(f"({len(rows)} rows)", style="dim")


def _shown(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)


def portal_rows(warehouse: Path) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Return the declared portals with the state and the yield of their last crawl, where there is one."""
    last: dict[str, tuple[str, int, int, int]] = {}
    from warehouse.query import ask, is_published  # noqa: PLC0415

    if is_published(warehouse):
        newest = "(select max_by(run_id, ended_at) from runs join crawls using (run_id) where crawls.portal = c.portal)"
        state = "case when state = 'complete' and degraded is not null then 'degraded' else state end"
        sql = f"select portal, {state}, new + changed + unchanged, pages_read, claims from crawls c where run_id = {newest}"  # noqa: S608 (a constant)
        last = {portal: (state, articles, read, claims) for portal, state, articles, read, claims in ask(warehouse, sql)[1]}
    columns = ["portal", "title", "family", "home", "place", "kind", "verified", "last state", "articles", "read", "claims"]
    portals = [load_portal(name) for name in portal_names()]
    nothing = (None, None, None, None)
    return columns, [(p.name, p.title, p.family, p.home, p.place, p.kind, p.verified, *last.get(p.name, nothing)) for p in portals]
