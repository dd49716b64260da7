"""What the report shows, read from the published warehouse: each section is a query that is shown beside its rows."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from normalize.fold import strip_marks
from normalize.wording import Words
from warehouse.query import connect

Row = dict[str, Any]

#: How much of a sentence is shown on either side of the figure.
_CONTEXT = 160

MEASURES = {
    "score": Words("score", "điểm"),
    "rank": Words("rank", "thứ hạng"),
    "score_delta": Words("change of score", "thay đổi điểm"),
    "rank_delta": Words("change of rank", "thay đổi hạng"),
    "score_min": Words("minimum", "thấp nhất"),
    "score_max": Words("maximum", "cao nhất"),
    "score_median": Words("median", "trung vị"),
    "score_mean": Words("mean", "trung bình"),
    "tier": Words("group", "nhóm"),
}

_SECTION = re.compile(r"^-- section (\w+)\n(.*?);\n", re.MULTILINE | re.DOTALL)
_ALL = dict(_SECTION.findall(files("flows.report").joinpath("sections.sql").read_text(encoding="utf-8")))
#: Name of a section, and the SQL that gives exactly its rows.
QUERIES: Mapping[str, str] = {name: sql for name, sql in _ALL.items() if not name.startswith("_")}


@dataclass(frozen=True, slots=True)
class Report:
    """The rows of each section; conflicts have their sides and the page they stand on."""

    sections: Mapping[str, tuple[Row, ...]]

    def __getitem__(self, section: str) -> tuple[Row, ...]:
        """Return the rows of a section."""
        return self.sections[section]

    @property
    def run(self) -> Row:
        """Return the last run; empty where there was none."""
        return self["run"][0] if self["run"] else {}

    @property
    def conflicts(self) -> tuple[Row, ...]:
        """Return all conflicts."""
        return self["conflicts"]

    @property
    def crawls(self) -> tuple[Row, ...]:
        """Return the crawls of the last run."""
        return self["crawls"]

    @property
    def failed(self) -> list[Row]:
        """Return the portals whose crawl failed, or whose pages are not what they were."""
        return [crawl for crawl in self.crawls if crawl["state"] != "complete" or crawl["degraded"]]

    @property
    def open(self) -> list[Row]:
        """Return the conflicts that no rule could decide."""
        return [conflict for conflict in self.conflicts if conflict["status"] == "conflict"]

    def of_index(self) -> dict[str, list[Row]]:
        """Return the conflicts by index."""
        found: dict[str, list[Row]] = defaultdict(list)
        for conflict in self.conflicts:
            found[conflict["index"]].append(conflict)
        return dict(sorted(found.items()))


def read_report(warehouse: Path) -> Report:
    """Read everything the report shows from the published warehouse."""
    with connect(warehouse) as connection:

        def rows(sql: str) -> list[Row]:
            cursor = connection.execute(sql)
            columns = [column[0] for column in cursor.description or ()]
            return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]

        sections = {name: rows(sql) for name, sql in QUERIES.items()}
        said = {row["claim_id"]: _side_claim(row) for row in rows(_ALL["_said"])} | {
            row["claim_id"]: _side_row(row) for row in rows(_ALL["_tables"])
        }
    sections["conflicts"] = [_with_sides(conflict, said) for conflict in sections["conflicts"]]
    return Report({name: tuple(found) for name, found in sections.items()})


def slug(name: str) -> str:
    """Return a name as a file is called: no marks, no blanks, nothing that a path could mean.

    >>> slug("other:pepi"), slug("Bà Rịa - Vũng Tàu")
    ('other-pepi', 'ba-ria-vung-tau')
    """
    return strip_marks(name).replace(" ", "-")


def host_slug(source: str) -> str:
    """Return a source's name as a file is called; dots stay, so that a-b.vn and a.b.vn are two files."""
    return re.sub(r"[^a-z0-9.-]+", "-", source.lower()).strip(".-") or "source"


def page_of(index: str) -> str:
    """Return the page on which an index's conflicts stand."""
    return f"conflicts/{slug(index)}.html"


def _with_sides(conflict: Row, said: Mapping[str, Row]) -> Row:
    claims = [{**said[claim], "side": n} for n, side in enumerate(conflict["sides"]) for claim in side if claim in said]
    claims.sort(key=lambda c: (c["side"], c["source"], c["url"] or "", c["claim_id"]))
    return {
        **conflict,
        "said": claims,
        # The side that is published: the first one, unless nobody prints the proposed value or nothing is decided.
        "won": 0 if conflict["is_claimed"] and conflict["status"] != "conflict" else None,
        "drawn": json.loads(conflict["equations_json"] or "[]"),
        "meant": json.loads(conflict["did_you_mean"] or "[]"),
        "title": title_of(conflict),
        "permalink": f"{page_of(conflict['index'])}#{conflict['conflict_id']}",
    }


def title_of(row: Row) -> Words:
    """Return what a row is about: index, year, subject and measure, and the field or scope where there is one."""
    whose = f"{row['subject']} ({row['authority']})" if row.get("authority") else row["subject"]
    about = f"{row['index']} {row['year'] or '?'} · {whose} · "
    more = "".join(f" · {part}" for name in ("component", "scope") if (part := row.get(name)))
    measure = MEASURES.get(row["measure"], Words(row["measure"], row["measure"]))
    return Words(f"{about}{measure.en}{more}", f"{about}{measure.vi}{more}")


def _side_claim(claim: Row) -> Row:
    text, start, end = claim["text"], claim["value_start"], claim["value_end"]
    first, last = _stretch(text, start, end)
    return {
        **{
            name: claim[name]
            for name in ("claim_id", "source", "source_title", "kind", "url", "title", "published", "page_id", "cluster", "gone")
        },
        "value": claim["printed"] or "",
        "link": claim["url"] if urlsplit(claim["url"]).scheme in {"http", "https"} else None,
        "before": ("… " if first and text[first - 1] != "\n" else "") + text[first:start],
        "figure": text[start:end],
        "after": text[end:last] + (" …" if last < len(text) and text[last] != "\n" else ""),
        "rule": claim["rule"],
        "year_reason": claim["year_reason"],
    }


def _side_row(row: Row) -> Row:
    return {
        **{name: row[name] for name in ("claim_id", "source", "kind", "url", "published", "cluster")},
        "source_title": row["source"],
        "title": None,
        "page_id": None,
        "gone": False,
        "value": row["printed"] or "",
        "link": row["url"] if row["url"] and urlsplit(row["url"]).scheme in {"http", "https"} else None,
        "before": row["evidence"],
        "figure": "",
        "after": "",
        "rule": row["kind"],
        "year_reason": None,
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


def by_subject(figures: Iterable[Row]) -> dict[str, dict[str, list[Row]]]:
    """Return, for each province and index, its years with score and rank side by side."""
    found: dict[str, dict[str, dict[int, Row]]] = defaultdict(lambda: defaultdict(dict))
    for figure in figures:
        if figure["subject_type"] == "province" and figure["level"] == "national":
            year = found[figure["subject"]][figure["index"]].setdefault(figure["year"], _year(figure))
            _put(year, figure)
    return {
        subject: {index: [years[y] for y in sorted(years)] for index, years in sorted(of.items())} for subject, of in sorted(found.items())
    }


Block = tuple[str, str, str, str]


def by_block(figures: Iterable[Row]) -> dict[Block, dict[str, dict[int, Row]]]:
    """Return, for each ranking (index, level, authority, kind of subject), its subjects and their years."""
    found: dict[Block, dict[str, dict[int, Row]]] = defaultdict(lambda: defaultdict(dict))
    for figure in figures:
        block = (figure["index"], figure["level"], figure["authority"] or "", figure["subject_type"])
        _put(found[block][figure["subject"]].setdefault(figure["year"], _year(figure)), figure)
    return {block: dict(sorted(subjects.items())) for block, subjects in sorted(found.items(), key=lambda item: _place(item[0]))}


def _place(block: Block) -> tuple[str, int, str, str, str]:
    """Return where a block stands on its index's page: the nation's provinces first."""
    index, level, authority, kind = block
    return index, (level, kind) != ("national", "province"), level, authority, kind


def _year(figure: Row) -> Row:
    return {"year": figure["year"], "subject_id": figure["subject_id"], "score": None, "rank": None, "status": None}


#: The worst of a year's two figures is shown.
WORST = ("conflict", "refuted", "resolved", "single", "rounded", "agreed")


def _put(year: Row, figure: Row) -> None:
    year[figure["measure"]] = figure
    year["status"] = min((s for s in (year["status"], figure["status"]) if s), key=WORST.index)
