"""What each command of `chiso` does: prints its result and returns the exit code. Each imports only what it needs."""

import argparse
import os
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

DONE, FINDINGS, WRONG_USAGE, FAILED = 0, 1, 2, 3


def _fail(message: str, code: int) -> int:
    sys.stderr.write(f"chiso: {message}\n")
    return code


def extract(args: argparse.Namespace) -> int:
    """Print the claims of files."""
    from flows.files import extract_files  # noqa: PLC0415

    return extract_files(args.files, home=args.home, published=args.published, url=args.url, explain=args.explain, page=args.html)


def article(args: argparse.Namespace) -> int:
    """Print what was read from pages."""
    from flows.files import print_articles  # noqa: PLC0415

    return print_articles(args.files, url=args.url)


def reconcile(args: argparse.Namespace) -> int:
    """Write facts and conflicts of claims, without a database."""
    from flows.files import reconcile_files  # noqa: PLC0415

    return reconcile_files(args.claims, args.reference, args.decisions, args.out, shipped_tables=not args.no_tables)


def reference_add(args: argparse.Namespace) -> int:
    """Keep a reference table."""
    from flows.editing import add_reference  # noqa: PLC0415

    return add_reference(args.file, args.data)


def reference_list(args: argparse.Namespace) -> int:
    """List the reference tables."""
    from flows.editing import list_references  # noqa: PLC0415

    return list_references(args.data)


def review(args: argparse.Namespace) -> int:
    """List the conflicts that wait, or decide one."""
    from flows.editing import decide, review  # noqa: PLC0415

    if args.conflict is None:
        return review(args.data, everything=args.all)
    missing = [name for name in ("value", "reason", "who") if not getattr(args, name)]
    if missing:
        return _fail(f"review {args.conflict}: give --{', --'.join(missing)} too", WRONG_USAGE)
    return decide(args.data, args.conflict, value=args.value, reason=args.reason, who=args.who)


def nightly(args: argparse.Namespace) -> int:
    """Run a night."""
    return _run_flow(args, lambda root: _flows().nightly(root, args.portal or None, sample=args.sample, accept=args.accept))


def backfill(args: argparse.Namespace) -> int:
    """Crawl past years."""
    first, last = _day(args.first, "01-01"), _day(args.last, "12-31")
    if first is None or last is None or first > last:
        return _fail(f"--from {args.first} --to {args.last}: give two years or days (YYYY-MM-DD), the first one first", WRONG_USAGE)
    return _run_flow(args, lambda root: _flows().backfill(first, last, root, args.portal or None, sample=args.sample, accept=args.accept))


def rebuild(args: argparse.Namespace) -> int:
    """Make the warehouse anew from the archive."""
    return _run_flow(args, lambda root: _flows().rebuild(root, accept=args.accept))


def status(args: argparse.Namespace) -> int:
    """Show the last nights."""
    from flows.status import print_status  # noqa: PLC0415

    return print_status(args.data, args.format, alert=args.alert)


def automations(_: argparse.Namespace) -> int:
    """Register who is told by the Prefect server."""
    from flows.alerts import AlertError  # noqa: PLC0415

    if not os.environ.get("PREFECT_API_URL"):
        return _fail("automations: which server? Set PREFECT_API_URL (http://127.0.0.1:4200/api)", WRONG_USAGE)
    from flows.automations import register  # noqa: PLC0415 (Prefect takes seconds to import)

    try:
        names = register()
    except AlertError as error:
        return _fail(f"a message {error}", WRONG_USAGE)
    sys.stdout.write("".join(f"{name}\n" for name in names))
    return DONE


def doctor(args: argparse.Namespace) -> int:
    """Look for what may be wrong."""
    from flows.doctor import print_examination  # noqa: PLC0415

    return print_examination(args.data, every_byte=args.every_byte)


def _day(text: str, of_year: str) -> date | None:
    try:
        return date.fromisoformat(f"{text}-{of_year}" if len(text) == len("2012") else text)
    except ValueError:
        return None


def _flows() -> Any:
    from flows import night  # noqa: PLC0415 (Prefect takes seconds to import)

    return night


def _run_flow(args: argparse.Namespace, run: Callable[[str], Any]) -> int:
    from flows.bounds import RefusedError  # noqa: PLC0415
    from flows.data import DataFolder, DataFolderError  # noqa: PLC0415
    from flows.engines import EngineError  # noqa: PLC0415
    from flows.executing import ExecutorError  # noqa: PLC0415
    from flows.journal import NightRunningError  # noqa: PLC0415
    from spiders.portal import PortalError, load_portal  # noqa: PLC0415
    from warehouse.error import WarehouseError  # noqa: PLC0415

    data = DataFolder(args.data.resolve())
    try:
        for name in getattr(args, "portal", ()):
            load_portal(name)
        data.prepare()
    except (PortalError, DataFolderError) as error:
        return _fail(str(error), WRONG_USAGE)
    os.environ.setdefault("PREFECT_HOME", str(data.root / "prefect"))
    if args.log:
        os.environ["CHISO_LOG"] = args.log
    try:
        counts = run(str(data.root))
    except RefusedError as error:
        lines = "".join(f"  {reason}\n" for reason in error.reasons)
        advice = 'If that is right, run it again with --accept "why it is right".'
        return _fail(f"refused, nothing is published:\n{lines}{advice}", FAILED)
    except (EngineError, ExecutorError, NightRunningError, WarehouseError) as error:
        return _fail(str(error), FAILED)
    sys.stdout.write(
        f"{counts.verdict}: {counts.pages_new} responses archived, {counts.articles_new} articles read, "
        f"{counts.articles_superseded} superseded, {counts.articles_gone} gone, {counts.claims_new} new claims, "
        f"{counts.facts} facts ({counts.facts_changed} changed), {counts.conflicts} conflicts, {counts.portals_failed} portals failed\n"
        f"warehouse  {data.warehouse}\nreport     {data.report / 'index.html'}\n"
    )
    return DONE if counts.verdict == "complete" else FINDINGS


def report(args: argparse.Namespace) -> int:
    """Rebuild the report."""
    from flows.data import DataFolder  # noqa: PLC0415
    from flows.journal import Journal  # noqa: PLC0415
    from flows.report import write_report  # noqa: PLC0415
    from warehouse.error import WarehouseError  # noqa: PLC0415

    data = DataFolder(args.data)
    try:
        report = write_report(data.warehouse, data.report, Journal(data.root).nights())
    except (WarehouseError, OSError) as error:
        return _fail(str(error), WRONG_USAGE)
    sys.stdout.write(f"{len(report.conflicts)} conflicts, {len(report.open)} to be decided: {data.report / 'index.html'}\n")
    return FINDINGS if report.conflicts or report.failed else DONE


def export(args: argparse.Namespace) -> int:
    """Write a release, or check one."""
    from flows.data import DataFolder  # noqa: PLC0415
    from flows.releasing import write_release  # noqa: PLC0415
    from warehouse.error import WarehouseError  # noqa: PLC0415
    from warehouse.release import verify  # noqa: PLC0415

    try:
        if args.verify is not None:
            wrong = verify(args.verify)
            sys.stdout.write("".join(f"{line}\n" for line in wrong) or f"{args.verify}: all files are as released\n")
            return FINDINGS if wrong else DONE
        written = write_release(DataFolder(args.data), args.out, args.release, since=args.since, site=args.site)
    except (WarehouseError, OSError) as error:
        return _fail(str(error), WRONG_USAGE)
    sys.stdout.write("".join(f"{path}\n" for path in written))
    return DONE


def explore(args: argparse.Namespace) -> int:
    """Write the site, and serve it on loopback until somebody stops it."""
    import tempfile  # noqa: PLC0415

    from flows.data import DataFolder  # noqa: PLC0415
    from flows.explore import serve, write_site  # noqa: PLC0415
    from warehouse.error import WarehouseError  # noqa: PLC0415

    warehouse = DataFolder(args.data).warehouse
    try:
        if args.out is not None:
            if args.out.exists() and any(args.out.iterdir()):
                return _fail(f"{args.out} is not empty: give another folder with --out", WRONG_USAGE)
            sys.stdout.write(f"{write_site(warehouse, args.out)} pages: {args.out / 'index.html'}\n")
            return DONE
        with tempfile.TemporaryDirectory(prefix="chiso-site-") as folder:
            write_site(warehouse, Path(folder))
            serve(Path(folder), args.port, show=not args.no_browser)
    except (WarehouseError, OSError) as error:
        return _fail(str(error), WRONG_USAGE)
    return DONE


def snapshots(args: argparse.Namespace) -> int:
    """List the states that are kept, or go back to one."""
    from flows.data import DataFolder  # noqa: PLC0415
    from flows.tables import print_table  # noqa: PLC0415
    from warehouse.error import WarehouseError  # noqa: PLC0415
    from warehouse.lake import is_lake  # noqa: PLC0415
    from warehouse.query import connect  # noqa: PLC0415
    from warehouse.store import restore, snapshots  # noqa: PLC0415

    warehouse = DataFolder(args.data).warehouse
    if is_lake(warehouse):
        return _fail(f"{warehouse}: a lake keeps its own states: docs/scale.md says how to list and read them", WRONG_USAGE)
    try:
        if args.restore is not None:
            restore(warehouse, args.restore)
            sys.stdout.write(f"{warehouse}: as in {args.restore}\n")
            return DONE
        rows = []
        for path in snapshots(warehouse):
            with connect(path) as connection:
                ((runs, facts),) = connection.execute("select (select count(*) from runs), (select count(*) from facts)").fetchall()
            rows.append((path.name, runs, facts, path.stat().st_size))
    except (WarehouseError, OSError) as error:
        return _fail(str(error), WRONG_USAGE)
    print_table(["snapshot", "runs", "facts", "bytes"], rows, "table")
    return DONE


def query(args: argparse.Namespace) -> int:
    """Answer a question in SQL."""
    from flows.data import DataFolder  # noqa: PLC0415
    from flows.tables import print_table  # noqa: PLC0415
    from warehouse.error import WarehouseError  # noqa: PLC0415
    from warehouse.query import QueryError, ask  # noqa: PLC0415

    try:
        columns, rows = ask(DataFolder(args.data).warehouse, args.sql)
    except (WarehouseError, QueryError) as error:
        return _fail(str(error), WRONG_USAGE)
    if args.format == "parquet" and sys.stdout.isatty():
        return _fail("parquet is binary: send it to a file (> facts.parquet)", WRONG_USAGE)
    print_table(columns, rows, args.format)
    return DONE


def portals(args: argparse.Namespace) -> int:
    """List the portals."""
    from flows.data import DataFolder  # noqa: PLC0415
    from flows.tables import portal_rows, print_table  # noqa: PLC0415

    columns, rows = portal_rows(DataFolder(args.data).warehouse)
    print_table(columns, rows, "table")
    return DONE


def check_portal(args: argparse.Namespace) -> int:
    """Try a portal."""
    from flows.portals import check_portal  # noqa: PLC0415
    from spiders.portal import PortalError  # noqa: PLC0415

    try:
        return check_portal(args.name, requests=args.requests, sample=args.sample)
    except PortalError as error:
        return _fail(str(error), WRONG_USAGE)


def freeze_page(args: argparse.Namespace) -> int:
    """Freeze a page for the tests."""
    from flows.portals import FreezeError, freeze_page  # noqa: PLC0415

    try:
        written = freeze_page(args.url, args.out, sample=args.sample)
    except FreezeError as error:
        return _fail(str(error), WRONG_USAGE)
    sys.stdout.write("".join(f"{path}\n" for path in written))
    sys.stdout.write('Read the draft beside the page; when every value is right, remove its line "reviewed": false.\n')
    return DONE


def archive(args: argparse.Namespace) -> int:
    """Verify the archive, or show a page of it."""
    from flows.data import DataFolder  # noqa: PLC0415
    from flows.portals import show_page, verify_archive  # noqa: PLC0415
    from spiders.archive import ArchiveError  # noqa: PLC0415

    if args.action == "verify":
        return verify_archive(DataFolder(args.data), args.portal)
    if not args.page:
        return _fail("archive show: which page? give its id", WRONG_USAGE)
    try:
        show_page(DataFolder(args.data), args.page, sys.stdout.buffer)
    except ArchiveError as error:
        return _fail(str(error), WRONG_USAGE)
    return DONE
