"""The rules against their corpus: every way to say a value, and what must not be read as one."""

import itertools
import tomllib
from pathlib import Path

import pytest

from extract.lexer import lex
from extract.mentions import Delta, Mention, Rank, Score, Tier, Year

CORPUS = tomllib.loads((Path(__file__).parent / "corpus" / "mentions.toml").read_text(encoding="utf-8"))
KINDS = {"rank": Rank, "delta": Delta, "score": Score, "tier": Tier, "year": Year}


def shown(mention: Mention) -> str:
    match mention.payload:
        case Rank(place=None):
            return "last"
        case Rank(place=place, of=of):
            return f"{place}/{of}" if of else str(place)
        case Delta(amount=amount, unit=unit, high=None):
            return f"{amount} {unit}"
        case Delta(amount=amount, unit=unit, high=high):
            return f"{amount}..{high} {unit}"
        case Score(text=text):
            return text
        case Tier(value=value):
            return value
        case Year(years=years, base=base):
            return f"{'base ' if base else ''}{years[0]}"
    raise AssertionError(mention)


@pytest.mark.parametrize(
    ("kind", "want", "say"),
    [(kind, entry["want"], say) for kind, entries in CORPUS.items() for entry in entries for say in entry["say"]],
)
def test_a_phrase_reads_as_its_value(kind: str, want: str, say: str) -> None:
    found = [shown(m) for m in lex(say) if isinstance(m.payload, KINDS[kind])]
    assert found == ([] if want == "none" else [want])


def test_mentions_do_not_overlap_and_lie_in_the_sentence() -> None:
    for entries in CORPUS.values():
        for say in (say for entry in entries for say in entry["say"]):
            mentions = lex(say)
            assert all(0 <= m.start < m.end <= len(say) for m in mentions)
            assert all(a.end <= b.start for a, b in itertools.pairwise(mentions))
