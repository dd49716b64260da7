"""What the report shows, read from the published warehouse: each section is a query that is shown beside its rows."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson

from flows.figures import Row, slug, title_of
from flows.quoting import quote_claim, quote_table
from flows.sections import fetch, queries
from warehouse.query import connect

_ALL = queries("flows.report")
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
        sections = {name: fetch(connection, sql) for name, sql in QUERIES.items()}
        said = {row["claim_id"]: quote_claim(row) for row in fetch(connection, _ALL["_said"])}
        said |= {row["claim_id"]: quote_table(row) for row in fetch(connection, _ALL["_tables"])}
    sections["conflicts"] = [_with_sides(conflict, said) for conflict in sections["conflicts"]]
    return Report({name: tuple(found) for name, found in sections.items()})


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
        "meant": orjson.loads(conflict["did_you_mean"] or "[]"),
        "title": title_of(conflict),
        "permalink": f"{page_of(conflict['index'])}#{conflict['conflict_id']}",
    }
