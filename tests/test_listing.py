"""What a night finds in the archive: only what is new there, and in the end what a rebuild finds."""

import random
import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flows.data import DataFolder
from flows.listing import news_of
from flows.loading import Run, load_night
from flows.reading import read_batch
from spiders.archive import Archive, ArchiveError
from warehouse.content import content_hash
from warehouse.query import ask
from warehouse.store import rewriting

PORTAL, HOME = "dongnai", "https://dongnai.gov.vn"
NOW = datetime(2026, 11, 1, 2, tzinfo=UTC)


def told(url: str, version: int) -> bytes:
    return (
        f"<html><head><title>Chỉ số cải cách hành chính {url[-1]}</title></head><body><article><h1>Kết quả PAR INDEX</h1>"
        f"<p>PAR INDEX năm 2023 của tỉnh Đồng Nai đạt 8{version},12 điểm, xếp thứ {version + 10}/63 tỉnh, thành phố, "
        f"theo công bố của Bộ Nội vụ ngày 17/4/2024 tại Hà Nội.</p></article></body></html>"
    ).encode()


def fetched(archive: Archive, url: str, moment: datetime, status: int, body: bytes) -> None:
    headers = [("Content-Type", "text/html; charset=utf-8")]
    archive.append(url=url, kind="article", fetched_at=moment, status=status, headers=headers, body=body, crawl="c")


def load(data: DataFolder, run_id: str, kind: str = "nightly") -> tuple[int, int]:
    listing, unread = news_of(data, afresh=kind == "rebuild")
    found = len(listing.pages), len(unread)
    load_night(data, listing, read_batch(data.archive, unread), [], Run(run_id, NOW, kind=kind, is_accepted=True))
    return found


@pytest.fixture
def data(tmp_path: Path) -> DataFolder:
    folder = DataFolder(tmp_path / "data")
    folder.prepare()
    return folder


@pytest.mark.parametrize("seed", range(4))
def test_night_by_night_marks_the_versions_that_a_rebuild_marks(data: DataFolder, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two crawlers, whose clocks may go back, fetch five addresses: changed, taken back, failing, there again."""
    rng = random.Random(seed)
    if seed % 2:  # a night in pieces, as a long one is
        monkeypatch.setattr("flows.listing._AT_ONCE", 3)
        monkeypatch.setattr("flows.listing._MARKED", 2)
    urls = [f"{HOME}/tin/{n}" for n in range(5)]
    moment = NOW
    for night in range(5):
        for series in (0, 2):
            archive = Archive(data.archive, PORTAL, series)
            for url in rng.choices(urls, k=rng.randint(0, 4)):
                moment += timedelta(minutes=rng.choice((-300, 5, 5, 60)))
                status = rng.choice((200, 200, 200, 304, 404, 500, 302))
                fetched(archive, url, moment, status, told(url, rng.randint(1, 3)) if status == 200 else b"")
            archive.close()
        load(data, f"night {night}")
    states = ask(data.warehouse, "select distinct current, gone from articles")[1]
    assert len(states) > 1
    before = content_hash(data.warehouse)
    monkeypatch.undo()
    load(data, "rebuild", kind="rebuild")
    assert content_hash(data.warehouse) == before


def test_only_what_was_archived_since_is_listed_and_read(data: DataFolder) -> None:
    archive = Archive(data.archive, PORTAL)
    for n in range(3):
        fetched(archive, f"{HOME}/tin/{n}", NOW + timedelta(minutes=n), 200, told(f"{n}", 1))
    assert load(data, "first") == (3, 3)
    assert load(data, "again") == (0, 0)
    fetched(archive, f"{HOME}/tin/0", NOW + timedelta(days=1), 200, told("0", 1))  # as it was
    fetched(archive, f"{HOME}/tin/1", NOW + timedelta(days=1), 200, told("1", 2))
    archive.close()
    assert load(data, "next") == (2, 1)
    assert ask(data.warehouse, "select count(*), count(article_id) from pages")[1] == [(5, 5)]
    assert ask(data.warehouse, "select count(*) from articles where not current")[1] == [(1,)]


@pytest.mark.parametrize("nights", [1, 2])
def test_a_page_that_comes_again_as_it_was_is_read_as_it_came_first(data: DataFolder, nights: int) -> None:
    """In one night or in two, and in a rebuild."""
    first = f"{NOW:%Y-%m-%d}"
    archive = Archive(data.archive, PORTAL)
    fetched(archive, f"{HOME}/tin/0", NOW, 200, told("0", 1))
    if nights == 2:
        load(data, "first")
    fetched(archive, f"{HOME}/tin/0", NOW + timedelta(days=3), 200, told("0", 1))
    archive.close()
    load(data, "last")
    seen = "select distinct seen::varchar from comparable"
    assert ask(data.warehouse, seen)[1] == [(first,)]
    (page,) = news_of(data, afresh=True)[1]
    assert page.fetched_at.startswith(first)
    load(data, "rebuild", kind="rebuild")
    assert ask(data.warehouse, seen)[1] == [(first,)]


def test_a_list_takes_no_more_memory_however_long_it_is(data: DataFolder) -> None:
    archive = Archive(data.archive, PORTAL)
    fetched(archive, f"{HOME}/tin/0", NOW, 200, told("0", 1))
    archive.close()
    (page,) = archive.pages()
    peaks = []
    for count in (1_000, 20_000):
        lines = (replace(page, url=f"{HOME}/tin/{n}").to_line() for n in range(count))
        (archive.folder / f"{PORTAL}-00001.jsonl").write_bytes(b"".join(lines))
        listing, unread = news_of(data)
        tracemalloc.start()
        assert (sum(1 for _ in listing.pages), len(listing.pages)) == (count, count)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert len(unread) == count
    assert peaks[1] < 1.2 * peaks[0] < 1_000_000


def test_a_line_that_is_being_written_is_listed_once_it_is_whole(tmp_path: Path) -> None:
    archive = Archive(tmp_path, PORTAL)
    for n in range(2):
        fetched(archive, f"{HOME}/{n}", NOW, 200, b"x")
    archive.close()
    (index,) = (tmp_path / PORTAL).glob("*.jsonl")
    whole = index.read_bytes()
    last = whole.rindex(b"\n", 0, -1) + 1
    known: dict[tuple[str, str], int] = {}
    seen = []
    for length in (last + 40, len(whole) - 1, len(whole), len(whole)):
        index.write_bytes(whole[:length])
        listing = Archive(tmp_path, PORTAL).since(known)
        seen.append([page.url[-1] for page in listing.pages])
        known = listing.ends
    assert seen == [["0"], ["1"], [], []]


def test_an_index_that_lost_its_end_is_an_error_and_not_a_quiet_night(data: DataFolder) -> None:
    archive = Archive(data.archive, PORTAL)
    for n in range(2):
        fetched(archive, f"{HOME}/tin/{n}", NOW, 200, told(f"{n}", 1))
    archive.close()
    load(data, "first")
    (index,) = (data.archive / PORTAL).glob("*.jsonl")
    whole = index.read_bytes()
    index.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ArchiveError, match=r"bytes, \d+ were read before: bring it back, or run `chiso rebuild`"):
        news_of(data)
    index.write_bytes(whole + b'{"not": "a line"}\n')
    with pytest.raises(ArchiveError, match=r"jsonl at byte \d+: not an index line"):
        len(news_of(data)[1])


def test_a_warehouse_of_before_the_files_were_noted_is_brought_up_to_date(data: DataFolder) -> None:
    archive = Archive(data.archive, PORTAL)
    fetched(archive, f"{HOME}/tin/1", NOW, 200, told("1", 1))
    fetched(archive, f"{HOME}/tin/1", NOW - timedelta(days=1), 200, told("1", 2))  # the clock went back
    load(data, "first")
    with rewriting(data.warehouse) as connection:  # as an earlier chiso left it
        connection.execute("drop table listed")
        connection.execute("update pages set ordered_at = null")
        connection.execute("update schema_version set dictionary = 'an earlier one'")
    fetched(archive, f"{HOME}/tin/2", NOW, 200, told("2", 1))
    archive.close()
    assert load(data, "next") == (3, 1)
    # What was written last is the newest, whatever the clock said.
    assert ask(data.warehouse, "select value from claims where measure = 'score' and not superseded order by all")[1] == [
        (81.12,),
        (82.12,),
    ]
    before = content_hash(data.warehouse)
    assert ask(data.warehouse, 'select ordered_at = fetched_at from pages order by file, "offset"')[1] == [(True,), (False,), (True,)]
    load(data, "rebuild", kind="rebuild")
    assert content_hash(data.warehouse) == before
