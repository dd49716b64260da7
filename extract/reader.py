"""Files and archived bytes to articles: HTML, plain text and PDF behind one door."""

import unicodedata
from datetime import date

from extract.article import Article


def read_document(
    body: bytes,
    *,
    article_id: str,
    kind: str,
    url: str | None = None,
    content_type: str = "",
    fetched: date | None = None,
    home: str | None = None,
) -> Article:
    """Read one document; `kind` is html, txt or pdf. Raises PageError for what cannot be read."""
    from extract.charset import PageError, decode  # noqa: PLC0415 (bs4 and lxml are not needed for plain text)

    if kind == "pdf" or body[:5] == b"%PDF-":
        from extract.pdf import read_pdf  # noqa: PLC0415

        return read_pdf(body, article_id=article_id, url=url, home=home)
    if kind == "html":
        from extract.html import read_page  # noqa: PLC0415

        return read_page(body, article_id=article_id, url=url, content_type=content_type, fetched=fetched, home=home)
    text = decode(body, content_type)
    if not text.strip() or sum(unicodedata.category(c) == "Cc" and c not in "\n\r\t" for c in text[:2000]) > 8:  # noqa: PLR2004
        raise PageError("not a text file")
    return Article(id=article_id, text=text, title=text.strip().split("\n", 1)[0].strip() or None, url=url, home=home)
