"""The pages of the report: one first screen, a page an index, province and source, and the conflicts of each index.

Everything that was crawled is escaped; nothing is loaded from outside, and a strict policy in each page says so. The
pages read without scripts: report.js draws charts over the tables, filters rows and switches the language.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

import jinja2
from markupsafe import Markup, escape

from flows.report.rows import MEASURES, QUERIES, WORST, Report, Row, by_block, by_subject, host_slug, page_of, slug, title_of
from normalize.indices import indices
from normalize.tables import rows
from normalize.units import members, provinces_and_ministries
from normalize.wording import Words, class_titles, comma

_VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
#: Points of the small map of coverage: one cell is so wide and so high.
_CELL_WIDTH, _CELL_HEIGHT = 9, 3

STATUSES = {
    "conflict": Words("open", "cần quyết"),
    "refuted": Words("refuted by a table", "bảng chính thức bác"),
    "resolved": Words("resolved", "đã quyết"),
    "single": Words("one source", "một nguồn"),
    "rounded": Words("agreed, rounded", "khớp (làm tròn)"),
    "agreed": Words("agreed", "khớp"),
}
KINDS = {
    "publisher": Words("publisher", "cơ quan công bố"),
    "wire": Words("wire", "hãng thông tấn"),
    "portal": Words("portal", "cổng thông tin"),
    "paper": Words("paper", "báo"),
    "aggregator": Words("aggregator", "trang tổng hợp"),
    "official": Words("official table", "bảng chính thức"),
    "table": Words("published list", "danh sách đã đăng"),
    "decision": Words("decision", "quyết định"),
}
CHANGES = {
    "new": Words("new", "mới"),
    "reopened": Words("open again", "mở lại"),
    "resolved": Words("resolved", "đã giải quyết"),
    "withdrawn": Words("withdrawn", "không còn mâu thuẫn"),
}
_EDGES = {"sum": "=", "mean": "=", "median": "=", "order": "≥", "unique": "≠", "at_most": "≤", "tier": "∈"}


@lru_cache(maxsize=1 << 17)
def both(en: str, vi: str) -> Markup:
    """Return a text in both languages; the page shows the one that is chosen, without scripts both."""
    if en == vi:
        return escape(en)
    return Markup(f'<span class="vi" lang="vi">{escape(vi)}</span><span class="en" lang="en">{escape(en)}</span>')  # noqa: S704 (escaped)


def told(words: Words) -> Markup:
    """Return a sentence in both languages."""
    return both(words.en, words.vi)


def number(value: object) -> Markup:
    """Return a figure as each language prints it."""
    text = str(value)
    return both(text, comma(text))


KINDS_SAID = {kind: told(words) for kind, words in KINDS.items()}


@cache
def tag(status: str) -> Markup:
    """Return the label of a status."""
    return Markup('<span class="tag s-{}">{}</span>').format(status, told(STATUSES[status]))


#: Texts that are the same on every page are put into the template once, when it is read.
_CONSTANT = re.compile(r'\{\{ t\("([^"]*)", "([^"]*)"\) \}\}')


def _template(name: str) -> str:
    source = files("flows").joinpath("templates", name).read_text(encoding="utf-8")
    return _CONSTANT.sub(lambda found: str(both(found[1], found[2])), source)


class _Environment(jinja2.Environment):
    """Looks into rows first: a report has millions of their parts, and dictionaries have none as attributes."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        if type(obj) is dict and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)


@cache
def _environment() -> jinja2.Environment:
    environment = _Environment(
        loader=jinja2.FunctionLoader(_template),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(local=_local, slug=slug, host=host_slug, signed=_signed)
    environment.globals.update(
        measures=MEASURES,
        statuses=STATUSES,
        kinds=KINDS,
        changes=CHANGES,
        classes=class_titles(),
        edges=_EDGES,
        worst=WORST,
        page_of=page_of,
        t=both,
        w=told,
        number=number,
        status=tag,
        members=members,
        name_of=_name_of,
        sides_of=_sides_of,
        title_of=title_of,
        years_of=years_of,
        heat_row=heat_row,
        side=side,
        json_of=_json_of,
    )
    return environment


def _local(moment: datetime) -> str:
    return moment.astimezone(_VIETNAM).strftime("%d/%m/%Y %H:%M")


def _json_of(breaks: Mapping[int, Words]) -> str:
    return json.dumps([[year, words.en, words.vi] for year, words in breaks.items()], ensure_ascii=False)


def _signed(times: int) -> str:
    return "" if times == 1 else f"{times} × "


def _name_of(index: str) -> Words:
    found = indices().get(index)
    return Words(found.name_en, found.name_vi) if found else Words(index, index)


def _sides_of(equation: Row) -> tuple[list[Row], list[Row]]:
    """Return the terms on the left and on the right of an equation, as they are drawn."""
    terms = equation["terms"]
    if equation["form"] in {"mean", "median"}:
        # Of sixty scores only the disputed one is drawn.
        return terms[:1], [t for t in terms[1:] if t["is_disputed"]]
    if equation["form"] == "sum":
        return [t for t in terms if t["times"] > 0], [t for t in terms if t["times"] < 0]
    half = len(terms) // 2
    left, right = terms[:half], terms[half:]
    if equation["form"] == "order" and "?" not in (ranks := [left[1]["shown"], right[1]["shown"]]) and int(ranks[0]) > int(ranks[1]):
        return right, left
    return left, right


def pages(report: Report) -> Iterator[tuple[str, str]]:
    """Yield the path of each page and its text."""
    figures = report["figures"]
    subjects = by_subject(figures)
    blocks = by_block(figures)
    errors = _errors(report)
    conflicts_of = report.of_index()
    conflict_of = {conflict["fact_id"]: conflict["permalink"] for conflict in report.conflicts}
    shared: dict[str, Any] = {
        "report": report,
        "run": report.run,
        "queries": QUERIES,
        "conflict_of": conflict_of,
        "provinces": list(subjects),
        "all_indices": sorted({block[0] for block in blocks} | set(conflicts_of)),
        "errors": errors,
    }
    yield "index.html", _render("index.html", "", shared, maps=_maps(blocks), classes_found=Counter(c["class"] for c in report.conflicts))
    for index, conflicts in conflicts_of.items():
        yield page_of(index), _render("conflicts.html", "../", shared, index=index, conflicts=conflicts)
    breaks = _breaks()
    conflicts_about: dict[str, list[Row]] = defaultdict(list)
    for conflict in report.conflicts:
        conflicts_about[conflict["subject"]].append(conflict)
    for subject, series in subjects.items():
        about = {"subject": subject, "series": series, "conflicts": conflicts_about[subject], "breaks": breaks}
        yield f"provinces/{slug(subject)}.html", _render("province.html", "../", shared, **about)
    for index in shared["all_indices"]:
        rankings = {block[1:]: of for block, of in blocks.items() if block[0] == index}
        own = {"breaks": breaks.get(index, {}), "conflicts": conflicts_of.get(index, [])}
        yield f"indices/{slug(index)}.html", _render("indicator.html", "../", shared, index=index, blocks=rankings, **own)
    reliability: dict[str, list[Row]] = defaultdict(list)
    for record in report["reliability"]:
        reliability[record["source"]].append(record)
    for source in report["sources"]:
        name = source["source"]
        if source["claims"] or name in reliability:
            judged = {"source": source, "records": reliability[name], "errors": errors.get(name, [])}
            yield f"sources/{host_slug(name)}.html", _render("source.html", "../", {**shared, **judged})


def _render(template: str, root: str, shared: Mapping[str, Any], **parts: Any) -> str:
    return _environment().get_template(template).render(root=root, **{**shared, **parts})


def _errors(report: Report) -> dict[str, list[Row]]:
    """Return, for each source, the claims that a settled conflict refuses: value, proposal and the conflict."""
    found: dict[str, list[Row]] = defaultdict(list)
    for conflict in report.conflicts:
        if conflict["status"] != "conflict":
            for said in conflict["said"]:
                if said["side"] != conflict["won"]:
                    found[said["source"]].append({"conflict": conflict, "said": said})
    return found


def _breaks() -> dict[str, dict[int, Words]]:
    """Return the years from which an index was measured in another way, with what changed."""
    found: dict[str, dict[int, Words]] = defaultdict(dict)
    for row in rows("breaks"):
        found[row["index"]][int(row["year"])] = Words(row["en"], comma(row["vi"]))
    return found


def _maps(blocks: Mapping[tuple[str, str, str, str], Mapping[str, Mapping[int, Row]]]) -> list[Row]:
    """Return small maps of coverage: of each national index its provinces by year, a path a status."""
    found = []
    for (index, level, _, subject_type), subjects in blocks.items():
        if level != "national" or subject_type != "province":
            continue
        years = years_of(subjects)
        first, last = years[0], years[-1]
        lines = {name: line for line, name in enumerate(sorted({*_provinces(), *subjects}))}
        paths: dict[str, list[str]] = defaultdict(list)
        counts: Counter[str] = Counter()
        for subject, of in subjects.items():
            line = lines[subject]
            for year, cell in of.items():
                paths[cell["status"]].append(
                    f"M{(year - first) * _CELL_WIDTH} {line * _CELL_HEIGHT}h{_CELL_WIDTH - 1}v{_CELL_HEIGHT}h-{_CELL_WIDTH - 1}z"
                )
                counts[cell["status"]] += 1
        found.append({
            "index": index,
            "first": first,
            "last": last,
            "filled": sum(counts.values()),
            "cells": len(lines) * len(years),
            "width": (last - first + 1) * _CELL_WIDTH,
            "height": len(lines) * _CELL_HEIGHT,
            "paths": {status: "".join(paths[status]) for status in WORST if status in paths},
            "counts": counts,
        })  # fmt: skip
    return sorted(found, key=lambda one: (-sum(one["counts"].values()), one["index"]))


def heat_row(subject: str, of: Mapping[int, Row], years: Sequence[int], conflict_of: Mapping[str, str]) -> Markup:
    """Return a subject's cells of an index's table: score, or place, in the colour of its status, linked where it is disputed."""
    whose = escape(subject)
    cells = []
    for year in years:
        cell = of.get(year)
        if cell is None:
            cells.append('<td class="f-none"></td>')
            continue
        score, rank = cell["score"], cell["rank"]
        is_scored = score is not None and score["value_text"] is not None
        place = escape(rank["value_text"]) if rank is not None and rank["value_text"] else None
        shown = str(number(score["value_text"])) if is_scored else f"#{place or '?'}"
        link = next((conflict_of[f["fact_id"]] for f in (score, rank) if f is not None and f["fact_id"] in conflict_of), None)
        if link is not None:
            shown = f'<a href="../{escape(link)}">{shown}</a>'
        data = f' data-score="{score["value"]}"' if is_scored and score["value"] is not None else ""
        cells.append(f'<td class="f-{cell["status"]}"{data} title="{whose} {year}{f": {place}" if place else ""}">{shown}</td>')
    return Markup("".join(cells))  # noqa: S704 (escaped)


def side(said: Row, *, won: bool) -> Markup:
    """Return one claim of a conflict: its figure, its sentence with the figure marked, who says it, where and when."""
    shown = number(said["value"]) if said["value"] else both("last place", "cuối bảng")
    title, mark = escape(said["source_title"]), escape(said["figure"])
    marked = f"<mark>{mark}</mark>" if mark else ""
    whose = f'<a href="{escape(said["link"])}" rel="noopener noreferrer nofollow">{title}</a>' if said["link"] else title
    published = f"{said['published']:%d/%m/%Y}" if said["published"] else both("no date", "không rõ ngày")
    gone = f" · <b>{both('gone', 'đã gỡ')}</b>" if said["gone"] else ""
    copy = f" · {both('archived copy', 'bản lưu')} <code>chiso archive show {escape(said['page_id'])}</code>" if said["page_id"] else ""
    return Markup(  # noqa: S704 (escaped)
        f'<div class="side{" won" if won else ""}"><div class="value">{shown}</div>'
        f"<blockquote>{escape(said['before'])}{marked}{escape(said['after'])}</blockquote>"
        f'<p class="soft">{whose} · {KINDS_SAID[said["kind"]]} · {published}{gone}{copy}</p></div>'
    )


@cache
def _provinces() -> tuple[str, ...]:
    """Return the 63 provinces of before the merger: a map of coverage shows those of which nothing is known too."""
    day = date(2024, 12, 31)
    return tuple(unit.name for unit in provinces_and_ministries() if unit.level == "province" and unit.valid_on(day))


def years_of(subjects: Mapping[str, Mapping[int, Row]]) -> Sequence[int]:
    """Return the years of a block from the first to the last, gaps included."""
    years = [year for of in subjects.values() for year in of]
    return range(min(years), max(years) + 1)
