"""Releases: written from the published warehouse, and noted in releases.csv, which the next night loads."""

import csv
import hashlib
import io
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flows.data import DataFolder
from flows.explore import write_site
from flows.writing import write_whole
from warehouse.error import WarehouseError
from warehouse.query import connect
from warehouse.release import SUMS, export

NIGHTLY = "nightly"
_COLUMNS = ("release", "made_at", "run_id", "facts", "sha256")


def write_release(data: DataFolder, out: Path, version: str = NIGHTLY, *, since: Path | None = None, site: bool = False) -> list[Path]:
    """Write a release, with the site if wanted, and return its files; a version is noted.

    Raises WarehouseError if there is no warehouse, or the version was made from another state of it: what was cited
    stays as it is.
    """
    with connect(data.warehouse) as connection:
        last = connection.execute("select run_id, facts from runs order by ended_at desc limit 1").fetchall()
    run_id, facts = last[0] if last else ("", 0)
    made = releases(data.releases)
    if version in made and made[version]["run_id"] != run_id:
        raise WarehouseError(f"{version} was released on {made[version]['made_at'][:10]} from an earlier night: count the version up")
    also = (lambda folder: write_site(data.warehouse, folder / "site")) if site else None
    written = export(data.warehouse, out, version=version, since=since, also=also)
    if version != NIGHTLY and version not in made:
        moment = datetime.now(UTC).isoformat(timespec="seconds")
        sums = hashlib.sha256((out / SUMS).read_bytes()).hexdigest()
        made[version] = dict(zip(_COLUMNS, (version, moment, run_id, str(facts), sums), strict=True))
        lines = io.StringIO()
        writer = csv.DictWriter(lines, _COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(made.values())
        write_whole(data.releases, [lines.getvalue()])
    return written


def releases(path: Path) -> dict[str, dict[str, str]]:
    """Return the releases that were noted, by name."""
    if not path.exists():
        return {}
    with path.open(encoding="utf-8", newline="") as stream:
        return {row["release"]: row for row in csv.DictReader(stream)}


def release_rows(path: Path) -> list[Mapping[str, Any]]:
    """Return the releases as rows of their table."""
    return [{**row, "facts": int(row["facts"]), "made_at": datetime.fromisoformat(row["made_at"])} for row in releases(path).values()]
