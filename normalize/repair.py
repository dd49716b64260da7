"""The smallest repair: which figures must change so that every equation around them holds again.

This is diagnosis from first principles (Reiter, AIJ 1987) with weights: a figure costs as much to change as the
evidence for it weighs, an equation costs as much to leave broken as it is seldom wrong, and the cheapest set of
changes is the verdict. Candidates for a figure are the values that sources claim, what an equation demands of it,
and "unknown". The search is best first, so that the first answer is the cheapest; the next ones give the margin.
"""

import heapq
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from normalize.classes import slip
from normalize.equations import Figure, Instance
from normalize.statement import Key
from normalize.truth import FALSE_NUMBERS

#: A value that nobody claims is believed rather if a slip of the pen explains what was printed.
_EXPLAINED, _UNEXPLAINED = 0.0, 2.5
#: A figure that equals another one of its surroundings (last year's, the next line's, a field's) costs so much less to change.
_TOLD = 1.0
#: A change is worked out by who prints it, where scores and ranks are copied: it is the first to be doubted.
_DERIVED = 0.25
#: "Unknown" may be any value: some would satisfy an inequality by chance.
_UNKNOWN = math.log(FALSE_NUMBERS) - math.log(2)
#: Where more has to be tried, one change after another is taken instead.
_MOST_STEPS = 400
#: Answers that cost so much more than the cheapest are not worth knowing.
_MARGIN = 8.0


@dataclass(frozen=True, slots=True)
class Option:
    """A claimed value of a key and what its claims weigh."""

    figure: Figure
    weight: float


@dataclass(frozen=True, slots=True)
class Repair:
    """The changes that cost least, the equations left broken, and for each key how much the next other answer costs more."""

    changes: Mapping[Key, Figure | None]
    unpaid: tuple[Instance, ...]
    margins: Mapping[Key, float]


def repair(
    options: Mapping[Key, Sequence[Option]],
    instances: Sequence[Instance],
    values: Mapping[Key, Figure | None],
    told: frozenset[Key] = frozenset(),
) -> Repair:
    """Search the cheapest changes of `values`, where the options of a key begin with the value that leads.

    `told` are the keys whose leading figure is known to be another figure.
    """
    if all(instance.holds(values) for instance in instances):
        return Repair({}, (), dict.fromkeys(options, _MARGIN))
    by_key: dict[Key, list[Instance]] = {key: [] for key in options}
    for instance in instances:
        for key in instance.keys:
            if key in by_key:
                by_key[key].append(instance)
    answers = _search(options, instances, values, told)
    if answers is None:
        return _greedy(options, instances, values, by_key, told)
    best = answers[0]
    margins = {}
    for key in options:
        mine = best[1].get(key, values[key])
        other = [cost for cost, changes, _ in answers if changes.get(key, values[key]) != mine]
        margins[key] = min(other, default=best[0] + _MARGIN) - best[0]
    return Repair(best[1], tuple(instances[n] for n in sorted(best[2])), margins)


Answer = tuple[float, dict[Key, Figure | None], frozenset[int]]


def _search(
    options: Mapping[Key, Sequence[Option]],
    instances: Sequence[Instance],
    values: Mapping[Key, Figure | None],
    told: frozenset[Key],
) -> list[Answer] | None:
    """Return the answers from the cheapest on: cost, changes, equations left broken; None if there are too many ways to try."""
    at_key: dict[Key, list[int]] = {}
    for n, instance in enumerate(instances):
        for key in instance.keys:
            at_key.setdefault(key, []).append(n)
    broken = frozenset(n for n, instance in enumerate(instances) if not instance.holds(values))
    queue: list[tuple[float, int, tuple[tuple[Key, Figure | None], ...], frozenset[int], frozenset[int]]] = [
        (0.0, 0, (), broken, frozenset())
    ]
    seen: set[tuple[frozenset[tuple[Key, Figure | None]], frozenset[int]]] = set()
    answers: list[Answer] = []
    serial = 0
    while queue:
        cost, _, changes, broken, left = heapq.heappop(queue)
        if answers and cost > answers[0][0] + _MARGIN:
            break
        state = (frozenset(changes), left)
        if state in seen:
            continue
        seen.add(state)
        if len(seen) > _MOST_STEPS:
            return answers or None
        if not broken:
            answers.append((cost, dict(changes), left))
            continue
        n = min(broken)
        now = {**values, **dict(changes)}
        serial += 1
        heapq.heappush(queue, (cost - math.log(instances[n].equation.exception), serial, changes, broken - {n}, left | {n}))
        changed = {key for key, _ in changes}
        for key in instances[n].keys:
            if key in options and key not in changed:
                own = now[key]
                for figure, price in _ways(key, options[key], instances[n], now, told):
                    now[key] = figure
                    if instances[n].holds(now):
                        around = at_key[key]
                        then = broken.difference(around) | {m for m in around if m not in left and not instances[m].holds(now)}
                        serial += 1
                        heapq.heappush(queue, (cost + price, serial, (*changes, (key, figure)), then, left))
                    now[key] = own
    return answers


def _greedy(
    options: Mapping[Key, Sequence[Option]],
    instances: Sequence[Instance],
    values: Mapping[Key, Figure | None],
    by_key: Mapping[Key, Sequence[Instance]],
    told: frozenset[Key],
) -> Repair:
    """Change one figure after another, each time the one that mends most for its price."""
    now = dict(values)
    changes: dict[Key, Figure | None] = {}
    margins = dict.fromkeys(options, _MARGIN)
    while True:
        gains: list[tuple[float, tuple[str, ...], str, Key, Figure | None]] = []
        for instance in instances:
            if instance.holds(now):
                continue
            for key in instance.keys:
                if key in options and key not in changes:
                    for figure, price in _ways(key, options[key], instance, now, told):
                        gain = -price - would_break(key, figure, by_key[key], now)
                        gains.append((-round(gain, 6), key.texts(), str(figure), key, figure))
        gains.sort(key=lambda one: one[:3])
        if not gains or gains[0][0] >= 0:
            break
        lost, _, _, key, figure = gains[0]
        rival = next((one[0] for one in gains if one[3:] != (key, figure)), 0.0)
        changes[key] = now[key] = figure
        margins[key] = min(rival, 0.0) - lost
    return Repair(changes, tuple(instance for instance in instances if not instance.holds(now)), margins)


def _ways(
    key: Key, options: Sequence[Option], instance: Instance, now: Mapping[Key, Figure | None], told: frozenset[Key]
) -> list[tuple[Figure | None, float]]:
    """Return the values that a key may take instead of its own, each with its price."""
    lead = options[0].weight - (_TOLD if key in told else 0.0) - (_DERIVED if key.measure.endswith("_delta") else 0.0)
    ways: list[tuple[Figure | None, float]] = [(option.figure, max(0.0, lead - option.weight)) for option in options[1:]]
    wanted = instance.demand(key, now)
    if wanted is None:
        ways.append((None, max(0.5, lead - _UNKNOWN)))
    elif wanted.amount >= 0 or key.measure.endswith("_delta"):
        explained = all(slip(wanted, option.figure) for option in options)
        ways.append((wanted, max(0.5, lead + (_EXPLAINED if explained else _UNEXPLAINED))))
    return ways


def would_break(key: Key, figure: Figure | None, instances: Sequence[Instance], values: Mapping[Key, Figure | None]) -> float:
    """Return what it costs more to give a key this value, in equations that it breaks and those that it mends."""
    then = {**values, key: figure}
    return math.fsum(
        -math.log(instance.equation.exception) * (instance.holds(values) - instance.holds(then))
        for instance in instances
        if key in instance.keys
    )
