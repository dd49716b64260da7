"""Reconciliation over files: claim lines in, fact and conflict lines out."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from flows.writing import write_whole
from normalize.cluster import cluster_articles
from normalize.reconcile import Conflict, Fact, reconcile
from normalize.statement import Statement, StatementError, read_statement
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
    clusters = cluster_articles(texts)
    statements = []
    for number, record in records:
        portal = portal_of(record.get("url"))
        article = str(record.get("article") or record.get("url"))
        try:
            statements.append(
                read_statement(
                    record,
                    cluster=clusters.get(article),
                    kind=portal.kind if portal else "paper",
                    place=portal.place if portal else None,
                )
            )
        except StatementError as error:
            complain(f"{name}:{number}", error)
    return statements


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
        **asdict(fact.key),
        "value": _plain(fact.value),
        "value_high": _plain(fact.high),
        "unit": fact.unit,
        "of": fact.of,
        "qualifier": fact.qualifier,
        "subject_type": fact.subject_type,
        "subject_id": fact.subject_id,
        "status": fact.status,
        "confidence": fact.confidence,
        "rule": fact.rule,
        "reason": fact.reason,
        "n_claims": fact.n_claims,
        "n_independent": fact.n_independent,
        "claims": list(fact.claims),
    }


def _conflict(conflict: Conflict) -> dict[str, Any]:
    return {
        "conflict_id": conflict.conflict_id,
        **asdict(conflict.key),
        "class": conflict.conflict_class,
        "why": conflict.why,
        "values": [
            {
                "value": _plain(side[0].value),
                "sources": [
                    {"source": s.source, "url": s.url, "published": s.published, "claim": s.claim_id, "evidence": s.evidence} for s in side
                ],
            }
            for side in conflict.sides
        ],
        "proposed": _plain(conflict.proposed),
        "rule": conflict.rule,
        "reason": conflict.reason,
        "equations": list(conflict.equations),
        "would_change": conflict.would_change,
    }


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str):
        return value
    return int(value) if value == value.to_integral_value() and value.as_tuple().exponent >= 0 else float(value)
