"""The report at size: ten thousand conflicts as pages and data, beside the limits of time and of compressed size.

    python benchmarks/report.py [--conflicts 10000] [--keep FOLDER]

A warehouse is filled with made-up claims (benchmarks/scale.py), each with a sentence of its own in an article, and
reconciled; then the report is written. Prints seconds, files, bytes plain and compressed (tar.zst) and
the ratios to the limits; exit 1 if one is missed.
"""

import argparse
import io
import sys
import tarfile
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from backports import zstd

from benchmarks.scale import claims, world
from flows.loading import reconcile_warehouse
from flows.report import write_report
from warehouse.store import add, rewriting

LIMIT_SECONDS, LIMIT_MIB = 5.0, 5.0
_DATA = {".csv", ".json", ".parquet", ".xml"}


def fill(warehouse: Path, wanted: int) -> int:
    """Fill a warehouse so that it has about so many conflicts; return how many it has."""
    rng = np.random.default_rng(7)
    made = claims(world(rng), wanted * 20, rng, wrong=0.06)
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    with rewriting(warehouse) as connection:
        indices = sorted(set(made["index"].to_pylist()))
        add(connection, "indices", [_index(code) for code in indices])
        sources = [{"source": s, "portal": s, "title": f"Báo {s}", "kind": "portal" if n % 3 else "paper", "home": f"https://{s}/",
                    "family": "x", "caveats": ""} for n, s in enumerate(sorted(set(made["source"].to_pylist())))]  # fmt: skip
        add(connection, "sources", sources)
        words = pc.binary_join_element_wise(
            "Theo công bố, chỉ số ", made["index"], " của ", made["subject"], " năm ", made["year"].cast(pa.string()), " đạt ",
            made["printed"],
            " và được đánh giá là có nhiều chuyển biến so với các năm trước.", "",
        )  # fmt: skip
        made = made.set_column(made.schema.get_field_index("evidence"), "evidence", words)
        connection.register("made", made)
        connection.execute(
            """insert into articles by name select claim_id as article_id, 'https://' || source || '/' || claim_id as url, source,
                 'p' || claim_id as page_id, 'Chỉ số ' || index as title, date '2025-12-01' as published, evidence as text,
                 claim_id as cluster, true as current, false as gone from made"""
        )
        connection.execute(
            """insert into claims by name select claim_id, claim_id as article, source, 'https://' || source || '/' || claim_id as url,
                 date '2025-12-01' as published, index, level, authority, subject, subject_type, year, measure, amount / 1e6 as value,
                 printed as value_text, decimals, qualifier, component, scope, modality, evidence, 0 as start, length(evidence) as "end",
                 strpos(evidence, ' đạt ') + 4 as value_start, strpos(evidence, ' đạt ') + 4 + length(printed) as value_end,
                 'stated' as year_reason, 'score' as rule, false as superseded from made"""
        )
        connection.execute(
            """insert into comparable by name select claim_id, fact_id, index, level, authority, subject, year, measure, component,
                 scope, modality, base_year, printed, amount, high, decimals, subject_type, subject_id, unit, "of", qualifier, seen,
                 first_hand from made"""
        )
        _, conflicts = reconcile_warehouse(connection, "bench", moment)
        run = dict.fromkeys(("pages_new", "articles_new", "claims_new", "facts", "facts_changed", "portals_failed"), 0)
        ends = {
            "run_id": "bench",
            "started_at": moment,
            "ended_at": moment,
            "verdict": "findings",
            "conflicts": conflicts,
            "sample": True,
        }
        add(connection, "runs", [{**run, **ends}])
    return conflicts


def _index(code: str) -> dict[str, object]:
    words = dict.fromkeys(("name_vi", "name_en", "publisher"), code)
    return {
        "index": code,
        **words,
        "level": "national",
        "unit": "",
        "scale_min": 0,
        "scale_max": 100,
        "first_year": 2011,
        "last_year": 2025,
    }


def main(wanted: int, keep: Path | None) -> int:
    """Measure; return 1 if a limit is missed."""
    with TemporaryDirectory() as temporary:
        folder = keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        conflicts = fill(folder / "chiso.duckdb", wanted)
        start = time.perf_counter()
        write_report(folder / "chiso.duckdb", folder / "report")
        seconds = time.perf_counter() - start
        files = sorted(path for path in (folder / "report").rglob("*") if path.is_file())
        plain = sum(path.stat().st_size for path in files) / 2**20
        packed = [_packed([path for path in files if (path.suffix in _DATA) == is_data]) / 2**20 for is_data in (False, True)]
    _say(f"{conflicts} conflicts: {len(files)} files, {plain:.1f} MiB")
    _say(f"written in {seconds:.1f} s, limit {LIMIT_SECONDS:.0f} s, ratio {seconds / LIMIT_SECONDS:.2f}")
    ratio = packed[0] / LIMIT_MIB
    _say(f"compressed: pages {packed[0]:.2f} MiB, limit {LIMIT_MIB:.0f} MiB, ratio {ratio:.2f}; the data beside them {packed[1]:.2f} MiB")
    return 0 if seconds < LIMIT_SECONDS and ratio < 1 else 1


def _packed(files: list[Path]) -> int:
    """Return the bytes of files as one tar.zst."""
    packed = io.BytesIO()
    with zstd.open(packed, "wb", level=10) as stream, tarfile.open(fileobj=stream, mode="w|") as archive:
        for path in files:
            archive.add(path, path.name)
    return len(packed.getvalue())


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--conflicts", type=int, default=10_000)
    parser.add_argument("--keep", type=Path, help="write warehouse and report here, and leave them")
    options = parser.parse_args()
    sys.exit(main(options.conflicts, options.keep))
