"""What was read, reconciled and loaded in one transaction; the same night twice changes nothing."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa

from flows.bounds import RefusedError, broken, standing_at
from flows.data import DataFolder
from flows.reading import READ, ReadPage
from flows.reconciling import equations, in_both, related
from flows.releasing import release_rows
from normalize.cluster import Sketch, cluster_sketches
from normalize.decisions import DecisionError, read_decisions, statement_of
from normalize.equations import Equation
from normalize.equations import equations as declared_equations
from normalize.grouping import COLUMNS, arrow, row_of
from normalize.indices import indices
from normalize.judgement import Conflict, Fact
from normalize.ledger import made_by_these_rules
from normalize.reconcile import Settled, settle
from normalize.reference import ReferenceTableError, read_reference, shipped
from normalize.statement import Key, Statement, read_statement
from normalize.units import districts, provinces_and_ministries
from spiders.archive import NOT_MODIFIED, Page
from spiders.judge import CrawlCounts
from spiders.page_class import SOFT_404
from spiders.portal import load_portal, portal_names
from warehouse.query import connect, is_published
from warehouse.store import add, count, load_facts, replace, rewriting

_OK = 200
_GONE = (404, 410)
#: Fewer articles say nothing of a portal's yield.
_ENOUGH = 5
_REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True, slots=True)
class NightCounts:
    """The counts of one night; `verdict` is complete, findings (conflicts stand) or degraded (a portal failed).

    `unread` are the lines of reference tables and decisions that could not be read.
    """

    run_id: str
    started_at: datetime
    verdict: str
    pages_new: int
    articles_new: int
    articles_superseded: int
    articles_gone: int
    claims_new: int
    facts: int
    facts_changed: int
    conflicts: int
    portals_failed: int
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """What is being run: `kind` is nightly, backfill or rebuild; `is_accepted` says that bounds may be broken."""

    run_id: str
    started_at: datetime
    sample: bool = False
    kind: str = "nightly"
    is_accepted: bool = False


def known_pages(data: DataFolder) -> frozenset[str]:
    """Return the pages that the published warehouse has already read."""
    if not is_published(data.warehouse):
        return frozenset()
    with connect(data.warehouse) as connection:
        rows = connection.execute("select page_id from pages where article_id is not null union select article from problems").fetchall()
    return frozenset(str(row[0]) for row in rows)


def load_night(
    data: DataFolder,
    pages: Sequence[Page],
    read: Sequence[ReadPage],
    crawls: Sequence[CrawlCounts],
    run: Run,
) -> NightCounts:
    """Bring the warehouse up to date in one transaction and publish it; return the night's counts.

    The same night twice changes no fact: rows are keyed by content, and facts that are the same stay. A rebuild starts
    from nothing but what was known when. Raises RefusedError, and publishes nothing, for a night that breaks bounds,
    unless somebody has accepted it.
    """
    moment = datetime.now(UTC)
    before_it = standing_at(data.warehouse)
    with rewriting(data.warehouse, afresh=run.kind == "rebuild") as connection:
        _load_reference(connection)
        article_of = _articles_of_pages(connection, read)
        pages_new = add(connection, "pages", [_page_row(page, article_of.get(page.page_id)) for page in pages])
        articles = [{**r.article, "cluster": r.article["article_id"], "current": True, "gone": False} for r in read if r.article]
        articles_new = add(connection, "articles", list({a["article_id"]: a for a in articles}.values()))
        sketches = {r.article["article_id"]: r.sketch for r in read if r.article and r.sketch}
        add(connection, "sketches", [{"article_id": a, "figures": s.figures, "whole": s.whole} for a, s in sketches.items()])
        claims = {c["claim_id"]: {**c, "superseded": False} for r in read for c in r.claims}
        claims_new = add(connection, "claims", list(claims.values()))
        add(
            connection,
            "problems",
            [{"article": r.page.page_id, "url": r.page.url, "kind": r.kind, "what": r.problem} for r in read if r.problem],
        )
        add(connection, "unresolved", list({(u["article"], u["start"]): u for r in read for u in r.unresolved}.values()))
        before = _counts_of_versions(connection)
        _mark_versions(connection, pages, article_of)
        superseded, gone = (now - then for now, then in zip(_counts_of_versions(connection), before, strict=True))
        _complete(connection)
        wrong = _load_tables(connection, data)
        replace(connection, "releases", release_rows(data.releases))
        changed, conflicts = reconcile_warehouse(connection, run.run_id, moment)
        facts = count(connection, "facts")
        watched = [_watched(connection, run.run_id, crawl, read) for crawl in crawls]
        failed = sum(crawl.state != "complete" for crawl in crawls)
        verdict = "degraded" if failed or any(row["degraded"] for row in watched) else "findings" if conflicts else "complete"
        counts = NightCounts(
            run.run_id,
            run.started_at,
            verdict,
            pages_new,
            articles_new,
            superseded,
            gone,
            claims_new,
            facts,
            changed,
            conflicts,
            failed,
            tuple(wrong),
        )
        refused = broken(connection, before_it, asdict(counts), len(crawls), is_nightly=run.kind == "nightly")
        if refused and not run.is_accepted:
            raise RefusedError(refused)
        add(connection, "runs", [{k: v for k, v in asdict(counts).items() if k != "unread"} | {"ended_at": moment, "sample": run.sample}])
        add(connection, "crawls", watched)
    return counts


def reconcile_warehouse(connection: duckdb.DuckDBPyConnection, run_id: str, moment: datetime) -> tuple[int, int]:
    """Bring facts, conflicts and the sources' records up to date with the statements, looking only at what new ones reach.

    Returns how many facts changed, and how many conflicts stand.
    """
    settled = settle(connection)
    if settled.is_whole:
        connection.execute("insert into renewed select fact_id from facts")
    changed = load_facts(connection, [_fact_row(fact) for fact in settled.facts], moment, plain="plain", renewed="renewed")
    _load_conflicts(connection, settled, run_id, moment)
    replace(connection, "reliability", [asdict(record) for record in settled.records])
    return changed, count(connection, "conflicts")


def _articles_of_pages(connection: duckdb.DuckDBPyConnection, read: Sequence[ReadPage]) -> dict[str, str]:
    """Return the article of each page that was ever read, tonight's too: pages of the same text share one."""
    known = connection.execute("select distinct page_id, article_id from pages where article_id is not null").fetchall()
    return dict(known) | {r.page.page_id: r.article["article_id"] for r in read if r.article}


def _page_row(page: Page, article_id: str | None) -> dict[str, Any]:
    row = {**asdict(page), "page_id": page.page_id, "article_id": article_id, "fetched_at": datetime.fromisoformat(page.fetched_at)}
    return {k: v for k, v in row.items() if k not in {"etag", "last_modified", "content_encoding", "size", "record_sha256"}}


def _watched(connection: duckdb.DuckDBPyConnection, run_id: str, crawl: CrawlCounts, read: Sequence[ReadPage]) -> dict[str, Any]:
    """Return a crawl's row with what was read of it, and what is wrong with that against the nights before and the portal's bounds."""
    portal = load_portal(crawl.portal)
    articles = [r for r in read if r.page.portal == crawl.portal and r.article]
    claims, generic = (
        sum(len(r.claims) for r in articles),
        sum(r.article is not None and r.article["reader"] == "generic" for r in articles),
    )
    sums = "select coalesce(sum(pages_read), 0), coalesce(sum(claims), 0) from crawls where portal = ?"
    ((pages_before, claims_before),) = connection.execute(sums, [crawl.portal]).fetchall()
    wrong = []
    if len(articles) >= _ENOUGH and pages_before >= _ENOUGH and 2 * claims * pages_before < claims_before * len(articles):
        wrong.append(f"{claims / len(articles):.1f} claims an article, {claims_before / pages_before:.1f} before")
    if generic and 2 * generic >= len(articles):
        wrong.append(f"{generic} of {len(articles)} pages fit no layout")
    if articles and not portal.min_claims <= claims <= portal.max_claims:
        wrong.append(f"{claims} claims, expected {portal.min_claims} to {portal.max_claims}")
    return {
        "run_id": run_id,
        **asdict(crawl),
        "pages_read": len(articles),
        "generic": generic,
        "claims": claims,
        "degraded": "; ".join(wrong) or None,
    }


def _load_reference(connection: duckdb.DuckDBPyConnection) -> None:
    portals = [load_portal(name) for name in portal_names()]
    add(connection, "sources", [{"source": p.host, "portal": p.name} | _parts(p, "title kind place home family caveats") for p in portals])
    columns = "name_vi name_en publisher level unit scale_min scale_max first_year last_year"
    add(connection, "indices", [{"index": i.code} | _parts(i, columns) for i in indices().values()])
    columns = "unit_id level kind name gso_code province merged_into valid_from valid_to"
    replace(connection, "units", [_parts(u, columns) for u in (*provinces_and_ministries(), *districts())])
    columns = "concurrency delay budget min_articles max_articles min_claims max_claims verified"
    replace(connection, "portals", [{"portal": p.name, "source": p.host} | _parts(p, columns) for p in portals])
    replace(connection, "equations", [_equation_row(equation) for equation in declared_equations()])


def _equation_row(equation: Equation) -> dict[str, Any]:
    titles = {"title_en": equation.title.en, "title_vi": equation.title.vi}
    return {"equation": equation.name, "origin": equation.source} | titles | _parts(equation, "formula index exception")


def _parts(record: object, names: str) -> dict[str, Any]:
    return {name: getattr(record, name) for name in names.split()}


def _counts_of_versions(connection: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """Return how many article versions are superseded, and how many addresses gone."""
    sql = "select count(*) filter (not current), count(*) filter (gone and current) from articles"
    ((superseded, gone),) = connection.execute(sql).fetchall()
    return int(superseded), int(gone)


def _mark_versions(connection: duckdb.DuckDBPyConnection, pages: Sequence[Page], article_of: Mapping[str, str]) -> None:
    """Mark of each URL the newest version as current, older ones' claims as superseded, vanished URLs as gone."""
    taken_back = {row[0] for row in connection.execute("select article from problems where kind = ?", [SOFT_404]).fetchall()}
    newest: dict[str, str] = {}
    gone: dict[str, bool] = {}
    for page in pages:
        if page.kind in READ and page.status not in _REDIRECTS:
            # A server that fails tonight, or shows a wall, has taken nothing back.
            is_answer = page.status in (_OK, NOT_MODIFIED) and (page.page_id in article_of or page.status == NOT_MODIFIED)
            gone[page.url] = page.status in _GONE or page.page_id in taken_back or (not is_answer and gone.get(page.url, False))
            if page.page_id in article_of:
                newest[page.url] = article_of[page.page_id]
    rows = connection.execute("select article_id, url from articles order by article_id").fetchall()
    if not rows:
        return
    clusters = _clusters(connection, set(newest.values()))
    marks = pa.table({
        "article_id": [a for a, _ in rows],
        "current": [newest.get(u) == a for a, u in rows],
        "gone": [gone.get(u, False) for _, u in rows],
        "cluster": [clusters.get(a, a) for a, _ in rows],
    })  # fmt: skip
    connection.register("marks", marks)
    connection.execute(
        "update articles set current = m.current, gone = m.gone, cluster = m.cluster from marks m where articles.article_id = m.article_id"
    )
    connection.execute(
        "update claims set superseded = not m.current from marks m where claims.article = m.article_id and superseded <> (not m.current)"
    )
    connection.unregister("marks")


def _clusters(connection: duckdb.DuckDBPyConnection, current: set[str]) -> dict[str, str]:
    """Return the cluster of each current article, by the sketches that were made when it was read."""
    rows = connection.execute("select article_id, figures, whole, credit from sketches join articles using (article_id)").fetchall()
    sketches = {article: Sketch(figures, whole, credit) for article, figures, whole, credit in sorted(rows) if article in current}

    def text_of(article: str) -> str:
        return str(connection.execute("select text from articles where article_id = ?", [article]).fetchall()[0][0])

    return cluster_sketches(sketches, text_of)


def _complete(connection: duckdb.DuckDBPyConnection) -> None:
    """Bring claims that are not yet comparable to that form: tonight's, and all if the rules have changed."""
    if not made_by_these_rules(connection):
        connection.execute("delete from comparable")
    cursor = connection.execute(
        """select c.*, s.place, (select min(fetched_at)::date from pages p where p.article_id = c.article) as seen
        from claims c join sources s on s.source = c.source where c.claim_id not in (select claim_id from comparable) order by c.claim_id"""
    )
    names = [column[0] for column in cursor.description or ()]
    rows = []
    for row in cursor.fetchall():
        claim = dict(zip(names, row, strict=True))
        statement = read_statement({**claim, "value": claim["value_text"]}, place=claim["place"])
        rows.append({name: value for name, value in zip(COLUMNS, row_of(statement), strict=True) if name in _COMPARABLE})
    add(connection, "comparable", rows)


_COMPARABLE = frozenset(COLUMNS) - {"article", "source", "kind", "url", "published", "cluster", "evidence"}


def _load_tables(connection: duckdb.DuckDBPyConnection, data: DataFolder) -> list[str]:
    """Replace the reference tables and decisions by what the files say now; return what could not be read."""
    wrong: list[str] = []
    statements = list(shipped())
    for path in sorted(data.reference.glob("*.csv")):
        try:
            statements.extend(read_reference(path))
        except ReferenceTableError as error:
            wrong.append(str(error))
    decided: dict[str, Statement] = {}
    decisions: dict[str, dict[str, Any]] = {}
    for decision in read_decisions(data.decisions):
        if isinstance(decision, DecisionError):
            wrong.append(str(decision))
            continue
        keys = connection.execute(
            f"select {', '.join(Key._fields)}, subject_type from comparable where fact_id = ? limit 1",  # noqa: S608 (our own names)
            [decision.fact_id],
        ).fetchall()
        if not keys:
            wrong.append(f"{decision.place}: no claim about {decision.fact_id}")
            continue
        try:
            decided[decision.fact_id] = statement_of(decision, Key._make(keys[0][:-1]), keys[0][-1])
            decisions[decision.fact_id] = {**_parts(decision, "fact_id value reason who"), "decided": decision.when}
        except DecisionError as error:
            wrong.append(str(error))
    replace(connection, "decisions", list(decisions.values()))
    connection.execute("delete from tables")
    add(connection, "tables", arrow({s.claim_id: s for s in (*statements, *decided.values())}.values()))
    return wrong


def _fact_row(fact: Fact) -> dict[str, Any]:
    number = None if fact.value is None or isinstance(fact.value, str) else float(fact.value)
    text = None if fact.value is None else f"{fact.value:f}" if isinstance(fact.value, Decimal) else fact.value
    parts = {name: getattr(fact, name) for name in Fact.__dataclass_fields__ if name not in {"key", "value", "high", "claims"}}
    return {**parts, **fact.key._asdict(), "value": number, "value_text": text,
            "value_high": None if fact.high is None else float(fact.high), "claims": list(fact.claims)}  # fmt: skip


def _load_conflicts(connection: duckdb.DuckDBPyConnection, settled: Settled, run_id: str, moment: datetime) -> None:
    """Replace the conflicts of the renewed facts, and note which are new, reopened, resolved or withdrawn since the last run."""
    before = {
        conflict_id: (since, *rest)
        for conflict_id, since, *rest in connection.execute(
            "select conflict_id, since, status, index, subject, year, measure from conflicts semi join renewed using (fact_id)"
        ).fetchall()
    }
    status = {fact.fact_id: fact.status for fact in settled.facts}
    conflicts = [conflict for conflict in settled.conflicts if conflict.is_news]
    rows = [{**conflict_row(c), "status": status[c.key.fact_id], "since": before.get(c.conflict_id, (moment,))[0]} for c in conflicts]
    changes: list[dict[str, Any]] = []
    for row in rows:
        was = before.pop(row["conflict_id"], None)
        change = _change(None if was is None else was[1], row["status"])
        if change is not None:
            changes.append({"run_id": run_id, "change": change} | {name: row[name] for name in ("conflict_id", "status", *_CHANGED)})
    for conflict_id, (_, _, *parts) in sorted(before.items()):
        changes.append(
            {"run_id": run_id, "change": "withdrawn", "conflict_id": conflict_id, "status": None} | dict(zip(_CHANGED, parts, strict=True))
        )
    replace(connection, "conflicts", rows, renewed="renewed")
    add(connection, "conflict_changes", changes)


_CHANGED = ("index", "subject", "year", "measure")


def _change(before: str | None, now: str) -> str | None:
    if before is None:
        return "new"
    if (before == "conflict") == (now == "conflict"):
        return None
    return "reopened" if now == "conflict" else "resolved"


def conflict_row(conflict: Conflict) -> dict[str, Any]:
    """Return a conflict as a row of its table (without its status, and the moment it was first seen)."""
    claims = sorted(s.claim_id for side in conflict.sides for s in side)
    is_total = conflict.key.level == "national" and conflict.key.component is None and conflict.key.scope is None
    return {
        "conflict_id": conflict.conflict_id,
        "fact_id": conflict.key.fact_id,
        **conflict.key._asdict(),
        "class": conflict.conflict_class,
        **in_both("why", conflict.why),
        "values": [_text(side[0].value) for side in conflict.sides],
        "sides": [sorted(s.claim_id for s in side) for side in conflict.sides],
        "weights": list(conflict.weights),
        "proposed": None if conflict.proposed is None else _text(conflict.proposed),
        "is_claimed": conflict.is_claimed,
        "margin": conflict.margin,
        "rule": conflict.rule,
        **in_both("reason", conflict.reason),
        "equations": [equation.words for equation in conflict.equations],
        "equations_json": json.dumps(equations(conflict), ensure_ascii=False),
        "did_you_mean": json.dumps(related(conflict), ensure_ascii=False),
        **in_both("would_change", conflict.would_change),
        "asks_again": conflict.asks_again,
        "consequence": len(claims) + 2 * len(conflict.equations) + 20 * is_total + 10 * (conflict.key.measure in {"score", "rank"}),
        "claims": claims,
    }


def _text(value: Decimal | str | None) -> str:
    return "" if value is None else f"{value:f}" if isinstance(value, Decimal) else value
