"""The same nights in one process and on several engines: Dask, Redis, PostgreSQL and S3, all real, all on loopback.

    python benchmarks/cluster.py [--nights 2]

Each way crawls, reads, reconciles and publishes the sample web's nights, whose clock stands. Prints the seconds of each stage
and the content hash of what was published; exit 1 if two hashes differ. The engines share two cores with what they serve: the
table says what they cost, not what they save.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.servers import LAKE_PYTHON, S3_KEYS, dask, missing, postgres, redis, s3
from flows.data import DataFolder
from flows.journal import Journal
from warehouse.content import content_hash

_CLOCK = "2026-11-29T02:00:00+07:00"
_STAGES = ("crawl", "read", "reconcile", "report")


@dataclass(slots=True)
class Way:
    """One way to run a night: by which Python, in which environment, and with a lake or not."""

    name: str
    python: Path = Path(sys.executable)
    environment: dict[str, str] = field(default_factory=dict)
    lake: str = ""


@contextmanager
def engines(folder: Path) -> Iterator[list[Way]]:
    """Run all servers, and yield the ways to use them."""
    with ExitStack() as stack:
        frontier = {"CHISO_FRONTIER": stack.enter_context(redis(folder)), "CHISO_CRAWLERS": "2"}
        port = stack.enter_context(postgres(folder))
        storage = {**S3_KEYS, "AWS_ENDPOINT_URL": stack.enter_context(s3(folder))}
        cluster = {"CHISO_WORKERS": stack.enter_context(dask(folder, 2))}
        lake = f'catalog = "postgres:dbname=chiso host=127.0.0.1 port={port} user=chiso"\ndata = "s3://chiso/warehouse"\n'
        yield [
            Way("one process"),
            Way("Redis", environment=frontier),
            Way("Dask", environment=cluster),
            Way("Dask, Redis, PostgreSQL, S3", LAKE_PYTHON, {**frontier, **cluster, **storage}, lake),
        ]


def night(way: Way, data: Path, clock: str = _CLOCK) -> None:
    """Run the next night of the sample web in a data folder."""
    data.mkdir(parents=True, exist_ok=True)
    if way.lake:
        (data / "lake.toml").write_text(way.lake, encoding="utf-8")
    chiso(way, "nightly", "--sample", "--data", str(data), clock=clock)


def chiso(way: Way, *arguments: str, clock: str = _CLOCK) -> None:
    """Run a command; what it leaves as findings (1) is planted."""
    environment = {**os.environ, "CHISO_SAMPLE_CLOCK": clock, **way.environment}
    done = subprocess.run([str(way.python), "-m", "flows.cli", *arguments], env=environment, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"{way.name}: {done.stdout}{done.stderr}")


def hash_of(way: Way, data: Path) -> str:
    """Return the content hash of what was published."""
    warehouse = DataFolder(data).warehouse
    if not way.lake:
        return content_hash(warehouse)
    ask = "import sys; from pathlib import Path; from warehouse.content import content_hash; print(content_hash(Path(sys.argv[1])))"
    environment = {**os.environ, **way.environment}
    told = subprocess.run([str(way.python), "-c", ask, str(warehouse)], env=environment, capture_output=True, text=True, check=True)
    return told.stdout.strip()


def main(nights: int) -> int:
    """Run all ways; return 1 if two of them end differently."""
    if (why := missing()) is not None:
        _say(why)
        return 2
    ends: dict[int, set[str]] = {}
    _say(f"{'':<30}{'night':>6}" + "".join(f"{stage:>11}" for stage in _STAGES) + "  content hash")
    with TemporaryDirectory(prefix="chiso-cluster-") as temporary, engines(Path(temporary)) as ways:
        for way in ways:
            data = Path(temporary) / "data" / way.name.replace(", ", "-")
            for number in range(1, nights + 1):
                night(way, data)
                seconds = Journal(data).nights()[0].seconds
                end = hash_of(way, data)
                ends.setdefault(number, set()).add(end)
                _say(f"{way.name:<30}{number:>6}" + "".join(f"{seconds[stage]:>9.1f} s" for stage in _STAGES) + f"  {end[:16]}")
    alike = all(len(hashes) == 1 for hashes in ends.values())
    _say("equal hashes" if alike else f"DIFFERENT: {json.dumps({n: sorted(h) for n, h in ends.items()})}")
    return 0 if alike else 1


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nights", type=int, default=2)
    sys.exit(main(parser.parse_args().nights))
