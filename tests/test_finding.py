"""Finding articles: sitemaps, feeds, windows, search, and the scan of titles and addresses."""

import gzip
from datetime import date
from pathlib import Path

import pytest
from loopback import HOME, Answer, crawl, listing, loopback, page, reply

from spiders.finding import Entry, ListingError, feed_entries, sitemap_entries
from spiders.scan import is_topic, worth_fetching

ALLOW = reply("User-agent: *\nAllow: /\n", kind="text/plain")
NEWS = """<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
 xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"><url><loc>https://a.vn/1</loc><lastmod>2025-04-08</lastmod>
 <news:news><news:publication_date>2025-04-06T16:20:00+07:00</news:publication_date><news:title>Công bố PAR INDEX</news:title></news:news></url></urlset>"""
ATOM = '<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>T</title><link rel="self" href="https://a.vn/x"/><link href="https://a.vn/1"/><updated>2022-05-25T08:00:00Z</updated></entry></feed>'
RSS = "<rss version='2.0'><channel><item><title><![CDATA[PAR & INDEX]]></title><link> https://a.vn/1 </link><pubDate>Wed, 25 May 2022 08:00:00 +0700</pubDate></item></channel></rss>"
INDEX = "<sitemapindex><sitemap><loc>https://a.vn/sitemap-2022-05.xml</loc><lastmod>2022-05-31</lastmod></sitemap></sitemapindex>"


@pytest.mark.parametrize(
    ("read", "body", "want"),
    [
        (sitemap_entries, NEWS.encode(), [Entry("https://a.vn/1", "Công bố PAR INDEX", date(2025, 4, 6))]),
        (sitemap_entries, gzip.compress(NEWS.encode()), [Entry("https://a.vn/1", "Công bố PAR INDEX", date(2025, 4, 6))]),
        (
            sitemap_entries,
            NEWS.replace("UTF-8", "UTF-16").encode("utf-16"),
            [Entry("https://a.vn/1", "Công bố PAR INDEX", date(2025, 4, 6))],
        ),
        (sitemap_entries, INDEX.encode(), [Entry("https://a.vn/sitemap-2022-05.xml", "", date(2022, 5, 31), is_index=True)]),
        (sitemap_entries, b"https://a.vn/1\nhttps://a.vn/2\n", [Entry("https://a.vn/1"), Entry("https://a.vn/2")]),
        (sitemap_entries, b"<urlset></urlset>", []),
        (feed_entries, ATOM.encode(), [Entry("https://a.vn/1", "T", date(2022, 5, 25))]),
        (feed_entries, RSS.encode(), [Entry("https://a.vn/1", "PAR & INDEX", date(2022, 5, 25))]),
        (feed_entries, b"\n  " + RSS.encode(), [Entry("https://a.vn/1", "PAR & INDEX", date(2022, 5, 25))]),
    ],
)
def test_what_sitemaps_and_feeds_list(read, body: bytes, want: list[Entry]) -> None:
    assert read(body) == want


@pytest.mark.parametrize("body", [b"", b"khong phai", gzip.compress(b"<urlset>", mtime=0)[:12]])
def test_what_is_neither_is_an_error(body: bytes) -> None:
    with pytest.raises(ListingError):
        sitemap_entries(body)


@pytest.mark.parametrize(
    "title",
    [
        "Hưng Yên tăng 10 bậc PAR INDEX",
        "Sơn La đứng thứ 6 cả nước về chỉ số hài lòng",
        "Công bố Chỉ số CCHC năm 2022",
        "Bắc Giang vươn lên nhóm dẫn đầu",
        "Doanh nghiệp chấm điểm chính quyền",
        "Quảng Ninh ranks first in the Provincial Competitiveness Index",
        "DDCI Hải Phòng 2023",
        "PAPI 2022: người dân đánh giá thế nào",
        "",
        "Tin vắn",
    ],
)
def test_a_title_worth_fetching(title: str) -> None:
    assert worth_fetching(title, "https://a.gov.vn/pages/tin.aspx?ItemID=1633")


@pytest.mark.parametrize(
    "title", ["Dự báo thời tiết ngày mai ở Bắc Bộ", "Bắt giữ đối tượng trộm cắp xe máy", "Đội tuyển bóng đá nữ lên đường tập huấn"]
)
def test_a_title_not_worth_fetching(title: str) -> None:
    assert not worth_fetching(title, "https://a.vn/thoi-su/tin-1234567.html")
    assert worth_fetching(title, "https://a.vn/cong-bo-par-index-2021-1234567.html"), "its address says more"


def test_a_listing_of_the_field_is_a_topic() -> None:
    assert is_topic("https://a.gov.vn/vi/news/cai-cach-hanh-chinh/")
    assert not is_topic("https://a.gov.vn/thoi-su/")


def urlset(*entries: tuple[str, str]) -> bytes:
    items = "".join(f"<url><loc>{HOME}vi/news/{path}</loc><lastmod>{day}</lastmod></url>" for path, day in entries)
    return reply(f"<urlset>{items}</urlset>", kind="application/xml")


def asked(server) -> set[str]:
    return {url.removeprefix(HOME) for url in server.asked} - {"robots.txt"}


def test_a_backfill_asks_for_its_window_only_and_goes_on_where_it_stopped(tmp_path: Path) -> None:
    index = "".join(f"<sitemap><loc>{HOME}sitemap-{year}.xml</loc></sitemap>" for year in (2011, 2012, 2013, 2014))
    routes: dict[str, Answer | bytes] = {
        "/robots.txt": ALLOW,
        "/sitemap.xml": reply(f"<sitemapindex>{index}</sitemapindex>", kind="application/xml"),
    }
    for year in (2011, 2012, 2013, 2014):
        routes[f"/sitemap-{year}.xml"] = urlset(*[(f"par-index-{year}-{n}.html", f"{year}-06-{n + 1:02d}") for n in range(4)])
    more = f'sitemaps = ["{HOME}sitemap.xml"]'
    with loopback(routes, default=reply(page())) as server:
        first = crawl(tmp_path, server.proxy, more=more, options=("--from", "2012-01-01", "--to", "2013-06-02", "--budget", "6"))
        assert first.state == "incomplete"
        assert "budget" in first.counts["reason"]
        done = crawl(tmp_path, server.proxy, more=more, options=("--from", "2012-01-01", "--to", "2013-06-02"))
    wanted = {f"vi/news/par-index-2012-{n}.html" for n in range(4)} | {f"vi/news/par-index-2013-{n}.html" for n in range(2)}
    assert asked(server) == wanted | {"sitemap.xml", "sitemap-2012.xml", "sitemap-2013.xml"}
    assert max(server.counts.values()) == 1, "nothing twice"
    assert done.counts["new"] == 6


def test_a_night_leaves_old_sitemaps_alone(tmp_path: Path) -> None:
    index = f"<sitemap><loc>{HOME}sitemap-2012.xml</loc></sitemap><sitemap><loc>{HOME}news.xml</loc></sitemap>"
    routes: dict[str, Answer | bytes] = {
        "/robots.txt": ALLOW,
        "/sitemap.xml": reply(f"<sitemapindex>{index}</sitemapindex>", kind="application/xml"),
    }
    routes["/news.xml"] = urlset(("par-index-2026.html", "2026-11-20"))
    with loopback(routes, default=reply(page())) as server:
        crawl(tmp_path, server.proxy, more=f'sitemaps = ["{HOME}sitemap.xml"]')
    assert asked(server) == {"sitemap.xml", "news.xml", "vi/news/par-index-2026.html"}


def test_a_search_page_is_asked_with_the_words_of_the_field(tmp_path: Path) -> None:
    results = reply(listing("/vi/news/mot-bai-bat-ky-khong-ro.html"))
    with loopback({"/robots.txt": ALLOW, "/tim": results}, default=reply(page())) as server:
        done = crawl(tmp_path, server.proxy, more=f'listings = []\nsearch = ["{HOME}tim?q={{query}}"]')
    assert "tim?q=PAR+INDEX" in asked(server)
    assert done.counts["new"] == 1


def test_a_night_reads_on_to_known_ground_and_no_further(tmp_path: Path) -> None:
    first = "/vi/news/cai-cach-hanh-chinh/"
    routes: dict[str, Answer | bytes] = {"/robots.txt": ALLOW}
    for number in range(1, 6):
        paths = [f"{first}par-index-{number}-{n}.html" for n in range(2)]
        routes[first if number == 1 else f"{first}?page={number}"] = reply(
            listing(*paths, following=f"{first}?page={number + 1}" if number < 5 else None)
        )
    with loopback(routes, default=reply(page())) as server:
        crawl(tmp_path, server.proxy)
        before = len(server.asked)
        crawl(tmp_path, server.proxy)
    again = [url for url in server.asked[before:] if "page=" in url or url.endswith(first)]
    assert again == [HOME.rstrip("/") + first], "the first page shows nothing new"


def test_a_general_listing_is_scanned_by_title(tmp_path: Path) -> None:
    items = '<div class="news_column"><h3><a href="/vi/news/a-1.html">Dự báo thời tiết ngày mai ở Bắc Bộ</a></h3><h3><a href="/vi/news/b-2.html">Hưng Yên đứng thứ 12 PAR INDEX</a></h3></div>'
    routes: dict[str, Answer | bytes] = {"/robots.txt": ALLOW, "/vi/news/thoi-su/": reply(f"<html><body>{items}</body></html>")}
    with loopback(routes, default=reply(page())) as server:
        done = crawl(tmp_path, server.proxy, more=f'listings = ["{HOME}vi/news/thoi-su/"]')
    assert asked(server) == {"vi/news/thoi-su/", "vi/news/b-2.html"}
    assert done.counts["not_worth"] == 1
