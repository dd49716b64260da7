"""The lexer: one sentence in, its typed mentions out, left to right and without overlap."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import zip_longest

from extract.mentions import Delta, IndexName, Mention, Pronoun, Rank, Rule, SubjectName, Year
from extract.rules import context, delta, english, rank, score, tier, year
from extract.rules.names import find_components, find_indices, find_regions, find_subjects
from extract.rules.needs import Needs
from extract.rules.patterns import LOWER, UPPER
from normalize.fold import lowered
from normalize.lexicon import tokenize
from normalize.units import Unit

# Earlier families own what they have read: a date is never a rank, a tier's "cao nhất" never a place.
_BEFORE_NAMES: tuple[Rule, ...] = (*context.BEFORE_NAMES, *tier.RULES, *delta.RULES, *rank.RULES, *english.BEFORE_NAMES)
_AFTER_NAMES: tuple[Rule, ...] = (*context.RULES, *english.RULES, *year.RULES, *score.RULES)
_NEEDS = Needs(rule.needs for rule in (*_BEFORE_NAMES, *_AFTER_NAMES))


def lex(
    sentence: str, province: Unit | None = None, *, bare_districts: bool = False, named: Mapping[str, SubjectName] | None = None
) -> list[Mention]:
    """Return the mentions of one sentence, in order.

    `province` is the province spoken of, for its districts; see `find_subjects`. `named` are communes that the article has
    named with their kind: no list holds them, and it may go on without it.
    """
    low = lowered(sentence)
    there = _NEEDS.in_text(low)
    found: list[Mention] = []
    taken = bytearray(len(sentence) + 1)
    _apply(_BEFORE_NAMES, low, there, found, taken)
    _give_back_names(sentence, found, taken)
    _share_verbs(low, found, taken)
    tokens = tokenize(sentence)
    indices = list(find_indices(sentence, tokens))
    _take((m for m in indices if not is_weak(m)), found, taken)
    _take(find_subjects(sentence, tokens, province, bare_districts=bare_districts), found, taken)
    _take(_named_again(sentence, named or {}), found, taken)
    _take(find_regions(sentence, tokens), found, taken)
    _take(find_components(sentence, tokens), found, taken)
    _take((m for m in indices if is_weak(m)), found, taken)
    _apply(_AFTER_NAMES, low, there, found, taken)
    found = [_as_base(m, low) for m in sorted(found, key=lambda m: m.start)]
    return [mention for mention, following in zip_longest(found, found[1:]) if not _names_what_follows(mention, following, sentence)]


_ENDS_NAME = re.compile(rf"[{UPPER}][{LOWER}]+ (?=[{LOWER}])")
_NAME_BEFORE = re.compile(rf"[{UPPER}][{LOWER}]+ $")
_NAME_GOES_ON = re.compile(rf"\w| [{UPPER}]")
_UNKNOWN_NAME = re.compile(rf" [{UPPER}][{LOWER}]+\b")


def _named_again(sentence: str, named: Mapping[str, SubjectName]) -> Iterator[Mention]:
    """Yield where names stand alone: "Trong 95 xã, phường, Trấn Biên đạt 89,5 điểm", and not in the midst of a longer name."""
    for name, subject in named.items():
        start = sentence.find(name)
        while start >= 0:
            end = start + len(name)
            within = _NAME_BEFORE.search(sentence, max(0, start - 20), start) or _NAME_GOES_ON.match(sentence, end)
            if not within and not (start and sentence[start - 1].isalnum()):
                yield Mention(subject, start, end, "subject.commune_again")
            start = sentence.find(name, end)


def _names_what_follows(mention: Mention, following: Mention | None, sentence: str) -> bool:
    """Tell whether a pronoun is only the unit word of the name behind it: "tỉnh Hưng Yên"."""
    if not isinstance(mention.payload, Pronoun):
        return False
    if following is not None and not sentence[mention.end : following.start].strip():
        return isinstance(following.payload, SubjectName)
    return bool(_UNKNOWN_NAME.match(sentence, mention.end))  # "tỉnh Champasak": a name that no gazetteer holds


def _apply(rules: Iterable[Rule], lowered: str, there: frozenset[str], found: list[Mention], taken: bytearray) -> None:
    for rule in rules:
        if rule.needs and rule.needs.isdisjoint(there):
            continue
        for match in rule.pattern.finditer(lowered):
            if any(taken[match.start() : match.end()]):
                continue
            payload = rule.read(match)
            if payload is not None:
                _keep(Mention(payload, match.start(), match.end(), rule.name), found, taken)


def _give_back_names(sentence: str, found: list[Mention], taken: bytearray) -> None:
    """Take a capital verb off a figure where it ends the name before it: "xã Hùng Tiến xếp thứ 2", "xã Tam Thăng 94,9 điểm"."""
    for n, mention in reversed(list(enumerate(found))):
        if not sentence[mention.start].isupper() or not _NAME_BEFORE.search(sentence, max(0, mention.start - 20), mention.start):
            continue
        name_end = _ENDS_NAME.match(sentence, mention.start) if isinstance(mention.payload, Rank) else None
        if name_end:
            taken[mention.start : name_end.end()] = bytes(name_end.end() - mention.start)
            found[n] = replace(mention, start=name_end.end())
        elif isinstance(mention.payload, Delta):
            taken[mention.start : mention.end] = bytes(mention.end - mention.start)
            del found[n]


def _share_verbs(lowered: str, found: list[Mention], taken: bytearray) -> None:
    for mention in [m for m in found if isinstance(m.payload, Delta)]:
        match = delta.SHARED_VERB.match(lowered, mention.end)
        if match and not any(taken[match.start() : match.end()]):
            second = delta.shared(mention.payload, match)  # type: ignore[arg-type]  # filtered above
            if second is not None:
                start = match.start("amount")
                _keep(Mention(second, start, match.end(), "delta.shared_verb"), found, taken)


def _take(mentions: Iterable[Mention], found: list[Mention], taken: bytearray) -> None:
    for mention in mentions:
        if not any(taken[mention.start : mention.end]):
            _keep(mention, found, taken)


def _keep(mention: Mention, found: list[Mention], taken: bytearray) -> None:
    found.append(mention)
    taken[mention.start : mention.end] = b"\x01" * (mention.end - mention.start)


# "so với Par Index năm 2012", "so với kết quả của năm 2020": words between do not change the year's role.
_COMPARED_WITH = re.compile(r"\bso(?: với)?(?: (?:[^,.;()]|(?<=\d)[.,](?=\d)){0,40})? ?$")


def _as_base(mention: Mention, lowered: str) -> Mention:
    year = mention.payload
    if isinstance(year, Year) and not year.base and _COMPARED_WITH.search(lowered, max(0, mention.start - 60), mention.start):
        return replace(mention, payload=replace(year, base=True))
    return mention


def is_weak(mention: Mention) -> bool:
    """Tell whether a mention is a weak name of an index."""
    return isinstance(mention.payload, IndexName) and mention.payload.weak


def strong_codes(mentions: Iterable[Mention]) -> list[str]:
    """Return the indices that are named outright, in order of first mention."""
    return list(dict.fromkeys(m.payload.code for m in mentions if isinstance(m.payload, IndexName) and not m.payload.weak))
