"""The command `chiso`: its arguments, and how it ends."""

import argparse
import atexit
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from flows import commands as run
from flows.commands import DONE, FAILED
from flows.data import default_folder

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
        run.extract,
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
        run.article,
        "what was read from pages: title, date, text, tables, as JSON lines",
        "chiso article trang.html --url https://dongnai.gov.vn/vi/news/a-1.html",
    )
    article.add_argument("files", nargs="+", metavar="FILE")
    article.add_argument("--url", help="where the page is from; chooses the portal's layout")
    reconcile = _command(
        commands,
        "reconcile",
        run.reconcile,
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
        run.nightly,
        "the whole night: crawl, extract, reconcile, load, report",
        "chiso nightly --sample",
        "chiso nightly --portal sonv_hungyen --portal dongnai --data /srv/chiso",
        "chiso nightly --accept 'baohungyen.vn moved house, its old addresses answer 404'",
        "chiso nightly --log json 2>> night.jsonl",
    )
    nightly.add_argument(
        "--portal", action="append", default=[], metavar="NAME", help="only this portal; may be given again (default: all)"
    )
    nightly.add_argument("--sample", action="store_true", help="crawl the sample portals that ship with the project, on loopback")
    _accept(nightly)
    _log(nightly)
    _data(nightly)
    report = _command(commands, "report", run.report, "rebuild the validation report from the warehouse", "chiso report --data /srv/chiso")
    _data(report)
    _warehouse_commands(commands)
    query = _command(
        commands,
        "query",
        run.query,
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
        run.backfill,
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
    _accept(backfill)
    _log(backfill)
    _data(backfill)
    _operations(commands)
    _portal_commands(commands)
    archive = _command(
        commands,
        "archive",
        run.archive,
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


def _operations(commands: Any) -> None:
    """Declare what the person does who keeps the nights alive."""
    rebuild = _command(
        commands,
        "rebuild",
        run.rebuild,
        "read every archived page again with today's rules and make the warehouse anew; what was known when stays known",
        "chiso rebuild --data /srv/chiso",
    )
    _accept(rebuild)
    _log(rebuild)
    _data(rebuild)
    status = _command(
        commands,
        "status",
        run.status,
        "the last 14 nights at a glance; exit code 1 if the last published nothing, or none was published for 30 hours",
        "chiso status",
        "CHISO_MAIL_TO=ops@example.org chiso status --alert --data /srv/chiso",
    )
    status.add_argument("--format", choices=("table", "csv", "json"), default="table", help="default: table")
    status.add_argument("--alert", action="store_true", help="if somebody should look, tell it by webhook and mail (docs/operation.md)")
    _data(status)
    _command(
        commands,
        "automations",
        run.automations,
        "have the Prefect server tell of nights that fail, crash or never come (CHISO_WEBHOOK, CHISO_MAIL_TO: docs/operation.md)",
        "CHISO_WEBHOOK=https://chat.example.org/hook PREFECT_API_URL=http://127.0.0.1:4200/api chiso automations",
    )
    doctor = _command(
        commands,
        "doctor",
        run.doctor,
        "check versions, configuration, disk, clock, archive, warehouse and nights, and say what to do",
        "chiso doctor",
        "chiso doctor --every-byte --data /srv/chiso",
    )
    doctor.add_argument("--every-byte", action="store_true", help="read the whole archive too (as chiso archive verify does)")
    _data(doctor)


def _portal_commands(commands: Any) -> None:
    portals = _command(
        commands,
        "portals",
        run.portals,
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
        run.check_portal,
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
        run.freeze_page,
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
        actions,
        "add",
        run.reference_add,
        f"check a table and keep it in the data folder ({columns})",
        "chiso reference add pci-2024.csv",
    )
    add.add_argument("file", type=Path, metavar="FILE.csv")
    _data(add)
    _data(_command(actions, "list", run.reference_list, "the tables, and how many values each has", "chiso reference list"))
    review = _command(
        commands,
        "review",
        run.review,
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
        run.export,
        "the release for researchers: Parquet, CSV, XLSX, Stata, the DuckDB file, codebook, datapackage.json, checksums",
        "chiso export --out release/nightly",
        "chiso export --out release/v2026.11.0 --release v2026.11.0 --since release/v2026.10.0",
        "chiso export --out release/nightly --site",
        "chiso export --verify release/v2026.11.0",
    )
    where = export.add_mutually_exclusive_group(required=True)
    where.add_argument("--out", type=Path, metavar="DIR", help="where the release is put, whole; an older one there is replaced")
    where.add_argument("--verify", type=Path, metavar="DIR", help="check the files of a release against its checksums instead")
    export.add_argument("--release", default="nightly", type=_release, metavar="NAME", help="nightly (default), or vYYYY.M.P")
    export.add_argument("--site", action="store_true", help="with the site to look at without code, in DIR/site")
    export.add_argument("--since", type=Path, metavar="DIR", help="an older release: what has changed since is told")
    _data(export)
    explore = _command(
        commands,
        "explore",
        run.explore,
        "look at the warehouse without code: maps, rankings, provinces, each figure with its sentences, in a browser",
        "chiso explore",
        "chiso explore --port 8000 --no-browser --data /srv/chiso",
        "chiso explore --out site/",
    )
    explore.add_argument("--out", type=Path, metavar="DIR", help="write the pages there (empty, or new) and end: they need no server")
    explore.add_argument("--port", type=int, default=0, metavar="N", help="port on loopback (default: any that is free)")
    explore.add_argument("--no-browser", action="store_true", help="serve the pages, and open no browser")
    _data(explore)
    kept = _command(
        commands,
        "snapshots",
        run.snapshots,
        "the earlier states of the warehouse that are kept, and how to go back to one",
        "chiso snapshots",
        "chiso snapshots --restore chiso-20261124T190512000000Z.duckdb",
    )
    kept.add_argument("--restore", metavar="NAME", help="publish this state again; the present one becomes a snapshot")
    _data(kept)


def _release(text: str) -> str:
    if re.fullmatch(r"nightly|v\d{4}\.\d{1,2}\.\d+", text) is None:
        raise argparse.ArgumentTypeError(f"{text!r} is neither nightly nor vYYYY.M.P")
    return text


def _command(commands: Any, name: str, does: Command, summary: str, *examples: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=summary,
        epilog="examples:\n" + "".join(f"  {example}\n" for example in examples),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=does)
    return parser


def _accept(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--accept", metavar="WHY", help="publish although bounds are broken (flows/bounds.toml); the reason is kept")


def _log(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--log",
        choices=("bars", "lines", "json"),
        help="how the night tells on stderr what it does (default: CHISO_LOG, else bars on a terminal and lines elsewhere)",
    )


def _data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, default=default_folder(), metavar="DIR", help="data folder (default: CHISO_DATA, else data)")


if __name__ == "__main__":
    sys.exit(main())
