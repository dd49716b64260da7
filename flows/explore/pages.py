"""The pages of the site, for people who look without code: a map, rankings, provinces, a comparison, a table, sources.

Every figure leads to the page of its sentences, and every sentence to the archived text it stands in. The site needs no
server and loads nothing from outside: figures lie in data/, one script an index, which explore.js draws maps and charts from.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import jinja2

from flows.explore.rows import Explored
from flows.figures import MEASURES, WORST, Row, by_block, by_subject, host_slug, slug
from flows.markup import STATUSES, environment, method_breaks, name_of


def pages(explored: Explored) -> Iterator[tuple[str, str]]:
    """Yield the path of each page, or script of data, and its text."""
    facts = explored["facts"]
    of_index: dict[str, list[Row]] = defaultdict(list)
    of_page: dict[str, list[Row]] = defaultdict(list)
    for fact in facts:
        of_index[fact["index"]].append(fact)
        of_page[fact["page"]].append(fact)
    totals = [fact for fact in facts if _is_total(fact)]
    subjects, blocks = by_subject(totals), by_block(totals)
    breaks = method_breaks()
    page_of = {fact["fact_id"]: f"{fact['page']}#{fact['fact_id']}" for fact in facts}
    shared: dict[str, Any] = {
        "run": explored.run,
        "indices": explored["indices"],
        "provinces": list(subjects),
        "sources": explored["sources"],
        "page_of": page_of,
        "breaks_of": breaks,
    }
    yield "data/manifest.js", _manifest(explored, subjects)
    panel: dict[str, list[Row]] = defaultdict(list)
    for row in explored["panel"]:
        panel[row["index"]].append(row)
    for index, rows in of_index.items():
        yield f"data/{slug(index)}.js", _data(index, rows, panel[index])
    counts = {"facts": len(facts), "articles": len(explored["articles"]), "conflicts": sum(f["status"] == "conflict" for f in facts)}
    yield "index.html", _render("index", "", shared, counts=counts)
    yield "table.html", _render("table", "", shared)
    yield "compare.html", _render("compare", "", shared)
    for row in explored["indices"]:
        index = row["index"]
        rankings = {block[1:]: of for block, of in blocks.items() if block[0] == index}
        own = {"breaks": breaks.get(index, {}), "others": _others(of_index[index])}
        yield f"indices/{slug(index)}.html", _render("indicator", "../", shared, index=row, blocks=rankings, **own)
    for subject, series in subjects.items():
        figures = {index: of_page.get(f"figures/{slug(index)}/{slug(subject)}.html", []) for index in series}
        yield f"provinces/{slug(subject)}.html", _render("province", "../", shared, subject=subject, series=series, figures=figures)
    for page, rows in of_page.items():
        whose = list(dict.fromkeys((f["index"], f["level"], f["authority"], f["subject_type"], f["subject"]) for f in rows))
        yield page, _render("figures", "../../", shared, rows=rows, whose=whose)
    for article in explored["articles"]:
        yield f"articles/{article['article_id']}.html", _render("article", "../", shared, article=article)
    yield from _sources(explored, shared)


def _sources(explored: Explored, shared: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    said: dict[str, list[Row]] = defaultdict(list)
    for fact in explored["facts"]:
        for claim in fact["said"]:
            said[claim["source"]].append({"fact": fact, "said": claim})
    for source in explored["sources"]:
        name = source["source"]
        records = [record for record in explored["reliability"] if record["source"] == name]
        yield f"sources/{host_slug(name)}.html", _render("source", "../", shared, source=source, records=records, said=said[name])


def _is_total(fact: Row) -> bool:
    """Return whether a fact is a score or a rank of a whole index in a year, as rankings show them."""
    return (
        fact["modality"] == "reported"
        and fact["component"] is None
        and fact["scope"] is None
        and fact["year"] is not None
        and fact["measure"] in {"score", "rank"}
    )


def _others(facts: Sequence[Row]) -> list[Row]:
    """Return what is known of the whole block: means, extremes, and whatever else is no subject's own."""
    return [fact for fact in facts if fact["subject_type"] in {"aggregate", "region"}]


@cache
def _environment() -> jinja2.Environment:
    return environment()


def _render(template: str, root: str, shared: Mapping[str, Any], **parts: Any) -> str:
    return _environment().get_template(f"explore/{template}.html").render(root=root, **shared, **parts)


def _script(call: str, value: object) -> str:
    # A script, because a page from a folder may not read other files as data.
    return f"chiso.{call}({json.dumps(value, ensure_ascii=False, separators=(',', ':'))});\n"


def _manifest(explored: Explored, subjects: Mapping[str, Any]) -> str:
    indices = {}
    for row in explored["indices"]:
        names = name_of(row["index"])
        indices[row["index"]] = {
            "file": f"data/{slug(row['index'])}.js",
            "page": f"indices/{slug(row['index'])}.html",
            "en": names.en,
            "vi": names.vi,
        }
    boundaries = json.loads(files("flows.explore").joinpath("boundaries.json").read_text(encoding="utf-8"))
    return _script(
        "begin",
        {
            "indices": indices,
            "provinces": {name: f"provinces/{slug(name)}.html" for name in subjects},
            "units": {unit["unit_id"]: unit["name"] for unit in explored["units"]},
            "measures": {name: list(words) for name, words in MEASURES.items()},
            "statuses": {name: list(STATUSES[name]) for name in WORST},
            "breaks": {index: {year: list(words) for year, words in of.items()} for index, of in method_breaks().items()},
            "boundaries": boundaries,
        },
    )


def _data(index: str, facts: Sequence[Row], panel: Sequence[Row]) -> str:
    """Return an index's figures: names once, and a row a fact that counts in them."""
    subjects: dict[tuple[str | None, ...], int] = {}
    components: dict[str | None, int] = {}
    rows = []
    for fact in facts:
        whose = (fact["subject"], fact["subject_type"], fact["authority"], fact["subject_id"], fact["page"])
        rows.append([
            fact["fact_id"],
            subjects.setdefault(whose, len(subjects)),
            components.setdefault(fact["component"], len(components)),
            fact["measure"],
            fact["year"],
            fact["value_text"],
            fact["of"],
            fact["status"],
            fact["confidence"],
            fact["n_independent"],
            fact["scope"],
            fact["modality"],
            fact["base_year"],
        ])  # fmt: skip
    merged = [[row["unit_id"], row["year"], row["score"], row["rank"], row["n_known"], row["n_members"]] for row in panel]
    return _script("add", {"index": index, "subjects": list(subjects), "components": list(components), "rows": rows, "panel": merged})
