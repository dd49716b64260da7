"""What was read, reconciled and loaded in a copy, and published in one step; the same night twice changes nothing."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import duckdb

from flows.bounds import RefusedError, broken, standing_at
from flows.data import DataFolder
from flows.ingest import Ingest
from flows.reading import ReadPage
from flows.reconciling import equations, in_both, related
from flows.releasing import release_rows
from normalize.decisions import DecisionError, read_decisions, statement_of
from normalize.equations import Equation
from normalize.equations import equations as declared_equations
from normalize.grouping import arrow
from normalize.indices import indices
from normalize.judgement import Conflict, Fact
from normalize.reconcile import Settled, settle
from normalize.reference import ReferenceTableError, read_reference, shipped
from normalize.statement import Key, Statement
from normalize.units import districts, provinces_and_ministries
from spiders.archive import Listing
from spiders.judge import CrawlCounts
from spiders.portal import load_portal, portal_names
from warehouse.store import add, count, load_facts, replace, rewriting

#: Fewer articles say nothing of a portal's yield.
_ENOUGH = 5


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


def load_night(
    data: DataFolder,
    listing: Listing,
    read: Iterable[ReadPage],
    crawls: Sequence[CrawlCounts],
    run: Run,
) -> NightCounts:
    """Bring the warehouse up to date with what is listed and was read, and publish it in one step; return the night's counts.

    The same night twice changes no fact: rows are keyed by content, and facts that are the same stay. A rebuild starts
    from nothing but what was known when. Raises RefusedError, and publishes nothing, for a night that breaks bounds,
    unless somebody has accepted it.
    """
    moment = datetime.now(UTC)
    before_it = standing_at(data.warehouse)
    with rewriting(data.warehouse, afresh=run.kind == "rebuild") as connection:
        _load_reference(connection)
        ingest = Ingest(connection)
        before = _counts_of_versions(connection)
        ingest.take(read)
        pages_new = ingest.finish(listing)
        superseded, gone = (now - then for now, then in zip(_counts_of_versions(connection), before, strict=True))
        wrong = _load_tables(connection, data)
        replace(connection, "releases", release_rows(data.releases))
        changed, conflicts = reconcile_warehouse(connection, run.run_id, moment)
        facts = count(connection, "facts")
        watched = [_watched(connection, run.run_id, crawl, ingest) for crawl in crawls]
        failed = sum(crawl.state != "complete" for crawl in crawls)
        verdict = "degraded" if failed or any(row["degraded"] for row in watched) else "findings" if conflicts else "complete"
        counts = NightCounts(
            run.run_id,
            run.started_at,
            verdict,
            pages_new,
            ingest.articles_new,
            superseded,
            gone,
            ingest.claims_new,
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


def _watched(connection: duckdb.DuckDBPyConnection, run_id: str, crawl: CrawlCounts, ingest: Ingest) -> dict[str, Any]:
    """Return a crawl's row with what was read of it, and what is wrong with that against the nights before and the portal's bounds."""
    portal = load_portal(crawl.portal)
    articles, claims, generic = (counts[crawl.portal] for counts in (ingest.articles, ingest.claims, ingest.generic))
    sums = "select coalesce(sum(pages_read), 0), coalesce(sum(claims), 0) from crawls where portal = ?"
    ((pages_before, claims_before),) = connection.execute(sums, [crawl.portal]).fetchall()
    wrong = []
    if articles >= _ENOUGH and pages_before >= _ENOUGH and 2 * claims * pages_before < claims_before * articles:
        wrong.append(f"{claims / articles:.1f} claims an article, {claims_before / pages_before:.1f} before")
    if generic and 2 * generic >= articles:
        wrong.append(f"{generic} of {articles} pages fit no layout")
    if articles and not portal.min_claims <= claims <= portal.max_claims:
        wrong.append(f"{claims} claims, expected {portal.min_claims} to {portal.max_claims}")
    return {
        "run_id": run_id,
        **asdict(crawl),
        "pages_read": articles,
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
