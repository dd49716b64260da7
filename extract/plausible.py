"""What is not a claim: figures of other topics, counts, group thresholds, figures of speech."""

import re

from extract.marked import Marked
from extract.mentions import ComponentName, Delta, IndexName, Mention, Rank, Score, SubjectName, Tier

TOPIC_DRIFT = re.compile(
    r"grdp|tốt nghiệp|thí sinh|huy chương|thu ngân sách|xuất khẩu|tỉ đồng|tỷ đồng|triệu đồng|học sinh|hộ nghèo|giải ngân|"
    r"chỉ số giá|cpi tháng|vn-index|vn index|bình chọn|bóng đá|giá vàng|tiêu dùng|sản xuất công nghiệp|iip|tăng trưởng kinh tế|"
    r"thế giới|toàn cầu|asean|quốc gia trên|quốc gia và vùng"
)
_SCORE_CUE = re.compile(
    r"(?:\blà|\bđạt|\bđược|\bvới|:|\(|\btừ|\blên|\bxuống|\bcòn|ở mức|\bmức|điểm số|tổng điểm|\bđiểm|giá trị|kết quả|\bchỉ số|\bindex|"
    r"\bpci|\bpapi|\bsipas|\bdti|\bpii|\bpgi|\bvà|,|\bcó|khá cao|\bchỉ|tỷ lệ|tỉ lệ|kỷ lục|được số)\s*$"
)
_TIER_CUE = re.compile(
    r"(?:thuộc|nằm|\bở|\bvào|\bxếp|\bđạt|trong|giữ|lọt|đưa|thuộc số|\bvề|\blên|\bxuống|sang|vẫn|là|chỉ)"
    r"(?:\s+(?:trong|ở|vào|số|top|các|tỉnh|lại|chỉ|được|\d+))*\s*$"
)
_IN_POINTS_ONLY = {"PCI", "PAPI", "PGI", "PII", "DTI", "ICT_INDEX", "DDCI"}
_OTHER_SHARE = re.compile(r"(?:tỷ lệ|tỉ lệ)(?! \d)(?! là)[^,;.]{3,60}$")
_COUNTED = re.compile(r"(?:hồ sơ|doanh nghiệp|đơn vị|người|địa phương)[^,;.]{0,12}$")
_OF_MANY = re.compile(r"(?:nhóm|top|tốp|các (?:tỉnh|địa phương)|những|vị trí|thứ hạng|người)[^,.;()]{0,40}$")
# "3 năm liền X dẫn đầu", "7 lần dẫn đầu": which years is open.
_STREAK = re.compile(r"\b\d+ (?:năm (?:liền|liên tiếp)[^.;]{0,30}|lần )$")
_IS_ONE = re.compile(r"là (?:địa phương|đơn vị|nơi|tỉnh|thành phố|2 đơn vị)[^,.;]{0,30}$")
_BEST_SINCE = re.compile(r"(?:index|sipas|pci|papi|dti|ddci|pii|cchc|hành chính|\d{4}|đánh giá|về|minh bạch)\s*$")
_NOT_PLACE = re.compile(r"\d[.,]\d|\bmức\b|\bnhóm\b|tỷ lệ|\btăng\b|\bgiảm\b|hạng")
_LEADS_IN = re.compile(
    r" (?:ở|về|trong) "
    r"(?!cả nước|toàn quốc|bảng|chỉ số|khu vực|vùng|khối|63|34|các|năm|tỉnh|đồng bằng|nước|toàn|\d|kỳ|đợt|số|danh|xếp|lĩnh|tiêu)"
)


def keeps_topic(s: Marked, i: int) -> bool:
    """Tell whether the figure `i` still speaks of the index, not of growth, exams or sports."""
    if not s.names_index():
        return not TOPIC_DRIFT.search(s.text)
    ends = [m.end for m in s.mentions[:i] if isinstance(m.payload, IndexName)]
    return not TOPIC_DRIFT.search(s.text, ends[-1] if ends else 0, s.mentions[i].start)


def is_score(s: Marked, i: int, index: str, component: str | None, *, target: bool, index_named: bool) -> bool:
    """Tell whether the number `i` can be a score of the index, as it stands there."""
    score: Score = s.mentions[i].payload  # type: ignore[assignment]  # the caller asks for scores only
    before = s.before(i, 60)
    if score.noun_follows and score.unit != "điểm":
        return False
    if score.qualifier == "at_least" and not target:
        return False
    named = s.mentions[i].rule == "score.whole"
    if score.unit is None and score.scale is None and not named and not _SCORE_CUE.search(before) and not _follows_name(s, i):
        return False
    if score.unit != "%":
        return True
    if index in _IN_POINTS_ONLY or (component is None and _OTHER_SHARE.search(before)):
        return False
    return index_named or component is not None or s.names_anyone()


def _follows_name(s: Marked, i: int) -> bool:
    previous = s.mentions[i - 1] if i else None
    return previous is not None and isinstance(previous.payload, SubjectName | ComponentName) and not s.between(i - 1, i).strip(' (:”"')


def is_delta(s: Marked, i: int, component: str | None, *, index_named: bool) -> bool:
    """Tell whether the change `i` is one of the index: not of cases, firms or growth."""
    delta: Delta = s.mentions[i].payload  # type: ignore[assignment]
    if component is None and _COUNTED.search(s.before(i, 25)):
        return False
    return delta.unit == "bậc" or index_named or component is not None or s.names_anyone() or s.has_rank_or_score()


def is_place(s: Marked, i: int, since: int | None, *, has_component: bool) -> bool:
    """Tell whether a superlative speaks of the subject's place, not of a group, a record or a field."""
    word = s.word(i)
    if since is not None and since > s.mentions[i].start:
        return False
    if _STREAK.search(s.before(i, 60)) and not s.measured_years():
        return False
    if _OF_MANY.search(s.before(i, 45)) and since is not None and since < s.mentions[i].start:
        return bool(_IS_ONE.search(s.before(i, 60)))
    if not word.endswith(("cao nhất", "thấp nhất")) or "vị trí" in word:
        return has_component or not _leads_in_other(s, i)
    stretch = s.text[since or 0 : s.mentions[i].start]
    directly = len(stretch.split()) <= 5 and i > 0 and s.subject(i - 1) is not None  # noqa: PLR2004 ("UBND quận Cầu Giấy cao nhất")
    return not _NOT_PLACE.search(stretch) and (has_component or directly or bool(_BEST_SINCE.search(stretch)))


def _leads_in_other(s: Marked, i: int) -> bool:
    """Tell whether somebody leads in something else: "dẫn đầu ở tính tác động"."""
    end = s.mentions[i].end
    if not _LEADS_IN.match(s.text, end):
        return False
    following = s.mentions[i + 1] if i + 1 < len(s.mentions) else None
    return following is None or not (isinstance(following.payload, IndexName | ComponentName) and following.start - end <= 20)  # noqa: PLR2004 (" về chỉ số ")


def is_tier(s: Marked, i: int, *, target: bool) -> bool:
    """Tell whether a tier is the subject's: not the definition of a group, not one it has left."""
    tier: Tier = s.mentions[i].payload  # type: ignore[assignment]
    before = s.before(i, 40)
    if tier.value.startswith("top ") and not target:
        return False
    if re.search(r"(?:cách|từ|\d) (?:nhóm )?$|\bnhiều$", before):
        return False
    return (
        bool(_TIER_CUE.search(before))
        or s.word(i).startswith(("xếp loại", "xếp hạng", "ở mức"))
        or (target and before.endswith(("và ", ", ")))
        or (i > 0 and s.subject(i - 1) is not None and not s.between(i - 1, i).strip())
    )


def is_figure(mention: Mention) -> bool:
    """Tell whether a mention is a figure that somebody would miss: a place, a change, points."""
    match mention.payload:
        case Rank(superlative=False, enumerated=False) | Delta():
            return True
        case Score(unit="điểm"):
            return True
    return False
