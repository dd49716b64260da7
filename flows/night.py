"""The nightly flow: Prefect gives states, retries and artifacts to the functions of flows/crawling.py, reading.py and loading.py."""

import json
import os
import shutil
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

# Before Prefect is imported: no telemetry, and time enough for its own server on a busy machine.
os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "120")
# The states of tasks are in Prefect; the terminal gets the lines of flows/progress.py.
os.environ.setdefault("PREFECT_LOGGING_LEVEL", "CRITICAL")

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import FlowRun, State
from prefect.futures import PrefectFuture
from prefect.runtime import flow_run
from prefect.task_runners import ThreadPoolTaskRunner

from flows.alerts import AlertError, tell_of_last_night
from flows.bounds import RefusedError
from flows.crawling import crawl_portal
from flows.data import DataFolder, default_folder
from flows.engines import EngineError, troubles
from flows.journal import Journal, JournalNight
from flows.listing import news_of
from flows.loading import NightCounts, Run, load_night
from flows.progress import Progress
from flows.reading import read_back, read_into
from flows.releasing import write_release
from flows.report import Report, write_report
from spiders.archive import Listing, Pages
from spiders.judge import CrawlCounts
from spiders.portal import portal_names
from warehouse.store import bring_up_to_date

# Crawls wait for servers most of the time; reading uses the cores.
_CRAWLERS: Any = ThreadPoolTaskRunner(max_workers=4)


class CrawlFailedError(Exception):
    """Raised by the crawl task for a portal that yielded nothing or broke, so that Prefect shows it as failed."""


def _may_answer_later(_task: object, _run: object, state: State[CrawlCounts]) -> bool:
    """Tell whether trying again can help: a server that did not answer may, changed markup will not."""
    return "no answer" in str(state.message)


#: Seconds before a portal that did not answer is asked again, and then once more.
_ASKED_AGAIN = [30.0, 90.0]


@task(
    name="crawl",
    task_run_name="crawl {name}",
    retries=len(_ASKED_AGAIN),
    retry_delay_seconds=_ASKED_AGAIN,
    retry_condition_fn=_may_answer_later,
)
def crawl_task(name: str, data: DataFolder, proxy: str | None, *, fast: bool, window: tuple[date, date] | None = None) -> CrawlCounts:
    """Crawl one portal; a failed one fails its task, and only its task."""
    counts = crawl_portal(name, data, proxy=proxy, fast=fast, window=window)
    get_run_logger().info("%s: %s (%s)", name, counts.state, counts.reason)
    if counts.state != "complete":
        raise CrawlFailedError(f"{name}: {counts.state}: {counts.reason}")
    return counts


@task(name="read", cache_policy=NO_CACHE)
def read_task(data: DataFolder, pages: Pages) -> list[Path]:
    """Read the new pages into files; what an earlier night has read and could not load is not read again."""
    return read_into(data.reading, data.archive, pages)


@task(name="reconcile-and-load", cache_policy=NO_CACHE)
def load_task(data: DataFolder, listing: Listing, read: Sequence[Path], crawls: Sequence[CrawlCounts], run: Run) -> NightCounts:
    """Reconcile, load, publish in one step."""
    counts = load_night(data, listing, read_back(read), crawls, run)
    shutil.rmtree(data.reading, ignore_errors=True)
    return counts


@task(name="report")
def report_task(data: DataFolder, nights: Sequence[JournalNight]) -> Report:
    """Write the validation report."""
    return write_report(data.warehouse, data.report, nights)


def _tell(_flow: object, run: FlowRun, _state: object) -> None:
    """Tell whoever is configured of a night that needs a look; what cannot be delivered spoils no night."""
    try:
        tell_of_last_night(_folder(run.parameters.get("data_folder")))
    except AlertError as error:
        sys.stderr.write(f"chiso: the message about this night {error}\n")


#: However a night ends, somebody may have to be told.
_TOLD: Any = {"on_completion": [_tell], "on_failure": [_tell], "on_crashed": [_tell], "on_cancellation": [_tell]}


@flow(name="nightly", task_runner=_CRAWLERS, validate_parameters=True, **_TOLD)
def nightly(
    data_folder: str | None = None, portals: list[str] | None = None, *, sample: bool = False, accept: str | None = None
) -> NightCounts:
    """Crawl the portals, read what is new, reconcile, load, report. A portal that fails stops no other.

    A night that breaks the bounds of bounds.toml publishes nothing, unless `accept` says why it is right.
    """
    return _night("nightly", data_folder, portals, sample=sample, accept=accept)


@flow(name="backfill", task_runner=_CRAWLERS, validate_parameters=True, **_TOLD)
def backfill(
    first: date,
    last: date,
    data_folder: str | None = None,
    portals: list[str] | None = None,
    *,
    sample: bool = False,
    accept: str | None = None,
) -> NightCounts:
    """Crawl what portals published from one day to another, and load it; goes on where an earlier backfill of those days stopped."""
    return _night("backfill", data_folder, portals, window=(first, last), sample=sample, accept=accept)


@flow(name="rebuild", validate_parameters=True, **_TOLD)
def rebuild(data_folder: str | None = None, *, accept: str | None = None) -> NightCounts:
    """Read every archived page again and make the warehouse anew, without any network; what was known when stays known."""
    return _night("rebuild", data_folder, [], sample=False, accept=accept)


@flow(name="release", validate_parameters=True)
def release(data_folder: str | None = None, out: str | None = None, version: str = "nightly", since: str | None = None) -> list[str]:
    """Write the release of the published warehouse, with the site: to `out`, or else into the data folder."""
    data = DataFolder(_folder(data_folder))
    target = Path(out) if out else data.root / "release" / version
    return list(map(str, write_release(data, target, version, since=Path(since) if since else None, site=True)))


def _folder(given: str | None) -> Path:
    return (Path(given) if given else default_folder()).resolve()


def _night(
    kind: str,
    data_folder: str | None,
    portals: list[str] | None,
    *,
    sample: bool,
    accept: str | None,
    window: tuple[date, date] | None = None,
) -> NightCounts:
    """Run one night of a kind alone in its data folder, and keep the journal."""
    data = DataFolder(_folder(data_folder))
    data.prepare()
    started_at = datetime.now(UTC)
    run_id = f"{started_at:%Y%m%dT%H%M%S}-{(flow_run.get_name() or 'night')}"
    names = [] if kind == "rebuild" else list(portals) if portals else _all_portals(sample=sample)
    journal = Journal(data.root)
    with journal.night(run_id, kind) as entry, Progress() as progress:
        if wrong := troubles(data):
            entry.reasons = wrong
            raise EngineError("; ".join(wrong))
        with entry.stage("crawl"):
            crawls = _crawl(names, data, progress, window, sample=sample)
        bring_up_to_date(data.warehouse)
        listing, todo = news_of(data, afresh=kind == "rebuild")
        with entry.stage("read"), progress.step("read", f"{len(todo)} {'' if kind == 'rebuild' else 'new '}pages"):
            read = read_task(data, todo)
        with entry.stage("reconcile"), progress.step("reconcile", "facts, conflicts, load"):
            try:
                counts = load_task(data, listing, read, crawls, Run(run_id, started_at, sample, kind, accept is not None))
            except RefusedError as error:
                entry.state, entry.reasons = "refused", error.reasons
                raise
        entry.state = "degraded"  # published by now: should the report fail, that is all that is wrong
        with entry.stage("report"), progress.step("report", str(data.report / "index.html")):
            running, *before = journal.nights()
            report = report_task(data, [replace(running, seconds=dict(entry.seconds)), *before])
        entry.state, entry.counts = counts.verdict, {k: v for k, v in asdict(counts).items() if isinstance(v, int)}
        entry.reasons = [f"{c['portal']}: {c['degraded'] or c['reason']}" for c in report.failed] + (
            [f"accepted: {accept}"] if accept else []
        )
        progress.end(entry.state, entry.counts)
    create_markdown_artifact(_summary(counts, report, data), key="night", description="What the night found")
    return counts


def _crawl(
    names: Sequence[str], data: DataFolder, progress: Progress, window: tuple[date, date] | None, *, sample: bool
) -> list[CrawlCounts]:
    """Crawl portals beside each other; each has its counts, whatever becomes of it."""
    if not names:
        return []
    crawls = []
    with _web(data, sample=sample) as proxy:
        futures = [crawl_task.submit(name, data, proxy, fast=sample, window=window) for name in names]
        with progress.watching(names, data.crawls):
            for name, future in progress.track("crawl", zip(names, futures, strict=True), len(names)):
                crawls.append(crawled := _counts(name, future, data))
                if crawled.state != "complete":
                    progress.note(f"crawl: {name} {crawled.state}: {crawled.reason}")
    return crawls


def _all_portals(*, sample: bool) -> list[str]:
    if not sample:
        return list(portal_names())
    from flows.sample import sample_portals  # noqa: PLC0415 (not part of a real night)

    return sample_portals()


def _web(data: DataFolder, *, sample: bool) -> AbstractContextManager[str | None]:
    """Return the real web (no proxy), or the sample web of this data folder's next night."""
    if not sample:
        return nullcontext(None)
    from flows.sample import sample_web  # noqa: PLC0415 (not part of a real night)

    return sample_web(data)


def _counts(name: str, future: PrefectFuture[CrawlCounts], data: DataFolder) -> CrawlCounts:
    """Return a crawl's counts whether its task succeeded or not."""
    future.wait()
    if future.state.is_completed():
        return future.result()
    counts = data.crawls / f"{name}.json"
    if counts.exists():
        return CrawlCounts(**json.loads(counts.read_text(encoding="utf-8")))
    return CrawlCounts(name, "broken", str(future.state.message), 0, 0, 0, 0, 0, 1)


def _summary(counts: NightCounts, report: Report, data: DataFolder) -> str:
    rows = "\n".join(f"| {c['portal']} | {c['state']} | {c['new']} | {c['changed']} | {c['reason']} |" for c in report.crawls)
    conflicts = "\n".join(
        f"- {c['index']} {c['year']} {c['subject']} {c['measure']}: {' / '.join(c['values'])} ({c['class']})" for c in report.conflicts
    )
    return (
        f"# {counts.verdict}: {counts.facts} facts, {counts.conflicts} conflicts, {counts.portals_failed} portals failed\n\n"
        f"Report: `{data.report / 'index.html'}`\n\n"
        f"| portal | state | new | changed | reason |\n|---|---|---|---|---|\n{rows}\n\n{conflicts}\n"
    )
