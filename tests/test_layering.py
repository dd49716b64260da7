"""Imports go one way: what a stage may import is written here, and nothing else is."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
#: normalize is the vocabulary that all stages speak; extract reads the portals' declarations; flows join everything.
MAY_IMPORT = {
    "normalize": {"normalize"},
    "spiders": {"spiders", "normalize"},
    "extract": {"extract", "normalize", "spiders"},
    "warehouse": {"warehouse"},
    "samples": {"samples"},
    "flows": {"flows", "warehouse", "normalize", "extract", "spiders", "samples"},
}
#: extract knows of portals only what their files declare, and what is no article: never the crawler.
EXTRACT_MAY_IMPORT_OF_SPIDERS = {"spiders.portal", "spiders.page_class"}
FILES = [path for package in MAY_IMPORT for path in sorted((ROOT / package).rglob("*.py"))]


def imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide the direction"
            found.add(node.module or "")
    return {name for name in found if name.split(".")[0] in MAY_IMPORT}


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_go_one_way(path: Path) -> None:
    package = path.relative_to(ROOT).parts[0]
    assert {name.split(".")[0] for name in imported(path)} <= MAY_IMPORT[package]
    if package == "extract":
        assert {name for name in imported(path) if name.startswith("spiders")} <= EXTRACT_MAY_IMPORT_OF_SPIDERS


def test_the_graph_has_no_circle() -> None:
    order = ["normalize", "spiders", "extract", "warehouse", "samples", "flows"]
    for package, targets in MAY_IMPORT.items():
        assert all(order.index(target) <= order.index(package) for target in targets)


@pytest.mark.parametrize("package", ["extract", "normalize"])
def test_reading_and_reconciling_touch_no_network(package: str) -> None:
    closed = {"socket", "urllib.request", "http", "http.client", "requests", "httpx", "aiohttp", "scrapy", "twisted", "subprocess"}
    for path in sorted((ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = (
                [a.name for a in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            assert not closed & set(names), path


def test_reading_a_text_imports_nothing_heavy() -> None:
    import subprocess
    import sys

    code = "import flows.cli, flows.files, extract.claims, extract.reader, sys; print([m for m in ('prefect', 'scrapy', 'duckdb', 'pyarrow', 'pdfplumber', 'dateparser', 'trafilatura', 'underthesea', 'jinja2', 'rich') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"
