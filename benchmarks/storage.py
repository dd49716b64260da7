"""The warehouse at size: loading, publishing, and the queries of docs/warehouse.md, beside their limits.

    python benchmarks/storage.py [--claims 10000000] [--keep FOLDER]

A million made-up claims about half a million keys are loaded through warehouse.store.add and published; loaded again, when
nothing is new; then the warehouse is grown to `--claims`, a night of a thousand claims and facts is published on top, and
each query of the documentation is asked five times (the median counts). One question is put to a Parquet file of the
same claims too. Prints seconds, ratios to the limits, and bytes a claim; exit 1 if a limit is missed.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow as pa

from normalize.units import provinces_and_ministries
from warehouse.constraints import key_of
from warehouse.documentation import queries
from warehouse.query import connect
from warehouse.store import add, load_facts, rewriting

LIMIT_LOAD, LIMIT_AGAIN, LIMIT_NIGHT, LIMIT_QUERY = 250_000, 2.0, 3.0, 0.2
_LOADED, _NIGHT, _AN_ARTICLE, _ASKS = 1_000_000, 1_000, 20, 5

#: Keys as the press has them: scores, ranks, changes and fields of provinces; of departments, as the provinces score them.
_WORLD = """
create table provinces as select * from (values {provinces}) p(subject, subject_id);
create table world as
  select i.index, 'national' as level, null::varchar as authority, p.subject, 'province' as subject_type, p.subject_id, y.year::integer as year,
         m.measure, m.component, case when m.measure like '%delta' then y.year::integer - 1 end as base_year
  from (values ('PAR_INDEX'), ('SIPAS'), ('PCI'), ('PAPI'), ('PII'), ('PGI'), ('DTI'), ('ICT_INDEX'), ('other:a'), ('other:b'), ('other:c')) i(index)
  cross join provinces p cross join range(2010, 2025) y(year)
  cross join (select measure, null::varchar as component from (values ('score'), ('rank'), ('score_delta'), ('rank_delta')) m(measure)
              union all select 'score', 'Lĩnh vực ' || n from range(8) f(n)) m
  union all
  select i.index, 'provincial', p.subject, 'Sở số ' || n, 'department', null, y.year::integer, m.measure, null,
         case when m.measure like '%delta' then y.year::integer - 1 end
  from (values ('DDCI'), ('PAR_INDEX'), ('SIPAS')) i(index) cross join provinces p cross join range(2010, 2025) y(year) cross join range(32) d(n)
  cross join (values ('score'), ('rank'), ('score_delta'), ('rank_delta')) m(measure);
create table keys as
  select row_number() over (order by hash(index, subject, year, measure, component, authority)) - 1 as number,
         'f-' || md5(concat_ws('|', index, level, authority, subject, year, measure, component))[:12] as fact_id, *, null::varchar as scope, 'reported' as modality
  from world;
create table hosts as select n as number, case when n = 0 then 'hagiang.gov.vn' when n = 1 then 'baohungyen.vn' else 's' || n || '.vn' end as source from range(300) s(n);
"""
_ARTICLES = """
select 'a' || lpad(a::varchar, 8, '0') as article_id, 'https://' || h.source || '/a' || a as url, h.source, 'p' || a as page_id, 'Công bố chỉ số' as title,
       date '2022-05-26' as published, repeat('Theo công bố, chỉ số của tỉnh đạt 88,34 điểm và có nhiều chuyển biến. ', 20) as text, 'a' || a as cluster, true as current, false as gone
from range({first}::bigint // {per}, ({last}::bigint + {per} - 1) // {per}) r(a) join hosts h on h.number = a % 300
"""
_CLAIMS = """
select 'c-' || lpad(n::varchar, 12, '0') as claim_id, 'a' || lpad((n // {per})::varchar, 8, '0') as article, h.source,
       'https://' || h.source || '/a' || n // {per} as url, date '2022-05-26' as published, k.index, k.level, k.authority, k.subject, k.subject_type,
       k.subject_id, k.year, k.measure, 40 + (k.number * 7919 % 5000) / 100 as value, (40 + (k.number * 7919 % 5000) / 100)::varchar as value_text, 2 as decimals,
       'exact' as qualifier, k.base_year, k.component, 'reported' as modality, 'đạt ' || (40 + (k.number * 7919 % 5000) / 100) || ' điểm' as evidence,
       (n % {per} * 70)::integer as start, (n % {per} * 70 + 14)::integer as "end", (n % {per} * 70)::integer as value_start, (n % {per} * 70 + 14)::integer as value_end,
       'stated' as year_reason, 'score' as rule, false as superseded
from range({first}, {last}) r(n) join keys k on k.number = n * 104729 % {keys} join hosts h on h.number = n // {per} % 300
order by n
"""
_FACTS = """
select k.fact_id, timestamptz '2026-01-01 00:00:00+00' as known_from, k.* exclude (number, fact_id),
       40 + (number * 7919 % 5000) / 100 as value, (40 + (number * 7919 % 5000) / 100)::varchar as value_text, 2 as decimals, 'exact' as qualifier,
       'agreed' as status, 0.998 as confidence, 'agreement' as rule, 'All sources agree.' as reason, count(*)::integer as n_claims, 3 as n_independent,
       list('c-' || lpad(n::varchar, 12, '0') order by n) as claims
from range({first}, {last}) r(n) join keys k on k.number = n * 104729 % {keys} group by all
"""
_COMPARABLE = """
select 'c-' || lpad(n::varchar, 12, '0') as claim_id, k.* exclude (number), (40 + (k.number * 7919 % 5000) / 100)::varchar as printed,
       ((40 + (k.number * 7919 % 5000) / 100) * 1e6)::bigint as amount, 2 as decimals, 'exact' as qualifier, false as first_hand
from range({first}, {last}) r(n) join keys k on k.number = n * 104729 % {keys} order by n
"""
#: One question that a Parquet file answers as well: what is said of a province, year by year.
_ASKED = "select year, count(*), min(value), max(value) from {claims} where index = 'PAR_INDEX' and subject = 'Hưng Yên' group by year order by year"


class Made:
    """The made-up world, in a database of its own."""

    def __init__(self) -> None:
        provinces = [unit for unit in provinces_and_ministries() if unit.level == "province" and unit.valid_on(date(2024, 12, 31))]
        self._connection = duckdb.connect()
        values = ", ".join(f"('{unit.name}', '{unit.unit_id}')" for unit in provinces)
        self._connection.execute(_WORLD.format(provinces=values))
        ((self._keys,),) = self._connection.execute("select count(*) from keys").fetchall()

    def arrow(self, sql: str, first: int, last: int) -> pa.Table:
        """Return rows about the claims from `first` to before `last`."""
        return self._connection.sql(self._about(sql, first, last)).to_arrow_table()

    def parquet(self, sql: str, first: int, last: int, path: Path) -> Path:
        """Write such rows into a file, and return it."""
        self._connection.execute(f"copy ({self._about(sql, first, last)}) to '{path}' (compression zstd)")
        return path

    def _about(self, sql: str, first: int, last: int) -> str:
        return sql.format(first=first, last=last, per=_AN_ARTICLE, keys=self._keys)

    def lean_on(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Add the rows that claims refer to: indices, sources, units."""
        codes = [code for (code,) in self._connection.execute("select distinct index from keys order by 1").fetchall()]
        words = dict.fromkeys(("name_vi", "name_en", "publisher", "unit"), "x")
        scale = {"level": "national", "scale_min": 0, "scale_max": 100, "first_year": 2010, "last_year": 2024}
        add(connection, "indices", [{"index": code, **words, **scale} for code in codes])
        hosts = [host for (host,) in self._connection.execute("select source from hosts order by 1").fetchall()]
        words = {"kind": "paper", "home": "x", "family": "x", "caveats": ""}
        add(connection, "sources", [{"source": host, "portal": host, "title": host, **words} for host in hosts])
        columns = ("unit_id", "level", "kind", "name", "gso_code", "province", "merged_into", "valid_from", "valid_to")
        add(connection, "units", [{name: getattr(unit, name) for name in columns} for unit in provinces_and_ministries()])


def main(wanted: int, keep: Path | None) -> int:
    """Measure; return 1 if a limit is missed."""
    with TemporaryDirectory() as temporary:
        folder = keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        return int(_measure(folder / "chiso.duckdb", Made(), wanted))


def _measure(warehouse: Path, made: Made, wanted: int) -> bool:
    with rewriting(warehouse) as connection:
        made.lean_on(connection)
    articles, claims = made.arrow(_ARTICLES, 0, _LOADED), made.arrow(_CLAIMS, 0, _LOADED)
    seconds, new = _timed(lambda: _load(warehouse, articles, claims))
    missed = _told(f"{new:,} claims loaded", seconds, _LOADED / LIMIT_LOAD)
    _say(f"  {_LOADED / seconds:,.0f} a second, goal {LIMIT_LOAD:,}")
    seconds, new = _timed(lambda: _load(warehouse, articles, claims))
    missed |= _told(f"the same again, {new} new", seconds, LIMIT_AGAIN)
    claims_file = _grow(warehouse, made, wanted)
    size = warehouse.stat().st_size
    _say(f"{wanted:,} claims: {size / 2**20:,.0f} MiB, {size / wanted:.0f} bytes a claim with its article, fact and comparable form")
    _say(f"  the claims alone as Parquet: {claims_file.stat().st_size / wanted:.0f} bytes a claim")
    rows = [made.arrow(sql, wanted, wanted + _NIGHT) for sql in (_ARTICLES, _CLAIMS, _COMPARABLE, _FACTS)]
    seconds, changed = _timed(lambda: _night(warehouse, *rows))
    missed |= _told(f"a night of {_NIGHT:,} claims on top, {changed:,} facts changed, published", seconds, LIMIT_NIGHT)
    return missed | _ask(warehouse, claims_file)


def _load(warehouse: Path, articles: pa.Table, claims: pa.Table) -> int:
    with rewriting(warehouse) as connection:
        add(connection, "articles", articles)
        return add(connection, "claims", claims)


def _grow(warehouse: Path, made: Made, wanted: int) -> Path:
    """Bring the warehouse to its full size; return the Parquet file of its claims."""
    whole = {"articles": _ARTICLES, "claims": _CLAIMS, "comparable": _COMPARABLE, "fact_history": _FACTS}
    with rewriting(warehouse) as connection:
        connection.execute("reset memory_limit")  # a night comes in batches; this does not
        for table, sql in whole.items():
            path = made.parquet(sql, 0, wanted, warehouse.with_name(f"{table}.parquet"))
            key = ", ".join(key_of(table))
            connection.execute(f"insert into {table} by name from read_parquet('{path}') anti join {table} using ({key})")
    return warehouse.with_name("claims.parquet")


def _night(warehouse: Path, articles: pa.Table, claims: pa.Table, comparable: pa.Table, facts: pa.Table) -> int:
    with rewriting(warehouse) as connection:
        for table, rows in (("articles", articles), ("claims", claims), ("comparable", comparable)):
            add(connection, table, rows)
        connection.register("renewed", facts.select(["fact_id"]))
        return load_facts(connection, facts.drop_columns(["known_from"]).to_pylist(), datetime.now(UTC), renewed="renewed")


def _ask(warehouse: Path, claims: Path) -> bool:
    missed = False
    with connect(warehouse) as connection:
        for title, sql in queries():
            median = statistics.median(_timed(lambda sql=sql: connection.execute(sql).fetchall())[0] for _ in range(_ASKS))
            missed |= _told(title, median, LIMIT_QUERY)
        here = statistics.median(_timed(lambda: connection.execute(_ASKED.format(claims="claims")).fetchall())[0] for _ in range(_ASKS))
    with duckdb.connect() as connection:
        scan = f"read_parquet('{claims}')"
        there = statistics.median(_timed(lambda: connection.execute(_ASKED.format(claims=scan)).fetchall())[0] for _ in range(_ASKS))
    _say(f"claims of a province by year: {here:.3f} s, from a Parquet file {there:.3f} s, ratio {here / there:.2f}")
    return missed


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


def _told(what: str, seconds: float, limit: float) -> bool:
    _say(f"{what}: {seconds:.2f} s, limit {limit:.1f} s, ratio {seconds / limit:.2f}")
    return seconds > limit


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--claims", type=int, default=10_000_000)
    parser.add_argument("--keep", type=Path, help="keep the warehouse there")
    arguments = parser.parse_args()
    sys.exit(main(arguments.claims, arguments.keep))
