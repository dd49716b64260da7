"""Reconciliation: what agrees, what conflicts, of which class, and who wins."""

import random
from decimal import Decimal
from typing import Any

import pytest

from normalize.classes import CLASSES
from normalize.cluster import cluster_articles
from normalize.reconcile import reconcile
from normalize.statement import Statement, StatementError, read_statement
from normalize.wording import class_titles, words


def said(value: Any, source: str = "a.vn", **parts: Any) -> Statement:
    kind, place, cluster = parts.pop("kind", "paper"), parts.pop("place", None), parts.pop("cluster", None)
    record = {
        "article": f"{source}/{value}",
        "index": "PAR_INDEX",
        "subject": "Hưng Yên",
        "year": 2021,
        "measure": "score",
        "value": value,
        "source": source,
        **parts,
    }
    return read_statement(record, kind=kind, place=place, cluster=cluster)


def only(statements: list[Statement]):
    result = reconcile(statements)
    assert len(result.facts) == 1
    return result.facts[0], (result.conflicts[0] if result.conflicts else None)


@pytest.mark.parametrize(
    ("a", "b", "index"),
    [
        ({"value": "88.34"}, {"value": "88.34", "unit": "điểm"}, "PAR_INDEX"),
        ({"value": "86.77", "unit": "%"}, {"value": "86.77", "unit": "điểm"}, "PAR_INDEX"),
        ({"value": "70.7"}, {"value": "70.69"}, "PCI"),
        ({"value": "45.78"}, {"value": "45.7875"}, "PAPI"),  # cut, not rounded
        ({"value": "40.62"}, {"value": "40.6146"}, "PAPI"),
        ({"value": "0.6077"}, {"value": "60.77"}, "DTI"),
        ({"value": "87"}, {"value": "87.02"}, "PAR_INDEX"),
        ({"value": "88.34", "subject": "Hoà Bình"}, {"value": "88.34", "subject": "Hòa Bình"}, "PAR_INDEX"),
    ],
)
def test_the_same_figure_in_other_clothes_agrees(a: dict, b: dict, index: str) -> None:
    fact, conflict = only([said(a.pop("value"), "a.vn", index=index, **a), said(b.pop("value"), "b.vn", index=index, **b)])
    assert conflict is None
    assert fact.status in {"agreed", "rounded"}
    assert fact.n_independent == 2


@pytest.mark.parametrize(
    "parts",
    [
        {"year": 2020},
        {"level": "provincial", "authority": "Hưng Yên"},
        {"scope": "Đồng bằng sông Hồng"},
        {"component": "Cải cách tài chính công"},
        {"modality": "target"},
        {"measure": "rank", "value": "17"},
    ],
)
def test_different_quantities_are_not_compared(parts: dict) -> None:
    result = reconcile([said("88.34"), said(parts.pop("value", "77"), "b.vn", **parts)])
    assert len(result.facts) == 2
    assert not result.conflicts


@pytest.mark.parametrize(
    "evidence",
    [
        "Năm thứ 17 công bố PCI, Hưng Yên đạt 63,50 điểm.",
        "VCCI khảo sát PCI LẦN THỨ 17: Hưng Yên đạt 63,50 điểm.",
        "Trong kỳ thứ 17 được đánh giá, Hưng Yên đạt 63,50 điểm.",
    ],
)
def test_a_sentence_that_counts_editions_speaks_against_another_year(evidence: str) -> None:
    counted = said("63.50", "a.vn", index="PCI", year=2020, evidence=evidence, url="https://a.vn/1")
    plain = said("62.10", "b.vn", index="PCI", year=2020, evidence="Năm 2020, Hưng Yên đạt 62,10 điểm PCI, năm thứ 2 tăng điểm.")
    fact, conflict = only([counted, plain])
    assert (fact.value, conflict.rule) == (Decimal("62.10"), "objection:year")
    # What judging did not need of them is there all the same.
    assert {(s.claim_id, s.evidence, s.url) for side in conflict.sides for s in side} == {
        (s.claim_id, s.evidence, s.url) for s in (counted, plain)
    }


def test_changes_against_different_years_are_different_facts() -> None:
    result = reconcile(
        [said("-3", measure="rank_delta", base_year=2018, year=2019), said("25", "b.vn", measure="rank_delta", base_year=2016, year=2019)]
    )
    assert len(result.facts) == 2


@pytest.mark.parametrize(
    ("right", "wrong", "want"),
    [
        ("88.34", "88.43", "transposition"),
        ("91.87", "91.81", "typo"),
        ("91.87", "9.87", "typo"),
        ("90.13", "90.30", "typo"),
        ("89.6", "81", "real"),
        ("96.17", "48.21", "real"),
    ],
)
def test_classes_of_slips(right: str, wrong: str, want: str) -> None:
    _, conflict = only([said(right, "sonv.hungyen.gov.vn", kind="portal", place="Hưng Yên"), said(wrong, "b.vn")])
    assert conflict.conflict_class == want
    assert conflict.proposed == Decimal(right)


def test_a_rank_printed_as_a_score() -> None:
    result = reconcile([said("48.96", "p.vn", kind="publisher"), said("63", "b.vn"), said("63", "p.vn", kind="publisher", measure="rank")])
    (conflict,) = result.conflicts
    assert (conflict.conflict_class, conflict.rule) == ("rank_as_score", "slip:rank_as_score")


def test_last_years_figure() -> None:
    statements = [said("86.77", "a.vn"), said("83.87", "b.vn"), said("83.87", "c.vn", year=2020)]
    (conflict,) = reconcile(statements).conflicts
    assert (conflict.conflict_class, conflict.proposed) == ("year", Decimal("86.77"))


def test_an_equation_decides_a_digit() -> None:
    statements = [
        said("91.87", "a.vn", year=2023), said("91.81", "b.vn", year=2023), said("91.81", "c.vn", year=2023, kind="wire"),
        said("96.17", "a.vn", year=2024), said("4.30", "a.vn", year=2024, measure="score_delta", base_year=2023),
    ]  # fmt: skip
    (conflict,) = reconcile(statements).conflicts
    assert (conflict.proposed, conflict.rule) == (Decimal("91.87"), "equation:score_change")
    assert [(e.words, e.is_broken, e.is_mended) for e in conflict.equations] == [("score_change: 96.17 = 91.87 + 4.30", True, True)]


def test_copies_count_once() -> None:
    copies = [said("2", f"{n}.vn", measure="rank_delta", cluster="story", kind="portal") for n in "abcd"]
    fact, conflict = only([*copies, said("1", "own.vn", measure="rank_delta", kind="portal", place="Hưng Yên")])
    assert fact.value == Decimal(1)
    assert fact.n_independent == 2
    assert conflict.conflict_class == "copied_error"


def test_a_later_correction_by_the_same_source_wins() -> None:
    fact, _ = only([said("88.43", "b.vn", published="2022-05-26", article="1"), said("88.34", "b.vn", published="2022-06-01", article="2")])
    assert (fact.value, fact.rule) == (Decimal("88.34"), "correction")


def test_too_close_to_call_stays_a_conflict() -> None:
    fact, conflict = only([said("90.13", "a.vn"), said("90.30", "b.vn")])
    assert fact.status == "conflict"
    assert "too little to decide" in conflict.reason.en
    assert "would lead" in conflict.would_change.en
    assert "chưa đủ để quyết định" in conflict.reason.vi
    assert "90,13" in conflict.reason.vi


def test_every_class_has_its_words_in_both_languages() -> None:
    titles = class_titles()
    assert {name for name, _ in CLASSES} | {"real", "impossible"} == set(titles)
    assert all(words(f"class.{name}").vi and title.vi for name, title in titles.items())


def test_a_source_that_names_another_last_place_is_refused() -> None:
    last = {"measure": "rank", "year": 2023, "qualifier": "last"}
    numbered = said("63", "a.vn", **{**last, "subject": "An Giang", "qualifier": "exact"})
    vague = said(None, "b.vn", **{**last, "subject": "Bình Thuận"})
    (conflict,) = reconcile([numbered, vague]).conflicts
    assert (conflict.key.subject, conflict.conflict_class) == ("Bình Thuận", "wrong_bottom")


def test_the_mean_of_the_next_region_is_its_line() -> None:
    mean = {"measure": "score_mean", "year": 2023, "subject_type": "region"}
    found = reconcile(
        [
            said("86.82", "a.vn", **mean, subject="Bắc Trung Bộ và Duyên hải miền Trung"),
            said("87.72", "b.vn", **mean, subject="Bắc Trung Bộ và DHMT"),
            said("87.72", "c.vn", **mean, subject="Trung du và miền núi phía Bắc"),
        ]
    )
    (conflict,) = found.conflicts
    assert (conflict.conflict_class, conflict.proposed) == ("neighbour_line", Decimal("86.82"))


def test_a_value_that_cannot_be_is_not_published() -> None:
    scores = [("1", "Hải Phòng", "90.10"), ("2", "Quảng Ninh", "79.10"), ("3", "Hà Nội", "88.30"), ("4", "Huế", "88.10")]
    found = reconcile(
        [
            said(value, "a.vn", measure=measure, subject=subject)
            for rank, subject, score in scores
            for measure, value in (("rank", rank), ("score", score))
        ]
    )
    fact = next(f for f in found.facts if (f.key.subject, f.key.measure) == ("Quảng Ninh", "score"))
    assert (fact.value, fact.status, fact.confidence) == (None, "conflict", 0.0)


def test_the_result_does_not_depend_on_the_order_of_arrival() -> None:
    statements = [
        said(v, f"{s}.vn", year=y, measure=m)
        for s in "abc"
        for y in (2020, 2021)
        for m, v in (("score", f"8{ord(s) % 3}.1"), ("rank", str(ord(s) % 4 + 1)))
    ]
    want = reconcile(statements)
    for seed in range(20):
        shuffled = random.Random(seed).sample(statements, len(statements))
        assert reconcile(shuffled) == want


def test_tiers_agree_by_word() -> None:
    fact, conflict = only([said("Khá", "a.vn", measure="tier"), said("khá", "b.vn", measure="tier")])
    assert conflict is None
    assert fact.status in {"agreed", "rounded"}


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"index": "PCI"},
        {"index": "NO", "subject": "x", "measure": "score"},
        {"index": "PCI", "subject": "x", "measure": "score", "value": "abc"},
        {"index": "PCI", "subject": "x", "measure": "score", "value": 1, "year": "soon"},
    ],
)
def test_a_bad_claim_is_refused_by_name(record: dict) -> None:
    with pytest.raises(StatementError):
        read_statement(record)


STORY = "Sáng 6/4, Bộ Nội vụ công bố chỉ số năm 2024 của 63 tỉnh. Hải Phòng dẫn đầu cả nước với 96,17%, tăng 4,30% so với năm 2023; Bà Rịa - Vũng Tàu đứng thứ hai với 93,35%."


def test_near_copies_are_clustered_and_set_phrases_are_not() -> None:
    texts = {
        "a": STORY,
        "b": f"(TTXVN) {STORY} Nguồn: TTXVN",
        "c": STORY.replace("Sáng 6/4", "Hôm 6/4"),
        "d": "Năm 2024, tỉnh Sơn La đạt 90,02%, xếp thứ 12/63 tỉnh, thành phố, tăng 1 bậc so với năm 2023.",
        "e": "Năm 2024, tỉnh Lào Cai đạt 89,02%, xếp thứ 19/63 tỉnh, thành phố, tăng 1 bậc so với năm 2023.",
    }
    clusters = cluster_articles(texts, {article: {"f-1"} for article in texts})
    assert clusters["a"] == clusters["b"] == clusters["c"] == "a"
    assert clusters["d"] != clusters["e"]
    # Who tells of other facts is not asked whether he copies, but who copies a copy belongs to all of them.
    facts = {"a": {"f-1"}, "b": {"f-1", "f-2"}, "c": {"f-2"}}
    assert cluster_articles(texts, facts) == {"a": "a", "b": "a", "c": "a", "d": "d", "e": "e"}
    assert cluster_articles(texts, {**facts, "b": {"f-1"}})["c"] == "c"


def test_the_number_ranked_is_the_known_one_and_a_place_among_others_is_told() -> None:
    rank = {"measure": "rank", "index": "PCI", "year": 2022, "subject": "Long An"}
    fact, conflict = only([said("10", "a.vn", of=63, **rank), said("10", "b.vn", of=62, **rank)])
    assert (fact.of, conflict) == (63, None)
    fact, conflict = only([said("10", "a.vn", of=63, **rank), said("10", "c.vn", of=63, **rank), said("2", "b.vn", of=13, **rank)])
    assert (fact.value, fact.of, conflict.conflict_class) == (Decimal(10), 63, "wrong_denominator")


def test_a_province_ranks_its_own_on_its_own_scale() -> None:
    record = {
        "index": "DTI",
        "level": "provincial",
        "authority": "Bắc Giang",
        "subject": "Việt Yên",
        "subject_type": "district",
        "year": 2023,
    }
    assert read_statement({**record, "measure": "score", "value": "772.3", "unit": "điểm"}).value == Decimal("0.7723")
    assert read_statement({**record, "measure": "score", "value": "77.23"}).value == Decimal("0.7723")
