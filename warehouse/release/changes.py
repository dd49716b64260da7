"""What has changed between two releases: facts that are new, changed (old and new value) or gone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from warehouse.error import WarehouseError

_COMPARED = """
with told as (
  select coalesce(n.fact_id, o.fact_id) as fact_id, n.fact_id is null as is_gone, o.fact_id is null as is_new,
         coalesce(n.index, o.index) as index, coalesce(n.subject, o.subject) as subject, coalesce(n.year, o.year) as year,
         coalesce(n.measure, o.measure) as measure, coalesce(n.component, o.component) as component,
         o.value_text as old_value, n.value_text as new_value, o.status as old_status, n.status as new_status, o.value as old, n.value as new
  from new n full join old o using (fact_id)
)
select case when is_gone then '-' when is_new then '+' else '~' end as change, index, year, subject, measure, component, old_value, new_value,
       case when change = '~' and old <> 0 then round(100 * (new - old) / abs(old), 2) end as percent, old_status, new_status, fact_id
from told where is_gone or is_new or old_value is distinct from new_value or old_status is distinct from new_status
order by all
"""
_COLUMNS = (
    "change",
    "index",
    "year",
    "subject",
    "measure",
    "component",
    "old_value",
    "new_value",
    "percent",
    "old_status",
    "new_status",
    "fact_id",
)
#: The notes name so many of each kind; changes.csv has all.
_NAMED = 20


@dataclass(frozen=True, slots=True)
class Changes:
    """A row a fact that differs: + new, ~ changed, - gone."""

    table: pa.Table

    @classmethod
    def none(cls) -> "Changes":
        """Return that nothing is known to have changed."""
        return cls(pa.table({name: pa.array([], pa.string()) for name in _COLUMNS}))

    def of(self, change: str) -> list[dict[str, object]]:
        """Return the rows of one kind."""
        return [row for row in self.table.to_pylist() if row["change"] == change]


def changes(older: Path, new: pa.Table) -> Changes:
    """Compare the facts of an older release with those of a new one; raises WarehouseError if there is no older one."""
    if not older.exists():
        raise WarehouseError(f"no release to compare with: {older} is missing")
    with duckdb.connect(":memory:") as connection:
        import pyarrow.parquet as pq  # noqa: PLC0415

        connection.register("old", pq.read_table(older))
        connection.register("new", new)
        return Changes(connection.sql(_COMPARED).to_arrow_table())


def notes(tables: Mapping[str, pa.Table], version: str, moment: datetime, found: Changes, since: str | None) -> str:
    """Return the release notes in Markdown."""
    lines = [f"# chiso {version}", "", f"State of {moment:%Y-%m-%d %H:%M} UTC.", "", "| table | rows |", "|---|---|"]
    lines += [f"| {name} | {table.num_rows:,} |" for name, table in tables.items()]
    if since is not None:
        total = max(1, tables["facts"].num_rows)
        lines += ["", f"## Since {since}", ""]
        for change, name in (("+", "new"), ("~", "changed"), ("-", "gone")):
            rows = found.of(change)
            lines.append(f"- {change} {len(rows):,} {name} ({100 * len(rows) / total:.1f} % of the facts)")
            lines += [f"  - {_told(row)}" for row in rows[:_NAMED] if change != "+"]
        lines += ["", "All of them: `changes.csv`."]
    return "\n".join(lines) + "\n"


def _told(row: Mapping[str, object]) -> str:
    what = " ".join(str(row[name]) for name in ("index", "subject", "year", "measure", "component") if row[name] is not None)
    return f"{what}: {row['old_value']} ({row['old_status']}) → {row['new_value']} ({row['new_status']})"
