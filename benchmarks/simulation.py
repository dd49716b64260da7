"""Reconciliation against a known truth: official PCI and PAPI tables, told by 30 made-up sources that err and copy.

    python benchmarks/simulation.py [--seeds 4] [--coverage 0.25] [--picture reliability.svg]

The truth are the published scores, places and fields that ship with the project; the press around them is made up:
sources of different care, five clusters that copy one of them (copies that carry the same text are seen as such, the
others are not), lists and pieces on one province, figures cut to one digit less, and the slips that were seen in real
news, at 1, 5 and 15 % of the claims, and at 5 % with the careless sources copied by the others. The official tables
themselves are not given to the reconciler.

Printed for each scenario: right values by majority vote, by truth discovery alone and with equations; how many values are
left open; precision and recall of each class; Brier score and reliability. Exit 1 if a goal at 5 % is missed.
"""

import argparse
import math
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from normalize.reconcile import Settled, reconcile
from normalize.reference import shipped
from normalize.statement import Key, Statement, agree
from normalize.truth import Ballots, Case, Vote, learn

#: The share of slips, and whether the five sources that others copy are the five least careful ones.
SCENARIOS = {"1 %": (0.01, False), "5 %": (0.05, False), "15 %": (0.15, False), "5 %, the careless are copied": (0.05, True)}
GOALS = ("5 %", "5 %, the careless are copied")
GOAL_RIGHT, GOAL_CLASS = 0.995, 0.90
_INDICES = {"PCI": range(2013, 2020), "PAPI": range(2011, 2022)}
#: The settings of the reconciler were fitted on seeds 0 to 2.
_FIRST_SEED = 100
_SOURCES, _CLUSTERS, _COPIES = 30, 5, 4
#: How much less careful than the mean a source is: most are careful, a few are not.
_CARE = (0.2, 0.3, 0.5, 0.8, 1.0, 1.2, 2.0, 3.0)
_COPIED, _SEEN_AS_COPY = 0.8, 0.7
#: So many lists name the changes too; so many scores are cut to one digit.
_WITH_CHANGES = 0.5
_CUT = 0.08
_SLIPS = ("typo", "transposition", "rank_as_score", "neighbour_line", "year", "component", "wrong_delta")
_BINS = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975, 0.99, 0.995, 0.9985)
#: Classes that name the same slip: told by copies it is a copied error, told by one hand the slip itself.
_LIKE = {"copied_error": {"typo", "transposition", "wrong_delta"}}


class Source(NamedTuple):
    """A made-up source: its kind, the province it belongs to, how far it errs, and whom it copies."""

    name: str
    kind: str
    home: str | None
    care: float
    copies: str | None


@dataclass(frozen=True)
class Said:
    """A statement with what is true of it: the slip that made it wrong, None if it is right."""

    statement: Statement
    slip: str | None


class World:
    """The published figures of PCI and PAPI: scores, places, fields, and the changes between years."""

    def __init__(self) -> None:
        self.truth: dict[Key, Decimal] = {}
        for statement in shipped():
            key = statement.key
            if statement.kind == "official" and key.year in _INDICES.get(key.index, ()) and key.measure == "score":
                assert isinstance(statement.value, Decimal)
                self.truth[key] = round(statement.value, 2)
        self.lists: dict[tuple[str, int], list[str]] = {}
        for index, years in _INDICES.items():
            for year in years:
                scores = {k.subject: v for k, v in self.truth.items() if (k.index, k.year, k.component) == (index, year, None)}
                ranked = sorted(scores, key=lambda subject: (-scores[subject], subject))
                self.lists[index, year] = ranked
                for place, subject in enumerate(ranked, start=1):
                    self.truth[_key(index, subject, year, "rank")] = Decimal(place)
        for key, value in list(self.truth.items()):
            before = self.truth.get(key._replace(year=(key.year or 0) - 1)) if key.component is None else None
            if before is not None:
                change = key._replace(measure=f"{key.measure}_delta", base_year=(key.year or 0) - 1)
                self.truth[change] = value - before if key.measure == "score" else before - value
        self.fields = {at: sorted({k.component for k in self.truth if (k.index, k.year) == at and k.component}) for at in self.lists}


def _key(index: str, subject: str, year: int, measure: str, component: str | None = None) -> Key:
    return Key(index, "national", None, subject, year, measure, component, None, "reported")


def sources(world: World, rng: random.Random, *, careless: bool) -> list[Source]:
    """Return 30 sources: five that are copied by four others each, and five that stand alone."""
    homes = rng.sample(sorted({s for ranked in world.lists.values() for s in ranked}), _SOURCES)
    care = rng.sample([_CARE[n % len(_CARE)] for n in range(_SOURCES)], _SOURCES)
    mean = math.fsum(care) / len(care)
    if careless:
        worst = sorted(care, reverse=True)
        care = [*worst[:_CLUSTERS], *rng.sample(worst[_CLUSTERS:], _SOURCES - _CLUSTERS)]
    kinds = ("portal", "portal", "paper", "portal", "paper", "aggregator")
    made: list[Source] = []
    for n in range(_SOURCES):
        kind = "wire" if n == 0 else kinds[n % len(kinds)]
        leader = f"s{n % _CLUSTERS}.vn" if _CLUSTERS <= n < _CLUSTERS * (1 + _COPIES) else None
        made.append(Source(f"s{n}.vn", kind, homes[n] if kind == "portal" else None, care[n] / mean, leader))
    return made


class Press:
    """What the sources say: articles of claims, with slips at a rate."""

    def __init__(self, world: World, rate: float, coverage: float, rng: random.Random, *, careless: bool = False) -> None:
        self.world, self.rate, self.coverage, self.rng, self.careless = world, rate, coverage, rng, careless
        self.serial = 0

    def speak(self) -> list[Said]:
        """Return all claims."""
        made: dict[tuple[str, str, int, str], list[Said]] = {}
        said: list[Said] = []
        for source in sources(self.world, self.rng, careless=self.careless):
            for (index, year), ranked in self.world.lists.items():
                for form in ("list", "top", "fields", "own"):
                    original = made.get((source.copies, index, year, form)) if source.copies else None
                    if original is not None and self.rng.random() < _COPIED:
                        said += self._copied(source, original)
                    elif self.rng.random() < self.coverage * (1 if form != "own" else 2):
                        article = self._article(source, index, year, form, ranked)
                        made[source.name, index, year, form] = article
                        said += article
        return said

    def _copied(self, source: Source, original: Sequence[Said]) -> list[Said]:
        self.serial += 1
        is_seen = self.rng.random() < _SEEN_AS_COPY
        cluster = original[0].statement.cluster if is_seen else f"a{self.serial}"
        return [
            Said(
                one.statement._replace(
                    claim_id=f"{self.serial:06d}-{n:03d}",
                    article=f"a{self.serial}",
                    cluster=cluster,
                    source=source.name,
                    kind=source.kind,
                    first_hand=source.home == one.statement.key.subject,
                ),
                one.slip,
            )
            for n, one in enumerate(original)
        ]

    def _article(self, source: Source, index: str, year: int, form: str, ranked: Sequence[str]) -> list[Said]:
        self.serial += 1
        rng = self.rng
        if form == "own":
            subjects = [source.home] if source.home in ranked else [rng.choice(ranked)]
        elif form == "top":
            subjects = list(ranked[: rng.choice((5, 10, 15))])
        else:
            subjects = sorted(rng.sample(ranked, rng.randint(15, len(ranked))), key=ranked.index)
        with_changes = form == "own" or rng.random() < _WITH_CHANGES
        skipped = rng.randint(1, len(subjects) - 2) if form == "top" and rng.random() < self.rate * source.care else None
        article: list[Said] = []
        for n, subject in enumerate(subjects):
            if n == skipped:
                continue
            keys = [_key(index, subject, year, "score"), _key(index, subject, year, "rank")]
            if with_changes:
                keys += [key._replace(measure=f"{key.measure}_delta", base_year=year - 1) for key in keys]
            if form in {"fields", "own"}:
                keys += [_key(index, subject, year, "score", field) for field in self.world.fields[index, year]]
            for key in keys:
                if key in self.world.truth:
                    is_shifted = skipped is not None and n > skipped and key.measure == "rank"
                    article.append(self._claim(source, key, len(article), is_shifted=is_shifted))
        return article

    def _claim(self, source: Source, key: Key, number: int, *, is_shifted: bool) -> Said:
        value, slip = self.world.truth[key], None
        if is_shifted:
            value, slip = value - 1, "skipped_entry"
        elif self.rng.random() < self.rate * source.care:
            value, slip = self._slip(key, value)
        decimals = max(0, -int(value.as_tuple().exponent))
        if slip is None and key.measure == "score" and self.rng.random() < _CUT:
            decimals, value = 1, Decimal(math.floor(value * 10)) / 10
        statement = Statement(
            claim_id=f"{self.serial:06d}-{number:03d}",
            key=key,
            value=value,
            high=None,
            decimals=decimals,
            subject_type="province",
            subject_id=None,
            unit=None,
            of=None,
            qualifier="exact",
            article=f"a{self.serial}",
            source=source.name,
            kind=source.kind,
            url=None,
            published=None,
            seen=None,
            cluster=f"a{self.serial}",
            first_hand=source.home == key.subject,
            evidence="",
        )
        return Said(statement, slip)

    def _slip(self, key: Key, value: Decimal) -> tuple[Decimal, str | None]:
        """Return a wrong value, by the first slip of a shuffled list that makes one."""
        for slip in self.rng.sample(_SLIPS, len(_SLIPS)):
            wrong = self._made(slip, key, value)
            if wrong is not None and abs(wrong - value) >= Decimal(1).scaleb(min(0, int(wrong.as_tuple().exponent))):
                return wrong, slip
        return value, None

    def _made(self, slip: str, key: Key, value: Decimal) -> Decimal | None:
        truth, rng = self.world.truth, self.rng
        digits = [c for c in str(abs(value)) if c.isdigit()]
        if slip == "wrong_delta" or key.measure.endswith("_delta"):
            if slip != "wrong_delta" or not key.measure.endswith("_delta"):
                return None
            return _typed(value, digits, "change", rng)
        if slip == "typo":
            return _typed(value, digits, rng.choice(("drop", "change", "last")), rng)
        if slip == "transposition":
            return _typed(value, digits, "swap", rng)
        if slip == "rank_as_score":
            return truth.get(key._replace(measure="rank")) if key.measure == "score" and key.component is None else None
        if slip == "year":
            return truth.get(key._replace(year=(key.year or 0) - 1))
        if slip == "component":
            beside = [key._replace(component=name) for name in self.world.fields[key.index, key.year or 0] if name != key.component]
            return truth[rng.choice(beside)] if key.component and key.measure == "score" and beside else None
        ranked = self.world.lists[key.index, key.year or 0]
        at = ranked.index(key.subject) + rng.choice((-1, 1))
        return truth.get(key._replace(subject=ranked[at])) if key.measure == "score" and 0 <= at < len(ranked) else None


def _typed(value: Decimal, digits: list[str], way: str, rng: random.Random) -> Decimal | None:
    """Return a number with a digit dropped, changed or swapped; None where it would be no figure of the press."""
    at = rng.randrange(len(digits))
    if way == "drop":
        # A dropped digit takes one decimal away, as 89,6 stood for 89,06.
        made = digits[:at] + digits[at + 1 :]
        if len(digits) < 3:  # noqa: PLR2004 (of two digits one is left, which is no slip)
            return None
        number = Decimal("".join(made)).scaleb(min(0, value.as_tuple().exponent + 1))  # type: ignore[operator]
        return number.copy_sign(value)
    if way == "swap":
        pairs = [n for n in range(len(digits) - 1) if digits[n] != digits[n + 1] and not (n == 0 and digits[1] == "0")]
        if not pairs:
            return None
        at = rng.choice(pairs)
        digits[at], digits[at + 1] = digits[at + 1], digits[at]
    else:
        at = len(digits) - 1 if way == "last" else at
        digits[at] = rng.choice([d for d in "123456789" if d != digits[at]])
    return Decimal("".join(digits)).scaleb(min(0, value.as_tuple().exponent)).copy_sign(value)  # type: ignore[type-var]


def by_majority(claims: Mapping[Key, Sequence[Said]]) -> dict[Key, list[Decimal]]:
    """Return of each key the values that most sources print: several where they tie."""
    found = {}
    for key, group in claims.items():
        votes = Counter(value for _, value in {(s.statement.source, s.statement.value) for s in group})
        most = max(votes.values())
        found[key] = sorted(Decimal(str(value)) for value, count in votes.items() if count == most)
    return found


def by_discovery(claims: Mapping[Key, Sequence[Said]]) -> dict[Key, list[Decimal]]:
    """Return of each key the value that truth discovery alone takes."""
    cases, sides_of, found = [], [], {}
    confirmed: Counter[tuple[str, str]] = Counter()
    for key, group in sorted(claims.items(), key=lambda item: item[0].texts()):
        sides: list[list[Statement]] = []
        for one in sorted((s.statement for s in group), key=lambda s: (-s.decimals, str(s.value), s.claim_id)):
            side = next((side for side in sides if agree(side[0], one)), None)
            if side is None:
                sides.append([one])
            else:
                side.append(one)
        if len(sides) == 1:
            found[key] = [Decimal(str(sides[0][0].value))]
            if len({s.cluster for s in sides[0]}) > 1 and len({s.source for s in sides[0]}) > 1:
                confirmed.update((s.source, key.index) for s in sides[0])
            continue
        votes = tuple(Vote(s.source, "first_hand" if s.first_hand else s.kind, s.cluster, n) for n, side in enumerate(sides) for s in side)
        cases.append(Case(key.index, votes, tuple(int(Decimal(str(side[0].value)).scaleb(6)) for side in sides), None, len(sides)))
        sides_of.append((key, sides))
    learned = learn(Ballots.of(cases), confirmed)
    for (key, sides), winner in zip(sides_of, learned.winners, strict=True):
        found[key] = [Decimal(str(sides[winner][0].value))]
    return found


def is_right(truth: Decimal, value: object, decimals: int) -> bool:
    """Tell whether a value is the truth, as far as its digits go (cut or rounded)."""
    if not isinstance(value, Decimal):
        return False
    return value == truth if decimals != 1 else abs(value - truth) < Decimal("0.1")


@dataclass
class Tally:
    """What one or several runs gave; all counts."""

    claims: int = 0
    wrong: int = 0
    keys: int = 0
    majority: float = 0
    discovery: int = 0
    equations: int = 0
    published: int = 0
    published_right: int = 0
    named: int = 0
    named_right: int = 0

    def __post_init__(self) -> None:
        self.reported: Counter[str] = Counter()
        self.reported_right: Counter[str] = Counter()
        self.present: Counter[str] = Counter()
        self.noticed: Counter[str] = Counter()
        self.called: Counter[str] = Counter()
        self.forecasts: list[tuple[float, bool]] = []

    def join(self, other: "Tally") -> None:
        """Add the counts of another run."""
        for name, value in vars(other).items():
            mine = getattr(self, name)
            setattr(self, name, mine + value)

    def add(self, said: Sequence[Said], truth: Mapping[Key, Decimal], settled: Settled) -> None:
        """Count one run."""
        claims: dict[Key, list[Said]] = defaultdict(list)
        for one in said:
            claims[one.statement.key].append(one)
        self.claims += len(said)
        self.wrong += sum(one.slip is not None for one in said)
        self.keys += len(claims)
        for key, values in by_majority(claims).items():
            self.majority += sum(is_right(truth[key], v, _decimals(v, key)) for v in values) / len(values)
        self.discovery += sum(is_right(truth[key], v[0], _decimals(v[0], key)) for key, v in by_discovery(claims).items())
        conflicts = {conflict.key: conflict for conflict in settled.conflicts}
        for fact in settled.facts:
            conflict = conflicts.get(fact.key)
            leading = conflict.proposed if conflict is not None and conflict.proposed is not None else fact.value
            right = is_right(truth[fact.key], leading, fact.decimals)
            self.equations += right
            self.forecasts.append((float(fact.confidence), right))
            if fact.status != "conflict":
                self.published += 1
                self.published_right += right
        for key, group in claims.items():
            slips = {one.slip for one in group if one.slip}
            self.present.update(slips)
            conflict = conflicts.get(key)
            if conflict is None:
                continue
            name = conflict.conflict_class
            fits = slips & ({name} | _LIKE.get(name, set()))
            self.reported[name] += 1
            self.reported_right[name] += bool(fits)
            self.noticed.update(slips)
            self.called.update(fits)
            if slips:
                self.named += 1
                self.named_right += bool(fits)

    def lines(self, scenario: str) -> Iterator[str]:
        """Yield the tables of one scenario."""
        yield (
            f"{scenario} slips: {self.claims} claims about {self.keys} values, {self.wrong / self.claims:.2%} wrong, "
            f"{self.claims / self.keys:.1f} claims a value"
        )
        yield f"  right by majority vote       {self.majority / self.keys:.4f}"
        yield f"  right by truth discovery     {self.discovery / self.keys:.4f}"
        yield f"  right with equations         {self.equations / self.keys:.4f}"
        yield (
            f"  published without a doubt    {self.published / self.keys:.4f} of all, "
            f"{self.published_right / self.published:.4f} of them right; {self.keys - self.published} left open"
        )
        yield f"  class named right            {self.named_right / max(1, self.named):.4f} of {self.named} conflicts"
        yield "  class            reported precision   present  noticed  recall"
        for name in sorted(set(self.reported) | set(self.present)):
            precision = f"{self.reported_right[name] / self.reported[name]:.3f}" if self.reported[name] else "-"
            noticed = f"{self.noticed[name] / self.present[name]:.3f}" if self.present[name] else "-"
            recall = f"{self.called[name] / self.present[name]:.3f}" if self.present[name] else "-"
            yield f"  {name:16} {self.reported[name]:8} {precision:>9} {self.present[name]:9} {noticed:>8} {recall:>7}"
        brier = math.fsum((p - right) ** 2 for p, right in self.forecasts) / len(self.forecasts)
        base = self.equations / self.keys
        yield f"  Brier {brier:.5f} (a constant {base:.4f} would have {base * (1 - base):.5f})"
        for low, count, mean, share in self.bins():
            yield f"  confidence from {low:.3f}: {count:7} values, mean {mean:.4f}, right {share:.4f}"

    def bins(self) -> list[tuple[float, int, float, float]]:
        """Return the bins of confidence: lower end, count, mean confidence, share that was right."""
        grouped: dict[float, list[tuple[float, bool]]] = defaultdict(list)
        for confidence, right in self.forecasts:
            grouped[max((low for low in _BINS if low <= confidence), default=0.0)].append((confidence, right))
        return [
            (low, len(group), math.fsum(p for p, _ in group) / len(group), sum(r for _, r in group) / len(group))
            for low, group in sorted(grouped.items())
        ]


def _decimals(value: Decimal, key: Key) -> int:
    return 1 if key.measure == "score" and value.as_tuple().exponent == -1 else 2


def run(rate: float, coverage: float, seed: int, *, careless: bool = False) -> Tally:
    """Simulate and reconcile."""
    world, tally = World(), Tally()
    said = Press(world, rate, coverage, random.Random(seed), careless=careless).speak()
    tally.add(said, world.truth, reconcile(one.statement for one in said))
    return tally


def picture(tallies: Mapping[str, Tally]) -> str:
    """Return the reliability plot as SVG: confidence against the share that was right, on scales of log odds."""
    size, margin = 420, 50
    whole = size + 2 * margin
    marks = (0.3, 0.5, 0.7, 0.9, 0.97, 0.99, 0.999)

    def at(share: float) -> float:
        share = min(max(share, 0.2), 0.9995)
        low, high = math.log(0.2 / 0.8), math.log(0.9995 / 0.0005)
        return (math.log(share / (1 - share)) - low) / (high - low) * size

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {whole} {whole}" font-family="sans-serif" font-size="12">',
        f'<rect width="{whole}" height="{whole}" fill="#fff"/>',
        f'<path d="M{margin},{margin + size}L{margin + size},{margin}" stroke="#999" stroke-dasharray="4 4"/>',
    ]
    for mark in marks:
        x, y = margin + at(mark), margin + size - at(mark)
        parts.append(f'<path d="M{x:.1f},{margin}V{margin + size}M{margin},{y:.1f}H{margin + size}" stroke="#e5e5e5"/>')
        parts.append(f'<text x="{x:.1f}" y="{margin + size + 16}" text-anchor="middle">{mark:g}</text>')
        parts.append(f'<text x="{margin - 6}" y="{y + 4:.1f}" text-anchor="end">{mark:g}</text>')
    for n, ((scenario, tally), colour) in enumerate(zip(tallies.items(), ("#1f7a4d", "#1d4e89", "#b3261e", "#8a5200"), strict=True)):
        for _, count, mean, share in tally.bins():
            place = f'cx="{margin + at(mean):.1f}" cy="{margin + size - at(share):.1f}" r="{2 + math.log10(count):.1f}"'
            parts.append(
                f'<circle {place} fill="{colour}" fill-opacity=".7">'
                f"<title>{scenario}: {count} values, confidence {mean:.4f}, right {share:.4f}</title></circle>"
            )
        parts.append(f'<text x="{margin + 8}" y="{margin + 20 + 16 * n}" fill="{colour}">slips: {scenario}</text>')
    parts.append(f'<text x="{margin + size / 2}" y="{margin + size + 36}" text-anchor="middle">confidence</text>')
    parts.append(f'<text transform="translate(14 {margin + size / 2}) rotate(-90)" text-anchor="middle">share that is right</text>')
    return "".join(parts) + "</svg>\n"


def main(seeds: int, coverage: float, out: Path | None) -> int:
    """Print the tables; return 1 if a goal at 5 % is missed."""
    tallies: dict[str, Tally] = {}
    missed = []
    for scenario, (rate, careless) in SCENARIOS.items():
        total = tallies[scenario] = Tally()
        for seed in range(_FIRST_SEED, _FIRST_SEED + seeds):
            one = run(rate, coverage, seed, careless=careless)
            total.join(one)
            _say(f"{scenario}, seed {seed}: majority {one.majority / one.keys:.4f}, with equations {one.equations / one.keys:.4f}")
        if scenario in GOALS and total.equations < GOAL_RIGHT * total.keys:
            missed.append(f"{scenario}: right {total.equations / total.keys:.4f}")
        if scenario in GOALS and total.named_right < GOAL_CLASS * total.named:
            missed.append(f"{scenario}: class {total.named_right / total.named:.4f}")
        for line in total.lines(scenario):
            _say(line)
    _say(f"goal at 5 %: {GOAL_RIGHT} right, class {GOAL_CLASS}: {'missed: ' + ', '.join(missed) if missed else 'met'}")
    if out is not None:
        out.write_text(picture(tallies), encoding="utf-8")
    return bool(missed)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--coverage", type=float, default=0.25)
    parser.add_argument("--picture", type=Path)
    options = parser.parse_args()
    sys.exit(main(options.seeds, options.coverage, options.picture))
