"""Commands on portals and their archive: try one, freeze a page for the tests, verify every byte."""

import json
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from extract.article import Article
from extract.charset import PageError, decompress
from extract.claims import read_claims
from extract.html import read_page
from extract.reader import read_document
from flows.crawling import crawl_portal
from flows.data import DataFolder
from flows.progress import Progress
from flows.writing import write_whole
from spiders.archive import Archive, ArchiveError, Page, portals_in
from spiders.judge import CrawlCounts
from spiders.portal import load_portal, portal_of
from spiders.verify import Finding, verify

DONE, FINDINGS, WRONG_USAGE = 0, 1, 2
_OK = 200


class FreezeError(Exception):
    """Raised by `freeze_page` when the page could not be had or read; says why."""


@contextmanager
def _tried(name: str, more: Sequence[str], *, sample: bool) -> Iterator[tuple[CrawlCounts, Archive, list[Page]]]:
    """Crawl into a folder that is thrown away."""
    from flows.sample import any_web  # noqa: PLC0415 (not part of a real crawl)

    with tempfile.TemporaryDirectory() as folder:
        data = DataFolder(Path(folder))
        data.prepare()
        with any_web(sample=sample) as proxy:
            counts = crawl_portal(name, data, proxy=proxy, fast=sample, more=more)
        archive = Archive(data.archive, Path(name).stem)
        yield counts, archive, archive.pages()


def check_portal(name: str, *, requests: int, sample: bool) -> int:
    """Crawl a few pages of a portal and print what was found and read; return 1 if anything is not as it should be."""
    portal = load_portal(name)
    out = sys.stdout
    with _tried(name, ["--budget", str(requests)], sample=sample) as (counts, archive, pages):
        out.write(f"{portal.name}  {portal.title}  {portal.home}\n\n")
        for page in pages:
            out.write(f"  {page.status}  {page.kind:<10} {page.final_url}\n")
        unfit = 0
        for page in pages:
            if page.kind != "article" or page.status != _OK:
                continue
            try:
                article = _read(archive, page, portal.place)
            except PageError as error:
                unfit += 1
                out.write(f"\n{page.url}\n  not read: {error}\n")
                continue
            unfit += article.reader == "generic"
            rows = {
                "title": article.title,
                "published": f"{article.published_at or article.published} ({article.published_reason})",
                "author": article.author,
                "layout": article.reader,
                "text": f"{len(article.text)} characters, {len(article.tables)} tables",
                "begins": _line(article, 1),
                "ends": _line(article, -1),
                "claims": len(read_claims(article).claims),
            }
            out.write(f"\n{page.url}\n" + "".join(f"  {name:<10} {value}\n" for name, value in rows.items()))
    out.write(f"\n{counts.state}: {counts.reason}; {unfit} pages fit no layout\n")
    return DONE if counts.state in {"complete", "incomplete"} and counts.new and not unfit else FINDINGS


def _line(article: Article, place: int) -> str:
    lines = article.text.strip().split("\n")
    return lines[min(place, len(lines) - 1)][:120]


def _read(archive: Archive, page: Page, place: str | None) -> Article:
    body = decompress(archive.body(page), page.content_encoding)
    day = datetime.fromisoformat(page.fetched_at).date()
    return read_document(
        body, article_id=page.url, kind="html", url=page.final_url, content_type=page.content_type, fetched=day, home=place
    )


def freeze_page(url: str, folder: Path, *, sample: bool) -> list[Path]:
    """Fetch one page of a declared portal and write it with a drafted golden result; return the two files.

    Raises FreezeError when the URL is of no portal, or the page could not be fetched or read.
    """
    portal = portal_of(url)
    if portal is None:
        raise FreezeError(f"{urlsplit(url).hostname}: no declared portal has this host (see `chiso portals`)")
    with _tried(portal.name, ["--only", url], sample=sample) as (counts, archive, pages):
        found = [page for page in pages if page.kind == "article" and page.status == _OK]
        if not found:
            statuses = ", ".join(str(page.status) for page in pages if page.kind == "article")
            raise FreezeError(f"{url}: not fetched ({statuses or counts.reason})")
        body = decompress(archive.body(found[0]), found[0].content_encoding)
        content_type = found[0].content_type
    today = datetime.now(UTC).date()
    try:
        golden = golden_of(body, url, today, content_type)
    except PageError as error:
        raise FreezeError(f"{url}: {error}") from error
    stem = re.sub(r"[^A-Za-z0-9]+", "-", urlsplit(url).path).strip("-")[-60:] or "article"
    page_file, golden_file = folder / portal.name / f"{stem}.html", folder / portal.name / f"{stem}.json"
    page_file.parent.mkdir(parents=True, exist_ok=True)
    page_file.write_bytes(body)
    write_whole(golden_file, [json.dumps({"reviewed": False, **golden}, ensure_ascii=False, indent=1) + "\n"])
    return [page_file, golden_file]


def golden_of(body: bytes, url: str, fetched: date, content_type: str = "") -> dict[str, Any]:
    """Return what is read from a page, as a golden result has it."""
    article = read_page(body, article_id="frozen", url=url, fetched=fetched, content_type=content_type)
    charset = {"content_type": content_type} if content_type else {}
    return {"url": url, "fetched": str(fetched), **charset, **article.to_json()}


def show_page(data: DataFolder, page_id: str, out: IO[bytes]) -> None:
    """Write the body of an archived page, decompressed and otherwise untouched; raises ArchiveError where there is none."""
    for name in portals_in(data.archive):
        archive = Archive(data.archive, name)
        for page in archive.pages():
            if page.page_id == page_id:
                out.write(decompress(archive.body(page), page.content_encoding))
                return
    raise ArchiveError(f"{data.archive}: no page {page_id}; the report and the table pages have the ids")


def verify_archive(data: DataFolder, portals: Sequence[str]) -> int:
    """Check every byte and print what is not whole; return 1 if there is any, 2 if there is no such archive."""
    names = list(portals) or portals_in(data.archive)
    missing = [name for name in names if not (data.archive / name).is_dir()]
    if missing or not names:
        sys.stderr.write(
            f"chiso: {data.archive}: no archive{' of ' + ', '.join(missing) if missing else ''}; give the data folder with --data\n"
        )
        return WRONG_USAGE
    whole = findings = size = 0
    with Progress() as progress:
        for name in progress.track("verify", names, len(names)):
            for found in verify(data.archive, name):
                if isinstance(found, Finding):
                    findings += 1
                    sys.stdout.write(json.dumps({"portal": name, **asdict(found)}, ensure_ascii=False) + "\n")
                else:
                    whole += 1
                    size += found.size
    sys.stdout.write(f"{whole} records whole ({size / 2**20:.1f} MB) in {len(names)} portals, {findings} findings\n")
    return FINDINGS if findings else DONE
