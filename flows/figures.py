"""Figures side by side, as the report and the site show them: by subject, by ranking, and what they are called."""

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from normalize.fold import strip_marks
from normalize.wording import Words

Row = dict[str, Any]

#: The worst of a year's two figures is shown.
WORST = ("conflict", "refuted", "resolved", "single", "rounded", "agreed")

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


def slug(name: str) -> str:
    """Return a name as a file is called: no marks, no blanks, nothing that a path could mean.

    >>> slug("other:pepi"), slug("Bà Rịa - Vũng Tàu")
    ('other-pepi', 'ba-ria-vung-tau')
    """
    return strip_marks(name).replace(" ", "-")


def host_slug(source: str) -> str:
    """Return a source's name as a file is called; dots stay, so that a-b.vn and a.b.vn are two files."""
    return re.sub(r"[^a-z0-9.-]+", "-", source.lower()).strip(".-") or "source"


def title_of(row: Row) -> Words:
    """Return what a row is about: index, year, subject and measure, and the field or scope where there is one."""
    whose = f"{row['subject']} ({row['authority']})" if row.get("authority") else row["subject"]
    about = f"{row['index']} {row['year'] or '?'} · {whose} · "
    more = "".join(f" · {part}" for name in ("component", "scope") if (part := row.get(name)))
    measure = MEASURES.get(row["measure"], Words(row["measure"], row["measure"]))
    return Words(f"{about}{measure.en}{more}", f"{about}{measure.vi}{more}")


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


def _put(year: Row, figure: Row) -> None:
    year[figure["measure"]] = figure
    known, status = year["status"], figure["status"]
    year["status"] = status if known is None or WORST.index(status) < WORST.index(known) else known
