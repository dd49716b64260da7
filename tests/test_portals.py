"""Every declared portal: its file, its family, and every sample article read through it."""

import tomllib
from importlib.resources import files

import pytest

from extract.html import LayoutError, read_page
from samples.web import SampleArticle, answer, sites
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


@pytest.mark.parametrize("portal", PORTALS, ids=lambda p: p.name)
def test_every_portal_has_a_site_in_the_sample_web(portal) -> None:
    assert sites()[portal.host].family == portal.family


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
    with pytest.raises(LayoutError, match=r"dongnai: no title at h1\.title"):
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
            assert "layout" in tomllib.loads(item.read_text(encoding="utf-8")), item.name
