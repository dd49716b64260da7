"""Copies: articles that print the same sentences with the same figures are one witness, not many.

Whether two articles copy each other matters where both tell of the same fact, and only such pairs are compared. An article
is sketched once, when it is read: MinHash over the five-word shingles of the sentences that hold a figure, and of the whole
text (Broder 1997; rensa's implementation, seeded, so that a sketch is the same for ever). Pairs of which the sketches leave
room for it are compared exactly: two are copies when they share four fifths of the smaller one's shingles (a portal may add a
lead or drop a paragraph), or half of them if both name the same source ("Nguồn: TTXVN"). Whether two articles are copies
depends on nothing but the two, so that a night looks only at pairs with a new article in them.
"""

import re
from array import array
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

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
_PERMUTATIONS = 128
_SEED = 20211
#: So many pairs are looked at in one go.
_AT_ONCE = 100_000
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
    figures, whole = shingles(text)
    return Sketch(_minhash(figures), _minhash(whole), credit_of(text, author), len(figures), len(whole))


@lru_cache(maxsize=1024)  # 75 kB each; pairs come fact by fact
def shingles(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the five-word shingles of the sentences that hold a digit, and of all."""
    figures: set[str] = set()
    whole: set[str] = set()
    for sentence in _SENTENCE.split(text):
        words = fold(sentence).split()
        found = [" ".join(words[i : i + _WORDS]) for i in range(len(words) - _WORDS + 1)]
        whole.update(found)
        if any(char.isdigit() for char in sentence):
            figures.update(found)
    return frozenset(figures), frozenset(whole)


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


def cluster_articles(texts: Mapping[str, str], facts: Mapping[str, Collection[str]]) -> dict[str, str]:
    """Return for each article the id of its cluster: the smallest article id among its copies.

    `facts` are the ids of the facts that an article tells of.
    """
    articles = sorted(texts)
    telling: dict[str, list[int]] = defaultdict(list)
    for number, article in enumerate(articles):
        for fact_id in set(facts.get(article, ())):
            telling[fact_id].append(number)
    pairs = np.array(sorted({pair for of_fact in telling.values() for pair in combinations(of_fact, 2)}), dtype=np.int64).reshape(-1, 2)
    sketched = [sketch(texts[article]) for article in articles]
    alone = {article: article for article in articles}
    clusters = Clusters(alone)
    sketches = Sketches(len(articles))
    sketches.fill(0, sketched)
    for one, other in pairs[sketches.leave_room(pairs)].tolist():
        clusters.compare(articles[one], articles[other], texts, same_credit=sketches.same_credit(one, other))
    return alone | clusters.renamed()


class Clusters:
    """Clusters that grow: each is named by the smallest article id in it."""

    def __init__(self, known: Mapping[str, str]) -> None:
        """Begin with the cluster that each article is known to be in; one that stands alone is in that of its own name."""
        self._known = known
        self._parent = {name: name for name in known.values()}

    def are_one(self, one: str, other: str) -> bool:
        """Tell whether two articles are in one cluster."""
        return self._now(self._known[one]) == self._now(self._known[other])

    def compare(self, one: str, other: str, texts: Mapping[str, str], *, same_credit: bool) -> None:
        """Make one cluster of those of two articles if their texts are copies."""
        if not self.are_one(one, other) and _are_copies(texts[one], texts[other], same_credit=same_credit):
            first, second = sorted((self._now(self._known[one]), self._now(self._known[other])))
            self._parent[second] = first

    def renamed(self) -> dict[str, str]:
        """Return the new name of each cluster that became part of another one."""
        return {name: now for name in self._parent if (now := self._now(name)) != name}

    def _now(self, name: str) -> str:
        parent = self._parent
        while parent[name] != name:
            parent[name] = name = parent[parent[name]]
        return name


def _are_copies(one: str, other: str, *, same_credit: bool) -> bool:
    least = _SHARED_CREDITED if same_credit else _SHARED
    for a, b, fewest in zip(shingles(one), shingles(other), (_LEAST, _LEAST_WHOLE), strict=True):
        smaller = min(len(a), len(b))
        if smaller >= fewest and len(a & b) >= least * smaller:
            return True
    return False


class Sketches:
    """The sketches of many articles as arrays, a row an article: 1 kB each."""

    def __init__(self, count: int) -> None:
        """Make room for so many."""
        self._kinds = [_Kind.empty(count, fewest) for fewest in (_LEAST, _LEAST_WHOLE)]
        self._credit = np.full(count, -1, dtype=np.int64)
        self._codes: dict[str, int] = {}

    def fill(self, first: int, sketches: Sequence[Sketch]) -> None:
        """Put sketches into the rows from `first` on."""
        rows = slice(first, first + len(sketches))
        self._credit[rows] = [-1 if one.credit is None else self._codes.setdefault(one.credit, len(self._codes)) for one in sketches]
        figures, whole = self._kinds
        figures.fill(rows, [one.figures for one in sketches], [one.n_figures for one in sketches])
        whole.fill(rows, [one.whole for one in sketches], [one.n_whole for one in sketches])

    def same_credit(self, one: int, other: int) -> bool:
        """Tell whether two articles name the same source."""
        return bool(self._credit[one] >= 0 and self._credit[one] == self._credit[other])

    def leave_room(self, pairs: Pairs) -> NDArray[np.bool_]:
        """Tell of which pairs of rows (an array of two columns) the sketches leave room for them to be copies."""
        found = np.zeros(len(pairs), dtype=bool)
        for first in range(0, len(pairs), _AT_ONCE):
            some = pairs[first : first + _AT_ONCE]
            one, other = self._credit[some[:, 0]], self._credit[some[:, 1]]
            least = np.where((one >= 0) & (one == other), _SHARED_CREDITED, _SHARED)
            for kind in self._kinds:
                found[first : first + _AT_ONCE] |= kind.leave_room(some, least)
        return found


@dataclass(frozen=True, slots=True)
class _Kind:
    """The sketches of one kind: MinHash values, and of how many shingles (-1 if that is not known); below `fewest` nothing is a copy."""

    values: NDArray[np.uint32]
    count: NDArray[np.int64]
    fewest: int

    @classmethod
    def empty(cls, count: int, fewest: int) -> "_Kind":
        return cls(np.zeros((count, _PERMUTATIONS), dtype=np.uint32), np.zeros(count, dtype=np.int64), fewest)

    def fill(self, rows: slice, digests: Sequence[bytes], counts: Sequence[int | None]) -> None:
        nothing = bytes(4 * _PERMUTATIONS)
        self.values[rows] = np.frombuffer(b"".join(digest or nothing for digest in digests), dtype="<u4").reshape(-1, _PERMUTATIONS)
        known = [-1 if count is None else count for count in counts]
        self.count[rows] = [count if digest else 0 for count, digest in zip(known, digests, strict=True)]

    def leave_room(self, pairs: Pairs, least: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Tell of which pairs so large a share (`least`) of the smaller one's shingles may be the other's too.

        The share of equal values estimates the Jaccard index J within sqrt(J (1 - J) / 128): room is left for five such
        deviations. Where it is not known how many shingles there are, there is always room.
        """
        a, b = self.count[pairs[:, 0]], self.count[pairs[:, 1]]
        smaller, larger = np.minimum(a, b), np.maximum(a, b)
        found = smaller < 0
        asked = np.flatnonzero(smaller >= self.fewest)
        shared = least[asked] * smaller[asked]
        needed = shared / (smaller[asked] + larger[asked] - shared)
        equal = (self.values[pairs[asked, 0]] == self.values[pairs[asked, 1]]).mean(axis=1)
        found[asked] = equal >= needed - 5 * np.sqrt(needed * (1 - needed) / _PERMUTATIONS)
        return found
