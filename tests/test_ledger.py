"""The ledger: a night looks only at what new claims reach, and ends where a rebuild of everything would."""

import random
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import duckdb
import pytest

from benchmarks.simulation import Press, World
from normalize.beside import beside
from normalize.board import Board
from normalize.breaches import breaches
from normalize.grouping import arrow
from normalize.judgement import Conflict, Fact
from normalize.ledger import Ledger, nodes_of
from normalize.reconcile import plain_facts, reconcile, settle
from normalize.statement import Statement, read_statement
from normalize.tables import rows
from normalize.units import merged_names, provinces_and_ministries


class Shelf:
    """Facts and conflicts, brought up to date night by night as the warehouse does it."""

    def __init__(self) -> None:
        self.connection = duckdb.connect(":memory:")
        self.facts: dict[str, Fact] = {}
        self.conflicts: dict[str, Conflict] = {}
        self.records: Any = ()
        self.renewed = 0

    def settle(self, statements: Sequence[Statement]) -> None:
        """Settle a night on top of the nights before."""
        table = arrow(statements)
        self.connection.register("statements", table)
        settled = settle(self.connection)
        self.connection.unregister("statements")
        renewed = {fact_id for (fact_id,) in self.connection.execute("select fact_id from renewed").fetchall()}
        self.renewed = len(renewed)
        hot = {fact.fact_id for fact in settled.facts}
        facts = [*settled.facts, *plain_facts(self.connection, hot)]
        assert {fact.fact_id for fact in facts} <= renewed
        for fact_id in renewed:
            self.facts.pop(fact_id, None)
            self.conflicts.pop(fact_id, None)
        self.facts |= {fact.fact_id: fact for fact in facts if fact.n_claims}
        self.conflicts |= {conflict.key.fact_id: conflict for conflict in settled.conflicts if conflict.is_news}
        self.records = settled.records

    def equals_a_rebuild(self, statements: Sequence[Statement]) -> None:
        """Compare with what reconciliation makes of the same statements from nothing."""
        anew = reconcile(statements)
        assert self.facts == {fact.fact_id: fact for fact in anew.facts}
        assert self.conflicts == {conflict.key.fact_id: conflict for conflict in anew.conflicts}
        assert self.records == anew.records


def news(seed: int) -> list[Statement]:
    """Return made-up news: provinces and fields, what is over all of them, regions, merged provinces and groups."""
    rng = random.Random(seed)
    return [*(one.statement for one in Press(World(), 0.05, 0.015, rng).speak()), *wider(rng)]


def wider(rng: random.Random) -> Iterator[Statement]:
    """Yield what the simulator leaves out; every twentieth figure is another one of the same list."""
    old = sorted(u.name for u in provinces_and_ministries() if u.level == "province" and u.valid_on(date(2016, 12, 31)))
    scores = {name: 75 + n / 4 for n, name in enumerate(old)}
    over_all = {"score_max": 90.5, "score_min": 75.0, "score_mean": 82.75, "score_median": 82.75}
    merged = {name: 70 + n / 4 for n, name in enumerate(sorted(merged_names()))}
    regions = {name: 80 + n / 4 for n, name in enumerate(sorted({row["name_vi"] for row in rows("regions")}))}
    lists: list[tuple[dict[str, float], dict[str, Any]]] = [
        (scores, {"index": "SIPAS", "year": 2022}),
        (scores, {"index": "SIPAS", "year": 2024}),
        (merged, {"index": "SIPAS", "year": 2025}),
        (regions, {"index": "SIPAS", "year": 2023, "subject_type": "region", "measure": "score_mean"}),
        *(
            ({"63 tỉnh": value}, {"index": "SIPAS", "year": 2022, "subject_type": "aggregate", "measure": m})
            for m, value in over_all.items()
        ),
        ({name: 75 + n / 2 for n, name in enumerate(old[:40])}, {"index": "PAR_INDEX", "year": 2023}),
    ]
    for source in ("v.vn", "w.vn", "x.vn"):
        for n, (values, parts) in enumerate(lists):
            for name, value in values.items():
                told = rng.choice(list(values.values())) + rng.choice((0, 0.25)) if rng.random() < 1 / 20 else value
                record = {"article": f"{source}/{n}", "source": source, "subject": name, "measure": "score", "value": f"{told:.2f}"}
                yield read_statement({**record, **parts})
        for n, name in enumerate(old[:40]):
            record = {"article": f"{source}/groups", "source": source, "index": "PAR_INDEX", "year": 2023, "subject": name}
            yield read_statement({**record, "measure": "tier", "value": "ABC"[(n < 30) + (n < 10)] if rng.random() < 0.95 else "B"})


def nights(statements: list[Statement], rng: random.Random) -> Iterator[list[Statement]]:
    """Yield what is known night by night: claims arrive in any order, some articles are taken back, some found to be copies."""
    rng.shuffle(statements)
    standing: list[Statement] = []
    for share in (0.6, 0.9, 0.99, 0.995, 1.0):
        standing += statements[len(standing) : int(len(statements) * share)]
        taken_back = {s.article for s in rng.sample(standing, 3)}
        copies = {s.article: rng.choice(standing).cluster for s in rng.sample(standing, 3)}
        yield [s._replace(cluster=copies[s.article]) if s.article in copies else s for s in standing if s.article not in taken_back]
    yield standing


@pytest.mark.parametrize("seed", [1, 2])
def test_any_order_of_arrival_ends_as_a_rebuild_does(seed: int) -> None:
    shelf, rng = Shelf(), random.Random(seed)
    for known in nights(news(seed), rng):
        shelf.settle(known)
        shelf.equals_a_rebuild(known)
    assert len(shelf.conflicts) > 100


def test_two_processes_judge_as_one_does(monkeypatch: pytest.MonkeyPatch) -> None:
    statements = news(5)
    alone = reconcile(statements)
    monkeypatch.setattr("normalize.reconcile._MANY", 1)
    asked = []
    monkeypatch.setattr("normalize.reconcile.beside", lambda work, own: asked.append(True) or beside(work, own))
    assert reconcile(statements) == alone
    assert asked


def test_a_few_claims_reach_a_few_keys() -> None:
    shelf, statements = Shelf(), news(4)
    shelf.settle(statements[:-20])
    assert shelf.renewed > 3000
    shelf.settle(statements)
    assert shelf.renewed < 500
    shelf.settle(statements)
    assert shelf.renewed == 0
    shelf.equals_a_rebuild(statements)


def said(value: str, source: str, **parts: Any) -> Statement:
    record = {"article": f"{source}/{parts.get('year', 2021)}", "index": "SIPAS", "subject": "Hưng Yên", "year": 2021, "measure": "score"}
    return read_statement({**record, "value": value, "source": source, **parts})


def places(source: str, off: int, names: str, *, by: str | None = None) -> list[Statement]:
    """Return the places that a source gives to provinces, off by so many; `by` is the article."""
    order = ["Hải Phòng", "Quảng Ninh", "Hưng Yên", "Sơn La", "Hà Giang", "Thái Bình"]
    return [
        said(str(order.index(name) + 5 + off), source, subject=name, measure="rank", article=by or f"{source}/{name}")
        for name in names.split(", ")
    ]


@pytest.mark.parametrize(
    ("first", "later", "before", "after"),
    [
        # The line below in a table of regions.
        (
            [said("83.17", s, subject="Tây Nguyên", subject_type="region") for s in ("a.vn", "b.vn")]
            + [said("79.62", "c.vn", subject="Tây Nguyên", subject_type="region")],
            [said("79.62", "d.vn", subject="Đồng bằng sông Hồng", subject_type="region")],
            "real", "neighbour_line",
        ),
        # A merged province, and one of those that it was made of.
        (
            [said("83.17", s, year=2025) for s in ("a.vn", "b.vn")] + [said("79.62", "c.vn", year=2025)],
            [said("79.62", "d.vn", subject="Thái Bình", year=2024)],
            "real", "place_version",
        ),
        # A list with an entry left out is known by its second place.
        (
            [*places("a.vn", 0, "Hưng Yên, Sơn La"), *places("b.vn", 0, "Hưng Yên, Sơn La"), *places("c.vn", 1, "Hưng Yên", by="list"),
             *(said(f"{70 + n / 100 + 9 * (s == 'c' and n < 60):.2f}", f"{s}.vn", year=2014 + n % 10, component=f"Trục {n}")
               for n in range(600) for s in "abc")],
            places("c.vn", 1, "Sơn La", by="list"),
            "typo", "skipped_entry",
        ),
    ],
)  # fmt: skip
def test_what_is_near_is_reached(first: list[Statement], later: list[Statement], before: str, after: str) -> None:
    shelf = Shelf()
    shelf.settle(first)
    (conflict,) = (conflict for conflict in shelf.conflicts.values() if conflict.key.component is None)
    assert conflict.conflict_class == before
    shelf.settle([*first, *later])
    assert shelf.conflicts[conflict.key.fact_id].conflict_class == after
    shelf.equals_a_rebuild([*first, *later])


@pytest.mark.parametrize("seed", [3])
def test_equations_are_broken_in_sql_as_over_single_keys(seed: int) -> None:
    shelf, statements = Shelf(), news(seed)
    shelf.settle(statements)
    connection = shelf.connection
    table = arrow(statements)
    connection.register("statements", table)
    ledger = Ledger(connection)
    ledger.is_whole = True
    board = Board(nodes_of(ledger.seen()))
    connection.execute("create or replace temp table field as from board")
    instances = (instance for key in board.nodes for instance in board.around(key))
    expected = {frozenset(key.fact_id for key in instance.keys) for instance in instances if not instance.holds(board.values)}
    assert len(expected) > 50
    assert {frozenset(group) for group in breaches(connection)} == expected
