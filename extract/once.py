"""Each claim of an article once, and of two figures for one key the one that the article founds better."""

from collections import defaultdict
from collections.abc import Container, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from normalize.claim import KEY, Claim

#: A claim's subject and where its figure begins.
Place: TypeAlias = tuple[str, int]
_OF_ANY_YEAR = tuple(part for part in KEY if part != "year")
#: Changes may be told against several years; of these there is one figure a key.
_ONE_FIGURE = {"score", "rank"}


@dataclass(slots=True)
class _Told:
    """A claim, whether a sentence that says it names whom it is of, and whether one has its figure in digits."""

    claim: Claim
    is_named: bool = False
    in_digits: bool = False


def once(claims: Iterable[Claim], text: str, named: Container[Place]) -> tuple[Claim, ...]:
    """Return the claims of an article, each once, in the order of the text, without those that it refutes itself.

    `named` holds the claims whose own sentence names whom they are of: where a sentence that names nobody gives another
    score or rank, it was somebody else's ("SIPAS được công bố với mức hài lòng chung là 80,08%. Hà Nội đạt 80,15%").
    """
    found: dict[tuple[object, ...], _Told] = {}
    for claim in claims:
        told = found.setdefault((*_parts(claim, KEY), claim.value), _Told(claim))
        told.is_named |= (claim.subject, claim.value_start) in named
        told.in_digits |= any(char.isdigit() for char in text[claim.value_start : claim.value_end])
        if _says_more(claim, told.claim):
            told.claim = claim  # the headline says "tăng 10 bậc", the text says since when
    placed: dict[tuple[object, ...], set[int | None]] = defaultdict(set)
    for told in found.values():
        if told.claim.value is not None:
            placed[_parts(told.claim, _OF_ANY_YEAR)].add(told.claim.year)
    named_keys = {_parts(told.claim, KEY) for told in found.values() if told.is_named}
    numbered_keys = {_parts(told.claim, KEY) for told in found.values() if told.in_digits}
    return tuple(
        told.claim
        for told in found.values()
        if not (
            _is_placed_elsewhere(told.claim, placed[_parts(told.claim, _OF_ANY_YEAR)])
            if told.claim.value is None
            else _is_refuted(told, named_keys, numbered_keys)
        )
    )


def _parts(claim: Claim, names: Iterable[str]) -> tuple[object, ...]:
    return tuple(getattr(claim, name) for name in names)


def _says_more(claim: Claim, said: Claim) -> bool:
    """Tell whether a repetition adds what the first saying left out: since when, or out of how many."""
    return (claim.base_year is not None and said.base_year is None) or (claim.of is not None and said.of is None and said.base_year is None)


def _is_placed_elsewhere(last: Claim, years: Container[int | None]) -> bool:
    """Tell whether an article says the number of a last place in one of `years`: "đội sổ" and then "xếp thứ 21/21"."""
    return bool(years) and (last.year is None or last.year in years or None in years)


def _is_refuted(told: _Told, named: Container[object], numbered: Container[object]) -> bool:
    """Tell whether the article gives another figure of the same key with the name, or of a first place as a number."""
    claim, key = told.claim, _parts(told.claim, KEY)
    if claim.measure not in _ONE_FIGURE or claim.year is None:
        return False
    if claim.measure == "rank" and claim.value == 1 and not told.in_digits and key in numbered:
        return True  # "leads the country" beside "ranked 35th"
    return not told.is_named and key in named
