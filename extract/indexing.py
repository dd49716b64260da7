"""Which index, and which field of it, a value is of."""

import re
from functools import cache

from extract.discourse import Discourse
from extract.marked import Marked
from extract.mentions import ComponentName, Delta, Group, IndexName, Pronoun, Rank, Region, RelativeBase, Score, SubjectName, Tier, Year
from normalize.indices import indices

#: (start, end, code) of a name that counts as an index.
IndexPlace = tuple[int, int, str]

_FORWARD = re.compile(
    r"(?:[^.;,()]{0,30}?)\s(?:về|trong|trên|xếp hạng|thứ hạng|bảng)"
    r"(?: (?:xếp hạng|bảng|bảng xếp hạng|thứ hạng))?(?: chỉ số)?\s*|\s*(?:xếp hạng|thứ hạng)\s*(?:của )?"
    r"|\s(?:(?:cả nước|toàn quốc)\s(?:về\s)?(?:chỉ số\s)?)?"
)
_BEFORE_VALUE = re.compile(
    r"[”\"\s:,()–-]*(?:cấp(?: tỉnh)?|vẫn|đã|hiện|bị|còn|lên|xuống|rất|khá|thấp|cao|"
    r"vươn lên|tụt xuống|rơi xuống|tăng lên|vươn|tụt|rơi|rớt|lùi|nhảy|leo|lại|cũng|là|"
    r"đạt|được|có|ở|nằm|đứng|xếp|chỉ|với|của|trong|cntt|công nghệ thông tin|(?:năm )?20\d{2}|ở mức|đều|thì|từ|tiếp tục|"
    r"was|is|had|at|scored|a full|reached|got|it|"
    r"(?:đến|đối với) [^\d,;.:()]{3,40}(?=[:(])|trên|cả nước|tỉnh|,|\w+ \w+|[\s”\"(,:])*"
)
_BEHIND_VALUE = re.compile(
    r"[^,.;()]{0,45}?(?:về|ở|của|trong|in|for|on)"
    r"(?: (?:tiêu chí|chỉ số(?: thành phần| nội dung)?|lĩnh vực|nội dung|mục))?(?: về)?\s*[“\"]?"
)
_LONGEST_GAP = 45
#: "Chi phí thời gian (PCI)", "Tiếp cận đất đai trong bảng xếp hạng PCI"
_OF_INDEX = re.compile(r"[\s”\"(]*(?:(?:của|trong|thuộc|bảng|xếp hạng|chỉ số|bộ)\s*)*")
_OPENS = re.compile(r"[\s\-–•*+“\"\d.)]*(?:(?:về|chỉ số|chỉ số thành phần|lĩnh vực|trụ cột|nội dung|hạng mục|tiêu chí|điểm) )*[“\"]?")
_COLON = re.compile(r"[”\"]?\s*:")
_SHARED_GAP = re.compile(r"[\s(),]*(?:và\s*)?(?:chỉ số[^.;]{0,60})?[\s(),]*")
_OPENS_PART = re.compile(r"[;,]\s*(?:(?:còn|và|riêng|chỉ số|trong khi|bên cạnh đó|về) )*$")
#: "Cùng với PCI, PAR INDEX năm 2020 đạt 73,25%" is of PAR INDEX alone.
_BESIDE_IT = re.compile(r"(?:cùng với|bên cạnh|ngoài|không chỉ)(?: chỉ số)? $")
_NOT_IN_THE_WAY = (Group, Region, Year, RelativeBase)


def index_places(s: Marked) -> list[IndexPlace]:
    """Return (start, end, code) of the names that count as indices in a sentence; weak ones only beside a figure."""
    named = [(m.start, m.end, m.payload) for m in s.mentions if isinstance(m.payload, IndexName)]
    strong = [(start, end, name.code) for start, end, name in named if not name.weak]
    if not strong:
        return [(start, end, name.code) for start, end, name in named if _weak_counts(s, start, end)]
    # Beside strong names a weak one counts only right behind a place: "đứng đầu khối huyện về CCHC".
    weak = [(start, end, name.code) for start, end, name in named if name.weak and _behind_place(s, start)]
    return sorted(strong + weak)


def _behind_place(s: Marked, start: int) -> bool:
    before = [m for m in s.mentions if m.end <= start and not isinstance(m.payload, Group | Region)]
    return (
        bool(before) and isinstance(before[-1].payload, Rank) and bool(re.fullmatch(r"[^.;,()]{0,40}\bvề ", s.text[before[-1].end : start]))
    )


def _weak_counts(s: Marked, start: int, end: int) -> bool:
    before, after = s.text[max(0, start - 28) : start], s.text[end : end + 60]
    return bool(
        re.search(
            r"(?:chỉ số|điểm|xếp hạng|xếp loại|thứ hạng|bảng|về|hạng|tụt hạng|kết quả(?: công tác| đánh giá| chấm điểm| thực hiện)*)\s*$",
            before,
        )
        or re.match(r"(?: năm)?(?: \d{4})?(?: của [^,.;]{2,40})?[ ,]*(?:xếp|đứng|đạt|hạng|tăng \d|giảm \d|lên|tụt|trở lại)", after)
    )


def indices_of(s: Marked, codes: list[IndexPlace], i: int, state: Discourse, component: ComponentName | None) -> list[str]:
    """Return the index a value is of: named right behind it, else before it, else in mind; several for a shared tier."""
    mention = s.mentions[i]
    forward = next((m for m in s.mentions[i + 1 :] if not isinstance(m.payload, _NOT_IN_THE_WAY)), None)
    if (
        forward is not None
        and isinstance(forward.payload, IndexName)
        and any(forward.start == start for start, _, _ in codes)
        and _FORWARD.fullmatch(s.text, mention.end, forward.start)
    ):
        return [forward.payload.code]
    before = [code for start, _, code in codes if start < mention.start]
    if before:
        found = _index_list(s, codes, mention.start) if isinstance(mention.payload, Tier) else [before[-1]]
    elif codes and (state.index is None or (len({code for _, _, code in codes}) == 1 and not _opens_own_part(s, codes[0], i))):
        found = [codes[0][2]]
    else:
        found = [state.index] if state.index else []
    # "cải cách thủ tục hành chính (giảm 0,52 điểm)" behind a sentence on SIPAS is a field of PAR INDEX.
    owners = component.codes if component is not None else ()
    other = len(owners) == 1 and bool(found) and found[0] != owners[0] and owners[0] in state.codes | {"PAR_INDEX"}
    return [owners[0]] if other else found


def _opens_own_part(s: Marked, place: IndexPlace, i: int) -> bool:
    """Tell whether an index behind a value is of what follows it: "Phú Thọ đạt 89,01%, xếp thứ 9; SIPAS đạt 84,26%"."""
    start, end, _ = place
    opened = _OPENS_PART.search(s.text, max(s.mentions[i].end, start - _LONGEST_GAP), start)
    if opened is None or not any(isinstance(m.payload, Rank | Score | Delta) and m.start > end for m in s.mentions):
        return False
    return opened[0].startswith(";") or any(isinstance(m.payload, SubjectName | Pronoun) for m in s.mentions[:i])


def _index_list(s: Marked, codes: list[IndexPlace], before: int) -> list[str]:
    """Return the indices of a list that share one value: "PAR INDEX, PAPI và ICT INDEX nằm trong nhóm 20"."""
    places = [place for place in codes if place[0] < before]
    shared = [places[-1][2]]
    for (begun, end, code), (start, _, _) in zip(reversed(places[:-1]), reversed(places[1:]), strict=True):
        if not _SHARED_GAP.fullmatch(s.text, end, start) or _BESIDE_IT.search(s.text, max(0, begun - 25), begun):
            break
        shared.append(code)
    return list(dict.fromkeys(reversed(shared)))


def announced(s: Marked, codes: list[IndexPlace]) -> str:
    """Return the index that the next sentence goes on with: the last named, of a list that ends the sentence the first."""
    listed = _index_list(s, codes, len(s.text) + 1)
    return (
        listed[0] if len(listed) > 1 and not any(isinstance(m.payload, Rank | Delta | Score | Tier) for m in s.mentions) else codes[-1][2]
    )


def is_one_of_many(s: Marked, codes: list[IndexPlace], i: int) -> bool:
    """Tell whether the last thing named before a value is a list of several indices, so that its index stays open."""
    at = s.mentions[i].start
    return len(_index_list(s, codes, at)) > 1 if any(start < at for start, _, _ in codes) else False


@cache
def _publishers() -> dict[str, tuple[str, ...]]:
    """Return by the acronym of a publisher ("vcci") the indices that it publishes, the best known first."""
    found: dict[str, tuple[str, ...]] = {}
    for index in indices().values():
        for name in index.publisher.split(", "):
            if name.isupper() and " " not in name and "&" not in name:
                found[name.lower()] = (*found.get(name.lower(), ()), index.code)
    return found


@cache
def _publisher_tells() -> re.Pattern[str]:
    names = "|".join(_publishers())
    return re.compile(rf"\btheo (?P<by>{names})\b|\b(?P<tells>{names})\b[^.;,]{{0,30}}\b(?:công bố|cho biết|đánh giá|xếp hạng|khảo sát)\b")


def published_by(s: Marked) -> tuple[str, ...]:
    """Return the indices of the publisher whose words a sentence without an index gives: "VCCI cho biết tỉnh đạt 67,16 điểm"."""
    if any(isinstance(m.payload, IndexName) for m in s.mentions):
        return ()
    told = _publisher_tells().search(s.text)
    return _publishers()[told["by"] or told["tells"]] if told else ()


def heads_value(s: Marked, i: int) -> bool:
    """Tell whether a component stands right before a value, and so is what the value is of."""
    own = own_index(s, i)
    following = next(
        (
            j
            for j in range(i + 1, len(s.mentions))
            if j != own and not isinstance(s.mentions[j].payload, SubjectName | Pronoun | Group | Year)
        ),
        None,
    )
    if following is None or not isinstance(s.mentions[following].payload, Rank | Delta | Score | Tier):
        return False
    names = [(m.start, m.end) for n, m in enumerate(s.mentions[:following]) if n > i and (n == own or isinstance(m.payload, SubjectName))]
    stops = [s.mentions[i].end, *(at for name in names for at in name), s.mentions[following].start]
    gap = "".join(s.text[start:end] for start, end in zip(stops[::2], stops[1::2], strict=True))
    return len(gap) <= _LONGEST_GAP and bool(_BEFORE_VALUE.fullmatch(gap))


def names_own_index(s: Marked, i: int) -> bool:
    """Tell whether the index of a field stands right behind its name: "Chi phí thời gian PCI 2022 của Bắc Kạn"."""
    return own_index(s, i) == i + 1


def own_index(s: Marked, i: int) -> int | None:
    """Return the mention of a field's index behind its name, the province's name between them or not."""
    field = s.mentions[i].payload
    j = next((j for j in range(i + 1, len(s.mentions)) if not isinstance(s.mentions[j].payload, SubjectName)), None)
    index = s.mentions[j].payload if j is not None else None
    if j is None or not isinstance(field, ComponentName) or not isinstance(index, IndexName) or index.code not in field.codes:
        return None
    return j if all(_OF_INDEX.fullmatch(s.between(k, k + 1)) for k in range(i, j)) else None


def heads_sentence(s: Marked, i: int) -> bool:
    """Tell whether a component opens the sentence as its heading: "Hạ tầng kỹ thuật: ..."."""
    return bool(_OPENS.fullmatch(s.text, 0, s.mentions[i].start) and _COLON.match(s.text, s.mentions[i].end))


def points_of(s: Marked, i: int) -> ComponentName | None:
    """Return the field whose name goes on from a score's unit: "28,71 điểm điều tra xã hội học"."""
    behind = s.mentions[i + 1] if i + 1 < len(s.mentions) else None
    if behind is None or not isinstance(behind.payload, ComponentName) or s.between(i, i + 1).strip():
        return None
    return behind.payload if s.word(i + 1).startswith("điểm") else None


def component_of(s: Marked, i: int, index: str, before: ComponentName | None) -> str | None:
    """Return the field a value is of: named right behind it ("thứ 42 về ..."), else `before` it."""
    points = points_of(s, i)
    if points is not None and index in points.codes:
        return points.name
    behind = next((j for j in range(i + 1, len(s.mentions)) if not isinstance(s.mentions[j].payload, Group | Region)), None)
    if behind is not None:
        payload = s.mentions[behind].payload
        if isinstance(payload, ComponentName) and index in payload.codes and _BEHIND_VALUE.fullmatch(s.between(i, behind)):
            return payload.name
    return before.name if before is not None and index in before.codes else None
