"""What the archive holds, and what the warehouse knows of it: new pages, and which version of an article is the current one.

A night looks only at what was archived since, and at the addresses of that; it ends as a rebuild would.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import fields
from datetime import datetime
from typing import Any

import duckdb

from flows.batches import in_batches
from flows.data import DataFolder
from flows.reading import READ, archived_pages, pages_to_read
from spiders.archive import NOT_MODIFIED, Listing, Page, Pages
from spiders.page_class import SOFT_404
from warehouse.query import connect, is_published
from warehouse.store import append, make_room, refuse_broken, replace

#: So many pages are in memory as rows at once, and the versions at so many addresses are looked at in one go.
_AT_ONCE, _MARKED = 20_000, 200_000
_NOT_OF_PAGE = {"fetched_at", "etag", "last_modified", "content_encoding", "size", "record_sha256"}
#: What the table `pages` has of an archived page as it is.
_OF_PAGE = tuple(field.name for field in fields(Page) if field.name not in _NOT_OF_PAGE)
#: Several crawlers of a portal have a series of files each; in a series, pages stand as they were fetched.
_SERIES = r"regexp_replace(file, '-\d+\.warc\.gz$', '')"
_ORDERED = f"""
select portal, file, "offset", {_SERIES} as series,
       max(fetched_at) over (partition by portal, {_SERIES} order by file, "offset") as at from {{pages}}
"""
_ORDER_STANDING = f"""
update pages set ordered_at = o.at from ({_ORDERED.format(pages="pages")}) o
where pages.ordered_at is null and pages.portal = o.portal and pages.file = o.file and pages."offset" = o."offset"
"""
_ADD_FRESH = f"""
insert into pages by name
with latest as (select portal, {_SERIES} as series, max(ordered_at) as before from pages where portal in (select portal from noting) group by all)
select f.*, greatest(o.at, l.before) as ordered_at
from noting f anti join pages using (portal, file, "offset") join ({_ORDERED.format(pages="noting")}) o using (portal, file, "offset")
left join latest l on l.portal = o.portal and l.series = o.series
"""
#: Whether each article at some of the addresses in `fresh` is the newest version there, and whether its address is gone.
#: A server that fails tonight, or shows a wall, has taken nothing back.
_MARKS = f"""
with answers as (
  select url, article_id, row(portal, ordered_at, file, "offset") as place,
         status in (404, 410) or page_id in (select article from problems where kind = '{SOFT_404}') as is_gone,
         status = {NOT_MODIFIED} or (status = 200 and article_id is not null) as is_there
  from pages where kind in {READ} and status not in (301, 302, 303, 307, 308)
    and url in (select url from fresh where hash(url) % $parts = $part)),
addresses as (
  select url, arg_max(article_id, place) filter (article_id is not null) as newest,
         coalesce(arg_max(is_gone, place) filter (is_gone or is_there), false) as gone
  from answers group by url)
select a.article_id, coalesce(d.newest = a.article_id, false) as current, d.gone from articles a join addresses d using (url)
"""


def news_of(data: DataFolder, *, afresh: bool = False) -> tuple[Listing, Pages]:
    """List what the archive holds that the published warehouse does not know, and which pages of that are still to be read.

    `afresh` takes all for unknown.
    """
    if afresh or not is_published(data.warehouse):
        listing = archived_pages(data)
        return listing, Pages(lambda: pages_to_read(listing.pages))
    with connect(data.warehouse) as connection:
        # A warehouse of before this was kept knows nothing of files, but which pages were read.
        is_kept = connection.execute("select 1 from duckdb_tables() where table_name = 'listed'").fetchall()
        kept = connection.execute("select portal, file, bytes from listed").fetchall() if is_kept else []
    listing = archived_pages(data, {(portal, file): end for portal, file, end in kept})
    return listing, Pages(lambda: _unread(data, listing.pages))


def _unread(data: DataFolder, listed: Iterable[Page]) -> Iterator[Page]:
    """Yield the pages to read that the warehouse has neither read nor found unreadable."""
    with connect(data.warehouse) as connection:
        for some in in_batches(pages_to_read(listed), _AT_ONCE):
            rows = connection.execute(
                "with asked as (select unnest(?::varchar[]) as page_id) "
                "select page_id from asked semi join pages p on p.page_id = asked.page_id and p.article_id is not null "
                "union select page_id from asked semi join problems on article = page_id",
                [[page.page_id for page in some]],
            ).fetchall()
            known = {page_id for (page_id,) in rows}
            yield from (page for page in some if page.page_id not in known)


def note_pages(connection: duckdb.DuckDBPyConnection, listing: Listing) -> int:
    """Add pages that are not there yet, and how far each file is known; return how many pages were new.

    The temp table `given` has the articles that were read tonight (article_id), by the ids of their pages (page_id). Makes the
    temp table `fresh` of the addresses of all that is listed.
    """
    run = connection.execute
    if run("select 1 from pages where ordered_at is null limit 1").fetchall():  # noted before this was kept
        run(_ORDER_STANDING)
    run("create or replace temp table fresh (url varchar)")
    new = 0
    for some in in_batches(listing.pages, _AT_ONCE):
        run("create or replace temp table noting as select * exclude (ordered_at) from pages limit 0")
        append(connection, "noting", [_row(page) for page in some])
        # A page that came again as it was is not read again.
        for read in ("given", "pages"):
            run(
                f"update noting set article_id = k.article_id "
                f"from (select page_id, article_id from {read} semi join noting using (page_id) where article_id is not null) k "
                "where noting.article_id is null and noting.page_id = k.page_id"
            )
        ((added,),) = run(_ADD_FRESH).fetchall()
        refuse_broken(connection, "pages", "noting")
        new += added
        run("insert into fresh select distinct url from noting")
        if len(some) == _AT_ONCE:
            make_room(connection)
    replace(connection, "listed", [{"portal": portal, "file": file, "bytes": end} for (portal, file), end in listing.ends.items()])
    return new


def _row(page: Page) -> dict[str, Any]:
    own = {"page_id": page.page_id, "fetched_at": datetime.fromisoformat(page.fetched_at)}
    return {name: getattr(page, name) for name in _OF_PAGE} | own


def mark_versions(connection: duckdb.DuckDBPyConnection) -> None:
    """Mark of each URL in `fresh` the newest version as current, older ones' claims as superseded, a vanished URL as gone.

    Makes the temp table `turned` of the articles that are current and were not, or were and are no more.
    """
    run = connection.execute
    ((count,),) = run("select count(*) from fresh").fetchall()
    parts = max(1, math.ceil(count / _MARKED))
    run("create or replace temp table turned (article_id varchar)")
    for part in range(parts):
        run(f"create or replace temp table marks as {_MARKS}", {"parts": parts, "part": part})
        run("insert into turned select article_id from articles a join marks m using (article_id) where a.current <> m.current")
        # Only what differs is written: an update of all would write each article anew.
        run(
            "update articles set current = m.current, gone = m.gone from marks m "
            "where articles.article_id = m.article_id and (articles.current <> m.current or articles.gone <> m.gone)"
        )
        run(
            "update claims set superseded = not m.current from marks m "
            "where claims.article = m.article_id and superseded <> (not m.current)"
        )
