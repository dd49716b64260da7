"""What an element of a page shows: paragraphs one a line, tables as grids, nothing of what is hidden or silent."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml.html import HtmlElement

from extract.article import Table
from extract.charset import PageError
from extract.grid import cell_spans

_BLOCKS = {
    "p", "div", "section", "article", "li", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "figure",
    "figcaption", "tr", "br", "hr", "pre", "dd", "dt", "table", "tbody", "center", "address", "aside", "header", "footer", "main",
}  # fmt: skip
_SILENT = {
    "script", "style", "noscript", "template", "iframe", "svg", "object", "embed", "select", "textarea", "button", "audio", "video",
    "canvas", "title",
}  # fmt: skip
_CAPTIONS = {"figcaption", "caption"}
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|font-size\s*:\s*0+(?:\.0+)?(?:px|pt|em|rem|%)?\s*(?:;|!|$)"
    r"|opacity\s*:\s*0+(?:\.0+)?\s*(?:;|!|$)|text-indent\s*:\s*-\d{3,}|clip\s*:\s*rect\(\s*0|left\s*:\s*-\d{4,}",
    re.IGNORECASE,
)
_NAME = re.compile(r"([.#])(-?[_a-zA-Z][\w-]*)")
_MOST_STYLE = 200_000
_SPACE = re.compile(r"[ \t\r\n\f\v\u00a0\u200b\ufeff\u00ad]+")
#: Pages nest some dozen deep; the parser itself gives up behind 2048.
_DEEPEST = 2500
#: A cell of a ranking table names a body; a paragraph this long is an article's.
_LONGEST_CELL = 300
#: No table is wider or longer, and none that names 63 provinces has more cells; more is an attack on time and memory.
_MOST_SPANNED = 400
_MOST_CELLS = 20_000


@dataclass(frozen=True, slots=True)
class Hidden:
    """Tells hidden elements: by attribute, by their own style, or by a rule of the page's style sheets."""

    classes: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()

    @classmethod
    def of(cls, root: HtmlElement) -> "Hidden":
        """Read the page's own style sheets: rules for one class or one id that hide it."""
        names: dict[str, set[str]] = {".": set(), "#": set()}
        for style in root.iter("style"):
            for rule in (style.text or "")[:_MOST_STYLE].split("}"):
                selectors, _, declarations = rule.rpartition("{")
                if ("none" in declarations or "hidden" in declarations) and _HIDDEN.search(declarations):
                    selectors = selectors.rpartition("{")[2]  # inside @media
                    for one in selectors.split(","):
                        if found := _NAME.fullmatch(one.strip()):
                            names[found[1]].add(found[2])
        return cls(frozenset(names["."]), frozenset(names["#"]))

    def __call__(self, element: HtmlElement) -> bool:
        """Tell whether an element is hidden by itself; its parents are not asked."""
        attributes = element.attrib
        if not attributes:
            return False
        if "hidden" in attributes or (element.tag == "input") or attributes.get("id") in self.ids:
            return True
        style = attributes.get("style")
        if style and _HIDDEN.search(style):
            return True
        return bool(self.classes) and not self.classes.isdisjoint(attributes.get("class", "").split())


def clean(text: str) -> str:
    """Return text on one line with single spaces."""
    return _SPACE.sub(" ", text).strip()


def words_of(element: HtmlElement, hidden: Hidden | None = None) -> str:
    """Return what an element shows as one line."""
    return clean(" ".join(_texts(element, hidden or Hidden())))


def _texts(root: HtmlElement, hidden: Hidden) -> Iterator[str]:
    """Yield the visible texts of an element in order. Iterative, so that no nesting can exhaust the stack."""
    yield root.text or ""
    stack = [iter(root)]
    while stack:
        child = next(stack[-1], None)
        if child is None:
            stack.pop()
        elif isinstance(child.tag, str) and child.tag not in _SILENT and not hidden(child) and len(stack) < _DEEPEST:
            yield child.text or ""
            stack.append(iter((*child, _Tail(child.tail))))
        else:
            yield child.tail or ""


@dataclass(slots=True)
class _Tail:
    """The text behind an element, handed on once its children have been seen."""

    tail: str | None
    tag: None = None


@dataclass(slots=True)
class Writer:
    """Writes visible text as paragraphs, one a line, and remembers where each table cell went."""

    hidden: Hidden = field(default_factory=Hidden)
    dropped: set[HtmlElement] = field(default_factory=set)
    parts: list[str] = field(default_factory=list)
    length: int = 0
    line: list[str] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    captions: list[str] = field(default_factory=list)

    def paragraph(self, text: str) -> int:
        """Write one line and return where it begins."""
        start = self.length
        self.parts.append(text + "\n")
        self.length += len(text) + 1
        return start

    def element(self, root: HtmlElement) -> None:
        """Write what an element shows. Iterative, so that no nesting can exhaust the stack."""
        self.line.append(root.text or "")
        stack: list[tuple[HtmlElement, Iterator[HtmlElement], bool]] = [(root, iter(root), True)]
        while stack:
            parent, children, block = stack[-1]
            child = next(children, None)
            if child is None:
                stack.pop()
                if block:
                    self._flush()
                if stack:
                    self.line.append(parent.tail or "")
                continue
            tag = child.tag
            if not isinstance(tag, str) or tag in _SILENT or len(stack) >= _DEEPEST or child in self.dropped or self.hidden(child):
                self.line.append(child.tail or "")
            elif tag == "table" and not _is_layout(child):
                self._flush()
                self._table(child)
                self.line.append(child.tail or "")
            else:
                inner_block = tag in _BLOCKS
                if inner_block:
                    self._flush()
                if tag in _CAPTIONS and (said := words_of(child, self.hidden)):
                    self.captions.append(said)
                self.line.append(child.text or "")
                stack.append((child, iter(child), inner_block))
        self._flush()

    def _flush(self) -> None:
        text = clean("".join(self.line))
        self.line.clear()
        if text:
            self.paragraph(text)

    def _table(self, table: HtmlElement) -> None:
        """Write each row as a line and remember the table as a grid: a cell over two columns or rows stands in each of them."""
        rows: list[tuple[str, ...]] = []
        spans: list[tuple[tuple[int, int], ...]] = []
        hanging: dict[int, tuple[int, str, tuple[int, int]]] = {}
        cells_left = _MOST_CELLS
        for tr in table.iter("tr", "caption"):
            if tr.tag == "caption":
                if said := words_of(tr, self.hidden):
                    self.captions.append(said)
                    self.paragraph(said)
                continue
            cells = [cell for cell in tr.iter("td", "th") if not self.hidden(cell)]
            texts = tuple(words_of(cell, self.hidden) for cell in cells)
            if not any(texts) or self.hidden(tr):
                continue
            places = cell_spans(texts, self.paragraph(" | ".join(texts)))
            if cells_left < len(cells):
                raise PageError(f"a table of more than {_MOST_CELLS} cells")
            row: list[tuple[str, tuple[int, int]]] = []
            for cell, text, place in zip(cells, texts, places, strict=True):
                _let_hang(row, hanging)
                for _ in range(min(_count(cell, "colspan"), cells_left)):
                    if _count(cell, "rowspan") > 1:
                        hanging[len(row)] = (_count(cell, "rowspan") - 1, text, place)
                    row.append((text, place))
                    cells_left -= 1
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


def _count(cell: HtmlElement, attribute: str) -> int:
    """Return a colspan or rowspan; what is no small number counts as one."""
    text = cell.get(attribute, "1").strip()
    return min(int(text), _MOST_SPANNED) if text.isascii() and text.isdecimal() and len(text) < 7 and int(text) else 1  # noqa: PLR2004


def _is_layout(table: HtmlElement) -> bool:
    """Tell whether a table only places things on the page: it holds another table, or paragraphs longer than any cell."""
    return any(inner is not table for inner in table.iter("table")) or any(len(p.text_content()) > _LONGEST_CELL for p in table.iter("p"))
