"""All benchmarks one after the other, and one page with what each of them printed: docs/benchmarks.md.

    python benchmarks/all.py [--short | --only PROGRAM] [--out docs/benchmarks.md]

Takes about half an hour; `--short` leaves out the kills and the engines (a quarter of an hour), `--only scale.py`
runs one of them and puts it into the page. Each prints its own ratios and limits, and says by its exit code whether all of
them were met. The page names the machine and the versions, and of each the day.
"""

import argparse
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

#: Title, program and its arguments, in the order of the data: crawl, read, reconcile, keep, report, run.
_ALWAYS = (
    ("One small file", "start.py"),
    ("Crawling, and reading pages", "crawl.py"),
    ("Extraction over our own dense test sentences (over news it is faster, see extraction.md), and time against length", "extraction.py"),
    ("Reconciliation against a known truth", "simulation.py"),
    ("Reconciliation at size", "scale.py"),
    ("The warehouse at size", "storage.py"),
    ("The report at size", "report.py"),
    ("Growth: reading, loading and memory at several sizes", "growth.py"),
    ("A schedule, a worker, and the message when it is gone", "schedule.py"),
    ("The units of systemd", "units.py"),
)
_LONG = (("The same nights in every way", "cluster.py"), ("Loads, reports and exports killed", "torture.py"), ("Crawls killed", "kill.py"))
_PACKAGES = ("scrapy", "underthesea", "duckdb", "prefect", "trafilatura", "pyarrow", "numpy")
#: What libraries say about themselves is no figure.
_NOISE = ("nanobind:", " - leaked")


def main(out: Path, *, is_short: bool, only: str | None) -> int:
    """Run them, write the page after each, and return 1 if any missed a limit; `only` is run alone, and the rest of the page stays."""
    chosen = [(title, program) for title, program in (*_ALWAYS, *(() if is_short else _LONG)) if only in {None, program}]
    parts = dict(_parts(out.read_text(encoding="utf-8"))) if only else {}
    missed = 0
    for title, program in chosen:
        parts[title], is_met = _measured(program)
        missed += not is_met
        sections = [f"\n## {title}\n{parts[title]}" for title, _ in (*_ALWAYS, *_LONG) if title in parts]
        out.write_text(_head() + "".join(sections), encoding="utf-8")
        sys.stdout.write(f"{title}: {parts[title].splitlines()[1]}\n")
        sys.stdout.flush()
    sys.stdout.write(f"{out}\n")
    return min(missed, 1)


def _parts(page: str) -> Iterator[tuple[str, str]]:
    """Yield the title and the text of each section of a page."""
    for section in page.split("\n## ")[1:]:
        title, _, text = section.partition("\n")
        yield title, text


def _measured(program: str) -> tuple[str, bool]:
    """Run a benchmark; return what it printed as the text of its section, and whether it met its limits."""
    started = time.monotonic()
    command = [sys.executable, Path(__file__).parent / program]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    verdict = "all limits met" if done.returncode == 0 else "**a limit was missed**"
    lines = [line.rstrip() for line in done.stdout.splitlines() if not line.startswith(_NOISE)]
    said = f"`benchmarks/{program}`, {datetime.now(UTC):%Y-%m-%d}, {time.monotonic() - started:.0f} s: {verdict}."
    text = f"\n{said}\n\n```text\n{_short(lines)}\n```\n"
    return text, done.returncode == 0


def _short(lines: list[str], most: int = 60) -> str:
    return "\n".join(lines if len(lines) <= most else [*lines[:10], "...", *lines[10 - most :]])


def _head() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    models = [line.split(": ", 1)[1] for line in cpuinfo.read_text(encoding="utf-8").splitlines() if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    machine = f"{models[0] if models else platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB"
    versions = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    return (
        "# Benchmarks\n\nMade by `make bench`; what each program printed, nothing left out but the middle of long tables. "
        "The machine is noisy: ratios to a peer in the same run say more than seconds.\n\n"
        f"{machine} · Python {platform.python_version()}, {versions}\n"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="without the kills and the engines")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks.md"))
    parser.add_argument(
        "--only", choices=[program for _, program in (*_ALWAYS, *_LONG)], metavar="PROGRAM", help="this one, into the page that is there"
    )
    arguments = parser.parse_args()
    sys.exit(main(arguments.out, is_short=arguments.short, only=arguments.only))
