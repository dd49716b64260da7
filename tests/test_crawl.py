"""Crawls over the sample web: politeness, counts that are judged, and every kind of failure a failure."""

from pathlib import Path

import pytest

from flows.crawling import crawl_portal
from flows.data import DataFolder
from samples.server import serve
from spiders.archive import Archive
from spiders.judge import read_counts
from spiders.portal import load_portal


@pytest.fixture
def data(tmp_path: Path) -> DataFolder:
    folder = DataFolder(tmp_path / "data")
    folder.prepare()
    return folder


def test_a_portal_is_crawled_by_listing_paging_and_attachment(data: DataFolder) -> None:
    with serve(1) as web:
        counts = crawl_portal("namdan_hagiang", data, proxy=web.proxy, fast=True)
        assert counts.state == "complete"
        paged = crawl_portal("pcivietnam", data, proxy=web.proxy, fast=True)
        assert (paged.state, paged.new) == ("complete", 3), "two on the first page, one on the second"
        asked = [url for _, url in web.log]
    assert asked[0] == "http://namdan.xinman.hagiang.gov.vn/robots.txt", "robots.txt comes first"
    archive = Archive(data.archive, "namdan_hagiang")
    (article,) = [page for page in archive.pages() if page.kind == "article"]
    assert article.content_encoding == "gzip"
    assert archive.body(article)[:2] == b"\x1f\x8b", "as it came off the wire"
    kinds = {page.kind for page in Archive(data.archive, "namdan_hagiang").pages()}
    assert kinds == {"robots", "listing", "article", "attachment"}


def test_feeds_and_sitemaps_find_what_no_listing_shows(data: DataFolder) -> None:
    with serve(1) as web:
        crawl_portal("dongnai", data, proxy=web.proxy, fast=True)
    urls = {page.url for page in Archive(data.archive, "dongnai").pages() if page.kind == "article"}
    assert any("hai-phong-dan-dau" in url for url in urls), "unlisted, in the sitemap only"


def test_known_articles_are_asked_for_by_their_validators(data: DataFolder) -> None:
    with serve(1) as web:
        crawl_portal("baosonla", data, proxy=web.proxy, fast=True)
        again = crawl_portal("baosonla", data, proxy=web.proxy, fast=True)
        assert (again.new, again.changed, again.unchanged) == (0, 0, 1)
        assert 304 in [status for status, _ in web.log]


def test_a_portal_that_does_not_answer_is_broken(data: DataFolder) -> None:
    counts = crawl_portal("baosonla", data, proxy="http://127.0.0.1:9", fast=True)
    assert counts.state == "broken"
    assert "no answer" in counts.reason


def test_robots_are_obeyed(data: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from samples import web as sample_web

    closed = dict(sample_web.sites())
    closed["baosonla.org.vn"] = replace(closed["baosonla.org.vn"], robots="User-agent: *\nDisallow: /\n")
    monkeypatch.setattr(sample_web, "sites", lambda: closed)
    with serve(1) as web:
        counts = crawl_portal("baosonla", data, proxy=web.proxy, fast=True)
        assert [url for _, url in web.log] == ["https://baosonla.org.vn/robots.txt"]
    assert counts.state == "blocked"


def test_a_crawl_process_that_dies_is_a_failed_portal(data: DataFolder) -> None:
    counts = crawl_portal("no_such_portal", data)
    assert counts.state == "broken"
    assert "no_such_portal.log" in counts.reason


@pytest.mark.parametrize(
    ("stats", "state"),
    [
        ({"chiso/article/new": 5}, "complete"),
        ({"chiso/article/unchanged": 5}, "complete"),
        ({}, "empty"),
        ({"chiso/article/new": 5, "spider_exceptions/EmptyListingError": 1, "spider_exceptions/count": 1}, "broken"),
        ({"downloader/exception_type_count/scrapy.exceptions.CannotResolveHostError": 3}, "broken"),
        ({"downloader/response_status_count/403": 4}, "blocked"),
        ({"chiso/robots_forbidden": 1}, "blocked"),
        ({"chiso/robots_unreachable": 1}, "broken"),
        ({"chiso/class/challenge page": 3}, "blocked"),
        ({"chiso/article/new": 5, "chiso/budget": 2}, "incomplete"),
        ({"chiso/article/new": 5, "chiso/breaker": 2}, "incomplete"),
        ({"chiso/article/new": 5, "downloader/exception_type_count/scrapy.exceptions.DownloadTimeoutError": 1}, "incomplete"),
        ({"chiso/article/new": 5000}, "incomplete"),
        ({"chiso/article/new": 5, "httperror/response_ignored_count": 1, "httperror/response_ignored_status_count/500": 1}, "incomplete"),
    ],
)
def test_a_crawl_is_judged_by_its_counts_not_its_exit_code(stats: dict, state: str) -> None:
    assert read_counts(load_portal("baohungyen"), stats).state == state


def test_the_crawler_names_itself_and_opens_no_door() -> None:
    from spiders import settings

    assert "chiso/" in settings.USER_AGENT
    assert "@" in settings.USER_AGENT
    assert "spiders.robots.Robots" in settings.DOWNLOADER_MIDDLEWARES
    assert {scheme for scheme, handler in settings.DOWNLOAD_HANDLERS.items() if handler} == {"http", "https"}
    assert not settings.REMOTE_CONTROL_ENABLED
    assert not settings.TELNETCONSOLE_ENABLED
