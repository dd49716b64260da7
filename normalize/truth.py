"""Truth discovery: how far each source can be trusted on each index, learned from where sources disagree.

A claim that two independent sources share counts as right; of a disputed key the heaviest value counts as right
for the moment, and every source is judged by it, the key itself left out of its own judgement. Two rounds; the
weights of the last one are what `reconcile` decides by. The model is ACCU (Dong et al., VLDB 2009) with three
choices that measured best on public data (benchmarks/truth.py): sources that say little are drawn towards the
mean of their kind (as CATD, Li et al., VLDB 2014), numbers without a majority are settled by the weighted median
(as CRH, Li et al., SIGMOD 2014), and sources that share *wrong* values count once; agreement alone is not copying.
"""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations, groupby
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

_ROUNDS = 2
#: How many claims' worth the mean of a source's kind counts against the source's own record.
_PRIOR = 12
#: Where nothing is known yet: the errors found in hand-read news, by who prints them. First hand: a unit on itself.
_ERRORS = {
    "decision": 0.0005,
    "official": 0.0005,
    "table": 0.005,
    "first_hand": 0.01,
    "publisher": 0.01,
    "wire": 0.02,
    "portal": 0.03,
    "paper": 0.05,
    "aggregator": 0.08,
}
#: A wrong number is one of so many: two sources that are wrong seldom agree. Texts leave less room.
FALSE_NUMBERS, FALSE_TEXTS = 16, 2
#: The least that a witness weighs: even an unreliable one says more than silence.
_FLOOR = 0.05
#: Weights come in steps: a difference below a step is a tie, and one claim more moves few verdicts.
_STEP = 0.5
# Sources that were wrong together so often, and then nearly always with the same value, copy each other.
_SHARED_ERRORS = 5
_SHARED = 0.9
# A key with more wrong sources says little of any two of them, and has too many pairs.
_MANY = 60
_SLACK = 1e-9

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class Vote(NamedTuple):
    """One claim about a disputed key: who says it, of which kind, in which cluster of copies, and which side it takes."""

    source: str
    kind: str
    cluster: str
    side: int


@dataclass(frozen=True, slots=True)
class Case:
    """A disputed key: its votes, and the sides' numbers (in millionths), None where they are texts.

    `known` is the side that an official table or an editor has decided, if any.
    """

    index: str
    votes: tuple[Vote, ...]
    numbers: tuple[int, ...] | None
    known: int | None = None
    n_sides: int = 2


@dataclass(frozen=True, slots=True)
class Record:
    """What a source has said of an index that could be checked, and how much of it was right; `voice` is whom it copies."""

    source: str
    index: str
    kind: str
    right: int
    checked: int
    error: float
    voice: str


@dataclass(frozen=True, slots=True)
class Learned:
    """The sources' records, and of each case the weights of its sides and the side that leads."""

    records: tuple[Record, ...]
    weights: tuple[tuple[float, ...], ...]
    winners: tuple[int, ...]

    def trust(self) -> list[tuple[str, str, float]]:
        """Return what a claim of each source about each index weighs."""
        weight = self.weigher()
        return [(record.source, record.index, weight(record.source, record.index, record.kind)) for record in self.records]

    def weigher(self) -> Callable[[str, str, str], float]:
        """Return the weight of a claim by its source, index and kind, as cases are weighed."""
        errors = {(record.source, record.index): record.error for record in self.records}

        @cache
        def weight(source: str, index: str, kind: str) -> float:
            error = _ERRORS["official"] if kind == "official" else errors.get((source, index), _ERRORS.get(kind, _ERRORS["paper"]))
            return max(_FLOOR, round(math.log((1 - error) * FALSE_NUMBERS / max(error, 1e-4)) / _STEP) * _STEP)

        return weight


class Coded(NamedTuple):
    """A column of texts: the different ones in order, and the number of each row's."""

    names: Sequence[str]
    codes: Ints

    @classmethod
    def as_met(cls, texts: pa.Array | pa.ChunkedArray) -> "Coded":
        """Return texts as numbers, in the order in which they come: for many texts, whose own order means nothing."""
        coded = (texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts).dictionary_encode()
        return cls((), coded.indices.to_numpy().astype(np.int64))

    @classmethod
    def of(cls, texts: pa.Array | pa.ChunkedArray) -> "Coded":
        """Return texts as numbers."""
        coded = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
        coded = coded.dictionary_encode()
        met = coded.dictionary.to_pylist()
        names = sorted(met)
        number = {name: n for n, name in enumerate(names)}
        codes = np.array([number[name] for name in met], dtype=np.int64)
        return cls(names, codes[coded.indices.to_numpy()] if met else np.zeros(0, dtype=np.int64))


@dataclass(frozen=True, slots=True)
class Ballots:
    """All disputed keys as arrays: a row a vote, in the order of their cases; a row a case; a row a side's number.

    `case` and `side` are the vote's case and its side there; `known` is -1 where no side is; the numbers of a case of
    texts mean nothing.
    """

    case: Ints
    side: Ints
    source: Coded
    kind: Coded
    cluster: Coded
    index: Coded
    n_sides: Ints
    known: Ints
    texts: NDArray[np.bool_]
    number: Ints

    @classmethod
    def of(cls, cases: Sequence[Case]) -> "Ballots":
        """Lay out cases."""
        flat = [(n, vote) for n, case in enumerate(cases) for vote in case.votes]
        return cls(
            case=np.array([n for n, _ in flat], dtype=np.int64),
            side=np.array([vote.side for _, vote in flat], dtype=np.int64),
            source=Coded.of(pa.array([vote.source for _, vote in flat], pa.string())),
            kind=Coded.of(pa.array([vote.kind for _, vote in flat], pa.string())),
            cluster=Coded.as_met(pa.array([vote.cluster for _, vote in flat], pa.string())),
            index=Coded.of(pa.array([case.index for case in cases], pa.string())),
            n_sides=np.array([case.n_sides for case in cases], dtype=np.int64),
            known=np.array([-1 if case.known is None else case.known for case in cases], dtype=np.int64),
            texts=np.array([case.numbers is None for case in cases], dtype=bool),
            number=np.array([n for case in cases for n in case.numbers or range(case.n_sides)], dtype=np.int64),
        )


def learn(ballots: Ballots, corroborated: Mapping[tuple[str, str], int] | None = None, kinds: Mapping[str, str] | None = None) -> Learned:
    """Learn from disputed keys, and from how many claims each (source, index) has that others confirm.

    `kinds` are the sources' own kinds; a vote's may be "first_hand" instead.
    """
    board = _Board(ballots, corroborated or {}, kinds or {})
    right, checked, voices = board.confirmed.copy(), board.confirmed.copy(), np.arange(len(board.sources))
    own: Ints | None = None
    for _ in range(_ROUNDS):
        own = board.lead(board.weigh(right, checked, voices, own))
        agrees = (board.side == own[board.case]).astype(np.int64)
        seen = board.once  # a source that repeats itself on one side is judged once
        right = board.confirmed + np.bincount(board.at[seen], agrees[seen], len(board.confirmed)).astype(np.int64)
        checked = board.confirmed + np.bincount(board.at[seen], minlength=len(board.confirmed))
        voices = board.voices(own)
    sides = board.weigh(right, checked, voices, own)
    return board.told(right, checked, voices, sides, board.lead(sides))


def _counted(numbers: Ints) -> tuple[Ints, Ints]:
    """Return the different ones of some numbers, none of which is large, in order, and the place there of each."""
    there = np.flatnonzero(np.bincount(numbers))
    place = np.zeros(int(numbers.max(initial=-1)) + 1, dtype=np.int64)
    place[there] = np.arange(len(there))
    return there, place[numbers]


def _firsts(numbers: Ints) -> NDArray[np.bool_]:
    """Return for each of some numbers, none of which is large, whether it comes for the first time."""
    at = np.arange(len(numbers))
    first = np.zeros(int(numbers.max(initial=-1)) + 1, dtype=np.int64)
    first[numbers[::-1]] = at[::-1]
    return np.asarray(first[numbers] == at)


class _Board:
    """The ballots and what is known of their sources; `at` is the row of a vote's (source, index) record, sides are counted through."""

    def __init__(self, ballots: Ballots, confirmed: Mapping[tuple[str, str], int], kinds: Mapping[str, str]) -> None:
        names, indices = ballots.source.names, ballots.index.names
        self.case, self.texts, self.number, self.known = ballots.case, ballots.texts, ballots.number, ballots.known
        self.first = np.cumsum(np.concatenate(([0], ballots.n_sides))).astype(np.int64)
        self.side = self.first[self.case] + ballots.side
        self.case_of_side = np.repeat(np.arange(len(ballots.n_sides)), ballots.n_sides)
        self.cluster = ballots.cluster.codes
        self.is_official = np.array([name == "official" for name in ballots.kind.names], dtype=bool)[ballots.kind.codes]
        index_of_vote = ballots.index.codes[self.case]
        pairs, at = _counted(ballots.source.codes * len(indices) + index_of_vote)
        voted = [(names[pair // len(indices)], indices[pair % len(indices)]) for pair in pairs.tolist()]
        self.records = sorted({*voted, *confirmed})
        self.sources = sorted({source for source, _ in self.records})
        number_of = {source: number for number, source in enumerate(self.sources)}
        row_of = {record: row for row, record in enumerate(self.records)}
        self.at = np.array([row_of[record] for record in voted], dtype=np.int64)[at] if voted else at
        self.source = np.array([number_of[name] for name in names], dtype=np.int64)[ballots.source.codes] if voted else at
        kind_of = dict(kinds)
        if not set(names) <= set(kinds):
            both = zip(ballots.source.codes.tolist(), ballots.kind.codes.tolist(), strict=True)
            kind_of = {names[source]: ballots.kind.names[kind] for source, kind in both} | kind_of
        self.kind_of = {source: kind_of.get(source, "paper") for source in self.sources}
        self.confirmed = np.array([confirmed.get(record, 0) for record in self.records], dtype=np.int64)
        # The mean error of a vote's kind on its index: learned where the kind is the source's own.
        sorts, of_vote = _counted(ballots.kind.codes * len(indices) + index_of_vote)
        cast = [(ballots.kind.names[pair // len(indices)], indices[pair % len(indices)]) for pair in sorts.tolist()]
        groups = sorted({(self.kind_of[source], index) for source, index in self.records} | {*cast})
        group_of = {group: number for number, group in enumerate(groups)}
        self.group_of_record = np.array([group_of[self.kind_of[source], index] for source, index in self.records], dtype=np.int64)
        self.group = np.array([group_of[group] for group in cast], dtype=np.int64)[of_vote] if cast else of_vote
        self.prior = np.array([_ERRORS.get(kind, _ERRORS["paper"]) for kind, _ in groups], dtype=np.float64)
        _, self.once, self.by_source = np.unique(self._paired(self.source), return_index=True, return_inverse=True)
        self.by_cluster = np.unique(self._paired(self.cluster), return_inverse=True)[1]
        self.order = np.empty(len(self.side), dtype=np.int64)
        ordered = np.argsort(self.source * (int(self.cluster.max(initial=0)) + 1) + self.cluster, kind="stable")
        self.order[ordered] = np.arange(len(self.side))

    def _paired(self, witness: Ints) -> Ints:
        """Return one number for each pair of a vote's side and witness."""
        return self.side * (int(witness.max(initial=0)) + 1) + witness

    def means(self, right: Ints, checked: Ints) -> Floats:
        """Return the mean error of each kind on each index."""
        size = len(self.prior)
        wrong = np.bincount(self.group_of_record, checked - right, size)
        total = np.bincount(self.group_of_record, checked, size)
        return np.asarray((wrong + _PRIOR * self.prior) / (total + _PRIOR))

    def weigh(self, right: Ints, checked: Ints, voices: Ints, own: Ints | None) -> Floats:
        """Return the weight of each side: natural log of the odds of right against one wrong value.

        `own` are the verdicts that the records contain: each is left out where its own case is weighed.
        """
        left_right = np.zeros(len(self.at), dtype=np.int64) if own is None else (self.side == own[self.case]).astype(np.int64)
        left = 0 if own is None else 1
        agreed, said = right[self.at] - left_right, checked[self.at] - left
        error = (said - agreed + _PRIOR * self.means(right, checked)[self.group]) / (said + _PRIOR)
        error = np.clip(np.where(self.is_official, _ERRORS["official"], error), 1e-4, 1 - 1e-4)
        false = np.where(self.texts[self.case], FALSE_TEXTS, FALSE_NUMBERS)
        steps = np.maximum(0, np.round(np.log((1 - error) * false / error) / _STEP)).astype(np.int64)
        votes = np.maximum(_FLOOR, steps * _STEP)
        # Of one voice, and of one cluster, the heaviest speaks: by side, weight, source and cluster.
        most = int(steps.max(initial=0))
        keep = np.argsort((self.side * (most + 1) + most - steps) * len(self.side) + self.order)
        is_alone = np.array_equal(voices, np.arange(len(voices)))
        by_voice = self.by_source if is_alone else np.unique(self._paired(voices[self.source]), return_inverse=True)[1]
        for witness in (by_voice, self.by_cluster):
            keep = keep[_firsts(witness[keep])]
        return np.asarray(np.bincount(self.side[keep], votes[keep], len(self.case_of_side)), dtype=np.float64)

    def lead(self, sides: Floats) -> Ints:
        """Return of each case the side with more than half of the weight; else of texts the heaviest, of numbers the weighted median."""
        total = np.bincount(self.case_of_side, sides, len(self.known))
        order = np.lexsort((-np.round(sides, 6), self.case_of_side))
        heaviest = order[self.first[:-1]]
        by_number = np.lexsort((self.number, self.case_of_side))
        reached = np.cumsum(sides[by_number])
        before = np.concatenate(([0.0], reached))[self.first[:-1]]
        half = reached - before[self.case_of_side] >= total[self.case_of_side] / 2 - _SLACK
        median = heaviest.copy()
        rows = np.flatnonzero(half)[::-1]
        median[self.case_of_side[rows]] = by_number[rows]
        is_plain = self.texts | (sides[heaviest] > total / 2 + _SLACK)
        return np.where(self.known >= 0, self.first[:-1] + self.known, np.where(is_plain, heaviest, median))

    def voices(self, own: Ints) -> Ints:
        """Return for each source the first of those that share its errors, itself where there is none."""
        both: Counter[tuple[int, int]] = Counter()
        same: Counter[tuple[int, int]] = Counter()
        wrong = np.flatnonzero(self.side != own[self.case])
        wrong = wrong[np.bincount(self.case[wrong], minlength=len(own))[self.case[wrong]] > 1]  # who errs alone shares no error
        said = sorted({*zip(self.case[wrong].tolist(), self.source[wrong].tolist(), self.side[wrong].tolist(), strict=True)})
        for _, together in groupby(said, key=lambda one: one[0]):
            votes = list(together)
            if 1 < len(votes) <= _MANY:
                for (_, a, side), (_, b, other) in combinations(votes, 2):
                    if a != b:
                        both[a, b] += 1
                        same[a, b] += side == other
        leader = list(range(len(self.sources)))

        def root(source: int) -> int:
            while leader[source] != source:
                source = leader[source]
            return source

        for (a, b), count in sorted(both.items()):
            if same[a, b] >= _SHARED_ERRORS and same[a, b] >= _SHARED * count:
                first, second = sorted((root(a), root(b)))
                leader[second] = first
        return np.array([root(source) for source in range(len(leader))], dtype=np.int64)

    def told(self, right: Ints, checked: Ints, voices: Ints, sides: Floats, leading: Ints) -> Learned:
        """Return what was learned in words and plain numbers."""
        means = self.means(right, checked)
        number_of = {source: number for number, source in enumerate(self.sources)}
        records = tuple(
            Record(
                source=source,
                index=index,
                kind=self.kind_of[source],
                right=int(right[row]),
                checked=int(checked[row]),
                error=round(float((checked[row] - right[row] + _PRIOR * means[self.group_of_record[row]]) / (checked[row] + _PRIOR)), 4),
                voice=self.sources[int(voices[number_of[source]])],
            )
            for row, (source, index) in enumerate(self.records)
        )
        bounds = self.first.tolist()
        listed = sides.tolist()
        return Learned(
            records=records,
            weights=tuple(tuple(listed[bounds[n] : bounds[n + 1]]) for n in range(len(bounds) - 1)),
            winners=tuple((leading - self.first[:-1]).tolist()),
        )
