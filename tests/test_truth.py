"""Truth discovery and the smallest repair: who is believed, and which figure an equation condemns."""

import random
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from benchmarks.simulation import Press, World
from normalize.decisions import DecisionError, read_decisions, statement_of
from normalize.equations import equations
from normalize.reconcile import reconcile
from normalize.statement import Statement, read_statement
from normalize.truth import Ballots, Case, Vote, learn
from normalize.units import provinces_and_ministries


def said(value: Any, source: str, **parts: Any) -> Statement:
    kind = parts.pop("kind", "paper")
    record = {"article": f"{source}/{value}", "index": "PAR_INDEX", "subject": "Hưng Yên", "year": 2021, "measure": "score", "value": value}
    return read_statement({**record, "source": source, **parts}, kind=kind)


def case(*sides: str) -> Case:
    """Return a case of numbered sides; each is a text of one-letter sources."""
    votes = tuple(Vote(source, "paper", f"{source}{n}", n) for n, side in enumerate(sides) for source in side)
    return Case("PCI", votes, tuple(range(len(sides))), n_sides=len(sides))


def test_a_source_that_errs_often_weighs_less() -> None:
    learned = learn(Ballots.of([case("ab", "x") for _ in range(20)]))
    error = {record.source: record.error for record in learned.records}
    assert error["a"] < 0.15 < error["x"]


def test_sources_that_share_errors_are_one_voice_and_those_that_share_truths_are_not() -> None:
    told = [case("abcde", "xyz") for _ in range(8)]
    learned = learn(Ballots.of([*told, case("ab", "xyz")]))
    voices = {record.source: record.voice for record in learned.records}
    assert voices["y"] == voices["z"] == "x"
    assert voices["b"] == "b"
    assert learned.winners[-1] == 0


def test_numbers_without_a_majority_are_settled_in_their_middle() -> None:
    assert learn(Ballots.of([case("a", "b", "c")])).winners == (1,)


def test_every_equation_names_its_source_and_says_how_often_it_fails() -> None:
    assert len({equation.name for equation in equations()}) == len(equations())
    assert all(equation.source and 0 < equation.exception < 0.1 for equation in equations())


def test_a_digit_that_nobody_prints_is_named_by_two_equations() -> None:
    statements = [
        said("80.10", "a.vn", year=2020), said("88.34", "b.vn", year=2022), said("84.21", "c.vn", year=2021),
        said("2.11", "d.vn", measure="score_delta", year=2021, base_year=2020),
        said("6.13", "e.vn", measure="score_delta", year=2022, base_year=2021),
    ]  # fmt: skip
    (conflict,) = reconcile(statements).conflicts
    assert (conflict.key.year, conflict.proposed, conflict.is_claimed) == (2021, Decimal("82.21"), False)
    assert conflict.rule == "equation:score_change"


def test_the_neighbours_in_the_ranking_condemn_a_score() -> None:
    scores = {"Hưng Yên": "88.34", "Hải Phòng": "91.80", "Quảng Ninh": "91.04", "Sơn La": "78.90", "Hà Giang": "86.77"}
    places = {"Hải Phòng": 1, "Quảng Ninh": 2, "Hưng Yên": 3, "Sơn La": 4, "Hà Giang": 5}
    statements = [said(v, "a.vn", subject=s) for s, v in scores.items()]
    statements += [said(str(n), "b.vn", subject=s, measure="rank") for s, n in places.items()]
    (conflict,) = reconcile(statements).conflicts
    assert conflict.key.subject in {"Sơn La", "Hà Giang"}
    assert conflict.equations[0].name == "rank_order"


def test_a_place_beyond_the_number_ranked_is_not_published() -> None:
    result = reconcile([said("77", "a.vn", measure="rank")])
    assert (result.facts[0].value, result.facts[0].status) == (None, "conflict")
    assert result.conflicts[0].conflict_class == "impossible"


def test_percent_of_eighty_points_is_the_same_figure() -> None:
    shares = {"index": "PAPI", "year": 2020}
    result = reconcile([said("40.62", "a.vn", unit="điểm", **shares), said("50.77", "b.vn", unit="%", **shares)])
    assert not result.conflicts


def test_a_decision_wins_and_asks_again(tmp_path) -> None:
    first = [said("88.34", "a.vn", published="2022-05-26"), said("88.43", "b.vn", published="2022-05-26")]
    key = first[0].key
    path = tmp_path / "decisions.csv"
    path.write_text(f'key,value,reason,who,when\n{key.fact_id},"88,43",bản gốc,lan,2022-06-01\nf-x,1,,lan,2022-06-01\n', encoding="utf-8")
    decision, error = read_decisions(path)
    assert isinstance(error, DecisionError)
    assert str(error) == f"{path}:3: no reason"
    decided = statement_of(decision, key, "province")
    (conflict,) = reconcile([*first, decided]).conflicts
    assert (conflict.proposed, conflict.rule, conflict.asks_again) == (Decimal("88.43"), "decision", False)
    (conflict,) = reconcile([*first, decided, said("88.34", "c.vn", published="2022-07-01")]).conflicts
    assert (conflict.proposed, conflict.asks_again) == (Decimal("88.43"), True)


@pytest.mark.parametrize("seed", [1])
def test_the_order_of_arrival_changes_nothing(seed: int) -> None:
    rng = random.Random(seed)
    statements = [one.statement for one in Press(World(), 0.15, 0.03, rng).speak()]
    assert len(statements) > 5000
    once = reconcile(statements)
    assert len(once.conflicts) > 300
    rng.shuffle(statements)
    assert reconcile(statements) == once


@pytest.mark.parametrize(
    ("name", "first", "measure", "printed"),
    [
        ("mean_of_all", "61.90", "score_mean", "60.31"),  # one score is 1,90 too high: the mean would be 60,34
        ("median_of_all", "60.00", "score_median", "60.13"),  # 60,31 printed as 60,13
    ],
)
def test_the_mean_and_the_median_of_all_show_a_wrong_figure(name: str, first: str, measure: str, printed: str) -> None:
    names = sorted(u.name for u in provinces_and_ministries() if u.level == "province" and u.valid_on(date(2016, 12, 31)))
    assert len(names) == 63
    true = {"index": "PCI", "year": 2016}
    others = [said(str(Decimal(6000 + n) / 100), "a.vn", **true, subject=subject) for n, subject in enumerate(names) if n]
    aggregate = {**true, "subject": "63 tỉnh", "subject_type": "aggregate", "measure": measure}
    right = [*others, said("60.00", "a.vn", **true, subject=names[0]), said("60.31", "b.vn", **aggregate)]
    assert not reconcile(right).conflicts
    (conflict,) = reconcile([*others, said(first, "a.vn", **true, subject=names[0]), said(printed, "b.vn", **aggregate)]).conflicts
    assert [equation.name for equation in conflict.equations] == [name]


def test_a_change_is_doubted_before_the_scores_that_it_joins() -> None:
    mean = {"subject": "63 tỉnh", "subject_type": "aggregate"}
    (conflict,) = reconcile(
        [
            said("84.79", "a.vn", year=2022, measure="score_mean", **mean),
            said("86.37", "b.vn", year=2021, measure="score_mean", **mean),
            said("-1.78", "a.vn", year=2022, base_year=2021, measure="score_delta", **mean),
        ]
    ).conflicts
    assert (conflict.key.measure, conflict.proposed, conflict.is_claimed) == ("score_delta", Decimal("-1.58"), False)
