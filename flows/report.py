"""The validation report: one offline page for the editor, and the same as CSV, JSON and JUnit XML."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import jinja2

from flows.writing import write_whole
from warehouse.query import connect

_VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
# How much of a sentence is shown on either side of the figure.
_CONTEXT = 160
# What a spreadsheet would run as a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

_QUERIES = {
    "run": "select * from runs order by ended_at desc limit 1",
    "conflicts": """select c.*, f.confidence from conflicts c join facts f using (fact_id)
        order by c.status <> 'conflict', c.index, c.subject, c.year, c.measure""",
    "crawls": """select c.*, s.title, s.home from crawls c left join sources s on s.portal = c.portal
        where run_id = (select run_id from runs order by ended_at desc limit 1) order by state = 'complete', c.portal""",
    "claims": """select c.*, a.text, a.title, a.page_id, a.cluster, a.gone, s.title as source_title, s.kind
        from claims c join articles a on a.article_id = c.article join sources s on s.source = c.source
        where not c.superseded order by c.claim_id""",
    "coverage": """select index, year, count(distinct subject) filter (subject_type = 'province') as provinces,
        count(distinct subject) filter (subject_type <> 'province') as others, count(*) as facts, sum(n_claims)::integer as claims
        from facts where modality = 'reported' group by all order by index, year""",
    "problems": "select * from problems order by url",
    "unresolved": """select u.*, a.url from unresolved u join articles a on a.article_id = u.article
        where a.current order by a.url, u.start""",
    "status": "select status, count(*) as facts from facts group by status order by facts desc",
}


@dataclass(frozen=True, slots=True)
class Report:
    """What the report shows: rows of each section, conflicts with their sides."""

    run: dict[str, Any]
    conflicts: tuple[dict[str, Any], ...]
    crawls: tuple[dict[str, Any], ...]
    coverage: tuple[dict[str, Any], ...]
    problems: tuple[dict[str, Any], ...]
    unresolved: tuple[dict[str, Any], ...]
    status: tuple[dict[str, Any], ...]
    queries: dict[str, str]

    @property
    def failed(self) -> list[dict[str, Any]]:
        """Return the portals whose crawl failed, or whose pages are not what they were."""
        return [crawl for crawl in self.crawls if crawl["state"] != "complete" or crawl["degraded"]]

    @property
    def open(self) -> list[dict[str, Any]]:
        """Return the conflicts that no rule could decide."""
        return [conflict for conflict in self.conflicts if conflict["status"] == "conflict"]


def read_report(warehouse: Path) -> Report:
    """Read everything the report shows from the published warehouse."""
    with connect(warehouse) as connection:
        tables: dict[str, list[dict[str, Any]]] = {}
        for name, sql in _QUERIES.items():
            cursor = connection.execute(sql)
            columns = [column[0] for column in cursor.description or ()]
            tables[name] = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
    claims = {claim["claim_id"]: claim for claim in tables["claims"]}
    conflicts = tuple(_with_sides(conflict, claims) for conflict in tables["conflicts"])
    return Report(
        run=tables["run"][0] if tables["run"] else {},
        conflicts=conflicts,
        crawls=tuple(tables["crawls"]),
        coverage=tuple(tables["coverage"]),
        problems=tuple(tables["problems"]),
        unresolved=tuple(tables["unresolved"]),
        status=tuple(tables["status"]),
        queries=_QUERIES,
    )


def _with_sides(conflict: dict[str, Any], claims: dict[str, dict[str, Any]]) -> dict[str, Any]:
    said = [_side_claim(claims[claim]) for claim in conflict["claims"] if claim in claims]
    order = {value: n for n, value in enumerate(conflict["values"])}
    said.sort(key=lambda c: (order.get(c["value"], len(order)), c["source"], c["url"]))
    return {**conflict, "said": said}


def _side_claim(claim: dict[str, Any]) -> dict[str, Any]:
    text, start, end = claim["text"], claim["value_start"], claim["value_end"]
    first, last = _stretch(text, start, end)
    return {
        "claim_id": claim["claim_id"],
        "value": claim["value_text"],
        "source": claim["source"],
        "source_title": claim["source_title"],
        "kind": claim["kind"],
        "url": claim["url"],
        "link": claim["url"] if urlsplit(claim["url"]).scheme in {"http", "https"} else None,
        "title": claim["title"],
        "published": claim["published"],
        "page_id": claim["page_id"],
        "cluster": claim["cluster"],
        "gone": claim["gone"],
        "before": ("… " if first and text[first - 1] != "\n" else "") + text[first:start],
        "figure": text[start:end],
        "after": text[end:last] + (" …" if last < len(text) and text[last] != "\n" else ""),
        "rule": claim["rule"],
        "year_reason": claim["year_reason"],
    }


def _stretch(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the part of a paragraph around a figure, cut between words."""
    first = text.rfind("\n", 0, start) + 1
    if start - first > _CONTEXT:
        first = text.find(" ", start - _CONTEXT) + 1
    stop = text.find("\n", end)
    last = len(text) if stop < 0 else stop
    if last - end > _CONTEXT:
        last = text.rfind(" ", end, end + _CONTEXT)
    return min(first, start), max(last, end)


def write_report(warehouse: Path, folder: Path) -> Report:
    """Write index.html, conflicts.csv, conflicts.json and junit.xml, each replaced in one step."""
    report = read_report(warehouse)
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / "index.html", [render(report)])
    write_whole(folder / "conflicts.csv", [_csv(report.conflicts)])
    write_whole(folder / "conflicts.json", [_json(report)])
    write_whole(folder / "junit.xml", [_junit(report)])
    return report


def render(report: Report) -> str:
    """Return the page; everything that was crawled is escaped, and nothing is loaded from outside."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("flows", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["local"] = _local
    environment.filters["printed"] = _printed
    return environment.get_template("report.html").render(report=report, measures=_MEASURES)


_MEASURES = {
    "score": "điểm · score",
    "rank": "thứ hạng · rank",
    "score_delta": "thay đổi điểm · change of score",
    "rank_delta": "thay đổi hạng · change of rank",
    "score_min": "thấp nhất · minimum",
    "score_max": "cao nhất · maximum",
    "score_median": "trung vị · median",
    "score_mean": "trung bình · mean",
    "tier": "nhóm · tier",
}


def _local(moment: datetime) -> str:
    return moment.astimezone(_VIETNAM).strftime("%d/%m/%Y %H:%M")


def _printed(value: object) -> str:
    """Show a number as Vietnamese prints it: decimal comma."""
    return "" if value is None else str(value).replace(".", ",") if str(value).replace(".", "").replace("-", "").isdecimal() else str(value)


_COLUMNS = (
    "conflict_id",
    "index",
    "level",
    "authority",
    "subject",
    "year",
    "measure",
    "component",
    "scope",
    "class",
    "status",
    "proposed",
    "values",
    "rule",
    "reason",
    "would_change",
    "sources",
    "evidence",
)


def _csv(conflicts: Sequence[dict[str, Any]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for conflict in conflicts:
        row = {
            **conflict,
            "values": " | ".join(conflict["values"]),
            "sources": " | ".join(f"{c['value']}: {c['url']}" for c in conflict["said"]),
            "evidence": " | ".join(f"{c['before']}{c['figure']}{c['after']}" for c in conflict["said"]),
        }
        writer.writerow([_cell(row[column]) for column in _COLUMNS])
    return out.getvalue()


def _cell(value: object) -> str:
    """Neutralise what a spreadsheet would run; negative numbers stay numbers."""
    text = "" if value is None else str(value)
    is_number = text.lstrip("-").replace(".", "", 1).isdecimal()
    return f"'{text}" if text.startswith(_FORMULA) and not is_number else text


def _json(report: Report) -> str:
    body = {"run": report.run, "conflicts": report.conflicts}
    return json.dumps(body, ensure_ascii=False, indent=1, sort_keys=True, default=str) + "\n"


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
