"""Several machines' engines, each a real server on loopback: Redis, Dask, PostgreSQL, S3."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from scrapy import Request
from scrapy.utils.test import get_crawler

from benchmarks.cluster import Way, chiso, engines, hash_of, night
from benchmarks.servers import dask, missing, redis
from flows.crawling import crawl_portal
from flows.data import DataFolder
from flows.doctor import examine
from flows.engines import told, troubles
from flows.executing import ExecutorError, is_cluster, processes, workers
from flows.journal import Journal
from flows.reading import ReadPage, archived_pages, pages_to_read, read_back, read_batch, read_into
from samples.server import serve
from spiders.archive import Archive, Page
from spiders.frontier import FrontierError, Session, SharedAsked, SharedScheduler, _packed, _unpacked
from spiders.judge import summed
from spiders.portal import load_portal
from spiders.spider import PortalSpider
from tests.conftest import Night, clock_of, run_chiso
from warehouse.content import content_hash

SERVERS = pytest.mark.skipif(missing() is not None, reason=str(missing()))


@SERVERS
def test_a_night_on_all_engines_ends_like_one_in_one_process(first_night: Night, tmp_path: Path) -> None:
    alone = Way("one process")
    with engines(tmp_path) as ways:
        way, data = ways[-1], tmp_path / "data"
        night(way, data, clock_of(1)["CHISO_SAMPLE_CLOCK"])
        (told,) = Journal(data).nights()
        assert told.state == "degraded"  # the planted failure of one portal, as in one process
        assert hash_of(way, data) == hash_of(alone, first_night.data)
        chiso(way, "export", "--data", str(data), "--out", str(tmp_path / "release"))
        assert content_hash(tmp_path / "release" / "chiso.duckdb") == hash_of(alone, first_night.data)
    # Two processes took part in each crawl, whatever share each of them found to do.
    assert all((data / "crawls" / f"dongnai.{number}.stats.json").exists() for number in (1, 2))


# -- the frontier -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if missing() is not None:
        pytest.skip(str(missing()))
    with redis(tmp_path_factory.mktemp("redis")) as url:
        yield url


def test_a_crawl_is_over_when_nothing_waits_and_nobody_works(server: str) -> None:
    first, second = (Session.joined(server, "over", number) for number in (1, 2))
    first.begin({"name": "night-1", "started": "2026-11-29T02:00:00+00:00"})
    assert second.crawl()["name"] == "night-1"
    assert not second.rest()  # the first one may still find something
    first.server.lpush(first.key("waiting"), "one")
    assert not first.rest()
    second.work()
    assert first.server.rpop(first.key("waiting")) == b"one"
    assert not first.rest()  # the second may have taken it
    first.server.delete(first.key(f"alive:{second.me}"))  # it has died
    assert first.rest()


def test_requests_are_asked_once_and_come_back_as_they_were(server: str) -> None:
    spider = PortalSpider(load_portal("dongnai"), {}, datetime.now(UTC))
    asked = spider.ask("https://dongnai.gov.vn/vi/news/?tin=chỉ số", "listing", spider.parse_listing, {"topic": True, "page": 2})
    asked.headers["If-None-Match"] = b'"caf\xe9"'
    back = _unpacked(_packed(asked, spider), spider)
    assert (back.url, back.meta, back.headers, back.callback) == (asked.url, asked.meta, asked.headers, spider.parse_listing)
    crawler = get_crawler(PortalSpider, {"CHISO_SESSION": Session.joined(server, "once", 1)})
    scheduler = SharedScheduler(crawler)
    scheduler.open(spider)
    assert [scheduler.enqueue_request(asked), scheduler.enqueue_request(asked)] == [True, False]
    assert scheduler.enqueue_request(asked.replace(dont_filter=True))
    assert scheduler.has_pending_requests()
    taken = [scheduler.next_request() for _ in range(3)]
    assert [isinstance(one, Request) and one.url for one in taken] == [asked.url, asked.url, False]


def test_the_budget_is_shared(server: str) -> None:
    one, other = (SharedAsked(Session.joined(server, "budget", number)) for number in (1, 2))
    one.add("a.vn")
    other.add("a.vn")
    assert (one.count("a.vn"), other.count("a.vn"), one.count("b.vn")) == (2, 2, 0)


def test_a_frontier_that_is_not_there_says_so_without_its_password() -> None:
    with pytest.raises(FrontierError, match="CHISO_FRONTIER") as error:
        Session.joined("redis://:geheim@127.0.0.1:9/0", "x", 1)
    assert "geheim" not in str(error.value)


def test_counts_of_several_processes_are_those_of_one() -> None:
    parts = [
        {"a": 2, "finish_reason": "finished", "chiso/peak_mb": 80.5, "chiso/last_error": None, "chiso/crawl": "night-1"},
        {"a": 3, "b": 1, "finish_reason": "shutdown", "chiso/peak_mb": 90.5, "chiso/crawl": "night-1"},
    ]
    assert summed(parts) == {"a": 5, "b": 1, "finish_reason": "shutdown", "chiso/peak_mb": 90.5, "chiso/crawl": "night-1"}


def test_a_crawl_of_which_a_process_is_killed_is_taken_up_again(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHISO_FRONTIER", server)
    monkeypatch.setenv("CHISO_CRAWLERS", "2")
    data = DataFolder(tmp_path)
    data.prepare()
    with serve(1, datetime(2026, 11, 29, 2, tzinfo=UTC)) as web:
        watch = (
            "import os, signal, sys, time\nfrom pathlib import Path\nindex = Path(sys.argv[1])\n"
            "while not any(b'article' in path.read_bytes() for path in index.glob('*-0*.jsonl')):\n    time.sleep(0.01)\n"
            "for one in Path('/proc').glob('[0-9]*/cmdline'):\n"
            "    words = one.read_bytes().split(b'\\0') if one.exists() else []\n"
            "    if b'spiders.crawl' in words and sys.argv[2].encode() in words and words[words.index(b'--number') + 1] == b'1':\n"
            "        os.kill(int(one.parent.name), signal.SIGKILL)\n"
        )
        killer = subprocess.Popen([sys.executable, "-c", watch, str(data.archive / "stttt_quangngai"), str(data.archive)])
        killed = crawl_portal("stttt_quangngai", data, proxy=web.proxy, more=["--fast"])
        assert killer.wait(60) == 0
        assert killed.state in {"incomplete", "broken"}
        assert "-9" in killed.reason
        archive = Archive(data.archive, "stttt_quangngai")
        assert archive.open_crawl("night-") is not None
        again = crawl_portal("stttt_quangngai", data, proxy=web.proxy, fast=True)
        assert archive.open_crawl("night-") is None
    assert again.state == "complete"
    articles = [page.url for page in archive.pages() if page.kind == "article"]
    assert len(articles) == len(set(articles)) == 4  # nothing lost, nothing asked twice


def test_series_of_an_archive_come_in_the_order_of_fetching(tmp_path: Path) -> None:
    for series, minutes in ((0, (1, 4, 3)), (2, (2, 5))):
        archive = Archive(tmp_path, "dongnai", series)
        for minute in minutes:
            archive.append(
                url=f"https://dongnai.gov.vn/{minute}", kind="article", status=200, headers=[], body=b"x",
                fetched_at=datetime(2026, 11, 29, 2, minute, tzinfo=UTC),
            )  # fmt: skip
        archive.close()
    # 3 was written after 4, when the clock had been set back: it stays behind it.
    assert [page.url[-1] for page in Archive(tmp_path, "dongnai").pages()] == ["1", "2", "4", "3", "5"]
    assert sorted(path.name for path in (tmp_path / "dongnai").glob("*.jsonl")) == ["dongnai-00001.jsonl", "dongnai-p2-00002.jsonl"]


def test_a_request_from_elsewhere_is_of_no_other_class() -> None:
    spider = PortalSpider(load_portal("dongnai"), {}, datetime.now(UTC))
    packed = json.loads(_packed(spider.ask("https://dongnai.gov.vn/", "listing", spider.parse_listing), spider))
    assert type(_unpacked(json.dumps({**packed, "_class": "subprocess.Popen"}).encode(), spider)) is Request


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("CHISO_WORKERS", "prozesse", "CHISO_WORKERS=prozesse: give"),
        ("CHISO_WORKERS", "tcp://127.0.0.1:9", "no scheduler answers there"),
        ("CHISO_FRONTIER", "redis://:geheim@127.0.0.1:9/0", "(CHISO_FRONTIER) cannot be reached"),
        ("CHISO_CRAWLERS", "many", "CHISO_CRAWLERS=many: give a number"),
        ("CHISO_MEMORY", "much", "CHISO_MEMORY=much: give a size"),
    ],
)
def test_what_is_not_there_is_said_before_anything_is_crawled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    if name == "CHISO_CRAWLERS":
        monkeypatch.setenv("CHISO_FRONTIER", "redis://127.0.0.1:9/0")
    monkeypatch.setenv(name, value)
    (wrong,) = troubles(DataFolder(tmp_path))
    assert said in wrong
    assert "geheim" not in wrong + told()
    assert next(check for check in examine(DataFolder(tmp_path)) if check.what == "engines").wrong == wrong


def test_a_night_without_its_engines_ends_before_it_begins(tmp_path: Path) -> None:
    done = run_chiso("rebuild", "--data", tmp_path, environment={"CHISO_WORKERS": "prozesse"})
    assert done.returncode == 3
    assert "fault of chiso" not in done.stderr.decode()
    assert "CHISO_WORKERS=prozesse: give" in done.stderr.decode()
    (night,) = Journal(tmp_path).nights()
    assert (night.state, night.reasons[0][:22]) == ("failed", "CHISO_WORKERS=prozesse")


# -- reading ----------------------------------------------------------------------------------------------


def test_where_pages_are_read_is_a_setting() -> None:
    assert [is_cluster(one) for one in ("processes", "processes:3", "tcp://10.0.0.5:8786")] == [False, False, True]
    assert processes("processes:3") == 3
    for nothing in ("proceses", "processes:0", "processes:two", ""):
        with pytest.raises(ExecutorError, match="CHISO_WORKERS"):
            is_cluster(nothing)


def test_a_cluster_reads_what_one_process_reads(first_night: Night, tmp_path: Path) -> None:
    data = DataFolder(first_night.data)
    pages = list(pages_to_read(archived_pages(data).pages))
    with dask(tmp_path, 2) as address:
        there = list(read_back(read_into(tmp_path / "there", data.archive, pages, where=address)))
    assert there == read_batch(data.archive, pages)
    here = list(read_back(read_into(tmp_path / "here", data.archive, pages, where="processes:2")))
    assert here == there


def test_what_was_read_is_not_read_again(first_night: Night, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = DataFolder(first_night.data)
    pages = list(pages_to_read(archived_pages(data).pages))
    files = read_into(tmp_path, data.archive, pages)
    files[1].unlink()  # as if it had been broken off
    (tmp_path / "torn.writing").write_bytes(b"half")
    read: list[list[str]] = []

    def read_and_tell(archive: Path, batch: list[Page]) -> list[ReadPage]:
        read.append([page.portal for page in batch])
        return read_batch(archive, batch)

    monkeypatch.setattr("flows.reading.read_batch", read_and_tell)
    assert read_into(tmp_path, data.archive, pages) == files
    assert len(read) == 1
    assert len(set(read[0])) == 1
    assert list(read_back(files)) == read_batch(data.archive, pages)
    monkeypatch.setattr("flows.reading.code_version", lambda: "other rules")
    assert not set(read_into(tmp_path, data.archive, pages)) & set(files)


def test_a_cluster_that_would_read_otherwise_reads_nothing(tmp_path: Path) -> None:
    with pytest.raises(ExecutorError, match="no scheduler answers"), workers("tcp://127.0.0.1:9", tmp_path):
        pass
    with dask(tmp_path, 0) as address, pytest.raises(ExecutorError, match="has no workers"), workers(address, tmp_path):
        pass
