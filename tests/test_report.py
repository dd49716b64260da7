"""The report: what an editor sees first, what its links lead to, and what a hostile page cannot do to it."""

import csv
import json
import re
import xml.etree.ElementTree as ET
from collections import Counter
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any

import jsonschema
import pyarrow.parquet as pq
import pytest
from browser import NO_AXE, NO_CHROMIUM, links_followed, opened, serious_barriers, with_script
from conftest import Night

from flows.cli import main
from flows.figures import by_block, by_subject
from flows.journal import STAGES, Journal
from flows.loading import reconcile_warehouse
from flows.report import write_report
from flows.report.forms import cell, schema
from flows.report.pages import pages
from flows.report.rows import QUERIES, Report, read_report
from normalize.grouping import COLUMNS, row_of
from normalize.statement import read_statement
from normalize.wording import Words
from warehouse.query import connect
from warehouse.store import add, columns_of, rewriting


def test_all_formats_speak_of_the_same_conflicts(first_night: Night) -> None:
    folder = first_night.data / "report"
    as_csv = list(csv.DictReader((folder / "conflicts.csv").read_text(encoding="utf-8").splitlines()))
    as_json = json.loads((folder / "conflicts.json").read_text(encoding="utf-8"))["conflicts"]
    as_parquet = pq.read_table(folder / "conflicts.parquet").to_pylist()
    suite = ET.parse(folder / "junit.xml").getroot()
    on_pages = [
        i
        for page in (folder / "conflicts").glob("*.html")
        for i in re.findall(r'<article class="conflict" id="([^"]+)"', page.read_text("utf-8"))
    ]
    on_first = re.findall(r'<tr data-index.*?href="[^"#]*#([^"]+)"', (folder / "index.html").read_text(encoding="utf-8"))
    ids = [row["conflict_id"] for row in as_csv]
    assert len(ids) == 7
    assert ids == [c["conflict_id"] for c in as_json] == [c["conflict_id"] for c in as_parquet] == on_first
    assert sorted(ids) == sorted(on_pages)
    assert suite.attrib["errors"] == "1"
    opened = sum(c["status"] == "conflict" for c in as_json)
    assert suite.attrib["failures"] == str(opened) == str(sum(c["status"] == "conflict" for c in as_parquet))
    for name in ("proposed", "class", "status", "permalink", "reason_vi"):
        assert [row[name] or "" for row in as_csv] == [c[name] or "" for c in as_json] == [c[name] or "" for c in as_parquet]


def test_the_report_shows_where_the_time_went(first_night: Night) -> None:
    (night,) = Journal(first_night.data).nights()
    page = (first_night.data / "report" / "index.html").read_text(encoding="utf-8")
    section = page[page.index('<section id="time">') : page.index('<section id="problems">')]
    # Its own stage is not over when the report is written.
    assert section.count(" s</td>") == 3
    assert all(f">{night.seconds[stage]}<" in section for stage in STAGES[:3])
    assert 'class="f-crawl" x="0.0"' in section
    assert "đêm này" in section
    again = dict(pages(read_report(first_night.data / "chiso.duckdb"), [night]))["index.html"]()
    assert again.count(" s</td>") == 4


def test_the_json_is_as_its_schema_says(first_night: Night) -> None:
    folder = first_night.data / "report"
    written = json.loads((folder / "conflicts.schema.json").read_text(encoding="utf-8"))
    assert written == schema()
    jsonschema.Draft202012Validator.check_schema(written)
    body = json.loads((folder / "conflicts.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(written).validate(body)
    body["conflicts"][0]["confidence"] = "very"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(written).validate(body)


def test_each_section_has_the_query_that_gives_its_rows(two_nights: tuple[Night, Night]) -> None:
    report = read_report(two_nights[1].data / "chiso.duckdb")
    page = unescape((two_nights[1].data / "report" / "index.html").read_text(encoding="utf-8"))
    with connect(two_nights[1].data / "chiso.duckdb") as connection:
        for name, sql in QUERIES.items():
            assert len(connection.execute(sql).fetchall()) == len(report[name]), name
    for name in ("new", "resolved", "open", "silent", "conflicts", "crawls", "coverage", "figures", "sources", "unresolved", "problems"):
        assert QUERIES[name] in page, name


def test_new_resolved_and_still_open_add_up(two_nights: tuple[Night, Night]) -> None:
    data = two_nights[1].data
    report = read_report(data / "chiso.duckdb")
    changed = Counter(c["change"] for c in report["new"] + report["resolved"])
    assert changed == {"withdrawn": 1}
    still = {c["conflict_id"] for c in report["open"]}
    assert still == {c["conflict_id"] for c in report.open}
    page = (data / "report" / "index.html").read_text(encoding="utf-8")
    tiles = re.findall(r'<li(?: class="\w+")?>(?:<a [^>]*>)?<b>(\d+)</b>', page)
    assert tiles[:4] == ["0", "1", str(len(still)), str(len(report.conflicts))]


def test_every_link_within_the_report_leads_somewhere(first_night: Night) -> None:
    assert links_followed(first_night.data / "report") > 100


def test_no_page_loads_anything_from_outside(first_night: Night) -> None:
    pages_written = list((first_night.data / "report").rglob("*.html"))
    assert len(pages_written) > 20
    for page in pages_written:
        text = page.read_text(encoding="utf-8")
        assert "default-src 'none'; style-src 'self'; script-src 'self'" in text
        assert not re.search(r"<script(?! src=)", text)
        assert " style=" not in text
        assert all(re.match(r"(\.\./)?assets/", src) for src in re.findall(r' src="([^"]*)"', text))
        assert re.findall(r'<link [^>]*href="([^"]*)"', text)[0] == "data:,"


def test_the_figure_is_marked_in_its_sentence_and_the_refused_one_in_its_equation(first_night: Night) -> None:
    page = (first_night.data / "report" / "conflicts" / "par-index.html").read_text(encoding="utf-8")
    assert "<mark>88,43 điểm</mark>" in page or "<mark>88,43</mark>" in page
    assert "<mark>83,87%</mark>" in page
    hai_phong = page[page.index("PAR_INDEX 2023 · Hải Phòng") :]
    picture = hai_phong[hai_phong.index('<figure class="eq') : hai_phong.index("</figure>")]
    assert '<figure class="eq holds">' in picture
    assert "91,81" in picture[picture.index('<b class="no">') :]
    assert '<b class="yes">✓' in picture


def test_series_mark_gaps_breaks_and_mergers(first_night: Night) -> None:
    page = (first_night.data / "report" / "provinces" / "ba-ria-vung-tau.html").read_text(encoding="utf-8")
    years = re.findall(r'<tr data-year="(\d+)"', page[page.index('id="t-par-index"') :].split("</table>")[0])
    assert years == ["2020", "2021", "2024"]
    source = (first_night.data / "report" / "sources" / "hagiang.gov.vn.html").read_text(encoding="utf-8")
    assert "<s><span" in source
    assert "83,87" in source


def figure(subject: str, year: int, value: str, **parts: Any) -> dict[str, Any]:
    return {
        "fact_id": f"f-{subject}{year}", "index": "PCI", "level": "national", "authority": None, "subject": subject, "subject_type": "province",
        "subject_id": None, "year": year, "measure": "score", "value_text": value, "value": float(value), "of": None, "status": "agreed", **parts,
    }  # fmt: skip


def side(**parts: Any) -> dict[str, Any]:
    return {
        "claim_id": "x", "side": 0, "value": "1", "source": "s.vn", "source_title": "<b>t</b>", "kind": "paper", "url": "javascript:alert(1)", "link": None,
        "title": "t", "published": None, "page_id": "p", "cluster": "c", "gone": False, "before": "<script>alert(1)</script>", "figure": "1",
        "after": "", "rule": "r", "year_reason": "y", **parts,
    }  # fmt: skip


def made(subject: str = "<img src=x>", figures: tuple[dict[str, Any], ...] = ()) -> Report:
    conflict = {
        "conflict_id": "c-1", "fact_id": "f-1", "index": "PCI", "year": 2020, "subject": subject, "authority": None, "measure": "score",
        "component": None, "scope": None, "status": "conflict", "class": "typo", "why": "w", "why_vi": "w", "said": (side(),), "proposed": "1",
        "is_claimed": True, "won": None, "rule": "weight", "confidence": 0.5, "margin": 0.1, "reason": "=1+1", "reason_vi": "=1+1", "equations_json": None, "meant": (),
        "would_change": "", "would_change_vi": "", "values": ["1"], "weights": [1.0], "change": None, "asks_again": False,
        "permalink": "conflicts/pci.html#c-1", "title": ("<i>t</i>", "<i>t</i>"),
    }  # fmt: skip
    conflict["title"] = Words(*conflict["title"])
    moment = datetime.now(UTC)
    run = dict.fromkeys(("pages_new", "articles_new", "claims_new", "facts", "facts_changed"), 0)
    sections: dict[str, tuple[dict[str, Any], ...]] = dict.fromkeys(QUERIES, ())
    source = {"source": "s.vn", "title": "<b>t</b>", "kind": "paper", "place": None, "home": "h", "claims": 1, "last_published": None}
    return Report({
        **sections, "run": ({**run, "run_id": "r", "verdict": "findings", "ended_at": moment, "sample": False},), "conflicts": (conflict,),
        "sources": (source,), "figures": figures,
    })  # fmt: skip


def test_what_was_crawled_is_escaped() -> None:
    hostile = '"><script>alert(2)</script>'
    figures = (figure(hostile, 2020, "1.5"), figure(hostile, 2021, "2.5"))
    written = {path: text() for path, text in pages(made(figures=figures))}
    assert len(written) == 5
    for path, page in written.items():
        assert "<script>" not in page, path
        assert "<img src=x>" not in page
        assert "<b>t</b>" not in page
        assert 'href="javascript' not in page
        assert ".." not in path
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in written["conflicts/pci.html"]


def test_a_merged_province_and_a_new_method_are_told() -> None:
    figures = (
        figure("Hưng Yên", 2021, "60", subject_id="P33-63"),
        figure("Hưng Yên", 2022, "61", subject_id="P33-63"),
        figure("Hưng Yên", 2025, "65", subject_id="P33-34"),
    )
    page = dict(pages(made(figures=figures)))["provinces/hung-yen.html"]()
    assert 'data-merger="Hưng Yên + Thái Bình"' in page
    assert 'data-breaks="[[2022, ' in page
    assert by_subject(figures)["Hưng Yên"]["PCI"][0]["score"]["value"] == 60.0
    assert next(iter(by_block(figures))) == ("PCI", "national", "", "province")


@pytest.mark.parametrize(
    ("value", "want"), [("=1+1", "'=1+1"), ("@x", "'@x"), ("-7", "-7"), ("-1.5", "-1.5"), ("+84", "'+84"), ("--7", "'--7"), (None, "")]
)
def test_a_spreadsheet_runs_nothing(value: object, want: str) -> None:
    assert cell(value) == want


def test_an_archived_page_is_shown_by_its_id(first_night: Night, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    body = json.loads((first_night.data / "report" / "conflicts.json").read_text(encoding="utf-8"))
    page_id = next(said["page_id"] for c in body["conflicts"] for said in c["said"] if said["page_id"])
    assert main(["archive", "show", page_id, "--data", str(first_night.data)]) == 0
    assert b"<html" in capfdbinary.readouterr().out.lower()
    assert main(["archive", "show", "none", "--data", str(first_night.data)]) == 2
    assert b"no page none" in capfdbinary.readouterr().err


# -- in a browser -------------------------------------------------------------------------------------------

KINDS = ["index.html", "conflicts/par-index.html", "provinces/hai-phong.html", "indices/par-index.html", "sources/hagiang.gov.vn.html"]


@NO_CHROMIUM
@pytest.mark.parametrize("path", KINDS)
def test_the_pages_run_in_a_browser_without_a_message(first_night: Night, tmp_path: Path, path: str) -> None:
    page = first_night.data / "report" / path
    dom = opened(page, tmp_path / "profile", width=390)
    assert '<html lang="vi" class="js vi">' in dom
    if path.startswith("provinces/"):
        assert '<svg viewBox="0 0 720 170"' in dom
        assert 'class="note"' in dom
    if path.startswith("indices/"):
        assert '<svg viewBox="0 0 720 260"' in dom
    assert '<html lang="en" class="js en">' in opened(page, tmp_path / "profile", query="?lang=en")


@NO_CHROMIUM
def test_filters_and_search_work_without_a_server(first_night: Night, tmp_path: Path) -> None:
    script = """
      const form = document.querySelector("[data-filter=conflict-table]"), rows = () => [...document.querySelectorAll("#conflict-table tbody tr")].filter((r) => !r.hidden).length;
      const told = [rows()];
      form.elements.class.value = "year"; form.dispatchEvent(new Event("input", { bubbles: true })); told.push(rows());
      form.reset(); form.elements.q.value = "ha giang"; form.dispatchEvent(new Event("input", { bubbles: true })); told.push(rows());
      document.querySelector("[data-set='status:conflict']").click(); told.push(rows());
      document.body.dataset.told = told.join(" ");
    """
    page = with_script(first_night.data / "report", tmp_path / "report", "index.html", script)
    assert 'data-told="7 1 1 1"' in opened(page, tmp_path / "profile")


@NO_CHROMIUM
@NO_AXE
@pytest.mark.parametrize("path", KINDS)
def test_axe_finds_no_serious_barrier(first_night: Night, tmp_path: Path, path: str) -> None:
    assert not serious_barriers(first_night.data / "report", tmp_path / "report", path)


def test_a_shorter_figure_stands_with_its_side(tmp_path: Path) -> None:
    warehouse = tmp_path / "chiso.duckdb"
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    claims = [("91.87", "a.vn", 2), ("91.9", "b.vn", 1), ("91.8", "b.vn", 1), ("91.87", "d.vn", 2), ("18.97", "c.vn", 2)]
    with rewriting(warehouse) as connection:
        names = dict.fromkeys(("name_vi", "name_en", "publisher", "unit"), "x")
        add(
            connection,
            "indices",
            [{"index": "PCI", **names, "level": "national", "scale_min": 0, "scale_max": 100, "first_year": 2005, "last_year": 2025}],
        )
        hosts = sorted({host for _, host, _ in claims})
        add(
            connection,
            "sources",
            [{"source": h, "portal": h, "title": h, "kind": "paper", "home": h, "family": "x", "caveats": ""} for h in hosts],
        )
        for n, (value, host, decimals) in enumerate(claims):
            text = f"PCI năm 2020 của Hưng Yên đạt {value} điểm"
            start = text.index(value)
            article = {
                "article_id": f"a{n}",
                "url": f"https://{host}/{n}",
                "source": host,
                "page_id": "p",
                "title": "t",
                "text": text,
                "cluster": f"a{n}",
            }
            add(connection, "articles", [{**article, "current": True, "gone": False}])
            key = {"index": "PCI", "level": "national", "subject": "Hưng Yên", "subject_type": "province", "year": 2020, "measure": "score"}
            said = {**key, "value": value, "source": host, "article": f"a{n}", "decimals": decimals, "claim_id": f"c{n}"}
            add(connection, "claims", [{
                **key, "claim_id": f"c{n}", "article": f"a{n}", "source": host, "url": article["url"], "value": float(value), "value_text": value,
                "decimals": decimals, "qualifier": "exact", "modality": "reported", "evidence": text, "start": 0, "end": len(text),
                "value_start": start, "value_end": start + len(value), "year_reason": "stated", "rule": "score", "superseded": False,
            }])  # fmt: skip
            row = dict(zip(COLUMNS, row_of(read_statement(said)), strict=True))
            wanted = {name for name, _ in columns_of(connection, "comparable")}
            add(connection, "comparable", [{name: value for name, value in row.items() if name in wanted}])
        reconcile_warehouse(connection, "r", moment)
    (conflict,) = read_report(warehouse).conflicts
    assert conflict["proposed"] == "91.87"
    assert {(said["value"], said["source"]) for said in conflict["said"] if said["side"] == conflict["won"]} == {
        ("91.87", "a.vn"), ("91.87", "d.vn"), ("91.9", "b.vn"), ("91.8", "b.vn"),
    }  # fmt: skip


def test_two_processes_write_the_same_bytes(first_night: Night, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    warehouse = first_night.data / "chiso.duckdb"
    write_report(warehouse, tmp_path / "one")
    monkeypatch.setattr("flows.report._MANY", 1)
    write_report(warehouse, tmp_path / "two")
    one, two = ({p.relative_to(r): p.read_bytes() for p in r.rglob("*.*")} for r in (tmp_path / "one", tmp_path / "two"))
    assert one == two
