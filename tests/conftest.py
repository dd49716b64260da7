"""One real night over the sample web, and a second one, for all tests that look at their results."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CHISO = Path(sys.executable).parent / "chiso"


@dataclass(frozen=True)
class Night:
    data: Path
    code: int
    out: str
    err: str


def run_chiso(*arguments: str | Path, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([CHISO, *map(str, arguments)], capture_output=True, input=stdin, check=False, timeout=600, cwd=ROOT)


def nightly(data: Path) -> Night:
    done = run_chiso("nightly", "--sample", "--data", data)
    return Night(data, done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture(scope="session")
def first_night(tmp_path_factory: pytest.TempPathFactory) -> Night:
    return nightly(tmp_path_factory.mktemp("night") / "data")


@pytest.fixture(scope="session")
def two_nights(tmp_path_factory: pytest.TempPathFactory, first_night: Night) -> tuple[Night, Night]:
    """The first night's data copied, and a second night on top of it."""
    data = tmp_path_factory.mktemp("nights") / "data"
    import shutil

    shutil.copytree(first_night.data, data, ignore=shutil.ignore_patterns("prefect"))
    return first_night, nightly(data)


@pytest.fixture(scope="session")
def third_night(tmp_path_factory: pytest.TempPathFactory, two_nights: tuple[Night, Night]) -> Night:
    """A third night on top of the two, on a copy."""
    import shutil

    data = tmp_path_factory.mktemp("third") / "data"
    shutil.copytree(two_nights[1].data, data, ignore=shutil.ignore_patterns("prefect"))
    return nightly(data)


@pytest.fixture(scope="session", autouse=True)
def _no_telemetry() -> None:
    os.environ.setdefault("DO_NOT_TRACK", "1")
