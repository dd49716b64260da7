"""Typed mentions: what the lexer finds in a sentence and the resolver joins into claims."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from extract.rules.needs import needed


@dataclass(frozen=True, slots=True)
class IndexName:
    """An index; a weak name ("cải cách hành chính") counts only beside a rank or a score."""

    code: str
    weak: bool = False


@dataclass(frozen=True, slots=True)
class ComponentName:
    """A field of an index by the name in the text; `codes` are the indices that have such a field."""

    codes: tuple[str, ...]
    name: str


#: Bodies of a province, ranked by it.
LOCAL = {"department", "district", "commune"}


@dataclass(frozen=True, slots=True)
class SubjectName:
    """A named subject; `names` are the gazetteer's, one per era, resolved when the year is known."""

    subject_type: str
    name: str
    unit_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pronoun:
    """A subject that is not named: "tỉnh", "UBND huyện"; `near` means the last one named ("địa phương này")."""

    subject_type: str | None
    near: bool = False


@dataclass(frozen=True, slots=True)
class Region:
    """A region; it limits the rank beside it, or is a subject of its own."""

    name: str


@dataclass(frozen=True, slots=True)
class Group:
    """A block that is ranked among itself: "khối các tỉnh", "17 bộ", "các sở", "khối huyện"."""

    subject_type: str
    name: str
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Rank:
    """A place; `place` is None for a last place whose number is open, `from_end` counts from the bottom."""

    place: int | None
    of: int | None = None
    from_end: int | None = None
    superlative: bool = False
    enumerated: bool = False


@dataclass(frozen=True, slots=True)
class Delta:
    """A change: `amount` is signed, upwards positive; `unit` is "bậc", "điểm", "%" or None."""

    amount: Decimal
    unit: str | None
    high: Decimal | None = None
    about: bool = False
    at_least: bool = False
    needs_base: bool = False


@dataclass(frozen=True, slots=True)
class Score:
    """A number that may be a score; `text` is as printed, `scale` is what stands behind a slash, `high` the upper end of a range."""

    text: str
    unit: str | None
    scale: Decimal | None = None
    high: str | None = None
    qualifier: Literal["exact", "about", "at_least", "at_most"] = "exact"
    noun_follows: bool = False


@dataclass(frozen=True, slots=True)
class Tier:
    """A class ("khá", "A", "cao nhất") or membership of the first N ("top 20")."""

    value: str


@dataclass(frozen=True, slots=True)
class Statistic:
    """The number behind it is a mean, median, minimum or maximum over a block."""

    measure: Literal["score_mean", "score_median", "score_min", "score_max"]
    compared: bool = False


@dataclass(frozen=True, slots=True)
class Year:
    """A year, or the years of a list or range; `base` marks the year compared with."""

    years: tuple[int, ...]
    base: bool = False
    is_range: bool = False


@dataclass(frozen=True, slots=True)
class RelativeYear:
    """A year told by its distance from the one named before: "năm sau tụt xuống thứ 6".

    One that is `near` is counted only from a year of its own sentence: "năm 2022 hạng 10 và nay hạng 2".
    """

    distance: int
    near: bool = False


@dataclass(frozen=True, slots=True)
class RelativeBase:
    """So many years before the measured one: "so với năm trước", "so với cùng kỳ", "sau 2 năm"."""

    distance: int = 1


@dataclass(frozen=True, slots=True)
class Cue:
    """A word that changes how its surroundings are read: respectively, target, total, noise."""

    what: Literal["respectively", "target", "reported", "noise", "other_topic"]


Payload = (
    IndexName | ComponentName | SubjectName | Pronoun | Region | Group | Rank | Delta | Score | Tier | Statistic
    | Year | RelativeYear | RelativeBase | Cue
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mention:
    """A payload with its span in the sentence and the name of the rule that read it."""

    payload: Payload
    start: int
    end: int
    rule: str


@dataclass(frozen=True, slots=True)
class Rule:
    """Name, pattern, reading, and what a sentence must contain for the pattern to match. A reading may decline by returning None.

    Patterns run on the lower-cased sentence, which has the length of the sentence itself.
    """

    name: str
    pattern: re.Pattern[str]
    read: Callable[[re.Match[str]], Payload | None]
    needs: frozenset[str]


def rule(name: str, pattern: str, read: Callable[[re.Match[str]], Payload | None]) -> Rule:
    r"""Build a rule from a verbose pattern (a space in it is written \s, [ ] or escaped)."""
    return Rule(name, re.compile(pattern, re.VERBOSE), read, needed(pattern))
