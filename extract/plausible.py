"""What is not a claim: figures of other topics, counts, group thresholds, figures of speech.

Each check returns its objection, or None where it has none, so that a dropped figure can say why.
"""

import re

from extract.indexing import points_of
from extract.marked import Marked
from extract.mentions import ComponentName, Delta, IndexName, Mention, Pronoun, Rank, RelativeBase, Score, SubjectName, Tier, Year
from extract.rules.patterns import FIELD, LOWER, UPPER

#: Words of other news: what is ranked or counted beside them is not the index.
TOPIC_DRIFT = re.compile(
    r"grdp|tổng sản phẩm|quy mô kinh tế|tăng trưởng kinh tế|giá trị sản xuất|sản xuất công nghiệp|iip|kim ngạch|xuất khẩu|tiêu dùng|"
    r"thu ngân sách|thu nội địa|thu nhập bình quân|giải ngân|"
    r"bưu chính|thương mại điện tử|đảng viên|kết nạp|bảo hiểm y tế|diện tích|sản lượng|năng suất|chăn nuôi|tai nạn|"
    r"thu hút (?:vốn |du )?(?:đầu tư|fdi|khách)|vốn (?:đầu tư|fdi)|tỉ đồng|tỷ đồng|triệu đồng|"
    r"lượt khách|triệu lượt|khách (?:du lịch|quốc tế)|hộ nghèo|nông thôn mới|tỷ lệ doanh nghiệp|tỉ lệ doanh nghiệp|"
    r"tốt nghiệp|\bmôn (?:toán|văn|ngữ văn|thi|lịch sử|vật lý|hóa|tiếng)|thí sinh|học sinh|thpt|điểm thi|huy chương|bình chọn|bóng đá|"
    r"chỉ số giá|cpi tháng|vn-index|vn index|giá vàng|thế giới|toàn cầu|asean|quốc gia trên|quốc gia và vùng"
)
_SCORE_CUE = re.compile(
    r"(?:\blà|\bđạt|\bđược|\bvới|:|\(|\btừ|\blên|\bxuống|\bcòn|ở mức|\bmức|điểm số|tổng điểm|\bđiểm|tương ứng|giá trị|kết quả|"
    r"\bchỉ số|\bindex|"
    r"\bwith|\bon|\bat|\bof|\bis|\bwas|\bto|\bscored|\bscore|\band|"
    r"\bpci|\bpapi|\bsipas|\bdti|\bpii|\bpgi|\bvà|,|\d;|\bcó|khá cao|\bchỉ|trung vị|trung bình|bình quân|tỷ lệ|tỉ lệ|kỷ lục|được số)\s*$"
)
_TIER_CUE = re.compile(
    r"(?:thuộc|nằm|trở lại|quay lại|quay về|gia nhập|\bở|\bvào|\bxếp|\bđạt|trong|giữ|lọt|đưa|thuộc số|\bvề|\blên|\bxuống|sang|vẫn|là|chỉ)"
    r"(?:\s+(?:trong|ở|vào|số|top|các|tỉnh|lại|chỉ|được|\d+))*\s*$"
)
_POINTS_LOST = re.compile(r"\b(?:bị trừ|trừ|bị mất|mất|cộng|được cộng|thiếu|hụt|chiếm)(?: thêm| tới| đến| khoảng)? $")
_COMPARED_WITH = re.compile(r"\d(?: điểm|\ ?%)? so với (?:mức |điểm )?$")
#: Indices that no source gives in percent; a percentage beside them is a survey answer.
IN_POINTS_ONLY = {"PCI", "PAPI", "PGI", "PII", "DTI", "ICT_INDEX", "DDCI"}
#: Surveys in points: a change in percent beside them is of an answer.
SURVEYS = {"PCI", "PAPI", "PGI"}
_OTHER_SHARE = re.compile(r"(?:tỷ lệ|tỉ lệ)(?! \d)(?! là)[^,;.]{3,60}$")
# "điểm tối đa là 100, trong đó thẩm định 63,5 điểm và điều tra xã hội học 36,5 điểm"
_MOST = re.compile(
    r"(?<![/\d.,])100(?: điểm|%)?[, (]*(?:bao gồm|gồm|trong đó)\b|\b(?:điểm )?tối đa (?:là |của [^.;,\d]{2,30} là )?\d+(?:[.,]\d+)? điểm"
)
_COUNTED = re.compile(r"(?:hồ sơ|doanh nghiệp|người|(?<!/\d\d )(?:đơn vị|địa phương))[^,;.]{0,12}$")
_OF_MANY = re.compile(
    r"(?:nhóm|top|tốp|(?:các|\d{1,2}|hai|ba|bốn|năm) (?:tỉnh|địa phương|đơn vị|huyện|sở|cơ quan)|những|vị trí|thứ hạng|người)"
    r"(?:[^,.;()]|, thành){0,40}$"
)
_IN_TURN = re.compile(r"\blần lượt (?:là )?$")
_IN_FIRST = re.compile(r"(?:\bnằm|\bthuộc|có tên|\blọt|\bđứng|quay lại|trở lại|góp mặt|duy trì|\bgiữ)(?: \w+){0,4}\s*$")
_TIMES = re.compile(r"\b\d+ lần [^.;,]{0,25}$")
_NOT_IN = re.compile(r"\b(?:không|chưa|ra khỏi|rời|thoát)\b[^.;,]{0,25}$")
_FIELDS_COUNTED = re.compile(
    r"(?:\d|\b(?:một|hai|ba|bốn|năm|sáu|bảy|tám|chín)) (?:nội dung|chỉ số|lĩnh vực|tiêu chí|trục|trụ cột)\b[^.;,]{0,40}$"
)
_FIELD_WORD = re.compile(r"(?<!\d )\b(?:trụ cột|lĩnh vực|chỉ số thành phần|chỉ số nội dung|nội dung|tiêu chí) [“\"]?[^\W\d]")
_FIELDS_OPEN = re.compile(rf"\b{FIELD}\b[^.:;]{{0,60}}(?::|\bgồm)")
_WORDS_OF_A_NAME = 2
#: A name of two words or more, each with a capital, that opens a part of the sentence.
_NAME_BEFORE = re.compile(
    r"(?:^|[,;:(.]|\b(?:và|[Tt]rong đó|gồm|là))\s*"
    rf"(?P<name>[{UPPER}][{LOWER}]+(?: [{UPPER}][{LOWER}]+){{1,4}})(?: (?:đạt|được|với|là|có|chỉ đạt))?[\s:(]*$"
)
_CHUNG = re.compile(r"\b(?:kết quả|chỉ số|hài lòng) chung[^.;,]{0,20}$")
_THAN_PLANNED = re.compile(r" so với (?:kế hoạch|mục tiêu|chỉ tiêu|yêu cầu|dự kiến)\b")
# "mức tăng cao thứ hai cả nước"
_OF_CHANGES = re.compile(r"\b(?:tăng|giảm|cải thiện|mức tăng|mức giảm)\b[^,.;]{0,25}\b(?:cao|nhiều|mạnh|lớn|nhanh|sâu) $")
_HAVING = re.compile(
    r"(?: (?:tỉnh|địa phương)(?:, thành(?: phố)?)?)? (?:có|về) "
    r"(?:số (?!điểm)|số lượng|tỉ lệ|tỷ lệ|nhiều|quy mô|thu |vốn|dân số|tốc độ|mức (?!độ))"
)
_MORE_GROUPS = re.compile(r"(?:, \d{1,2})* và \d{1,2}\b(?! (?:bậc|điểm))")
_MEMBERS_COUNTED = re.compile(r"\s*(?:có|gồm|:|là)\s*\d+ (?:đơn vị|tỉnh|địa phương|huyện|sở|xã|cơ quan|bộ)\b")
_MANY_IN_GROUP = re.compile(
    r"(?:đa số|phần lớn|hầu hết|nhiều|(?<!một trong )(?<!trong )(?<!cùng )\b(?:các|những)|"
    r"(?<!trong )(?<!trong số )(?<!/)\b\d{1,2}(?:/\d\d)?) (?:các )?(?:tỉnh|địa phương|huyện|sở|bộ|đơn vị)\b[^.;:]{0,70}$"
)
_HEADING = re.compile(
    r"[\s\-–•*+\d.)]*(?!cụ thể|trong đó|theo đó|kết quả|như sau|ngoài ra|đặc biệt|riêng|tổng|chung|đối với|xếp|nhóm|top|tốp|khối|các)"
    r"[^:;.,()\d]{4,50}:\s"
)
_OF_THE_INDEX = re.compile(r"(?:chỉ số|điểm số|tổng điểm)(?: này)? $")
# "3 năm liền X dẫn đầu", "7 lần dẫn đầu": which years is open.
_STREAK = re.compile(r"\b(?:\d+ lần |(?:\d+|nhiều) năm (?:liền|liên tiếp)[^.;]{0,30})$")
_HAVE = re.compile(r"\)? (?:là|có)(?: (?:chỉ số|điểm số|điểm|kết quả|mức))? ")
_IS_ONE = re.compile(r"là (?:địa phương|đơn vị|nơi|tỉnh|thành phố|2 đơn vị)[^,.;]{0,30}$")
# "chỉ số Cải cách bộ máy là chỉ số có giá trị trung bình cao nhất": among the fields, not among the provinces.
_OF_MEANS_OR_FIELDS = re.compile(
    r"(?:(?:trung bình|bình quân|trung vị)|\blà (?:một trong (?:những|các) )?(?:chỉ số|lĩnh vực|trụ cột|nội dung|tiêu chí)\b[^,.;]{0,40}) $"
)
# "đạt điểm cao nhất trong 8 trục nội dung"
_AMONG_FIELDS = re.compile(r" trong (?:số |tổng số )?(?:\d+|các) (?:trục|trụ cột|chỉ số|lĩnh vực|nội dung|tiêu chí)\b")
_COUNT_BEFORE = re.compile(r"\b\d{1,2} $")
_BEST_SINCE = re.compile(r"(?:index|sipas|pci|papi|dti|ddci|pii|cchc|hành chính|\d{4}|đánh giá|về|minh bạch)\s*$")
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
_RANGE_GOES_ON = re.compile(r"(?:-|–| đến )(?:vị trí |hạng )?(?:thứ )?\d{1,2}\b(?![.,/]\d)")
_RANGE_ENDS = re.compile(r"(?:thứ|hạng|vị trí|số) \d{1,2}(?: đến |-|–)$")
#: So many provinces are ranked, and never so many bodies of one.
_PROVINCES = {60, 61, 63, 64}
_NEGATED = re.compile(r"\b(?:không|chưa|chẳng)(?: còn| được| thể| phải)?(?: là)? $")
_LEADS_IN = re.compile(
    r" (?:ở|về|trong) "
    r"(?!cả nước|toàn quốc|bảng|chỉ số|khu vực|vùng|khối|63|34|các|năm|tỉnh|đồng bằng|nước|toàn|\d|kỳ|đợt|số|danh|xếp|lĩnh|tiêu)"
)


def topic_objection(s: Marked, i: int) -> str | None:
    """Object to a figure that speaks of growth, exams or sports by then, and not of the index.

    The last index or field named before the figure starts the topic anew; where there is none, what the clause goes on
    to say counts too ("đứng thứ ba về thu ngân sách").
    """
    topics = [m.end for m in s.mentions[:i] if isinstance(m.payload, IndexName | ComponentName)]
    part_end = _part_end(s, i)
    behind = any(isinstance(m.payload, IndexName | ComponentName) and m.start < part_end for m in s.mentions[i + 1 :])
    end = s.mentions[i].start if topics or behind else part_end
    drift = TOPIC_DRIFT.search(s.text, topics[-1] if topics else 0, end)
    return f"the talk is of {drift[0]!r}" if drift else None


def _part_end(s: Marked, i: int) -> int:
    """Return where the part of the sentence around mention `i` ends: at the next stop or semicolon, or the end."""
    stop = re.compile(r"[.;]\s").search(s.text, s.mentions[i].end)
    return stop.start() if stop else len(s.text)


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


def score_objection(s: Marked, i: int, index: str, component: str | None, *, target: bool, index_named: bool) -> str | None:
    """Object to a number that cannot be a score of the index, as it stands there."""
    score: Score = s.mentions[i].payload  # type: ignore[assignment]  # the caller asks for scores only
    before = s.before(i, 60)
    following = s.mentions[i + 1] if i + 1 < len(s.mentions) else None
    of_index = following is not None and isinstance(following.payload, IndexName) and not s.between(i, i + 1).strip()
    if (
        (most := _MOST.search(s.text))
        and most.start() <= s.mentions[i].start
        and not s.names_anyone_between(most.start(), s.mentions[i].start)
    ):
        return "points that can be had"
    if _POINTS_LOST.search(before):
        return "points that were lost or added, or that a part counts"
    if _COMPARED_WITH.search(before) and not (following is not None and isinstance(following.payload, Year | RelativeBase)):
        return "what somebody or something is compared with"
    if score.noun_follows and score.unit != "điểm" and not of_index:
        return "it counts the noun behind it"
    if score.qualifier == "at_least" and not target:
        return "a lower bound, and no target"
    named = s.mentions[i].rule == "score.whole" or points_of(s, i) is not None
    if score.unit is None and score.scale is None and not named and not _SCORE_CUE.search(before) and not _follows_name(s, i):
        return "a bare number that nothing calls a score"
    if score.unit != "%":
        return None
    if index in IN_POINTS_ONLY:
        return f"a percentage, and {index} is in points"
    if component is None and _OTHER_SHARE.search(before):
        return "a share of something else"
    told = index_named or component is not None or s.names_anyone() or s.speaks_of_home() or _CHUNG.search(before)
    return None if told else "a percentage without index or subject"


def _follows_name(s: Marked, i: int) -> bool:
    previous = s.mentions[i - 1] if i else None
    return previous is not None and isinstance(previous.payload, SubjectName | ComponentName) and not s.between(i - 1, i).strip(' (:”"')


def delta_objection(s: Marked, i: int, index: str, component: str | None, *, index_named: bool) -> str | None:
    """Object to a change that is not one of the index: of cases, firms or growth."""
    delta: Delta = s.mentions[i].payload  # type: ignore[assignment]
    if component is None and _COUNTED.search(s.before(i, 25)):
        return "a change in what is counted"
    if _THAN_PLANNED.match(s.text, s.mentions[i].end):
        return "more or less than was planned"
    if delta.unit == "%" and index in SURVEYS:
        return f"a change in percent, and {index} is in points"
    named = index_named or component is not None or s.names_anyone() or s.has_rank_or_score()
    if delta.unit == "bậc" or named or _OF_THE_INDEX.search(s.before(i, 20)):
        return None
    return "a change of nothing that is named"


def place_objection(s: Marked, i: int, since: int | None, *, has_component: bool) -> str | None:
    """Object to a superlative that speaks of a group, a record or a field, and not of the subject's place."""
    word = s.word(i)
    if s.text.rstrip(' "”').endswith("?"):
        return "it is asked"
    if since is not None and since > s.mentions[i].start:
        return "its subject stands behind it"
    if _OF_MEANS_OR_FIELDS.search(s.before(i, 60)) or _AMONG_FIELDS.match(s.text, s.mentions[i].end):
        return "the highest or lowest of means or fields"
    if word.startswith("vị trí") and _COUNT_BEFORE.search(s.before(i, 4)):
        return "places of several"
    if _STREAK.search(s.before(i, 60)) and not s.measured_years():
        return "a streak: of which year is open"
    start = s.mentions[i].start
    named_before = since is not None and since < start and _OF_MANY.search(s.text, max(since, start - 45), start)
    if named_before or _is_of_listed(s, i):
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


def leads_in_other(s: Marked, i: int) -> bool:
    """Tell whether somebody leads in something else: "dẫn đầu ở tính tác động"."""
    end = s.mentions[i].end
    if not _LEADS_IN.match(s.text, end):
        return False
    following = s.mentions[i + 1] if i + 1 < len(s.mentions) else None
    return following is None or not (isinstance(following.payload, IndexName | ComponentName) and following.start - end <= 20)  # noqa: PLR2004 (" về chỉ số ")


def tier_objection(s: Marked, i: int, *, target: bool) -> str | None:
    """Object to a tier that defines a group, or that the subject has left."""
    tier: Tier = s.mentions[i].payload  # type: ignore[assignment]
    before = s.before(i, 40)
    if tier.value.startswith("top ") and not target and not (s.names_anyone() and _IN_FIRST.search(s.before(i, 60))):
        return "the first N, and nothing says that somebody is among them"
    if _NOT_IN.search(before):
        return "a group that the subject is not in"
    if _TIMES.search(before):
        return "so many times: of which years is open"
    if re.search(r"(?:cách|từ|\d) (?:nhóm )?$|\bnhiều$", before):
        return "a group that the subject has left"
    start = s.mentions[i].start
    named = max((m.end for m in s.mentions[:i] if isinstance(m.payload, SubjectName | Rank | Score | Tier)), default=0)
    if _MANY_IN_GROUP.search(s.text, max(named, start - 90), start):
        return "it tells of many where no member is named"
    if _FIELDS_COUNTED.search(s.text, max(named, start - 60), start):
        return "it counts the fields in a group"
    if _HAVING.match(s.text, s.mentions[i].end):
        return "the first N by something else"
    if _MORE_GROUPS.match(s.text, s.mentions[i].end):
        return "the first N of several, and whose each is stays open"
    if _MEMBERS_COUNTED.match(s.text, s.mentions[i].end):
        return "it counts the members of a group"
    before_it = s.mentions[i - 1].payload if i else None
    fits = (
        (isinstance(before_it, Score | Rank | Delta) and s.between(i - 1, i).strip() in {",", "(", "-", "–"})
        or bool(_TIER_CUE.search(before))
        or s.word(i).startswith(("xếp loại", "xếp hạng", "ở mức", "in ", "into "))
        or (target and before.endswith(("và ", ", ")))
        or (i > 0 and s.subject(i - 1) is not None and not s.between(i - 1, i).strip())
    )
    return None if fits else "nothing says that the subject is in it"


# "Thứ nhất, tỉnh cần ...", "thứ hai: công khai ...": the points of a text.
_POINT_OPENS = re.compile(r"(?:^|[.;]|\n)[\s\-–•*+\"“]*$")
_POINT_GOES_ON = re.compile(r"\s*[,:]\s*\w")
_POINT_INSIDE = re.compile(r"[,:]\s*$")


def counts_points(s: Marked, i: int) -> bool:
    """Tell whether "thứ nhất", "thứ hai" count the points of a text and rank nobody."""
    if s.mentions[i].rule != "rank.bare" or any(char.isdigit() for char in s.word(i)):
        return False
    before = s.before(i, 12)
    return bool(_POINT_OPENS.search(before)) or bool(
        _POINT_INSIDE.search(before) and re.match(r"\s*[,:]\s*\w", s.text[s.mentions[i].end :])
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


def is_figure(mention: Mention) -> bool:
    """Tell whether a mention is a figure that somebody would miss: a place, a change, points."""
    match mention.payload:
        case Rank(superlative=False, enumerated=False) | Delta():
            return True
        case Score(unit="điểm"):
            return True
    return False
