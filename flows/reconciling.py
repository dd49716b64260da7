"""Reconciliation over files: claim lines in, fact and conflict lines out."""

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

from flows.writing import write_whole
from normalize.cluster import cluster_articles
from normalize.decisions import DecisionError, read_decisions, statement_of
from normalize.judgement import Conflict, Equated, Fact
from normalize.reconcile import reconcile
from normalize.statement import Key, Statement, StatementError, read_statement
from normalize.wording import Words
from spiders.portal import portal_of


def read_claim_lines(name: str, stream: IO[bytes], complain: Callable[[str, object], None]) -> list[Statement]:
    """Read claims, one a line; those without an article text stand alone, the others are clustered by it."""
    records: list[tuple[int, dict[str, Any]]] = []
    for number, line in enumerate(stream, start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except ValueError as error:
            complain(f"{name}:{number}", error)
            continue
        if isinstance(record, dict):
            records.append((number, record))
        else:
            complain(f"{name}:{number}", "not a claim")
    texts = {str(r.get("article") or r.get("url")): r["article_text"] for _, r in records if isinstance(r.get("article_text"), str)}
    statements = []
    for number, record in records:
        portal = portal_of(record.get("url"))
        kind, place = (portal.kind, portal.place) if portal else ("paper", None)
        try:
            statements.append(read_statement(record, kind=kind, place=place))
        except StatementError as error:
            complain(f"{name}:{number}", error)
    facts: dict[str, set[str]] = defaultdict(set)
    for statement in statements:
        facts[statement.article].add(statement.key.fact_id)
    clusters = cluster_articles(texts, facts)
    return [s._replace(cluster=clusters[s.article]) if s.article in clusters else s for s in statements]


def decided(path: Path | None, statements: Sequence[Statement], complain: Callable[[str, object], None]) -> list[Statement]:
    """Return the decisions of a file as statements; one about a key that nobody speaks of is complained of."""
    if path is None:
        return []
    keys = {s.key.fact_id: (s.key, s.subject_type) for s in statements}
    found: dict[str, Statement] = {}
    for decision in read_decisions(path):
        if isinstance(decision, DecisionError):
            complain("decisions", decision)
        elif decision.fact_id not in keys:
            complain(decision.place, f"no claim about {decision.fact_id}")
        else:
            try:
                found[decision.fact_id] = statement_of(decision, *keys[decision.fact_id])
            except DecisionError as error:
                complain("decisions", error)
    return list(found.values())


def write_reconciled(statements: Sequence[Statement], out: Path) -> int:
    """Write facts.jsonl and conflicts.jsonl into `out`; return how many conflicts there are."""
    result = reconcile(statements)
    out.mkdir(parents=True, exist_ok=True)
    _write(out / "facts.jsonl", [_fact(fact) for fact in result.facts])
    _write(out / "conflicts.jsonl", [_conflict(conflict) for conflict in result.conflicts])
    return len(result.conflicts)


def _write(path: Path, records: Sequence[dict[str, Any]]) -> None:
    write_whole(path, (json.dumps(r, ensure_ascii=False, default=str) + "\n" for r in records))


def _fact(fact: Fact) -> dict[str, Any]:
    return {
        "fact_id": fact.fact_id,
        **fact.key._asdict(),
        "value": _plain(fact.value),
        "value_high": _plain(fact.high),
        "unit": fact.unit,
        "of": fact.of,
        "qualifier": fact.qualifier,
        "subject_type": fact.subject_type,
        "subject_id": fact.subject_id,
        "status": fact.status,
        "confidence": float(fact.confidence),
        "rule": fact.rule,
        "reason": fact.reason,
        "n_claims": fact.n_claims,
        "n_independent": fact.n_independent,
        "claims": list(fact.claims),
    }


def _conflict(conflict: Conflict) -> dict[str, Any]:
    return {
        "conflict_id": conflict.conflict_id,
        **conflict.key._asdict(),
        "class": conflict.conflict_class,
        **in_both("why", conflict.why),
        "values": [
            {
                "value": _plain(side[0].value),
                "weight": weight,
                "sources": [
                    {"source": s.source, "url": s.url, "published": s.published, "claim": s.claim_id, "evidence": s.evidence} for s in side
                ],
            }
            for side, weight in zip(conflict.sides, conflict.weights, strict=True)
        ],
        "proposed": _plain(conflict.proposed),
        "is_claimed": conflict.is_claimed,
        "margin": conflict.margin,
        "rule": conflict.rule,
        **in_both("reason", conflict.reason),
        "equations": [equation.words for equation in conflict.equations],
        **in_both("would_change", conflict.would_change),
        "did_you_mean": related(conflict),
        "asks_again": conflict.asks_again,
    }


def in_both(name: str, words: Words) -> dict[str, str]:
    """Return a sentence as two fields: `name` in English, `name_vi` in Vietnamese."""
    return {name: words.en, f"{name}_vi": words.vi}


def related(conflict: Conflict) -> list[dict[str, Any]]:
    """Return the keys whose figure the refused one is, as JSON."""
    return [{"kind": one.kind, "fact_id": one.key.fact_id, **_named(one.key)} for one in conflict.related]


def equations(conflict: Conflict) -> list[dict[str, Any]]:
    """Return the equations around a conflict as JSON: what the report draws."""
    return [_equation(equation) for equation in conflict.equations]


def _equation(equation: Equated) -> dict[str, Any]:
    parts = equation._asdict()
    terms = [{**_named(t.key), "shown": t.shown, "times": t.times, "is_disputed": t.is_disputed} for t in equation.terms]
    return {**parts, **in_both("title", equation.title), "terms": terms}


def _named(key: Key) -> dict[str, Any]:
    return {part: value for part, value in key._asdict().items() if value is not None and part not in {"level", "modality"}}


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str):
        return value
    return int(value) if value == value.to_integral_value() and value.as_tuple().exponent >= 0 else float(value)
