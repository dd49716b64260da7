"""The pages of the report: one first screen, a page an index, province and source, and the conflicts of each index.

The pages read without scripts: pages.js draws charts over the tables, filters rows and switches the language.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any

import jinja2
from markupsafe import Markup, escape

from flows.figures import WORST, Row, by_block, by_subject, host_slug, slug, title_of
from flows.journal import STAGES, JournalNight
from flows.markup import KINDS_SAID, both, environment, method_breaks, number, years_of
from flows.report.rows import QUERIES, Report, page_of
from normalize.units import provinces_and_ministries
from normalize.wording import Words, class_titles

#: Points of the small map of coverage: one cell is so wide and so high.
_CELL_WIDTH, _CELL_HEIGHT = 9, 3

CHANGES = {
    "new": Words("new", "mới"),
    "reopened": Words("open again", "mở lại"),
    "resolved": Words("resolved", "đã giải quyết"),
    "withdrawn": Words("withdrawn", "không còn mâu thuẫn"),
}
#: So many nights show where their time went.
_NIGHTS = 14
_STAGES_SAID = {
    "crawl": Words("crawl, mostly polite waiting", "thu thập, chủ yếu là chờ lịch sự"),
    "read": Words("read", "đọc"),
    "reconcile": Words("reconcile and load", "đối chiếu và nạp"),
    "report": Words("report", "báo cáo"),
}
_EDGES = {"sum": "=", "mean": "=", "median": "=", "order": "≥", "unique": "≠", "at_most": "≤", "tier": "∈"}


@cache
def _environment() -> jinja2.Environment:
    made = environment(
        changes=CHANGES,
        classes=class_titles(),
        stages=_STAGES_SAID,
        edges=_EDGES,
        page_of=page_of,
        sides_of=_sides_of,
        title_of=title_of,
        side=side,
    )
    made.filters["signed"] = _signed
    return made


def _signed(times: int) -> str:
    return "" if times == 1 else f"{times} × "


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


def pages(report: Report, nights: Sequence[JournalNight] = ()) -> Iterator[tuple[str, str]]:
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
    yield (
        "index.html",
        _render(
            "report/index.html",
            "",
            shared,
            maps=_maps(blocks),
            classes_found=Counter(c["class"] for c in report.conflicts),
            nights=_times(nights),
        ),
    )
    for index, conflicts in conflicts_of.items():
        yield page_of(index), _render("report/conflicts.html", "../", shared, index=index, conflicts=conflicts)
    breaks = method_breaks()
    conflicts_about: dict[str, list[Row]] = defaultdict(list)
    for conflict in report.conflicts:
        conflicts_about[conflict["subject"]].append(conflict)
    for subject, series in subjects.items():
        about = {"subject": subject, "series": series, "conflicts": conflicts_about[subject], "breaks": breaks}
        yield f"provinces/{slug(subject)}.html", _render("report/province.html", "../", shared, **about)
    for index in shared["all_indices"]:
        rankings = {block[1:]: of for block, of in blocks.items() if block[0] == index}
        own = {"breaks": breaks.get(index, {}), "conflicts": conflicts_of.get(index, [])}
        yield f"indices/{slug(index)}.html", _render("report/indicator.html", "../", shared, index=index, blocks=rankings, **own)
    reliability: dict[str, list[Row]] = defaultdict(list)
    for record in report["reliability"]:
        reliability[record["source"]].append(record)
    for source in report["sources"]:
        name = source["source"]
        if source["claims"] or name in reliability:
            judged = {"source": source, "records": reliability[name], "errors": errors.get(name, [])}
            yield f"sources/{host_slug(name)}.html", _render("report/source.html", "../", {**shared, **judged})


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


def _times(nights: Sequence[JournalNight]) -> list[Row]:
    """Return where the time of the last nights went: of each its stages as bars, in hundredths of the longest night."""
    shown = [night for night in nights if night.seconds][:_NIGHTS]
    longest = max((sum(night.seconds.values()) for night in shown), default=0.0) or 1.0
    found = []
    for night in shown:
        bars, left = [], 0.0
        for stage in STAGES:
            width = round(100 * night.seconds.get(stage, 0.0) / longest, 2)
            bars.append({"stage": stage, "x": round(left, 2), "width": width})
            left += width
        found.append({"night": night, "bars": bars})
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
