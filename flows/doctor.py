"""What may be wrong with an installation, looked for before a night finds it; each finding says what to do."""

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import duckdb
from packaging.requirements import Requirement

from flows import engines
from flows.data import DataFolder
from flows.journal import Journal, JournalNight
from flows.status import troubles
from normalize.decisions import DecisionError, read_decisions
from normalize.reference import ReferenceTableError, read_reference, shipped
from spiders.archive import portals_in
from spiders.portal import PortalError, load_portal, portal_names
from spiders.verify import Finding, verify
from warehouse.error import HeldError, WarehouseError
from warehouse.lake import is_lake
from warehouse.query import connect, is_published
from warehouse.store import snapshots

DONE, FINDINGS = 0, 1
_GIB = 2**30
#: A night writes a copy of the warehouse, keeps the old one as a snapshot, and archives what it fetches.
_COPIES, _ROOM = 3, _GIB
#: What every reader relies on, each with the question that counts what breaks it.
_HOLDS = {
    "facts without a claim": "select count(*) from facts where len(claims) = 0",
    "facts whose claims are not there": """select count(*) from (select unnest(claims) as claim_id from facts)
        anti join claims using (claim_id) anti join (select claim_id from tables) t using (claim_id)""",
    "claims whose evidence is not in their article": """select count(*) from claims c join articles a on a.article_id = c.article
        where substr(a.text, c."start" + 1, c."end" - c."start") <> c.evidence""",
    "articles without an archived page": "select count(*) from articles a anti join pages p using (page_id)",
    "conflicts without a fact": "select count(*) from conflicts anti join facts using (fact_id)",
    "keys with two facts": "select count(*) from (select fact_id from facts group by all having count(*) > 1)",
}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: `wrong` is what was found, and what to do about it; None if nothing."""

    what: str
    told: str
    wrong: str | None = None


def examine(data: DataFolder, *, every_byte: bool = False, now: datetime | None = None) -> Iterator[Check]:
    """Look at everything that a night depends on; `every_byte` reads the whole archive too."""
    moment = now or datetime.now(UTC)
    yield from _versions()
    yield from _configuration(data)
    yield Check("engines", engines.told(), "; ".join(engines.troubles(data)) or None)
    yield _folder(data)
    yield _disk(data)
    yield _clock(data, moment)
    yield from _archive(data, every_byte=every_byte)
    yield from _warehouse(data)
    yield from _nights(data, moment)


def print_examination(folder: Path, *, every_byte: bool = False) -> int:
    """Print what was looked at, one line each; return 1 if anything is wrong."""
    found = False
    for check in examine(DataFolder(folder), every_byte=every_byte):
        found |= check.wrong is not None
        sys.stdout.write(f"{'WRONG' if check.wrong else 'ok':<5}  {check.what:<14} {check.told}\n")
        if check.wrong:
            sys.stdout.write(f"{'':<22}{check.wrong}\n")
        sys.stdout.flush()
    return FINDINGS if found else DONE


def _versions() -> Iterator[Check]:
    """Compare what is installed with what this version of chiso was made for."""
    wrong = []
    for line in requires("chiso") or ():
        wanted = Requirement(line)
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
            continue
        try:
            installed = version(wanted.name)
        except PackageNotFoundError:
            wrong.append(f"{wanted.name} is missing")
            continue
        if not wanted.specifier.contains(installed, prereleases=True):
            wrong.append(f"{wanted.name} {installed}, wanted {wanted.specifier}")
    told = f"chiso {version('chiso')}, Python {platform.python_version()}, duckdb {duckdb.__version__}, prefect {version('prefect')}"
    yield Check("versions", told, f"{'; '.join(wrong)}: install requirements.lock anew (`make`)" if wrong else None)


def _configuration(data: DataFolder) -> Iterator[Check]:
    """Read every file that people write."""
    wrong, names = [], list(portal_names())
    for name in names:
        try:
            load_portal(name)
        except PortalError as error:
            wrong.append(str(error))
    unseen = sum(load_portal(name).verified == "never" for name in names) if not wrong else 0
    yield Check("portals", f"{len(names)} declared, {unseen} never seen live", "; ".join(wrong) or None)
    wrong, values = [], len(shipped())
    for path in sorted(data.reference.glob("*.csv")):
        try:
            values += len(list(read_reference(path)))
        except ReferenceTableError as error:
            wrong.append(f"{error}: mend the line, or remove the file")
    yield Check("reference", f"{values} reference values", "; ".join(wrong) or None)
    decisions = list(read_decisions(data.decisions))
    bad = [str(one) for one in decisions if isinstance(one, DecisionError)]
    yield Check("decisions", f"{len(decisions) - len(bad)} of the editor", "; ".join(bad) or None)


def _folder(data: DataFolder) -> Check:
    if not data.root.is_dir():
        return Check("data folder", str(data.root), "is not there: run `chiso nightly`, or give its folder with --data")
    is_writable = os.access(data.root, os.W_OK | os.X_OK)
    return Check("data folder", str(data.root), None if is_writable else "cannot be written: give it to the user that runs the nights")


def _disk(data: DataFolder) -> Check:
    there = next(path for path in (data.root.resolve(), *data.root.resolve().parents) if path.exists())
    free = shutil.disk_usage(there).free
    size = data.warehouse.stat().st_size if data.warehouse.exists() else 0  # of a lake, the few bytes that say where it is
    needed = _COPIES * size + _ROOM
    told = f"{free / _GIB:.1f} GiB free, a night needs {needed / _GIB:.1f}"
    return Check("disk", told, None if free >= needed else f"make room on the disk of {there}: the next night could not be published")


def _clock(data: DataFolder, now: datetime) -> Check:
    """Compare the clock with the last thing that was written: nights are ordered by it."""
    last = max((night.ended_at or night.started_at for night in _journal(data)), default=None)
    told = f"{now:%Y-%m-%d %H:%M} UTC"
    if last is not None and last > now + timedelta(minutes=5):
        return Check("clock", told, f"behind the last night, which ended {last:%Y-%m-%d %H:%M} UTC: set it (timedatectl), then run again")
    return Check("clock", told)


def _journal(data: DataFolder) -> list[JournalNight]:
    return Journal(data.root).nights() if data.root.is_dir() else []


def _archive(data: DataFolder, *, every_byte: bool) -> Iterator[Check]:
    if not data.archive.is_dir():
        yield Check("archive", "empty")
        return
    portals = portals_in(data.archive)
    size = sum(path.stat().st_size for path in data.archive.rglob("*.warc.gz"))
    told = f"{len(portals)} portals, {size / _GIB:.2f} GiB"
    if not every_byte:
        yield Check("archive", f"{told}; not read (--every-byte reads it)")
        return
    damaged = [one for portal in portals for one in verify(data.archive, portal) if isinstance(one, Finding) and one.what == "damaged"]
    wrong = "; ".join(f"{one.where}: {one.why}" for one in damaged)
    yield Check("archive", f"{told}, every byte read", f"{wrong}: restore these files from a copy" if damaged else None)


def _warehouse(data: DataFolder) -> Iterator[Check]:
    if not data.warehouse.exists():
        yield Check("warehouse", "none yet")
        return
    kept = [] if is_lake(data.warehouse) else snapshots(data.warehouse)
    advice = f"`chiso snapshots --restore {kept[0].name}`, or `chiso rebuild`" if kept else "`chiso rebuild` makes it anew from the archive"
    try:
        if not is_published(data.warehouse):
            yield Check("warehouse", "nothing published in the lake yet")
            return
        broken = promises_broken(data.warehouse)
        with connect(data.warehouse) as connection:
            ((facts, claims),) = connection.execute("select (select count(*) from facts), (select count(*) from claims)").fetchall()
    except HeldError as error:
        yield Check("warehouse", str(data.warehouse), str(error))
        return
    except (WarehouseError, duckdb.Error) as error:
        yield Check("warehouse", str(data.warehouse), f"{error}: {advice}")
        return
    wrong = ", ".join(broken)
    told = f"{facts} facts, {claims} claims, {len(_HOLDS)} promises checked, {_earlier(len(kept), data.warehouse)}"
    yield Check("warehouse", told, f"{wrong}: {advice}" if wrong else None)


def _earlier(kept: int, warehouse: Path) -> str:
    return "earlier states kept by the lake" if is_lake(warehouse) else f"{kept} earlier states kept"


def promises_broken(warehouse: Path) -> list[str]:
    """Return which promises of a warehouse do not hold, with how many rows break each."""
    with connect(warehouse) as connection:
        counts = {what: connection.execute(sql).fetchall()[0][0] for what, sql in _HOLDS.items()}
    return [f"{count} {what}" for what, count in counts.items() if count]


def _nights(data: DataFolder, now: datetime) -> Iterator[Check]:
    nights = _journal(data)
    if not nights:
        yield Check("nights", "none yet")
        return
    torn = Journal(data.root).damaged()
    wrong = [*troubles(nights, now), *([f"nights.jsonl: lines {torn} cannot be read"] if torn else [])]
    yield Check("nights", f"{len(nights)}, the last one {nights[0].state}", " ".join(wrong) or None)
