"""Pages a second of a crawl beside a bare Scrapy spider, and of page reading beside trafilatura, in the same run.

    python benchmarks/crawl.py [--pages 5000] [--html FOLDER]

The crawl archives (WARC, checksums, index, a flush to disk each), scans, classifies and follows links; the bare
spider only stores the bytes of the same pages. Both are asked for with delays off, 16 at a time, from a server of
our own on loopback. --html reads real pages of declared portals too: a folder with an expected.json that lists them.
"""

import argparse
import asyncio
import json
import multiprocessing
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from statistics import mean
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from loopback import HOME, ROOT, command, listing, page

from extract.html import read_page
from samples.web import answer, sites

_CRAWL_GOAL, _READ_GOAL = 0.7, 3.0
_PER_LISTING = 250
_FIRST = "/vi/news/cai-cach-hanh-chinh/"
_BARE = """
import sys, hashlib
from pathlib import Path
from scrapy import Request, Spider
from scrapy.crawler import CrawlerProcess
count, home, proxy, out = int(sys.argv[1]), sys.argv[2], sys.argv[3], Path(sys.argv[4])
class Bare(Spider):
    name = "bare"
    async def start(self):
        for n in range(count):
            yield Request(f"{home}vi/news/cai-cach-hanh-chinh/par-index-{n}.html", meta={"proxy": proxy})
    def parse(self, response):
        (out / hashlib.sha256(response.url.encode()).hexdigest()).write_bytes(response.body)
process = CrawlerProcess({"LOG_LEVEL": "WARNING", "CONCURRENT_REQUESTS": 16, "CONCURRENT_REQUESTS_PER_DOMAIN": 16,
    "REMOTE_CONTROL_ENABLED": False, "TELNETCONSOLE_ENABLED": False, "ROBOTSTXT_OBEY": False})
process.crawl(Bare)
process.start()
"""


def pages_of(count: int) -> dict[str, bytes]:
    """Return a portal of `count` articles of some 12 kB, as a proxy's answers by URL."""
    furniture = "".join(f'<li><a href="/vi/news/khac/tin-{n}.html">Tin khác số {n} của chuyên mục</a></li>' for n in range(120))
    bodies = {
        f"{_FIRST}par-index-{n}.html": page(
            f"PAR INDEX {n}",
            f"<p>Chỉ số PAR INDEX năm 2021 của tỉnh đạt {60 + n % 40},{n % 100:02d} điểm.</p>"
            + "<p>Đoạn văn.</p>" * 60
            + f"<ul>{furniture}</ul>",
        )
        for n in range(count)
    }
    paths = list(bodies)
    for start in range(0, count, _PER_LISTING):
        number = start // _PER_LISTING + 1
        following = f"{_FIRST}?page={number + 1}" if start + _PER_LISTING < count else None
        bodies[f"{_FIRST}?page={number}" if start else _FIRST] = listing(*paths[start : start + _PER_LISTING], following=following)
    bodies["/robots.txt"] = "User-agent: *\nAllow: /\n"
    head = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\r\n"
    return {HOME.rstrip("/") + path: head.format(len(body.encode())).encode() + body.encode() for path, body in bodies.items()}


def _serve(count: int, ready: Any) -> None:
    """Answer from memory on kept-alive connections, so that the server is not what is measured."""
    answers = pages_of(count)

    class Server(asyncio.Protocol):
        def connection_made(self, transport: Any) -> None:
            self.transport, self.held = transport, b""

        def data_received(self, data: bytes) -> None:
            self.held += data
            while b"\r\n\r\n" in self.held:
                request, self.held = self.held.split(b"\r\n\r\n", 1)
                self.transport.write(answers.get(request.split(b" ", 2)[1].decode(), b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"))

    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0)
        ready.put(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


def crawl_rates(count: int) -> tuple[float, float]:
    """Return pages a second of our crawl and of the bare spider; the start of the process is taken off both."""
    context = multiprocessing.get_context("spawn")
    ready = context.Queue()
    server = context.Process(target=_serve, args=(count, ready), daemon=True)
    server.start()
    proxy = f"http://127.0.0.1:{ready.get()}"
    try:
        with tempfile.TemporaryDirectory() as folder:
            ours = Path(folder, "ours")
            bare = Path(folder, "bare")
            ours.mkdir()
            bare.mkdir()
            script = Path(folder, "bare.py")
            script.write_text(_BARE, encoding="utf-8")
            more = f"concurrency = 16\nbudget = {2 * count}\nmax_articles = {count}\n"
            start = _seconds([sys.executable, str(script), "0", HOME, proxy, str(bare)])
            took_bare = _seconds([sys.executable, str(script), str(count), HOME, proxy, str(bare)]) - start
            took_ours = _seconds(command(ours, proxy, more=more)) - start
            counts = json.loads((ours / "counts.json").read_text())
            stored = sum(1 for _ in bare.iterdir())
            if (counts["new"], stored) != (count, count):
                sys.exit(f"not all pages came: {counts['new']} ours ({counts['state']}: {counts['reason']}), {stored} bare, of {count}")
    finally:
        server.terminate()
    return count / took_ours, count / took_bare


def _seconds(run: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(run, check=True, cwd=ROOT)  # noqa: S603 (our own scripts)
    return time.perf_counter() - started


def _documents(folder: Path | None) -> list[tuple[str, bytes, date, str]]:
    """Return (url, bytes, day, body) of the frozen pages and, if given, of real ones of declared portals."""
    found = []
    for golden in sorted((ROOT / "tests" / "frozen").glob("*/article*.json")):
        wanted = json.loads(golden.read_text(encoding="utf-8"))
        found.append((wanted["url"], golden.with_suffix(".html").read_bytes(), date.fromisoformat(wanted["fetched"]), wanted["text"]))
    for host, site in sites().items():
        for article in site.on(1).values():
            url = f"https://{host}{article.path}"
            found.append((url, answer(url, 1, {}).body, date(2026, 11, 23), f"{article.title} {re.sub('<[^>]*>', ' ', article.body)}"))
    if folder is not None:
        for entry in json.loads((folder / "expected.json").read_text(encoding="utf-8"))["pages"]:
            if "article" in entry["file"]:
                text = "\n".join([entry["peer_output"]["title"], *entry["site_selector_paragraphs"]])
                found.append((entry["url"], (folder / entry["file"]).read_bytes(), date(2026, 11, 23), text))
    return found


def _f1(said: str, wanted: str) -> float:
    a, b = Counter(re.findall(r"\w+", said)), Counter(re.findall(r"\w+", wanted))
    both = sum((a & b).values())
    return 2 * both / (sum(a.values()) + sum(b.values())) if both else 0.0


def _rate(read: Callable[[Any], Any], documents: Iterable[Any], rounds: int) -> float:
    documents = list(documents)
    best = float("inf")
    for _ in range(rounds):
        started = time.perf_counter()
        for document in documents:
            read(document)
        best = min(best, time.perf_counter() - started)
    return len(documents) / best


def reading_rates(documents: list[tuple[str, bytes, date, str]], rounds: int) -> tuple[float, float, float, float]:
    """Return pages a second and mean F1 of words, ours and trafilatura's, over the same pages on one core."""
    import trafilatura  # noqa: PLC0415

    def ours(document: tuple[str, bytes, date, str]) -> str:
        return read_page(document[1], article_id="a", url=document[0], fetched=document[2]).text

    def theirs(document: tuple[str, bytes, date, str]) -> str:
        found = trafilatura.bare_extraction(document[1].decode("utf-8"), include_comments=False, include_tables=True, with_metadata=True)
        return f"{found.title or ''}\n{found.text or ''}" if found is not None else ""

    quality = [mean(_f1(read(document), document[3]) for document in documents) for read in (ours, theirs)]
    return _rate(ours, documents, rounds), _rate(theirs, documents, rounds), quality[0], quality[1]


def main() -> None:
    """Print both ratios; end with 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=5000)
    parser.add_argument("--html", type=Path, metavar="FOLDER")
    args = parser.parse_args()
    out = sys.stdout
    ours, bare = crawl_rates(args.pages)
    out.write(f"crawl    {args.pages} pages  ours {ours:.0f}/s  bare Scrapy {bare:.0f}/s  ratio {ours / bare:.2f}  goal >= {_CRAWL_GOAL}\n")
    documents = _documents(args.html)
    read, peer, f1, peer_f1 = reading_rates(documents, rounds=3)
    out.write(
        f"reading  {len(documents)} pages  ours {read:.0f}/s  trafilatura {peer:.0f}/s  ratio {read / peer:.1f}  goal >= {_READ_GOAL}\n"
    )
    out.write(f"         words F1  ours {f1:.3f}  trafilatura {peer_f1:.3f}  goal: not below\n")
    missed = ours / bare < _CRAWL_GOAL or read / peer < _READ_GOAL or f1 < peer_f1
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
