"""PDF to article: text and tables by pdfplumber. A scan without text is said to be one, never guessed."""

import io
import logging
import unicodedata

from extract.article import Article, Table
from extract.dates import published_on
from extract.grid import cell_spans, spread
from extract.charset import PageError

# A decision with all its annexes has some hundred pages; a page without a dozen letters is a picture.
_MOST_PAGES = 300
_LEAST_LETTERS = 12


def read_pdf(body: bytes, *, article_id: str, url: str | None = None, home: str | None = None) -> Article:
    """Read a PDF's text, lines of a paragraph joined, and its tables behind the text of their page.

    Raises PageError for a file that is no PDF, is encrypted, or holds pictures only.
    """
    import pdfplumber  # noqa: PLC0415 (a third of a second to import)
    from pdfminer.pdfparser import PDFSyntaxError  # noqa: PLC0415
    from pdfplumber.utils.exceptions import PdfminerException  # noqa: PLC0415

    logging.getLogger("pdfminer").setLevel(logging.ERROR)
    text = ""
    tables: list[Table] = []
    try:
        with pdfplumber.open(io.BytesIO(body)) as document:
            for page in document.pages[:_MOST_PAGES]:
                found = page.find_tables()
                outside = page
                for table in found:
                    outside = outside.outside_bbox(table.bbox, strict=False)
                text += _paragraphs(outside.extract_text() or "")
                for table in found:
                    rows = tuple(tuple(_cell(c) for c in row) for row in table.extract() if any(row))
                    spans = []
                    for row in rows:
                        spans.append(cell_spans(row, len(text)))
                        text += " | ".join(row) + "\n"
                    read = Table(spread(rows), tuple(spans))
                    if tables and _goes_on(tables[-1], read):
                        tables[-1] = Table(tables[-1].rows + read.rows, tables[-1].spans + read.spans)
                    else:
                        tables.append(read)
    except (PdfminerException, PDFSyntaxError, ValueError, KeyError, TypeError) as error:
        raise PageError(f"not a readable PDF: {error or type(error).__name__}") from error
    if sum(c.isalpha() for c in text) < _LEAST_LETTERS:
        raise PageError("a PDF without text (a scan?); its pictures are not read")
    day, reason = published_on(None, None, url, text)
    title = text.strip().split("\n", 1)[0]
    return Article(article_id, text, title=title, published=day, published_reason=reason, url=url, home=home, tables=tuple(tables))


def _goes_on(table: Table, following: Table) -> bool:
    """Tell whether a table is the rest of the one on the page before: as many columns, and its first number is the next one."""
    if not following.rows or len(table.rows[-1]) != len(following.rows[0]):
        return False
    last, first = table.rows[-1][0], following.rows[0][0]
    return last.isdecimal() and first.isdecimal() and int(first) == int(last) + 1


def _cell(text: str | None) -> str:
    return unicodedata.normalize("NFC", " ".join((text or "").split()))


def _paragraphs(text: str) -> str:
    """Join the lines that a page's width has broken: a line that ends without a stop goes on in the next."""
    out = ""
    for line in unicodedata.normalize("NFC", text).split("\n"):
        clean = line.strip()
        if not clean:
            continue
        goes_on = bool(out) and not out.endswith("\n") and out[-1] not in ".:;!?”"
        out += (" " if (goes_on and clean[0].islower()) or (goes_on and len(out.rsplit("\n", 1)[-1]) > 60) else "\n" if out else "") + clean  # noqa: PLR2004 (a full line of print)
    return out + "\n" if out else ""
