"""Archived pages to rows: articles, claims, and the problems that kept a page from being read."""

import hashlib
import math
import pickle
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Future
from contextlib import nullcontext, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import chain, groupby
from pathlib import Path
from typing import Any, TypeAlias

from backports import zstd

from extract.charset import PageError, decompress
from extract.claims import read_claims
from extract.html import NotAnArticleError
from extract.reader import read_document
from flows.batches import in_batches
from flows.data import DataFolder
from flows.executing import Workers, apart, code_version, is_cluster, processes, setting, workers
from normalize.claim import Claim
from normalize.cluster import Sketch, credit_of, sketch
from normalize.statement import claim_id
from spiders.archive import Archive, ArchiveError, Listing, Page, Pages, portals_in
from spiders.portal import load_portal

_OK = 200
#: So many pages are read at once at most, and each worker gets so many batches: none waits long for the last one.
_BATCH, _ROUNDS = 200, 4
#: Kinds of pages that hold articles.
READ = ("article", "attachment")


@dataclass(frozen=True, slots=True)
class ReadPage:
    """What one archived page gave: rows for the tables, or the problem that kept it from being read."""

    page: Page
    article: dict[str, Any] | None
    claims: tuple[dict[str, Any], ...]
    unresolved: tuple[dict[str, Any], ...]
    sketch: Sketch | None
    problem: str | None
    kind: str = "unreadable"


#: Batches that workers read, each with the file for what is read.
_UnderWay: TypeAlias = deque[tuple[Path, Sequence[Page], Future[list[ReadPage]]]]


def archived_pages(data: DataFolder, known: Mapping[tuple[str, str], int] | None = None) -> Listing:
    """List every archived response behind what is known, portal by portal, in the order of fetching."""
    listings = [Archive(data.archive, portal).since(known or {}) for portal in portals_in(data.archive)]
    ends = {place: end for listing in listings for place, end in listing.ends.items()}
    return Listing(Pages(lambda: chain.from_iterable(listing.pages for listing in listings)), ends)


def pages_to_read(pages: Iterable[Page]) -> Iterator[Page]:
    """Yield the articles and attachments among pages, each page of a portal once, as it was fetched first."""
    for _, of_portal in groupby(pages, key=lambda page: page.portal):
        seen: set[str] = set()
        for page in of_portal:
            if page.kind in READ and page.status == _OK and (page_id := page.page_id) not in seen:
                seen.add(page_id)
                yield page


def read_batch(archive: Path, pages: Sequence[Page]) -> list[ReadPage]:
    """Read one batch of pages; a page that cannot be read is a problem of its own, never of the batch."""
    return [_read_page(archive, page) for page in pages]


def read_into(folder: Path, archive: Path, pages: Pages | Sequence[Page], *, where: str | None = None) -> list[Path]:
    """Read pages into files of a folder, and return these in the order of the pages; `read_back` gives their contents.

    A batch that is there already is not read again: its name is a hash of its pages and of the code that reads, so that a
    night which was broken off goes on where it stopped. No more batches than the workers can do are under way at once. If a
    worker is killed (the system may take its memory) what was under way is read again, apart.
    """
    where = where or setting()
    folder.mkdir(parents=True, exist_ok=True)
    is_small = not is_cluster(where) and (processes(where) == 1 or len(pages) <= _BATCH)
    paths = []
    with nullcontext(Workers(None, 1)) if is_small else workers(where, archive) as pool:
        size = max(1, min(_BATCH, math.ceil(len(pages) / (_ROUNDS * pool.count))))
        under_way: _UnderWay = deque()
        with suppress(pool.killed):
            for batch in _batches(pages, size):
                paths.append(path := folder / f"{_name(batch)}.zst")
                if path.exists():
                    continue
                if pool.executor is None:
                    _keep(path, read_batch(archive, batch))
                    continue
                under_way.append((path, batch, pool.executor.submit(read_batch, archive, batch)))
                if len(under_way) >= _ROUNDS * pool.count:
                    _keep_next(under_way)
            while under_way:
                _keep_next(under_way)
    if under_way:  # a worker was killed, and those beside it may have been
        for path, some, _ in under_way:
            _keep(path, _read_apart(archive, some))
        return read_into(folder, archive, pages, where=where)
    return paths


def _keep_next(under_way: _UnderWay) -> None:
    path, _, future = under_way[0]
    _keep(path, future.result())
    under_way.popleft()


def _read_apart(archive: Path, pages: Sequence[Page]) -> list[ReadPage]:
    """Read pages in a process of their own. If that is killed they are halved, until what kills it is known: a problem of one page."""
    try:
        with apart(1) as pool:
            return pool.submit(read_batch, archive, pages).result()
    except BrokenExecutor:
        if len(pages) == 1:
            return [ReadPage(pages[0], None, (), (), None, "the process that read it was killed, also when it read nothing else")]
    half = len(pages) // 2
    return _read_apart(archive, pages[:half]) + _read_apart(archive, pages[half:])


def read_back(paths: Iterable[Path]) -> Iterator[ReadPage]:
    """Yield what `read_into` has written, a batch in memory at a time. The files are our own: the folder must be nobody else's."""
    for path in paths:
        yield from pickle.loads(zstd.decompress(path.read_bytes()))  # noqa: S301 (as said)


def _keep(path: Path, read: list[ReadPage]) -> None:
    beside = path.with_suffix(".writing")
    beside.write_bytes(zstd.compress(pickle.dumps(read, protocol=5), level=1))
    beside.replace(path)


def _batches(pages: Iterable[Page], size: int) -> Iterator[list[Page]]:
    """Yield batches of one portal each: news on one of them leaves the batches of the others as they were."""
    for _, of_portal in groupby(pages, key=lambda page: page.portal):
        yield from in_batches(of_portal, size)


def _name(batch: Sequence[Page]) -> str:
    return hashlib.sha256("\n".join((code_version(), *(page.page_id for page in batch))).encode()).hexdigest()[:32]


def _read_page(archive: Path, page: Page) -> ReadPage:
    # The layout is that of the site that answered; who published it is whoever was asked.
    portal = load_portal(page.portal)
    try:
        body = decompress(Archive(archive, page.portal).body(page), page.content_encoding)
        article = read_document(
            body,
            article_id=page.page_id,
            kind="pdf" if "pdf" in page.content_type else "html",
            url=page.final_url,
            content_type=page.content_type,
            fetched=datetime.fromisoformat(page.fetched_at).date(),
            home=portal.place,
        )
    except NotAnArticleError as error:
        return ReadPage(page, None, (), (), None, str(error), str(error).split(":", 1)[0])
    except (PageError, ArchiveError) as error:
        return ReadPage(page, None, (), (), None, str(error))
    article_id = hashlib.sha256(f"{page.url}\n{article.text}".encode()).hexdigest()[:16]
    row = {
        "article_id": article_id,
        "url": page.url,
        "source": portal.host,
        "page_id": page.page_id,
        "title": article.title,
        "published": article.published,
        "published_at": article.published_at,
        "published_reason": article.published_reason,
        "author": article.author,
        "home": article.home,
        "text": article.text,
        "reader": article.reader,
        "credit": credit_of(article.text, article.author),
        "copies": portal.copies,
    }
    reading = read_claims(article)
    claims = tuple(_claim_row(claim, row) for claim in reading.claims)
    unresolved = tuple({**asdict(item), "article": article_id} for item in reading.unresolved)
    # Whether an article without figures is a copy is asked by nobody.
    sketched = sketch(article.text, article.author) if claims else None
    return ReadPage(page, row, claims, unresolved, sketched, None)


def _claim_row(claim: Claim, article: dict[str, Any]) -> dict[str, Any]:
    row = {
        **claim.to_json(),
        "article": article["article_id"],
        "source": article["source"],
        "url": article["url"],
        "published": article["published"],
    }
    printed = claim.value
    row["value_text"] = None if printed is None else str(printed)
    row["value"] = None if printed is None or isinstance(printed, str) else float(printed)
    row["value_high"] = None if claim.value_high is None else float(claim.value_high)
    row["claim_id"] = claim_id({**row, "value": row["value_text"]})
    return row
