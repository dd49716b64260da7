"""The article: what a page says, free of the furniture around it."""

from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class Table:
    """A table by its rows of cells, each cell with its place in the article's text."""

    rows: tuple[tuple[str, ...], ...]
    spans: tuple[tuple[tuple[int, int], ...], ...]


@dataclass(frozen=True, slots=True)
class Article:
    """Title, date, text and tables read from one page.

    `text` is what claims are quoted from. `home` is the unit whose portal published it, the smallest first
    ("Yên Châu, Sơn La"); `published_reason` says which signal gave the date.
    """

    id: str
    text: str
    title: str | None = None
    published: date | None = None
    published_reason: str | None = None
    author: str | None = None
    url: str | None = None
    home: str | None = None
    tables: tuple[Table, ...] = ()
    attachments: tuple[str, ...] = field(default=())
