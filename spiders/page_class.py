"""What an answer is, when it is not what was asked for: a soft 404, a login wall, a challenge, a maintenance page.

Servers send these with status 200. They are archived like everything else, never extracted, and never replace an
article's older version.
"""

import re
from collections.abc import Iterable
from functools import cache

from cssselect import HTMLTranslator
from lxml import etree
from lxml.html import HtmlElement

from normalize.fold import strip_marks
from spiders.portal import Layout

#: Classes besides "article".
SOFT_404, LOGIN, CHALLENGE, MAINTENANCE = "soft 404", "login wall", "challenge page", "maintenance page"
NOT_ARTICLES = (CHALLENGE, SOFT_404, LOGIN, MAINTENANCE)
#: A page with more words than this says something, whatever else stands on it.
_LONG_WORDS = 350
#: A notice is shorter, an article where the layout has its body is longer.
_NOTICE_WORDS = 40

_CHALLENGE_MARKS = re.compile(
    r"/cdn-cgi/challenge-platform|cf-browser-verification|_cf_chl_opt|challenge-form|g-recaptcha|h-?captcha"
    r"|document\.cookie\s*=\s*[\"'](?:D1N|__test|vDDoS|visid)|vddos|slowAES|_Incapsula_Resource|ddos-guard",
    re.IGNORECASE,
)
_WORDS = {
    SOFT_404: re.compile(
        r"\b(?:404|khong tim thay|khong ton tai|da bi xoa|da bi go|page not found|not found|khong co du lieu|noi dung khong kha dung"
        r"|duong dan khong dung|bai viet nay khong con|trang ban yeu cau)\b"
    ),
    CHALLENGE: re.compile(
        r"\b(?:just a moment|checking your browser|attention required|are you a robot|verify you are human|kiem tra trinh duyet"
        r"|xac minh ban la con nguoi|vui long cho trong giay lat|ma xac nhan|captcha|security check|chong ddos)\b"
    ),
    MAINTENANCE: re.compile(
        r"\b(?:dang (?:duoc )?bao tri|bao tri he thong|(?:website|trang|cong|he thong)(?: \w+){0,6} (?:dang|tam) (?:nang cap|ngung|dung)\b"
        r"|under maintenance|maintenance mode|be right back|service unavailable|website dang duoc xay dung)\b"
    ),
}  # fmt: skip
_LOGIN_WORDS = re.compile(r"\b(?:dang nhap|login|log in|sign in|xac thuc|mat khau)\b")
_WHOLE = "string()"


#: libxml2 compares each attribute of a tag with all before it: a million of them would take an hour.
_MOST_ATTRIBUTES = 5000
_LONG_TAG = 4 * _MOST_ATTRIBUTES
#: Real pages have some hundred kB; looking for links in one of ten MB takes minutes.
MOST_MARKUP = 4 * 1024 * 1024


def wild(body: bytes) -> str | None:
    """Return why markup is not even parsed, or None: a tag with thousands of attributes, which no page has.

    >>> wild(b"<p " + b"a=1 " * 100_000 + b">")
    'a tag of 100000 attributes'
    """
    # What stands between two "<" is a tag and the text behind it.
    for stretch in body.split(b"<"):
        if len(stretch) > _LONG_TAG and (attributes := len(stretch.split(b">", 1)[0].split()) - 1) > _MOST_ATTRIBUTES:
            return f"a tag of {attributes} attributes"
    return None


@cache
def selector(css: str) -> etree.XPath:
    """Compile a CSS selector once for all pages."""
    return etree.XPath(HTMLTranslator().css_to_xpath(css))


def first(root: HtmlElement, selectors: Iterable[str]) -> HtmlElement | None:
    """Return the first element that the first fitting selector finds."""
    return next((found[0] for css in selectors if (found := selector(css)(root))), None)


def page_class(root: HtmlElement, layout: Layout | None = None) -> str:
    """Return the class of a parsed page: "article" unless its own title and words say otherwise.

    Words alone judge nothing: a page of some length, or one that has the body of its portal's layout, is an article
    even where a heading says "Nâng cấp hệ thống một cửa". A password field makes a short page a login wall.
    """
    body = first(root, layout.body) if layout is not None else None
    if body is not None and len(str(body.xpath(_WHOLE)).split()) > _NOTICE_WORDS:
        return "article"
    scripts = " ".join(script.text or "" for script in root.iter("script"))
    visible = " ".join(str(text) for text in root.xpath("//body//text()[not(ancestor::script or ancestor::style or ancestor::noscript)]"))
    if len(visible.split()) > _LONG_WORDS:
        return "article"
    sources = " ".join(root.xpath("//script/@src | //form/@id | //form/@action | //div/@class | //iframe/@src"))
    if _CHALLENGE_MARKS.search(scripts) or _CHALLENGE_MARKS.search(sources):
        return CHALLENGE
    said = strip_marks(visible)
    if root.xpath("//input[@type='password']") and _LOGIN_WORDS.search(said):
        return LOGIN
    headings = strip_marks(" . ".join(str(node.xpath(_WHOLE)) for node in root.iter("title", "h1")))
    is_notice = len(said.split()) < _NOTICE_WORDS
    return next((name for name, words in _WORDS.items() if words.search(headings) or (is_notice and words.search(said))), "article")
