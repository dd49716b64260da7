"""Which articles copy each other: kept in `articles.cluster`, and asked each night only of what is new.

Two articles are compared where both tell of the same fact; whether they are copies depends on the two alone. So what is
known of the others stays known, and a night ends with the clusters that a rebuild would find.
"""

from collections.abc import Iterable, Iterator

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from normalize.cluster import Clusters, Sketch, Sketches
from normalize.grouping import fill

#: So many sketches, pairs and texts are taken from the tables in one go.
_SKETCHES, _PAIRS, _TEXTS = 10_000, 100_000, 2_000
#: Facts are looked at together until so many articles tell of them, an article counted once a fact.
_TOLD = 50_000
#: The articles in clusters in which one is new, is back or is no longer current: there all is open again.
_OPEN = """
create or replace temp table open_again as
select article_id from articles where cluster in (select cluster from articles where article_id in
  (select article_id from turned union all select article from claims semi join arrived using (claim_id)))
"""
#: Who tells now of the facts that articles in question tell of. An article mostly tells of one index and year: these facts stand together.
_TELLING = """
create or replace temp table telling as
with told as (select distinct c.article as article_id, d.index, d.year, d.fact_id from claims c join comparable d using (claim_id)
              where c.article in (select article_id from articles where current) and c.article in (select article_id from sketches)),
facts as (select fact_id, count(*) as n, sum(n) over (order by index, year, fact_id) - n as before
          from told where fact_id in (select fact_id from told where article_id in (from open_again)) group by index, year, fact_id)
select article_id, before as fact, before // $told as part, article_id in (from open_again) as is_open from told join facts using (fact_id)
"""
_NUMBERED = """
create or replace temp table numbered as
select article_id, row_number() over (order by article_id) - 1 as number from (select distinct article_id from telling where part = $part)
"""
_SKETCHED = """
select s.figures, s.whole, a.credit, s.n_figures, s.n_whole
from numbered join sketches s using (article_id) join articles a using (article_id) order by number
"""
#: Pairs that tell of the same fact, one of them in question, the smaller number first; fact by fact, so that the texts of one are at hand.
_PAIRED = """
with told as (select number, fact, is_open from telling join numbered using (article_id) where part = $part),
paired as (select least(a.number, b.number) as one, greatest(a.number, b.number) as other, min(fact) as fact
           from told a join told b using (fact)
           where a.is_open and a.number <> b.number and (not b.is_open or a.number < b.number) group by all)
select one, other from paired order by fact, one, other
"""


def cluster_articles(connection: duckdb.DuckDBPyConnection) -> None:
    """Bring `articles.cluster` up to date.

    The temp table `turned` holds the articles (article_id) that are current and were not, or were and are no more, `arrived`
    the claims (claim_id) that were made comparable since the last time.
    """
    run = connection.execute
    run(_OPEN)
    run("update articles set cluster = article_id where cluster <> article_id and article_id in (from open_again)")
    run(_TELLING, {"told": _TOLD})
    for (part,) in run("select distinct part from telling order by all").fetchall():
        run(_NUMBERED, {"part": part})
        sketches = _sketches(connection)
        pairs = connection.sql(_PAIRED, params={"part": part}).to_arrow_reader(_PAIRS)
        likely = [some[sketches.leave_room(some)] for some in (np.stack([c.to_numpy() for c in batch.columns], axis=1) for batch in pairs)]
        renamed = _compared(connection, sketches, np.concatenate(likely)) if likely else {}
        fill(connection, "renamed", {"name": pa.string(), "now": pa.string()}, sorted(renamed.items()))
        run("update articles set cluster = r.now from renamed r where articles.cluster = r.name")


def _sketches(connection: duckdb.DuckDBPyConnection) -> Sketches:
    ((count,),) = connection.execute("select count(*) from numbered").fetchall()
    sketches = Sketches(count)
    first = 0
    for batch in connection.sql(_SKETCHED).to_arrow_reader(_SKETCHES):
        sketches.fill(first, [Sketch(*row) for row in zip(*(column.to_pylist() for column in batch.columns), strict=True)])
        first += batch.num_rows
    return sketches


def _compared(connection: duckdb.DuckDBPyConnection, sketches: Sketches, pairs: NDArray[np.int64]) -> dict[str, str]:
    """Compare the texts of pairs of numbers; return the new name of each cluster that became part of another one."""
    fill(connection, "likely", {"number": pa.int64()}, [(number,) for number in np.unique(pairs).tolist()])
    named = dict(connection.execute("select number, article_id from numbered semi join likely using (number)").fetchall())
    in_likely = "article_id in (select article_id from numbered semi join likely using (number))"
    clusters = Clusters(dict(connection.execute(f"select article_id, cluster from articles where {in_likely}").fetchall()))  # noqa: S608 (ours)
    open_pairs = ((one, other) for one, other in _listed(pairs) if not clusters.are_one(named[one], named[other]))
    for some in _with_few_texts(open_pairs):
        texts = _texts(connection, {named[number] for pair in some for number in pair})
        for one, other in some:
            clusters.compare(named[one], named[other], texts, same_credit=sketches.same_credit(one, other))
    return clusters.renamed()


def _listed(pairs: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    for first in range(0, len(pairs), _PAIRS):
        yield from pairs[first : first + _PAIRS].tolist()


def _with_few_texts(pairs: Iterable[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    """Yield so many pairs at a time that their texts find room."""
    some: list[tuple[int, int]] = []
    articles: set[int] = set()
    for pair in pairs:
        some.append(pair)
        articles.update(pair)
        if len(articles) >= _TEXTS:
            yield some
            some, articles = [], set()
    if some:
        yield some


def _texts(connection: duckdb.DuckDBPyConnection, articles: set[str]) -> dict[str, str]:
    fill(connection, "likely_copies", {"article_id": pa.string()}, [(article,) for article in sorted(articles)])
    return dict(connection.execute("select article_id, text from articles semi join likely_copies using (article_id)").fetchall())
