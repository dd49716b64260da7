"""What the site shows, read from the published warehouse."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from flows.figures import Row, slug
from flows.quoting import link_to, quote_claim, quote_table
from flows.sections import fetch, queries
from warehouse.query import connect

_QUERIES = queries("flows.explore")


@dataclass(frozen=True, slots=True)
class Explored:
    """The rows of each section; each fact has what was said about it, and the page on which that stands."""

    sections: Mapping[str, Sequence[Row]]

    def __getitem__(self, section: str) -> Sequence[Row]:
        """Return the rows of a section."""
        return self.sections[section]

    @property
    def run(self) -> Row:
        """Return the last run; empty where there was none."""
        return self["run"][0] if self["run"] else {}


def read_explored(warehouse: Path) -> Explored:
    """Read everything the site shows from the published warehouse."""
    with connect(warehouse) as connection:
        sections = {name: fetch(connection, sql) for name, sql in _QUERIES.items()}
    articles = {article["article_id"]: article for article in sections["articles"]}
    said: dict[str, list[Row]] = defaultdict(list)
    marks: dict[str, list[Row]] = defaultdict(list)
    for claim in sections["said"]:
        article = articles[claim["article"]]
        quoted = quote_claim({**claim, **{name: article[name] for name in ("text", "title", "page_id", "cluster", "gone")}})
        said[claim["fact_id"]].append({**quoted, **{name: claim[name] for name in ("article", "superseded", "stands")}})
        marks[claim["article"]].append(claim)
    for row in sections["tables"]:
        said[row["fact_id"]].append({**quote_table(row), "article": None, "superseded": False, "stands": row["stands"]})
    pages = {fact["fact_id"]: page_of(fact) for fact in sections["facts"]}
    sections["facts"] = [{**fact, "said": said[fact["fact_id"]], "page": pages[fact["fact_id"]]} for fact in sections["facts"]]
    sections["articles"] = [
        {**article, "link": link_to(article["url"]), "pieces": _pieces(article["text"], marks[article["article_id"]], pages)}
        for article in sections["articles"]
    ]
    return Explored(sections)


def page_of(fact: Row) -> str:
    """Return the page on which a fact stands with its sentences: one for each index and subject."""
    kind = "" if fact["subject_type"] == "province" else fact["subject_type"]
    whose = slug(" ".join(part for part in (fact["authority"], kind, fact["subject"]) if part))
    return f"figures/{slug(fact['index'])}/{whose}.html"


def _pieces(text: str, claims: Sequence[Row], pages: Mapping[str, str]) -> list[Row]:
    """Return an article's text in pieces: what no claim was read from, and each figure with where it leads.

    Claims on the same or an overlapping figure share the mark of the first.
    """
    pieces: list[Row] = []
    done = 0
    for claim in sorted(claims, key=lambda c: (c["value_start"], -c["value_end"], c["claim_id"])):
        start, end = claim["value_start"], claim["value_end"]
        if start < done:
            pieces[-1]["ids"].append(claim["claim_id"])
            continue
        link = f"{pages[claim['fact_id']]}#{claim['fact_id']}"
        pieces += [{"text": text[done:start], "ids": []}, {"text": text[start:end], "ids": [claim["claim_id"]], "link": link}]
        done = end
    return [*pieces, {"text": text[done:], "ids": []}]
