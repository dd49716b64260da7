"""Kill a crawl with -9 at random moments and start it again: is a page lost, is one fetched twice.

    python benchmarks/kill.py [--kills 50] [--articles 300] [--seed 4]

Prints a table: pages of the portal, pages archived, requests sent, of them repeated, torn ends that the kills left.
"""

import argparse
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from loopback import HOME, ROOT, Loopback, command, listing, loopback, page, reply

from spiders.archive import Archive
from spiders.verify import Finding, verify

_PER_PAGE = 20


def portal_of_many(articles: int, latency: float) -> dict[str, object]:
    """Return a portal of `articles` articles on listings of twenty, each answer after `latency` seconds."""

    def slowly(body: str) -> object:
        def answer(*_: object) -> bytes:
            time.sleep(latency)
            return reply(body)

        return answer

    routes: dict[str, object] = {"/robots.txt": reply("User-agent: *\nAllow: /\n", kind="text/plain")}
    paths = [f"/vi/news/cai-cach-hanh-chinh/par-index-{n}.html" for n in range(articles)]
    first = "/vi/news/cai-cach-hanh-chinh/"
    for start in range(0, articles, _PER_PAGE):
        address = first if not start else f"{first}?page={start // _PER_PAGE + 1}"
        following = f"{first}?page={start // _PER_PAGE + 2}" if start + _PER_PAGE < articles else None
        routes[address] = slowly(listing(*paths[start : start + _PER_PAGE], following=following))
    routes |= {
        path: slowly(page(f"PAR INDEX {n}", f"<p>Tỉnh xếp thứ {n} về PAR INDEX.</p>" + "<p>x</p>" * 200)) for n, path in enumerate(paths)
    }
    return routes


def run(kills: int, articles: int, seed: int, folder: Path, *, progress: bool = True) -> dict[str, int]:
    """Kill a crawl so often, let it end, and count."""
    chance = random.Random(seed)
    with loopback(portal_of_many(articles, 0.01)) as server:  # type: ignore[arg-type]
        killed = 0
        while killed < kills:
            process = _start(folder, server)
            before = len(server.asked)
            while len(server.asked) == before and process.poll() is None:
                time.sleep(0.002)
            time.sleep(chance.uniform(0, 0.25))
            if process.poll() is not None:
                break  # it came to its end: nothing left to kill
            process.kill()
            process.wait()
            killed += 1
            if progress and sys.stderr.isatty():
                sys.stderr.write(f"\rkilled {killed}/{kills}, {len(server.asked)} requests ")
        last = _start(folder, server)
        last.wait()
        asked = server.counts
    archive = Archive(folder / "archive", "bao_mau")
    archived = [p for p in archive.pages() if p.kind == "article" and p.status == 200]  # noqa: PLR2004
    wanted = {HOME.rstrip("/") + f"/vi/news/cai-cach-hanh-chinh/par-index-{n}.html" for n in range(articles)}
    found = list(verify(folder / "archive", "bao_mau"))
    return {
        "kills": killed,
        "articles": articles,
        "archived": len({p.url for p in archived}),
        "lost": len(wanted - {p.url for p in archived}),
        "requests": sum(asked.values()),
        "repeated": sum(count - 1 for count in asked.values()),
        "most of one": max(asked.values()),
        "torn ends": sum(isinstance(f, Finding) and f.what == "torn" for f in found),
        "damaged": sum(isinstance(f, Finding) and f.what == "damaged" for f in found),
        "crawls": len({p.crawl for p in archive.pages()}),
    }


def _start(folder: Path, server: Loopback) -> subprocess.Popen[bytes]:
    with (folder / "crawl.log").open("ab") as log:
        return subprocess.Popen(command(folder, server.proxy), stdout=log, stderr=log, cwd=ROOT)  # noqa: S603


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--articles", type=int, default=600)
    parser.add_argument("--seed", type=int, default=4)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        counts = run(args.kills, args.articles, args.seed, Path(folder))
    sys.stdout.write("\n" + "".join(f"{name:>12}  {count}\n" for name, count in counts.items()))
    sys.exit(1 if counts["lost"] or counts["damaged"] or counts["repeated"] > counts["kills"] else 0)


if __name__ == "__main__":
    main()
