"""What all pages are made of: texts in both languages, labels, tables of figures, and the templates.

Everything that was crawled is escaped; nothing is loaded from outside, and a strict policy in each page says so.
"""

import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

import jinja2
from markupsafe import Markup, escape

from flows.figures import MEASURES, WORST, Row, host_slug, slug
from normalize.indices import indices
from normalize.tables import rows
from normalize.units import members
from normalize.wording import Words, comma

_VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")

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


def environment(**own: Any) -> jinja2.Environment:
    """Return the environment of the templates, with what a set of pages adds of its own."""
    made = _Environment(
        loader=jinja2.FunctionLoader(_template),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(local=_local, slug=slug, host=host_slug)
    made.globals.update(
        measures=MEASURES,
        statuses=STATUSES,
        kinds=KINDS,
        worst=WORST,
        t=both,
        w=told,
        number=number,
        status=tag,
        members=members,
        name_of=name_of,
        years_of=years_of,
        heat_row=heat_row,
        json_of=_json_of,
    )
    made.globals.update(own)
    return made


def _local(moment: datetime) -> str:
    return moment.astimezone(_VIETNAM).strftime("%d/%m/%Y %H:%M")


def name_of(index: str) -> Words:
    """Return the names of an index."""
    found = indices().get(index)
    return Words(found.name_en, found.name_vi) if found else Words(index, index)


def years_of(subjects: Mapping[str, Mapping[int, Row]]) -> Sequence[int]:
    """Return the years of a block from the first to the last, gaps included."""
    years = [year for of in subjects.values() for year in of]
    return range(min(years), max(years) + 1)


def heat_row(subject: str, of: Mapping[int, Row], years: Sequence[int], pages: Mapping[str, str]) -> Markup:
    """Return a subject's cells of an index's table: score, or place, in the colour of its status, linked where a fact has a page."""
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
        link = next((pages[f["fact_id"]] for f in (score, rank) if f is not None and f["fact_id"] in pages), None)
        if link is not None:
            shown = f'<a href="../{escape(link)}">{shown}</a>'
        known = {"score": score["value"] if is_scored else None, "rank": rank["value"] if place else None}
        data = "".join(f' data-{name}="{value}"' for name, value in known.items() if value is not None)
        cells.append(f'<td class="f-{cell["status"]}"{data} title="{whose} {year}{f": {place}" if place else ""}">{shown}</td>')
    return Markup("".join(cells))  # noqa: S704 (escaped)


def method_breaks() -> dict[str, dict[int, Words]]:
    """Return the years from which an index was measured in another way, with what changed."""
    found: dict[str, dict[int, Words]] = defaultdict(dict)
    for row in rows("breaks"):
        found[row["index"]][int(row["year"])] = Words(row["en"], comma(row["vi"]))
    return found


def _json_of(breaks: Mapping[int, Words]) -> str:
    return json.dumps([[year, words.en, words.vi] for year, words in breaks.items()], ensure_ascii=False)
