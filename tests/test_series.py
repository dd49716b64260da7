"""An index over several years: each figure is of its own year, whatever order the years are told in."""

import random
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from extract.article import Article
from extract.claims import read_claims
from tests.test_compositions import INDICES, PROVINCES, Index, shown

SERIES = tomllib.loads((Path(__file__).parent / "corpus" / "series.toml").read_text(encoding="utf-8"))["series"]


def said(chance: random.Random, template: dict, index: Index, province: str, last: int) -> tuple[str, set[str]]:
    """Return a sentence on an index over two to four years, and what it says."""
    years = range(last - chance.choice([1, 2, 2, 3]), last + 1)
    unit = chance.choice(index.units)
    scores = {y: f"{chance.uniform(*index.scores):.{index.decimals}f}".replace(".", ",") for y in years}
    places = dict(zip(years, chance.sample(range(2, 60), len(years)), strict=True))
    named = {"first": years[0], "before": years[-2], "last": last}
    slots = {"index": chance.choice(index.names), "p": province, "u": unit, **named}
    slots |= {f"s_{name}": scores[y] for name, y in named.items()} | {f"k_{name}": places[y] for name, y in named.items()}
    each = [template.get("each", "").format(y=y, s=scores[y], k=places[y], u=unit) for y in years]
    told = {(y, measure) for name, measure in map(str.split, template["says"]) for y in (years if name == "each" else [named[name]])}
    values = {"score": {y: score.replace(",", ".") for y, score in scores.items()}, "rank": places}
    text = template["text"].format(each=template.get("join", "").join(each), **slots)
    return text, {f"{index.code} {province} {y} {measure} {values[measure][y]}" for y, measure in told}


def articles(template: dict, count: int) -> Iterator[tuple[str, set[str], set[str]]]:
    """Yield articles of a province, a sentence each on up to three indices, the template's the first; what is read and what was meant."""
    for seed in range(count):
        chance = random.Random(seed)
        province, last = chance.choice(PROVINCES), chance.randint(2020, 2023)
        indices = chance.sample(INDICES, chance.randint(1, 3))
        parts = [said(chance, template if not n else chance.choice(SERIES), one, province, last) for n, one in enumerate(indices)]
        text = "\n".join([f"{province} nâng cao các chỉ số", *(text for text, _ in parts)])
        read = read_claims(Article("a", text, home=province, published=date(last + 1, 8, 20))).claims
        yield text, {shown(claim) for claim in read if not claim.measure.endswith("delta")}, {one for _, says in parts for one in says}


@pytest.mark.parametrize("template", SERIES, ids=[template["text"][:60] for template in SERIES])
def test_each_figure_of_a_series_is_of_its_year(template: dict) -> None:
    for text, found, meant in articles(template, 40):
        assert found == meant, text
