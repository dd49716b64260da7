"""Ranks: "xếp thứ 12/63", "hạng 32", "đứng thứ bẩy", "vị trí thứ 4 trên tổng số 63 tỉnh", "đứng đầu", "đội sổ"."""

import re
from collections.abc import Callable

from extract.mentions import Rank, Rule, rule
from extract.rules.patterns import BEHIND_PLACE_OF_ALL, COUNT, PLACE_UNIT, RANKED, WORD_NUMBER
from normalize.numbers import parse_count

_OF = rf"""(?:
    \s?/\s?(?:tổng\ số\ )?(?P<of>\d{{1,3}})\b
  | \ (?:trong|trên|trong\ tổng|trên\ tổng)(?:\ tổng)?(?:\ số)?\ (?P<among>\d{{1,3}})(?=\ {RANKED})
)?"""
_NOUN = r"(?:thứ\ hạng|xếp\ hạng|vị\ trí|vị\ thứ|vị\ thế|thứ\ bậc|hạng|ngôi)"
#: The district Ea H'leo climbs nowhere.
_VERB = r"""(?<!['’])(?:xếp|đứng|lên|xuống|chiếm|giữ|về|nắm|vươn|tụt|rơi|leo|nhảy|tăng|giảm|đạt|tiến|lùi|vào|còn|ở|trở\ lại)"""
#: The largest ranking there is: 200 and more communes of one province.
_MOST = 400


def _rank(match: re.Match[str]) -> Rank | None:
    found = match.groupdict()
    place = parse_count(found["place"] or found["ordinal"])
    of = found.get("of") or found.get("among")
    if not 1 <= place <= _MOST or (of and not place <= int(of) <= _MOST):
        return None
    return Rank(place, int(of) if of else None)


def _behind(words: str, reach: int) -> Callable[[re.Match[str]], Rank | None]:
    """Make the reader of a number that is a place only behind `words`, at most `reach` characters before it."""
    cue = re.compile(words)

    def read(match: re.Match[str]) -> Rank | None:
        return _rank(match) if cue.search(match.string, max(0, match.start() - reach), match.start()) else None

    return read


_NOUN_FROM = r"(?:(?:hạng|vị trí|thứ bậc)[^.;,]{0,25} |\d (?:bậc|hạng)(?: \(|, ))từ "
_INDEX = r"(?i:\b(?:pci|papi|sipas|dti|pgi|pii|par[ -]?index|ict index))"
_INDEX_FROM = rf"{_INDEX} (?:(?:lại|đã|cũng|tăng|giảm|tụt|nhảy|vươn) )?từ "
_moved = _behind(
    rf"(?:{_NOUN_FROM}|{_INDEX_FROM}|từ (?:(?:vị trí |hạng )?(?:thứ |số )|vị trí |hạng ))\d{{1,2}}(?: \([^)]*\))? (?:tụt |tăng |giảm |vươn )?$|(?:^|[(;:] )(?:vị trí|hạng|thứ) \d{{1,2}} $",
    60,
)
_from_bare = _behind(rf"(?:{_NOUN_FROM}|{_INDEX_FROM})$", 40)
_also_of = _behind(BEHIND_PLACE_OF_ALL, 70)
_behind_score = _behind(r"\d[.,]\d+(?: điểm| ?%) \($", 20)
_again = _behind(r"\b(?:hạng|thứ|vị trí) \d{1,2}\b[^.]{0,120}$", 140)
_other_year_of_all = _behind(r"(?:hạng|thứ|vị trí|xếp)[^.;\d]{0,30}\d{1,2}\s?/\s?\d{2} \((?:năm )?20\d\d:? (?:là )?$", 75)
_in_years = _behind(
    r"(?:thứ|hạng) \d{1,2}(?:/63)?[;,] (?:(?:năm )?20\d\d(?::| đứng| xếp| hạng)? \d{1,2}[;,] )*(?:năm )?20\d\d(?::| đứng| xếp| hạng) $", 160
)
_in_series = _behind(r"(?:vị trí|hạng|thứ|là)(?: thứ)? \d{1,2} \((?:năm )?20\d\d\)", 160)


def _first(_: re.Match[str]) -> Rank:
    return Rank(1, superlative=True)


def _last(_: re.Match[str]) -> Rank:
    return Rank(None, from_end=1, superlative=True)


RULES: tuple[Rule, ...] = (
    # "hạng 32", "vị trí thứ 4", "xếp hạng thứ 14", "vị trí số một", "ở vị thứ 45/63"
    rule(
        "rank.noun",
        rf"(?:\b{_VERB}\ (?:ở\ |vào\ )?)?\b{_NOUN}(?:\ hạng)?:?(?:\ (?P<place>\d{{1,3}}\b(?![.,]\d)(?!\ (?:tỉnh|thành\ phố|địa\ phương|đơn\ vị))|nhất\b|nhì\b|ba\b)|\ (?:thứ|số)\ (?P<ordinal>{COUNT})){_OF}(?!\s?[/%])(?!\ ?(?:điểm|bậc|cán\ bộ))",
        _rank,
    ),
    # "xếp thứ 12/63", "đứng thứ bẩy", "lên thứ 14/63", "xuống thứ 5"
    rule("rank.verb", rf"\b{_VERB}\ (?:ở\ |hạng\ |xếp\ )*thứ\ (?P<place>{COUNT}){_OF}(?!\ liên\ tiếp)", _rank),
    # without "thứ": "xếp 12/63", "hạng 3/13", "đứng 15/63 tỉnh"
    rule(
        "rank.of",
        r"\b(?:xếp|đứng|hạng|vị\ trí|thứ\ hạng|(?:rơi|tụt|vươn|nhảy)\ (?:xuống|lên))(?:\s?:)?\ (?P<place>\d{1,3})\s?/\s?(?P<of>\d{2,3})\b",
        _rank,
    ),
    # without "thứ", told by the change behind or alone in brackets: "xếp 57 (giảm 28 bậc)", "90,4% (xếp 38)"
    rule(
        "rank.changed",
        rf"(?:(?<=\()|(?<=điểm;\ )|(?<=điểm,\ )|(?<=%;\ )|(?<=%,\ ))xếp\ (?P<ordinal>\d{{1,2}})(?=\)|,\ (?:tăng|giảm|tụt)\ \d{{1,2}}\ {PLACE_UNIT})|\bxếp\ (?P<place>\d{{1,2}})(?=\ \((?:(?:tăng|giảm|tụt|lên|xuống)\ |[+\-–▲▼])\d{{1,2}}\ {PLACE_UNIT}\b)",
        _rank,
    ),
    # again, where a place was told before: "PAR INDEX xếp hạng 34, PAPI xếp hạng 18 và PCI xếp 23"
    rule("rank.again", r"\bxếp\ (?P<place>\d{1,2})(?=[,;)]|\ và\b|\.?\s*$)", _again),
    # and that of another year behind it: "DTI xếp 15 (năm 2022 xếp 23)"
    rule("rank.year_by_year", r"\bxếp\ (?P<place>\d{1,2})(?=\ \((?:năm\ )?20\d\d\ xếp\ \d)", _rank),
    rule("rank.year_in_brackets", r"(?<=\d\ )xếp\ (?P<place>\d{1,2})(?=\))", _behind(r"\bxếp \d{1,2} \((?:năm )?20\d\d $", 25)),
    # behind its noun: "thứ hạng PAPI năm 2021 là 46, năm 2020 là 50"
    rule(
        "rank.is",
        r"(?<=\blà\ )(?P<place>\d{1,2})(?=[,;)]|\.(?!\d)|\ \((?:năm\ )?20\d\d\)|\s*$)(?!,\d)",
        _behind(r"\b(?:thứ hạng|xếp hạng|vị trí|thứ bậc)\b(?:(?!điểm|%)[^.;]){0,110}\blà (?:\d{1,2}, (?:năm \d{4} )?là )?$", 140),
    ),
    # alone: "thứ 3 của Bắc Trung Bộ", "(thứ 4)", "thứ 26 về"; but not "lần thứ 3", "nhóm thứ hai", "thứ bảy tuần này"
    rule(
        "rank.bare",
        rf"(?<!lần\ )(?<!năm\ )(?<!kỳ\ )(?<!khóa\ )(?<!ngày\ )(?<!sáng\ )(?<!chiều\ )(?<!tối\ )(?<!nhóm\ )(?<!Nhóm\ )(?<!tốp\ )(?<!trụ\ cột\ )(?<!tiêu\ chí\ )(?<!nội\ dung\ )\bthứ\ (?P<place>\d{{1,3}}|{WORD_NUMBER}){_OF}(?!\ (?:liên\ tiếp|trưởng|\d{{1,4}}\b(?![.,]\d|\ ?(?:%|điểm))|tuần))(?!,?\ ?(?:ngày\ )?\d{{1,2}}[/-]\d)",
        _rank,
    ),
    # "thứ hạng giảm từ 19 xuống 22": the noun stands before the verb
    rule("rank.from_bare", r"(?<=\btừ\ )(?P<place>\d{1,2})(?=\ (?:xuống|lên)\ \d{1,2}\b(?![.,]\d)(?!\ ?(?:điểm|%|bậc)))", _from_bare),
    # the second place of "từ thứ 3 xuống 15": its noun is the first one's
    rule(
        "rank.moved",
        r"\b(?:xuống|lên)\ (?P<place>\d{1,2})\b(?:\s?/\s?(?P<of>63|64|34)\b|(?![.,]\d)(?!\s?[/%])(?!\ (?:bậc|điểm|hạng|tỉnh)))",
        _moved,
    ),
    # the number of an enumeration, a place where the list is a ranking: "(1) Sở Tài chính 90,05%", "top 10: 1. Quảng Ninh"
    rule(
        "rank.enumerated",
        r"(?:(?<![\d\w])\((?P<place>\d{1,2})\)|(?<=[;:]\ )(?P<number>\d{1,2})\.)(?=\ [^\W\d_])",
        lambda m: Rank(int(m["place"] or m["number"]), enumerated=True),
    ),
    # alone in brackets or behind a colon, "(12/63)": only with the number of provinces that a year can have
    rule("rank.bracket", r"(?:(?<=\()|(?<=:\ ))(?P<place>\d{1,2})\s?/\s?(?P<of>63|64|34)(?=\)|\s*(?:\(|[;,]|\.(?!\d)|$))", _rank),
    # of another year, behind a place of as many: "hạng 23/61 (năm 2021: 45/60)"
    rule("rank.other_year", r"(?<=[\d:à]\ )(?P<place>\d{1,2})\s?/\s?(?P<of>\d{2})(?=\))", _other_year_of_all),
    # behind a score, of any number: "87,10 điểm (3/9)"
    rule("rank.bracket_behind", r"(?<=\()(?P<place>\d{1,3})\s?/\s?(?P<of>\d{1,3})(?=\))", _behind_score),
    # a series: "từ vị trí 31 (2016), tăng lên 28 (2017), 25 (2018)"
    rule("rank.series", r"(?:(?<=,\ )|(?<=lên\ )|(?<=xuống\ )|(?<=và\ ))(?P<place>\d{1,2})(?=\ \((?:năm\ )?20\d\d\))", _in_series),
    # right behind the index: "Năm 2023: PCI 31/63; PAPI 26/63"
    rule(
        "rank.behind_index",
        r"(?<=\ )(?P<place>\d{1,2})/(?P<of>63|64|34)(?=[,;)]|\.(?!\d)|\s*$)",
        _behind(rf"{_INDEX}(?: năm 20\d\d)?:? $", 30),
    ),
    # a series that has lost its noun: "năm 2016 đứng thứ 62; 2017: 59; 2018: 61"
    rule("rank.year_and_place", r"(?<=[\d:gpn]\ )(?P<place>\d{1,2})(?=[,;)]|\.(?!\d)|\s*$|\ với\b)", _in_years),
    # the second place of "52/63 tỉnh, thành và 12/13 tỉnh, thành ĐBSCL"
    rule(
        "rank.also_of", r"(?:(?<=\bvà\ )|(?<=,\ )|(?<=;\ ))(?P<place>\d{1,2})\s?/\s?(?P<of>\d{1,2})(?=\ (?:tỉnh|địa\ phương)\b)", _also_of
    ),
    # told by the change behind: "xã hội số 45/63 (tăng 6 bậc)"
    rule(
        "rank.of_changed",
        rf"(?<=[^\W\d_]\ )(?P<place>\d{{1,2}})\s?/\s?(?P<of>63|64|34)(?=\ \((?:(?:tăng|giảm|tụt|lên|xuống)\ |[+\-–▲▼])\d{{1,2}}\ {PLACE_UNIT}\b)",
        _rank,
    ),
    # told with "là": "năm 2020 là 35/63"
    rule(
        "rank.told",
        r"(?:(?<=\blà\ )|(?<=\bvà\ )|(?<=,\ ))(?P<place>\d{1,2})\s?/\s?(?P<of>63|64|34)\b(?=[.,;)]|\s*$|\ (?:và|về|tăng|giảm|năm|vào\ năm|trong\ năm)\b)",
        _rank,
    ),
    # a list in order gives each name its place: "(theo thứ tự từ cao xuống thấp): A, B, C"
    rule(
        "rank.ordered",
        r"\b(?:theo\ thứ\ tự|lần\ lượt|xếp)\ (?:từ\ )?(?:điểm\ )?cao\ (?:xuống|đến)\ thấp\b|\btheo\ thứ\ tự\ giảm\ dần\b",
        _first,
    ),
    rule("rank.second", r"(?:\b(?:vị\ trí|ngôi|ngôi\ vị)\ )?\bá\ quân\b|\b(?:xếp|đứng|về)\ nhì\b", lambda _: Rank(2, superlative=True)),
    rule("rank.last_but_one", r"\báp\ chót\b|\bkế\ chót\b", lambda _: Rank(None, from_end=2, superlative=True)),
    rule(
        "rank.last",
        r"(?<!từ\ )(?:\b(?:xếp|đứng|nằm|ở|rơi\ xuống|đứng\ ở|xếp\ ở)\ (?:vị\ trí\ )?)?(?<!từ\ )(?<!từ\ vị\ trí\ )\b(?:cuối\ bảng|đội\ sổ|cuối\ cùng(?=\ (?:bảng|cả\ nước|là|trong))|chót\ bảng|bét\ bảng)\b"
        r"|\b(?:xếp|đứng|nằm\ ở|ở)\ (?:vị\ trí\ )?(?:cuối\ cùng|cuối|chót)\b"
        r"|(?<!mức\ )(?<!tăng\ )(?<!giảm\ )(?<!ít\ )\bthấp\ nhất\b(?!\ (?:từ|(?:là\ )?vào\ năm|là\ năm|trong\ (?:\d+\ (?:năm|kỳ|lần|đợt)|nhiều|vòng|mấy)))",
        _last,
    ),
    rule(
        "rank.first",
        r"\b(?:chiếm|giữ|nắm|giành|đứng|ở|giữ\ vững)\ (?:được\ )?(?:ở\ )?(?:vị\ trí|ngôi|ngôi\ vị)\ (?:quán\ quân|dẫn\ đầu|đứng\ đầu|đầu\ bảng|đầu|số\ một|cao\ nhất)\b"
        r"|\b(?:vị\ trí|ngôi)\ (?:quán\ quân|dẫn\ đầu|đứng\ đầu|đầu\ bảng)\b"
        r"|(?<!người\ )\b(?:đứng\ đầu|dẫn\ đầu|xếp\ đầu|đứng\ nhất|xếp\ nhất|quán\ quân|ngôi\ đầu|lên\ ngôi)\b(?:\ bảng\b)?"
        r"|\b(?:đầu|nhất)\ bảng\b|\bxếp\ hạng\ nhất\b"
        r"|(?<!mức\ )(?<!tăng\ )(?<!giảm\ )(?<!vị\ trí\ )(?<!thứ\ hạng\ )(?<!trách\ nhiệm\ )\bcao\ nhất\b(?!\ (?:từ|(?:là\ )?vào\ năm|là\ năm|trong\ (?:\d+\ (?:năm|kỳ|lần|đợt)|nhiều|vòng|mấy)|mà|có\ được))",
        _first,
    ),
)
