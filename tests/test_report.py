"""The report: what an editor sees first, and what a hostile page cannot do to it."""

import csv
import json
import shutil
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from conftest import Night

from flows.report import Report, _cell, render


def test_all_formats_speak_of_the_same_conflicts(first_night: Night) -> None:
    folder = first_night.data / "report"
    as_csv = list(csv.DictReader((folder / "conflicts.csv").read_text(encoding="utf-8").splitlines()))
    as_json = json.loads((folder / "conflicts.json").read_text(encoding="utf-8"))["conflicts"]
    suite = ET.parse(folder / "junit.xml").getroot()
    page = (folder / "index.html").read_text(encoding="utf-8")
    ids = {row["conflict_id"] for row in as_csv}
    assert len(ids) == 7
    assert ids == {c["conflict_id"] for c in as_json}
    assert all(f'id="{i}"' in page for i in ids)
    assert suite.attrib["errors"] == "1"
    assert suite.attrib["failures"] == str(sum(c["status"] == "conflict" for c in as_json))


def test_the_page_loads_nothing_from_outside(first_night: Night) -> None:
    page = (first_night.data / "report" / "index.html").read_text(encoding="utf-8")
    assert "default-src 'none'" in page
    assert "<script" not in page
    assert " src=" not in page


def test_the_figure_is_marked_in_its_sentence(first_night: Night) -> None:
    page = (first_night.data / "report" / "index.html").read_text(encoding="utf-8")
    assert "<mark>88,43 điểm</mark>" in page
    assert "<mark>83,87%</mark>" in page


def hostile() -> Report:
    side = {
        "claim_id": "x", "value": "1", "source": "s", "source_title": "<b>t</b>", "kind": "paper", "url": "javascript:alert(1)", "link": None,
        "title": "t", "published": None, "page_id": "p", "cluster": "c", "gone": False, "before": "<script>alert(1)</script>", "figure": "1", "after": "",
        "rule": "r", "year_reason": "y",
    }  # fmt: skip
    conflict = {
        "conflict_id": "c-1", "index": "PCI", "year": 2020, "subject": "<img src=x>", "authority": None, "measure": "score", "component": None, "scope": None,
        "status": "conflict", "class": "typo", "why": "w", "said": (side,), "proposed": "1", "rule": "weight", "confidence": 0.5, "reason": "=1+1",
        "equations": (), "would_change": "",
    }  # fmt: skip
    from datetime import UTC, datetime

    run = {
        "run_id": "r", "verdict": "findings", "ended_at": datetime.now(UTC), "pages_new": 0, "articles_new": 0, "claims_new": 0, "facts": 0,
        "facts_changed": 0, "sample": False,
    }  # fmt: skip
    return Report(run, (conflict,), (), (), (), (), (), {"conflicts": "", "coverage": ""})


def test_what_was_crawled_is_escaped() -> None:
    page = render(hostile())
    assert "<script>" not in page
    assert "<img src=x>" not in page
    assert 'href="javascript' not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


@pytest.mark.parametrize(("value", "want"), [("=1+1", "'=1+1"), ("@x", "'@x"), ("-7", "-7"), ("-1.5", "-1.5"), ("+84", "'+84"), (None, "")])
def test_a_spreadsheet_runs_nothing(value: object, want: str) -> None:
    assert _cell(value) == want


@pytest.mark.skipif(shutil.which("chromium") is None, reason="Chromium is not installed: `make browser` installs it")
@pytest.mark.parametrize("width", [1200, 390])
def test_the_page_renders_in_a_browser_without_a_message(first_night: Night, tmp_path: Path, width: int) -> None:
    shot = tmp_path / "report.png"
    done = subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--enable-logging=stderr", f"--user-data-dir={tmp_path / 'profile'}", f"--window-size={width},900",
         f"--screenshot={shot}", (first_night.data / "report" / "index.html").as_uri()],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert shot.stat().st_size > 10_000
    assert "CONSOLE" not in done.stderr
    dom = subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         f"--user-data-dir={tmp_path / 'profile2'}", "--dump-dom", (first_night.data / "report" / "index.html").as_uri()],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert "Mâu thuẫn" in dom.stdout
