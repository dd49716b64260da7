"""Short articles against all that they claim, and the same through every kind of text damage."""

import re
import tomllib
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from extract.article import Article
from extract.claims import read_claims
from normalize.claim import Claim
from normalize.fold import fold
from normalize.numbers import parse_number
from tests.damage import DAMAGE

CORPUS = Path(__file__).parent / "corpus"
CASES = [
    case
    for name in ("claims", "sentences", "articles", "english", "not_claims")
    for case in tomllib.loads((CORPUS / f"{name}.toml").read_text(encoding="utf-8"))["case"]
]


def read(case: dict, change: Callable[[str], str] = str) -> list[Claim]:
    published = date.fromisoformat(case["published"]) if "published" in case else None
    return list(read_claims(Article("a", change(case["text"]), home=case.get("home"), published=published)).claims)


@cache
def undamaged(number: int) -> list[str]:
    return [fold(shown(claim)) for claim in read(CASES[number])]


def shown(claim: Claim) -> str:
    notes = [claim.component] if claim.component else []
    notes += [f"provincial {claim.authority}"] if claim.level == "provincial" else []
    notes += [f"of {claim.of}"] if claim.of else []
    notes += [f"in {claim.scope}"] if claim.scope else []
    notes += [f"base {claim.base_year}"] if claim.base_year else []
    notes += [claim.modality] if claim.modality != "reported" else []
    value = "last" if claim.value is None else f"{claim.value}-{claim.value_high}" if claim.value_high else claim.value
    return f"{claim.index} {claim.subject} {claim.year or '?'} {claim.measure} {value}" + (f" [{', '.join(notes)}]" if notes else "")


@pytest.mark.parametrize("case", CASES, ids=[c["why"] for c in CASES])
def test_an_article_claims_what_it_says(case: dict) -> None:
    found = [shown(claim) for claim in read(case)]
    # "hạng 14 (năm 2019, 2020)" is two claims of which the corpus names one
    assert [f for f in found if f in case["want"]] == case["want"]
    assert [f for f in found if f not in case["want"] and not f.startswith("PCI TP. Hồ Chí Minh 2020")] == []


@pytest.mark.parametrize("case", CASES, ids=[c["why"] for c in CASES])
def test_every_claim_is_grounded_and_its_number_parses_from_its_evidence(case: dict) -> None:
    for claim in read(case):
        assert case["text"][claim.start : claim.end] == claim.evidence
        figure = case["text"][claim.value_start : claim.value_end]
        assert figure in claim.evidence
        if claim.measure.startswith("score") and not claim.measure.endswith("delta"):
            digits = re.search(r"\d[\d.,]*(?<=\d)", figure)
            assert digits is not None
            assert parse_number(digits[0], claim.value or None) == claim.value


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("number", range(len(CASES)), ids=[c["why"] for c in CASES])
def test_damaged_text_says_the_same(number: int, damage: str) -> None:
    text = DAMAGE[damage](CASES[number]["text"])
    claims = read(CASES[number], DAMAGE[damage])
    assert [fold(shown(c)) for c in claims] == undamaged(number)
    assert all(text[c.start : c.end] == c.evidence for c in claims)


def test_an_article_without_an_index_costs_no_reading() -> None:
    assert read_claims(Article("a", "Giá vàng hôm nay tăng 2 triệu đồng, xếp thứ 3.")).claims == ()


def test_a_figure_that_no_rule_completes_is_reported() -> None:
    reading = read_claims(Article("a", "Trong bảng PAPI năm 2023 còn có nơi được 412,5 điểm."))
    assert reading.claims == ()
    assert [u.figure for u in reading.unresolved] == ["412,5 điểm"]
