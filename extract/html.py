"""HTML to article: strict selectors where the portal's layout is declared, a generic reader for what fits none."""

import re
from copy import deepcopy
from datetime import date, datetime
from urllib.parse import urljoin

from lxml import html as lxml_html
from lxml.etree import ParserError
from lxml.html import HtmlElement

from extract.article import Article
from extract.charset import PageError, decode
from extract.dates import published_on
from extract.visible import Hidden, Writer, words_of
from normalize.fold import strip_marks
from spiders.page_class import NOT_ARTICLES, first, page_class, selector, wild
from spiders.portal import Layout, Portal, portal_of

_DOCUMENT = re.compile(r"\.(?:pdf|docx?|xlsx?)(?:$|\?)", re.IGNORECASE)
_MOST_TAGS = 20_000
#: Where a layout is declared and does not fit, less than this is no article but what is left of the page around one.
_FEWEST_WORDS = 25
_AUTHOR = re.compile(r"^(?:Tác giả|Người đăng|By)\s*:\s*")
# "Title - Site", "Title | Site"
_SITE = re.compile(r"\s+[-|–—»]\s+[^-|–—»]{2,60}$")


class LayoutError(PageError):
    """Raised when a page of a declared portal fits no layout and the generic reader finds no article either."""


class NotAnArticleError(PageError):
    """Raised for a page that is something else: a soft 404, a login wall, a challenge or a maintenance page."""


def read_page(
    body: bytes,
    *,
    article_id: str,
    url: str | None = None,
    content_type: str = "",
    fetched: date | None = None,
    home: str | None = None,
) -> Article:
    """Read one HTML page: by the layout of its portal that was in use when it was fetched, then by the portal's others.

    A page that fits none, or whose host nobody has declared, is read generically, and `Article.reader` says so.
    Raises NotAnArticleError for what is none, PageError for what cannot be read.
    """
    markup = decode(body, content_type)
    if "<" not in markup:
        raise PageError("no markup in it; give it the ending .txt")
    portal = portal_of(url)
    root = _parse(markup)
    layout = portal.layout_on(fetched) if portal else None
    if (found := page_class(root, layout)) in NOT_ARTICLES:
        raise NotAnArticleError(f"{found}: {words_of(root)[:80]}")
    if portal is not None and layout is not None:
        for one in (layout, *(other for other in portal.layouts if other is not layout)):
            article = _read_declared(root, portal, one, article_id, url, home)
            if article is not None:
                return article
    if portal is None or layout is None:
        return _read_generic(root, article_id, url, home)
    where = {"title": layout.title, "body": layout.body}
    missing = next((name for name, css in where.items() if first(root, css) is None), "body")
    try:
        article = _read_generic(root, article_id, url, home or portal.place)
    except PageError as error:
        raise LayoutError(f"{portal.name}: no {missing} at {', '.join(where[missing])}, and {error}") from error
    if len(article.text.split()) < _FEWEST_WORDS:
        raise LayoutError(f"{portal.name}: no {missing} at {', '.join(where[missing])}, and too few words to be an article")
    return article


def _parse(markup: str) -> HtmlElement:
    # As bytes: a page that declares a charset in an XML prologue is not accepted as text.
    body = markup.encode("utf-8", errors="replace")
    if (why := wild(body)) is not None:
        raise PageError(why)
    # Tags that were never closed nest some hundred deep in pages pasted from Word: those are read a second time, without the
    # limit of depth. Its time grows with the square of the depth, so not a page with more tags than any article has.
    for huge in (False, True) if body.count(b"<") < _MOST_TAGS else (False,):
        parser = lxml_html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=huge)
        try:
            root = lxml_html.document_fromstring(body, parser=parser)
        except (ParserError, ValueError) as error:
            raise PageError(f"no page: {error}") from error
        # At its limit of depth the parser stops, and what stands behind it would be lost without a word.
        if not any("depth" in entry.message for entry in parser.error_log):
            return root
    raise PageError("its tags are nested too deep to be read")


def _read_declared(root: HtmlElement, portal: Portal, layout: Layout, article_id: str, url: str | None, home: str | None) -> Article | None:
    """Return the article where the layout has a title and a body with text, else None. Leaves the page as it was if None."""
    title, body = first(root, layout.title), first(root, layout.body)
    if title is None or body is None or not words_of(title):
        return None
    hidden = Hidden.of(root)
    lead, line, author = first(root, layout.lead), first(root, layout.published), first(root, layout.author)
    printed = words_of(line) if line is not None else None
    marked = (line.get("datetime") or line.get("title")) if line is not None else None
    author_text = _AUTHOR.sub("", words_of(author, hidden)) if author is not None else None
    dropped = {element for css in layout.drop for element in selector(css)(body)}
    writer = Writer(hidden, dropped)
    writer.paragraph(words_of(title, hidden))
    if lead is not None and lead is not body and not any(up is body for up in lead.iterancestors()):
        writer.element(lead)
    writer.element(body)
    text, tables = writer.finish()
    if not any(map(str.isalpha, text.split("\n", 1)[1])):
        return None  # an empty frame: the text is elsewhere, or comes by script
    moment, reason = published_on(root, marked or printed, url, text, to_the_second=not marked)
    links = [urljoin(url or "", href) for a in body.iter("a") if (href := a.get("href")) and _DOCUMENT.search(href)]
    return Article(
        id=article_id,
        text=text,
        title=words_of(title, hidden),
        published=_day(moment),
        published_at=moment if isinstance(moment, datetime) else None,
        published_reason=reason,
        author=author_text or None,
        url=url,
        home=home or portal.place,
        tables=tables,
        captions=tuple(writer.captions),
        attachments=tuple(dict.fromkeys(links)),
        reader=portal.name if layout.until is None else f"{portal.name} until {layout.until}",
    )


def _read_generic(root: HtmlElement, article_id: str, url: str | None, home: str | None) -> Article:
    import trafilatura  # noqa: PLC0415 (half a second to import; only pages without a layout need it)

    hidden = Hidden.of(root)
    for element in [element for element in root.iter() if isinstance(element.tag, str) and element.tag != "input" and hidden(element)]:
        if element.getparent() is not None:
            element.drop_tree()
    heading, title = _headline(root)
    text = trafilatura.extract(deepcopy(root), include_comments=False, include_tables=True)
    if not text:
        raise PageError("no article found in it")
    if title and strip_marks(title) not in strip_marks(text[: 2 * len(title) + 200]):
        text = f"{title}\n{text}"
    moment, reason = published_on(root, None, url, text, heading=heading if heading is not None else root)
    author = next(filter(None, (tag.get("content") for tag in root.iter("meta") if tag.get("name") == "author")), None)
    return Article(
        id=article_id,
        text=text,
        title=title,
        published=_day(moment),
        published_at=moment if isinstance(moment, datetime) else None,
        published_reason=reason,
        author=author,
        url=url,
        home=home,
        captions=tuple(filter(None, (words_of(element, hidden) for element in root.iter("figcaption")))),
        reader="generic",
    )


def _day(moment: datetime | date | None) -> date | None:
    return moment.date() if isinstance(moment, datetime) else moment


def _headline(root: HtmlElement) -> tuple[HtmlElement | None, str | None]:
    """Return the headline and its element: of the page's first headings the one that says what the page's title says.

    The title tag and og:title may be written for search engines, and a first heading may be the site's name, so the
    heading is taken that shares most words with them; they stand in where none shares any.
    """
    said = [tag.get("content", "") for tag in root.iter("meta") if tag.get("property") == "og:title" or tag.get("name") == "title"]
    said += [words_of(tag) for tag in root.xpath("//head/title | //title")]
    wanted = [set(strip_marks(text).split()) for text in said if text]
    best: tuple[float, HtmlElement | None, str | None] = (0.0, None, None)
    for heading in root.iter("h1", "h2"):
        text = words_of(heading)
        words = set(strip_marks(text).split())
        if len(words) < 3:  # noqa: PLR2004 ("Tin tức": a section)
            continue
        shared = max((len(words & other) / len(words | other) for other in wanted), default=0.5)
        # Of equals the first, and a first-rank heading before a second.
        score = shared + (0.2 if heading.tag == "h1" else 0.0)
        if score > best[0]:
            best = (score, heading, text)
    if best[0] >= 0.45:  # noqa: PLR2004 (half the words, or a first heading with a quarter of them)
        return best[1], best[2]
    title = next(filter(None, said), None)
    return None, _SITE.sub("", title).strip() if title else None
