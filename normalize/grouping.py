"""The statements as a table in DuckDB: what a million claims say about each key, without a Python object for each.

`statements` holds a row a claim in comparable form. Where all claims of a key print one figure, the fact follows
in SQL; only keys with several figures, and those in broken equations, are looked at one by one.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

from normalize.indices import ranked_count
from normalize.statement import Key, Statement

_SCHEMA = pa.schema([
    ("claim_id", pa.string()), ("fact_id", pa.string()), ("index", pa.string()), ("level", pa.string()), ("authority", pa.string()),
    ("subject", pa.string()), ("year", pa.int32()), ("measure", pa.string()), ("component", pa.string()), ("scope", pa.string()),
    ("modality", pa.string()), ("base_year", pa.int32()), ("printed", pa.string()), ("amount", pa.int64()), ("high", pa.string()),
    ("decimals", pa.int32()), ("subject_type", pa.string()), ("subject_id", pa.string()), ("unit", pa.string()), ("of", pa.int32()),
    ("qualifier", pa.string()), ("article", pa.string()), ("source", pa.string()), ("kind", pa.string()), ("url", pa.string()),
    ("published", pa.date32()), ("seen", pa.date32()), ("cluster", pa.string()), ("first_hand", pa.bool_()), ("evidence", pa.string()),
])  # fmt: skip
COLUMNS = tuple(_SCHEMA.names)
_KEY = ("index", "level", "authority", "subject", "year", "measure", "component", "scope", "modality", "base_year")
_SELECT = ", ".join(f'"{name}"' for name in COLUMNS)

_SPEAKS = "kind not in ('aggregator', 'official', 'table', 'decision')"
_WITNESSES = f"greatest(1, least({', '.join(f'count(distinct {by}) filter ({_SPEAKS})' for by in ('cluster', 'source'))}))"


class Surely(NamedTuple):
    """How often a value is right that nobody disputes, by who says it.

    Fitted to made-up news over official tables with 5 and 15 % of the claims wrong (benchmarks/simulation.py).
    """

    single: float = 0.97
    first_hand: float = 0.98
    two: float = 0.998
    many: float = 0.999
    official: float = 0.999


SURELY = Surely()

#: A row a key: who speaks, and whether all print one figure.
_KEYED = f"""
create or replace temp table keyed as
select fact_id, count(*) filter (kind not in ('official', 'table', 'decision'))::integer as n_claims,
       {_WITNESSES}::integer as n_independent, min(claim_id) as first_claim,
       arg_min(unit, claim_id) filter (unit is not null) as unit, arg_min("of", claim_id) filter ("of" is not null) as "of",
       bool_or(kind = 'official') as is_official, bool_or(first_hand) as is_first_hand,
       list(claim_id order by claim_id) as claims,
       min(printed) is not distinct from max(printed) and count(printed) in (0, count(*)) and min(high) is not distinct from max(high)
         and min(qualifier) = max(qualifier) as is_uniform
from {{of}} group by fact_id
"""  # noqa: S608 (constants)

#: Facts of keys whose claims all print one figure.
_PLAIN = f"""
create or replace temp table plain as
select k.fact_id, s.index, s.level, s.authority, s.subject, s.year, s.measure, s.component, s.scope, s.modality, s.base_year,
       s.amount / 1e6 as value, s.printed as value_text, s.high::double as value_high, s.decimals, s.qualifier, k.unit,
       coalesce(r.ranked, k."of") as "of",
       s.subject_type, s.subject_id,
       case when k.is_official or k.n_independent > 1 then 'agreed' else 'single' end as status,
       case when k.is_official then {SURELY.official} when k.n_independent <= 1
            then (case when k.is_first_hand then {SURELY.first_hand} else {SURELY.single} end)
            when k.n_independent = 2 then {SURELY.two} else {SURELY.many} end as confidence,
       case when k.is_official then 'official' when k.n_independent <= 1 then 'single' else 'agreement' end as rule,
       case when k.is_official then 'An official table gives the same.' when k.n_independent <= 1 then 'One independent source.'
            else k.n_independent || ' independent sources agree.' end as reason,
       k.n_claims, k.n_independent, k.claims
from keyed k join statements s on s.claim_id = k.first_claim
left join ranked r on s.measure = 'rank' and s.level = 'national' and s.scope is null
  and r.index = s.index and r.subject_type = s.subject_type and r.year = s.year
where k.is_uniform
"""  # noqa: S608 (constants)


def arrow(statements: Iterable[Statement]) -> pa.Table:
    """Return statements as the table `statements`."""
    rows = [row_of(statement) for statement in statements]
    return pa.table({name: pa.array([row[n] for row in rows], _SCHEMA.field(name).type) for n, name in enumerate(COLUMNS)})


def row_of(s: Statement) -> tuple[Any, ...]:
    """Return a statement as a row in the order of COLUMNS."""
    text = f"{s.value:f}" if isinstance(s.value, Decimal) else s.value
    return (
        s.claim_id, s.key.fact_id, s.key.index, s.key.level, s.key.authority, s.key.subject, s.key.year, s.key.measure, s.key.component,
        s.key.scope, s.key.modality, s.key.base_year, text,
        s.amount, None if s.high is None else f"{s.high:f}", s.decimals, s.subject_type, s.subject_id, s.unit, s.of, s.qualifier, s.article,
        s.source, s.kind, s.url, s.published, s.seen, s.cluster, s.first_hand, s.evidence,
    )  # fmt: skip


def _statement(row: Sequence[Any]) -> Statement:
    (
        claim_id, _, *key, printed, amount, high, decimals, subject_type, subject_id, unit, of, qualifier, article,
        source, kind, url, published, seen, cluster, first_hand, evidence,
    ) = row  # fmt: skip
    return Statement(
        claim_id=claim_id, key=Key._make(key), value=printed if amount is None else Decimal(printed),
        high=None if high is None else Decimal(high), decimals=decimals, subject_type=subject_type, subject_id=subject_id, unit=unit, of=of,
        qualifier=qualifier, article=article, source=source, kind=kind, url=url, published=published, seen=seen, cluster=cluster,
        first_hand=first_hand, evidence=evidence,
    )  # fmt: skip


class Grouped:
    """The keys of a set of statements: the plain facts are in the table `plain`, the rest is fetched as statements."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, only: str | None = None) -> None:
        """Group the relation `statements`; `only` names a table of fact_ids to which it is confined."""
        self._connection = connection
        of = "statements" if only is None else f"(select * from statements where fact_id in (select fact_id from {only}))"  # noqa: S608
        connection.execute(_KEYED.format(of=of))
        self._rank()
        connection.execute(_PLAIN)

    def _rank(self) -> None:
        """Make the temp table `ranked`: how many are known to be ranked, of each index, kind of subject and year that ranks are told of."""
        told = self._connection.execute(
            "select distinct index, subject_type, year from statements where measure = 'rank' and level = 'national' and year is not null"
        ).fetchall()
        known = [(*of, ranked) for of in sorted(told) if (ranked := ranked_count(*of)) is not None]
        names = {"index": pa.string(), "subject_type": pa.string(), "year": pa.int32(), "ranked": pa.int32()}
        table = pa.table({name: pa.array([row[n] for row in known], kind) for n, (name, kind) in enumerate(names.items())})
        self._connection.register("arriving_ranked", table)
        self._connection.execute("create or replace temp table ranked as select * from arriving_ranked")
        self._connection.unregister("arriving_ranked")

    def mixed(self) -> dict[Key, list[Statement]]:
        """Return the statements of the keys that print several figures."""
        return self._statements("select fact_id from keyed where not is_uniform")

    def of(self, fact_ids: Iterable[str]) -> dict[Key, list[Statement]]:
        """Return all statements of some keys."""
        wanted = pa.table({"fact_id": pa.array(sorted(set(fact_ids)), pa.string())})
        self._connection.register("wanted", wanted)
        try:
            return self._statements("select fact_id from wanted")
        finally:
            self._connection.unregister("wanted")

    def _statements(self, keys: str) -> dict[Key, list[Statement]]:
        found: dict[Key, list[Statement]] = {}
        for row in self._connection.execute(
            f"select {_SELECT} from statements where fact_id in ({keys}) order by claim_id"  # noqa: S608 (our own names)
        ).fetchall():
            statement = _statement(row)
            found.setdefault(statement.key, []).append(statement)
        return found

    def nodes(self) -> list[tuple[Any, ...]]:
        """Return key, printed value, amount, decimals, subject type and number ranked of every plain fact that was reported."""
        return self._connection.execute(
            f'select {", ".join(_KEY)}, value_text, round(value * 1e6)::bigint, decimals, subject_type, "of" from plain '  # noqa: S608
            "where modality = 'reported' and year is not null and (value_text is not null or qualifier = 'last')"
        ).fetchall()

    def confirmed(self) -> dict[tuple[str, str], int]:
        """Return for each source and index how many of its claims another source confirms."""
        rows = self._connection.execute(
            "select s.source, s.index, count(*) from statements s join keyed k using (fact_id) "
            "where k.is_uniform and k.n_independent > 1 and s.kind <> 'decision' group by all"
        ).fetchall()
        return {(source, index): count for source, index, count in rows}

    def kinds(self) -> dict[str, str]:
        """Return each source's own kind."""
        return dict(self._connection.execute("select source, min(kind) from statements group by source").fetchall())
