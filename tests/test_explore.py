"""The site: every figure leads to its sentence, without a server, without anything from outside, and with clicks."""

import csv
import io
import json
import re
import signal
import subprocess
import urllib.request
from html import unescape
from pathlib import Path

import pytest
from browser import NO_AXE, NO_CHROMIUM, links_followed, opened, serious_barriers, with_script
from conftest import CHISO, Night, run_chiso

from flows.explore.pages import pages
from flows.explore.rows import Explored, read_explored
from flows.quoting import link_to
from warehouse.query import ask

HUNG_YEN = "figures/par-index/hung-yen.html"


@pytest.fixture(scope="module")
def site(first_night: Night, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("explore") / "site"
    done = run_chiso("explore", "--data", first_night.data, "--out", out)
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode().startswith(f"{len(list(out.rglob('*.html')))} pages: ")
    return out


def test_every_link_leads_somewhere(site: Path) -> None:
    assert links_followed(site) > 1000


def test_every_figure_has_its_sentences_and_every_sentence_its_archived_text(site: Path, first_night: Night) -> None:
    _, facts = ask(first_night.data / "chiso.duckdb", "select fact_id, claims from facts order by all")
    anchors = {
        anchor
        for page in (site / "figures").rglob("*.html")
        for anchor in re.findall(r'<article class="conflict" id="(f-[^"]+)"', page.read_text("utf-8"))
    }
    assert anchors == {fact for fact, _ in facts}
    page = (site / HUNG_YEN).read_text(encoding="utf-8")
    assert "<mark>đứng thứ 12/63</mark>" in page
    article, claim = re.findall(r'href="../../articles/([^"#]+)#([^"]+)"', page)[1]
    archived = (site / "articles" / article).read_text(encoding="utf-8")
    assert f'id="{claim}"' in archived
    assert 'href="../figures/par-index/hung-yen.html#f-' in archived


def test_the_text_of_an_article_is_whole(site: Path, first_night: Night) -> None:
    _, articles = ask(
        first_night.data / "chiso.duckdb", "select article_id, text from articles where article_id in (select article from claims)"
    )
    assert len(articles) > 20
    for article, text in articles:
        page = (site / "articles" / f"{article}.html").read_text(encoding="utf-8")
        shown = page[page.index('<div class="archived">') + 22 :].split("</div>\n</main>")[0]
        assert unescape(re.sub(r"<[^>]*>", "", shown)) == text


def test_data_holds_every_fact_once(site: Path, first_night: Night) -> None:
    _, facts = ask(first_night.data / "chiso.duckdb", "select fact_id, value_text from facts")
    found = []
    for script in (site / "data").glob("*.js"):
        if script.name != "manifest.js":
            body = re.fullmatch(r"chiso\.add\((.*)\);\n", script.read_text(encoding="utf-8"), re.DOTALL)
            assert body is not None
            found += [(row[0], row[5]) for row in json.loads(body[1])["rows"]]
    assert sorted(found, key=str) == sorted(facts, key=str)


def test_both_eras_have_their_boundaries(site: Path, first_night: Night) -> None:
    body = (site / "data" / "manifest.js").read_text(encoding="utf-8")
    boundaries = json.loads(body.removeprefix("chiso.begin(").removesuffix(");\n"))["boundaries"]
    for era, day in (("63", "2024-12-31"), ("34", "2026-01-01")):
        sql = f"select unit_id from units where level = 'province' and coalesce(valid_from, date '1900-01-01') <= '{day}' and coalesce(valid_to, date '9999-12-31') >= '{day}'"
        _, units = ask(first_night.data / "chiso.duckdb", sql)
        assert len(units) == int(era)
        assert set(boundaries[era]) == {unit for (unit,) in units}
        assert all(re.fullmatch(r"(M[0-9.\- L]+Z)+", path) for path in boundaries[era].values())


def test_no_page_loads_anything_from_outside(site: Path) -> None:
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert "default-src 'none'; style-src 'self'; script-src 'self'" in text
        assert not re.search(r"<script(?! src=)| style=| on[a-z]+=", text)
        assert all(re.match(r"(\.\./)*(assets|data)/", src) for src in re.findall(r' src="([^"]*)"', text))


def test_what_was_crawled_is_escaped(first_night: Night) -> None:
    explored = read_explored(first_night.data / "chiso.duckdb")
    evil = "<img src=x onerror=alert(1)></script>"
    articles = [{**article, "title": evil, "pieces": [{"text": evil, "ids": []}]} for article in explored["articles"]]
    facts = [
        {**fact, "subject": evil, "reason": evil, "said": [{**claim, "before": evil, "source_title": evil} for claim in fact["said"]]}
        for fact in explored["facts"]
    ]
    hostile = 0
    for path, text in pages(Explored({**explored.sections, "articles": articles, "facts": facts})):
        if path.endswith(".html"):
            assert evil not in text, path
            hostile += "&lt;img src=x onerror=alert(1)&gt;" in text
    assert hostile > 50
    assert link_to("javascript:alert(1)") is None
    assert link_to("https://baohungyen.vn/a.html") == "https://baohungyen.vn/a.html"


def test_a_release_carries_the_site_and_its_checksums(first_night: Night, site: Path, tmp_path: Path) -> None:
    done = run_chiso("export", "--data", first_night.data, "--out", tmp_path / "nightly", "--site")
    assert done.returncode == 0, done.stderr
    here = {path.relative_to(site): path.read_bytes() for path in site.rglob("*") if path.is_file()}
    released = tmp_path / "nightly" / "site"
    assert {path.relative_to(released): path.read_bytes() for path in released.rglob("*") if path.is_file()} == here
    (released / "index.html").unlink()
    assert b"site/index.html: missing" in run_chiso("export", "--verify", tmp_path / "nightly").stdout


def test_a_folder_with_something_in_it_is_left_alone(first_night: Night, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("x", encoding="utf-8")
    done = run_chiso("explore", "--data", first_night.data, "--out", tmp_path)
    assert (done.returncode, [path.name for path in tmp_path.iterdir()]) == (2, ["mine.txt"])
    assert b"is not empty" in done.stderr


def test_it_is_served_on_loopback_until_it_is_stopped(first_night: Night) -> None:
    running = subprocess.Popen([CHISO, "explore", "--data", first_night.data, "--no-browser"], stdout=subprocess.PIPE, text=True)
    try:
        address = running.stdout.readline().split()[0]
        assert address.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(address + HUNG_YEN) as answer:
            assert "12/63" in answer.read().decode()
    finally:
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=20)
    assert running.returncode == 0


# -- in a browser -------------------------------------------------------------------------------------------

KINDS = [
    "index.html",
    "indices/par-index.html",
    "provinces/hai-phong.html",
    "sources/hagiang.gov.vn.html",
    HUNG_YEN,
    "compare.html",
    "table.html",
]


def after(site: Path, tmp_path: Path, path: str, script: str, query: str = "") -> str:
    """Return what a script wrote into the page's data-told, after the page's own scripts have drawn."""
    page = with_script(site, tmp_path / "site", path, f"setTimeout(async () => {{ {script} }}, 500);")
    told = re.search(r'data-told="([^"]*)"', opened(page, tmp_path / "profile", query=query))
    assert told is not None
    return unescape(told[1])


@NO_CHROMIUM
@NO_AXE
@pytest.mark.parametrize("path", KINDS)
def test_pages_run_without_a_message_and_keep_nobody_out(site: Path, tmp_path: Path, path: str) -> None:
    assert not serious_barriers(site, tmp_path / "site", path, "?lang=en")


@NO_CHROMIUM
def test_the_map_shows_the_year_and_the_provinces_that_are_chosen(site: Path, tmp_path: Path) -> None:
    script = """
      const settle = () => new Promise((done) => setTimeout(done, 200));
      const shapes = () => document.querySelectorAll(".atlas svg a").length, known = () => document.querySelectorAll(".atlas path.known").length;
      const select = async (label, value) => { const box = [...document.querySelectorAll(".controls select")].find((one) => [...one.options].some((o) => o.value === value)); box.value = value; box.dispatchEvent(new Event("input")); await settle(); };
      const told = [[shapes(), known()]];
      await select("measure", "rank"); told.push([shapes(), known()]);
      await select("era", "34"); told.push([shapes(), known()]);
      await select("era", "63"); await select("measure", "score");
      const slider = document.querySelector(".controls input[type=range]"); slider.value = slider.max; slider.dispatchEvent(new Event("input")); await settle();
      told.push([document.querySelector(".controls output").value, known()]);
      const link = [...document.querySelectorAll(".atlas svg a")].find((one) => one.getAttribute("aria-label").startsWith("Hải Phòng"));
      link.dispatchEvent(new Event("mouseenter")); told.push(document.querySelector(".detail").textContent.includes("96,17"));
      told.push(link.getAttribute("href").startsWith("figures/par-index/hai-phong.html#f-"));
      document.body.dataset.told = JSON.stringify(told);
    """
    told = json.loads(after(site, tmp_path, "index.html", script, "?index=PAR_INDEX&year=2021"))
    # Eleven scores and as many ranks of 2021 are known; of the 34, the three that never merged have a score and none a rank.
    assert told == [[63, 11], [63, 11], [34, 0], ["2024", 2], True, True]


@NO_CHROMIUM
def test_the_table_filters_sorts_and_downloads_what_is_shown(site: Path, tmp_path: Path) -> None:
    script = """
      let saved; URL.createObjectURL = (blob) => { saved = blob; return "blob:nothing"; }; HTMLAnchorElement.prototype.click = function () { this.dataset.clicked = this.download; };
      const rows = () => document.querySelectorAll("[data-table] tbody tr").length;
      const told = { all: rows() };
      const search = document.querySelector("input[type=search]"); search.value = "hai phong"; search.dispatchEvent(new Event("input")); told.found = rows();
      document.querySelector("[data-column=value] button").click(); document.querySelector("[data-column=value] button").click();
      told.first = document.querySelector("[data-table] tbody td.n").textContent;
      [...document.querySelectorAll(".controls button")].at(-1).click();
      told.csv = await saved.text();
      document.body.dataset.told = JSON.stringify(told);
    """
    told = json.loads(after(site, tmp_path, "table.html", script, "?index=PAR_INDEX"))
    lines = list(csv.DictReader(io.StringIO(told["csv"].lstrip("\ufeff"))))
    assert told["all"] > told["found"] == len(lines) > 5
    assert {line["subject"] for line in lines} == {"Hải Phòng"}
    assert told["first"] == "96,17"
    assert [line["value"] for line in lines][:2] == ["96.17", "91.87"]


@NO_CHROMIUM
def test_two_provinces_are_compared_year_by_year(site: Path, tmp_path: Path) -> None:
    script = """
      const row = [...document.querySelectorAll("tbody tr")].find((one) => one.firstChild.textContent === "2021");
      document.body.dataset.told = JSON.stringify([[...row.children].map((cell) => cell.textContent), document.querySelectorAll("svg circle").length]);
    """
    query = "?a=H%C6%B0ng%20Y%C3%AAn&b=H%E1%BA%A3i%20Ph%C3%B2ng&lang=en"
    assert json.loads(after(site, tmp_path, "compare.html", script, query)) == [["2021", "88.34", "91.80", "-3.46", "12/63", "1/63"], 4]


@NO_CHROMIUM
@pytest.mark.parametrize(("query", "shown"), [("", ["Quảng Ninh", "Sơn La"]), ("?b=Qu%E1%BA%A3ng%20Ninh", ["Sơn La", "Quảng Ninh"])])
def test_who_chooses_no_province_sees_those_of_whom_most_is_known(site: Path, tmp_path: Path, query: str, shown: list[str]) -> None:
    script = "document.body.dataset.told = JSON.stringify([...document.querySelectorAll('select')].map((one) => one.value))"
    assert json.loads(after(site, tmp_path, "compare.html", script, query)) == shown


@NO_CHROMIUM
def test_ranks_are_drawn_and_lit_by_the_search(site: Path, tmp_path: Path) -> None:
    script = """
      const form = document.querySelector("[data-filter=b1]"); form.elements.q.value = "hung yen"; form.elements.q.dispatchEvent(new Event("input", { bubbles: true }));
      const lit = [...document.querySelectorAll(".bump text")].filter((one) => !one.hasAttribute("display")).map((one) => one.textContent);
      document.body.dataset.told = JSON.stringify([document.querySelectorAll(".bump circle").length > 10, lit, document.querySelectorAll("path.lit").length]);
    """
    assert json.loads(after(site, tmp_path, "indices/par-index.html", script)) == [True, ["Hưng Yên"], 1]
