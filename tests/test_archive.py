"""The archive: append-only, readable by others, honest about damage."""

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from spiders.archive import Archive, ArchiveError, Page, portals_in

WHEN = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def put(archive: Archive, url: str, body: bytes, status: int = 200) -> Page:
    headers = [("Content-Type", "text/html; charset=utf-8"), ("ETag", '"x"'), ("Content-Encoding", "gzip")]
    return archive.append(url=url, kind="article", fetched_at=WHEN, status=status, headers=headers, body=body)


def test_what_goes_in_comes_out_untouched(tmp_path: Path) -> None:
    archive = Archive(tmp_path, "p")
    bodies = [b"\x1f\x8b not really gzip \xff\x00", "Hà Nội".encode(), b""]
    pages = [put(archive, f"https://a.vn/{n}", body) for n, body in enumerate(bodies)]
    assert list(archive.pages()) == pages
    assert [archive.body(page) for page in pages] == bodies
    assert (pages[0].etag, pages[0].content_encoding) == ('"x"', "gzip")
    assert portals_in(tmp_path) == ["p"]


def test_any_warc_tool_can_read_it(tmp_path: Path) -> None:
    archive = Archive(tmp_path, "p")
    put(archive, "https://a.vn/1", b"one")
    put(archive, "https://a.vn/2", b"two")
    records = list(ArchiveIterator(io.BytesIO((tmp_path / "p" / "p-00001.warc.gz").read_bytes())))
    assert [r.rec_headers.get_header("WARC-Target-URI") for r in records] == ["https://a.vn/1", "https://a.vn/2"]
    assert records[0].rec_headers.get_header("WARC-Date") == "2026-11-23T02:00:00Z"


def test_nothing_is_ever_rewritten(tmp_path: Path) -> None:
    archive = Archive(tmp_path, "p")
    put(archive, "https://a.vn/1", b"one")
    before = (tmp_path / "p" / "p-00001.warc.gz").read_bytes(), archive.index.read_bytes()
    put(archive, "https://a.vn/1", b"two")
    after = (tmp_path / "p" / "p-00001.warc.gz").read_bytes(), archive.index.read_bytes()
    assert all(new.startswith(old) for old, new in zip(before, after, strict=True))


def test_a_torn_last_line_loses_only_itself(tmp_path: Path) -> None:
    archive = Archive(tmp_path, "p")
    first = put(archive, "https://a.vn/1", b"one")
    with archive.index.open("ab") as out:
        out.write(b'{"portal": "p", "url": "https://a.')
    assert list(archive.pages()) == [first]


def test_a_flipped_byte_is_found(tmp_path: Path) -> None:
    archive = Archive(tmp_path, "p")
    page = put(archive, "https://a.vn/1", b"one" * 1000)
    broken = Page(**{**{f: getattr(page, f) for f in page.__dataclass_fields__}, "sha256": "0" * 64})
    with pytest.raises(ArchiveError, match="do not match"):
        archive.body(broken)


def test_a_damaged_line_in_the_middle_is_an_error_with_its_place(tmp_path: Path) -> None:
    archive = Archive(tmp_path, "p")
    put(archive, "https://a.vn/1", b"one")
    archive.index.write_bytes(b"nonsense\n" + archive.index.read_bytes())
    with pytest.raises(ArchiveError, match=r"index\.jsonl:1"):
        list(archive.pages())


def test_the_same_bytes_are_the_same_page(tmp_path: Path) -> None:
    archive = Archive(tmp_path, "p")
    a, b, c = put(archive, "https://a.vn/1", b"x"), put(archive, "https://a.vn/1", b"x"), put(archive, "https://a.vn/1", b"x", 404)
    assert a.page_id == b.page_id != c.page_id
