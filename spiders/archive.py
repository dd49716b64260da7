"""The archive: every response untouched, append-only, in WARC 1.1 with a line of index each.

    archive/<portal>/<portal>-00001.warc.gz   the records, one gzip member each (readable by any WARC tool)
    archive/<portal>/index.jsonl              one line a response: what, when, where in which file

A response counts once its index line is whole: a crash between the two leaves an unlisted record, never
a listed one that is not there. Nothing is rewritten.
"""

import hashlib
import io
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from warcio.archiveiterator import ArchiveIterator
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

#: A file is closed at this size, so that none grows too large to copy or check.
ROTATE_BYTES = 256 * 1024 * 1024


class ArchiveError(Exception):
    """Raised when an index line or a record cannot be read back; names the file and the place."""


@dataclass(frozen=True, slots=True)
class Page:
    """One archived response: the index line.

    `kind` is listing, feed, sitemap, article, attachment, robots or other; `sha256` is of the body as received, before any
    content decoding; `offset` is the record's place in the file in bytes.
    """

    portal: str
    url: str
    kind: str
    fetched_at: str
    status: int
    content_type: str
    content_encoding: str
    etag: str | None
    last_modified: str | None
    sha256: str
    length: int
    file: str
    offset: int

    @property
    def page_id(self) -> str:
        """A stable id: the same bytes from the same URL are the same page whenever they were fetched."""
        return hashlib.sha256(f"{self.url}\n{self.status}\n{self.sha256}".encode()).hexdigest()[:16]


class Archive:
    """One portal's part of the archive."""

    def __init__(self, root: Path, portal: str) -> None:
        """Open (and create on first write) `root/portal`."""
        self.portal = portal
        self.folder = root / portal
        self.index = self.folder / "index.jsonl"

    def append(self, *, url: str, kind: str, fetched_at: datetime, status: int, headers: Iterable[tuple[str, str]], body: bytes) -> Page:
        """Write one response to disk, then its index line, and return it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        header_list = list(headers)
        lookup = {name.lower(): value for name, value in header_list}
        file = self._current_file()
        with file.open("ab") as out:
            offset = out.tell()
            writer = WARCWriter(out, gzip=True, warc_version="WARC/1.1")
            record = writer.create_warc_record(
                url,
                "response",
                payload=io.BytesIO(body),
                http_headers=StatusAndHeaders(str(status), header_list, protocol="HTTP/1.1"),
                warc_headers_dict={"WARC-Date": fetched_at.strftime("%Y-%m-%dT%H:%M:%SZ")},
            )
            writer.write_record(record)
            record.raw_stream.close()  # warcio spools the body to compute its digests, and leaves that open
            out.flush()
            os.fsync(out.fileno())
        page = Page(
            portal=self.portal,
            url=url,
            kind=kind,
            fetched_at=fetched_at.isoformat(timespec="seconds"),
            status=status,
            content_type=lookup.get("content-type", ""),
            content_encoding=lookup.get("content-encoding", ""),
            etag=lookup.get("etag"),
            last_modified=lookup.get("last-modified"),
            sha256=hashlib.sha256(body).hexdigest(),
            length=len(body),
            file=file.name,
            offset=offset,
        )
        with self.index.open("a", encoding="utf-8") as out_index:
            out_index.write(json.dumps(asdict(page), ensure_ascii=False) + "\n")
            out_index.flush()
            os.fsync(out_index.fileno())
        return page

    def _current_file(self) -> Path:
        existing = sorted(self.folder.glob(f"{self.portal}-*.warc.gz"))
        if existing and existing[-1].stat().st_size < ROTATE_BYTES:
            return existing[-1]
        return self.folder / f"{self.portal}-{len(existing) + 1:05d}.warc.gz"

    def pages(self) -> Iterator[Page]:
        """Yield the index lines in order; a torn last line (a crash while writing it) is passed over."""
        if not self.index.exists():
            return
        lines = self.index.read_bytes().split(b"\n")
        for number, line in enumerate(lines, start=1):
            if not line:
                continue
            try:
                yield Page(**json.loads(line))
            except (ValueError, TypeError) as error:
                if number == len(lines):
                    return
                raise ArchiveError(f"{self.index}:{number}: not an index line ({error})") from error

    def body(self, page: Page) -> bytes:
        """Return a response's body as it was received, checked against its sha256."""
        path = self.folder / page.file
        with path.open("rb") as stream:
            stream.seek(page.offset)
            record = next(iter(ArchiveIterator(stream, no_record_parse=False)), None)
            body = record.raw_stream.read() if record is not None else b""
        if hashlib.sha256(body).hexdigest() != page.sha256:
            raise ArchiveError(f"{path} at {page.offset}: the bytes do not match their sha256 ({page.url})")
        return body


def portals_in(root: Path) -> list[str]:
    """Return the portals that the archive holds something of."""
    return sorted(path.parent.name for path in root.glob("*/index.jsonl"))
