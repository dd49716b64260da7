"""What is not a claim: figures of other topics, counts, bounds, points of a scheme.

Each check returns its objection, or None where it has none, so that a dropped figure can say why.
"""

import re

from extract.indexing import points_of
from extract.marked import Marked
from extract.mentions import ComponentName, Delta, Group, IndexName, Mention, Rank, RelativeBase, Score, SubjectName, Year

#: Words of other news: what is ranked or counted beside them is not the index.
TOPIC_DRIFT = re.compile(
    r"grdp|tổng sản phẩm|quy mô kinh tế|tăng trưởng kinh tế|giá trị sản xuất|sản xuất công nghiệp|iip|kim ngạch|xuất khẩu|tiêu dùng|"
    r"thu ngân sách|thu nội địa|thu nhập bình quân|giải ngân|"
    r"(?:tỷ lệ|tỉ lệ) hồ sơ|hồ sơ trực tuyến|(?:đúng|trước|quá|trễ) hạn|"
    r"bưu chính|thương mại điện tử|đảng viên|kết nạp|bảo hiểm y tế|diện tích|sản lượng|năng suất|chăn nuôi|tai nạn|"
    r"thu hút (?:vốn |du )?(?:đầu tư|fdi|khách)|vốn (?:đầu tư|fdi)|tỉ đồng|tỷ đồng|triệu đồng|"
    r"người bệnh|bệnh nhân|lượt khách|triệu lượt|khách (?:du lịch|quốc tế)|hộ nghèo|nông thôn mới|tỷ lệ doanh nghiệp|tỉ lệ doanh nghiệp|"
    r"tốt nghiệp|\bmôn (?:toán|văn|ngữ văn|thi|lịch sử|vật lý|hóa|tiếng)|thí sinh|học sinh|thpt|điểm thi|huy chương|bình chọn|bóng đá|"
    r"\b(?:economy|economic growth|gdp|exports|budget revenue|globally?|worldwide|in the world)\b|"
    r"chỉ số giá|cpi tháng|vn-index|vn index|giá vàng|thế giới|toàn cầu|asean|quốc gia trên|quốc gia và vùng"
)
#: "Khoảng cách giữa bộ cao nhất và bộ thấp nhất là 11,92%": nobody's score, and nobody is the first or last.
GAP = re.compile(r"\b(?:khoảng cách|cách biệt|độ chênh|chênh lệch|gap|difference) (?:\w+ )?(?:giữa|với|so với|đến|tới|between)\b[^.;,\d]*$")
_SCORE_CUE = re.compile(
    r"(?:\blà|\bđạt|\bđược|\bvới|:|\(|\btừ|\blên|\bxuống|\bcòn|ở mức|\bmức|điểm số|tổng điểm|tổng hợp|\bđiểm|tương ứng|giá trị|kết quả|"
    r"\bchỉ số|\bindex|"
    r"\bwith|\bon|\bat|\bof|\bis|\bwas|\bto|\bfrom|\bscor(?:ed|ing)|\bscore|\band|"
    r"\bpci|\bpapi|\bsipas|\bdti|\bpii|\bpgi|\bvà|,|\d;|\bcó|khá cao|\bchỉ|trung vị|trung bình|bình quân|tỷ lệ|tỉ lệ|kỷ lục|được số|"
    r"lần lượt)\s*$"
)
_POINTS_LOST = re.compile(r"\b(?:bị trừ|trừ|bị mất|mất|cộng|được cộng|thiếu|hụt|chiếm)(?: thêm| tới| đến| khoảng)? $")
#: "Tỉnh tự chấm PAR INDEX đạt 93,5 điểm"
_OWN_MARK = re.compile(r"\btự (?:chấm|đánh giá|thẩm định)\b[^.;()]{0,60}$")
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
_COUNTED = re.compile(r"(?:hồ sơ|doanh nghiệp|người|(?<!/\d\d )(?:đơn vị|(?<!cấp )địa phương))[^,;.]{0,12}$")
_CLAUSE_ENDS = re.compile(r"[,;]")
_ABOUT = re.compile(r" (?:về|trong) ")
_OF_WHOLE_PROVINCE = re.compile(r"\bchung (?:của |trên )?toàn (?:tỉnh|thành phố)[^.;,\d]{0,25}$")
#: "trong đó 98% là doanh nghiệp nhỏ và vừa"
_SHARE_OF = re.compile(
    r" (?:là|số|tổng số|các) (?:doanh nghiệp|người|hộ|cán bộ|công chức|viên chức|hồ sơ|lao động|dân số|xã|thôn|hợp tác xã|thủ tục)\b"
)
#: "đã cắt giảm 15% thủ tục hành chính", "giảm 20% thời gian giải quyết"
_CUT = re.compile(r"\b(?:cắt|tinh) $")
_OF_WHAT_IS_CUT = re.compile(
    r" (?:số |các |tổng số )?(?:thủ tục|tthc|thời gian|chi phí|điều kiện|quy định|hồ sơ|giấy tờ|biên chế|đầu mối)\b"
)
#: "12/15 sở, ngành hoàn thành kế hoạch, đạt 80%"; "xếp thứ 12/15 sở, ngành, đạt 80%" is a place and its score.
_COUNTED_OF = re.compile(
    r"(?<![\d/])\d{1,5}/\d{1,5} "
    r"(?:sở|bộ|cơ quan|đơn vị|địa phương|tỉnh|huyện|xã|phường|nhiệm vụ|chỉ tiêu|nội dung|tiêu chí|thủ tục|dịch vụ|hồ sơ|kiến nghị)"
    r"[^.;:]{0,70}\b(?:đạt|chiếm|bằng)(?: tỷ lệ| tỉ lệ)? $"
)
_FULL = 100
#: "có 81,2% người dân Vĩnh Long hài lòng" is what SIPAS says.
_ARE_SATISFIED = re.compile(r" (?:số )?(?:người dân|người|tổ chức)[^.;,:%\d]{0,50}\bhài lòng\b(?! (?:với|về|đối với)\b)")
#: So many characters before and behind a figure its supposition stands.
_SUPPOSED = 150
_SUPPOSES = re.compile(
    r"\bnếu\b(?=[^.;]*\b(?:sẽ|có thể)\b)|\b(?:giả sử|giả định|giá như)\b|"
    r"\btừ (?:hạng|vị trí|thứ)\b(?=[^.;,]{0,60}\blà (?:việc|điều|bài toán|thách thức)\b)|"
    r"\b(?:dự kiến|dự báo|ước tính|ước(?= (?:cả )?năm))\b(?=[^.;]*\b(?:đạt|tăng|giảm|xếp|đứng)\b)|"
    r"\bđể (?:đạt|lọt|vào|lên|vươn|tăng)\b(?=[^.;]*\b(?:cần|phải) (?:tăng|đạt|có|thêm|cải thiện)\b)"
)
_CHUNG = re.compile(r"\b(?:(?:kết quả|chỉ số|hài lòng) chung|con số này)[^.;,]{0,20}$")
_THAN_PLANNED = re.compile(r" so với (?:kế hoạch|mục tiêu|chỉ tiêu|yêu cầu|dự kiến)\b")
_OF_THE_INDEX = re.compile(r"(?:chỉ số|điểm số|tổng điểm)(?: này)? $")


def topic_objection(s: Marked, i: int) -> str | None:
    """Object to a figure that speaks of growth, exams or sports by then, and not of the index.

    The last index or field named before the figure starts the topic anew; where there is none, what the clause goes on
    to say counts too ("đứng thứ ba về thu ngân sách"), and else what it says up to the next comma.
    """
    topics = [m.end for m in s.mentions[:i] if isinstance(m.payload, IndexName | ComponentName)]
    part_end = _part_end(s, i)
    behind = any(isinstance(m.payload, IndexName | ComponentName) and m.start < part_end for m in s.mentions[i + 1 :])
    end = _clause_end(s, i, part_end) if topics or behind else part_end
    drift = TOPIC_DRIFT.search(s.text, topics[-1] if topics else 0, end)
    return f"the talk is of {drift[0]!r}" if drift else None


def _clause_end(s: Marked, i: int, part_end: int) -> int:
    """Return where the words end that say what a figure is about: "đứng thứ 2 về điểm thi, thứ 7 PCI"; with the figure if none do."""
    if not _ABOUT.match(s.text, s.mentions[i].end):
        return s.mentions[i].start
    ends = _CLAUSE_ENDS.search(s.text, s.mentions[i].end, part_end)
    return ends.start() if ends else part_end


def _part_end(s: Marked, i: int) -> int:
    """Return where the part of the sentence around mention `i` ends: at the next stop or semicolon, or the end."""
    stop = re.compile(r"[.;]\s").search(s.text, s.mentions[i].end)
    return stop.start() if stop else len(s.text)


def supposition_objection(s: Marked, i: int) -> str | None:
    """Object to a figure that would be so: "nếu tăng thêm 1 điểm, tỉnh sẽ xếp thứ 6", "để đạt 70 điểm, tỉnh cần tăng 1,55 điểm"."""
    start, end = s.mentions[i].start, s.mentions[i].end
    first = max(0, start - _SUPPOSED)
    opened = max(s.text.rfind(mark, first, start) for mark in ".;") + 1
    found = _SUPPOSES.search(s.text, max(opened, first), end + _SUPPOSED)
    return "it would be so" if found is not None and found.start() <= start else None


def score_objection(s: Marked, i: int, index: str, component: str | None, *, target: bool, index_named: bool) -> str | None:
    """Object to a number that cannot be a score of the index, as it stands there."""
    score: Score = s.mentions[i].payload  # type: ignore[assignment]  # the caller asks for scores only
    before = s.before(i, 60)
    following = s.mentions[i + 1] if i + 1 < len(s.mentions) else None
    of_index = following is not None and isinstance(following.payload, IndexName) and s.between(i, i + 1).strip() in {"", "chỉ số"}
    scheme = _scheme_objection(s, i)
    if scheme is not None:
        return scheme
    if _is_undated_aside(s, i):
        return "a second figure in brackets, and of which year stays open"
    if _COMPARED_WITH.search(before) and not (following is not None and isinstance(following.payload, Year | RelativeBase)):
        return "what somebody or something is compared with"
    if GAP.search(s.before(i, 90)) and not s.bracket(i):
        return "the distance between two"
    are_satisfied = index == "SIPAS" and component is None and _ARE_SATISFIED.match(s.text, s.mentions[i].end)
    if score.noun_follows and score.unit != "điểm" and not of_index and not are_satisfied:
        return "it counts the noun behind it"
    if score.qualifier in {"at_least", "at_most"} and not target:
        return "a bound, and no target"
    named = s.mentions[i].rule == "score.whole" or points_of(s, i) is not None
    if score.unit is None and score.scale is None and not named and not _SCORE_CUE.search(before) and not _follows_name(s, i):
        return "a bare number that nothing calls a score"
    return _share_objection(s, i, index, component, index_named=index_named) if score.unit == "%" else None


def _share_objection(s: Marked, i: int, index: str, component: str | None, *, index_named: bool) -> str | None:
    """Object to a percentage that is a share of something else."""
    before = s.before(i, 60)
    if index in IN_POINTS_ONLY:
        return f"a percentage, and {index} is in points"
    if _SHARE_OF.match(s.text, s.mentions[i].end):
        return "a share of what is named behind it"
    if _OF_WHOLE_PROVINCE.search(before):
        return "what a province found of all its own bodies"
    counted = _COUNTED_OF.search(s.before(i, 110))
    if counted and not any(isinstance(m.payload, Rank) and m.end > s.mentions[i].start - len(counted[0]) for m in s.mentions[:i]):
        return "so many of what is counted"
    if component is None and _OTHER_SHARE.search(before):
        return "a share of something else"
    told = index_named or component is not None or s.names_anyone() or s.speaks_of_home() or _CHUNG.search(before) or s.is_placed(i)
    return None if told else "a percentage without index or subject"


def _scheme_objection(s: Marked, i: int) -> str | None:
    """Object to the points of a scheme: what can be had, what was lost, what a part counts."""
    start = s.mentions[i].start
    most = _MOST.search(s.text)
    if most and most.start() <= start and not s.names_anyone_between(most.start(), start):
        return "points that can be had"
    if _OWN_MARK.search(s.before(i, 80)):
        return "what a body gave itself"
    if _POINTS_LOST.search(s.before(i, 60)):
        return "points that were lost or added, or that a part counts"
    # "thẩm định 65/100 điểm, điều tra xã hội học 35/100 điểm"
    here: Score = s.mentions[i].payload  # type: ignore[assignment]  # the caller asks for scores only
    others = [m.payload.text for n, m in enumerate(s.mentions) if n != i and isinstance(m.payload, Score)]
    is_share = here.text.isdecimal() and str(_FULL - int(here.text)) in others
    return "a share of the points that can be had" if is_share else None


def _is_undated_aside(s: Marked, i: int) -> bool:
    """Tell whether a figure stands alone in brackets right behind another one: "đất đai 5,60 (5,65)", "giảm 1,33 điểm (41,99 điểm)"."""
    before = s.mentions[i - 1].payload if i else None
    is_second = (isinstance(before, Score) and before.scale is None) or (isinstance(before, Delta) and before.unit != "bậc")
    return is_second and s.between(i - 1, i).strip() == "(" and s.text[s.mentions[i].end :].lstrip().startswith(")")


def _follows_name(s: Marked, i: int) -> bool:
    previous = s.mentions[i - 1] if i else None
    named = previous is not None and (isinstance(previous.payload, SubjectName | ComponentName | Group) or s.is_superlative(i - 1))
    return named and not s.between(i - 1, i).strip(' (:”"')


def delta_objection(s: Marked, i: int, index: str, component: str | None, *, target: bool, index_named: bool) -> str | None:
    """Object to a change that is not one of the index: of cases, firms or growth."""
    delta: Delta = s.mentions[i].payload  # type: ignore[assignment]
    if component is None and _COUNTED.search(s.before(i, 30)):
        return "a change in what is counted"
    if _CUT.search(s.before(i, 10)) or (delta.unit == "%" and _OF_WHAT_IS_CUT.match(s.text, s.mentions[i].end)):
        return "a share of what was cut"
    if _THAN_PLANNED.match(s.text, s.mentions[i].end):
        return "more or less than was planned"
    if delta.at_least and not target:
        return "a bound, and no target"
    if delta.unit == "%" and index in SURVEYS:
        return f"a change in percent, and {index} is in points"
    named = index_named or component is not None or s.names_anyone() or s.has_rank_or_score()
    if delta.unit == "bậc" or named or _OF_THE_INDEX.search(s.before(i, 20)):
        return None
    return "a change of nothing that is named"


def is_figure(mention: Mention) -> bool:
    """Tell whether a mention is a figure that somebody would miss: a place, a change, points."""
    match mention.payload:
        case Rank(superlative=False, enumerated=False) | Delta():
            return True
        case Score(unit="điểm"):
            return True
    return False
