"""HTML to article: strict selectors where the portal's layout is declared, a generic reader elsewhere."""

import gzip
import re
import unicodedata
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import urljoin

from bs4 import BeautifulSoup, Tag
from bs4.dammit import UnicodeDammit
from bs4.element import NavigableString

from extract.article import Article, Table
from extract.dates import published_on
from extract.grid import cell_spans
from spiders.portal import Layout, Portal, portal_of

_BLOCKS = {
    "p", "div", "section", "article", "li", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "figure",
    "figcaption", "tr", "br", "hr", "pre", "dd", "dt",
}  # fmt: skip
_SILENT = {"script", "style", "noscript", "template", "head", "iframe", "svg"}
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_DOCUMENT = re.compile(r"\.(?:pdf|docx?|xlsx?)(?:$|\?)", re.IGNORECASE)
_SPACE = re.compile(r"[ \t\r\n\u00a0]+")
#: Pages nest some dozen deep; a thousand is an attack on the reader.
_DEEPEST = 1000


class PageError(ValueError):
    """Raised by the readers for bytes that are no readable page: empty, binary, cut short; says which."""


class LayoutError(PageError):
    """Raised by `read_page` when a page of a declared portal has no title or no body where the layout says."""


def decode(body: bytes, content_type: str = "") -> str:
    """Turn a page's bytes into text, whatever charset it declares.

    UTF-8 that decodes strictly is UTF-8 (no other charset does so by accident); otherwise the declared charset,
    the one in the page's head, then windows-1258, in which Vietnamese pages were written before.
    """
    if not body.strip():
        raise PageError("an empty file")
    if body[:4] in {b"%PDF", b"PK\x03\x04"} or (b"\x00" in body[:1024] and body[:2] not in {b"\xff\xfe", b"\xfe\xff"}):
        raise PageError("not a text page (binary data)")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        declared = re.search(r"charset=[\"']?([\w-]+)", content_type)
        found = UnicodeDammit(body, [declared[1]] if declared else [], is_html=True, user_encodings=["windows-1258"])
        if found.unicode_markup is None:
            raise PageError("no charset fits its bytes") from None
        return str(found.unicode_markup)


def decompress(body: bytes, encoding: str) -> bytes:
    """Undo a response's content encoding; raises PageError for a stream cut short or of another kind."""
    try:
        match encoding.strip().lower():
            case "" | "identity":
                return body
            case "gzip" | "x-gzip":
                return gzip.decompress(body)
            case "deflate":
                return zlib.decompress(body)
    except (OSError, EOFError, zlib.error) as error:
        raise PageError(f"damaged {encoding} data: {error}") from error
    raise PageError(f"unknown content encoding {encoding!r}")


def read_page(
    body: bytes,
    *,
    article_id: str,
    url: str | None = None,
    content_type: str = "",
    fetched: date | None = None,
    home: str | None = None,
) -> Article:
    """Read one HTML page; by its portal's layout where the URL's host is declared, generically elsewhere."""
    markup = unicodedata.normalize("NFC", decode(body, content_type))
    if "<" not in markup:
        raise PageError("no markup in it; give it the ending .txt")
    soup = BeautifulSoup(markup, "lxml")
    portal = portal_of(url)
    if portal is None:
        return _read_generic(markup, soup, article_id, url, home)
    return _read_declared(soup, portal, portal.layout_on(fetched), article_id, url, home)


def _read_declared(soup: BeautifulSoup, portal: Portal, layout: Layout, article_id: str, url: str | None, home: str | None) -> Article:
    title = _first(soup, layout.title)
    body = _first(soup, layout.body)
    if title is None or body is None:
        missing = "title" if title is None else "body"
        raise LayoutError(f"{portal.name}: no {missing} at {', '.join(getattr(layout, missing))}")
    line, author = _first(soup, layout.published), _first(soup, layout.author)
    line_text = line.get("datetime") or line.get_text(" ") if line is not None else None
    for css in layout.drop:
        for tag in body.select(css):
            tag.decompose()
    writer = _Writer()
    writer.paragraph(_SPACE.sub(" ", title.get_text(" ")).strip())
    writer.element(body)
    text, tables = writer.finish()
    day, reason = published_on(soup, str(line_text) if line_text else None, url, text)
    links = [urljoin(url or "", str(a["href"])) for a in body.find_all("a", href=True)]
    return Article(
        id=article_id,
        text=text,
        title=_clean(title),
        published=day,
        published_reason=reason,
        author=_clean(author) if author is not None else None,
        url=url,
        home=home or portal.place,
        tables=tables,
        attachments=tuple(dict.fromkeys(link for link in links if _DOCUMENT.search(link))),
    )


def _read_generic(markup: str, soup: BeautifulSoup, article_id: str, url: str | None, home: str | None) -> Article:
    import trafilatura  # noqa: PLC0415 (half a second to import; only undeclared pages need it)

    text = trafilatura.extract(markup, include_comments=False, include_tables=True, favor_precision=True)
    heading = soup.find(["h1"]) or soup.title
    title = _clean(heading) if isinstance(heading, Tag) else None
    if not text:
        raise PageError("no article found in it")
    if title and title not in text[: len(title) + 40]:
        text = f"{title}\n{text}"
    day, reason = published_on(soup, None, url, text)
    return Article(article_id, text, title=title, published=day, published_reason=reason, url=url, home=home)


def _first(soup: BeautifulSoup, selectors: tuple[str, ...]) -> Tag | None:
    return next((tag for css in selectors if (tag := soup.select_one(css)) is not None), None)


def _clean(tag: Tag) -> str:
    return _SPACE.sub(" ", tag.get_text(" ")).strip()


#: A cell of a ranking table names a body; a paragraph this long is an article's.
_LONGEST_CELL = 300
#: No table is wider or longer; a larger span is an attack on memory.
_MOST_SPANNED = 400


@dataclass(slots=True)
class _Writer:
    """Writes visible text as paragraphs, one a line, and remembers where each table cell went."""

    parts: list[str] = field(default_factory=list)
    length: int = 0
    line: list[str] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)

    def paragraph(self, text: str) -> int:
        """Write one line and return where it begins."""
        start = self.length
        self.parts.append(text + "\n")
        self.length += len(text) + 1
        return start

    def element(self, root: Tag) -> None:
        """Write what an element shows. Iterative, so that no nesting can exhaust the stack."""
        stack: list[tuple[Iterator[object], bool]] = [(iter(root.children), True)]
        while stack:
            children, block = stack[-1]
            child = next(children, None)
            if child is None:
                stack.pop()
                if block:
                    self._flush()
            elif type(child) is NavigableString:
                self.line.append(str(child))
            elif isinstance(child, Tag) and child.name not in _SILENT and not _is_hidden(child):
                if child.name == "table" and not _is_layout(child):
                    self._flush()
                    self._table(child)
                elif len(stack) < _DEEPEST:
                    if child.name in _BLOCKS:
                        self._flush()
                    stack.append((iter(child.children), child.name in _BLOCKS))
        self._flush()

    def _flush(self) -> None:
        text = _SPACE.sub(" ", "".join(self.line)).strip()
        self.line.clear()
        if text:
            self.paragraph(text)

    def _table(self, table: Tag) -> None:
        """Write each row as a line and remember the table as a grid: a cell over two columns or rows stands in each of them."""
        rows: list[tuple[str, ...]] = []
        spans: list[tuple[tuple[int, int], ...]] = []
        hanging: dict[int, tuple[int, str, tuple[int, int]]] = {}
        for tr in table.find_all("tr"):
            cells = [cell for cell in tr.find_all(["td", "th"]) if isinstance(cell, Tag)]
            texts = tuple(map(_clean, cells))
            if not any(texts):
                continue
            places = cell_spans(texts, self.paragraph(" | ".join(texts)))
            row: list[tuple[str, tuple[int, int]]] = []
            for cell, text, place in zip(cells, texts, places, strict=True):
                _let_hang(row, hanging)
                for _ in range(_count(cell, "colspan")):
                    if _count(cell, "rowspan") > 1:
                        hanging[len(row)] = (_count(cell, "rowspan") - 1, text, place)
                    row.append((text, place))
            _let_hang(row, hanging)
            rows.append(tuple(text for text, _ in row))
            spans.append(tuple(place for _, place in row))
        if rows:
            self.tables.append(Table(tuple(rows), tuple(spans)))

    def finish(self) -> tuple[str, tuple[Table, ...]]:
        """Return the text and its tables."""
        self._flush()
        return "".join(self.parts), tuple(self.tables)


def _let_hang(row: list[tuple[str, tuple[int, int]]], hanging: dict[int, tuple[int, str, tuple[int, int]]]) -> None:
    """Fill the next places of a row with the cells that hang down from the rows above."""
    while len(row) in hanging:
        left, text, place = hanging.pop(len(row))
        if left > 1:
            hanging[len(row)] = (left - 1, text, place)
        row.append((text, place))


def _count(cell: Tag, attribute: str) -> int:
    """Return a colspan or rowspan; what is no small number counts as one."""
    text = str(cell.get(attribute, "1")).strip()
    return min(int(text), _MOST_SPANNED) if text.isascii() and text.isdecimal() and int(text) else 1


def _is_layout(table: Tag) -> bool:
    """Tell whether a table only places things on the page: it holds another table, or paragraphs longer than any cell."""
    return table.find("table") is not None or any(len(p.get_text()) > _LONGEST_CELL for p in table.find_all("p"))


def _is_hidden(tag: Tag) -> bool:
    return tag.has_attr("hidden") or bool(_HIDDEN.search(str(tag.get("style", ""))))
