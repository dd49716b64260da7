"""Every declared portal: its file, its family, its frozen pages, and every sample article read through it."""

import json
import re
import tomllib
from datetime import date
from importlib.resources import files
from pathlib import Path

import pytest

from extract.html import LayoutError, read_page
from flows.portals import golden_of
from samples.web import SampleArticle, answer, sites
from spiders.links import links_of
from spiders.portal import PortalError, load_portal, portal_names, portal_of

PORTALS = [load_portal(name) for name in portal_names()]
ARTICLES = [(host, article) for host, site in sites().items() for night in (1, 2) for article in site.on(night).values()]


@pytest.mark.parametrize("portal", PORTALS, ids=lambda p: p.name)
def test_a_portal_is_a_short_file_that_says_where_things_are(portal) -> None:
    text = files("spiders").joinpath("portals", f"{portal.name}.toml").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 40
    assert portal.listings or portal.feeds or portal.sitemaps
    assert portal_of(portal.home) == portal
    assert portal.verified == "never", "only a live crawl sets this"


FROZEN = Path(__file__).parent / "frozen"
GOLDEN = sorted(path for path in FROZEN.glob("*/*.json") if path.name != "listing.json")
FAMILIES = sorted(
    item.name.removesuffix(".toml") for item in files("spiders").joinpath("families").iterdir() if item.name.endswith(".toml")
)


def test_at_least_forty_portals_are_declared() -> None:
    assert len(PORTALS) >= 40
    assert len({portal.host for portal in PORTALS}) == len(PORTALS)


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_frozen_page_is_read_as_its_golden_result_says(golden: Path) -> None:
    want = json.loads(golden.read_text(encoding="utf-8"))
    assert want.pop("reviewed", True), f"{golden}: a draft: read every value beside the page, then remove its line 'reviewed'"
    body = golden.with_suffix(".html").read_bytes()
    assert golden_of(body, want["url"], date.fromisoformat(want["fetched"]), want.get("content_type", "")) == want
    assert all((want["title"], want["text"])), "only complete articles are frozen"
    assert load_portal(golden.parent.name) == portal_of(want["url"])
    assert re.search(portal_of(want["url"]).article_pattern, want["url"])


@pytest.mark.parametrize("path", sorted(FROZEN.glob("*/listing.json")), ids=lambda path: path.parent.name)
def test_a_frozen_listing_leads_to_its_articles(path: Path) -> None:
    from scrapy.http import HtmlResponse

    want, portal = json.loads(path.read_text(encoding="utf-8")), load_portal(path.parent.name)
    response = HtmlResponse(want["url"], body=path.with_suffix(".html").read_bytes(), encoding="utf-8")
    links = links_of(response, portal.article_links)
    assert [[url, title] for url, title in links.items() if re.search(portal.article_pattern, url)] == want["articles"]
    assert list(links_of(response, portal.next_page))[:1] == want["next"]


def _layouts() -> list[tuple[str, str]]:
    """Every layout that is declared: of a family under its name, of a portal that has its own under the portal's."""
    found = []
    for family in FAMILIES:
        declared = tomllib.loads(files("spiders").joinpath("families", f"{family}.toml").read_text(encoding="utf-8"))
        found += [(family, str(layout.get("until", ""))) for layout in declared.get("layout", ())]
    for portal in PORTALS:
        declared = tomllib.loads(files("spiders").joinpath("portals", f"{portal.name}.toml").read_text(encoding="utf-8"))
        found += [(portal.name, str(layout.get("until", ""))) for layout in declared.get("layout", ())]
    return found


def test_every_layout_has_a_frozen_page() -> None:
    have = set()
    for path in GOLDEN:
        name, _, until = json.loads(path.read_text(encoding="utf-8"))["reader"].partition(" until ")
        portal = load_portal(name)
        declared = tomllib.loads(files("spiders").joinpath("portals", f"{name}.toml").read_text(encoding="utf-8"))
        have.add((name if "layout" in declared else portal.family, until))
    # A portal whose own newest layout is its family's in other words is read through the family's page.
    assert set(_layouts()) - have == {("vietnamplus", "")}


def test_a_page_that_fits_no_layout_is_read_generically_and_says_so() -> None:
    body = (
        "<html><head><title>Hưng Yên tăng hạng PAR INDEX - Báo</title></head><body><nav>Trang chủ</nav><h1>Hưng Yên tăng hạng PAR INDEX</h1><time datetime='2022-05-25T08:00:00+07:00'>25/05/2022</time><div class='moi'>"
        + "".join(
            f"<p>Năm 2021, tỉnh Hưng Yên đạt 88,34% và xếp thứ 12/63 tỉnh, thành phố về PAR INDEX, đoạn {n} của bài viết này.</p>"
            for n in range(8)
        )
    )
    read = read_page(body.encode(), article_id="a", url="https://dongnai.gov.vn/vi/news/x-1.html")
    assert (read.reader, read.title, read.published) == ("generic", "Hưng Yên tăng hạng PAR INDEX", date(2022, 5, 25))
    assert "88,34%" in read.text


def test_a_page_is_read_by_the_layout_of_its_day_or_by_whichever_fits() -> None:
    golden = json.loads((FROZEN / "dantri" / "article-until-2025-06-30.json").read_text(encoding="utf-8"))
    body = (FROZEN / "dantri" / "article-until-2025-06-30.html").read_bytes()
    for day in (date(2024, 1, 10), date(2026, 11, 23)):
        assert read_page(body, article_id="a", url=golden["url"], fetched=day).reader == "dantri until 2025-06-30"


@pytest.mark.parametrize("host", sites())
def test_every_sample_site_is_a_declared_portal_of_its_family(host: str) -> None:
    assert portal_of(f"https://{host}/").family == sites()[host].family


@pytest.mark.parametrize(("host", "article"), ARTICLES, ids=lambda x: x if isinstance(x, str) else x.path[-40:])
def test_an_article_is_read_without_its_furniture(host: str, article: SampleArticle) -> None:
    url = f"https://{host}{article.path}"
    read = read_page(answer(url, 1 if article.path in sites()[host].on(1) else 2, {}).body, article_id="a", url=url)
    assert read.title == article.title
    dated = {"the page's date line", "a meta tag"}
    if read.published_reason in dated:
        assert read.published == article.day
    else:
        assert portal_of(url).family in {"vnpt", "vcci"}, "these families print no date line"
    for furniture in ("1,047,184", "Lượt xem", "online", "Tin liên quan", "Tin mới nhất", "In bài này", "Chia sẻ", "Trang sau"):
        assert furniture not in read.text
    for headline in sites()[host].related:
        assert headline["title"] not in read.text


def test_the_header_clock_is_never_the_date() -> None:
    url = "http://sonv.hungyen.gov.vn/portal/Pages/2022-5-25/Hung-Yen-tang-10-bac-PAR-INDEX-k3xw1p.aspx"
    read = read_page(answer(url, 1, {}).body, article_id="a", url=url)
    assert (read.published.isoformat(), read.published_reason) == ("2022-05-25", "the page's date line")


def test_a_page_that_does_not_fit_its_layout_is_an_error_with_its_place() -> None:
    with pytest.raises(LayoutError, match=r"dongnai: no title at h1\.title.*too few words"):
        read_page(b"<html><body><p>trang</p></body></html>", article_id="a", url="https://dongnai.gov.vn/x")


@pytest.mark.parametrize("name", ["nobody", "../families/epi", "?"])
def test_an_unknown_portal_is_named(name: str) -> None:
    with pytest.raises(PortalError, match="no such portal"):
        load_portal(name)


def test_the_sample_web_is_what_the_issue_asks_for() -> None:
    assert len(sites()) >= 9
    assert len({site.family for site in sites().values()}) >= 5
    bodies = [entry.get("story") for site in sites().values() for entry in site.articles]
    assert bodies.count("ttxvn-par-2024") == 3
    assert any(site.feed for site in sites().values())
    assert any(site.sitemap for site in sites().values())
    assert any("<table" in entry["body"] for site in sites().values() for entry in site.articles)
    assert any(site.files for site in sites().values())
    assert any("?page=2" in answer(site.listing, 1, {}).body.decode() for site in sites().values())


def test_families_hold_layouts_only() -> None:
    for item in files("spiders").joinpath("families").iterdir():
        if item.name.endswith(".toml"):
            assert {"layout", "article_links"} & set(tomllib.loads(item.read_text(encoding="utf-8"))), item.name
