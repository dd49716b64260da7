"""The command `chiso`. Each command imports only what it needs, so that reading one file starts at once."""

import argparse
import atexit
import os
import re
import sys
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any

DONE, FINDINGS, WRONG_USAGE, FAILED = 0, 1, 2, 3

Command = Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 done with findings, 2 wrong usage or input, 3 failed."""
    ending = _Ending()
    sys.excepthook = ending.unforeseen
    atexit.register(ending.exit)  # first in, so last to run: the others stop what they have started
    args = _parser().parse_args(arguments)
    try:
        code: int = args.run(args)
    except BrokenPipeError:  # `chiso query ... | head` is no failure
        sys.stderr.close()
        return DONE
    except KeyboardInterrupt:
        sys.stderr.write("chiso: stopped\n")
        return FAILED
    return code


class _Ending:
    """Ends with 3 where Python would end with 1, which here means that there are findings."""

    def __init__(self) -> None:
        self.failed = False

    def unforeseen(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Show the error whole: it is a fault of ours."""
        self.failed = True
        sys.__excepthook__(kind, error, trace)
        sys.stderr.write("chiso: this is a fault of chiso's own; please report it with the lines above\n")

    def exit(self) -> None:
        """Set the exit code once everything else has ended."""
        if self.failed:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(FAILED)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="chiso",
        description="News on Vietnamese provincial indices (PAR INDEX, SIPAS, PCI, PAPI, DTI ...) as reconciled data with its sources.",
        epilog="Exit codes: 0 done, 1 done with findings, 2 wrong usage or bad input, 3 failed.",
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    extract = _command(
        commands,
        "extract",
        _extract,
        "claims as JSON lines from .html, .txt, .pdf or .jsonl files",
        "chiso extract bai.html --home 'Hưng Yên' --published 2022-05-25",
        "chiso extract articles.jsonl > claims.jsonl",
        "cat articles.jsonl | chiso extract -",
        "chiso extract bai.html --explain --html bai-marked.html",
    )
    extract.add_argument(
        "files", nargs="+", metavar="FILE", help="a page, a text, a PDF, or JSON lines with one article each (- for stdin)"
    )
    extract.add_argument("--home", help="unit whose portal published it, smallest first: 'Yên Châu, Sơn La'")
    extract.add_argument("--published", metavar="YYYY-MM-DD", help="publication day")
    extract.add_argument("--url", help="where the page is from; chooses the portal's layout")
    extract.add_argument(
        "--explain",
        action="store_true",
        help="print how each sentence was read instead: its mentions, its claims, and what was dropped and why",
    )
    extract.add_argument("--html", type=Path, metavar="FILE", help="also write a page with the claims marked in the article, for a browser")
    article = _command(
        commands,
        "article",
        _article,
        "what was read from pages: title, date, text, tables, as JSON lines",
        "chiso article trang.html --url https://dongnai.gov.vn/vi/news/a-1.html",
    )
    article.add_argument("files", nargs="+", metavar="FILE")
    article.add_argument("--url", help="where the page is from; chooses the portal's layout")
    reconcile = _command(
        commands,
        "reconcile",
        _reconcile,
        "facts and conflicts from claims, without a database",
        "chiso reconcile claims.jsonl --reference official.csv --out reconciled/",
        "chiso reconcile claims.jsonl --decisions decisions.csv --out reconciled/",
    )
    reconcile.add_argument("claims", metavar="CLAIMS.jsonl", help="claims with source, url and published (- for stdin)")
    reconcile.add_argument(
        "--reference",
        action="append",
        default=[],
        type=Path,
        metavar="FILE.csv",
        help="official values: index, year, subject, score, rank; may be given again",
    )
    reconcile.add_argument("--decisions", type=Path, metavar="FILE.csv", help="the editor's decisions: key, value, reason, who, when")
    reconcile.add_argument("--no-tables", action="store_true", help="leave out the official tables that ship with chiso")
    reconcile.add_argument("--out", required=True, type=Path, metavar="DIR")
    _reference_and_review(commands)
    nightly = _command(
        commands,
        "nightly",
        _nightly,
        "the whole night: crawl, extract, reconcile, load, report",
        "chiso nightly --sample",
        "chiso nightly --portal sonv_hungyen --portal dongnai --data /srv/chiso",
    )
    nightly.add_argument(
        "--portal", action="append", default=[], metavar="NAME", help="only this portal; may be given again (default: all)"
    )
    nightly.add_argument("--sample", action="store_true", help="crawl the sample portals that ship with the project, on loopback")
    _data(nightly)
    report = _command(commands, "report", _report, "rebuild the validation report from the warehouse", "chiso report --data /srv/chiso")
    _data(report)
    _warehouse_commands(commands)
    query = _command(
        commands,
        "query",
        _query,
        "ask the warehouse in SQL, read-only",
        "chiso query \"select * from facts where subject = 'Hưng Yên' order by year, index\"",
        "chiso query 'from conflicts' --format csv > conflicts.csv",
    )
    query.add_argument("sql", metavar="SQL")
    query.add_argument("--format", choices=("table", "csv", "json", "parquet"), default="table", help="default: table")
    _data(query)
    backfill = _command(
        commands,
        "backfill",
        _backfill,
        "crawl what portals published in past years, and load it; run it again to go on where it stopped",
        "chiso backfill --from 2012 --to 2026 --portal baohungyen",
        "chiso backfill --from 2022-04-01 --to 2022-06-30",
    )
    backfill.add_argument("--from", dest="first", required=True, metavar="YEAR|DAY", help="first year, or day (YYYY-MM-DD)")
    backfill.add_argument("--to", dest="last", required=True, metavar="YEAR|DAY", help="last year, or day, included")
    backfill.add_argument(
        "--portal", action="append", default=[], metavar="NAME", help="only this portal; may be given again (default: all)"
    )
    backfill.add_argument("--sample", action="store_true", help="of the sample portals, on loopback")
    _data(backfill)
    _portal_commands(commands)
    archive = _command(
        commands,
        "archive",
        _archive,
        "check every byte of the archive, or show a page as it was received",
        "chiso archive verify",
        "chiso archive show 4cbc4a26cc481e53 --data data > page.html",
        "chiso archive verify --portal dongnai --data /srv/chiso",
    )
    archive.add_argument("action", choices=("verify", "show"))
    archive.add_argument("page", nargs="?", metavar="PAGE_ID", help="of show: as the report and the table pages name it")
    archive.add_argument(
        "--portal", action="append", default=[], metavar="NAME", help="only this portal; may be given again (default: all)"
    )
    _data(archive)
    return parser


def _portal_commands(commands: Any) -> None:
    portals = _command(
        commands,
        "portals",
        _portals,
        "list the declared portals, try one, or freeze one of its pages for the tests",
        "chiso portals",
        "chiso portals check dongnai",
        "chiso portals check ./nghean.toml",
        "chiso portals freeze https://dongnai.gov.vn/vi/news/kinh-te/a-3381.html",
    )
    _data(portals)
    actions = portals.add_subparsers(metavar="check|freeze")
    check = _command(
        actions,
        "check",
        _check_portal,
        "crawl a few pages of one portal and show what was found and read; nothing is kept",
        "chiso portals check dongnai",
        "chiso portals check ./nghean.toml --requests 30",
    )
    check.add_argument("name", metavar="NAME|FILE.toml", help="a declared portal, or a file that is to become one")
    check.add_argument("--requests", type=int, default=12, metavar="N", help="requests at most (default: 12)")
    check.add_argument("--sample", action="store_true", help="try it on the sample web, on loopback")
    freeze = _command(
        actions,
        "freeze",
        _freeze_page,
        "fetch one page and draft its golden result; the tests fail until somebody has reviewed it",
        "chiso portals freeze https://dongnai.gov.vn/vi/news/kinh-te/a-3381.html",
    )
    freeze.add_argument("url", metavar="URL", help="an article of a declared portal")
    freeze.add_argument("--out", type=Path, default=Path("tests/frozen"), metavar="DIR", help="default: tests/frozen")
    freeze.add_argument("--sample", action="store_true", help="from the sample web, on loopback")


def _reference_and_review(commands: Any) -> None:
    reference = commands.add_parser("reference", help="reference tables: official values as sources of their own")
    actions = reference.add_subparsers(metavar="ACTION", required=True)
    columns = "index, year, subject and score, rank or both; also subject_type, component, of, quality, source_url"
    add = _command(
        actions, "add", _reference_add, f"check a table and keep it in the data folder ({columns})", "chiso reference add pci-2024.csv"
    )
    add.add_argument("file", type=Path, metavar="FILE.csv")
    _data(add)
    _data(_command(actions, "list", _reference_list, "the tables, and how many values each has", "chiso reference list"))
    review = _command(
        commands,
        "review",
        _review,
        "the conflicts that wait for an editor, most consequential first; or decide one",
        "chiso review",
        "chiso review c-1f00ab34cd56 --value 91,87 --reason '96,17 - 4,30 = 91,87' --who lan",
    )
    review.add_argument("conflict", nargs="?", metavar="CONFLICT", help="id of a conflict (c-...): write a decision about it")
    review.add_argument("--value", help="the value that is right, as printed")
    review.add_argument("--reason", help="why, in one sentence")
    review.add_argument("--who", help="who decides")
    review.add_argument("--all", action="store_true", help="also the conflicts that a rule has decided")
    _data(review)


def _warehouse_commands(commands: Any) -> None:
    """Declare what is done with the warehouse as a whole."""
    export = _command(
        commands,
        "export",
        _export,
        "the release for researchers: Parquet, CSV, XLSX, Stata, the DuckDB file, codebook, datapackage.json, checksums",
        "chiso export --out release/nightly",
        "chiso export --out release/v2026.11.0 --release v2026.11.0 --since release/v2026.10.0",
        "chiso export --verify release/v2026.11.0",
    )
    where = export.add_mutually_exclusive_group(required=True)
    where.add_argument("--out", type=Path, metavar="DIR", help="where the release is put, whole; an older one there is replaced")
    where.add_argument("--verify", type=Path, metavar="DIR", help="check the files of a release against its checksums instead")
    export.add_argument("--release", default="nightly", type=_release, metavar="NAME", help="nightly (default), or vYYYY.M.P")
    export.add_argument("--since", type=Path, metavar="DIR", help="an older release: what has changed since is told")
    _data(export)
    kept = _command(
        commands,
        "snapshots",
        _snapshots,
        "the earlier states of the warehouse that are kept, and how to go back to one",
        "chiso snapshots",
        "chiso snapshots --restore chiso-20261124T190512000000Z.duckdb",
    )
    kept.add_argument("--restore", metavar="NAME", help="publish this state again; the present one becomes a snapshot")
    _data(kept)


def _command(commands: Any, name: str, run: Command, summary: str, *examples: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=summary,
        epilog="examples:\n" + "".join(f"  {example}\n" for example in examples),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    return parser


def _data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, default=Path("data"), metavar="DIR", help="data folder (default: data)")


def _fail(message: str, code: int) -> int:
    sys.stderr.write(f"chiso: {message}\n")
    return code


def _extract(args: argparse.Namespace) -> int:
    from flows.files import extract_files  # noqa: PLC0415

    return extract_files(args.files, home=args.home, published=args.published, url=args.url, explain=args.explain, page=args.html)


def _article(args: argparse.Namespace) -> int:
    from flows.files import print_articles  # noqa: PLC0415

    return print_articles(args.files, url=args.url)


def _reconcile(args: argparse.Namespace) -> int:
    from flows.files import reconcile_files  # noqa: PLC0415

    return reconcile_files(args.claims, args.reference, args.decisions, args.out, shipped_tables=not args.no_tables)


def _reference_add(args: argparse.Namespace) -> int:
    from flows.editing import add_reference  # noqa: PLC0415

    return add_reference(args.file, args.data)


def _reference_list(args: argparse.Namespace) -> int:
    from flows.editing import list_references  # noqa: PLC0415

    return list_references(args.data)


def _review(args: argparse.Namespace) -> int:
    from flows.editing import decide, review  # noqa: PLC0415

    if args.conflict is None:
        return review(args.data, everything=args.all)
    missing = [name for name in ("value", "reason", "who") if not getattr(args, name)]
    if missing:
        return _fail(f"review {args.conflict}: give --{', --'.join(missing)} too", WRONG_USAGE)
    return decide(args.data, args.conflict, value=args.value, reason=args.reason, who=args.who)


def _nightly(args: argparse.Namespace) -> int:
    return _run_flow(args, lambda root: _flows().nightly(root, args.portal or None, sample=args.sample))


def _backfill(args: argparse.Namespace) -> int:
    first, last = _day(args.first, "01-01"), _day(args.last, "12-31")
    if first is None or last is None or first > last:
        return _fail(f"--from {args.first} --to {args.last}: give two years or days (YYYY-MM-DD), the first one first", WRONG_USAGE)
    return _run_flow(args, lambda root: _flows().backfill(first, last, root, args.portal or None, sample=args.sample))


def _day(text: str, of_year: str) -> date | None:
    try:
        return date.fromisoformat(f"{text}-{of_year}" if len(text) == len("2012") else text)
    except ValueError:
        return None


def _flows() -> Any:
    from flows import night  # noqa: PLC0415 (Prefect takes seconds to import)

    return night


def _run_flow(args: argparse.Namespace, run: Callable[[str], Any]) -> int:
    from flows.data import DataFolder, DataFolderError  # noqa: PLC0415
    from spiders.portal import PortalError, load_portal  # noqa: PLC0415
    from warehouse.store import WarehouseError  # noqa: PLC0415

    data = DataFolder(args.data.resolve())
    try:
        for name in args.portal:
            load_portal(name)
        data.prepare()
    except (PortalError, DataFolderError) as error:
        return _fail(str(error), WRONG_USAGE)
    os.environ.setdefault("PREFECT_HOME", str(data.root / "prefect"))
    try:
        counts = run(str(data.root))
    except WarehouseError as error:
        return _fail(str(error), FAILED)
    sys.stdout.write(
        f"{counts.verdict}: {counts.pages_new} responses archived, {counts.articles_new} articles read, "
        f"{counts.articles_superseded} superseded, {counts.articles_gone} gone, {counts.claims_new} new claims, "
        f"{counts.facts} facts ({counts.facts_changed} changed), {counts.conflicts} conflicts, {counts.portals_failed} portals failed\n"
        f"warehouse  {data.warehouse}\nreport     {data.report / 'index.html'}\n"
    )
    return DONE if counts.verdict == "complete" else FINDINGS


def _report(args: argparse.Namespace) -> int:
    from flows.data import DataFolder  # noqa: PLC0415
    from flows.report import write_report  # noqa: PLC0415
    from warehouse.store import WarehouseError  # noqa: PLC0415

    data = DataFolder(args.data)
    try:
        report = write_report(data.warehouse, data.report)
    except (WarehouseError, OSError) as error:
        return _fail(str(error), WRONG_USAGE)
    sys.stdout.write(f"{len(report.conflicts)} conflicts, {len(report.open)} to be decided: {data.report / 'index.html'}\n")
    return FINDINGS if report.conflicts or report.failed else DONE


def _release(text: str) -> str:
    if re.fullmatch(r"nightly|v\d{4}\.\d{1,2}\.\d+", text) is None:
        raise argparse.ArgumentTypeError(f"{text!r} is neither nightly nor vYYYY.M.P")
    return text


def _export(args: argparse.Namespace) -> int:
    from flows.data import DataFolder  # noqa: PLC0415
    from warehouse.release import export, verify  # noqa: PLC0415
    from warehouse.store import WarehouseError  # noqa: PLC0415

    try:
        if args.verify is not None:
            wrong = verify(args.verify)
            sys.stdout.write("".join(f"{line}\n" for line in wrong) or f"{args.verify}: all files are as released\n")
            return FINDINGS if wrong else DONE
        written = export(DataFolder(args.data).warehouse, args.out, version=args.release, since=args.since)
    except (WarehouseError, OSError) as error:
        return _fail(str(error), WRONG_USAGE)
    sys.stdout.write("".join(f"{path}\n" for path in written))
    return DONE


def _snapshots(args: argparse.Namespace) -> int:
    from flows.data import DataFolder  # noqa: PLC0415
    from flows.tables import print_table  # noqa: PLC0415
    from warehouse.query import connect  # noqa: PLC0415
    from warehouse.store import WarehouseError, restore, snapshots  # noqa: PLC0415

    warehouse = DataFolder(args.data).warehouse
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


def _query(args: argparse.Namespace) -> int:
    from flows.data import DataFolder  # noqa: PLC0415
    from flows.tables import print_table  # noqa: PLC0415
    from warehouse.query import QueryError, ask  # noqa: PLC0415
    from warehouse.store import WarehouseError  # noqa: PLC0415

    try:
        columns, rows = ask(DataFolder(args.data).warehouse, args.sql)
    except (WarehouseError, QueryError) as error:
        return _fail(str(error), WRONG_USAGE)
    if args.format == "parquet" and sys.stdout.isatty():
        return _fail("parquet is binary: send it to a file (> facts.parquet)", WRONG_USAGE)
    print_table(columns, rows, args.format)
    return DONE


def _portals(args: argparse.Namespace) -> int:
    from flows.tables import portal_rows, print_table  # noqa: PLC0415

    columns, rows = portal_rows(args.data / "chiso.duckdb")
    print_table(columns, rows, "table")
    return DONE


def _check_portal(args: argparse.Namespace) -> int:
    from flows.portals import check_portal  # noqa: PLC0415
    from spiders.portal import PortalError  # noqa: PLC0415

    try:
        return check_portal(args.name, requests=args.requests, sample=args.sample)
    except PortalError as error:
        return _fail(str(error), WRONG_USAGE)


def _freeze_page(args: argparse.Namespace) -> int:
    from flows.portals import FreezeError, freeze_page  # noqa: PLC0415

    try:
        written = freeze_page(args.url, args.out, sample=args.sample)
    except FreezeError as error:
        return _fail(str(error), WRONG_USAGE)
    sys.stdout.write("".join(f"{path}\n" for path in written))
    sys.stdout.write('Read the draft beside the page; when every value is right, remove its line "reviewed": false.\n')
    return DONE


def _archive(args: argparse.Namespace) -> int:
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


if __name__ == "__main__":
    sys.exit(main())
