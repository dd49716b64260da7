"""One real night over the sample web, and two more, for all tests that look at their results."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from filelock import FileLock

#: The files that take longest begin first: two workers that share the tests then end at about the same time.
SLOW = (
    "cluster",
    "editing",
    "report",
    "night",
    "operations",
    "hostile",
    "cli",
    "automations",
    "listing",
    "ledger",
    "dictionary",
    "readers",
)
ROOT = Path(__file__).resolve().parent.parent
CHISO = Path(sys.executable).parent / "chiso"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order the files (`pytest --no-loadscope-reorder` keeps that); without workers beside it, the order does not matter."""
    places = {f"test_{name}": place for place, name in enumerate(SLOW)}
    items.sort(key=lambda item: places.get(item.path.stem, len(places)))


@dataclass(frozen=True)
class Night:
    data: Path
    code: int
    out: str
    err: str


def run_chiso(
    *arguments: str | Path, stdin: bytes | None = None, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    env = {**os.environ, **(environment or {})}
    return subprocess.run([CHISO, *map(str, arguments)], capture_output=True, input=stdin, check=False, timeout=600, cwd=ROOT, env=env)


@contextmanager
def held(file: Path) -> Iterator[None]:
    """Have a file open for writing, as who opens it with DuckDB's shell and says nothing else."""
    file.chmod(0o644)
    with subprocess.Popen([CHISO.with_name("duckdb"), file], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as shell:
        shell.stdin.write("select 'open';\n")
        shell.stdin.flush()
        while "open" not in shell.stdout.readline():
            pass
        yield


def clock_of(number: int) -> dict[str, str]:
    """Each night has a time of its own, at which the sample web's clock stands: two runs of it see the same bytes."""
    return {"CHISO_SAMPLE_CLOCK": f"2026-11-2{number}T02:0{number}:0{number}+07:00"}


def nightly(data: Path, number: int | None = None, portal: str | None = None) -> Night:
    """Run a night of all portals, or the shorter one of a single portal."""
    alone = ["--portal", portal] if portal else []
    done = run_chiso("nightly", "--sample", *alone, "--data", data, environment=None if number is None else clock_of(number))
    return Night(data, done.returncode, done.stdout.decode(), done.stderr.decode())


class Nights:
    """The nights of one test run, each made once: whichever worker needs one first makes it, the others wait for it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def number(self, number: int) -> Night:
        """Return a night on top of a copy of the one before."""
        data, told = self._folder / str(number) / "data", self._folder / f"{number}.json"
        with FileLock(self._folder / f"{number}.lock"):
            if not told.exists():
                if number > 1:
                    shutil.copytree(self.number(number - 1).data, data, ignore=shutil.ignore_patterns("prefect"))
                night = nightly(data, number)
                told.write_text(json.dumps([night.code, night.out, night.err]), encoding="utf-8")
        return Night(data, *json.loads(told.read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Nights:
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:  # then each worker has a folder of its own in that of the run
        folder = folder.parent
    (folder / "nights").mkdir(exist_ok=True)
    return Nights(folder / "nights")


@pytest.fixture(scope="session")
def first_night(nights: Nights) -> Night:
    return nights.number(1)


@pytest.fixture(scope="session")
def two_nights(nights: Nights) -> tuple[Night, Night]:
    """The first night, and a second one on top of it."""
    return nights.number(1), nights.number(2)


@pytest.fixture(scope="session")
def third_night(nights: Nights) -> Night:
    return nights.number(3)


@pytest.fixture(scope="session", autouse=True)
def _no_telemetry() -> None:
    os.environ.setdefault("DO_NOT_TRACK", "1")
