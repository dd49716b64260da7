"""Pages as Chromium shows them, and their links."""

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path

import pytest

AXE = Path(__file__).parents[1] / ".tools" / "axe.min.js"
LINK = re.compile(r'(?:href|src)="([^"]*)"')
NO_CHROMIUM = pytest.mark.skipif(shutil.which("chromium") is None, reason="Chromium is not installed: `make browser` installs it")
NO_AXE = pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: `make browser` installs it")
ON = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
      "--disable-sync", "--enable-logging=stderr", "--virtual-time-budget=8000"]  # fmt: skip


def opened(page: Path, profile: Path, *, width: int = 1200, query: str = "") -> str:
    """Return the page's document as Chromium has it after its scripts ran; fails on any message of the console."""
    done = subprocess.run(
        ["chromium", *ON, f"--user-data-dir={profile}", f"--window-size={width},900", "--dump-dom", page.as_uri() + query],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert "CONSOLE" not in done.stderr, [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return done.stdout


def with_script(folder: Path, copy: Path, path: str, script: str, *more: Path) -> Path:
    """Return a copy of a page of the report that runs a script of ours, as its policy allows: from a file beside it."""
    shutil.copytree(folder, copy)
    for file in more:
        shutil.copyfile(file, copy / "assets" / file.name)
    (copy / "assets" / "probe.js").write_text(script, encoding="utf-8")
    page = copy / path
    root = "../" * path.count("/")
    added = "".join(f'<script src="{root}assets/{name}"></script>' for name in (*(f.name for f in more), "probe.js"))
    page.write_text(page.read_text(encoding="utf-8").replace("</body>", f"{added}</body>"), encoding="utf-8")
    return page


def serious_barriers(folder: Path, copy: Path, path: str, query: str = "") -> list[list[str]]:
    """Return what axe-core finds on a page that keeps somebody out."""
    script = """
      const look = () => axe.run(document, { preload: false, resultTypes: ["violations"] }).then((found) => {
        document.body.dataset.axe = JSON.stringify(found.violations.map((v) => [v.impact, v.id, v.nodes[0].html.slice(0, 200)]));
      });
      setTimeout(look, 300);
    """
    told = re.search(r'data-axe="([^"]*)"', opened(with_script(folder, copy, path, script, AXE), copy.parent / "profile", query=query))
    assert told is not None
    return [violation for violation in json.loads(unescape(told[1])) if violation[0] in {"serious", "critical"}]


def links_followed(folder: Path) -> int:
    """Return how many links within a folder of pages lead to a page and place that are there; fails on one that does not."""
    followed = 0
    texts = {page.resolve(): page.read_text(encoding="utf-8") for page in folder.rglob("*.html")}
    ids = {page: set(re.findall(r' id="([^"]*)"', text)) for page, text in texts.items()}
    for page, text in texts.items():
        for link in LINK.findall(text):
            path, _, anchor = unescape(link).partition("#")
            if not re.match(r"[a-z]+:", path):
                target = (page.parent / path.partition("?")[0]).resolve() if path else page
                assert target.is_file(), f"{page.name}: {link}"
                assert not anchor or anchor in ids[target], f"{page.name}: {link}"
                followed += 1
    return followed
