"""The pages of the report: one first screen, a page an index, province and source, and the conflicts of each index.

The pages read without scripts: pages.js draws charts over the tables, filters rows and switches the language.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import cache, partial
from typing import Any

import jinja2
import orjson
from markupsafe import Markup, escape

from flows.figures import MEASURES, WORST, Row, by_block, by_subject, host_slug, slug, title_of
from flows.journal import STAGES, JournalNight
from flows.markup import KINDS_SAID, both, environment, method_breaks, number, tag, told, years_of
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
_STATES_SAID = {
    "complete": Words("complete", "trọn vẹn"),
    "findings": Words("with findings", "có mâu thuẫn"),
    "degraded": Words("degraded", "thiếu cổng"),
    "incomplete": Words("incomplete", "dở dang"),
    "refused": Words("refused", "bị từ chối"),
    "failed": Words("failed", "lỗi"),
    "running": Words("this night", "đêm này"),
}
_EDGES = {"sum": "=", "mean": "=", "median": "=", "order": "≥", "unique": "≠", "at_most": "≤", "tier": "∈"}


@cache
def _environment() -> jinja2.Environment:
    return environment(
        changes=CHANGES,
        classes=class_titles(),
        stages=_STAGES_SAID,
        states=_STATES_SAID,
        page_of=page_of,
        sides=sides,
        drawn=drawn,
        line=line,
        change=change,
    )


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


def pages(report: Report, nights: Sequence[JournalNight] = ()) -> Iterator[tuple[str, Callable[[], str]]]:
    """Yield the path of each page and what makes its text: the first screen first, the conflicts of each index behind it."""
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
        partial(
            _render,
            "report/index.html",
            "",
            shared,
            maps=_maps(blocks),
            classes_found=Counter(c["class"] for c in report.conflicts),
            nights=_times(nights),
        ),
    )
    for index, conflicts in conflicts_of.items():
        yield page_of(index), partial(_render, "report/conflicts.html", "../", shared, index=index, conflicts=conflicts)
    breaks = method_breaks()
    conflicts_about: dict[str, list[Row]] = defaultdict(list)
    for conflict in report.conflicts:
        conflicts_about[conflict["subject"]].append(conflict)
    for subject, series in subjects.items():
        about = {"subject": subject, "series": series, "conflicts": conflicts_about[subject], "breaks": breaks}
        yield f"provinces/{slug(subject)}.html", partial(_render, "report/province.html", "../", shared, **about)
    for index in shared["all_indices"]:
        rankings = {block[1:]: of for block, of in blocks.items() if block[0] == index}
        own = {"breaks": breaks.get(index, {}), "conflicts": conflicts_of.get(index, [])}
        yield f"indices/{slug(index)}.html", partial(_render, "report/indicator.html", "../", shared, index=index, blocks=rankings, **own)
    reliability: dict[str, list[Row]] = defaultdict(list)
    for record in report["reliability"]:
        reliability[record["source"]].append(record)
    for source in report["sources"]:
        name = source["source"]
        if source["claims"] or name in reliability:
            judged = {"source": source, "records": reliability[name], "errors": errors.get(name, [])}
            yield f"sources/{host_slug(name)}.html", partial(_render, "report/source.html", "../", {**shared, **judged})


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


def drawn(conflict: Row) -> Markup:
    """Return the equations around a conflict."""
    return Markup("").join(_picture(equation, conflict) for equation in orjson.loads(conflict["equations_json"] or "[]"))


def _picture(equation: Row, conflict: Row) -> Markup:
    """Return an equation around a conflict, drawn: its terms as boxes, and between its sides the edge that holds or fails."""
    joint = f"<i>{'+' if equation['form'] == 'sum' else ''}</i>"
    left, right = (joint.join(_box(term, conflict) for term in terms) for terms in _sides_of(equation))
    if not equation["is_mended"]:
        edge = f'<b class="no">✗ {both("fails", "không thỏa")}</b>'
    else:
        edge = "".join(f'<b class="no">✗ {number(value)}</b> ' for value in equation["refuses"])
        edge += '<b class="no">✗</b> → ' if equation["is_broken"] and not equation["refuses"] else ""
        edge += f'<b class="yes">✓ {both("holds", "thỏa")}</b>'
    return Markup(  # noqa: S704 (escaped)
        f'<figure class="eq {"holds" if equation["is_mended"] else "fails"}">'
        f"<figcaption>{both(equation['title'], equation['title_vi'])} <code>{escape(equation['formula'])}</code></figcaption>"
        f'<div class="terms">{left}<span class="edge">{_EDGES[equation["form"]]}<em>{edge}</em></span>{right}</div></figure>\n'
    )


def _box(term: Row, conflict: Row) -> str:
    """Return one term of an equation; of the disputed one the refused value too."""
    whose = "" if term["subject"] == conflict["subject"] else term["subject"]
    component, values = term.get("component") or "", conflict["values"]
    measure = f" {told(MEASURES[term['measure']])}" if term["measure"] in MEASURES and not component else ""
    refused = f"<s>{number(values[1])}</s> " if term["is_disputed"] and len(values) > 1 and values[1] else ""
    about = f"{escape(whose)} {escape(component)} {term['year']}{measure}"
    return (
        f'<span class="box{" hit" if term["is_disputed"] else ""}"><small>{about}</small>'
        f"{refused}<b>{_signed(abs(term['times']))}{number(term['shown'])}</b></span>"
    )


def line(conflict: Row, classes: Mapping[str, Words]) -> Markup:
    """Return a conflict's row in the table of the first screen."""
    values = "".join(
        f"<b>{number(value)}</b>" if n == conflict["won"] else f"{' / ' if n else ''}{number(value) if value else '…'}"
        for n, value in enumerate(conflict["values"])
    )
    if not conflict["is_claimed"] and conflict["proposed"]:
        values += f" → <b>{number(conflict['proposed'])}</b>"
    change = conflict["change"]
    tags = f' <span class="tag c-{change}">{told(CHANGES[change])}</span>' if change else ""
    tags += f' <span class="tag c-reopened">{both("asks again", "hỏi lại")}</span>' if conflict["asks_again"] else ""
    kind, status, sure = conflict["class"], conflict["status"], number(f"{100 * conflict['confidence']:.1f}")
    return Markup(  # noqa: S704 (escaped)
        f'<tr data-index="{escape(conflict["index"])}" data-status="{status}" data-class="{escape(kind)}" data-change="{change or ""}">'
        f'<td><a href="{escape(conflict["permalink"])}">{told(conflict["title"])}</a></td><td class="v">{values}</td>'
        f"<td>{told(classes[kind])}</td><td>{tag(status)}{tags}</td>"
        f'<td class="n">{sure} %</td></tr>'
    )


def change(conflict: Row) -> Markup:
    """Return a conflict as an entry of the list of what has changed."""
    kind, title = conflict["change"], told(title_of(conflict))
    if kind != "withdrawn":
        title = Markup('<a href="{}#{}">{}</a>').format(page_of(conflict["index"]), conflict["conflict_id"], title)
    return Markup(f'<li><span class="tag c-{kind}">{told(CHANGES[kind])}</span> {title}</li>\n')  # noqa: S704 (escaped)


def sides(conflict: Row) -> Markup:
    """Return the claims of a conflict."""
    return Markup("").join(_side(said, won=said["side"] == conflict["won"]) for said in conflict["said"])


def _side(said: Row, *, won: bool) -> Markup:
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
        f'<p class="soft">{whose} · {KINDS_SAID[said["kind"]]} · {published}{gone}{copy}</p></div>\n'
    )


@cache
def _provinces() -> tuple[str, ...]:
    """Return the 63 provinces of before the merger: a map of coverage shows those of which nothing is known too."""
    day = date(2024, 12, 31)
    return tuple(unit.name for unit in provinces_and_ministries() if unit.level == "province" and unit.valid_on(day))
