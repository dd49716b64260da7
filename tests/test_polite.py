"""Politeness and change over time: real crawls against a server of ours on loopback."""

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from pathlib import Path

import pytest
from loopback import HOME, Answer, crawl, listing, loopback, page, reply

from spiders.archive import Archive
from spiders.known import Known
from spiders.pace import FAILURES_IN_A_ROW, MOST_CRAWL_DELAY, Breaker, Pace, retry_after
from spiders.page_class import CHALLENGE, LOGIN, MAINTENANCE, SOFT_404, page_class

FIRST = "/vi/news/cai-cach-hanh-chinh/"
ALLOW = reply("User-agent: *\nAllow: /\n", kind="text/plain")


def article(name: str) -> str:
    return f"{FIRST}par-index-{name}.html"


def routes(*names: str, robots: bytes = ALLOW, **answers: Answer | bytes) -> dict[str, Answer | bytes]:
    found: dict[str, Answer | bytes] = {"/robots.txt": robots, FIRST: reply(listing(*map(article, names)))}
    return found | {article(name): answers.get(name, reply(page(f"PAR INDEX {name}"))) for name in names}


def pages(folder: Path, name: str) -> list[tuple[int, str | None]]:
    url = HOME.rstrip("/") + article(name)
    return [(p.status, p.answered_by) for p in Archive(folder / "archive", "bao_mau").pages() if p.url == url]


def test_one_request_at_a_time_with_a_pause_behind_each(tmp_path: Path) -> None:
    with loopback(routes("a", "b", "c")) as server:
        done = crawl(tmp_path, server.proxy, fast=False, more="delay = 0.3\n")
    assert done.state == "complete"
    assert server.most_in_flight == 1
    gaps = [after - before for before, after in pairwise(server.times)]
    assert min(gaps) >= 0.29, gaps


def test_a_portal_that_allows_more_is_asked_more_at_once(tmp_path: Path) -> None:
    def slowly(*_: object) -> bytes:
        time.sleep(0.3)
        return reply(page())

    names = [str(n) for n in range(8)]
    with loopback(routes(*names, **dict.fromkeys(names, slowly))) as server:
        crawl(tmp_path, server.proxy, more="concurrency = 4\n")
    assert 2 <= server.most_in_flight <= 4


def test_two_portals_on_one_address_share_its_turn(tmp_path: Path) -> None:
    import asyncio

    one, other = Pace(tmp_path, delay=0.2), Pace(tmp_path, delay=0.2)
    spans: list[tuple[float, float]] = []

    async def ask(pace: Pace, host: str) -> None:
        for _ in range(3):
            async with pace.turn("203.0.113.5", host):
                begun = time.monotonic()
                await asyncio.sleep(0.02)
                spans.append((begun, time.monotonic()))

    async def both() -> None:
        await asyncio.gather(ask(one, "a.gov.vn"), ask(other, "b.gov.vn"))

    asyncio.run(both())
    spans.sort()
    assert len(spans) == 6
    assert all(after[0] - before[1] >= 0.19 for before, after in pairwise(spans))


def test_crawl_delay_is_kept_up_to_a_cap(tmp_path: Path) -> None:
    pace = Pace(tmp_path, delay=1.0)
    pace.crawl_delay("a.gov.vn", 10)
    pace.crawl_delay("b.gov.vn", 1e9)
    assert pace.asked_for == {"a.gov.vn": 10, "b.gov.vn": MOST_CRAWL_DELAY}
    robots = reply("User-agent: *\nCrawl-delay: 0.6\nAllow: /\n", kind="text/plain")
    with loopback(routes("a", robots=robots)) as server:
        crawl(tmp_path, server.proxy, fast=False, more="delay = 0.01\n")
    gaps = [after - before for before, after in pairwise(server.times[1:])]
    assert min(gaps) >= 0.59, gaps


def test_retry_after_is_waited_for_and_then_the_page_comes(tmp_path: Path) -> None:
    asked: list[float] = []

    def busy_once(*_: object) -> bytes:
        asked.append(time.monotonic())
        return reply(status="503 Busy", Retry_After="2") if len(asked) == 1 else reply(page())

    with loopback(routes("a", a=busy_once)) as server:
        done = crawl(tmp_path, server.proxy)
    assert asked[1] - asked[0] >= 1.9
    assert [status for status, _ in pages(tmp_path, "a")] == [503, 200]
    assert done.state == "complete"


def test_a_server_that_asks_for_a_long_rest_is_left_alone_for_the_night(tmp_path: Path) -> None:
    tired = reply(status="429 Too Many", Retry_After="86400")
    with loopback(routes("a", "b", "c", a=tired, b=tired, c=tired)) as server:
        done = crawl(tmp_path, server.proxy)
    assert sum("par-index" in url for url in server.asked) == 1
    assert done.state == "blocked" or "rest" in done.counts["reason"]


@pytest.mark.parametrize(("text", "seconds"), [("5", 5.0), ("", None), ("soon", None), ("-5", None), ("9" * 30, 999999999.0), (None, None)])
def test_retry_after_is_read_or_ignored(text: str | None, seconds: float | None) -> None:
    assert retry_after(text, datetime(2026, 11, 23, tzinfo=UTC)) == seconds


def test_retry_after_as_a_date() -> None:
    moment = datetime(2026, 11, 23, tzinfo=UTC)
    assert retry_after(format_datetime(moment + timedelta(minutes=5)), moment) == 300
    assert retry_after(format_datetime(moment - timedelta(minutes=5)), moment) == 0


def test_the_circuit_opens_after_a_row_of_failures_and_not_for_one_page_tried_again(tmp_path: Path) -> None:
    breaker = Breaker()
    for _ in range(50):
        breaker.failed("a.vn", "http://a.vn/1", "status 500")
    assert breaker.opened == {}
    names = [str(n) for n in range(40)]
    with loopback(routes(*names, **dict.fromkeys(names, reply(status="500 Oops")))) as server:
        done = crawl(tmp_path, server.proxy)
    assert len({url for url in server.asked if "par-index" in url}) <= FAILURES_IN_A_ROW + 1
    assert done.state != "complete"
    assert "failures in a row" in done.stats["chiso/left_alone"]


# -- change over time -------------------------------------------------------------------------------------


def test_an_unchanged_page_is_asked_for_by_its_validators_and_a_changed_one_is_a_new_version(tmp_path: Path) -> None:
    version = {"now": "1"}

    def versioned(_url: str, headers: dict[str, str], _send: object) -> bytes:
        if headers.get("if-none-match") == f'"{version["now"]}"':
            return reply(status="304 Not Modified", ETag=f'"{version["now"]}"')
        return reply(page(body=f"<p>Xếp thứ {version['now']}</p>"), ETag=f'"{version["now"]}"')

    with loopback(routes("a", a=versioned)) as server:
        first = crawl(tmp_path, server.proxy)
        second = crawl(tmp_path, server.proxy)
        version["now"] = "2"
        third = crawl(tmp_path, server.proxy)
    assert [(c.counts["new"], c.counts["unchanged"], c.counts["changed"]) for c in (first, second, third)] == [
        (1, 0, 0),
        (0, 1, 0),
        (0, 0, 1),
    ]
    assert [status for status, _ in pages(tmp_path, "a")] == [200, 304, 200]


def test_a_page_that_is_gone_is_not_asked_for_again(tmp_path: Path) -> None:
    with loopback(routes("a", "b")) as server:
        crawl(tmp_path, server.proxy)
        server.routes[article("a")] = reply(status="410 Gone")
        server.routes[FIRST] = reply(listing(article("b")))
        gone = crawl(tmp_path, server.proxy)
        before = server.counts[HOME.rstrip("/") + article("a")]
        crawl(tmp_path, server.proxy)
        assert server.counts[HOME.rstrip("/") + article("a")] == before
    assert gone.counts["gone"] == 1


def test_a_redirected_article_keeps_the_address_that_was_asked_for(tmp_path: Path) -> None:
    moved = reply(status="301 Moved", Location="http://moi.chiso-mau.vn/a.html")
    with loopback(
        routes("a", a=moved) | {"http://moi.chiso-mau.vn/a.html": reply(page()), "http://moi.chiso-mau.vn/robots.txt": ALLOW}
    ) as server:
        done = crawl(tmp_path, server.proxy, more='hosts = ["moi.chiso-mau.vn"]\n')
    assert pages(tmp_path, "a") == [(301, None), (200, "http://moi.chiso-mau.vn/a.html")]
    assert done.counts["new"] == 1


def test_an_interrupted_crawl_asks_for_nothing_twice(tmp_path: Path) -> None:
    from datetime import datetime as clock

    with loopback(routes("a", "b")) as server:
        crawl(tmp_path, server.proxy)
        archive = Archive(tmp_path / "archive", "bao_mau")
        (name,) = {p.crawl for p in archive.pages()}
        # as if it had been killed before its end: it is begun once more and never ended
        archive.note_crawl(name, "begin", clock.now(UTC))
        before = len(server.asked)
        again = crawl(tmp_path, server.proxy)
        assert server.asked[before:] == []
    assert again.counts["replayed"] == 4
    assert again.counts["new"] == 2


def test_the_older_an_article_the_seldomer_it_is_looked_at() -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)

    def due(age: int, since: int) -> bool:
        return Known(page=None, first_seen=now - timedelta(days=age), last_asked=now - timedelta(days=since)).is_due(now)  # type: ignore[arg-type]

    gone = Known(page=None, first_seen=now - timedelta(days=50), last_asked=now - timedelta(days=10), gone=True)  # type: ignore[arg-type]
    assert not gone.is_due(now)
    assert gone.is_due(now + timedelta(days=25)), "servers lose pages for a while"
    assert due(1, 1)
    assert due(20, 1)
    assert not due(80, 5)
    assert due(80, 10)
    assert not due(3000, 80)
    assert due(3000, 90)


WALLS = {
    SOFT_404: "<title>Không tìm thấy trang</title><h1>404</h1><p>Trang bạn yêu cầu không tồn tại hoặc đã bị xóa.</p>",
    LOGIN: '<title>Cổng thông tin</title><h1>Đăng nhập</h1><form><input name="u"><input type="password" name="p">Mật khẩu</form>',
    CHALLENGE: "<title>Just a moment...</title><script src='/cdn-cgi/challenge-platform/h/b/orchestrate.js'></script><p>Checking your browser</p>",
    MAINTENANCE: "<title>Bảo trì</title><h1>Website đang bảo trì</h1><p>Hệ thống đang nâng cấp, mời quay lại sau.</p>",
}


@pytest.mark.parametrize("wall", WALLS)
def test_a_wall_is_archived_counted_and_replaces_nothing(tmp_path: Path, wall: str) -> None:
    with loopback(routes("a", "b")) as server:
        crawl(tmp_path, server.proxy)
        server.routes[article("a")] = reply(f"<html><head>{WALLS[wall]}")
        done = crawl(tmp_path, server.proxy)
    assert done.stats[f"chiso/class/{wall}"] == 1
    assert [status for status, _ in pages(tmp_path, "a")] == [200, 200], "archived as it came"


def test_a_portal_that_shows_walls_only_is_blocked(tmp_path: Path) -> None:
    wall = reply(f"<html><head>{WALLS[CHALLENGE]}")
    with loopback(routes("a", "b", a=wall, b=wall)) as server:
        assert crawl(tmp_path, server.proxy).state == "blocked"


@pytest.mark.parametrize(
    "text",
    [
        page("Nâng cấp hệ thống một cửa, Hưng Yên tăng 10 bậc", "<p>" + "Hệ thống được bảo trì và nâng cấp trong năm. " * 60 + "</p>"),
        page("Không tìm thấy hồ sơ trễ hạn tại Sở Nội vụ", "<p>" + "Năm 2021 không có hồ sơ nào trễ hạn, chỉ số tăng. " * 40 + "</p>"),
        page("Sơn La: PAR INDEX", "<p>Ngắn.</p>") + '<form id="dang-nhap"><a>Đăng nhập</a></form>',
    ],
)
def test_an_article_with_such_words_is_an_article(text: str) -> None:
    from lxml import html

    assert page_class(html.document_fromstring(text)) == "article"
