"""What keeps nights alive: the journal, one night at a time, bounds, status, doctor, rebuilds and releases."""

import json
import random
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from conftest import Night, Nights, held, run_chiso

from benchmarks.servers import dask
from benchmarks.torture import Torture, broken_lines, no_room, read_only, works
from flows.bounds import RefusedError, Standing, _jump, bounds, broken, standing_at
from flows.data import DataFolder
from flows.doctor import examine
from flows.journal import Journal, NightRunningError
from flows.listing import news_of
from flows.loading import NightCounts, Run, load_night
from flows.reading import archived_pages, pages_to_read, read_back, read_batch, read_into
from flows.releasing import write_release
from flows.status import OVERDUE, print_status, troubles
from spiders.archive import Listing
from tests.deadly import read_or_die
from warehouse.content import content_hash
from warehouse.error import WarehouseError
from warehouse.query import ask, connect
from warehouse.store import rewriting

NOW = datetime.now(UTC)


@pytest.fixture
def data(first_night: Night, tmp_path: Path) -> DataFolder:
    folder = tmp_path / "data"
    shutil.copytree(first_night.data, folder, ignore=shutil.ignore_patterns("prefect", "releases.csv"))
    return DataFolder(folder)


def wrong(data: DataFolder, what: str, **how: object) -> str:
    """Return what the doctor finds wrong of one kind, and nothing of any other."""
    found = {check.what: check.wrong for check in examine(data, **how) if check.wrong}  # type: ignore[arg-type]
    assert set(found) == {what}, found
    return found[what]


# --- the journal


def test_a_night_is_in_the_journal_with_its_stages(first_night: Night) -> None:
    (night,) = Journal(first_night.data).nights()
    assert (night.kind, night.state) == ("nightly", "degraded")
    assert list(night.seconds) == ["crawl", "read", "reconcile", "report"]
    assert night.counts["articles_new"] == 25
    assert night.reasons[0].startswith("honquan_binhphuoc: ")


@pytest.mark.parametrize(
    ("error", "state", "reason"),
    [(KeyboardInterrupt(), "incomplete", "stopped before its end"), (OSError("disk full"), "failed", "OSError: disk full")],
)
def test_a_night_that_breaks_off_says_so(tmp_path: Path, error: BaseException, state: str, reason: str) -> None:
    journal = Journal(tmp_path)
    with pytest.raises(type(error)), journal.night("one", "nightly") as entry, entry.stage("crawl"):
        raise error
    (night,) = journal.nights()
    assert (night.state, night.reasons, list(night.seconds)) == (state, (reason,), ["crawl"])


def test_a_killed_night_is_incomplete_and_its_torn_line_harms_no_other(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    begin = json.dumps({"run": "killed", "event": "begin", "at": NOW.isoformat(), "kind": "nightly"})
    journal.path.write_text(f'{begin}\n{{"run": "killed", "ev', encoding="utf-8")
    assert journal.nights()[0].state == "incomplete"
    with journal.night("next", "nightly") as entry:
        entry.state = "complete"
        assert journal.nights()[0].state == "running"
    assert [(night.run_id, night.state) for night in journal.nights()] == [("next", "complete"), ("killed", "incomplete")]
    assert journal.damaged() == [2]


def test_two_nights_never_run_at_once(tmp_path: Path) -> None:
    with (
        Journal(tmp_path).night("first", "nightly"),
        pytest.raises(NightRunningError, match="first"),
        Journal(tmp_path).night("second", "backfill"),
    ):
        raise AssertionError
    assert [night.run_id for night in Journal(tmp_path).nights()] == ["first"]


def test_two_writers_never_write_at_once(tmp_path: Path) -> None:
    with rewriting(tmp_path / "chiso.duckdb"), pytest.raises(WarehouseError, match="another process"), rewriting(tmp_path / "chiso.duckdb"):
        raise AssertionError
    assert (tmp_path / "chiso.duckdb").exists()


# --- bounds


def test_each_bound_has_its_reason() -> None:
    assert all(bound.limit > 0 and bound.at_least > 0 and len(bound.reason) > 40 for bound in bounds().values())


def taken_back(data: DataFolder) -> Listing:
    """List the archive's pages, and after them an answer 404 for each article."""
    listing = archived_pages(data)
    later = (NOW + timedelta(hours=1)).isoformat()
    gone = [
        replace(page, status=404, fetched_at=later, sha256="0", file="later.warc.gz") for page in listing.pages if page.kind == "article"
    ]
    return Listing([*listing.pages, *gone], listing.ends)


def test_mass_deletion_is_refused_and_publishes_nothing_until_somebody_accepts_it(data: DataFolder) -> None:
    before = data.warehouse.read_bytes()
    pages = taken_back(data)
    with pytest.raises(RefusedError, match="articles are gone: Portals take single articles back"):
        load_night(data, pages, [], [], Run("bad", NOW))
    assert data.warehouse.read_bytes() == before
    counts = load_night(data, pages, [], [], Run("accepted", NOW, is_accepted=True))
    assert counts.articles_gone > bounds()["articles_gone"].at_least
    assert ask(data.warehouse, "select count(*) from facts") == (["count_star()"], [(109,)])


def test_each_bound_is_asked(data: DataFolder) -> None:
    before = standing_at(data.warehouse)
    usual = {"started_at": NOW, "portals_failed": 1, "articles_new": 5}

    def refused(*, is_nightly: bool = True, **now: int) -> list[str]:
        with connect(data.warehouse) as connection:
            return broken(connection, before, {**usual, **now}, 13, is_nightly=is_nightly)

    assert refused() == []
    assert refused(portals_failed=6) == []
    assert [reason[:22] for reason in refused(portals_failed=7)] == ["7 of 13 portals failed"]
    assert [reason[:29] for reason in refused(articles_new=501)] == ["501 new articles, 25 at most "]
    assert refused(articles_new=501, is_nightly=False) == []
    with rewriting(data.warehouse) as connection:
        connection.execute("update fact_history set known_to = ? where fact_id in (select fact_id from facts order by all limit 60)", [NOW])
    assert [reason[:23] for reason in refused()] == ["60 of 109 facts are los"]


@pytest.mark.parametrize(
    ("before", "after", "is_refused"),
    [
        ((1000, 20), (1010, 24), False),
        ((1000, 20), (1010, 60), True),
        ((1000, 20), (10_000, 210), False),  # a backfill brings its usual share
        ((1000, 20), (10_000, 500), True),
        ((100, 0), (200, 20), False),  # small warehouses move by leaps
    ],
)
def test_a_jump_in_conflicts(before: tuple[int, int], after: tuple[int, int], is_refused: bool) -> None:
    assert (_jump(Standing(9, 9, 9, 0, *before), Standing(9, 9, 9, 0, *after)) is not None) == is_refused


# --- status


def told(data: Path, *nights: tuple[str, timedelta]) -> Journal:
    """Write a journal of nights that ended in a state so long ago, the oldest first."""
    lines = []
    for n, (state, ago) in enumerate(nights):
        moment = (NOW - ago).isoformat()
        lines.append({"run": f"run-{n}", "event": "begin", "at": moment, "kind": "nightly"})
        lines.append({"run": f"run-{n}", "event": "end", "at": moment, "state": state, "reasons": ["why"], "counts": {}, "seconds": {}})
    journal = Journal(data)
    journal.path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return journal


DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("nights", "trouble"),
    [
        ([("refused", 2 * DAY), ("findings", timedelta())], ""),
        ([("complete", DAY), ("refused", timedelta())], r"\(run-1\) is refused and published nothing: why"),
        ([("complete", OVERDUE + timedelta(minutes=1))], "ended 30 hours ago: is the worker running"),
        ([("failed", timedelta())], "No night was ever published"),
        ([], "No night has ended yet"),
    ],
)
def test_status_tells_what_an_operator_must_know(tmp_path: Path, nights: list, trouble: str) -> None:
    found = "\n".join(troubles(told(tmp_path, *nights).nights(), NOW))
    assert bool(found) == bool(trouble)
    assert not trouble or re.search(trouble, found)


def test_the_last_fourteen_nights_are_one_line_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told(tmp_path, *[("complete", n * DAY) for n in range(20, 1, -1)], ("degraded", DAY), ("refused", timedelta()))
    assert print_status(tmp_path) == 1
    out = capsys.readouterr().out
    assert "(14 rows)" in out
    assert "oooooooooooodR   (" in out
    assert print_status(tmp_path, "json") == 1
    assert [night["state"] for night in json.loads(capsys.readouterr().out)][:3] == ["refused", "degraded", "complete"]


def test_status_and_doctor_run_as_commands(first_night: Night, tmp_path: Path) -> None:
    assert run_chiso("status", "--data", first_night.data).returncode == 0
    assert run_chiso("status", "--data", tmp_path / "none").returncode == 2
    done = run_chiso("doctor", "--data", first_night.data, "--every-byte")
    assert (done.returncode, b"WRONG" in done.stdout) == (0, False)
    assert b"13 portals" in done.stdout


# --- the doctor


def test_the_doctor_finds_what_is_wrong_and_says_what_to_do(data: DataFolder) -> None:
    data.decisions.write_text("key,value,reason,who,when\nc-1,x\n", encoding="utf-8")
    assert "decisions.csv:2" in wrong(data, "decisions")
    data.decisions.unlink()
    assert "timedatectl" in wrong(data, "clock", now=NOW - timedelta(days=9))
    with rewriting(data.warehouse) as connection:
        connection.execute("update claims set evidence = 'x' where claim_id = (select min(claim_id) from claims)")
    assert wrong(data, "warehouse").startswith("1 claims whose evidence is not in their article: `chiso snapshots --restore chiso-")
    data.warehouse.chmod(0o644)
    with held(data.warehouse):
        assert re.search(r"open it read-only \(duckdb -readonly\): .*PID \d+\).*concurrency$", wrong(data, "warehouse"))
    data.warehouse.write_bytes(b"no database")
    assert "chiso snapshots --restore" in wrong(data, "warehouse")


def test_the_doctor_reads_every_byte_of_the_archive_when_asked(data: DataFolder) -> None:
    warc = next(data.archive.rglob("*.warc.gz"))
    body = bytearray(warc.read_bytes())
    body[-20] ^= 1
    warc.write_bytes(body)
    assert not [check for check in examine(data) if check.wrong]
    assert "a changed byte" in wrong(data, "archive", every_byte=True)


# --- rebuilds and releases


def rebuild(data: DataFolder) -> NightCounts:
    listing, unread = news_of(data, afresh=True)
    return load_night(data, listing, read_batch(data.archive, unread), [], Run("rebuild", NOW, kind="rebuild"))


def test_a_rebuild_from_the_archive_says_the_same_and_keeps_what_was_known_when(data: DataFolder, nights: Nights) -> None:
    before = content_hash(data.warehouse)
    history = ask(data.warehouse, "from fact_history order by all")
    counts = rebuild(data)
    assert (counts.articles_new, counts.facts_changed) == (25, 0)
    assert content_hash(data.warehouse) == before
    assert ask(data.warehouse, "from fact_history order by all") == history
    assert content_hash(nights.number(2).data / "chiso.duckdb") != before


def test_what_is_put_into_the_copy_on_the_way_is_published_with_the_rest_or_not_at_all(
    data: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, seen = data.warehouse.read_bytes(), []

    def fail(connection: duckdb.DuckDBPyConnection, *_: object) -> None:
        seen.append(connection.execute("select count(*) from claims").fetchone())
        raise RuntimeError("the machine goes down")

    monkeypatch.setattr("flows.ingest._AT_ONCE", 5)
    with monkeypatch.context() as failing:
        failing.setattr("flows.loading.reconcile_warehouse", fail)
        with pytest.raises(RuntimeError, match="goes down"):
            rebuild(data)
    assert (data.warehouse.read_bytes(), len(seen)) == (before, 1)
    said = content_hash(data.warehouse)
    rebuild(data)
    assert content_hash(data.warehouse) == said


def test_a_version_is_released_once(data: DataFolder, tmp_path: Path) -> None:
    write_release(data, tmp_path / "v2026.12.0", "v2026.12.0")
    write_release(data, tmp_path / "again", "v2026.12.0")  # the same state: the same bytes
    load_night(data, archived_pages(data), [], [], Run("later", NOW + timedelta(hours=1)))
    with pytest.raises(WarehouseError, match=r"v2026\.12\.0 was released on .* count the version up"):
        write_release(data, tmp_path / "other", "v2026.12.0")
    _, rows = ask(data.warehouse, "select release, facts, sha256 from releases")
    assert [row[:2] for row in rows] == [("v2026.12.0", 109)]
    import hashlib

    assert rows[0][2] == hashlib.sha256((tmp_path / "again" / "SHA256SUMS").read_bytes()).hexdigest()


# --- kill -9, a disk that is full, a line that breaks


def test_work_that_is_killed_leaves_a_whole_state_and_ends_alike(first_night: Night, tmp_path: Path) -> None:
    complaints: list[str] = []
    torture = Torture(tmp_path, random.Random(7), complaints.append)
    for work in works(tmp_path, first_night.data):
        survived, _, alike = torture.suffer(work, 2)
        assert (survived, alike) == (2, True), complaints


@pytest.mark.parametrize("fault", [no_room, read_only])
def test_a_disk_that_cannot_be_written_publishes_nothing_and_says_so(
    data: DataFolder, tmp_path: Path, fault: Callable[[Path, Path], str | None]
) -> None:
    shutil.rmtree(data.root / "report")
    (data.root / "reference").mkdir()
    assert fault(data.root, tmp_path / "fault") is None


def test_a_line_that_breaks_and_a_portal_that_goes_silent_cost_one_night(tmp_path: Path) -> None:
    complaints: list[str] = []
    for name, survived, _ in broken_lines(tmp_path, 1, random.Random(7), complaints.append):
        assert survived == 1, f"{name}: {complaints}"


@contextmanager
def readers(where: str, folder: Path) -> Iterator[str]:
    """Yield the setting of two workers."""
    if where == "processes":
        yield "processes:2"
        return
    folder.mkdir()
    with dask(folder, 2) as address:
        yield address


@pytest.mark.parametrize("where", ["processes", "dask"])
def test_a_page_that_kills_its_reader_costs_itself_and_a_worker_that_was_killed_nothing(
    data: DataFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    portals = ("dongnai", "stttt_quangngai")
    pages = [page for page in pages_to_read(archived_pages(data).pages) if page.portal in portals]
    calm = read_batch(data.archive, pages)
    deadly = next(n for n, page in enumerate(pages) if page.portal == "stttt_quangngai")
    pages[deadly] = replace(pages[deadly], url="https://example.vn/deadly")
    monkeypatch.setattr("flows.reading.read_batch", read_or_die)
    monkeypatch.setattr("flows.reading._BATCH", 3)
    with readers(where, tmp_path / "dask") as setting:
        read = list(read_back(read_into(tmp_path / "read", data.archive, pages, where=setting)))
    assert (data.archive / "killed-once").exists()
    assert [one.page for one in read] == pages
    assert [n for n, (one, before) in enumerate(zip(read, calm, strict=True)) if one != before] == [deadly]
    assert (read[deadly].article, read[deadly].problem) == (None, "the process that read it was killed, also when it read nothing else")
