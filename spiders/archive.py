"""The archive: every response untouched, append-only, in WARC 1.1 with a line of index each.

    archive/<portal>/<portal>-00001.warc.gz   records, one gzip member each, readable by any WARC tool
    archive/<portal>/<portal>-00001.jsonl     one line a record: what, when, in which crawl, where in the file
    archive/<portal>/crawls.jsonl             one line when a crawl begins and one when it ends

A response counts once its index line is whole. A crash leaves at most a torn record or a torn line at the end
of a pair of files; such a pair is never written to again, the next crawl begins a new one. Nothing is rewritten.
"""

import hashlib
import heapq
import io
import json
import os
import sys
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from warcio.archiveiterator import ArchiveIterator
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

#: A file is closed at this size, so that none grows too large to copy or check.
ROTATE_BYTES = 256 * 1024 * 1024
NOT_MODIFIED = 304
#: So many bytes are read from the end of an index file at a time, to find its last line.
_TAIL = 64 * 1024
#: A process that is killed loses nothing that was written; a machine that loses its power, what came in this time.
#: A polite crawl asks once a second, so that each response is on the disk before the next is asked for.
SYNC_SECONDS = 0.25
#: The kind of the record that each file begins with; it is no response.
WARCINFO = "warcinfo"
_NOT_MODIFIED_PROFILE = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"


class ArchiveError(Exception):
    """Raised when an index line or a record cannot be read back; names the file and the place."""


@dataclass(frozen=True, slots=True)
class Page:
    """One archived response: the index line.

    `url` is the address that was asked for first, which is what an article is known by; `answered_by` is where
    redirects led, None where they led nowhere. `kind` is listing, feed, sitemap, article, attachment, robots or
    other. `sha256` is of the body as received, before any content decoding; `offset` and `size` are the record's
    place in the file in bytes, `record_sha256` is of those bytes.
    """

    portal: str
    crawl: str
    url: str
    answered_by: str | None
    kind: str
    fetched_at: str
    status: int
    content_type: str
    content_encoding: str
    etag: str | None
    last_modified: str | None
    location: str | None
    sha256: str
    length: int
    file: str
    offset: int
    size: int
    record_sha256: str

    @property
    def page_id(self) -> str:
        """A stable id: the same bytes from the same URL are the same page whenever they were fetched."""
        return hashlib.sha256(f"{self.url}\n{self.status}\n{self.sha256}".encode()).hexdigest()[:16]

    @property
    def final_url(self) -> str:
        """The address that answered: the one whose layout and host the body has."""
        return self.answered_by or self.url

    def to_line(self) -> bytes:
        """Write the index line, closed by a checksum of itself."""
        text = json.dumps({name: getattr(self, name) for name in _NAMES}, ensure_ascii=False)
        return f'{text[:-1]}, "crc32": {zlib.crc32(text.encode())}}}\n'.encode()

    @classmethod
    def from_line(cls, line: bytes) -> "Page":
        """Read an index line; raises ValueError for one that is torn or was changed."""
        said, _, crc = line.rpartition(b', "crc32": ')
        text = said + b"}"
        if not crc.rstrip().endswith(b"}") or int(crc.rstrip()[:-1]) != zlib.crc32(text):
            raise ValueError("its checksum does not fit")
        values: dict[str, Any] = json.loads(text)
        if set(values) != _FIELDS:
            raise ValueError("its fields are not those of a page")
        return cls(**values | {name: sys.intern(values[name]) for name in _SHARED})


_NAMES = tuple(field.name for field in fields(Page))
_FIELDS = set(_NAMES)
#: Of these there are few: in a list of a million pages each is in memory once.
_SHARED = ("portal", "crawl", "kind", "content_type", "content_encoding", "file")


@dataclass(frozen=True, slots=True)
class BadLine:
    """An index line that cannot be read; `torn` if it is the last one, cut short by a crash."""

    where: str
    why: str
    torn: bool


class Pages:
    """Pages that are not in memory: they come anew each time they are gone through, and are counted by going through them once."""

    def __init__(self, each: Callable[[], Iterator[Page]]) -> None:
        """Take what begins to go through them, and yields the same ones each time."""
        self._each = each
        self._count: int | None = None

    def __iter__(self) -> Iterator[Page]:
        """Go through them."""
        return self._each()

    def __len__(self) -> int:
        """Count them."""
        if self._count is None:
            self._count = sum(1 for _ in self)
        return self._count


@dataclass(frozen=True, slots=True)
class Listing:
    """Pages in order, and of each WARC file, by portal and name, how many bytes of its index are listed when these are."""

    pages: Pages | Sequence[Page]
    ends: dict[tuple[str, str], int]


def read_index(index: Path, since: int = 0, until: int | None = None) -> Iterator[tuple[Page | BadLine, int]]:
    """Yield the lines of one index file from one of its bytes to another, each with the place in the file where it ends."""
    end = since
    with index.open("rb") as stream:
        stream.seek(since)
        for number, line in enumerate(stream, start=1):
            if until is not None and end >= until:
                return
            start, end = end, end + len(line)
            if line == b"\n":  # the end of a line that lacked nothing else, and was known
                continue
            try:
                yield Page.from_line(line), end
            except ValueError as error:
                where = f"{index} at byte {start}" if since else f"{index}:{number}"
                yield BadLine(where, str(error), torn=not line.endswith(b"\n")), end


class Archive:
    """One portal's part of the archive. Reading never writes; a writer keeps its pair of files open until `close`.

    Several processes may write at once if each has a `series` of files of its own (0 is the one without a number).
    """

    def __init__(self, root: Path, portal: str, series: int = 0) -> None:
        """Open `root/portal`, which is created on the first write."""
        self.portal = portal
        self._series = f"{portal}-p{series}" if series else portal
        self.folder = root / portal
        self._out: tuple[IO[bytes], IO[bytes]] | None = None
        self._synced = 0.0

    # -- writing ------------------------------------------------------------------------------------------

    def append(
        self,
        *,
        url: str,
        kind: str,
        fetched_at: datetime,
        status: int,
        headers: Iterable[tuple[str, str]],
        body: bytes,
        crawl: str = "",
        answered_by: str | None = None,
    ) -> Page:
        """Write one response to disk, then its index line, and return it."""
        header_list = list(headers)
        lookup = {name.lower(): value for name, value in header_list}
        return self._write(
            _record(answered_by or url, fetched_at, status, header_list, body),
            crawl=crawl,
            url=url,
            answered_by=answered_by,
            kind=kind,
            fetched_at=fetched_at.isoformat(timespec="seconds"),
            status=status,
            content_type=lookup.get("content-type", ""),
            content_encoding=lookup.get("content-encoding", ""),
            etag=lookup.get("etag"),
            last_modified=lookup.get("last-modified"),
            location=lookup.get("location"),
            sha256=hashlib.sha256(body).hexdigest(),
            length=len(body),
        )

    def _write(self, record: bytes, **described: Any) -> Page:
        warc, index = self._files()
        digest = hashlib.sha256(record).hexdigest()
        name = Path(warc.name).name
        page = Page(portal=self.portal, file=name, offset=warc.tell(), size=len(record), record_sha256=digest, **described)
        # The record first: a line in the index promises that its record is there.
        for stream, data in ((warc, record), (index, page.to_line())):
            stream.write(data)
            stream.flush()
        if time.monotonic() - self._synced >= SYNC_SECONDS:
            self._sync()
        return page

    def _sync(self) -> None:
        """Have the system write to the disk what it holds: the record first, as above."""
        for stream in self._out or ():
            os.fdatasync(stream.fileno())
        self._synced = time.monotonic()

    def close(self) -> None:
        """Close the files that are open for writing."""
        self._sync()
        for stream in self._out or ():
            stream.close()
        self._out = None

    def _files(self) -> tuple[IO[bytes], IO[bytes]]:
        if self._out is not None and self._out[0].tell() < ROTATE_BYTES:
            return self._out
        self.close()
        self.folder.mkdir(parents=True, exist_ok=True)
        existing = sorted(self.folder.glob(f"{self._series}-[0-9]*.jsonl"))
        last = existing[-1] if existing else None
        if last is not None and _is_whole(last) and warc_of(last).stat().st_size < ROTATE_BYTES:
            warc_path = warc_of(last)
        else:
            warc_path = self.folder / f"{self._series}-{self._next_number():05d}.warc.gz"
        warc = warc_path.open("ab")
        self._out = (warc, index_of(warc_path).open("ab"))
        if not warc.tell():
            self._describe(warc_path.name)
        return self._out

    def _describe(self, name: str) -> None:
        """Begin a file with the record that says what it is; it has a line in the index too, so that every byte is checked."""
        facts = {"software": "chiso", "format": "WARC File Format 1.1", "robots": "obey"}
        empty = dict.fromkeys(("crawl", "content_type", "content_encoding", "fetched_at", "sha256"), "")
        nothing = dict.fromkeys(("answered_by", "etag", "last_modified", "location"))
        record = _written(lambda writer: writer.create_warcinfo_record(name, facts))
        self._write(record, url=name, kind=WARCINFO, status=0, length=0, **empty, **nothing)

    def _next_number(self) -> int:
        numbers = [int(path.name.split(".")[0].rsplit("-", 1)[1]) for path in self.folder.glob(f"{self.portal}-*.warc.gz")]
        return max(numbers, default=0) + 1

    # -- reading ------------------------------------------------------------------------------------------

    def _indexes(self) -> list[Path]:
        return sorted(self.folder.glob(f"{self.portal}-*.jsonl"))

    def pages(self) -> list[Page]:
        """Return the index lines in order; a torn last line of a file (a crash while writing it) is passed over.

        Lines of one series stay in the order in which they were written, whatever the clock said then; series are merged
        by the moments of fetching.
        """
        return list(self.since({}).pages)

    def since(self, known: Mapping[tuple[str, str], int]) -> Listing:
        """List what the index files hold now behind the bytes of them that are known: files are only ever added to.

        Raises ArchiveError for a file that is shorter than what is known of it; going through the pages, for a line that was changed.
        """
        parts = []
        for index in self._indexes():
            first = known.get((self.portal, warc_of(index).name), 0)
            if (size := index.stat().st_size) < first:
                raise ArchiveError(f"{index}: {size} bytes, {first} were read before: bring it back, or run `chiso rebuild`")
            parts.append((index, first, first if size == first else _end_of(index)))
        new = [(index, first, end) for index, first, end in parts if end > first]
        return Listing(Pages(lambda: _merged(new)), {(self.portal, warc_of(index).name): end for index, _, end in parts})

    def body(self, page: Page) -> bytes:
        """Return a response's body as it was received, checked against its sha256."""
        return self.response(page)[1]

    def response(self, page: Page) -> tuple[list[tuple[str, str]], bytes]:
        """Return a response's headers and body as they were received; raises ArchiveError if they are damaged."""
        path = self.folder / page.file
        try:
            with path.open("rb") as stream:
                stream.seek(page.offset)
                raw = stream.read(page.size)
        except OSError as error:
            raise ArchiveError(f"{path}: {error.strerror}") from error
        if hashlib.sha256(raw).hexdigest() != page.record_sha256:
            raise ArchiveError(f"{path} at {page.offset}: the bytes do not match their sha256 ({page.url})")
        record = next(iter(ArchiveIterator(io.BytesIO(raw))))
        return list(record.http_headers.headers), record.raw_stream.read()

    # -- crawls -------------------------------------------------------------------------------------------

    @property
    def _crawls(self) -> Path:
        return self.folder / "crawls.jsonl"

    def note_crawl(self, crawl: str, what: str, moment: datetime) -> None:
        """Write down that a crawl begins ("begin") or has ended ("end")."""
        self.folder.mkdir(parents=True, exist_ok=True)
        torn = self._crawls.exists() and not self._crawls.read_bytes().endswith(b"\n")
        with self._crawls.open("ab") as out:
            line = {"crawl": crawl, "what": what, "at": moment.isoformat(timespec="seconds")}
            out.write((b"\n" if torn else b"") + json.dumps(line).encode() + b"\n")
            out.flush()
            os.fsync(out.fileno())

    def open_crawl(self, prefix: str) -> tuple[str, datetime] | None:
        """Return the last crawl whose name begins with `prefix` and when it began, if it never came to its end."""
        found: dict[str, datetime] = {}
        for line in self._crawls.read_bytes().split(b"\n") if self._crawls.exists() else ():
            try:
                entry = json.loads(line)
            except ValueError:  # a line torn by a crash: the crawl it speaks of goes on, or begins anew
                continue
            if entry["what"] == "begin" and entry["crawl"].startswith(prefix):
                found[entry["crawl"]] = datetime.fromisoformat(entry["at"])
            elif entry["what"] == "end":
                found.pop(entry["crawl"], None)
        return list(found.items())[-1] if found else None


def _record(url: str, fetched_at: datetime, status: int, headers: list[tuple[str, str]], body: bytes) -> bytes:
    """Build one WARC record: a response, or for "not modified" a revisit, as WARC 1.1 has it."""
    extra = {"WARC-Date": fetched_at.strftime("%Y-%m-%dT%H:%M:%SZ")}
    if status == NOT_MODIFIED:
        extra["WARC-Profile"] = _NOT_MODIFIED_PROFILE
    return _written(
        lambda writer: writer.create_warc_record(
            url,
            "revisit" if status == NOT_MODIFIED else "response",
            payload=io.BytesIO(body),
            length=len(body),  # else warcio spools the body to learn it
            http_headers=StatusAndHeaders(str(status), headers, protocol="HTTP/1.1"),
            warc_headers_dict=extra,
        )
    )


def _written(create: Callable[[WARCWriter], Any]) -> bytes:
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=True, warc_version="WARC/1.1")
    writer.write_record(create(writer))
    return out.getvalue()


def index_of(warc: Path) -> Path:
    """Return the index that belongs to a WARC file."""
    return warc.with_name(warc.name.removesuffix(".warc.gz") + ".jsonl")


def warc_of(index: Path) -> Path:
    """Return the WARC file that an index belongs to."""
    return index.with_suffix(".warc.gz")


def _merged(parts: Iterable[tuple[Path, int, int]]) -> Iterator[Page]:
    """Yield the pages of one portal's index files, of each from one byte to another, in the order of Archive.pages."""
    series: dict[str, list[tuple[Path, int, int]]] = {}
    for part in parts:
        series.setdefault(part[0].stem.rsplit("-", 1)[0], []).append(part)
    return (page for _, page in heapq.merge(*map(_timed, series.values()), key=lambda timed: timed[0]))


def _timed(parts: Iterable[tuple[Path, int, int]]) -> Iterator[tuple[str, Page]]:
    """Yield the lines of a series, each with the latest moment so far."""
    latest = ""
    for index, first, end in parts:
        for line, _ in read_index(index, first, end):
            if isinstance(line, BadLine):
                raise ArchiveError(f"{line.where}: not an index line ({line.why})")
            if line.kind != WARCINFO:
                latest = max(latest, line.fetched_at)
                yield latest, line


def _end_of(index: Path) -> int:
    """Return how many bytes of an index file are whole lines; the last one may lack nothing but its end of line."""
    size = index.stat().st_size
    with index.open("rb") as stream:
        tail, start = b"", size
        while start and b"\n" not in tail:
            start = max(0, start - _TAIL)
            stream.seek(start)
            tail = stream.read(size - start)
    torn = tail[tail.rfind(b"\n") + 1 :]
    try:
        Page.from_line(torn)
    except ValueError:
        return size - len(torn)
    return size


def _is_whole(index: Path) -> bool:
    """Tell whether a pair of files ends with a whole line whose record is the last thing in its WARC."""
    lines = index.read_bytes().split(b"\n")
    if lines[-1] or len(lines) < 2:  # noqa: PLR2004 (a whole line and the nothing behind it)
        return False
    try:
        last = Page.from_line(lines[-2])
    except ValueError:
        return False
    return index.with_name(last.file).stat().st_size == last.offset + last.size


def portals_in(root: Path) -> list[str]:
    """Return the portals that the archive holds something of."""
    return sorted({path.parent.name for path in root.glob("*/*-*.jsonl")})
