"""Reconciliation at size: a million claims in one go, and nights of a thousand new ones on top.

    python benchmarks/scale.py [--claims 1000000]

The claims are made up over a consistent world (8 indices, 63 provinces, 14 years, components, districts), so that the
equations hold where nothing is wrong; one claim in a hundred has a digit changed. The nights speak of any of the keys.
Prints seconds, peak memory, how many facts a night touches, and the ratio to the limit; exit 1 if one is missed.
"""

import argparse
import resource
import statistics
import sys
import time
from datetime import date
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import numpy as np
import pyarrow as pa

from normalize.equations import equations
from normalize.grouping import COLUMNS
from normalize.indices import ranked_count
from normalize.reconcile import settle
from normalize.statement import Key
from normalize.units import provinces_and_ministries

LIMIT_ALL, LIMIT_NIGHT, LIMIT_MEMORY = 10.0, 1.0, 2048
_NIGHT, _NIGHTS = 1000, 5
_YEARS = range(2011, 2025)
_INDICES = ("PAR_INDEX", "SIPAS", "PCI", "PAPI", "PII", "PGI", "DTI", "ICT_INDEX")
#: After a year that was left out, there is no year before to compare with.
_BREAKS = {("SIPAS", 2016), ("PII", 2023)}
_SOURCES = 300


def world(rng: np.random.Generator) -> list[tuple[Key, str, int, int]]:
    """Return keys with subject type, true amount in millionths and decimals."""
    provinces = sorted(u.name for u in provinces_and_ministries() if u.level == "province" and u.valid_on(date(2022, 12, 31)))
    parts = {e.index: [name for name, _ in e.parts] for e in equations() if e.parts}
    found: list[tuple[Key, str, int, int]] = []
    for index in _INDICES:
        before: dict[str, tuple[int, int]] = {}
        for year in _YEARS:
            if ranked_count(index, "province", year) not in {None, len(provinces)}:
                continue
            weights = next((e for e in equations() if e.parts and e.index == index and year in e.years), None)
            scores: dict[str, int] = {}
            for subject in provinces:
                if weights is not None:
                    values = rng.integers(400, 800, len(weights.parts)) * 10_000
                    for (name, _), value in zip(weights.parts, values, strict=True):
                        found.append(
                            (Key(index, "national", None, subject, year, "score", name, None, "reported"), "province", int(value), 2)
                        )
                    total = sum(w * int(v) for (_, w), v in zip(weights.parts, values, strict=True)) // weights.total
                    scores[subject] = round(total / 10_000) * 10_000 if index == "PCI" else total
                else:
                    top = 9_000 if index in {"PAR_INDEX", "SIPAS"} else 4_000 if index != "PGI" else 2_500
                    scores[subject] = int(rng.integers(top - 2_000, top)) * (10_000 if index not in {"DTI", "ICT_INDEX"} else 100)
                    for n, name in enumerate(parts.get(index, ())):
                        found.append(
                            (
                                Key(index, "national", None, subject, year, "score", name, None, "reported"),
                                "province",
                                (500 + n) * 10_000,
                                2,
                            )
                        )
            places = {subject: n + 1 for n, subject in enumerate(sorted(scores, key=lambda s: (-scores[s], s)))}
            for subject in provinces:
                key = Key(index, "national", None, subject, year, "score", None, None, "reported")
                decimals = 4 if index in {"DTI", "ICT_INDEX"} else 2
                found.append((key, "province", scores[subject], decimals))
                found.append((key._replace(measure="rank"), "province", places[subject] * 10**6, 0))
                if subject in before and (index, year) not in _BREAKS:
                    score, place = before[subject]
                    found.append((key._replace(measure="score_delta", base_year=year - 1), "province", scores[subject] - score, decimals))
                    found.append((key._replace(measure="rank_delta", base_year=year - 1), "province", (place - places[subject]) * 10**6, 0))
            before = {subject: (scores[subject], places[subject]) for subject in provinces}
    for authority, index in product(provinces, ("DDCI", "PAR_INDEX", "SIPAS")):
        for year in _YEARS:
            marks = sorted((int(mark) * 10_000 for mark in rng.choice(np.arange(6_000, 9_000), 20, replace=False)), reverse=True)
            for n, mark in enumerate(marks):
                key = Key(index, "provincial", authority, f"Huyện {n} {authority}", year, "score", None, None, "reported")
                found.append((key, "district", mark, 2))
                found.append((key._replace(measure="rank"), "district", (n + 1) * 10**6, 0))
    return found


def claims(keys: list[tuple[Key, str, int, int]], count: int, rng: np.random.Generator, *, wrong: float = 0.01, first: int = 0) -> pa.Table:
    """Return `count` statements about the keys, by 300 sources; `wrong` of them with a digit changed."""
    which = np.sort(rng.integers(0, len(keys), count)) if count >= len(keys) else rng.integers(0, len(keys), count)
    source = rng.integers(0, _SOURCES, count)
    article = rng.integers(0, max(1, count // 20), count)
    is_wrong = rng.random(count) < wrong
    amounts = np.array([k[2] for k in keys], dtype=np.int64)[which]
    decimals = np.array([k[3] for k in keys], dtype=np.int64)[which]
    amounts = np.where(is_wrong, np.abs(amounts + rng.choice([-3, -2, 2, 5, 20, -20], count) * 10 ** (6 - decimals)), amounts)
    take = pa.array(which)
    ids = pa.array([key.fact_id for key, *_ in keys]).dictionary_encode()
    columns: dict[str, pa.Array] = {
        "claim_id": pa.array([f"{n:012x}" for n in range(first, first + count)]),
        "fact_id": pa.DictionaryArray.from_arrays(take, ids.dictionary.take(ids.indices)).cast(pa.string()),
    }
    for part in Key._fields:
        values = pa.array([getattr(key, part) for key, *_ in keys], pa.int32() if part in {"year", "base_year"} else pa.string())
        columns[part] = values.take(take)
    printed = pa.array([f"{a / 10**6:.{d}f}" for a, d in zip(amounts.tolist(), decimals.tolist(), strict=True)])
    columns["printed"] = printed
    columns["amount"] = pa.array(amounts)
    columns["decimals"] = pa.array(decimals, pa.int32())
    columns["subject_type"] = pa.array([t for _, t, *_ in keys]).take(take)
    columns["qualifier"] = pa.array(["exact"] * count)
    columns["article"] = pa.array([f"a{n}" for n in article.tolist()])
    columns["cluster"] = columns["article"]
    columns["source"] = pa.array([f"s{n}.vn" for n in source.tolist()])
    columns["kind"] = pa.array(["portal" if n % 3 else "paper" for n in source.tolist()])
    columns["first_hand"] = pa.array([False] * count)
    columns["evidence"] = pa.array(["x"] * count)
    nulls = {
        "high": pa.string(),
        "subject_id": pa.string(),
        "unit": pa.string(),
        "of": pa.int32(),
        "url": pa.string(),
        "published": pa.date32(),
        "seen": pa.date32(),
    }
    for name, kind in nulls.items():
        columns[name] = pa.nulls(count, kind)
    return pa.table({name: columns[name] for name in COLUMNS})


def main(count: int) -> int:
    """Measure; return 1 if a limit is missed."""
    rng = np.random.default_rng(7)
    keys = world(rng)
    with TemporaryDirectory() as folder:
        connection = duckdb.connect(str(Path(folder) / "claims.duckdb"))
        made = claims(keys, count, rng)
        connection.execute("create table statements as select * from made")
        del made
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        start = time.perf_counter()
        connection.execute("begin")  # as a night does
        settled = settle(connection)
        connection.execute("commit")
        ((plain,),) = connection.execute("select count(*) from plain").fetchall()
        seconds = time.perf_counter() - start
        nights = [_night(connection, claims(keys, _NIGHT, rng, first=count + n * _NIGHT), n) for n in range(_NIGHTS)]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    _say(f"{count} claims about {len(keys)} keys: {plain} plain facts, {len(settled.facts)} hot, {len(settled.conflicts)} conflicts")
    _say(
        f"all at once {seconds:.1f} s, limit {LIMIT_ALL:.0f} s, ratio {seconds / LIMIT_ALL:.2f}; "
        f"peak {peak:.0f} MiB (made up: {before:.0f}), limit {LIMIT_MEMORY}"
    )
    night = statistics.median(nights)
    _say(f"a night of {_NIGHT} on top {night:.2f} s (median of {_NIGHTS}), limit {LIMIT_NIGHT:.0f} s, ratio {night / LIMIT_NIGHT:.2f}")
    return 0 if seconds < LIMIT_ALL and peak < LIMIT_MEMORY and night < LIMIT_NIGHT else 1


def _night(connection: duckdb.DuckDBPyConnection, made: pa.Table, number: int) -> float:
    """Settle further claims on top; return the seconds that it takes."""
    articles = pa.array([f"n{number}/{n // 20}" for n in range(len(made))])
    made = made.set_column(made.column_names.index("article"), "article", articles)
    made = made.set_column(made.column_names.index("cluster"), "cluster", articles)
    connection.register("made", made)
    connection.execute("insert into statements from made")
    connection.unregister("made")
    start = time.perf_counter()
    connection.execute("begin")
    settled = settle(connection)
    connection.execute("commit")
    seconds = time.perf_counter() - start
    ((renewed,),) = connection.execute("select count(*) from renewed").fetchall()
    _say(f"night {number + 1}: {seconds:.2f} s, {renewed} facts touched, {len(settled.facts)} judged")
    return seconds


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--claims", type=int, default=1_000_000)
    sys.exit(main(parser.parse_args().claims))
