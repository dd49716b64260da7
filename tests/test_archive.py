"""The archive: append-only, readable by others, honest about damage."""

import gzip
import io
import json
import random
from datetime import UTC, datetime
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from spiders import archive as module
from spiders.archive import Archive, ArchiveError, Page, portals_in
from spiders.verify import Finding, verify

WHEN = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
HEADERS = [("Content-Type", "text/html; charset=utf-8"), ("ETag", '"x"'), ("Content-Encoding", "gzip")]


def put(archive: Archive, url: str, body: bytes, status: int = 200, **more) -> Page:
    try:
        return archive.append(url=url, kind="article", fetched_at=WHEN, status=status, headers=HEADERS, body=body, **more)
    finally:
        archive.close()


def filled(root: Path, count: int = 20) -> Archive:
    archive = Archive(root, "p")
    for n in range(count):
        put(archive, f"https://a.vn/{n}", f"Hưng Yên xếp thứ {n}. ".encode() * 50)
    return archive


def findings(root: Path) -> list[Finding]:
    return [found for found in verify(root, "p") if isinstance(found, Finding)]


def test_what_goes_in_comes_out_untouched(tmp_path: Path) -> None:
    archive = Archive(tmp_path, "p")
    bodies = [b"\x1f\x8b not really gzip \xff\x00", "Hà Nội".encode(), b""]
    pages = [put(archive, f"https://a.vn/{n}", body) for n, body in enumerate(bodies)]
    assert list(archive.pages()) == pages
    assert [archive.body(page) for page in pages] == bodies
    assert archive.response(pages[0])[0] == HEADERS
    assert (pages[0].etag, pages[0].content_encoding) == ('"x"', "gzip")
    assert portals_in(tmp_path) == ["p"]


def test_any_warc_tool_can_read_it_and_its_digests_hold(tmp_path: Path) -> None:
    archive = Archive(tmp_path, "p")
    put(archive, "https://a.vn/1", b"one")
    put(archive, "https://a.vn/2", b"", status=304)
    raw = (tmp_path / "p" / "p-00001.warc.gz").read_bytes()
    records = [
        (r.rec_type, r.rec_headers.get_header("WARC-Target-URI"), r.rec_headers.get_header("WARC-Date"), r.content_stream().read())
        for r in ArchiveIterator(io.BytesIO(raw), check_digests="raise")
    ]
    assert [kind for kind, *_ in records] == ["warcinfo", "response", "revisit"]
    assert records[1][1:] == ("https://a.vn/1", "2026-11-23T02:00:00Z", b"one")
    assert gzip.decompress(raw).count(b"WARC/1.1\r\n") == 3, "plain gzip reads it too"


def test_nothing_is_ever_rewritten(tmp_path: Path) -> None:
    archive = filled(tmp_path, 1)
    paths = sorted((tmp_path / "p").iterdir())
    before = [path.read_bytes() for path in paths]
    put(Archive(tmp_path, "p"), "https://a.vn/0", b"two")
    after = [path.read_bytes() for path in paths]
    assert all(new.startswith(old) for old, new in zip(before, after, strict=True))
    assert len(list(archive.pages())) == 2


def test_files_are_rotated_and_read_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROTATE_BYTES", 2000)
    archive = filled(tmp_path, 30)
    assert len({page.file for page in archive.pages()}) > 3
    assert [page.url for page in archive.pages()] == [f"https://a.vn/{n}" for n in range(30)]
    assert findings(tmp_path) == []


def test_a_torn_line_loses_only_itself_and_the_next_crawl_begins_a_new_file(tmp_path: Path) -> None:
    first = list(filled(tmp_path, 1).pages())
    with (tmp_path / "p" / "p-00001.jsonl").open("ab") as out:
        out.write(b'{"portal": "p", "url": "https://a.')
    archive = Archive(tmp_path, "p")
    assert list(archive.pages()) == first
    second = put(archive, "https://a.vn/again", b"two")
    assert second.file == "p-00002.warc.gz"
    assert [page.url for page in archive.pages()] == ["https://a.vn/0", "https://a.vn/again"]
    assert [found.what for found in findings(tmp_path)] == ["torn"]


def test_a_torn_record_is_never_written_behind(tmp_path: Path) -> None:
    filled(tmp_path, 2)
    with (tmp_path / "p" / "p-00001.warc.gz").open("ab") as out:
        out.write(b"\x1f\x8b\x08half a record")
    assert put(Archive(tmp_path, "p"), "https://a.vn/again", b"two").file == "p-00002.warc.gz"
    (found,) = findings(tmp_path)
    assert (found.what, "16 bytes" in found.why) == ("torn", True)


@pytest.mark.parametrize("suffix", ["warc.gz", "jsonl"])
def test_every_flipped_byte_is_found(tmp_path: Path, suffix: str) -> None:
    filled(tmp_path, 5)
    path = tmp_path / "p" / f"p-00001.{suffix}"
    whole = path.read_bytes()
    chance = random.Random(7)
    for place in [0, len(whole) - 1, *chance.sample(range(len(whole)), 150)]:
        changed = bytearray(whole)
        changed[place] ^= 1 << chance.randrange(8)
        path.write_bytes(changed)
        assert findings(tmp_path), f"byte {place} of {len(whole)}"
    path.write_bytes(whole)
    assert findings(tmp_path) == []


def test_a_file_that_was_cut_is_found_at_every_length(tmp_path: Path) -> None:
    filled(tmp_path, 3)
    path = tmp_path / "p" / "p-00001.warc.gz"
    whole = path.read_bytes()
    for length in range(0, len(whole), 97):
        path.write_bytes(whole[:length])
        assert findings(tmp_path), length


def test_a_missing_half_of_a_pair_is_damage(tmp_path: Path) -> None:
    filled(tmp_path, 1)
    (tmp_path / "p" / "p-00001.jsonl").rename(tmp_path / "kept")
    assert [found.what for found in findings(tmp_path)] == ["damaged"]
    (tmp_path / "kept").rename(tmp_path / "p" / "p-00001.jsonl")
    (tmp_path / "p" / "p-00001.warc.gz").unlink()
    assert [found.what for found in findings(tmp_path)] == ["damaged"]


def test_a_damaged_record_is_an_error_with_its_place(tmp_path: Path) -> None:
    archive = filled(tmp_path, 1)
    path = tmp_path / "p" / "p-00001.warc.gz"
    (page,) = archive.pages()
    body = bytearray(path.read_bytes())
    body[page.offset + 30] ^= 1
    path.write_bytes(body)
    with pytest.raises(ArchiveError, match=rf"p-00001\.warc\.gz at {page.offset}: .*https://a\.vn/0"):
        archive.body(page)


def test_a_damaged_line_in_the_middle_is_an_error_with_its_place(tmp_path: Path) -> None:
    archive = filled(tmp_path, 3)
    path = tmp_path / "p" / "p-00001.jsonl"
    path.write_bytes(path.read_bytes().replace(b"https://a.vn/1", b"https://a.vn/7", 1))
    with pytest.raises(ArchiveError, match=r"p-00001\.jsonl:3: .*checksum"):
        list(archive.pages())


def test_the_same_bytes_are_the_same_page(tmp_path: Path) -> None:
    archive = Archive(tmp_path, "p")
    a, b, c = put(archive, "https://a.vn/1", b"x"), put(archive, "https://a.vn/1", b"x"), put(archive, "https://a.vn/1", b"x", 404)
    assert a.page_id == b.page_id != c.page_id


def test_an_article_is_known_by_the_address_that_was_asked_for(tmp_path: Path) -> None:
    page = put(Archive(tmp_path, "p"), "https://cu.gov.vn/1", b"x", answered_by="https://moi.gov.vn/1")
    assert (page.url, page.final_url) == ("https://cu.gov.vn/1", "https://moi.gov.vn/1")


def test_an_interrupted_crawl_is_known_and_a_finished_one_is_not(tmp_path: Path) -> None:
    archive = Archive(tmp_path, "p")
    assert archive.open_crawl("night-") is None
    archive.note_crawl("night-1", "begin", WHEN)
    assert archive.open_crawl("night-") == ("night-1", WHEN)
    assert archive.open_crawl("backfill-") is None
    with (tmp_path / "p" / "crawls.jsonl").open("ab") as out:
        out.write(b'{"crawl": "night-1", "wh')  # killed while it was written
    archive.note_crawl("night-1", "end", WHEN)
    assert archive.open_crawl("night-") is None


def test_an_index_line_says_what_a_reader_of_the_archive_needs(tmp_path: Path) -> None:
    filled(tmp_path, 1)
    line = json.loads((tmp_path / "p" / "p-00001.jsonl").read_text().splitlines()[1])
    assert {"url", "answered_by", "kind", "fetched_at", "status", "sha256", "file", "offset", "size", "record_sha256", "crawl"} <= set(line)
