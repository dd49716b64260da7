"""Bounds of a night: what must not change too much from one night to the next, or nothing is published (bounds.toml)."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb

from warehouse.query import connect, is_published

_NIGHTS = 14


class RefusedError(Exception):
    """Raised for a night that breaks bounds, before anything is published; `reasons` says which, and by how much."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


@dataclass(frozen=True, slots=True)
class Bound:
    """How much may change: more than `limit` (a share or a factor) and more than `at_least` is too much, for the reason given."""

    limit: float
    at_least: int
    reason: str


@cache
def bounds() -> Mapping[str, Bound]:
    """Return the declared bounds."""
    declared = tomllib.loads(files("flows").joinpath("bounds.toml").read_text(encoding="utf-8"))
    return {name: Bound(entry.get("share", entry.get("factor")), entry["at_least"], entry["reason"]) for name, entry in declared.items()}


@dataclass(frozen=True, slots=True)
class Standing:
    """What a warehouse holds; `busiest` is the most new articles of one of its last nights."""

    nights: int
    busiest: int
    articles: int
    gone: int
    facts: int
    conflicts: int


def standing_at(warehouse: Path) -> Standing:
    """Count what the published warehouse holds; nothing where there is none."""
    if not is_published(warehouse):
        return Standing(0, 0, 0, 0, 0, 0)
    with connect(warehouse) as connection:
        return _standing(connection)


def _standing(connection: duckdb.DuckDBPyConnection) -> Standing:
    ((nights, busiest),) = connection.execute(
        "select count(*), coalesce(max(articles_new), 0) from (from runs order by started_at desc limit ?)", [_NIGHTS]
    ).fetchall()
    sql = """select (select count(*) from articles where current), (select count(*) from articles where current and gone),
             (select count(*) from facts), (select count(*) from conflicts)"""
    return Standing(nights, busiest, *connection.execute(sql).fetchall()[0])


def broken(connection: duckdb.DuckDBPyConnection, before: Standing, now: Mapping[str, Any], portals: int, *, is_nightly: bool) -> list[str]:
    """Return what a night breaks against what stood before it, in words; nothing where no night was before.

    `now` are the night's counts (flows.loading.NightCounts); `connection` is at the warehouse as the night would publish it.
    """
    if not before.nights:
        return []
    after = _standing(connection)
    ((lost,),) = connection.execute(
        "select count(distinct fact_id) from fact_history h anti join facts f using (fact_id) "
        "where known_to = (select max(known_to) from fact_history) and known_to >= ?",
        [now["started_at"]],
    ).fetchall()
    asked = [
        _more_than_share("failed_portals", now["portals_failed"], portals, "portals failed"),
        _more_than_share("articles_gone", after.gone - before.gone, before.articles, "articles are gone"),
        _more_than_share("facts_lost", lost, before.facts, "facts are lost"),
        _jump(before, after),
    ]
    flood = bounds()["new_articles"]
    if is_nightly and now["articles_new"] > max(flood.at_least, flood.limit * before.busiest):
        asked.append(f"{now['articles_new']} new articles, {before.busiest} at most in the nights before: {flood.reason}")
    return [reason for reason in asked if reason]


def _more_than_share(name: str, count: int, whole: int, what: str) -> str | None:
    bound = bounds()[name]
    if count <= bound.at_least or count <= bound.limit * whole:
        return None
    return f"{count} of {whole} {what}: {bound.reason}"


def _jump(before: Standing, after: Standing) -> str | None:
    """Say that the share of disputed facts has jumped."""
    bound = bounds()["conflicts"]
    usual = before.conflicts / max(1, before.facts)
    expected = max(usual * after.facts, before.conflicts)
    if after.conflicts - expected <= bound.at_least or after.conflicts <= bound.limit * expected:
        return None
    return f"{after.conflicts} conflicts about {after.facts} facts, {before.conflicts} about {before.facts} before: {bound.reason}"
