"""Each claim of an article once, and of two figures for one key the one that the article founds better."""

from collections import defaultdict
from collections.abc import Container, Iterable
from typing import TypeAlias

from normalize.claim import KEY, Claim

#: A claim's subject and where its figure begins.
Place: TypeAlias = tuple[str, int]
_OF_ANY_YEAR = [part for part in KEY if part != "year"]
#: Changes may be told against several years; of these there is one figure a key.
_ONE_FIGURE = {"score", "rank"}


def once(claims: Iterable[Claim], text: str, named: Container[Place]) -> tuple[Claim, ...]:
    """Return the claims of an article, each once, in the order of the text, without those that it refutes itself.

    `named` holds the claims whose own sentence names whom they are of: where a sentence that names nobody gives another
    score or rank, it was somebody else's ("SIPAS được công bố với mức hài lòng chung là 80,08%. Hà Nội đạt 80,15%").
    """
    found: dict[tuple[object, ...], Claim] = {}
    for claim in claims:
        identity = (*(getattr(claim, part) for part in KEY), claim.value)
        said = found.setdefault(identity, claim)
        if _says_more(claim, said):
            found[identity] = claim  # the headline says "tăng 10 bậc", the text says since when
    rivals: dict[tuple[object, ...], list[Claim]] = defaultdict(list)
    for claim in found.values():
        rivals[tuple(getattr(claim, part) for part in KEY)].append(claim)
    return tuple(
        claim
        for identity, claim in found.items()
        if not (
            _is_placed_elsewhere(claim, found.values()) if claim.value is None else _is_refuted(claim, rivals[identity[:-1]], text, named)
        )
    )


def _says_more(claim: Claim, said: Claim) -> bool:
    """Tell whether a repetition adds what the first saying left out: since when, or out of how many."""
    return (claim.base_year is not None and said.base_year is None) or (claim.of is not None and said.of is None and said.base_year is None)


def _is_placed_elsewhere(last: Claim, claims: Iterable[Claim]) -> bool:
    """Tell whether an article says the number of a last place elsewhere: "đội sổ" and then "xếp thứ 21/21"."""
    return any(
        c.value is not None
        and (c.year == last.year or None in {c.year, last.year})
        and all(getattr(c, part) == getattr(last, part) for part in _OF_ANY_YEAR)
        for c in claims
    )


def _is_refuted(claim: Claim, rivals: Iterable[Claim], text: str, named: Container[Place]) -> bool:
    """Tell whether another sentence gives another figure of the same key, and gives it with the name or, of ranks, as a number."""
    if claim.measure not in _ONE_FIGURE or claim.year is None:
        return False
    others = [c for c in rivals if c.value != claim.value and (c.start, c.end) != (claim.start, claim.end)]
    if claim.measure == "rank" and claim.value == 1 and not _is_number(claim, text) and any(_is_number(c, text) for c in others):
        return True  # "leads the country" beside "ranked 35th"
    return _place(claim) not in named and any(_place(c) in named for c in others)


def _place(claim: Claim) -> Place:
    return claim.subject, claim.value_start


def _is_number(claim: Claim, text: str) -> bool:
    return any(char.isdigit() for char in text[claim.value_start : claim.value_end])
