"""Which links are worth fetching, by title and address alone: what may hold figures of an index.

Missing an article costs a figure, fetching one too many costs a second of a server's time, so the words are wide.
How many articles with claims they keep, and how many others, is measured by `benchmarks/scan.py`.
"""

import re
from urllib.parse import unquote, urlsplit

from normalize.fold import strip_marks
from normalize.indices import alias_texts

#: Words of the field, without diacritics as slugs have them. The names of indices come from the registry.
_TOPICS = (
    # administrative reform and its surveys
    "cai cach", "cchc", "thu tuc hanh chinh", "hanh chinh cong", "mot cua", "hai long", "su phuc vu", "chi so", "bo chi so", "index",
    # digital and innovation
    "chuyen doi so", "chinh quyen so", "chinh phu dien tu", "chinh quyen dien tu", "dich vu cong", "doi moi sang tao",
    "cong nghe thong tin", "digital transformation", "innovation",
    # competitiveness and governance
    "nang luc canh tranh", "moi truong dau tu", "moi truong kinh doanh", "moi truong va dau tu", "quan tri", "competitiveness",
    "governance", "cong khai ngan sach", "phong chong tham nhung", "doanh nghiep",
    # being ranked
    "xep hang", "xep thu", "thu hang", "dung thu", "dung dau", "dan dau", "vi tri", "vi thu", "quan quan", "top", "bang xep", "tang hang",
    "tang bac", "tut hang", "tang diem", "bac so voi", "thang hang", "nhom", "cong bo", "danh gia", "ket qua",
    "ranked", "ranks", "ranking", "rank",
    "tang truong", "vuon len", "but pha", "ap chot", "cuoi bang", "tot nghiep",
    # what surveys ask about
    "hoi lo", "tham nhung", "lot tay", "chi phi khong chinh thuc", "xuc tien dau tu", "truc tuyen", "thu tuc",
)  # fmt: skip
_FEWEST_WORDS = 4
# What addresses are built of, whatever they lead to.
_MACHINERY = re.compile(
    r"\d+|[0-9a-f]{16,}|aspx?|html?|php|jsp|do|itemid|id|index|default|pages?|view|details?|chitiet|chi|tiet|nodes?|news|tin|tuc|bai|viet"
    r"|web|portal|home|vi|vn|en|lists?|noidung|post|article|amp|chn|epi"
)


def _pattern() -> re.Pattern[str]:
    names = {strip_marks(alias) for alias in alias_texts()}
    words = sorted(name for name in {*names, *_TOPICS} if len(name) > 2)  # noqa: PLR2004 (two letters are a syllable of anything)
    return re.compile(r"(?<![^\W_])(?:" + "|".join(map(re.escape, words)) + r")(?![^\W_])")


_WORTH = _pattern()


def worth_fetching(title: str, url: str) -> bool:
    """Tell whether a link may lead to figures of an index; one that says nothing of what it leads to may.

    >>> worth_fetching("Hưng Yên tăng 10 bậc PAR INDEX", "https://a.vn/1"), worth_fetching("Dự báo thời tiết ngày mai 24/11", "https://a.vn/1")
    (True, False)
    >>> worth_fetching("", "https://a.gov.vn/pages/tin.aspx?ItemID=1633")
    True
    """
    heading, words = strip_marks(title), _words(url)
    if _WORTH.search(heading) or _WORTH.search(words):
        return True
    said = len(heading.split()) if heading else sum(not _MACHINERY.fullmatch(word) for word in words.split())
    return said < _FEWEST_WORDS


def is_topic(url: str) -> bool:
    """Tell whether a listing is about the field itself, so that all it lists is worth fetching.

    >>> is_topic("https://a.gov.vn/tin/cai-cach-hanh-chinh"), is_topic("https://a.gov.vn/tin-tuc")
    (True, False)
    """
    return bool(_WORTH.search(_words(url)))


def _words(url: str) -> str:
    # A site's name says nothing of the page; the words of its path and query do.
    parts = urlsplit(url)
    return strip_marks(re.sub(r"[-_/.+=&?]", " ", unquote(f"{parts.path} {parts.query}")))
