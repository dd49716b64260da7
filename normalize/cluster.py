"""Copies: articles that print the same sentences with the same figures are one witness, not many.

Shingles of five words over the sentences that hold a figure; two articles are copies when they share four
fifths of the smaller one's shingles (a portal may add a lead or drop a paragraph). An inverted index keeps it
near linear: only articles that share a shingle are compared.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping

from normalize.fold import fold

_WORDS = 5
_SHARED = 0.8
# Below this an article says one common sentence ("xếp thứ 12/63 ...") that anyone may write.
_LEAST = 25
# A shingle in more articles than this is a set phrase of the genre.
_COMMON = 200
_SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n")


def shingles(text: str) -> frozenset[int]:
    """Return the hashed five-word shingles of the sentences that hold a digit."""
    found: set[int] = set()
    for sentence in _SENTENCE.split(text):
        if any(char.isdigit() for char in sentence):
            words = fold(sentence).split()
            found.update(_stable_hash(" ".join(words[i : i + _WORDS])) for i in range(len(words) - _WORDS + 1))
    return frozenset(found)


def _stable_hash(text: str) -> int:
    # Python's own hash differs from run to run.
    value = 1469598103934665603
    for byte in text.encode():
        value = (value ^ byte) * 1099511628211 & 0xFFFFFFFFFFFFFFFF
    return value


def cluster_articles(texts: Mapping[str, str]) -> dict[str, str]:
    """Return for each article the id of its cluster: the smallest article id among its copies."""
    grams = {article: shingles(text) for article, text in sorted(texts.items())}
    holders: dict[int, list[str]] = defaultdict(list)
    for article, found in grams.items():
        for gram in found:
            holders[gram].append(article)
    parent = {article: article for article in grams}

    def root(article: str) -> str:
        while parent[article] != article:
            article = parent[article]
        return article

    shared: Counter[tuple[str, str]] = Counter()
    for articles in holders.values():
        if len(articles) <= _COMMON:
            shared.update((a, b) for i, a in enumerate(articles) for b in articles[i + 1 :])
    for (a, b), count in sorted(shared.items()):
        smaller = min(len(grams[a]), len(grams[b]))
        if smaller >= _LEAST and count >= _SHARED * smaller:
            first, second = sorted((root(a), root(b)))
            parent[second] = first
    return {article: root(article) for article in grams}
