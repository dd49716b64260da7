"""Copies: articles that print the same sentences with the same figures are one witness, not many.

An article is sketched once, when it is read: MinHash over the five-word shingles of the sentences that hold a
figure, and of the whole text (Broder 1997; rensa's implementation, seeded, so that a sketch is the same for ever).
Only articles whose sketches agree in some band and leave room for it are compared, and then exactly: two are copies when they share four
fifths of the smaller one's shingles (a portal may add a lead or drop a paragraph), or half of them if both name the
same source ("Nguồn: TTXVN").
"""

import re
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from normalize.fold import fold

Pairs = NDArray[np.int64]

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
#: So many pairs are looked at in one go.
_AT_ONCE = 100_000
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
    """MinHash values of an article's figure sentences and of its whole text, of how many shingles each is, and the source that it credits.

    Numbers of shingles are None in sketches of before they were kept.
    """

    figures: bytes
    whole: bytes
    credit: str | None
    n_figures: int | None = None
    n_whole: int | None = None


def sketch(text: str, author: str | None = None) -> Sketch:
    """Sketch one article; `author` is its byline, which may name an agency."""
    figures, whole = shingles(text), shingles(text, figures_only=False)
    return Sketch(_minhash(figures), _minhash(whole), credit_of(text, author), len(figures), len(whole))


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
            parent[article] = article = parent[parent[article]]
        return article

    pairs = _candidates(sketches)
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


def _candidates(sketches: Mapping[str, Sketch]) -> list[tuple[str, str]]:
    """Return in order the pairs that agree in a band of either sketch, and of which a sketch leaves room for them to be copies."""
    articles = sorted(sketches)
    named = {credit: code for code, credit in enumerate(sorted({one.credit for one in sketches.values() if one.credit}))}
    credit = np.array([named.get(sketches[article].credit or "", -1) for article in articles], dtype=np.int64)
    found: list[Pairs] = []
    most = _AT_ONCE
    kinds = [[sketches[article].figures for article in articles], [sketches[article].whole for article in articles]]
    values = [_values(digests) for digests in kinds]
    counts = [
        (np.array([-1 if count is None else count for count in of_kind], dtype=np.int64), fewest)
        for of_kind, fewest in (
            ([sketches[article].n_figures for article in articles], _LEAST),
            ([sketches[article].n_whole for article in articles], _LEAST_WHOLE),
        )
    ]
    # A band after the other: all pairs of all bands of a million articles do not fit into memory, those with room do.
    for pairs in (pairs for digests in kinds for pairs in _agreeing(digests)):
        for first in range(0, len(pairs), _AT_ONCE):
            some = pairs[first : first + _AT_ONCE]
            one, other = credit[some[:, 0]], credit[some[:, 1]]
            least = np.where((one >= 0) & (one == other), _SHARED_CREDITED, _SHARED)
            room = [_leave_room(of_kind, some, least, *limits) for of_kind, limits in zip(values, counts, strict=True)]
            found.append(some[room[0] | room[1]])
        if sum(map(len, found)) > most:  # copies agree in many bands
            found = [np.unique(np.concatenate(found), axis=0)]
            most = 2 * len(found[0]) + _AT_ONCE
    return [(articles[a], articles[b]) for a, b in np.unique(np.concatenate(found), axis=0).tolist()] if found else []


def _values(digests: Sequence[bytes]) -> NDArray[np.uint32]:
    """Return sketches as a row each."""
    empty = b"\xff" * (4 * _PERMUTATIONS)
    return np.frombuffer(b"".join(digest or empty for digest in digests), dtype="<u4").reshape(len(digests), _PERMUTATIONS)


def _agreeing(digests: Sequence[bytes]) -> Iterator[Pairs]:
    """Yield for each band the pairs of rows that agree in it, if not too many do, the smaller row first."""
    rows = np.flatnonzero([bool(digest) for digest in digests])
    if not len(rows):
        return
    bands = np.frombuffer(b"".join(digests[row] for row in rows.tolist()), dtype="<u8").reshape(len(rows), -1)
    for column in bands.T:
        order = np.argsort(column, kind="stable")
        held = column[order]
        starts = np.flatnonzero(np.concatenate(([True], held[1:] != held[:-1])))
        sizes = np.diff(np.append(starts, len(held)))
        rare = np.repeat(sizes <= _COMMON, sizes)
        for step in range(1, int(min(_COMMON, sizes.max()))):
            same = np.flatnonzero((held[step:] == held[:-step]) & rare[step:])
            yield rows[np.stack([order[same], order[same + step]], axis=1)]


def _leave_room(
    values: NDArray[np.uint32], pairs: Pairs, least: NDArray[np.float64], count: NDArray[np.int64], fewest: int
) -> NDArray[np.bool_]:
    """Tell of which pairs the sketches leave room for so large a share of the smaller one's shingles being the other's too.

    The share of equal values estimates the Jaccard index J within sqrt(J (1 - J) / 128): room is left for five such
    deviations. Where it is not known how many shingles there are, there is always room.
    """
    a, b = count[pairs[:, 0]], count[pairs[:, 1]]
    smaller, larger = np.minimum(a, b), np.maximum(a, b)
    is_known = smaller >= 0
    needed = least * smaller / np.maximum(1.0, smaller + larger - least * smaller)
    equal = (values[pairs[:, 0]] == values[pairs[:, 1]]).mean(axis=1)
    is_near = equal >= needed - 5 * np.sqrt(np.maximum(0.0, needed * (1 - needed)) / _PERMUTATIONS)
    return np.asarray(~is_known | ((smaller >= fewest) & is_near))
