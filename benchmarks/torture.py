"""Kill -9 at random moments: what readers find afterwards, and whether the next run ends as an undisturbed one.

    python benchmarks/torture.py [--kills 200] [--lines 5] [--nights 0] [--seed 1] [--keep FOLDER]

The sample web is crawled once. Then each of these is started again and again and killed with its children at a
random moment of its usual time: a load of the crawl into an empty folder, a load on top of a published warehouse
(with an article taken back, so that there is something to do), a rebuild, the report, an export. After each kill the
published file must be one of the states that were published whole, its promises must hold (flows/doctor.py), and a
release folder must be whole or absent. After the last kill of each kind the work is run undisturbed and must end in
the content hash of a run that nobody disturbed. Also: a full disk, one that may only be read, too little memory, two loads
at once, a clock that was set back or ahead (faketime), a slow disk (strace); and two portals crawled over a line that is cut
at a random byte, or on which one of them goes silent: what came is loaded, and the next crawl has to end as one over a whole
line. With --nights so many kills hit whole nights under a Prefect server (crawl, archive, read, reconcile, load, publish,
report): one to four kills in a row, then a night that nobody disturbs, which must end in the same content hash each time.
Prints a table; exit 1 if anything did not survive.
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
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from benchmarks.line import line
from benchmarks.servers import prefect
from flows.crawling import crawl_portal
from flows.data import DataFolder
from flows.doctor import promises_broken
from samples.server import serve
from spiders.judge import CrawlCounts
from spiders.portal import load_portal
from warehouse.content import content_hash
from warehouse.query import ask
from warehouse.release import SUMS, verify

#: What a night does once it has crawled, without Prefect, whose server takes longer to start than all of it.
_LOAD = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from flows.data import DataFolder
from flows.listing import news_of
from flows.loading import Run, load_night
from flows.reading import read_batch
data, kind = DataFolder(Path(sys.argv[1])), sys.argv[2]
listing, unread = news_of(data, afresh=kind == "rebuild")
load_night(data, listing, read_batch(data.archive, unread), [], Run(datetime.now(UTC).isoformat(), datetime.now(UTC), kind=kind))
"""
#: Crawled in whole nights and over broken lines; the clock stands, so that two of them can end alike.
_LITTLE_MEMORY = 600 * 2**20
_MOST_IN_A_ROW = 4
#: A line breaks before so much of what usually comes through: no crawl is over by then. A silent server is waited for so many seconds.
_BREAKS_BEFORE, _PATIENCE = 0.9, 2
_PORTALS, _CLOCK = ("dongnai", "stttt_quangngai"), "2026-11-01T00:00:00+00:00"
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
            _kill_after(_command(work, data), moment)
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


def _command(work: Work, data: Path) -> list[str]:
    return [sys.executable, "-c", work.program[0], str(data), *work.program[1:]]


def _run(work: Work, data: Path) -> None:
    subprocess.run(_command(work, data), check=True, capture_output=True)


def _kill_after(command: Sequence[str], seconds: float, environment: Mapping[str, str] | None = None) -> None:
    """Start a program, and kill it with its children after so many seconds."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True, env=environment)
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
    DataFolder(changed).warehouse.chmod(0o644)  # what is published cannot be written
    with duckdb.connect(str(DataFolder(changed).warehouse)) as older:
        older.execute("drop view official; drop table releases; alter table schema_version drop column dictionary")
    yield Work("a night on top", (_LOAD, "nightly"), changed)
    yield Work("rebuild", (_LOAD, "rebuild"), changed)
    yield Work("report", (_REPORT,), loaded)
    yield Work("export", (_EXPORT,), loaded)


def nights(folder: Path, kills: int, rng: random.Random, say: Callable[[str], None]) -> tuple[int, int, float]:
    """Kill whole nights at random moments of their usual time, and let one run to its end after each few kills.

    Some begin on an empty folder, some on a first night. Returns how many kills were survived, how many nights ran to
    their ends after them, and the usual seconds of one. Two portals of the sample web are crawled,
    between which there are conflicts and copies.
    """
    with prefect(folder) as environment:
        environment |= {"CHISO_SAMPLE_CLOCK": _CLOCK}

        def run(data: Path, seconds: float | None = None) -> None:
            command = [str(Path(sys.executable).parent / "chiso"), "nightly", "--sample", "--data", str(data)]
            command += [option for name in _PORTALS for option in ("--portal", name)]
            if seconds is None:
                done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
                if done.returncode not in {0, 1}:
                    say(f"a night after kills ended with {done.returncode}: {done.stderr[-300:]}")
            else:
                _kill_after(command, seconds, environment)

        # A kill after the publishing leaves a night behind, and the next one is a night further: there is an end for each.
        calm, usual, ends = folder / "calm", 0.0, {}
        starts = [folder / "empty", folder / "one-night"]
        starts[0].mkdir()
        for number in range(1, _MOST_IN_A_ROW + 3):
            began = time.monotonic()
            run(calm)
            usual = max(usual, time.monotonic() - began)
            ends[number] = content_hash(DataFolder(calm).warehouse)
            if number == 1:
                shutil.copytree(calm, starts[1])
        survived = done = runs = 0
        while done < kills:
            data = folder / "disturbed"
            shutil.rmtree(data, ignore_errors=True)
            shutil.copytree(rng.choice(starts), data)
            moments = [rng.uniform(0, usual) for _ in range(min(rng.randint(1, _MOST_IN_A_ROW), kills - done))]
            for moment in moments:
                run(data, moment)
            run(data)
            done, runs = done + len(moments), runs + 1
            sys.stderr.write(f"\r{done} of {kills} kills of nights" + ("\n" if done == kills else ""))
            warehouse = DataFolder(data).warehouse
            ((published,),) = ask(warehouse, "select count(*) from runs")[1]
            wrong = [] if content_hash(warehouse) == ends[published] else ["another content hash"]
            wrong += promises_broken(warehouse)
            survived += 0 if wrong else len(moments)
            if wrong:
                say(f"a night killed after {', '.join(f'{m:.2f}' for m in moments)} s: {'; '.join(wrong)}")
                shutil.copytree(data, folder / f"wrong-{runs}")
    return survived, runs, usual


def broken_lines(folder: Path, times: int, rng: random.Random, say: Callable[[str], None]) -> Iterator[tuple[str, int, str]]:
    """Break the line to all portals, then that to one of them, so many times each at a random byte of a crawl.

    Yields of each what broke, how often that was survived, and how it has to end.
    """
    host = load_portal(_PORTALS[0]).host
    with serve(1, datetime.fromisoformat(_CLOCK)) as web:
        for name, of, dead, well in (
            ("lost network", "", False, "what came is published, the next crawl ends alike"),
            ("portal hangs", host, True, "the other is complete, the next crawl ends alike"),
        ):
            calm = folder / f"{name}-calm"
            with line(web.proxy, of) as whole:
                usual = _crawl(calm, whole.proxy)
            survived = 0
            for number in range(times):
                data, most = folder / f"{name}-{number}", rng.randrange(int(_BREAKS_BEFORE * whole.through))
                with line(web.proxy, of, most, dead=dead) as broken:
                    counts = _crawl(data, broken.proxy)
                wrong = _ended_badly(counts, usual, of, data)
                if wrong is None:
                    _crawl(data, web.proxy)
                    wrong = _next_load(calm, data)
                survived += wrong is None
                if wrong:
                    say(f"{name} after {most} of {whole.through} bytes: {wrong}")
            yield name, survived, well


def _crawl(data: Path, proxy: str) -> list[CrawlCounts]:
    folder = DataFolder(data)
    folder.prepare()
    return [crawl_portal(name, folder, proxy=proxy, fast=True, more=["--timeout", str(_PATIENCE)]) for name in _PORTALS]


def _ended_badly(counts: Sequence[CrawlCounts], usual: Sequence[CrawlCounts], host: str, data: Path) -> str | None:
    """Return what is wrong with crawls over a line that broke for this host, or for all; and with what they have archived."""
    met = [crawl for crawl in counts if host in load_portal(crawl.portal).host]
    if all(crawl.state == "complete" for crawl in met):
        return "no crawl has noticed"
    if any(crawl.state != "complete" for crawl in counts if crawl not in met):
        return "a portal that answered is not complete"
    if any(crawl.state == "complete" and crawl != calm for crawl, calm in zip(counts, usual, strict=True)):
        return "a crawl is called complete and found less"
    if (done := _load(data)).returncode:
        return f"the load of what came ended with {done.returncode}: {done.stderr[-200:]}"
    return "; ".join(promises_broken(DataFolder(data).warehouse)) or None


def _load(data: Path, *, around: Sequence[str] = (), limits: Callable[[], None] | None = None) -> subprocess.CompletedProcess[str]:
    command = [*around, sys.executable, "-c", _LOAD, str(data), "nightly"]
    return subprocess.run(command, capture_output=True, check=False, preexec_fn=limits, text=True)


def no_room(start: Path, data: Path) -> str | None:
    """Load where no file may grow beyond what is there, as on a full disk; return what was wrong afterwards."""
    shutil.copytree(start, data)
    before = content_hash(DataFolder(data).warehouse)
    most = DataFolder(data).warehouse.stat().st_size // 2

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    return _refused(_load(data, limits=limit), data, before)


def read_only(start: Path, data: Path) -> str | None:
    """Load on a disk that may only be read; return what was wrong afterwards, or at the end of the next load."""
    shutil.copytree(start, data)
    before = content_hash(DataFolder(data).warehouse)
    own = ["unshare", "--mount", *(["--map-root-user"] if os.geteuid() else [])]
    mounted = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'
    done = _load(data, around=[*own, "sh", "-c", mounted, str(data)])
    return _refused(done, data, before) or _next_load(start, data)


def _refused(done: subprocess.CompletedProcess[str], data: Path, before: str) -> str | None:
    """Return what is wrong with a load that could not write: it has to end with a named error, and leave what was published."""
    if done.returncode == 0:
        return "it went through"
    if content_hash(DataFolder(data).warehouse) != before:
        return "the published file has changed"
    return None if "WarehouseError" in done.stderr else f"no named error: {done.stderr[-200:]}"


def no_memory(start: Path, data: Path) -> str | None:
    """Load in less memory than the packages alone take; return what was wrong afterwards, or at the end of the next load."""
    shutil.copytree(start, data)
    before = content_hash(DataFolder(data).warehouse)
    done = _load(data, limits=lambda: resource.setrlimit(resource.RLIMIT_AS, (_LITTLE_MEMORY, _LITTLE_MEMORY)))
    if done.returncode == 0:
        return "it went through"
    return "the published file has changed" if content_hash(DataFolder(data).warehouse) != before else _next_load(start, data)


def two_at_once(start: Path, data: Path) -> str | None:
    """Load twice at once; one has to say that the other writes, and the end has to be that of one."""
    shutil.copytree(start, data)
    commands = [[sys.executable, "-c", _LOAD, str(data), "nightly"]] * 2
    both = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for command in commands]
    told = [process.communicate()[1] for process in both]
    refused = [words for process, words in zip(both, told, strict=True) if process.returncode]
    if any("another process is writing" not in words for words in refused):
        return f"no named error: {refused[0][-200:]}"
    return _next_load(start, data)


def another_clock(start: Path, data: Path, days: str) -> str | None:
    """Load with a clock that was set so many days off; the content has to be that of any other load."""
    shutil.copytree(start, data)
    if shutil.which("faketime") is None:
        return "faketime is not installed (Debian package faketime)"
    done = _load(data, around=["faketime", "-f", days])
    return done.stderr[-200:] if done.returncode else _next_load(start, data)


def slow_disk(start: Path, data: Path) -> str | None:
    """Load where each fsync takes half a second longer, and each rename a tenth."""
    shutil.copytree(start, data)
    if shutil.which("strace") is None:
        return "strace is not installed (Debian package strace)"
    slowed = [("fsync,fdatasync", 500_000), ("rename,renameat,renameat2,link,linkat", 100_000)]
    delays = [option for calls, microseconds in slowed for option in ("-e", f"inject={calls}:delay_enter={microseconds}")]
    done = _load(data, around=["strace", "-f", "-qq", "-o", os.devnull, *delays])
    return done.stderr[-200:] if done.returncode else _next_load(start, data)


def _next_load(start: Path, data: Path) -> str | None:
    """Load undisturbed; return what differs from a folder in which nothing happened before."""
    calm = data.with_name(f"{data.name}-calm")
    shutil.copytree(start, calm)
    for folder in (data, calm):
        if (done := _load(folder)).returncode:
            return f"the next load ended with {done.returncode}: {done.stderr[-200:]}"
    alike = content_hash(DataFolder(data).warehouse) == content_hash(DataFolder(calm).warehouse)
    return "; ".join(promises_broken(DataFolder(data).warehouse)) or (None if alike else "another content hash")


#: Faults that are no kill: what they are called, what is done, and how it has to end.
FAULTS: tuple[tuple[str, Callable[[Path, Path], str | None], str], ...] = (
    ("no room", no_room, "nothing published, a named error"),
    ("read only", read_only, "nothing published, a named error, the next load ends alike"),
    ("no memory", no_memory, "nothing published, the next load ends alike"),
    ("two at once", two_at_once, "one is refused by name, the end is alike"),
    ("clock back", lambda start, data: another_clock(start, data, "-400d"), "ends alike, and so does the next load"),
    ("clock ahead", lambda start, data: another_clock(start, data, "+400d"), "ends alike, and so does the next load"),
    ("slow disk", slow_disk, "ends alike"),
)


def main(kills: int, lines: int, of_nights: int, seed: int, keep: Path | None) -> int:
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
        for name, suffer, well in FAULTS:
            wrong = suffer(kinds[1].start, folder / name.replace(" ", "-"))
            failed += wrong is not None
            _say(f"{name:<16}{'':>8}{1:>7}{0 if wrong else 1:>10}  {wrong or well}")
        for name, survived, well in broken_lines(folder, lines, random.Random(seed), _say):
            failed += lines - survived
            _say(f"{name:<16}{'':>8}{lines:>7}{survived:>10}  {well if survived == lines else 'NO'}")
        if of_nights:
            survived, runs, usual = nights(folder, of_nights, random.Random(seed), _say)
            failed += of_nights - survived
            _say(f"{'whole night':<16}{usual:>8.1f}{of_nights:>7}{survived:>10}  {'yes' if survived == of_nights else 'NO'} ({runs} ends)")
    return 1 if failed else 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--lines", type=int, default=5, help="so many lines are cut, and so many portals hang (about 15 s each)")
    parser.add_argument("--nights", type=int, default=0, help="kills of whole nights under a Prefect server (about 8 s each)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="work there, and leave it")
    arguments = parser.parse_args()
    sys.exit(main(arguments.kills, arguments.lines, arguments.nights, arguments.seed, arguments.keep))
