"""Lists of names: "A, B và C", "dẫn đầu là A (70,36 điểm), B (69,75 điểm)", "Nhóm tốt gồm A, B"."""

import re
from itertools import pairwise

from extract.marked import Marked
from extract.mentions import Delta, Mention, Rank, Score, Statistic, SubjectName, Tier

# "dẫn đầu là X", "vị trí thứ 3 của bảng thuộc về X": the subject stands behind the place.
_INVERTED = re.compile(
    r"(?:[\s,]*(?:về|của|trong|ở|toàn|cả|vùng|khu vực|bảng|chỉ số|năm|cấp|khối|nhóm|trên|tại|với|xếp hạng|par|pci|papi|\()[^.;]{0,90}?)?"
    r"[\s,]*(?:vẫn |cũng |tiếp tục |đều |chính |lại |lần lượt |theo thứ tự )*"
    r"(?:(?:là|thuộc về|gọi tên|gồm|có|cho|is|was|were|went to|goes to|belong(?:s|ed) to|to)(?: lần lượt)?(?: (?:là|thuộc))?\s*[:,]?|:)\s*"
    r"(?:các |địa phương |đơn vị |tỉnh |thành phố |bộ |ngành |\d+ đơn vị[: ]*)*[:,]?\s*",
)
_LIST_GAP = re.compile(
    r"\s*(?:,|;|và|and|cùng|cùng với|/|,\s*(?:và|and)|-|–)\s*(?:(?:các|tỉnh|thành phố|tp\.?|huyện|thị xã|mỗi nơi)\s*)*", re.IGNORECASE
)
_SEQUENCE_GAP = re.compile(r"[\s),;.]*(?:và|cùng|cùng với)?[\s(:\d.)]*(?:(?:các|tỉnh|thành phố|huyện|thị xã|là) )*")
_ORDER_OPENS = re.compile(r"[\s):]*(?:là|gồm|như sau)?[\s:]*(?:ubnd )?(?:các |huyện |tỉnh |sở )*")
_ASIDE = re.compile(r" ?\([^()]*\)")
_IN_TIER = re.compile(r"\s*(?:(?:đều|cùng|cũng|nằm|thuộc|ở|đứng|xếp|trong|vào)\s*)*")
_INSERTED = re.compile(r"[\s(,:]*(?:với|đạt|được)?\s*|[\s)]*")
_MEMBERS = re.compile(r"[^.;]{0,70}?(?:\bgồm|\blà|\bcó|:|\()[^.;]{0,40}")
#: "5 đơn vị loại xuất sắc, 12 đơn vị loại tốt, dẫn đầu là Sở Nội vụ": in which of them it is, stays open.
_COUNTED_TIER = re.compile(r"\d (?:đơn vị|sở|huyện|xã|tỉnh|địa phương|cơ quan)(?: \w+){0,2} $")
_OPENS_CLAUSE = re.compile(r"(?:^|[;:])\s*$")
_GROUP_OF = re.compile(r"(?:đơn vị|tỉnh|bộ|huyện|địa phương|nhóm)[^.;]{0,20}$")


# Those that somebody is compared with stand behind these words and have no figure of their own.
_COMPARED = re.compile(
    r"(?:\bsau|\btrên|\bdưới|\bhơn|so với|\bkém(?: xa)?|\bthua(?: xa)?|\bhơn hẳn|\bcách xa|\bgiống|"
    r"\bvượt(?: qua| lên trên)?|qua mặt|soán ngôi(?: đầu(?: bảng)?)?(?: của)?|"
    r"\bthay(?: thế)?(?: (?:cho|vị trí của))?|bỏ xa|trước|bằng|"
    r"láng giềng của|giáp(?: ranh)?(?: với)?|liền kề|(?:sáp nhập|hợp nhất)(?: (?:với|cùng|thêm|của))?|"
    r"cùng với|như|\bcạnh|"
    r"ahead of|behind|above|below|after|than|surpass(?:ed|ing)|overt(?:ook|ak(?:ing|en))|"
    r"beat(?:en|ing)?|dethron(?:ed|ing)|edg(?:ed|ing) out|replac(?:ed|ing))"
    r"(?: (?:tỉnh|thành phố|địa phương|các|đơn vị|cả|bạn))*\s*$"
)


_MERGED = re.compile(r"\b(?:sáp nhập|hợp nhất)\b[^,;.]*$")
_TELLS = re.compile(r" (?:đạt|xếp|đứng|được|vươn|giữ|tăng|giảm)\b")


def is_compared(s: Marked, i: int) -> bool:
    """Tell whether the words before a name compare somebody with it."""
    return bool(_COMPARED.search(s.before(i, 40)))


def compared_names(s: Marked) -> frozenset[int]:
    """Return the names that others are compared with: "chỉ trên Bình Thuận, Cao Bằng"."""
    first = [i for i in range(len(s.mentions)) if s.subject(i) is not None and is_compared(s, i)]
    return frozenset(n for i in first for n in (*_without_own(s, name_list(s, i)), *_listed_with_asides(s, i)))


def _without_own(s: Marked, names: list[int]) -> list[int]:
    """Return a list of compared names without the one that only stands behind it: "Xếp trên Đà Nẵng, Cà Mau đạt 77,71 điểm"."""
    if any(s.subject(k) is not None for k in range(names[0])) and _MERGED.search(s.before(names[0], 40)):
        return names  # "TP.HCM sau khi sáp nhập Bình Dương, Bà Rịa - Vũng Tàu đạt 45,12 điểm"
    is_own = len(names) > 1 and s.between(names[-2], names[-1]).strip() == "," and _TELLS.match(s.text, s.mentions[names[-1]].end)
    return names[:-1] if is_own else names


def _listed_with_asides(s: Marked, i: int) -> list[int]:
    """Return the names of the list that begins at `i`, each with its figures in brackets: "sau A (thứ 4) và B (thứ 14)"."""
    names = [i]
    for j in range(i + 1, len(s.mentions)):
        if s.subject(j) is None or s.bracket(j):
            continue
        gap = s.between(names[-1], j)
        aside = _ASIDE.match(gap)
        if aside is None or not _LIST_GAP.fullmatch(gap, aside.end()) or not _ASIDE.match(s.text, s.mentions[j].end):
            break
        names.append(j)
    return names


def name_list(s: Marked, i: int) -> list[int]:
    """Return the mentions of the list of names that begins at `i`."""
    names = [i]
    for j in range(i + 1, len(s.mentions)):
        gap = s.between(names[-1], j)
        if s.subject(j) is None or not _LIST_GAP.fullmatch(gap) or (";" in gap and _is_valued(s, j)) or not _of_one_kind(s, i, j):
            break
        names.append(j)
    return names


def _of_one_kind(s: Marked, i: int, j: int) -> bool:
    """Tell whether two names can be members of one list: a province and a body of it cannot."""
    first, second = s.subject(i), s.subject(j)
    return first is not None and second is not None and (first.subject_type == "province") == (second.subject_type == "province")


def _is_last(mention: Mention) -> bool:
    return isinstance(mention.payload, Rank) and mention.payload.from_end is not None


def _is_valued(s: Marked, i: int) -> bool:
    """Tell whether a figure of its own follows a name, so that a semicolon before it ends a list."""
    return i + 1 < len(s.mentions) and isinstance(s.mentions[i + 1].payload, Rank | Delta | Score | Tier)


def sequence(s: Marked, i: int) -> list[int]:
    """Return the names of an order list that begins at `i`, figures between them allowed."""
    names = [i]
    last = s.mentions[i].end
    for k in range(i + 1, len(s.mentions)):
        mention = s.mentions[k]
        gap = s.text[last : mention.start]
        if s.subject(k) is not None:
            if not _SEQUENCE_GAP.fullmatch(gap) or _has_own_place(s, k) or (";" in gap and _has_own_tier(s, k)):
                break
            names.append(k)
        elif _is_last(mention) or _is_of_next(s, k) or not (isinstance(mention.payload, Score | Rank) and _INSERTED.fullmatch(gap)):
            break
        last = mention.end
    return names


def _is_of_next(s: Marked, i: int) -> bool:
    """Tell whether a place stands right before the next name: "dẫn đầu là A 95,42 điểm, thứ hai B 95,01 điểm"."""
    next_named = i + 1 < len(s.mentions) and s.subject(i + 1) is not None
    return isinstance(s.mentions[i].payload, Rank) and next_named and s.between(i, i + 1).strip() in {"", "là", "thuộc về"}


def _has_own_place(s: Marked, i: int) -> bool:
    """Tell whether a name begins a clause of its own: "dẫn đầu là A với 77,81 điểm; B đứng thứ hai"."""
    return i + 1 < len(s.mentions) and isinstance(s.mentions[i + 1].payload, Rank) and not s.between(i, i + 1).strip()


def _has_own_tier(s: Marked, i: int) -> bool:
    """Tell whether a name, with its figures in brackets, is put into a tier by itself: "gồm A, B; C (49,90 điểm) thuộc nhóm Thấp"."""
    tier = next((m for m in s.mentions[i + 1 :] if s.depth[m.start] == s.depth[s.mentions[i].start]), None)
    if tier is None or not isinstance(tier.payload, Tier):
        return False
    return bool(_IN_TIER.fullmatch(_ASIDE.sub(" ", s.text[s.mentions[i].end : tier.start])))


def subjects_behind(s: Marked, i: int, end: int | None = None) -> list[int]:
    """Return the subjects that the place `i` names behind itself, or behind `end`; none where it stands after its subject."""
    aside = s.bracket(i)
    if aside and any(s.subject(k) is not None for k in range(i) if s.mentions[k].start < aside):
        return []  # "Đồng Tháp dẫn đầu (hạng 3 cả nước), kế đến là Bến Tre"
    for j in range(i + 1, len(s.mentions)):
        payload = s.mentions[j].payload
        if isinstance(payload, SubjectName):
            if i and s.subject(i - 1) is not None and not s.between(i - 1, i).strip() and _has_own_place(s, j):
                return []  # "Nghệ An đứng thứ 23, khu vực còn có Hà Tĩnh đứng thứ 18"
            return sequence(s, j) if _INVERTED.fullmatch(s.text, end or s.mentions[i].end, s.mentions[j].start) else []
        if isinstance(payload, Rank | Delta | Score | Tier | Statistic):
            return []
    return []


def listed_behind(s: Marked, i: int) -> list[int]:
    """Return the names that follow the words "theo thứ tự từ cao xuống thấp", in their order."""
    following = i + 1
    if following < len(s.mentions) and s.subject(following) is not None and _ORDER_OPENS.fullmatch(s.between(i, following)):
        return sequence(s, following)
    return []


def bracketed_list(s: Marked, i: int) -> list[int]:
    """Return the names of a list right before the tier `i`, each with its figures in brackets.

    "A (61,60 điểm) và B (62,31 điểm) thuộc nhóm khá"
    """
    outside = [j for j in range(i) if s.subject(j) is not None and s.bracket(j) == s.bracket(i)]
    names: list[int] = []
    for j in reversed(outside):
        end = s.mentions[names[0]].start if names else s.mentions[i].start
        gap = _ASIDE.sub(" ", s.text[s.mentions[j].end : end])
        if not (_LIST_GAP if names else _IN_TIER).fullmatch(gap) or (";" in gap and _opened_by_tier(s, j)):
            break
        names.insert(0, j)
    return names if any(_ASIDE.search(s.between(j, k)) for j, k in pairwise(names)) else []


def _opened_by_tier(s: Marked, i: int) -> bool:
    """Tell whether a name is in a list that a tier before it has opened."""
    return any(isinstance(m.payload, Tier) for m in s.mentions[:i])


def members(s: Marked, i: int, *, has_subject: bool) -> list[int]:
    """Return the subjects that the tier `i` lists: "Nhóm A gồm: X; Y", "hai đơn vị ở nhóm Rất tốt là X và Y"."""
    for j in range(i + 1, len(s.mentions)):
        payload = s.mentions[j].payload
        if isinstance(payload, SubjectName):
            gap = s.between(i, j)
            if has_subject and "gồm" not in gap and not _GROUP_OF.search(s.before(i, 40)) and not _OPENS_CLAUSE.search(s.before(i, 3)):
                return []
            return sequence(s, j) if _MEMBERS.fullmatch(gap) else []
        bound = isinstance(payload, Score) and payload.qualifier == "at_least"  # "Nhóm A (từ 90% trở lên) chỉ có Quảng Ninh"
        counted = s.is_superlative(j) and _COUNTED_TIER.search(s.before(i, 20)) and s.before(j, 2) == ", "
        if (isinstance(payload, Rank | Delta | Score | Tier) and not s.is_superlative(j) and not bound) or counted:
            return []
    return []
