"""Fields and names that no list holds: their figures are nobody's, rather than those of the field before.

Each check tells whether the words around a value name something that was not read.
"""

import re

from extract.marked import Marked
from extract.mentions import ComponentName, IndexName, Mention, Pronoun, Rank, RelativeBase, Score, SubjectName, Year
from extract.rules.patterns import FIELD, LOWER, UPPER

_FIELD_WORD = re.compile(
    r"(?<!\d )\b(?:trụ cột|lĩnh vực|chỉ số thành phần|chỉ số nội dung|nội dung|tiêu chí|"
    r"hài lòng (?:về|đối với)(?! (?:sự|các dịch vụ|chất lượng)\b)) [“\"]?[^\W\d]"
)
_FIELDS_OPEN = re.compile(rf"\b{FIELD}\b[^.:;]{{0,60}}(?::|\bgồm)")
_WORDS_OF_A_NAME = 2
#: A name of two words or more, each with a capital, that opens a part of the sentence.
_NAME_BEFORE = re.compile(
    r"(?:^|[,;:(.]|\b(?:và|[Tt]rong đó|gồm|là))\s*"
    rf"(?P<name>[{UPPER}][{LOWER}]+(?: [{UPPER}][{LOWER}]+){{1,4}})(?: (?:đạt|được|với|là|có|chỉ đạt))?[\s:(]*$"
)
#: "Việt Nam xếp thứ 44/132 quốc gia", "Vietnam ranked 44th"
_NATION = re.compile(r"\b(?:việt nam|vietnam|viet nam|the country) $")
_HEADING = re.compile(
    r"[\s\-–•*+\d.)]*(?!cụ thể|trong đó|theo đó|kết quả|như sau|ngoài ra|đặc biệt|riêng|tổng|chung|đối với|xếp|nhóm|top|tốp|khối|các)"
    r"[^:;.,()\d]{4,50}:\s"
)
#: A part of a sentence with so many words before its value names a field of its own.
_WORDS_OF_A_FIELD = 4
_ASIDE = re.compile(r"\([^()]*\)")
_HEADS_VALUE = re.compile(r"\s*(?:,|;|và|, và)(?P<words>(?:,?\s+[^\W\d_]+){1,14})[\s:]*")
#: What stands between two values of one field.
_OF_SAME_FIELD = re.compile(
    r"(?:[\s,]|\b(?:đạt|được|tăng|giảm|lên|xuống|tụt|vươn|còn|là|với|xếp|đứng|ở|vị trí|hạng|thứ|so|năm|trước|và|điểm|bậc|từ|chỉ|vẫn|cũng|"
    r"thuộc|nhóm|cả nước|toàn quốc|trong|các|tỉnh|số|tổng|tương đương|cao|thấp|nhất|hơn|nhưng|mức|đã|sau|khi|qua|riêng|thì|có|của|này|"
    r"trung bình|giá trị|khu vực|vùng|mới|rồi|đến|nay)\b)*"
)


def is_part(s: Marked, i: int) -> bool:
    """Tell whether the score `i` is a block of the one before its brackets: "79,21/100 điểm (50,5 điểm ...; 28,71 điểm ...)"."""
    bracket = s.bracket(i)
    score = s.mentions[i].payload
    outer = next((m for m in reversed(s.mentions[:i]) if s.depth[m.start] != bracket), None)
    if not bracket or not isinstance(score, Score) or outer is None or not isinstance(outer.payload, Score):
        return False
    same = [m for m in s.mentions if s.depth[m.start] == bracket]
    named = any(
        isinstance(m.payload, SubjectName | Year | RelativeBase) or (isinstance(m.payload, IndexName) and not m.payload.weak) for m in same
    )
    return (
        not named
        and not s.text[outer.end : bracket - 1].removesuffix("(").replace("điểm", "").replace("chuẩn", "").strip()
        and len([m for m in same if isinstance(m.payload, Score)]) > 1
    )


def names_unknown_field(s: Marked, i: int) -> bool:
    """Tell whether the words right before a value name a field that no list holds: "trụ cột thể chế xếp thứ 12"."""
    start = s.mentions[i].start
    opened = max(s.text.rfind(mark, 0, start) for mark in ";,.(:") + 1
    field = _FIELD_WORD.search(s.text, opened, start)
    return field is not None and not any(
        isinstance(m.payload, IndexName | ComponentName) for m in s.mentions if field.start() <= m.start < start
    )


def follows_unknown_name(s: Marked, i: int) -> bool:
    """Tell whether a name that no gazetteer holds stands right before a figure: "Hợp Thành 94,37 điểm", "..., Cát Tiên tụt 5 bậc"."""
    start = s.mentions[i].start
    if _NATION.search(s.text, max(0, start - 30), start):
        return not any(m.end >= start - 1 and isinstance(m.payload, SubjectName) for m in s.mentions[:i])  # "Ngân hàng Nhà nước Việt Nam"
    name = _NAME_BEFORE.search(s.raw, max(0, start - 60), start)
    return name is not None and not any(m.start < name.end("name") and name.start("name") < m.end for m in s.mentions)


def lists_unknown_field(s: Marked, i: int) -> bool:
    """Tell whether a value of a list of fields stands behind words of its own: "4 chỉ số thành phần: giảm thiểu rủi ro 7,2 điểm"."""
    start = s.mentions[i].start
    opened = max((m.end() for m in _FIELDS_OPEN.finditer(s.text, 0, start)), default=None)
    if opened is None or any(isinstance(m.payload, IndexName | SubjectName | Pronoun) and opened <= m.start < start for m in s.mentions):
        return False
    part = max(opened, *(s.text.rfind(mark, 0, start) + 1 for mark in ";,("))
    named = any(part <= m.start < start for m in s.mentions)
    return not named and len(re.findall(r"[^\W\d_]+", s.text[part:start])) >= _WORDS_OF_A_NAME


def opens_with_unknown_field(s: Marked) -> bool:
    """Tell whether a sentence of a list by fields has a heading that no list holds: "Dịch vụ công trực tuyến: A xếp thứ 4"."""
    heading = _HEADING.match(s.text)
    return heading is not None and not any(m.start < heading.end() for m in s.mentions)


def field_changed(s: Marked, i: int, component: str) -> bool:
    """Tell whether a new part of the sentence, with words of its own, lies between a field and a value behind a semicolon."""
    start = s.mentions[i].start
    fields = [m for m in s.mentions[:i] if isinstance(m.payload, ComponentName) and m.payload.name == component]
    if not fields:
        return False
    if opened := s.bracket(i):
        return _names_before_bracket(s, opened - 1, fields[-1])
    stop = s.text.rfind(";", fields[-1].end, start)
    if stop >= 0 and len(re.findall(r"[^\W\d_]+", s.text[stop:start])) >= _WORDS_OF_A_FIELD:
        return True
    return _names_more(s, i, fields[-1])


def _names_before_bracket(s: Marked, opened: int, field: Mention) -> bool:
    """Tell whether words of their own stand between the brackets behind a field and the next ones: "thể chế (94%), TTHC (97%)"."""
    closed = s.text.rfind(")", field.end, opened) + 1
    heading = _HEADS_VALUE.fullmatch(s.text, closed, opened) if closed else None
    named = any(closed <= m.start < opened for m in s.mentions)
    return heading is not None and not named and not _OF_SAME_FIELD.fullmatch(heading["words"])


def _names_more(s: Marked, i: int, field: Mention) -> bool:
    """Tell whether words of their own head a second value of the kind behind a field: "công chức 82,9%, kết quả 83,3%"."""
    here = s.mentions
    kind = type(here[i].payload)
    before = next((m for m in reversed(here[:i]) if isinstance(m.payload, kind) and not s.depth[m.start]), None)
    if kind not in {Score, Rank} or before is None or before.start < field.end:
        return False
    gap = _ASIDE.sub(lambda aside: " " * len(aside[0]), s.text)[before.end : here[i].start]
    for mention in here[:i]:
        if mention.start >= before.end:
            gap = gap.replace(s.text[mention.start : mention.end], " ")
    heading = _HEADS_VALUE.fullmatch(gap)
    return heading is not None and not _OF_SAME_FIELD.fullmatch(heading["words"])
