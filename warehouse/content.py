"""What a warehouse says, as one hash: equal for two files that a reader could not tell apart, whenever they were made."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

from warehouse.dictionary import dictionary
from warehouse.query import connect

#: When something was done, and in which run, differs between two nights that end alike.
_MOMENTS = frozenset((
    "known_from", "known_to", "since", "started_at", "ended_at", "fetched_at", "run_id", "crawl", "made_at", "file", "offset",
))  # fmt: skip
#: Of these only the moments matter, or how often somebody tried.
_LEFT_OUT = frozenset({"runs", "crawls", "conflict_changes", "releases", "fact_history", "pages"})


def content_hash(path: Path) -> str:
    """Return the SHA-256 of all rows of the published warehouse, moments and runs left out; facts as they stand now."""
    digest = hashlib.sha256()
    with connect(path) as connection:
        for relation in dictionary().values():
            if relation.kind == "table" and not relation.is_internal and relation.name not in _LEFT_OUT:
                columns = ", ".join(f'"{column.name}"' for column in relation.columns if column.name not in _MOMENTS)
                _add(digest, relation.name, connection.execute(f"select {columns} from {relation.name} order by all").fetchall())  # noqa: S608
        facts = ", ".join(f'"{column.name}"' for column in dictionary()["facts"].columns if column.name not in _MOMENTS)
        _add(digest, "facts", connection.execute(f"select {facts} from facts order by all").fetchall())  # noqa: S608
        # 304: what was asked for again had not changed.
        urls = "select distinct portal, url, kind, status, sha256, article_id from pages where status <> 304 order by all"
        _add(digest, "pages", connection.execute(urls).fetchall())
    return digest.hexdigest()


def _add(digest: "hashlib._Hash", name: str, rows: list[tuple[object, ...]]) -> None:
    digest.update(f"{name}\n".encode())
    for row in rows:
        # Clients name the same time zone in several ways.
        plain = tuple(value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value for value in row)
        digest.update(repr(plain).encode() + b"\n")
