"""The statements as a table in DuckDB: what a million claims say about each key, without a Python object for each.

`statements` holds a row a claim in comparable form. Where all claims of a key print one figure, the fact follows
in SQL; only keys with several figures, and those in broken equations, are looked at one by one.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

from normalize.indices import indices, ranked_count
from normalize.objection import COUNTED, unit_objection
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
#: So many rows are in memory beside the statements that are made of them.
_AT_ONCE = 20_000
_KEY = ("index", "level", "authority", "subject", "year", "measure", "component", "scope", "modality", "base_year")
_SELECT_KEY = ", ".join(_KEY)
#: The parts of a statement in their order, with the amount behind the value: it says whether that is a number.
_SELECT_SAID = "claim_id, printed, amount, high, " + ", ".join(
    {
        "url": "null",
        # Most of the memory that statements take would be sentences that nobody looks into.
        "evidence": f"case when kind = 'decision' or regexp_matches(evidence, '{COUNTED}') then evidence else '' end",
    }.get(name, f'"{name}"')
    for name in Statement._fields[4:]
)

_SPEAKS = "kind not in ('aggregator', 'official', 'table', 'decision')"
# Of a million words the hashes are counted in two thirds of the time.
_WITNESSES = f"greatest(1, least({', '.join(f'count(distinct hash({by})) filter ({_SPEAKS})' for by in ('cluster', 'source'))}))"


#: What normalize/objection.py may object to, in SQL: somewhat more than it does.
_ODD = """
select fact_id from plain p left join scales using (index)
where modality = 'reported' and year is not null and (
  value is null or (measure = 'rank' and (value < 1 or value > "of"))
  or (starts_with(measure, 'score') and measure <> 'score_delta' and not value between 0 and case when component is null then largest else 100 end)
  or (subject_type = 'province' and exists (from misplaced m where m.subject = p.subject and m.year = p.year))
)
"""


class Uniform(NamedTuple):
    """A key of which all claims print one figure; `amount` is in millionths, None for a tier or a last place without its number."""

    fact_id: str
    key: Key
    text: str | None
    amount: int | None
    decimals: int
    qualifier: str
    subject_type: str
    of: int | None


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
select fact_id, count(*) filter (kind not in ('official', 'table', 'decision'))::integer as n_claims,
       {_WITNESSES}::integer as n_independent, min(claim_id) as first_claim,
       arg_min(unit, claim_id) filter (unit is not null) as unit, arg_min("of", claim_id) filter ("of" is not null) as "of",
       bool_or(kind = 'official') as is_official, bool_or(first_hand) as is_first_hand,
       list(claim_id order by claim_id) as claims,
       min(printed) is not distinct from max(printed) and count(printed) in (0, count(*)) and min(high) is not distinct from max(high)
         and min(qualifier) = max(qualifier) as is_uniform
from {{said}} group by fact_id
"""

#: Facts of keys whose claims all print one figure.
_PLAIN = f"""
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
from {{keyed}} k join {{said}} s on s.claim_id = k.first_claim
left join ranked r on s.measure = 'rank' and s.level = 'national' and s.scope is null
  and r.index = s.index and r.subject_type = s.subject_type and r.year = s.year
where k.is_uniform
"""


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


class Grouped:
    """Keys with what is said of them: the plain facts are in the temp table `plain`, the rest is fetched as statements.

    `said` is the relation that has the statements about all keys that were grouped. Statements that are fetched have no
    address, and evidence only where judging looks into it: an editor's reason, and a sentence that may count editions.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, *, is_whole: bool) -> None:
        """Group the statements about the keys of the table `touched`; all of them if `is_whole`."""
        self._connection, self._is_whole = connection, is_whole
        self._rank()
        self.said = self._group("keyed", "touched")
        connection.execute("create or replace temp table plain as " + _PLAIN.format(keyed="keyed", said=self.said))

    def add(self, keys: str) -> None:
        """Group further keys, those of the relation `keys`."""
        if not self._is_whole:
            further = self._group("further", keys)
            self._connection.execute("insert into plain " + _PLAIN.format(keyed="further", said=further))
            self.said = f"(from {self.said} union all by name from {further})"

    def _group(self, keyed: str, keys: str) -> str:
        """Group the statements about some keys in a temp table; return the relation that has them."""
        said = "statements"
        if not self._is_whole:
            # A few statements are looked for once.
            said = f"said_of_{keyed}"
            self._connection.execute(f"create or replace temp table {said} as from statements semi join {keys} using (fact_id)")
        self._connection.execute(f"create or replace temp table {keyed} as {_KEYED.format(said=said)}")
        return said

    def _rank(self) -> None:
        """Make the temp table `ranked`: how many are known to be ranked, of each index, kind of subject and year that ranks are told of."""
        told = self._connection.execute(
            "select distinct index, subject_type, year from statements where measure = 'rank' and level = 'national' and year is not null"
        ).fetchall()
        known = [(*of, ranked) for of in sorted(told) if (ranked := ranked_count(*of)) is not None]
        columns = {"index": pa.string(), "subject_type": pa.string(), "year": pa.int32(), "ranked": pa.int32()}
        fill(self._connection, "ranked", columns, known)

    def mixed(self) -> dict[Key, list[Statement]]:
        """Return the statements of the keys that print several figures."""
        return self._statements(self.said, "(from keyed where not is_uniform)")

    def grouped(self, fact_ids: Iterable[str]) -> dict[Key, list[Statement]]:
        """Return all statements of some of the keys that were grouped."""
        return self._statements(self.said, self._wanted(fact_ids))

    def of(self, fact_ids: Iterable[str]) -> dict[Key, list[Statement]]:
        """Return all statements of some keys, whether they were grouped or not."""
        return self._statements("statements", self._wanted(fact_ids))

    def _wanted(self, fact_ids: Iterable[str]) -> str:
        fill(self._connection, "wanted", {"fact_id": pa.string()}, [(one,) for one in sorted(set(fact_ids))])
        return "wanted"

    def _statements(self, said: str, keys: str) -> dict[Key, list[Statement]]:
        """Return the statements about some keys; those of one key share the key."""
        wanted = f"(from {said} semi join {keys} using (fact_id))"
        of_fact = {fact_id: Key._make(parts) for fact_id, *parts in self._rows(f"select distinct fact_id, {_SELECT_KEY} from {wanted}")}
        found: dict[Key, list[Statement]] = defaultdict(list)
        for fact_id, claim_id, printed, amount, high, *rest in self._rows(
            f"select fact_id, {_SELECT_SAID} from {wanted} order by claim_id"
        ):
            key = of_fact[fact_id]
            value = printed if amount is None else Decimal(printed)
            found[key].append(Statement(claim_id, key, value, None if high is None else Decimal(high), *rest))
        return dict(found)

    def _rows(self, query: str) -> Iterator[tuple[Any, ...]]:
        for batch in self._connection.sql(query).to_arrow_reader(_AT_ONCE):
            yield from rows_of(pa.Table.from_batches([batch]))

    def odd(self) -> list[Uniform]:
        """Return what is printed of each key of which all claims print one figure, where it is no number or may be objected to.

        The other figures that were reported of a year go to the table `even`, as they are.
        """
        run = self._connection.execute
        told = run("select distinct subject, year from plain where subject_type = 'province' and year is not null order by all").fetchall()
        fill(self._connection, "misplaced", {"subject": pa.string(), "year": pa.int32()}, [one for one in told if unit_objection(*one)])
        scales = [(code, float(index.scale_max)) for code, index in sorted(indices().items())]
        fill(self._connection, "scales", {"index": pa.string(), "largest": pa.float64()}, scales)
        run(f"create or replace temp view odd as {_ODD}")
        run(
            "create or replace temp table even as select fact_id, subject_type, false as is_questioned, true as on_board, "
            "round(value * 1e6)::bigint as amount, 10 ** (6 - least(decimals, 6))::bigint as digit, null::varchar as label from plain "
            "where modality = 'reported' and year is not null and fact_id not in (select fact_id from odd)"
        )
        columns = f'{", ".join(_KEY)}, value_text, round(value * 1e6)::bigint, decimals, qualifier, subject_type, "of"'
        rows = run(f"select fact_id, {columns} from plain where fact_id in (select fact_id from odd)").fetchall()
        return [Uniform(row[0], Key._make(row[1:11]), *row[11:]) for row in rows]


def fill(connection: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, pa.DataType], rows: Sequence[tuple[Any, ...]]) -> None:
    """Make a temp table of rows."""
    arrow = pa.table({name: pa.array([row[n] for row in rows], kind) for n, (name, kind) in enumerate(columns.items())})
    connection.register("arriving_rows", arrow)
    connection.execute(f"create or replace temp table {table} as from arriving_rows")
    connection.unregister("arriving_rows")


def rows_of(table: pa.Table) -> Iterator[tuple[Any, ...]]:
    """Return the rows of a table, made column by column: of a hundred thousand rows in a third of the time of DuckDB's `fetchall`."""
    return zip(*map(_values, table.columns), strict=True)


def _values(column: pa.ChunkedArray) -> list[Any]:
    """Return a column's values; of texts, which repeat themselves, each is made once."""
    if column.type != pa.string():
        return list(column.to_pylist())
    coded = column.combine_chunks().dictionary_encode(null_encoding="encode")
    return list(map(coded.dictionary.to_pylist().__getitem__, coded.indices.to_pylist()))
