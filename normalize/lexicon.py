"""A trie over syllables: every known name at every position of a text, in one pass.

The cost is linear in the text whatever the number of names, so 10,000 names cost what ten do.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

from normalize.fold import fold_word

T = TypeVar("T")

_TOKEN = re.compile(r"[^\W_]+")
# What may stand between two syllables of one name: "Bà Rịa - Vũng Tàu", "Sở VH,TT&DL", "GD&ĐT".
_GAP = re.compile(r"[ \n.,\-–—&/“”\"'’]{0,4}")
# "Sở Kế hoạch Đầu tư" and "Sở Kế hoạch và Đầu tư" are one name, so the word for "and" is optional.
_AND = "và"


class Token(NamedTuple):
    """One syllable of a text with its folded key and its place in code points."""

    key: str
    start: int
    end: int


def tokenize(text: str) -> list[Token]:
    """Return the syllables of `text`; punctuation is what lies between them."""
    return [Token(fold_word(m[0]), m.start(), m.end()) for m in _TOKEN.finditer(text)]


@dataclass(slots=True)
class _Node(Generic[T]):
    children: "dict[str, _Node[T]]" = field(default_factory=dict)
    entries: list[T] = field(default_factory=list)


class Match(NamedTuple, Generic[T]):
    """A name found: its entries, the token index behind it, and its span."""

    entries: Sequence[T]
    next_token: int
    start: int
    end: int


class Lexicon(Generic[T]):
    """Names and what they stand for; the longest name wins at each position."""

    def __init__(self, names: Iterable[tuple[str, T]]) -> None:
        """Build from (name, entry) pairs; one name may stand for several entries."""
        self._root: _Node[T] = _Node()
        for name, entry in names:
            node = self._root
            for token in tokenize(name):
                if token.key != _AND_KEY:
                    node = node.children.setdefault(token.key, _Node())
            if node is self._root:
                raise ValueError(f"a name without a word: {name!r}")
            if entry not in node.entries:
                node.entries.append(entry)

    def begins_with(self, key: str) -> bool:
        """Tell whether any name begins with a syllable."""
        return key in self._root.children

    def match_at(self, text: str, tokens: Sequence[Token], first: int) -> Match[T] | None:
        """Return the longest name that begins at token `first`, or None."""
        node = self._root
        best: Match[T] | None = None
        position = first
        while position < len(tokens):
            token = tokens[position]
            if position > first and not _GAP.fullmatch(text, tokens[position - 1].end, token.start):
                break
            child = node.children.get(token.key)
            if child is None:
                if token.key == _AND_KEY and position > first:
                    position += 1
                    continue
                break
            node = child
            position += 1
            if node.entries:
                best = Match(node.entries, position, tokens[first].start, token.end)
        return best

    def find(self, text: str, tokens: Sequence[Token]) -> Iterator[Match[T]]:
        """Yield the names in `text`, left to right, longest first, without overlap."""
        firsts = self._root.children
        behind = 0
        for position, token in enumerate(tokens):
            if position >= behind and token.key in firsts:
                match = self.match_at(text, tokens, position)
                if match is not None:
                    yield match
                    behind = match.next_token


_AND_KEY = fold_word(_AND)
