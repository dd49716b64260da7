"""Archived pages to rows: articles, claims, and the problems that kept a page from being read."""

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from extract.charset import PageError, decompress
from extract.claims import read_claims
from extract.html import NotAnArticleError
from extract.reader import read_document
from flows.data import DataFolder
from flows.executing import is_cluster, processes, setting, workers
from normalize.claim import Claim
from normalize.cluster import Sketch, sketch
from normalize.statement import claim_id
from spiders.archive import Archive, ArchiveError, Page, portals_in
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


def archived_pages(data: DataFolder) -> list[Page]:
    """Return every archived response, portal by portal, in the order of fetching."""
    return [page for portal in portals_in(data.archive) for page in Archive(data.archive, portal).pages()]


def pages_to_read(pages: Iterable[Page], known: frozenset[str]) -> list[Page]:
    """Return the articles and attachments that no earlier night has read, each page once."""
    fresh = {page.page_id: page for page in pages if page.kind in READ and page.status == _OK and page.page_id not in known}
    return list(fresh.values())


def read_batch(archive: Path, pages: Sequence[Page]) -> list[ReadPage]:
    """Read one batch of pages; a page that cannot be read is a problem of its own, never of the batch."""
    return [_read_page(archive, page) for page in pages]


def read_all(archive: Path, pages: Sequence[Page], *, where: str | None = None) -> list[ReadPage]:
    """Read pages where the setting of flows/executing.py says; few are read here, where starting a pool would take longer."""
    where = where or setting()
    if not pages or (not is_cluster(where) and (processes(where) == 1 or len(pages) <= _BATCH)):
        return read_batch(archive, pages)
    with workers(where, archive) as pool:
        size = max(1, min(_BATCH, math.ceil(len(pages) / (_ROUNDS * pool.count))))
        batches = [pages[i : i + size] for i in range(0, len(pages), size)]
        return [read for group in pool.executor.map(read_batch, [archive] * len(batches), batches) for read in group]


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
    sketched = sketch(article.text, article.author)
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
        "credit": sketched.credit,
        "copies": portal.copies,
    }
    reading = read_claims(article)
    claims = tuple(_claim_row(claim, row) for claim in reading.claims)
    unresolved = tuple({**asdict(item), "article": article_id} for item in reading.unresolved)
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
