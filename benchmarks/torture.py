"""Kill -9 at random moments: what readers find afterwards, and whether the next run ends as an undisturbed one.

    python benchmarks/torture.py [--kills 200] [--seed 1] [--keep FOLDER]

The sample web is crawled once. Then each of these is started again and again and killed with its children at a
random moment of its usual time: a load of the crawl into an empty folder, a load on top of a published warehouse
(with an article taken back, so that there is something to do), a rebuild, the report, an export. After each kill the
published file must be one of the states that were published whole, its promises must hold (flows/doctor.py), and a
release folder must be whole or absent. After the last kill of each kind the work is run undisturbed and must end in
the content hash of a run that nobody disturbed. Also: writing where the file may not grow (as on a full disk), and into
a folder that may not be written. Prints a table; exit 1 if anything did not survive.
"""

import argparse
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from flows.data import DataFolder
from flows.doctor import promises_broken
from warehouse.content import content_hash
from warehouse.release import SUMS, verify

#: What a night does once it has crawled, without Prefect, whose server takes longer to start than all of it.
_LOAD = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from flows.data import DataFolder
from flows.loading import Run, known_pages, load_night
from flows.reading import archived_pages, pages_to_read, read_batch
data, kind = DataFolder(Path(sys.argv[1])), sys.argv[2]
pages = archived_pages(data)
known = frozenset() if kind == "rebuild" else known_pages(data)
read = read_batch(data.archive, pages_to_read(pages, known))
load_night(data, pages, read, [], Run(datetime.now(UTC).isoformat(), datetime.now(UTC), kind=kind))
"""
_REPORT = "import sys; from flows.cli import main; sys.exit(min(main(['report', '--data', sys.argv[1]]), 2) // 2)"
_EXPORT = "import sys; from flows.cli import main; sys.exit(main(['export', '--data', sys.argv[1], '--out', sys.argv[1] + '/release']))"


@dataclass(frozen=True, slots=True)
class Work:
    """One kind of work: its program, and what it is done on (a folder that is copied before each kind)."""

    name: str
    program: tuple[str, ...]
    start: Path


class Torture:
    """Kills work and looks what is left; `say` gets what did not survive."""

    def __init__(self, folder: Path, rng: random.Random, say: Callable[[str], None]) -> None:
        self._folder, self._rng, self._say = folder, rng, say

    def suffer(self, work: Work, kills: int) -> tuple[int, float, bool]:
        """Kill one kind of work so often; return how many kills were survived, the usual seconds, and whether the end is the same."""
        calm, data = self._folder / f"{work.name}-calm", self._folder / work.name
        shutil.copytree(work.start, calm)
        shutil.copytree(work.start, data)
        states = {self._state(data)}
        started = time.monotonic()
        _run(work, calm)
        usual = time.monotonic() - started
        states.add(end := self._state(calm))
        survived = 0
        for _ in range(kills):
            if self._rng.choice((True, False)):  # else on what an earlier kill has left
                shutil.rmtree(data)
                shutil.copytree(work.start, data)
            moment = self._rng.uniform(0, usual)
            _kill_after(work, data, moment)
            wrong = self._wrong(data, states)
            survived += not wrong
            if wrong:
                self._say(f"{work.name} killed after {moment:.2f} s: {'; '.join(wrong)}")
        _run(work, data)
        return survived, usual, self._state(data) == end and not self._wrong(data, states)

    def _state(self, data: Path) -> str | None:
        warehouse = DataFolder(data).warehouse
        return content_hash(warehouse) if warehouse.exists() else None

    def _wrong(self, data: Path, states: set[str | None]) -> list[str]:
        found = []
        warehouse = DataFolder(data).warehouse
        if self._state(data) not in states:
            found.append("the published file is no state that was published")
        if warehouse.exists():
            found += promises_broken(warehouse)
        release = data / "release"
        if release.exists():
            found += verify(release) if (release / SUMS).exists() else ["half a release"]
        found += [
            f"half a page: {page}" for page in (data / "report").rglob("*.html") if not page.read_bytes().rstrip().endswith(b"</html>")
        ]
        return found


def _run(work: Work, data: Path) -> None:
    subprocess.run([sys.executable, "-c", work.program[0], str(data), *work.program[1:]], check=True, capture_output=True)


def _kill_after(work: Work, data: Path, seconds: float) -> None:
    command = [sys.executable, "-c", work.program[0], str(data), *work.program[1:]]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def works(folder: Path, crawled: Path) -> Iterator[Work]:
    """Yield the kinds of work, made from a data folder that was crawled and loaded once."""
    archive = folder / "archived"
    shutil.copytree(crawled / "archive", archive / "archive")
    yield Work("first load", (_LOAD, "nightly"), archive)
    # On top of a published state that an older chiso has made, so that kills meet its migration too: reference values that
    # were added since make the next night judge anew.
    loaded = folder / "loaded"
    shutil.copytree(crawled, loaded, ignore=shutil.ignore_patterns("prefect", "report", "snapshots"))
    changed = folder / "changed"
    shutil.copytree(loaded, changed)
    (changed / "reference").mkdir(exist_ok=True)
    rows = "index,year,subject,score\nPAR_INDEX,2021,Hưng Yên,88.43\nPAR_INDEX,2021,Hà Giang,86.77\n"
    (changed / "reference" / "tonight.csv").write_text(rows, encoding="utf-8")
    with duckdb.connect(str(DataFolder(changed).warehouse)) as older:
        older.execute("drop view official; drop table releases; alter table schema_version drop column dictionary")
    yield Work("a night on top", (_LOAD, "nightly"), changed)
    yield Work("rebuild", (_LOAD, "rebuild"), changed)
    yield Work("report", (_REPORT,), loaded)
    yield Work("export", (_EXPORT,), loaded)


def no_room(start: Path, data: Path) -> str | None:
    """Load where no file may grow beyond what is there, as on a full disk; return what was wrong afterwards."""
    shutil.copytree(start, data)
    before = content_hash(DataFolder(data).warehouse)
    most = DataFolder(data).warehouse.stat().st_size // 2

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    done = subprocess.run(
        [sys.executable, "-c", _LOAD, str(data), "nightly"], capture_output=True, check=False, preexec_fn=limit, text=True
    )
    if done.returncode == 0:
        return "it went through"
    if content_hash(DataFolder(data).warehouse) != before:
        return "the published file has changed"
    return None if "WarehouseError" in done.stderr else f"no named error: {done.stderr[-200:]}"


def main(kills: int, seed: int, keep: Path | None) -> int:
    """Torture; return 1 if anything did not survive."""
    with TemporaryDirectory() as temporary:
        folder = keep or Path(temporary)
        crawled = folder / "crawled"
        subprocess.run([Path(sys.executable).parent / "chiso", "nightly", "--sample", "--data", crawled], check=False, capture_output=True)
        torture = Torture(folder, random.Random(seed), _say)
        kinds = list(works(folder, crawled))
        failed = 0
        _say(f"{'work':<16}{'usual s':>8}{'kills':>7}{'survived':>10}  ends alike")
        for work in kinds:
            survived, usual, alike = torture.suffer(work, kills // len(kinds))
            failed += (kills // len(kinds) - survived) + (not alike)
            _say(f"{work.name:<16}{usual:>8.1f}{kills // len(kinds):>7}{survived:>10}  {'yes' if alike else 'NO'}")
        wrong = no_room(kinds[1].start, folder / "no-room")
        _say(f"{'no room':<16}{'':>8}{1:>7}{0 if wrong else 1:>10}  {wrong or 'nothing published, a named error'}")
    return 1 if failed or wrong else 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="work there, and leave it")
    arguments = parser.parse_args()
    sys.exit(main(arguments.kills, arguments.seed, arguments.keep))
