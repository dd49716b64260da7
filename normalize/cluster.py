"""Copies: articles that print the same sentences with the same figures are one witness, not many.

An article is sketched once, when it is read: MinHash over the five-word shingles of the sentences that hold a
figure, and of the whole text (Broder 1997; rensa's implementation, seeded, so that a sketch is the same for ever).
Only articles whose sketches agree in some band are compared, and then exactly: two are copies when they share four
fifths of the smaller one's shingles (a portal may add a lead or drop a paragraph), or half of them if both name the
same source ("Nguồn: TTXVN").
"""

import re
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from normalize.fold import fold

_WORDS = 5
_SHARED = 0.8
_SHARED_CREDITED = 0.5
# Below this an article says one common sentence ("xếp thứ 12/63 ...") that anyone may write.
_LEAST = 25
_LEAST_WHOLE = 60
# 128 values in 64 bands of two: of pairs that share a tenth of their shingles half are compared, of those that share 0.3 nearly all.
_PERMUTATIONS = 128
_ROWS = 2
_SEED = 20211
# A band that so many articles agree in is a set phrase of the genre.
_COMMON = 200
_SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n")
_CREDIT = re.compile(
    r"(?:^|\()\s*(?:Nguồn(?:\s+tin)?\s*:|Theo)\s*"
    r"(?P<named>(?:Báo|Tạp chí|Cổng|Trang|Đài|VTV|VOV|Nhân Dân|[\w-]+\.[\w.]{2,20})\b[^\n.;()]{0,60})\s*\)?\s*$"
    r"|(?P<agency>TTXVN|Vietnam\+|VietnamPlus|Chinhphu\.vn|CTTĐT)",
    re.IGNORECASE | re.MULTILINE,
)
_AGENCIES = {"vietnam+": "ttxvn", "vietnamplus": "ttxvn", "thông tấn xã việt nam": "ttxvn", "baochinhphu.vn": "chinhphu.vn"}


@dataclass(frozen=True, slots=True)
class Sketch:
    """MinHash values of an article's figure sentences and of its whole text, and the source that it credits."""

    figures: bytes
    whole: bytes
    credit: str | None


def sketch(text: str, author: str | None = None) -> Sketch:
    """Sketch one article; `author` is its byline, which may name an agency."""
    return Sketch(_minhash(shingles(text)), _minhash(shingles(text, figures_only=False)), credit_of(text, author))


@lru_cache(maxsize=4096)
def shingles(text: str, *, figures_only: bool = True) -> frozenset[str]:
    """Return the five-word shingles of the sentences that hold a digit, or of all."""
    found: set[str] = set()
    for sentence in _SENTENCE.split(text):
        if not figures_only or any(char.isdigit() for char in sentence):
            words = fold(sentence).split()
            found.update(" ".join(words[i : i + _WORDS]) for i in range(len(words) - _WORDS + 1))
    return frozenset(found)


def credit_of(text: str, author: str | None = None) -> str | None:
    r"""Return the source that an article says it is taken from, lower case; None if it names none.

    >>> credit_of("Hải Phòng dẫn đầu.\nNguồn: Báo Hải Phòng\n"), credit_of("Sơn La đứng thứ 6.", "Hữu Quyết/TTXVN")
    ('báo hải phòng', 'ttxvn')
    """
    # A credit closes a text or opens it; "theo" in the middle is a preposition.
    lines = text.strip().split("\n")
    match = _CREDIT.search("\n".join((*(line[:160] for line in lines[:3]), *(line[-160:] for line in lines[3:][-3:]), author or "")))
    if match is None:
        return None
    name = " ".join((match["named"] or match["agency"]).lower().split())
    return next((agency for said, agency in _AGENCIES.items() if said in name), "ttxvn" if "ttxvn" in name else name)


def _minhash(grams: frozenset[str]) -> bytes:
    if not grams:
        return b""
    from rensa import RMinHash  # noqa: PLC0415 (compiled; reading one file needs no sketch)

    sketched = RMinHash(num_perm=_PERMUTATIONS, seed=_SEED)
    sketched.update(sorted(grams))
    return array("I", sketched.digest()).tobytes()


def cluster_articles(texts: Mapping[str, str], authors: Mapping[str, str | None] | None = None) -> dict[str, str]:
    """Return for each article the id of its cluster: the smallest article id among its copies."""
    named = authors or {}
    return cluster_sketches({article: sketch(text, named.get(article)) for article, text in texts.items()}, lambda _: texts)


def cluster_sketches(sketches: Mapping[str, Sketch], texts_of: Callable[[Sequence[str]], Mapping[str, str]]) -> dict[str, str]:
    """Return the clusters of articles by their sketches; `texts_of` is asked once, for the texts of those alone that may be copies."""
    parent = {article: article for article in sorted(sketches)}

    def root(article: str) -> str:
        while parent[article] != article:
            article = parent[article]
        return article

    pairs = sorted(_candidates(sketches))
    texts = texts_of(sorted({article for pair in pairs for article in pair})) if pairs else {}
    for a, b in pairs:
        if root(a) != root(b) and _are_copies(texts[a], texts[b], same_credit=_same(sketches[a].credit, sketches[b].credit)):
            first, second = sorted((root(a), root(b)))
            parent[second] = first
    return {article: root(article) for article in parent}


def _same(one: str | None, other: str | None) -> bool:
    return one is not None and one == other


def _are_copies(one: str, other: str, *, same_credit: bool) -> bool:
    least = _SHARED_CREDITED if same_credit else _SHARED
    for figures_only, fewest in ((True, _LEAST), (False, _LEAST_WHOLE)):
        a, b = shingles(one, figures_only=figures_only), shingles(other, figures_only=figures_only)
        smaller = min(len(a), len(b))
        if smaller >= fewest and len(a & b) >= least * smaller:
            return True
    return False


def _candidates(sketches: Mapping[str, Sketch]) -> set[tuple[str, str]]:
    """Return the pairs that agree in a band of either sketch."""
    holders: dict[tuple[bool, int, bytes], list[str]] = defaultdict(list)
    for article in sorted(sketches):
        for whole, digest in ((False, sketches[article].figures), (True, sketches[article].whole)):
            for number, band in enumerate(_bands(digest)):
                holders[whole, number, band].append(article)
    return {
        (a, b) for articles in holders.values() if 1 < len(articles) <= _COMMON for i, a in enumerate(articles) for b in articles[i + 1 :]
    }


def _bands(digest: bytes) -> Iterator[bytes]:
    width = 4 * _ROWS
    return (digest[at : at + width] for at in range(0, len(digest), width))
