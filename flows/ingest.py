"""What was read goes into the tables, so many pages at a time: a night of a million pages takes no more memory than one of a thousand."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import duckdb

from flows.batches import in_batches
from flows.copying import cluster_articles
from flows.listing import mark_versions, note_pages
from flows.reading import ReadPage
from normalize.grouping import COLUMNS, row_of
from normalize.ledger import made_by_these_rules
from normalize.statement import read_statement
from spiders.archive import Listing
from warehouse.store import add, append, make_room

#: So many pages, or claims, are in memory at once.
_AT_ONCE = 5_000
_SKETCHED = ("figures", "whole", "n_figures", "n_whole")
_COMPARABLE = frozenset(COLUMNS) - {"article", "source", "kind", "url", "published", "cluster", "evidence"}

#: The claims that are not comparable yet, each with its number and the day on which its article was read first.
_ARRIVED = """
create or replace temp table arrived as
with missing as (select claim_id, article from claims anti join comparable using (claim_id)),
seen as (select article_id, min(fetched_at)::date as seen from pages where article_id in (select article from missing) group by all)
select claim_id, seen, row_number() over (order by claim_id) - 1 as number from missing left join seen on article_id = article
"""


class Ingest:
    """The new articles and claims of a night, put into its tables; counts what came of each portal."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        # The article of each page that was read tonight: pages of the same text share one.
        connection.execute("create or replace temp table given (page_id varchar, article_id varchar)")
        self.articles_new = self.claims_new = 0
        #: Of each portal, how many articles were read, with how many claims, and how many fit no layout.
        self.articles: Counter[str] = Counter()
        self.claims: Counter[str] = Counter()
        self.generic: Counter[str] = Counter()

    def take(self, read: Iterable[ReadPage]) -> None:
        """Take all that was read, in its order: of two pages with the same text the first one gives the article."""
        for some in in_batches(read, _AT_ONCE):
            self._take(some)
            if len(some) == _AT_ONCE:
                make_room(self._connection)

    def _take(self, read: Sequence[ReadPage]) -> None:
        articles: dict[str, dict[str, Any]] = {}
        sketches: dict[str, dict[str, Any]] = {}
        claims: dict[str, dict[str, Any]] = {}
        unresolved: dict[tuple[str, int], dict[str, Any]] = {}
        problems, given = [], []
        for one in read:
            if one.problem:
                problems.append({"article": one.page.page_id, "url": one.page.url, "kind": one.kind, "what": one.problem})
            for item in one.unresolved:
                unresolved.setdefault((item["article"], item["start"]), item)
            for claim in one.claims:
                claims.setdefault(claim["claim_id"], {**claim, "superseded": False})
            if one.article:
                article_id = one.article["article_id"]
                given.append({"page_id": one.page.page_id, "article_id": article_id})
                articles.setdefault(article_id, {**one.article, "cluster": article_id, "current": True, "gone": False})
                if one.sketch:
                    sketches.setdefault(article_id, {"article_id": article_id} | {name: getattr(one.sketch, name) for name in _SKETCHED})
                self.articles[one.page.portal] += 1
                self.claims[one.page.portal] += len(one.claims)
                self.generic[one.page.portal] += one.article["reader"] == "generic"
        self.articles_new += add(self._connection, "articles", list(articles.values()))
        add(self._connection, "sketches", list(sketches.values()))
        self.claims_new += add(self._connection, "claims", list(claims.values()))
        add(self._connection, "problems", problems)
        add(self._connection, "unresolved", list(unresolved.values()))
        append(self._connection, "given", given)

    def finish(self, listing: Listing) -> int:
        """Note the pages, mark what is superseded or gone, make all claims comparable, find copies; return how many pages are new."""
        new = note_pages(self._connection, listing)
        mark_versions(self._connection)
        _complete(self._connection)
        cluster_articles(self._connection)
        return new


def _complete(connection: duckdb.DuckDBPyConnection) -> None:
    """Bring claims that are not yet comparable to that form: tonight's, and all if the rules have changed.

    Makes the temp table `arrived` of them.
    """
    if not made_by_these_rules(connection):
        connection.execute("delete from comparable")
        connection.execute("update articles set cluster = article_id where cluster <> article_id")
    connection.execute(_ARRIVED)
    ((count,),) = connection.execute("select count(*) from arrived").fetchall()
    for first in range(0, count, _AT_ONCE):
        cursor = connection.execute(
            "select c.*, s.place, a.seen from claims c join sources s on s.source = c.source join arrived a on a.claim_id = c.claim_id "
            "where a.number >= ? and a.number < ? order by a.number",
            [first, first + _AT_ONCE],
        )
        names = [column[0] for column in cursor.description or ()]
        rows = []
        for row in cursor.fetchall():
            claim = dict(zip(names, row, strict=True))
            statement = read_statement({**claim, "value": claim["value_text"]}, place=claim["place"])
            rows.append({name: value for name, value in zip(COLUMNS, row_of(statement), strict=True) if name in _COMPARABLE})
        add(connection, "comparable", rows)
        if first + _AT_ONCE < count:
            make_room(connection)
