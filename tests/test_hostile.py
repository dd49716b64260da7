"""What a server may do to us: every case named, with what it asserts. `make hostile` lists them with time and memory.

The crawls are real: the crawler's own process against a server of ours on loopback that does the harm. The reader's
cases go through the reader as the night uses it.
"""

import base64
import gzip
import json
import socket
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import brotli
import pytest
from backports import zstd
from loopback import HOME, HOST, Answer, Crawled, Loopback, crawl, listing, loopback, page, reply, rise_mb

from extract.charset import PageError, decode, decompress
from extract.html import read_page
from extract.pdf import read_pdf
from spiders.archive import Archive
from spiders.finding import MOST_ENTRIES, ListingError, feed_entries, sitemap_entries
from spiders.guard import canonical, is_public, refusal

FIRST = "/vi/news/cai-cach-hanh-chinh/"
ROBOTS = reply("User-agent: *\nAllow: /\n", kind="text/plain")
#: What a crawl may take more than a quiet one, in MB.
MOST_RISE_MB = 200
#: How much is done by each group of cases, for the table at the end.
GROUPS: dict[str, Crawled] = {}


def article(name: str) -> str:
    return f"{FIRST}par-index-{name}.html"


def run(folder: Path, group: str, articles: dict[str, Answer | bytes], more: str = "", **options) -> tuple[Crawled, Loopback]:
    """Crawl a portal whose listing leads to the given articles, with a good one among them."""
    routes: dict[str, Answer | bytes] = {"/robots.txt": ROBOTS, article("good"): reply(page())}
    routes[FIRST] = reply(listing(article("good"), *map(article, articles)))
    routes |= {article(name): answer for name, answer in articles.items()}
    with loopback(routes) as server:
        done = crawl(folder, server.proxy, more=more, **options)
    GROUPS[group] = done
    return done, server


def archived(folder: Path) -> dict[str, int]:
    """Status of each archived address."""
    return {p.url.removeprefix(HOME.rstrip("/")): p.status for p in Archive(folder / "archive", "bao_mau").pages()}


@pytest.fixture(scope="module", autouse=True)
def _table(request: pytest.FixtureRequest) -> Iterator[None]:
    started = time.monotonic()
    yield
    cases = sum(item.fspath == request.node.fspath for item in request.session.items)
    rows = [f"{name:<22}{done.seconds:>8.1f} s{done.peak_mb:>8.0f} MB  {done.state}" for name, done in GROUPS.items()]
    sys.stdout.write(f"\n{cases} hostile cases in {time.monotonic() - started:.0f} s; crawls:\n" + "\n".join(rows) + "\n")


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Crawled:
    """A crawl that nobody troubles: what memory is measured against."""
    done, _ = run(tmp_path_factory.mktemp("quiet"), "quiet", {"a": reply(page("A")), "b": reply(page("B"))})
    assert done.state == "complete", done.log[-2000:]
    return done


# -- addresses --------------------------------------------------------------------------------------------

REFUSED = {
    "loopback": "http://127.0.0.1/",
    "loopback with a port": "http://127.0.0.1:8080/admin",
    "another loopback": "http://127.8.9.1/",
    "loopback in one number": "http://2130706433/",
    "loopback in hexadecimal": "http://0x7f000001/",
    "loopback in octal": "http://0177.0.0.1/",
    "loopback in two parts": "http://127.1/",
    "loopback in mixed parts": "http://0x7f.0.0x0.1/",
    "loopback with leading zeros": "http://127.000.000.001/",
    "loopback in full-width digits": "http://\uff11\uff12\uff17.\uff10.\uff10.\uff11/",
    "loopback with an ideographic dot": "http://127\u30020\u30020\u30021/",
    "loopback percent-encoded": "http://%31%32%37.0.0.1/",
    "loopback with a dot behind": "http://127.0.0.1./",
    "localhost": "http://localhost/",
    "localhost with a dot behind": "http://localhost./",
    "a name under localhost": "http://a.localhost/",
    "this network": "http://0.0.0.0/",
    "zero": "http://0/",
    "private 10": "http://10.0.0.1/",
    "private 172.16": "http://172.31.255.254/",
    "private 192.168": "http://192.168.1.1/",
    "link-local": "http://169.254.1.1/",
    "cloud metadata": "http://169.254.169.254/latest/meta-data/",
    "cloud metadata in one number": "http://2852039166/",
    "metadata by name": "http://metadata.google.internal/",
    "carrier-grade NAT": "http://100.64.0.1/",
    "benchmarking": "http://198.18.0.1/",
    "multicast": "http://224.0.0.1/",
    "broadcast": "http://255.255.255.255/",
    "reserved": "http://240.0.0.1/",
    "IPv6 loopback": "http://[::1]/",
    "IPv6 unspecified": "http://[::]/",
    "IPv6 link-local": "http://[fe80::1]/",
    "IPv6 unique local": "http://[fd00::1]/",
    "IPv4 mapped into IPv6": "http://[::ffff:127.0.0.1]/",
    "IPv4 mapped in hexadecimal": "http://[::ffff:7f00:1]/",
    "6to4 of a private address": "http://[2002:7f00:1::]/",
    "NAT64 of loopback": "http://[64:ff9b::7f00:1]/",
    "IPv4-compatible": "http://[::127.0.0.1]/",
    "a name of the local network": "http://nas.local/",
    "a name without a dot": "http://intranet/",
    "file": "file:///etc/passwd",
    "ftp": "ftp://bao.chiso-mau.vn/a",
    "gopher": "gopher://bao.chiso-mau.vn:70/_a",
    "data": "data:text/html,<h1>a</h1>",
    "javascript": "javascript:alert(1)",
    "a user name before the host": "http://dongnai.gov.vn@127.0.0.1/",
    "a backslash before the host": "http://dongnai.gov.vn\\@127.0.0.1/",
    "a line break in it": "http://dongnai.gov.vn/a\r\nHost: x",
    "a port of another service": "http://dongnai.gov.vn:22/",
    "no host": "http:///a",
    "a broken IPv6 address": "http://[::1/",
    "a million characters": "http://dongnai.gov.vn/" + "a" * 1_000_000,
    "a path that repeats itself": "http://dongnai.gov.vn/tin/tin/tin/tin/a.html",
    "a path without end": "http://dongnai.gov.vn/" + "/".join(f"s{n}" for n in range(60)),
}


@pytest.mark.parametrize("url", REFUSED.values(), ids=REFUSED)
def test_an_address_that_is_never_asked_for(url: str) -> None:
    assert refusal(url) is not None


@pytest.mark.parametrize(
    "url",
    [
        "https://dongnai.gov.vn/vi/news/a-1.html",
        "http://113.160.131.5/tin/1.html",
        "https://investhagiang.vn/tin-tuc/H%C3%A0-Giang",
        "http://a.gov.vn:8080/x?y=1",
    ],
)
def test_an_honest_address_is_not_refused(url: str) -> None:
    assert refusal(url) is None


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.1.1", "169.254.169.254", "::1", "::ffff:10.0.0.1", "fe80::1", "not one"])
def test_an_address_that_no_name_may_lead_to(address: str) -> None:
    assert not is_public(address)


@pytest.fixture(scope="module")
def misled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Crawled, Loopback, Path]:
    """A crawl of a portal whose links and redirects lead inside: all is asked of the proxy, which writes it down."""
    folder = tmp_path_factory.mktemp("misled")
    outside = ("http://127.0.0.1:1/vi/news/a.html", "http://[::1]/vi/news/b.html", "http://2130706433/vi/news/c.html", "file:///etc/vi/news/d.html",
               "http://localhost/vi/news/e.html", "http://169.254.169.254/vi/news/f.html", "http://khac.example.com/vi/news/g.html")  # fmt: skip
    redirects = {
        "to-loopback": "http://127.0.0.1:1/x",
        "to-metadata": "http://169.254.169.254/latest/",
        "to-ipv6": "http://[::1]/x",
        "to-number": "http://2130706433/x",
        "to-file": "file:///etc/passwd",
        "to-another-site": "http://khac.example.com/x",
    }
    answers: dict[str, Answer | bytes] = {name: reply(status="302 Found", Location=target) for name, target in redirects.items()}
    answers["loop"] = reply(status="302 Found", Location=article("loop"))
    answers["two-loop"] = reply(status="302 Found", Location=article("two-loop-2"))
    answers["huge-location"] = reply(status="302 Found", Location=HOME + "a" * 15000)
    routes: dict[str, Answer | bytes] = {
        "/robots.txt": ROBOTS,
        article("good"): reply(page()),
        article("two-loop-2"): reply(status="302 Found", Location=article("two-loop")),
    }
    routes[FIRST] = reply(listing(*outside, article("good"), *map(article, answers)))
    routes |= {article(name): answer for name, answer in answers.items()}
    routes |= {f"/chain/{n}": reply(status="302 Found", Location=f"/chain/{n + 1}") for n in range(60)}
    with loopback(routes) as server:
        done = crawl(folder, server.proxy)
    GROUPS["misled"] = done
    return done, server, folder


def test_links_and_redirects_to_the_inside_are_not_followed_and_the_crawl_goes_on(misled: tuple[Crawled, Loopback, Path]) -> None:
    done, server, folder = misled
    assert [url for url in server.asked if not url.startswith(HOME)] == [], "0 requests to anything but the portal"
    assert archived(folder)[article("good")] == 200
    assert done.counts["new"] == 1


@pytest.mark.parametrize("name", ["to-loopback", "to-metadata", "to-ipv6", "to-number", "to-file", "to-another-site"])
def test_a_redirect_outside_is_archived_as_what_it_is(misled: tuple[Crawled, Loopback, Path], name: str) -> None:
    assert archived(misled[2])[article(name)] == 302


@pytest.mark.parametrize("name", ["loop", "two-loop"])
def test_a_redirect_loop_ends(misled: tuple[Crawled, Loopback, Path], name: str) -> None:
    asked = sum(count for url, count in misled[1].counts.items() if name in url)
    assert 1 <= asked <= 20


def test_a_move_to_a_site_that_nobody_declared_is_reported(misled: tuple[Crawled, Loopback, Path]) -> None:
    assert "khac.example.com" in misled[0].counts["reason"]


def _with_names(folder: Path, answers: dict[str, list[str]]) -> dict[str, str]:
    """Environment of a crawl whose system resolver answers as given, the last answer for ever."""
    patch = (
        "import json, os, socket\n"
        "answers = json.loads(os.environ['TEST_NAMES'])\n"
        "def resolve(name, *rest):\n"
        "    name = name.decode() if isinstance(name, bytes) else name\n"
        "    found = answers.get(name)\n"
        "    if not found: raise socket.gaierror(-2, 'Name or service not known')\n"
        "    return found.pop(0) if len(found) > 1 else found[0]\n"
        "socket.gethostbyname = resolve\n"
        "socket.getaddrinfo = lambda name, port, *rest, **more: [(2, 1, 6, '', (resolve(name), port))]\n"
    )
    (folder / "sitecustomize.py").write_text(patch, encoding="utf-8")
    return {"PYTHONPATH": str(folder), "TEST_NAMES": json.dumps(answers)}


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.7", "169.254.169.254", "0.0.0.0"])
def test_a_name_that_leads_inside_is_not_connected_to(tmp_path: Path, address: str) -> None:
    with loopback({}) as server:
        more = f'listings = ["http://{HOST}:8080/vi/news/"]'
        done = crawl(tmp_path, None, more=more, env=_with_names(tmp_path, {HOST: [address]}))
        assert server.connections == 0
    assert done.state in {"broken", "blocked"}
    assert archived(tmp_path) == {}


def test_a_name_that_changes_its_answer_between_check_and_connection_is_not_connected_to(tmp_path: Path) -> None:
    listener = socket.create_server(("127.0.0.1", 8081))
    listener.settimeout(0.1)
    try:
        more = f'listings = ["http://{HOST}:8081/vi/news/"]'
        crawl(
            tmp_path,
            None,
            more=more,
            env=_with_names(tmp_path, {HOST: ["192.0.43.8", "127.0.0.1"]}),
            options=("--timeout", "3"),
            limit_s=60,
        )
        with pytest.raises(TimeoutError):
            listener.accept()
    finally:
        listener.close()


def test_a_name_that_nobody_knows_keeps_us_out(tmp_path: Path) -> None:
    done = crawl(tmp_path, None, env=_with_names(tmp_path, {}))
    assert done.state == "broken"
    assert done.stats["chiso/robots_unreachable"] == 1, "no answer about robots.txt means: keep out"
    assert archived(tmp_path) == {}


def test_the_crawler_listens_on_no_port(tmp_path: Path) -> None:
    seen: set[str] = set()

    def look(*_: object) -> bytes:
        for process in Path("/proc").iterdir():
            if process.name.isdigit() and b"spiders.crawl" in _cmdline(process):
                inodes = {str(fd.readlink()) for fd in _fds(process)}
                seen.update(line for line in _listening() if f"socket:[{line}]" in inodes)
        return reply(page())

    done, _ = run(tmp_path, "listening", {"look": look})
    assert done.state == "complete"
    assert seen == set()


def _cmdline(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""


def _fds(process: Path) -> list[Path]:
    try:
        return [fd for fd in (process / "fd").iterdir() if fd.is_symlink()]
    except OSError:
        return []


def _listening() -> list[str]:
    """Inodes of listening TCP sockets."""
    lines = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    return [line[9] for line in lines if line[3] == "0A"]


# -- bombs ------------------------------------------------------------------------------------------------


def gzip_bomb(gigabytes: int) -> bytes:
    return gzip.compress(bytes(100_000_000), 9) * (10 * gigabytes)


def deflate_bomb(megabytes: int) -> bytes:
    packer = zlib.compressobj(9)
    block = packer.compress(bytes(1_000_000)) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(bytes(1_000_000)) + packer.flush(zlib.Z_FULL_FLUSH)
    return block + again * (megabytes - 1) + packer.flush()


BOMBS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "10 GB of gzip": ("gzip", lambda: gzip_bomb(10)),
    "10 GB of deflate": ("deflate", lambda: deflate_bomb(10_000)),
    "1 GB of brotli": ("br", lambda: brotli.compress(bytes(1_000_000_000), quality=1)),
    "10 GB of zstd": ("zstd", lambda: zstd.compress(bytes(100_000_000), 3) * 100),
    "gzip in gzip in gzip": ("gzip, gzip, gzip", lambda: gzip.compress(gzip.compress(gzip.compress(bytes(300_000_000), 9)))),
}


@pytest.fixture(scope="module")
def bombs() -> dict[str, bytes]:
    return {name: make() for name, (_, make) in BOMBS.items()}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_not_unpacked_by_the_reader(name: str, bombs: dict[str, bytes]) -> None:
    with rise_mb() as rise, pytest.raises(PageError, match="MB when unpacked"):
        decompress(bombs[name], BOMBS[name][0])
    assert rise[0] < MOST_RISE_MB


@pytest.fixture(scope="module")
def bombed(tmp_path_factory: pytest.TempPathFactory, bombs: dict[str, bytes]) -> tuple[Crawled, Path]:
    folder = tmp_path_factory.mktemp("bombed")
    answers = {str(n): reply(bombs[name], Content_Encoding=encoding) for n, (name, (encoding, _)) in enumerate(BOMBS.items())}
    done, _ = run(folder, "bombs", answers)
    return done, folder


@pytest.mark.parametrize("number", range(len(BOMBS)), ids=BOMBS)
def test_a_bomb_is_archived_as_it_came_and_the_crawl_goes_on(bombed: tuple[Crawled, Path], number: int) -> None:
    assert archived(bombed[1])[article(str(number))] == 200
    assert archived(bombed[1])[article("good")] == 200


def test_bombs_do_not_fill_the_memory_of_the_crawl(bombed: tuple[Crawled, Path], quiet: Crawled) -> None:
    assert bombed[0].peak_mb - quiet.peak_mb < MOST_RISE_MB


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "gzip, br", "unknown", "gzip" + ", gzip" * 50])
def test_what_is_not_what_its_encoding_says_is_damaged(encoding: str) -> None:
    with pytest.raises(PageError):
        decompress(b"<html>plain</html>", encoding)


# -- slow, endless, malformed -----------------------------------------------------------------------------

OK_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"


def drip_headers(_url: str, _headers: dict[str, str], send: Callable[[bytes], None]) -> None:
    send(b"HTTP/1.1 200 OK\r\nX-A: ")
    for _ in range(200):
        send(b"a")
        time.sleep(0.1)


def drip_body(_url: str, _headers: dict[str, str], send: Callable[[bytes], None]) -> None:
    send(OK_HEAD + b"\r\n")
    for _ in range(200):
        send(b"a")
        time.sleep(0.1)


def drip_chunks(_url: str, _headers: dict[str, str], send: Callable[[bytes], None]) -> None:
    send(OK_HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    for _ in range(200):
        send(b"1\r\na\r\n")
        time.sleep(0.1)


def endless_chunks(_url: str, _headers: dict[str, str], send: Callable[[bytes], None]) -> None:
    send(OK_HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    while True:
        send(b"10000\r\n" + b"a" * 65536 + b"\r\n")


def endless_body(_url: str, _headers: dict[str, str], send: Callable[[bytes], None]) -> None:
    send(OK_HEAD + b"\r\n")
    while True:
        send(b"a" * 65536)


def silence(*_: object) -> None:
    time.sleep(8)


def header_flood(_url: str, _headers: dict[str, str], send: Callable[[bytes], None]) -> None:
    send(b"HTTP/1.1 200 OK\r\n")
    for start in range(0, 3_000_000, 1000):
        send(b"".join(b"X-%d: %s\r\n" % (n, b"a" * 100) for n in range(start, start + 1000)))


def long_header(_url: str, _headers: dict[str, str], send: Callable[[bytes], None]) -> None:
    send(b"HTTP/1.1 200 OK\r\nX-Long: ")
    for _ in range(3000):
        send(b"a" * 100_000)


def continue_flood(_url: str, _headers: dict[str, str], send: Callable[[bytes], None]) -> None:
    for _ in range(100_000):
        send(b"HTTP/1.1 100 Continue\r\n\r\n" * 10)


TIMED = {"drip-headers": drip_headers, "drip-body": drip_body, "drip-chunks": drip_chunks, "silence": silence}
ENDLESS: dict[str, Answer | bytes] = {
    "endless-chunks": endless_chunks,
    "endless-body": endless_body,
    "header-flood": header_flood,
    "long-header": long_header,
    "continue-flood": continue_flood,
}
MALFORMED: dict[str, Answer | bytes] = {
    "closed-at-once": b"",
    "no-http": b"SSH-2.0-OpenSSH_9.2\r\n",
    "http-0.9": b"<html>no headers at all</html>",
    "negative-length": OK_HEAD + b"Content-Length: -5\r\n\r\nabc",
    "two-lengths": OK_HEAD + b"Content-Length: 3\r\nContent-Length: 9\r\n\r\nabc",
    "length-too-long": OK_HEAD + b"Content-Length: 99999\r\nConnection: close\r\n\r\nabc",
    "length-no-number": OK_HEAD + b"Content-Length: many\r\n\r\nabc",
    "bad-chunk": OK_HEAD + b"Transfer-Encoding: chunked\r\n\r\nZZZ\r\nabc\r\n0\r\n\r\n",
    "huge-chunk-size": OK_HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"F" * 40 + b"\r\nabc\r\n",
    "status-999": b"HTTP/1.1 999 No Way\r\nContent-Length: 0\r\n\r\n",
    "status-text": b"HTTP/1.1 OK 200\r\n\r\n",
    "null-bytes": OK_HEAD + b"X: a\x00b\r\nContent-Length: 3\r\n\r\n\x00\x00\x00",
}
HEADERS = {
    "set-cookie-flood": {f"Set-Cookie-{n}": "a=b" for n in range(500)},
    "content-type-garbage": {"X_A": "b"},
    "etag-garbage": {"ETag": "\xff\x00\xfe" * 50, "Last_Modified": "yesterday"},
    "retry-after-garbage": {"Retry_After": "soon"},
}


def rounds(folder: Path, group: str, answers: dict[str, Answer | bytes], **options) -> Crawled:
    done, _ = run(folder, group, answers, more="concurrency = 8\n", **options)
    return done


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> tuple[Crawled, Path]:
    folder = tmp_path_factory.mktemp("slow")
    return rounds(folder, "slow", TIMED, options=("--timeout", "1.5")), folder


@pytest.mark.parametrize("name", TIMED)
def test_a_server_that_drips_is_cut_off_by_the_whole_time(slow: tuple[Crawled, Path], name: str) -> None:
    assert article(name) not in archived(slow[1])
    assert archived(slow[1])[article("good")] == 200
    assert slow[0].seconds < 30
    assert slow[0].state == "incomplete"


@pytest.fixture(scope="module")
def endless(tmp_path_factory: pytest.TempPathFactory) -> tuple[Crawled, Path]:
    folder = tmp_path_factory.mktemp("endless")
    return rounds(folder, "endless", ENDLESS, options=("--timeout", "4")), folder


@pytest.mark.parametrize("name", ENDLESS)
def test_a_response_without_end_is_cut_off(endless: tuple[Crawled, Path], quiet: Crawled, name: str) -> None:
    assert article(name) not in archived(endless[1])
    assert archived(endless[1])[article("good")] == 200
    # five at once, each up to the largest page that is taken (32 MB)
    assert endless[0].peak_mb - quiet.peak_mb < MOST_RISE_MB


#: Those that can be read as a response are archived as what they are; the rest never reaches the archive.
READABLE = {"status-999": 999, "null-bytes": 200}


@pytest.fixture(scope="module")
def malformed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Crawled, Path]]:
    """What came of each, crawled a few at a time, or the circuit breaker would do its work."""
    found = {}
    for start in range(3):
        names = list(MALFORMED)[start::3]
        folder = tmp_path_factory.mktemp("malformed")
        done = rounds(folder, f"malformed {start}", {name: MALFORMED[name] for name in names}, options=("--timeout", "2"))
        found |= dict.fromkeys(names, (done, folder))
    return found


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_response_troubles_nothing_but_itself(malformed: dict[str, tuple[Crawled, Path]], name: str) -> None:
    done, folder = malformed[name]
    assert archived(folder).get(article(name)) == READABLE.get(name)
    assert archived(folder)[article("good")] == 200
    assert (done.code, done.state) == (0, "incomplete"), "it is said that something did not answer"


def test_strange_headers_are_kept_and_trouble_nothing(tmp_path: Path) -> None:
    answers: dict[str, Answer | bytes] = {name: reply(page(name), **headers) for name, headers in HEADERS.items()}
    answers["content-type-garbage"] = reply(page("x"), kind=";;;charset=\x01zip;" + "q" * 500)
    done, _ = run(tmp_path, "headers", answers)
    assert done.counts["new"] == len(HEADERS) + 1


# -- traps ------------------------------------------------------------------------------------------------


def calendar(url: str, _headers: dict[str, str], _send: object) -> bytes:
    number = int(url.rsplit("page=", 1)[1]) if "page=" in url else 1
    return reply(listing(f"{FIRST}par-index-ngay-{number}.html", following=f"{FIRST}?page={number + 1}"))


def test_a_calendar_without_end_is_left_at_the_limit_of_pages(tmp_path: Path) -> None:
    routes: dict[str, Answer | bytes] = {"/robots.txt": ROBOTS, FIRST: calendar}
    with loopback(routes, default=reply(page())) as server:
        done = crawl(tmp_path, server.proxy)
    GROUPS["calendar"] = done
    assert sum("page=" in url for url in server.asked) <= 30


def test_links_that_breed_links_end_at_the_budget_of_the_night(tmp_path: Path) -> None:
    paths = [f"{FIRST}par-index-{n}.html" for n in range(400)]
    routes: dict[str, Answer | bytes] = {"/robots.txt": ROBOTS, FIRST: reply(listing(*paths))}
    with loopback(routes, default=reply(page())) as server:
        done = crawl(tmp_path, server.proxy, more="budget = 50\n")
    GROUPS["budget"] = done
    assert len(server.asked) == 50
    assert done.state == "incomplete"
    assert "budget" in done.counts["reason"]


def test_session_ids_and_campaign_marks_make_no_new_pages(tmp_path: Path) -> None:
    marks = ["", "?utm_source=zalo", "?fbclid=abc", "?PHPSESSID=1", "?sid=ffff", ";jsessionid=0A", "#comment", "?utm_medium=x&fbclid=y"]
    routes: dict[str, Answer | bytes] = {"/robots.txt": ROBOTS, FIRST: reply(listing(*[article("a") + mark for mark in marks]))}
    routes[article("a")] = reply(page())
    with loopback(routes) as server:
        done = crawl(tmp_path, server.proxy)
    GROUPS["session ids"] = done
    assert server.counts[HOME.rstrip("/") + article("a")] == 1
    assert len(server.asked) == 3


def test_a_listing_that_leads_in_a_circle_ends(tmp_path: Path) -> None:
    routes: dict[str, Answer | bytes] = {"/robots.txt": ROBOTS, article("a"): reply(page())}
    routes[FIRST] = reply(listing(article("a"), following=f"{FIRST}?page=2"))
    routes[f"{FIRST}?page=2"] = reply(listing(article("a"), following=FIRST))
    with loopback(routes) as server:
        done = crawl(tmp_path, server.proxy)
    assert done.state == "complete"
    assert len(server.asked) <= 4


@pytest.mark.parametrize(("links", "state"), [(100_000, "broken"), (20_000, "incomplete")])
def test_a_listing_of_links_without_end_is_bounded(tmp_path: Path, quiet: Crawled, links: int, state: str) -> None:
    paths = [f"{FIRST}par-index-{n}.html" for n in range(links)]
    routes: dict[str, Answer | bytes] = {"/robots.txt": ROBOTS, FIRST: reply(listing(*paths))}
    with loopback(routes, default=reply(page())) as server:
        done = crawl(tmp_path, server.proxy, more="budget = 20\n", limit_s=180)
    GROUPS[f"{links} links"] = done
    assert len(server.asked) <= 20
    assert done.state == state
    assert done.seconds < 60
    assert done.peak_mb - quiet.peak_mb < MOST_RISE_MB


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://a.vn/x;jsessionid=1?id=2", "http://a.vn/x?id=2"),
        ("http://a.vn/(S(abc123))/tin.aspx", "http://a.vn/tin.aspx"),
        ("http://a.vn/x?id=2&ASPSESSIONIDAB=1", "http://a.vn/x?id=2"),
        ("http://a.vn/x?id=2#top", "http://a.vn/x?id=2"),
    ],
)
def test_one_page_has_one_address(one: str, other: str) -> None:
    assert canonical(one) == other


# -- XML --------------------------------------------------------------------------------------------------

LOL = '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol">' + "".join(
    f'<!ENTITY lol{n} "{f"&lol{n - 1 if n > 1 else str()};" * 10}">' for n in range(1, 10)
)
XXE = '<?xml version="1.0"?><!DOCTYPE u [<!ENTITY xxe SYSTEM "file:///etc/passwd">]>'
URLSET = '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>{}</loc></url></urlset>'
RSS = '<rss version="2.0"><channel><item><title>{0}</title><link>http://a.vn/{0}</link></item></channel></rss>'
HOSTILE_XML = {
    "XXE of a file in a sitemap": (sitemap_entries, XXE + URLSET.format("http://a.vn/&xxe;")),
    "XXE of a file in a feed": (feed_entries, XXE + RSS.format("&xxe;")),
    "XXE by http in a sitemap": (sitemap_entries, XXE.replace("file:///etc/passwd", "http://127.0.0.1:9/x") + URLSET.format("&xxe;")),
    "a parameter entity": (
        sitemap_entries,
        '<!DOCTYPE u [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x"> %p;]>' + URLSET.format("http://a.vn/1"),
    ),
    "billion laughs in a sitemap": (sitemap_entries, LOL + "]>" + URLSET.format("&lol9;")),
    "billion laughs in a feed": (feed_entries, LOL + "]>" + RSS.format("&lol9;")),
    "quadratic blow-up": (sitemap_entries, f'<!DOCTYPE u [<!ENTITY a "{"a" * 100_000}">]>' + URLSET.format("&a;" * 10_000)),
    "no XML": (sitemap_entries, "Không tìm thấy trang"),
    "HTML instead of a feed": (feed_entries, "<html><body><p>404</p>"),
    "a million nested tags": (sitemap_entries, "<a>" * 1_000_000),
}


@pytest.mark.parametrize(("read", "text"), HOSTILE_XML.values(), ids=HOSTILE_XML)
def test_xml_that_means_harm_gives_nothing(read: Callable[[bytes], list], text: str) -> None:
    started = time.monotonic()
    with rise_mb() as rise:
        try:
            found = read(text.encode())
        except ListingError:
            found = []
    assert not any("root:" in entry.url + entry.title or "lollol" in entry.url + entry.title for entry in found)
    assert len(found) <= 1
    assert rise[0] < MOST_RISE_MB
    assert time.monotonic() - started < 20


def test_a_sitemap_of_a_million_addresses_is_read_to_its_limit() -> None:
    body = "<urlset>" + "".join(f"<url><loc>http://a.vn/{n}</loc></url>" for n in range(1_000_000)) + "</urlset>"
    assert len(sitemap_entries(body.encode())) == MOST_ENTRIES


def test_a_gzip_sitemap_bomb_is_refused() -> None:
    with pytest.raises(ListingError, match="MB when unpacked"):
        sitemap_entries(gzip_bomb(1))


def test_a_sitemap_without_external_dtd_fetches_none_with_it() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)
    body = f'<!DOCTYPE urlset SYSTEM "http://127.0.0.1:{listener.getsockname()[1]}/x.dtd">' + URLSET.format("http://a.vn/1")
    assert [entry.url for entry in sitemap_entries(body.encode())] == ["http://a.vn/1"]
    with pytest.raises(TimeoutError):
        listener.accept()
    listener.close()


@pytest.fixture(scope="module")
def sitemapped(tmp_path_factory: pytest.TempPathFactory) -> tuple[Crawled, Loopback]:
    """A sitemap index that leads to itself, ever deeper, inside, and to one good sitemap."""
    folder = tmp_path_factory.mktemp("sitemaps")

    def index(*addresses: str) -> bytes:
        return reply(
            "<sitemapindex>" + "".join(f"<sitemap><loc>{a}</loc></sitemap>" for a in addresses) + "</sitemapindex>", kind="application/xml"
        )

    def deeper(url: str, _headers: dict[str, str], _send: object) -> bytes:
        number = int(url.rsplit("/", 1)[1].removesuffix(".xml"))
        return index(f"{HOME}deep/{number + 1}.xml")

    routes: dict[str, Answer | bytes] = {f"/deep/{n}.xml": deeper for n in range(100)}
    routes |= {
        "/robots.txt": ROBOTS,
        "/sitemap.xml": index(
            f"{HOME}sitemap.xml", f"{HOME}b.xml", f"{HOME}deep/0.xml", "http://127.0.0.1:9/c.xml", "file:///etc/passwd", f"{HOME}good.xml"
        ),
        "/b.xml": index(f"{HOME}sitemap.xml"),
        "/good.xml": reply(gzip.compress((URLSET.format(HOME.rstrip("/") + article("good"))).encode()), kind="application/gzip"),
        article("good"): reply(page()),
    }
    with loopback(routes) as server:
        done = crawl(folder, server.proxy, more=f'sitemaps = ["{HOME}sitemap.xml"]')
    GROUPS["sitemaps"] = done
    return done, server


def test_a_sitemap_index_that_leads_to_itself_is_asked_once(sitemapped: tuple[Crawled, Loopback]) -> None:
    assert sitemapped[1].counts[HOME + "sitemap.xml"] == 1


def test_sitemaps_in_sitemaps_end_at_a_depth(sitemapped: tuple[Crawled, Loopback]) -> None:
    assert sum("/deep/" in url for url in sitemapped[1].asked) <= 3


def test_a_sitemap_that_leads_inside_is_not_followed_and_the_good_one_is(sitemapped: tuple[Crawled, Loopback]) -> None:
    assert all(url.startswith(HOME) for url in sitemapped[1].asked)
    assert sitemapped[0].counts["new"] == 1


# -- robots -----------------------------------------------------------------------------------------------

KEEP_OUT: dict[str, Answer | bytes] = {
    "500": reply(status="500 Oops"),
    "503": reply(status="503 Busy"),
    "429": reply(status="429 Too Many Requests"),
    "no answer": b"",
    "silence": silence,
    "a redirect inside": reply(status="302 Found", Location="http://127.0.0.1:9/robots.txt"),
    "disallow": reply("User-agent: *\nDisallow: /\n", kind="text/plain"),
    "disallow behind a byte order mark": reply(b"\xef\xbb\xbfUser-agent: *\r\nDisallow: /\r\n", kind="text/plain"),
    "disallow for us by name": reply("User-agent: *\nAllow: /\n\nUser-agent: chiso\nDisallow: /\n", kind="text/plain"),
}
COME_IN: dict[str, Answer | bytes] = {
    "404": reply(status="404 Not Found"),
    "403": reply(status="403 Forbidden"),
    "a page instead": reply(page()),
    "binary": reply(bytes(range(256)) * 100, kind="text/plain"),
    "a redirect loop": reply(status="301 Moved", Location="/robots.txt"),
    "disallow behind 500 KiB": reply("#" * (500 * 1024) + "\nUser-agent: *\nDisallow: /\n", kind="text/plain"),
    "stars without end": reply("User-agent: *\nDisallow: /" + "*a" * 500 + "$\n", kind="text/plain"),
    "a million lines": reply("User-agent: *\n" + "Disallow: /x\n" * 1_000_000, kind="text/plain"),
}


@pytest.mark.parametrize("name", KEEP_OUT)
def test_a_robots_that_keeps_us_out(tmp_path: Path, name: str) -> None:
    routes: dict[str, Answer | bytes] = {"/robots.txt": KEEP_OUT[name], FIRST: reply(listing(article("a"))), article("a"): reply(page())}
    with loopback(routes) as server:
        done = crawl(tmp_path, server.proxy, options=("--timeout", "1"))
    assert {url.removeprefix(HOME) for url in server.asked} == {"robots.txt"}
    assert done.state in {"blocked", "broken"}


@pytest.mark.parametrize("name", COME_IN)
def test_a_robots_that_lets_us_in(tmp_path: Path, name: str) -> None:
    routes: dict[str, Answer | bytes] = {"/robots.txt": COME_IN[name], FIRST: reply(listing(article("a"))), article("a"): reply(page())}
    with loopback(routes) as server:
        done = crawl(tmp_path, server.proxy)
    assert done.counts["new"] == 1, done.counts
    assert done.seconds < 30


# -- pages ------------------------------------------------------------------------------------------------

URL = "https://dongnai.gov.vn/vi/news/a-1.html"


def body_of(text: str) -> bytes:
    return page(body=text).encode()


HUGE = {
    "a million nested tags": body_of("<div>" * 1_000_000),
    "a million unclosed bold tags": body_of("<b>" * 1_000_000),
    "a million attributes": body_of("<p " + " ".join(f"a{n}=1" for n in range(1_000_000)) + ">x</p>"),
    "an attribute of 20 MB": body_of(f'<p title="{"a" * 20_000_000}">x</p>'),
    "a comment that never ends": body_of("<!-- " + "a" * 5_000_000),
    "a tag that never ends": body_of("<p" + " a" * 2_000_000),
    "a script of 20 MB": body_of(f"<script>{'a' * 20_000_000}</script>"),
    "a style sheet of a million rules": body_of("<style>" + ".a{display:none}" * 1_000_000 + "</style>"),
    "half a million table cells": body_of("<table>" + ("<tr>" + "<td>1</td>" * 50 + "</tr>") * 10_000 + "</table>"),
    "a cell over a billion columns": body_of('<table><tr><td colspan="1000000000" rowspan="1000000000">1</td></tr></table>'),
    "a million entities": body_of("&amp;" * 1_000_000),
    "structured data nested without end": (b'<script type="application/ld+json">' + b"[" * 100_000 + b"</script>" + body_of("x")),
    "a title of 5 MB": page(title="a " * 2_500_000).encode(),
    "a font name that never ends": body_of('<font face="' + "a" * 2_000_000),
    "a million headings": body_of("<h1>Hưng Yên</h1>" * 200_000),
    "nothing but brackets": b"<" * 2_000_000,
    "a line of 10 MB": body_of("a" * 10_000_000),
    "ten million spaces": body_of(" " * 10_000_000),
}


@pytest.mark.parametrize("body", HUGE.values(), ids=HUGE)
def test_a_huge_page_is_read_or_refused_in_time(body: bytes) -> None:
    started = time.monotonic()
    with rise_mb() as rise, suppress(PageError):
        read_page(body, article_id="a", url=URL)
    assert time.monotonic() - started < 30
    # the text in bytes and in characters, and the tree of it
    assert rise[0] < 2 * MOST_RISE_MB


WILD = ["a million nested tags", "a million unclosed bold tags", "a million attributes", "nothing but brackets", "a million headings"]


@pytest.fixture(scope="module")
def wild(tmp_path_factory: pytest.TempPathFactory) -> tuple[Crawled, Path]:
    folder = tmp_path_factory.mktemp("wild")
    done, _ = run(folder, "wild markup", {str(n): reply(HUGE[name]) for n, name in enumerate(WILD)}, limit_s=60)
    return done, folder


@pytest.mark.parametrize("number", range(len(WILD)), ids=WILD)
def test_wild_markup_does_not_hold_up_the_crawl(wild: tuple[Crawled, Path], quiet: Crawled, number: int) -> None:
    assert archived(wild[1])[article(str(number))] == 200
    assert archived(wild[1])[article("good")] == 200
    assert wild[0].seconds < 30
    assert wild[0].peak_mb - quiet.peak_mb < MOST_RISE_MB


def test_a_listing_of_wild_markup_is_a_broken_portal(tmp_path: Path) -> None:
    many = body_of("<p " + " ".join(f"a{n}=1" for n in range(100_000)) + ">x</p>")
    with loopback({"/robots.txt": ROBOTS, FIRST: reply(many)}) as server:
        done = crawl(tmp_path, server.proxy, limit_s=60)
    assert (done.state, "a tag of 100000 attributes" in done.counts["reason"]) == ("broken", True)


@pytest.mark.parametrize(
    "hidden",
    [
        '<p style="display:none">HIDDEN 99,99</p>',
        '<p style="visibility: hidden">HIDDEN</p>',
        '<p style="font-size:0">HIDDEN</p>',
        '<p style="opacity:0">HIDDEN</p>',
        '<p style="text-indent:-9999px">HIDDEN</p>',
        "<p hidden>HIDDEN</p>",
        "<template><p>HIDDEN</p></template>",
        "<noscript>HIDDEN</noscript>",
        "<!-- HIDDEN -->",
        '<style>.an-di{display:none}</style><p class="an-di">HIDDEN</p>',
        '<input type="text" value="HIDDEN"><textarea>HIDDEN</textarea>',
        '<table><tr><td>1</td><td style="display:none">HIDDEN</td></tr></table>',
    ],
)
def test_hidden_text_is_not_read(hidden: str) -> None:
    read = read_page(body_of("<p>Hưng Yên đạt 88,34 điểm.</p>" + hidden), article_id="a", url=URL)
    assert "88,34" in read.text
    assert "HIDDEN" not in read.text


@pytest.mark.parametrize(
    "charset", ["zlib", "bz2", "rot13", "hex", "base64", "idna", "punycode", "undefined", "unicode_escape", "no-such", "mbcs", "../x"]
)
def test_a_charset_is_only_ever_a_charset(charset: str) -> None:
    text = decode(
        "<p>Cải cách hành chính của tỉnh năm 2021 \xe9</p>".encode("cp1258", errors="ignore") + b"\xe9", f"text/html; charset={charset}"
    )
    assert "<p>" in text


# -- PDF --------------------------------------------------------------------------------------------------


def pdf(content: bytes, *, kids: str = "[3 0 R]", extra: tuple[bytes, ...] = (), page_keys: bytes = b"") -> bytes:
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids " + kids.encode() + b" /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] /Contents 4 0 R " + page_keys + b">>",
        content,
        *extra,
    ]
    out, offsets = b"%PDF-1.4\n", []
    for number, item in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n" % number + item + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % at for at in offsets)
    return (
        out
        + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
        + table
        + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF"
        % (
            len(objects) + 1,
            len(out),
        )
    )


def stream(data: bytes, filters: bytes = b"/FlateDecode") -> bytes:
    return b"<< /Length %d /Filter %s >>\nstream\n" % (len(data), filters) + data + b"\nendstream"


HOSTILE_PDF: dict[str, Callable[[], bytes]] = {
    "no PDF": lambda: b"%PDF-1.7 nonsense",
    "HTML called PDF": lambda: b"<html>",
    "a scan": lambda: pdf(stream(zlib.compress(b"q Q"))),
    "a stream of 3 GB": lambda: pdf(stream(deflate_bomb(3000))),
    "streams in streams": lambda: pdf(
        stream(zlib.compress(zlib.compress(zlib.compress(bytes(300_000_000)))), b"[/FlateDecode /FlateDecode /FlateDecode]")
    ),
    "pages that hold themselves": lambda: pdf(stream(zlib.compress(b"q Q")), kids="[2 0 R 2 0 R]"),
    "a reference to itself": lambda: pdf(b"4 0 R"),
    "brackets without end": lambda: pdf(b"[" * 200_000),
    "a length that lies": lambda: pdf(b"<< /Length 999999999 >>\nstream\nabc\nendstream"),
    "encrypted": lambda: pdf(stream(zlib.compress(b"q Q"))).replace(b"/Root 1 0 R", b"/Root 1 0 R /Encrypt 3 0 R"),
    "javascript and a launch": lambda: pdf(stream(zlib.compress(b"q Q")), page_keys=b"/AA << /O << /S /Launch /F (/bin/sh) >> >>"),
    "cut in the middle": lambda: pdf(stream(zlib.compress(b"q Q")))[:150],
}


@pytest.mark.parametrize("make", HOSTILE_PDF.values(), ids=HOSTILE_PDF)
def test_a_hostile_pdf_spoils_only_its_own_reading(make: Callable[[], bytes]) -> None:
    started = time.monotonic()
    with pytest.raises(PageError):
        read_pdf(make(), article_id="a", cpu_seconds=5, wall_seconds=10)
    assert time.monotonic() - started < 20


# -- TLS --------------------------------------------------------------------------------------------------

TUNNELS: dict[str, Answer | bytes] = {
    "no tunnel": b"HTTP/1.1 405 Method Not Allowed\r\n\r\n",
    "garbage in the tunnel": b"HTTP/1.1 200 OK\r\n\r\n" + base64.b64encode(bytes(range(256))) * 20,
    "plain HTTP in the tunnel": b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 400 Bad Request\r\n\r\n",
    "a tunnel that is closed": b"",
    "a tunnel that is silent": silence,
}


@pytest.mark.parametrize("name", TUNNELS)
def test_a_broken_tls_is_a_broken_portal(tmp_path: Path, name: str) -> None:
    with loopback({}, default=TUNNELS[name]) as server:
        done = crawl(tmp_path, server.proxy, more=f'listings = ["https://{HOST}/vi/news/"]', options=("--timeout", "1.5"))
    assert done.state == "broken"
    assert archived(tmp_path) == {}
    assert done.seconds < 30
