"""The conflicts as data: CSV for spreadsheets, JSON with its schema, Parquet, and JUnit XML for machines that watch the night."""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from flows.figures import Row
from flows.report.rows import QUERIES, Report
from flows.writing import write_whole
from warehouse.cells import harmless

#: The columns of conflicts.csv and conflicts.parquet, in order, with their types and what they mean.
COLUMNS: dict[str, tuple[str, str]] = {
    "conflict_id": ("string", "stable id: the same key always has it"),
    "fact_id": ("string", "the fact it disputes"),
    "index": ("string", "code of the index"),
    "level": ("string", "national or provincial"),
    "authority": ("string?", "province that scores, for provincial conflicts"),
    "subject": ("string", "who is measured"),
    "year": ("integer?", "year measured"),
    "measure": ("string", "what is measured"),
    "component": ("string?", "field of the index; null for the whole"),
    "scope": ("string?", "region or group; null for the whole block"),
    "modality": ("string", "reported, target or estimate"),
    "base_year": ("integer?", "year compared with, for changes"),
    "class": ("string", "kind of error"),
    "why": ("string", "what speaks for the class"),
    "why_vi": ("string", "the same in Vietnamese"),
    "status": ("string", "conflict (open), resolved or refuted"),
    "change": ("string?", "new or reopened in the last run, resolved in it; null if it stood so before"),
    "proposed": ("string?", "the value proposed; null where no value can be"),
    "is_claimed": ("boolean", "false where no source prints the proposed value"),
    "confidence": ("number", "share of such values that are right; 0 where no value stands"),
    "margin": ("number", "evidence over the next answer, in natural log units"),
    "rule": ("string", "rule that proposes the value"),
    "reason": ("string", "one sentence of reason"),
    "reason_vi": ("string", "the same in Vietnamese"),
    "would_change": ("string", "what would change the proposal"),
    "would_change_vi": ("string", "the same in Vietnamese"),
    "asks_again": ("boolean", "true where a claim was read after the editor decided"),
    "consequence": ("integer", "how much hangs on it"),
    "since": ("string", "when it was first seen"),
    "permalink": ("string", "where it stands in the report"),
}
_LISTS: dict[str, tuple[str, str]] = {
    "values": ("string", "the values, the proposed one first"),
    "weights": ("number", "the evidence for each value"),
    "equations": ("string", "the equations around the value, with their figures"),
    "claims": ("string", "ids of the claims on all sides"),
}
_SAID = ("claim_id", "side", "value", "source", "kind", "url", "published", "page_id", "cluster", "gone", "before", "figure", "after")
_ARROW = {"string": pa.string(), "integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_()}


def write_forms(report: Report, folder: Path) -> None:
    """Write conflicts.csv, .json with its schema, .parquet, and junit.xml, each replaced in one step."""
    plain = [_plain(conflict) for conflict in report.conflicts]
    write_whole(folder / "conflicts.csv", [_csv(report.conflicts, plain)])
    write_whole(folder / "conflicts.json", [_json(report, plain)])
    write_whole(folder / "conflicts.schema.json", [json.dumps(schema(), ensure_ascii=False, indent=1) + "\n"])
    _write_parquet(report.conflicts, plain, folder / "conflicts.parquet")
    write_whole(folder / "junit.xml", [_junit(report)])


def _plain(conflict: Row) -> Row:
    return {name: str(conflict[name]) if name == "since" else conflict[name] for name in COLUMNS}


def _csv(conflicts: Sequence[Row], plain: Sequence[Row]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*COLUMNS, "values", "weights", "sources", "evidence"])
    for conflict, parts in zip(conflicts, plain, strict=True):
        row = [
            *parts.values(),
            " | ".join(conflict["values"]),
            " | ".join(map(str, conflict["weights"] or ())),
            " | ".join(f"{c['value']}: {c['url'] or c['source']}" for c in conflict["said"]),
            " | ".join(f"{c['before']}{c['figure']}{c['after']}" for c in conflict["said"]),
        ]
        writer.writerow([cell(value) for value in row])
    return out.getvalue()


def cell(value: object) -> str:
    """Return a value as a cell that a spreadsheet does not run."""
    if isinstance(value, str):
        return harmless(value)
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _json(report: Report, plain: Sequence[Row]) -> str:
    conflicts = [
        {
            **parts,
            **{name: list(conflict[name] or ()) for name in _LISTS},
            "did_you_mean": conflict["meant"],
            "said": [{name: said[name] for name in _SAID} for said in conflict["said"]],
        }
        for conflict, parts in zip(report.conflicts, plain, strict=True)
    ]
    head = {"$schema": "conflicts.schema.json", "run": report.run, "sql": QUERIES["conflicts"]}
    opened = _dumped(head)[:-1]
    # A line a conflict: what a night changed can be seen by comparing lines.
    return f'{opened},"conflicts":[\n' + ",\n".join(map(_dumped, conflicts)) + "\n]}\n"


def _dumped(row: Row) -> str:
    """Return a row as JSON; dates and moments as Python prints them."""
    return orjson.dumps(row, default=str, option=orjson.OPT_PASSTHROUGH_DATETIME).decode()


def schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of conflicts.json."""
    strings = {"type": "string"}
    kinds = {"gone": {"type": "boolean"}, "side": {"type": "integer", "description": "place of its value in values"}}
    said = {name: kinds.get(name, {"type": ["string", "null"]}) for name in _SAID}
    parts = {name: {**_type(kind), "description": meaning} for name, (kind, meaning) in COLUMNS.items()}
    lists = {name: {"type": "array", "items": {"type": kind}, "description": meaning} for name, (kind, meaning) in _LISTS.items()}
    conflict = {
        "type": "object",
        "additionalProperties": False,
        "required": [*COLUMNS, *_LISTS, "said", "did_you_mean"],
        "properties": {
            **parts,
            **lists,
            "said": {
                "type": "array",
                "description": "the claims, with the figure in its sentence",
                "items": {"type": "object", "additionalProperties": False, "required": list(_SAID), "properties": said},
            },
            "did_you_mean": {"type": "array", "description": "keys whose figure the refused value is", "items": {"type": "object"}},
        },
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Conflicts of a chiso night",
        "type": "object",
        "required": ["run", "sql", "conflicts"],
        "properties": {
            "$schema": strings,
            "run": {"type": "object", "description": "the row of runs"},
            "sql": {**strings, "description": "the query that gives exactly these conflicts"},
            "conflicts": {"type": "array", "items": conflict},
        },
    }


def _type(kind: str) -> dict[str, Any]:
    return {"type": [kind.removesuffix("?"), "null"] if kind.endswith("?") else kind}


def _write_parquet(conflicts: Sequence[Row], plain: Sequence[Row], path: Path) -> None:
    columns = {name: pa.array([row[name] for row in plain], _ARROW[kind.removesuffix("?")]) for name, (kind, _) in COLUMNS.items()}
    for name, (kind, _) in _LISTS.items():
        columns[name] = pa.array([list(conflict[name] or ()) for conflict in conflicts], pa.list_(_ARROW[kind]))
    beside = path.with_name(f".{path.name}.new")
    pq.write_table(pa.table(columns), beside, compression="zstd")
    beside.replace(path)


def _junit(report: Report) -> str:
    """Return the conflicts and failed portals as test results, for machines that watch the night."""
    total = len(report.conflicts) + len(report.crawls)
    suite = ET.Element("testsuite", name="chiso", tests=str(total), failures=str(len(report.open)), errors=str(len(report.failed)))
    for conflict in report.conflicts:
        name = " ".join(str(conflict[part]) for part in ("conflict_id", "index", "subject", "year", "measure"))
        case = ET.SubElement(suite, "testcase", classname=f"conflict.{conflict['class']}", name=name)
        if conflict["status"] == "conflict":
            ET.SubElement(case, "failure", message=f"{' / '.join(conflict['values'])}: {conflict['reason']}")
    for crawl in report.crawls:
        case = ET.SubElement(suite, "testcase", classname="crawl", name=crawl["portal"])
        if crawl["state"] != "complete" or crawl["degraded"]:
            ET.SubElement(case, "error", message=f"{crawl['state']}: {crawl['degraded'] or crawl['reason']}")
    ET.indent(suite)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(suite, encoding="unicode") + "\n"
