"""The ledger: what reconciliation keeps of a night, so that the next one looks only at what new claims reach.

Statements decide which figure of a key leads; that is all other keys ever see of it (the `board`). A key is judged
by its own statements, by what their sources weigh, and by the board *near* it: the same subject in all years and
fields, its neighbours in the rankings, and what is over all. So a key has to be judged again only if its own
statements or weights have changed, or a leading figure near it. Everything is kept in tables (data/ledger.sql), and
made anew where the rules or their data have changed.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from normalize.board import Node
from normalize.breaches import breaches
from normalize.classes import SHIFTED
from normalize.equations import AGGREGATES, WINDOW, Figure
from normalize.grouping import COLUMNS, fill, rows_of
from normalize.statement import Key
from normalize.truth import Ballots, Case, Coded, Learned
from normalize.units import merged_names

#: What is hashed of a statement: the id of the fact stands for its key, that of the claim for its article; no verdict asks for the address.
_SAID = ", ".join(f'"{name}"' for name in COLUMNS if name not in {"fact_id", *Key._fields, "article", "url"})
#: What was not there, or was different, when the key was reconciled last.
_TOUCHED = f"""
create or replace temp table touched as
select fact_id from (select fact_id, hash({_SAID}) as digest from statements union all select fact_id, digest from ledger)
group by fact_id having bit_xor(digest) <> 0
"""
#: One subject's neighbours in a ranking: those that an equation joins it with, and one more on each side.
_REACH = WINDOW + 1
#: One number for the years and fields of a subject, and one for all that is ranked together, of any field: to join by.
_LINE, _WARD = "hash({0}, {1})", "hash({0}.index, {0}.level, {0}.year, {0}.authority, {0}.scope)"
#: The ids of the ledger that see the board at the keys of `seeds`, or are seen from there: nearness has no direction.
_NEAR = f"""
with seed as (select distinct line, ward, index, subject, subject_type from {{seeds}}),
lines as (select line from seed union select {_LINE.format("s.index", "k.other")} from seed s join kin k on k.subject = s.subject),
wards as (select distinct ward from seed),
places as (select b.*, s.ward is not null as is_seed from (from board semi join wards using (ward)) b
           left join (select distinct ward, subject from seed) s on b.ward = s.ward and b.subject = s.subject
           where b.measure = 'rank' and b.label is null),
beside as (select distinct ward, subject from places
           qualify bool_or(is_seed) over (partition by ward, component, subject_type
                                          order by amount, subject rows between {_REACH} preceding and {_REACH} following)),
whole as (select ward from wards semi join (from board where measure in {tuple(sorted(AGGREGATES))}) using (ward))
select fact_id from ledger semi join lines using (line)
union select fact_id from ledger semi join beside using (ward, subject)
union select fact_id from ledger semi join whole using (ward)
union select fact_id from ledger where subject_type = 'region' and index in (select index from seed where subject_type = 'region')
"""


class Entry(NamedTuple):
    """What a key's own statements make of it: whether it is questioned, and the figure that it puts on the board."""

    fact_id: str
    subject_type: str
    is_questioned: bool
    figure: Figure | None


_ENTRIES = {"fact_id": pa.string(), "subject_type": pa.string(), "is_questioned": pa.bool_(), "on_board": pa.bool_(),
            "amount": pa.int64(), "digit": pa.int64(), "label": pa.string()}  # fmt: skip
_CASES = {"fact_id": pa.string(), "index": pa.string(), "n_sides": pa.int32(), "known": pa.int32(), "is_text": pa.bool_(),
          "numbers": pa.list_(pa.int64())}  # fmt: skip
_VOTES = {"fact_id": pa.string(), "n": pa.int32(), "source": pa.string(), "kind": pa.string(), "cluster": pa.string(), "side": pa.int32()}
_LEADS = {"fact_id": pa.string(), "winner": pa.int32(), "weights": pa.list_(pa.float64())}
_BOUND = {"members": pa.list_(pa.string())}
_TRUST = {"source": pa.string(), "index": pa.string(), "weight": pa.float64()}


class Ledger:
    """The tables of the ledger in one connection, beside the relation `statements`.

    `is_whole` says that nothing was kept. Temp tables: `touched` (keys whose statements have changed) and
    `reached` (keys that have to be judged again, those that were hot and are no more among them).
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Open the ledger, forget it if it was made by other rules, and find what has changed since."""
        self._connection = connection
        if not made_by_these_rules(connection):
            connection.execute("insert into ledger_version values (?)", [_version()])
        self.is_whole = not connection.execute("select 1 from ledger limit 1").fetchall()
        connection.execute(_TOUCHED)
        connection.execute("create or replace temp view board as from ledger where on_board")
        connection.execute("create or replace temp table reached as select fact_id from touched")
        fill(connection, "kin", {"subject": pa.string(), "other": pa.string()}, _kin())

    def dispute(self, cases: Iterable[tuple[str, Case]]) -> None:
        """Put the disputes of the touched keys in the place of what was known of them."""
        listed = list(cases)
        rows = [(fact_id, c.index, c.n_sides, c.known, c.numbers is None, c.numbers or tuple(range(c.n_sides))) for fact_id, c in listed]
        self._replace("ledger_cases", _CASES, rows)
        votes = [(fact_id, n, v.source, v.kind, v.cluster, v.side) for fact_id, c in listed for n, v in enumerate(c.votes)]
        self._replace("ledger_votes", _VOTES, votes)

    def _replace(self, table: str, columns: Mapping[str, pa.DataType], rows: Sequence[tuple[Any, ...]]) -> None:
        fill(self._connection, "disputes", columns, rows)
        self._connection.execute(f"delete from {table} where fact_id in (select fact_id from touched)")
        self._connection.execute(f"insert into {table} from disputes")

    def ballots(self) -> tuple[list[str], Ballots]:
        """Return the ids of all disputed keys, and their votes in that order."""
        cases = self._connection.sql("from ledger_cases order by fact_id").to_arrow_table()
        votes = self._connection.sql(
            "with cases as (select fact_id, row_number() over (order by fact_id) - 1 as number from ledger_cases) "
            "select number, v.* from ledger_votes v join cases using (fact_id) order by fact_id, n"
        ).to_arrow_table()
        return cases["fact_id"].to_pylist(), Ballots(
            case=votes["number"].to_numpy().astype(np.int64),
            side=votes["side"].to_numpy().astype(np.int64),
            source=Coded.of(votes["source"]),
            kind=Coded.of(votes["kind"]),
            cluster=Coded.as_met(votes["cluster"]),
            index=Coded.of(cases["index"]),
            n_sides=cases["n_sides"].to_numpy().astype(np.int64),
            known=cases["known"].fill_null(-1).to_numpy().astype(np.int64),
            texts=cases["is_text"].to_numpy().astype(bool),
            number=pc.list_flatten(cases["numbers"]).to_numpy().astype(np.int64),
        )

    def confirmed(self) -> dict[tuple[str, str], int]:
        """Return for each source and index how many of its claims another source confirms."""
        rows = self._connection.execute(
            "with unsure as (select fact_id from ledger where not (is_uniform and n_independent > 1) and fact_id not in (select fact_id from touched) "
            "union all select fact_id from keyed where not (is_uniform and n_independent > 1)) "
            "select source, index, count(*) from statements anti join unsure using (fact_id) where kind <> 'decision' group by all"
        ).fetchall()
        return {(source, index): count for source, index, count in rows}

    def kinds(self) -> dict[str, str]:
        """Return each source's own kind."""
        return dict(self._connection.execute("select source, min(kind) from statements group by source").fetchall())

    def weigh(self, fact_ids: Sequence[str], learned: Learned) -> list[str]:
        """Take what was learned; hot keys that are weighed otherwise are reached. Return those where another side leads now."""
        run = self._connection.execute
        fill(self._connection, "leads", _LEADS, list(zip(fact_ids, learned.winners, learned.weights, strict=True)))
        fill(self._connection, "trust", _TRUST, learned.trust())
        turned = run("select fact_id from leads a join ledger_leads l using (fact_id) where a.winner <> l.winner order by all").fetchall()
        hot = "select fact_id from ledger where is_hot"
        differing = "((from {0} except from ledger_{0}) union (from ledger_{0} except from {0}))"
        run(f"insert into reached select fact_id from {differing.format('leads')} where fact_id in ({hot})")
        run(
            f"insert into reached select distinct fact_id from statements s semi join {differing.format('trust')} t "
            f"on s.source = t.source and s.index = t.index where fact_id in ({hot})"
        )
        for table in ("leads", "trust"):
            run(f"delete from ledger_{table}")
            run(f"insert into ledger_{table} from {table}")
        return [fact_id for (fact_id,) in turned]

    def enter(self, entries: Sequence[Entry], said: str) -> None:
        """Bring the board up to date with the touched keys (those of the table `even` too), and with those that another side leads now.

        `said` is a relation that has the statements about the touched keys.
        """
        run = self._connection.execute
        rows = [(e.fact_id, e.subject_type, e.is_questioned, e.figure is not None, *(e.figure or (None, None, None))) for e in entries]
        fill(self._connection, "entries", _ENTRIES, rows)
        run("insert into entries by name from even")
        run("""create or replace temp table changed as
               select fact_id from (from entries where on_board) e
               full join (from board where fact_id in (select fact_id from touched union all select fact_id from entries)) b using (fact_id)
               where row(e.subject_type, e.amount, e.digit, e.label) is distinct from row(b.subject_type, b.amount, b.digit, b.label)""")
        run("create or replace temp table seeing as select fact_id from changed")
        self._see()
        run("delete from ledger where fact_id in (select fact_id from touched)")
        run(f"""insert into ledger by name
                select k.fact_id, d.digest, {", ".join(f"s.{name}" for name in Key._fields)}, s.subject_type, k.is_uniform, k.n_independent,
                       coalesce(e.is_questioned, false) as is_questioned, false as is_hot, coalesce(e.on_board, false) as on_board, e.amount, e.digit, e.label,
                       {_LINE.format("s.index", "s.subject")} as line, {_WARD.format("s")} as ward
                from keyed k left join entries e using (fact_id) join {said} s on s.claim_id = k.first_claim
                join (select fact_id, bit_xor(hash({_SAID})) as digest from {said} group by fact_id) d on d.fact_id = k.fact_id
                where k.fact_id in (select fact_id from touched)""")
        run("""update ledger set is_questioned = e.is_questioned, on_board = e.on_board, amount = e.amount, digit = e.digit, label = e.label
               from entries e where ledger.fact_id = e.fact_id and e.fact_id not in (select fact_id from touched)""")
        self._see()
        self._reach_seeing()

    def _see(self) -> None:
        """Note who sees the changed part of the board."""
        if not self.is_whole:
            seeds = "(from board where fact_id in (select fact_id from changed))"
            self._connection.execute(f"insert into seeing {_NEAR.format(seeds=seeds)}")

    def _reach_seeing(self) -> None:
        self._connection.execute("insert into reached select fact_id from ledger where is_hot and fact_id in (select fact_id from seeing)")

    def heat(self) -> list[list[str]]:
        """Find which keys are hot now, and which of them have to be judged; return the groups that broken equations bind."""
        run = self._connection.execute
        part = "" if self.is_whole else "semi join seeing using (fact_id)"
        run(f"create or replace temp table field as from board {part}")
        # An equation that a change touches binds nobody but those who see the change.
        run("delete from ledger_bound where list_has_all((select coalesce(list(fact_id), []) from seeing), members)")
        fill(self._connection, "bound", _BOUND, [(group,) for group in breaches(self._connection)])
        run("insert into ledger_bound from bound")
        run("create or replace temp table burning as select distinct unnest(members) as fact_id from ledger_bound")
        run("update ledger set is_hot = not is_hot where is_hot <> (is_questioned or fact_id in (select fact_id from burning))")
        self._reach_seeing()
        run(f"""create or replace temp table shifts as
                select s.article, s.index, s.year, s.amount - l.amount as shift, count(*)::integer as n
                from statements s join ledger l using (fact_id)
                where s.measure = 'rank' and l.measure = 'rank' and l.on_board and not l.is_uniform and s.amount <> l.amount
                group by all having count(*) >= {SHIFTED}""")
        run("""insert into reached select distinct l.fact_id from statements s join ledger l using (fact_id) semi join
               ((from shifts except from ledger_shifts) union (from ledger_shifts except from shifts)) d
               on d.article = s.article and d.index = s.index and d.year = s.year where l.is_hot and l.measure = 'rank'""")
        run("delete from ledger_shifts")
        run("insert into ledger_shifts from shifts")
        return [list(members) for (members,) in run("from ledger_bound order by members").fetchall()]

    def shifts(self) -> dict[tuple[str, str, int | None, int], int]:
        """Return, by article, index and year, how many ranks are off by the same number of places (in millionths)."""
        return {
            (article, index, year, shift): n for article, index, year, shift, n in self._connection.execute("from ledger_shifts").fetchall()
        }

    def hot_and_reached(self) -> list[str]:
        """Return the ids of the hot keys that have to be judged again."""
        rows = self._connection.execute("select fact_id from ledger where is_hot and fact_id in (select fact_id from reached)").fetchall()
        return [fact_id for (fact_id,) in rows]

    def renew(self, judged: Iterable[str]) -> list[str]:
        """Make the temp table `renewed` of what is reached and judged; return the ids of those in it whose statements are printed differently."""
        fill(self._connection, "judged", {"fact_id": pa.string()}, [(one,) for one in judged])
        self._connection.execute("create or replace temp table renewed as select fact_id from reached union select fact_id from judged")
        rows = self._connection.execute(
            "select fact_id from ledger where not is_uniform and fact_id in (select fact_id from renewed)"
        ).fetchall()
        return [fact_id for (fact_id,) in rows]

    def seen(self) -> pa.Table:
        """Return the rows of the board that the keys of the table `judged` see."""
        columns = ", ".join((*Key._fields, "subject_type", "amount", "digit", "label"))
        seen = _NEAR.format(seeds="(from ledger semi join judged using (fact_id))")
        near = "" if self.is_whole else f"where fact_id in ({seen})"
        return self._connection.sql(f"select {columns} from board {near}").to_arrow_table()


def nodes_of(seen: pa.Table) -> list[Node]:
    """Return rows of the board as nodes."""
    return [Node(Key._make(row[:10]), Figure._make(row[11:]), row[10]) for row in rows_of(seen)]


def made_by_these_rules(connection: duckdb.DuckDBPyConnection) -> bool:
    """Tell whether what is kept in a warehouse was made by the rules and data of this code; else makes its tables anew, empty."""
    of_ledger = (
        "select table_name from duckdb_tables() where database_name = current_database() and starts_with(table_name, 'ledger') order by all"
    )
    kept = [table for (table,) in connection.execute(of_ledger).fetchall()]
    if "ledger_version" in kept and connection.execute("select version from ledger_version").fetchall() == [(_version(),)]:
        return True
    for table in kept:
        connection.execute(f"drop table {table}")
    connection.execute(files("normalize").joinpath("data", "ledger.sql").read_text(encoding="utf-8"))
    return False


@cache
def _version() -> str:
    """Return a hash of all rules and data that reconciliation depends on."""
    digest = hashlib.sha256(duckdb.__version__.encode())
    package = Path(str(files("normalize")))
    for path in sorted(path for path in package.rglob("*") if path.suffix in {".py", ".sql", ".toml", ".csv"}):
        digest.update(path.relative_to(package).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


@cache
def _kin() -> list[tuple[str, str]]:
    """Return the pairs of a merged province and one that it was made of, both ways."""
    pairs = [(name, part) for name, parts in sorted(merged_names().items()) for part in parts]
    return sorted({*pairs, *((part, name) for name, part in pairs)})
