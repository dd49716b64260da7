"""How the night grows: an archive of made-up pages goes through reading, reconciliation and loading, at several sizes.

    python benchmarks/growth.py [--pages 20000] [--once] [--keep FOLDER]

Pages are made in the markup of the sample web's sites, with the project's own sentences: half of them print figures of an
index, half are other news. Printed are: articles a second by one process and by two; for a quarter, a half and all of the
pages the seconds of each stage, also of those within the load, and the peak memory; a night of 500 new pages on top of
each; and what that makes of 10 and 100 machines, with the assumptions; with --once all of the pages only, and no sums.
Exit 1 if a load takes more memory than is set, which is one figure for all sizes, or a night grows with what is there.
"""

import argparse
import functools
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flows import ingest, loading
from flows.data import DataFolder
from flows.listing import news_of
from flows.reading import read_back, read_into
from normalize.units import districts, provinces_and_ministries
from samples.web import SampleArticle, answer, sites
from spiders.archive import Archive
from spiders.portal import portal_of

_NIGHT = 500
_FIRST_DAY = datetime(2012, 1, 2, 8, tzinfo=UTC)
_INDICES = ("PAR INDEX", "SIPAS", "PCI", "PAPI", "DTI")
_TOLD = (
    "Năm {year}, {index} của tỉnh {province} đạt {score} điểm, xếp thứ {place}/63 tỉnh, thành phố.",
    "Theo kết quả công bố, {index} năm {year} của tỉnh {province} đạt {score} điểm, xếp thứ {place}/63 cả nước.",
    "Tỉnh {province} đạt {score} điểm {index} năm {year}, đứng thứ {place}/63 tỉnh, thành phố trong cả nước.",
    "{index} năm {year} của tỉnh {province} xếp thứ {place}/63, với {score} điểm.",
)
#: So many of the scores are printed with a slip.
_WRONG = 0.01
#: For the sums about more machines: a server is asked once a second, and that many portals are declared or likely to be.
_PORTALS, _PAUSE, _CORES = 700, 1.0, 8
_SIMULATED = 30_000_000
#: So much memory may a night take in MiB, however many pages it loads; on top of four times the pages, one takes so much longer.
_MOST_MEMORY, _FLAT = 1280, 2.0
#: What a load does, each with the function that does it; what is left of its time reads reference tables, copies and publishes.
_STAGES = {
    "take": (ingest.Ingest, "take"),
    "note pages": (ingest, "note_pages"),
    "mark versions": (ingest, "mark_versions"),
    "make comparable": (ingest, "_complete"),
    "find copies": (ingest, "cluster_articles"),
    "reconcile": (loading, "reconcile_warehouse"),
}


def page(number: int) -> tuple[str, str, bytes]:
    """Return portal, address and body of a made-up page; the same number always gives the same."""
    rng = random.Random(number)
    prototypes = _prototypes()
    host, portal, prototype = prototypes[number % len(prototypes)]
    day = (_FIRST_DAY + timedelta(hours=number % 120_000)).date()
    province = rng.choice(_provinces())
    # Other news: words that no two pages share, since copies of one story are rare.
    sentences = [f"Tin vắn từ {', '.join(rng.sample(_districts(), 12))}." for _ in range(4)]
    title = f"Tin số {number}: {sentences[0][:60]}"
    if number % 2:
        index, year = rng.choice(_INDICES), day.year - 1
        place, score = _ranking(index, year)[province]
        if rng.random() < _WRONG:
            score += rng.choice((-30, -3, 3, 30))
        told = f"{score // 100},{score % 100:02d}"
        title = f"{index} năm {year}: {province} xếp thứ {place}/63"
        sentences.insert(1, rng.choice(_TOLD).format(index=index, year=year, province=province, score=told, place=place))
        sentences.append(f"Trong tháng, tỉnh cấp phép {rng.randint(3, 900)} doanh nghiệp với số vốn {rng.randint(10, 99_000)} triệu đồng.")
    body = "".join(f"<p>{sentence}</p>\n" for sentence in sentences)
    made = replace(prototype, title=title, day=day, body=body)
    path = f"{prototype.path.rsplit('.', 1)[0]}-{number}.html" if "." in prototype.path else f"{prototype.path}-{number}"
    return portal, f"https://{host}{path}", _rendered(host, made)


@cache
def _ranking(index: str, year: int) -> dict[str, tuple[int, int]]:
    """Return the true place and score (in hundredths) of each province."""
    rng = random.Random(f"{index} {year}")
    scores = sorted(rng.sample(range(6000, 9500), len(_provinces())), reverse=True)
    names = rng.sample(_provinces(), len(_provinces()))
    return {name: (place, score) for place, (name, score) in enumerate(zip(names, scores, strict=True), start=1)}


def _rendered(host: str, article: SampleArticle) -> bytes:
    from samples.web import _article  # noqa: PLC0415 (the renderer of the sample web)

    return _article(sites()[host], article, {}, _FIRST_DAY).body


@cache
def _prototypes() -> list[tuple[str, str, SampleArticle]]:
    """Return an article of each sample site that is a declared portal and whose page is read by its own layout."""
    found = []
    for host, site in sites().items():
        portal = portal_of(f"https://{host}/")
        plain = [a for a in site.on(1).values() if a.listed and not a.moved_to and not a.wall]
        if portal is not None and plain and answer(f"https://{host}{plain[0].path}", 1, {}, _FIRST_DAY).status == 200:  # noqa: PLR2004
            found.append((host, portal.name, plain[0]))
    return found


@cache
def _provinces() -> list[str]:
    day = date(2022, 12, 31)
    return sorted(unit.name for unit in provinces_and_ministries() if unit.level == "province" and unit.valid_on(day))


@cache
def _districts() -> list[str]:
    return sorted({unit.name for unit in districts()})


def archive(root: Path, numbers: range) -> None:
    """Archive the made-up pages of some numbers."""
    archives: dict[str, Archive] = {}
    for number in numbers:
        portal, url, body = page(number)
        archives.setdefault(portal, Archive(root, portal)).append(
            url=url,
            kind="article",
            fetched_at=_FIRST_DAY + timedelta(hours=number),
            status=200,
            headers=[("Content-Type", "text/html; charset=utf-8")],
            body=body,
            crawl="made",
        )
    for one in archives.values():
        one.close()


def night(root: Path) -> dict[str, float]:
    """Read and load what is new in a data folder; return the seconds of each stage, the counts and the peak memory in MiB."""
    within: dict[str, float] = {}
    for stage, (owner, name) in _STAGES.items():
        setattr(owner, name, _timed(getattr(owner, name), stage, within))
    data = DataFolder(root)
    data.prepare()
    marks = [time.perf_counter()]
    listing, todo = news_of(data)
    count = len(todo)
    marks.append(time.perf_counter())
    read = read_into(data.reading, data.archive, todo)
    marks.append(time.perf_counter())
    counts = loading.load_night(
        data, listing, read_back(read), [], loading.Run(datetime.now(UTC).isoformat(), datetime.now(UTC), kind="backfill")
    )
    marks.append(time.perf_counter())
    shutil.rmtree(data.reading)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    seconds = dict(zip(("list", "read", "load"), (b - a for a, b in pairwise(marks)), strict=True))
    within["rest"] = seconds["load"] - sum(within.values())
    return {
        **within,
        **seconds,
        "pages": count,
        "claims": counts.claims_new,
        "facts": counts.facts,
        "conflicts": counts.conflicts,
        "peak": peak,
    }


def _timed(function: Callable[..., Any], stage: str, seconds: dict[str, float]) -> Callable[..., Any]:
    """Return the function such that the seconds of its calls are added up."""

    @functools.wraps(function)
    def timed(*args: Any, **kwargs: Any) -> Any:
        start = time.perf_counter()
        try:
            return function(*args, **kwargs)
        finally:
            seconds[stage] = seconds.get(stage, 0.0) + time.perf_counter() - start

    return timed


def measured(root: Path, *, workers: str = "processes") -> dict[str, float]:
    """Run a night in a process of its own, whose memory is its own."""
    command = [sys.executable, str(Path(__file__).resolve()), "--night", str(root)]
    done = subprocess.run(command, env={**os.environ, "CHISO_WORKERS": workers}, capture_output=True, text=True, check=True)
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


def _within(told: dict[str, float]) -> str:
    return ", ".join(f"{stage} {told[stage]:.1f} s" for stage in (*_STAGES, "rest"))


def simulated(machines: int, reading: float, loading: float, efficiency: float) -> Iterator[tuple[str, float]]:
    """Yield the days that each stage takes for 30,000,000 pages on so many machines.

    `reading` are pages a second of one core, `loading` those of the one writer, `efficiency` what a second core adds to one.
    Crawling waits for servers, whatever the machines; the stages overlap, so that the longest is the whole.
    """
    day = 24 * 3600
    yield "crawl", _SIMULATED * _PAUSE / _PORTALS / day
    yield "read", _SIMULATED / (reading * (1 + (machines * _CORES - 1) * efficiency)) / day
    yield "load", _SIMULATED / loading / day


def main(count: int, keep: Path | None, *, once: bool) -> int:
    """Measure; return 1 if memory or the night on top grow with what is there."""
    with TemporaryDirectory(prefix="chiso-growth-") as temporary:
        folder = keep or Path(temporary)
        speed = None if once else _by_workers(folder)
        _say(f"\n{'pages':>9}{'list':>9}{'read':>9}{'load':>9}{'peak':>11}{'claims':>10}   a night of {_NIGHT} on top: read, load, peak")
        sizes = []
        for number, share in enumerate((1,) if speed is None else (4, 2, 1)):
            root = folder / f"of-{share}"
            shutil.rmtree(root, ignore_errors=True)
            start = time.perf_counter()
            archive(root / "archive", range(count // share))
            made = time.perf_counter() - start
            whole = measured(root)
            archive(root / "archive", range(count // share, count // share + _NIGHT))
            top = measured(root)
            sizes.append((whole, top))
            _say(
                f"{whole['pages']:>9.0f}{whole['list']:>7.1f} s{whole['read']:>7.1f} s{whole['load']:>7.1f} s{whole['peak']:>7.0f} MiB"
                f"{whole['claims']:>10.0f}   {top['read']:.1f} s, {top['load']:.1f} s, {top['peak']:.0f} MiB"
            )
            size = (root / "chiso.duckdb").stat().st_size / 1e6
            _say(f"{'':>9}made and archived in {made:.0f} s; the load: {_within(whole)}; on top: {_within(top)}")
            _say(f"{'':>9}{whole['facts']:.0f} facts, {whole['conflicts']:.0f} conflicts, a warehouse of {size:.0f} MB")
            if number < 2 and not keep:  # noqa: PLR2004 (all but the largest)
                shutil.rmtree(root)
        memory = max(night["peak"] for size in sizes for night in size)
        _say(f"\npeak memory {memory:.0f} MiB, limit {_MOST_MEMORY} MiB at any size, ratio {memory / _MOST_MEMORY:.2f}")
        if speed is None:
            return int(memory > _MOST_MEMORY)
        (small, first), (large, last) = sizes[0], sizes[-1]
        longer = last["load"] / first["load"]
        _say(f"four times the pages: memory x {large['peak'] / small['peak']:.2f}, a night on top x {longer:.2f} (limit {_FLAT})")
        _machines(speed, large["pages"] / large["load"])
    return int(memory > _MOST_MEMORY or longer > _FLAT)


def _by_workers(folder: Path) -> tuple[float, float]:
    """Print and return the pages a second by one process and by two."""
    root = folder / "speed"
    archive(root / "archive", range(2_000))
    found = []
    for workers in (1, 2):
        (root / "chiso.duckdb").unlink(missing_ok=True)
        told = measured(root, workers=f"processes:{workers}")
        found.append(told["pages"] / told["read"])
        _say(f"{workers} process{'es' if workers > 1 else '  '}: {found[-1]:.0f} articles a second")
    _say(f"ratio {found[1] / found[0]:.2f} on {os.cpu_count()} cores")
    return found[0], found[1]


def _machines(speed: tuple[float, float], loading: float) -> None:
    efficiency = min(1.0, speed[1] / speed[0] - 1)
    _say(
        f"\n{_SIMULATED:,} pages, by sum and not by measurement: {_PORTALS} portals asked once in {_PAUSE:.0f} s each, machines of"
        f" {_CORES} cores as fast as this one's, of which each further one adds {efficiency:.2f}; one writer; stages overlap"
    )
    for machines in (1, 10, 100):
        days = dict(simulated(machines, speed[0], loading, efficiency))
        slowest = max(days, key=lambda stage: days[stage])
        _say(f"{machines:>4} machines: " + ", ".join(f"{stage} {of:.2f} days" for stage, of in days.items()) + f"; the {slowest} decides")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _options() -> Any:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=20_000)
    parser.add_argument("--once", action="store_true", help="all of the pages only, not a quarter and a half of them before")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="work there, and leave what was made")
    parser.add_argument("--night", type=Path, metavar="FOLDER", help="only read and load what is new there, and print what it took")
    return parser.parse_args()


if __name__ == "__main__":
    options = _options()
    if options.night:
        _say(json.dumps(night(options.night)))
        sys.exit(0)
    sys.exit(main(options.pages, options.keep, once=options.once))
