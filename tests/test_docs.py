"""The documentation: it builds without a broken link, loads nothing from outside, and its blocks run."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from browser import links_followed
from conftest import CHISO, ROOT, Night

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
OUTSIDE = re.compile(r'<(?:link|script|img|iframe)[^>]+(?:href|src)="(?:https?:)?//', re.IGNORECASE)


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("book")
    command = [sys.executable, "-m", "sphinx", "--quiet", "--fail-on-warning", "--nitpicky", "-b", "html", ROOT / "docs", out]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return out


def test_the_book_has_every_page_and_no_broken_link(book: Path) -> None:
    pages = {path.stem for path in (ROOT / "docs").glob("*.md")}
    assert pages <= {path.stem for path in book.glob("*.html")}
    assert links_followed(book) > 100


def test_the_book_loads_nothing_from_outside(book: Path) -> None:
    assert [page.name for page in book.glob("*.html") if OUTSIDE.search(page.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("page", ["docs/tutorial.md", "README.md"])
def test_what_a_page_tells_to_run_runs(first_night: Night, tmp_path: Path, page: str) -> None:
    shutil.copytree(first_night.data, tmp_path / "data", ignore=shutil.ignore_patterns("prefect", "snapshots"))
    environment = {**os.environ, "PATH": f"{CHISO.parent}{os.pathsep}{os.environ['PATH']}"}
    ran = 0
    for language, code in BLOCK.findall((ROOT / page).read_text(encoding="utf-8")):
        if language == "python":
            command = [sys.executable, "-c", code]
        elif language == "sh" and page.startswith("docs/"):
            command = ["bash", "-ec", code]
        else:
            continue
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{code}\n{done.stdout}\n{done.stderr}"
        assert done.stdout
        ran += 1
    assert ran >= 1
