"""PDF to article: text and tables by pdfplumber, in a process of its own with limits on time and memory.

A PDF is a program of others. What it can do here is to spoil its own reading: the process may not write, opens no
file but what is already open, and ends at its limits. A scan without text is said to be one, never guessed.
"""

import io
import logging
import multiprocessing
import resource
import unicodedata
from multiprocessing.connection import Connection

from extract.article import Article, Table
from extract.charset import PageError
from extract.dates import published_on
from extract.grid import cell_spans, spread

# A decision with all its annexes has some hundred pages; a page without a dozen letters is a picture.
_MOST_PAGES = 300
_LEAST_LETTERS = 12


#: Limits of one file: seconds of a processor, seconds in all, bytes of memory.
CPU_SECONDS, WALL_SECONDS, MOST_MEMORY = 60, 120, 1536 * 1024 * 1024


def read_pdf(
    body: bytes,
    *,
    article_id: str,
    url: str | None = None,
    home: str | None = None,
    cpu_seconds: int = CPU_SECONDS,
    wall_seconds: int = WALL_SECONDS,
) -> Article:
    """Read a PDF's text, lines of a paragraph joined, and its tables behind the text of their page.

    Raises PageError for a file that is no PDF, is encrypted, holds pictures only, or goes beyond the limits.
    """
    if not body.lstrip()[:5] == b"%PDF-":
        raise PageError("not a readable PDF: it does not begin as one")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["extract.pdf", "pdfplumber"])
    receiving, sending = context.Pipe(duplex=False)
    reader = context.Process(target=_sandboxed, args=(sending, cpu_seconds, body, article_id, url, home), daemon=True)
    reader.start()
    sending.close()
    try:
        if not receiving.poll(wall_seconds):
            raise PageError(f"a PDF that takes longer than {wall_seconds} s to read")
        read: Article | str = receiving.recv()
    except EOFError:
        reader.join(1)
        raise PageError(
            f"a PDF that goes beyond {cpu_seconds} s of a processor or breaks its reader (ended with {reader.exitcode})"
        ) from None
    finally:
        reader.kill()
        reader.join()
        receiving.close()
    if isinstance(read, str):
        raise PageError(read)
    return read


def _sandboxed(sending: Connection, cpu_seconds: int, body: bytes, article_id: str, url: str | None, home: str | None) -> None:
    """Read within the limits and send the article, or what was wrong as text."""
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        sending.send(_read(body, article_id, url, home))
    except PageError as error:
        sending.send(str(error))
    except (MemoryError, RecursionError) as error:
        sending.send(f"a PDF that goes beyond {MOST_MEMORY // 2**20} MB of memory or nests without end ({type(error).__name__})")


def _read(body: bytes, article_id: str, url: str | None, home: str | None) -> Article:
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
