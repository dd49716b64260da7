"""The article: what a page says, free of the furniture around it."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Table:
    """A table by its rows of cells, each cell with its place in the article's text."""

    rows: tuple[tuple[str, ...], ...]
    spans: tuple[tuple[tuple[int, int], ...], ...]


@dataclass(frozen=True, slots=True)
class Article:
    """Title, date, text and tables read from one page.

    `text` is what claims are quoted from. `home` is the unit whose portal published it, the smallest first
    ("Yên Châu, Sơn La"); `published_reason` says which signal gave the date, `published_at` the moment where the
    signal has one (Vietnamese time). `reader` is the layout that fitted, "generic" where none did.
    """

    id: str
    text: str
    title: str | None = None
    published: date | None = None
    published_at: datetime | None = None
    published_reason: str | None = None
    author: str | None = None
    url: str | None = None
    home: str | None = None
    tables: tuple[Table, ...] = ()
    captions: tuple[str, ...] = ()
    attachments: tuple[str, ...] = field(default=())
    reader: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return what was read as JSON has it; the id, the URL and the home are the caller's."""
        return {
            "title": self.title,
            "published": self.published.isoformat() if self.published else None,
            "published_at": self.published_at.isoformat() if self.published_at else None,
            "published_reason": self.published_reason,
            "author": self.author,
            "text": self.text,
            "tables": [[list(row) for row in table.rows] for table in self.tables],
            "captions": list(self.captions),
            "attachments": list(self.attachments),
            "reader": self.reader,
        }
