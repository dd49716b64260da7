"""Truth discovery on public data: population edits (Pasternack and Roth 2010) and flight times (Li et al. 2013).

    python benchmarks/truth.py FOLDER

FOLDER holds population_daz45/ and flights_raha/. Beside ours the same data through voting, the median and
TruthFinder-like voting without copies, so that the figures can be compared in one run. Exit 1 if a limit is missed.
"""

import csv
import math
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from statistics import median_low

from normalize.truth import Ballots, Case, Vote, learn

#: The best of voting, TruthFinder, CRH, CATD and GTM on this data, each figure by another of them.
LIMITS = {"MAE": 1626, "RMSE": 8594, "errors over 0.1 %": 0.170}
FLIGHTS_LIMIT = 0.20

Claims = Mapping[str, list[tuple[str, int]]]


def population(folder: Path) -> tuple[Claims, dict[str, int]]:
    """Return the conflicting claims of each city and year, and the census values."""
    claims: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for line in (folder / "population-new-new.txt").read_text(encoding="utf-8", errors="replace").splitlines():
        key, source, value = line.split("\t")[:3]
        claims[key].append((source, int(float(value))))
    gold: dict[str, int] = {}
    for line in (folder / "population-gd.txt").read_text(encoding="utf-8", errors="replace").splitlines():
        city, year, value = (part.strip() for part in line.rsplit(",", 2))
        gold[f"{city}_{year}"] = int(float(value))
    return claims, {key: value for key, value in gold.items() if key in claims}


def flights(folder: Path) -> tuple[dict[str, list[tuple[str, str]]], dict[str, str]]:
    """Return the times that each source gives for each flight, as minutes of the day, and the true ones."""
    columns = ("sched_dep_time", "act_dep_time", "sched_arr_time", "act_arr_time")
    claims: dict[str, list[tuple[str, str]]] = defaultdict(list)
    gold: dict[str, str] = {}
    with (folder / "dirty_raha.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            for column in columns:
                if row[column]:
                    claims[f"{row['flight']}/{column}"].append((row["src"], _time(row[column])))
    with (folder / "clean_datarules.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            for column in columns:
                gold[f"{row['flight']}/{column}"] = _time(row[column])
    return claims, gold


def _time(text: str) -> str:
    found = re.match(r"(\d+):(\d+)\s*([ap])", text.lower())
    return text if found is None else f"{int(found[1]) % 12 + (12 if found[3] == 'p' else 0):02}:{found[2]}"


def discovered(claims: Mapping[str, list[tuple[str, object]]], *, numbers: bool) -> dict[str, object]:
    """Return the value that truth discovery gives each key."""
    cases: dict[str, Case] = {}
    sides: dict[str, list[object]] = {}
    for key, said in claims.items():
        values = sorted({value for _, value in said})
        sides[key] = values
        votes = tuple(Vote(source, "paper", source, values.index(value)) for source, value in said)
        cases[key] = Case("all", votes, tuple(values) if numbers else None, n_sides=len(values))
    learned = learn(Ballots.of(list(cases.values())))
    return {key: sides[key][winner] for key, winner in zip(cases, learned.winners, strict=True)}


def main(folder: Path) -> int:
    """Print the table; return 1 if a limit is missed."""
    claims, gold = population(folder / "population_daz45")
    ours = discovered(claims, numbers=True)
    votes = {key: Counter(v for _, v in said) for key, said in claims.items()}
    rivals = {
        "chiso": ours,
        "vote, the least of equals": {key: min(n, key=lambda v: (-n[v], v)) for key, n in votes.items()},
        "vote, the median of equals": {key: median_low([v for v in n if n[v] == max(n.values())]) for key, n in votes.items()},
        "median": {key: median_low([v for _, v in said]) for key, said in claims.items()},
    }
    _say(f"population: {sum(map(len, claims.values()))} claims, {len(claims)} city-years, {len(gold)} with a census value")
    _say(f"{'':28}{'MAE':>8}{'RMSE':>9}{'over 0.1 %':>12}")
    measured = {}
    for name, values in rivals.items():
        errors = [abs(values[key] - gold[key]) for key in gold]
        over = sum(error > 0.001 * gold[key] for error, key in zip(errors, gold, strict=True)) / len(gold)
        measured[name] = (sum(errors) / len(errors), math.sqrt(sum(e * e for e in errors) / len(errors)), over)
        _say(f"{name:28}{measured[name][0]:8.0f}{measured[name][1]:9.0f}{over:12.4f}")
    _say(f"{'limits':28}" + "".join(f"{limit:>{width}}" for limit, width in zip(LIMITS.values(), (8, 9, 12), strict=True)))
    times, true = flights(folder / "flights_raha")
    wrong = {
        "chiso": _share_wrong(discovered(times, numbers=False), true),
        "vote": _share_wrong({key: Counter(v for _, v in said).most_common(1)[0][0] for key, said in times.items()}, true),
    }
    _say(
        f"flights: {len(true)} cells; wrong: "
        + ", ".join(f"{name} {share:.3f}" for name, share in wrong.items())
        + f"; limit {FLIGHTS_LIMIT}"
    )
    met = all(value < limit for value, limit in zip(measured["chiso"], LIMITS.values(), strict=True)) and wrong["chiso"] < FLIGHTS_LIMIT
    return 0 if met else 1


def _share_wrong(values: Mapping[str, object], true: Mapping[str, str]) -> float:
    return sum(values.get(key) != value for key, value in true.items()) / len(true)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
