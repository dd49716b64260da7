"""Places and classes that are not the subject's: of groups, of changes, of years before, among fields, or of nobody.

Each check returns its objection, or None where it has none, so that a dropped figure can say why.
"""

import re

from extract.marked import Marked
from extract.mentions import ComponentName, Delta, IndexName, Rank, Score, SubjectName, Tier, Year
from extract.plausible import GAP

_AMONG_THE = r"\b(?:in|into|among|within|enter(?:ed)?|made|make|join(?:ed)?|reach(?:ed)?)(?: \w+)? the $"
_TIER_CUE = re.compile(
    rf"{_AMONG_THE}|"
    r"(?:thuộc|nằm|trở lại|quay lại|quay về|gia nhập|\bở|\bvào|\bxếp|\bđạt|trong|giữ|lọt|đưa|thuộc số|\bvề|\blên|\bxuống|sang|vẫn|là|chỉ)"
    r"(?:\s+(?:trong|ở|vào|số|top|các|tỉnh|lại|chỉ|được|\d+))*\s*$"
)
_OF_MANY = re.compile(
    r"(?:nhóm|top|tốp|(?:các|\d{1,2}|hai|ba|bốn|năm) (?:tỉnh|địa phương|đơn vị|huyện|sở|cơ quan)|những|vị trí|thứ hạng|người)"
    r"(?:[^,.;()]|, thành){0,40}$"
)
#: "thấp hơn bộ đứng đầu 11,39%"
_LEADER_COMPARED = re.compile(
    r"\b(?:hơn|so với|cách|kém|sau)(?: xa)? (?:bộ|tỉnh|địa phương|đơn vị|huyện|sở|xã|nơi|thành phố)(?: (?:đang|được))? $"
)
_NEW_PART = re.compile(r"[,;.](?!\d)")
_IN_TURN = re.compile(r"\blần lượt (?:là )?$")
_IN_FIRST = re.compile(
    rf"{_AMONG_THE}|"
    r"(?:\bnằm|\bthuộc|\bxếp|có tên|\blọt|\bđứng|quay lại|trở lại|(?:có|góp) mặt|duy trì|\bgiữ)(?: \w+){0,4}\s*$"
)
_TIMES = re.compile(r"\b\d+ lần [^.;,]{0,25}$")
#: "từ 90 điểm trở lên xếp loại Xuất sắc", "dưới 50 điểm: Yếu"
_DEFINES = re.compile(r"(?:trở lên|dưới \d+(?:[.,]\d+)?(?: điểm| ?%)?)(?: thì| được| là| thuộc|:|,)?(?: xếp| đạt| vào| nhóm| loại)*\s*$")
_NOT_IN = re.compile(r"\b(?:không|chưa|ra khỏi|rời|thoát)\b[^.;,]{0,25}$")
_FIELDS_COUNTED = re.compile(
    r"(?:(?<!\d)\d{1,2}|\b(?:một|hai|ba|bốn|năm|sáu|bảy|tám|chín)) (?:nội dung|chỉ số|lĩnh vực|tiêu chí|trục|trụ cột)\b[^.;,]{0,40}$"
)
# "mức tăng cao thứ hai cả nước"
_OF_CHANGES = re.compile(r"\b(?:tăng|giảm|cải thiện|mức tăng|mức giảm)\b[^,.;]{0,25}\b(?:cao|nhiều|mạnh|lớn|nhanh|sâu) $")
_HAVING = re.compile(
    r"(?: (?:tỉnh|địa phương)(?:, thành(?: phố)?)?)? (?:có|về) "
    r"(?:số (?!điểm)|số lượng|tỉ lệ|tỷ lệ|nhiều|quy mô|thu |vốn|dân số|tốc độ|mức (?!độ))"
)
_MORE_GROUPS = re.compile(r"(?:, \d{1,2})* và \d{1,2}\b(?! (?:bậc|điểm))")
_MEMBERS_COUNTED = re.compile(r"\s*(?:có|gồm|:|là)\s*\d+ (?:đơn vị|tỉnh|địa phương|huyện|sở|xã|cơ quan|bộ)\b")
_IN_SOME_FIELDS = re.compile(
    r" (?:ở|về|với|có|tại) (?:\d+(?:/\d+)?|một|hai|ba|bốn|năm|sáu|bảy) (?:nội dung|chỉ số|lĩnh vực|trục|trụ cột|tiêu chí)\b"
)
_MANY_IN_GROUP = re.compile(
    r"(?:đa số|phần lớn|hầu hết|nhiều|(?<!một trong )(?<!trong )(?<!cùng )\b(?:các|những)|"
    r"(?<!trong )(?<!trong số )(?<!/)\b\d{1,2}(?:/\d\d)?) (?:các )?(?:tỉnh|địa phương|huyện|sở|bộ|đơn vị)\b[^.;:]{0,70}$"
)
# "3 năm liền X dẫn đầu", "7 lần dẫn đầu": which years is open.
_STREAK = re.compile(r"\b(?:\d+ lần |(?:\d+|nhiều) năm (?:liền|liên tiếp)[^.;]{0,30})$")
_HAVE = re.compile(r"\)? (?:(?:là|có)(?: (?:chỉ số|điểm số|điểm|kết quả|mức))? )?")
_IS_ONE = re.compile(r"là (?:địa phương|đơn vị|nơi|tỉnh|thành phố|2 đơn vị)[^,.;]{0,30}$")
# "chỉ số Cải cách bộ máy là chỉ số có giá trị trung bình cao nhất": among the fields, not among the provinces.
_OF_MEANS_OR_FIELDS = re.compile(
    r"(?:(?:trung bình|bình quân|trung vị)|\blà (?:một trong (?:những|các) )?(?:chỉ số|lĩnh vực|trụ cột|nội dung|tiêu chí)\b[^,.;]{0,40}) $"
)
# "đạt điểm cao nhất trong 8 trục nội dung"
_AMONG_FIELDS = re.compile(r" trong (?:số |tổng số )?(?:\d+|các) (?:trục|trụ cột|chỉ số|lĩnh vực|nội dung|tiêu chí)\b")
# "Trong các chỉ số thành phần, Tiếp cận đất đai có điểm số cao nhất"
_OF_FIELDS = re.compile(
    r"\btrong (?:số |đó |tổng số )?(?:\d+ |các |những )(?:trục|trụ cột|chỉ số|lĩnh vực|nội dung|tiêu chí)\b[^.;]{0,100}$"
)
#: "điểm cao nhất là Chi phí thời gian 7,9"
_IS = re.compile(r"(?: là|:| thuộc về)?(?: (?:chỉ số|lĩnh vực|nội dung|trụ cột|tiêu chí))?[ ”\"“]*")
_COUNT_BEFORE = re.compile(r"\b\d{1,2} $")
_BEST_SINCE = re.compile(r"(?:index|sipas|pci|papi|dti|ddci|pii|cchc|hành chính|\d{4}|đánh giá|về|minh bạch)\)?\s*$")
_OWN_SCORE = re.compile(
    r"\b(?:có|đạt|được) (?:tổng |số )?(?:điểm(?: số)?|kết quả|chỉ số(?: cchc| par index| sipas| pci| papi| ddci| dti)?)(?: \d{4})?\s*$"
)
_NOT_PLACE = re.compile(r"\d[.,]\d|\bmức\b|\bnhóm\b|tỷ lệ|\btăng\b|\bgiảm\b|hạng")
_WIDEST = re.compile(r" (?:trong )?(?:số )?(?:cả nước|toàn quốc|vùng|khu vực|các tỉnh|\d{1,3} (?:tỉnh|huyện|phường|xã|sở|đơn vị))\b")
_BODIES_RANKED = re.compile(r" (sở|huyện|quận|xã|phường|thị xã)\b")
_YEARS_BEFORE = re.compile(
    r"\bsau (?:nhiều|\d+|một|hai|ba|bốn|năm) năm (?:liền |liên tiếp |liên tục )?(?:chỉ |luôn |đều |cùng )?"
    r"(?:đứng|nằm|ở|giữ|duy trì|xếp|thuộc|lọt|có mặt|trụ)\b[^.;,]{0,25}$"
)
_BOUNDS = re.compile(r" trở (?:xuống|lên|đi|về)\b")
_RANGE_GOES_ON = re.compile(
    r"(?:-|–| đến )(?:vị trí |hạng )?(?:(?:thứ )?\d{1,2}\b(?![.,/]\d)|thứ (?:hai|ba|tư|năm|sáu|bảy|tám|chín|mười)\b)"
)
_RANGE_ENDS = re.compile(r"(?:thứ|hạng|vị trí|số) \d{1,2}(?: đến |-|–)$")
#: So many provinces are ranked, and never so many bodies of one.
_PROVINCES = {60, 61, 63, 64}
_NEGATED = re.compile(r"\b(?:không|chưa|chẳng)(?: còn| được| thể| phải)?(?: là)? $")
_LEADS_IN = re.compile(
    r" (?:ở|về|trong) "
    r"(?!cả nước|toàn quốc|bảng|chỉ số|khu vực|vùng|khối|63|34|các|năm|tỉnh|đồng bằng|nước|toàn|\d|kỳ|đợt|số|danh|xếp|lĩnh|tiêu)"
)
#: What a place is said to be in: "cả nước về tốc độ tăng trưởng".
_ABOUT = re.compile(
    r"(?: (?:trong|cả nước|toàn quốc|toàn tỉnh|toàn vùng|khu vực|vùng|tỉnh|thành phố|miền [^\W\d]+|tây nguyên|đbscl|đông nam bộ))*"
    r" về (?P<what>[^.;,()\d]{3,60})"
)
_OF_RANKING = re.compile(
    r"(?:các|những|cả|tổng|điểm|kết quả|thứ hạng|xếp hạng|chỉ|mức độ|sự hài lòng|hài lòng|cải cách|cchc|năng lực|chất lượng|hiệu quả|"
    r"chuyển đổi|đổi mới|lĩnh vực|nội dung|tiêu chí|trụ cột|thành phần|đích|nhì|nhất|ba|bảng|nhóm|số|môi trường|công tác|việc|mặt|phía|"
    r"đánh giá|bộ chỉ số|hai|cả hai|toàn bộ)\b"
)
#: Quantities of something else: "trồng rừng đạt 10.000 ha"
_AMOUNT = re.compile(r"\d ?(?:ha|tỷ|tỉ|triệu|nghìn|tấn|km|lượt|usd|mw|người|hộ|doanh nghiệp)\b")
# "Thứ nhất, tỉnh cần ...", "thứ hai: công khai ...": the points of a text.
_POINT_OPENS = re.compile(r"(?:^|[.;]|\n)[\s\-–•*+\"“]*$")
_POINT_INSIDE = re.compile(r"[,:]\s*$")
_POINT_GOES_ON = re.compile(r"\s*[,:]\s*\w")


def negation_objection(s: Marked, i: int) -> str | None:
    """Object to a place or tier that the words deny: "không còn dẫn đầu", but not "không chỉ dẫn đầu"."""
    return "the words deny it" if _NEGATED.search(s.before(i, 25)) else None


def change_objection(s: Marked, i: int) -> str | None:
    """Object to a place among those that rose or fell: "mức tăng cao thứ hai cả nước"."""
    return "a place among the changes" if _OF_CHANGES.search(s.before(i, 45)) else None


def past_objection(s: Marked, i: int) -> str | None:
    """Object to a place or tier of the years before: "sau 5 năm liên tiếp đứng trong top 10"."""
    return "it was so for years before" if _YEARS_BEFORE.search(s.before(i, 70)) else None


def range_objection(s: Marked, i: int, *, target: bool) -> str | None:
    """Object to a place that begins a range or bounds one: "xếp từ hạng 15-20", and "đứng thứ 20 trở xuống" where nobody plans it."""
    end = s.mentions[i].end
    is_range = _RANGE_GOES_ON.match(s.text, end) or _RANGE_ENDS.search(s.before(i, 25))
    return "a range of places" if is_range or (not target and _BOUNDS.match(s.text, end)) else None


def body_objection(s: Marked, i: int, subject: SubjectName) -> str | None:
    """Object to a province in a place among departments or districts, and the other way: "xếp thứ 2/20 sở, ban, ngành"."""
    rank = s.mentions[i].payload
    if isinstance(rank, Rank) and rank.of in _PROVINCES and subject.subject_type in {"department", "district"}:
        return f"a place among {rank.of} provinces, and {subject.name} is none"
    ranked = _BODIES_RANKED.match(s.text, s.mentions[i].end)
    return f"it ranks {ranked[1]}, and {subject.name} is a province" if ranked and subject.subject_type == "province" else None


def elsewhere_objection(s: Marked, i: int) -> str | None:
    """Object to a place in what is no index and no field: "đứng thứ 3 cả nước về tốc độ tăng trưởng", behind amounts of something."""
    if not isinstance(s.mentions[i].payload, Rank):
        return None
    end = s.mentions[i].end
    about = _ABOUT.match(s.text, end)
    if about is not None and not _OF_RANKING.match(about["what"]):
        named = any(isinstance(m.payload, IndexName | ComponentName) and end <= m.start < about.end() for m in s.mentions)
        if not named:
            return f"a place in {about['what'].strip()!r}"
    opened = max(s.text.rfind(mark, 0, s.mentions[i].start) for mark in ";.") + 1
    told = any(isinstance(m.payload, IndexName | ComponentName | SubjectName | Score) and opened <= m.start < end for m in s.mentions)
    return "a place by some amount" if opened and not told and _AMOUNT.search(s.text, opened, s.mentions[i].start) else None


def place_objection(s: Marked, i: int, since: int | None, *, has_component: bool) -> str | None:
    """Object to a superlative that speaks of a group, a record or a field, and not of the subject's place."""
    word = s.word(i)
    if s.text.rstrip(' "”').endswith("?"):
        return "it is asked"
    if since is not None and since > s.mentions[i].start:
        return "its subject stands behind it"
    # "Chỉ số thành phần Tính minh bạch đạt cao nhất với 7,2 điểm"
    of_field = has_component and word.endswith(("cao nhất", "thấp nhất")) and not s.names_anyone()
    among = _AMONG_FIELDS.match(s.text, s.mentions[i].end) or (
        (of_field or _OF_FIELDS.search(s.before(i, 120))) and not _WIDEST.match(s.text, s.mentions[i].end)
    )
    heads = i + 1 < len(s.mentions) and isinstance(s.mentions[i + 1].payload, ComponentName) and _IS.fullmatch(s.between(i, i + 1))
    if among or (heads and word.endswith(("cao nhất", "thấp nhất"))) or _OF_MEANS_OR_FIELDS.search(s.before(i, 60)):
        return "the highest or lowest of means or fields"
    counted = word.startswith("vị trí") and _COUNT_BEFORE.search(s.before(i, 4))
    if counted or _LEADER_COMPARED.search(s.before(i, 35)) or (GAP.search(s.before(i, 60)) and not _stands_before_name(s, i)):
        return "places of several, or of those that somebody is compared with"
    if _STREAK.search(s.before(i, 60)) and not s.measured_years():
        return "a streak: of which year is open"
    start = s.mentions[i].start
    placed = max((m.end for m in s.mentions[:i] if isinstance(m.payload, Rank)), default=0)  # "từ vị trí thứ 8 vươn lên dẫn đầu"
    named_before = since is not None and since < start and _OF_MANY.search(s.text, max(since, placed, start - 45), start)
    if named_before or _is_of_listed(s, i) or _makes_group(s, i):
        return None if _IS_ONE.search(s.before(i, 60)) else "one of many"
    if not word.endswith(("cao nhất", "thấp nhất")) or "vị trí" in word:
        return None if has_component or not leads_in_other(s, i) else "a lead in something else"
    before = s.mentions[i - 1].payload if i else None
    if isinstance(before, Score) and s.bracket(i) == s.bracket(i - 1) and _WIDEST.match(s.text, s.mentions[i].end):
        return None  # "đạt 8,54 điểm, cao nhất cả nước"
    stretch = s.text[since or 0 : s.mentions[i].start]
    directly = len(stretch.split()) <= 5 and i > 0 and s.subject(i - 1) is not None  # noqa: PLR2004 ("UBND quận Cầu Giấy cao nhất")
    if _OWN_SCORE.search(stretch):
        return None  # "huyện Lương Tài có điểm số thấp nhất"
    fits = not _NOT_PLACE.search(stretch) and (has_component or directly or bool(_BEST_SINCE.search(stretch)))
    return None if fits else "a highest or lowest of something else"


def _stands_before_name(s: Marked, i: int) -> bool:
    """Tell whether a name stands right behind a place: "khoảng cách giữa đơn vị đứng đầu Quảng Ninh (92,18%) và ..."."""
    return i + 1 < len(s.mentions) and s.subject(i + 1) is not None and not s.between(i, i + 1).strip(" (:")


def _is_of_listed(s: Marked, i: int) -> bool:
    """Tell whether a highest or lowest is of a list: "A 96,27%, B 95,88%, C 95,1% có chỉ số cao nhất", "... lần lượt dẫn đầu"."""
    if _IN_TURN.search(s.before(i, 12)):
        return True
    run = s.mentions[max(0, i - 4) : i]
    pairs = [SubjectName, Score, SubjectName, Score]
    return (
        [type(m.payload) for m in run] == pairs
        and s.text[run[1].end : run[2].start].strip() in {",", "và", ", và"}
        and bool(_HAVE.fullmatch(s.text, run[3].end, s.mentions[i].start))
    )


def _makes_group(s: Marked, i: int) -> bool:
    """Tell whether a highest or lowest says what a group is of: "lọt top 15 địa phương có PAPI cao nhất cả nước"."""
    group = next((n for n in reversed(range(i)) if not isinstance(s.mentions[n].payload, IndexName | Year)), None)
    return group is not None and isinstance(s.mentions[group].payload, Tier) and not _NEW_PART.search(s.between(group, i))


def leads_in_other(s: Marked, i: int) -> bool:
    """Tell whether somebody leads in something else: "dẫn đầu ở tính tác động"."""
    end = s.mentions[i].end
    if not _LEADS_IN.match(s.text, end):
        return False
    following = s.mentions[i + 1] if i + 1 < len(s.mentions) else None
    return following is None or not (isinstance(following.payload, IndexName | ComponentName) and following.start - end <= 20)  # noqa: PLR2004 (" về chỉ số ")


#: Words right before a class, and right behind it, that put nobody into it.
_BEFORE_TIER = (
    (_NOT_IN, "a group that the subject is not in"),
    (_DEFINES, "it says which points make a group"),
    (_TIMES, "so many times: of which years is open"),
    (re.compile(r"(?:cách|từ|(?<!\b20\d)\d) (?:nhóm )?$|\bnhiều$"), "a group that the subject has left"),
)
_BEHIND_TIER = (
    (_HAVING, "the first N by something else"),
    (_MORE_GROUPS, "the first N of several, and whose each is stays open"),
    (_MEMBERS_COUNTED, "it counts the members of a group"),
    (_IN_SOME_FIELDS, "a group in some fields"),
)


def tier_objection(s: Marked, i: int, *, target: bool) -> str | None:
    """Object to a tier that defines a group, or that the subject has left."""
    tier: Tier = s.mentions[i].payload  # type: ignore[assignment]
    before = s.before(i, 40)
    if tier.value.startswith("top ") and not target and not (s.names_anyone() and _IN_FIRST.search(s.before(i, 60))):
        return "the first N, and nothing says that somebody is among them"
    if (objection := next((why for words, why in _BEFORE_TIER if words.search(before)), None)) is not None:
        return objection
    start = s.mentions[i].start
    named = max((m.end for m in s.mentions[:i] if isinstance(m.payload, SubjectName | Rank | Score | Tier)), default=0)
    if _MANY_IN_GROUP.search(s.text, max(named, start - 90), start):
        return "it tells of many where no member is named"
    if _FIELDS_COUNTED.search(s.text, max(named, start - 60), start):
        return "it counts the fields in a group"
    if (objection := next((why for words, why in _BEHIND_TIER if words.match(s.text, s.mentions[i].end)), None)) is not None:
        return objection
    before_it = s.mentions[i - 1].payload if i else None
    fits = (
        (isinstance(before_it, Score | Rank | Delta) and s.between(i - 1, i).strip() in {",", "(", "-", "–"})
        or bool(_TIER_CUE.search(before))
        or s.word(i).startswith(("xếp loại", "xếp hạng", "ở mức", "in ", "into "))
        or (target and before.endswith(("và ", ", ")))
        or (target and i > 0 and isinstance(before_it, IndexName) and not s.between(i - 1, i).strip(" :"))
        or (i > 0 and s.subject(i - 1) is not None and not s.between(i - 1, i).strip())
    )
    return None if fits else "nothing says that the subject is in it"


def counts_points(s: Marked, i: int) -> bool:
    """Tell whether "thứ nhất", "thứ hai" count the points of a text and rank nobody."""
    if s.mentions[i].rule != "rank.bare" or any(char.isdigit() for char in s.word(i)):
        return False
    before = s.before(i, 12)
    opens = _POINT_OPENS.search(before) or (_POINT_INSIDE.search(before) and _POINT_GOES_ON.match(s.text, s.mentions[i].end))
    return bool(opens)
