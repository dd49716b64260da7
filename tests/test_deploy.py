"""What others run: the container file and the compose file pass their linters, and settings are named as the code reads them."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import run_chiso

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
SETTING = re.compile(r"\bCHISO_[A-Z_]+\b")
#: Of the compose file alone, where it becomes PGPASSWORD.
OF_COMPOSE = {"CHISO_PG_PASSWORD"}
#: Scrapy settings of one crawl, which no environment sets; and the clock of the sample web, for tests.
INSIDE = re.compile(r"CHISO_(ARCHIVE|CRAWL|FETCHED|HOSTS|PROXY|BUDGET|ASKED|PACE|SESSION|SAMPLE_CLOCK)$")


@pytest.mark.parametrize(("linter", "file"), [("hadolint", "deploy/container/Containerfile"), ("compose-lint", "deploy/compose.yaml")])
def test_container_files_pass_their_linters(linter: str, file: str) -> None:
    program = BIN / linter
    assert program.exists(), f"{linter} belongs to the environment"
    done = subprocess.run([program, ROOT / file], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_linter_finds_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "Containerfile").write_text("FROM python\nRUN cd /tmp && sudo pip install x\n", encoding="utf-8")
    (tmp_path / "compose.yaml").write_text("services:\n  a:\n    image: b\n    privileged: true\n", encoding="utf-8")
    for linter, file in (("hadolint", "Containerfile"), ("compose-lint", "compose.yaml")):
        assert subprocess.run([BIN / linter, tmp_path / file], capture_output=True, check=False, timeout=60).returncode != 0


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is missing: `make servers` installs it")
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path) -> None:
    for file in sorted((ROOT / "deploy" / "systemd").iterdir()):
        text = file.read_text(encoding="utf-8").replace("/opt/chiso/.venv/bin", str(BIN)).replace("/opt/chiso", str(ROOT))
        (tmp_path / file.name).write_text(text, encoding="utf-8")
    units = sorted(tmp_path.iterdir())
    assert len(units) >= 4
    verify = ["systemd-analyze", "verify", "--man=no", *map(str, units)]
    done = subprocess.run(verify, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    worker = tmp_path / "chiso-worker.service"
    worker.write_text(worker.read_text(encoding="utf-8").replace("Restart=always", "Restart=ever"), encoding="utf-8")
    assert "service restart specifier" in subprocess.run(verify, capture_output=True, text=True, check=False, timeout=60).stderr


def test_what_a_unit_writes_lies_where_it_may_write() -> None:
    for file in sorted((ROOT / "deploy" / "systemd").glob("*.service")):
        text = file.read_text(encoding="utf-8")
        if "ProtectSystem=strict" not in text:
            continue
        writable = re.search(r"^ReadWritePaths=(.+)$", text, re.MULTILINE)[1].split()  # type: ignore[index]
        named = re.findall(r"\b(?:PREFECT_HOME|CHISO_DATA|PREFECT_SERVER_UI_STATIC_DIRECTORY)=(\S+)", text)
        assert named, file.name
        assert all(any(Path(path).is_relative_to(place) for place in writable) for path in named), file.name
        assert "PrivateTmp=yes" in text, f"{file.name}: without it nobody may write to /tmp"


def test_the_data_folder_of_the_environment_is_taken_where_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    said = run_chiso("status", environment={"CHISO_DATA": str(tmp_path / "there")}).stdout.decode()
    assert "No night has ended yet." in said
    named = run_chiso("status", "--data", tmp_path / "nowhere", environment={"CHISO_DATA": str(tmp_path / "there")})
    assert (named.returncode, str(tmp_path / "nowhere") in named.stderr.decode()) == (2, True)


def test_settings_are_those_that_the_code_reads_and_each_is_documented() -> None:
    code = "".join(
        path.read_text(encoding="utf-8") for folder in ("flows", "spiders", "warehouse") for path in (ROOT / folder).rglob("*.py")
    )
    read = {name for name in SETTING.findall(code) if not INSIDE.match(name)}
    deployed = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "deploy").rglob("*") if path.is_file())
    docs = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md"))
    assert set(SETTING.findall(deployed)) - OF_COMPOSE <= read
    assert set(SETTING.findall(docs)) <= read
    assert read <= set(SETTING.findall(docs)), sorted(read - set(SETTING.findall(docs)))


def test_no_secret_has_a_value_in_the_repository() -> None:
    assert shutil.which("git")
    files = subprocess.run(
        ["git", "ls-files", "deploy", "prefect.yaml"], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout.split()
    for name in files:
        for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
            given = re.search(r"(?:PASSWORD|SECRET\w*|ACCESS_KEY\w*)\s*[:=]\s*(\S+)", line)
            assert given is None or given[1].startswith("${"), f"{name}: {line}"
