"""What is around the figures: statistics, targets, blocks, pronouns, and noise that must not be read."""

import re
from collections.abc import Callable

from extract.mentions import Cue, Group, Pronoun, RelativeBase, Rule, Statistic, rule
from extract.rules.patterns import BEHIND_PLACE_OF_ALL, WITHIN, WORD_NUMBER
from normalize.numbers import parse_count


def _statistic(match: re.Match[str]) -> Statistic:
    compared = bool(
        re.search(
            r"(?:hơn|thấp hơn|cao hơn|trên|dưới|so (?:sánh )?với|bằng|vượt)(?: (?:điểm|mức|giá trị|số))*\s*$", match.string[: match.start()]
        )
    )
    word = match["word"]
    measure = "score_median" if word == "trung vị" else "score_mean"
    return Statistic(measure, compared)  # type: ignore[arg-type]  # one of two literals


def _group(subject_type: str, name: str) -> Callable[[re.Match[str]], Group]:
    def read(match: re.Match[str]) -> Group:
        count = match.groupdict().get("n")
        return Group(subject_type, name, int(count) if count else None)

    return read


_PLACE_BEFORE = re.compile(BEHIND_PLACE_OF_ALL)
_LARGEST_REGION = 20


def _count_of_units(match: re.Match[str]) -> Cue | None:
    of = int(match[0].split("/")[1].split()[0])
    place = of <= _LARGEST_REGION and _PLACE_BEFORE.search(match.string, max(0, match.start() - 70), match.start())
    return None if place else Cue("noise")


_CLASS_BEFORE = re.compile(r"\b(?:nhóm|loại|mức|hạng)\b[^.;:()\d]{0,30}\($")
_IS_BOUND = re.compile(r"\b(?:từ|trên|dưới|trở|đến|tới)\b|[<>≥≤–-]")


def _bounds(match: re.Match[str]) -> Cue | None:
    of_class = _CLASS_BEFORE.search(match.string, max(0, match.start() - 50), match.start())
    return Cue("noise") if of_class and _IS_BOUND.search(match[0]) else None


_MANY = r"(?:khối|nhóm|các|những|(?P<n>\d{1,3}))\ (?:\w+\ )?"

BEFORE_NAMES: tuple[Rule, ...] = (
    # dates, with their weekday or clock, and months
    rule(
        "noise.date",
        r"(?:\b(?:thứ\ (?:hai|ba|tư|năm|sáu|bảy|bẩy|\d)|chủ\ nhật),?\ +(?:ngày\ )?)?(?:\bngày\ |\bsáng\ |\bchiều\ |\btối\ |\bhôm\ )*(?<![\d,./])\d{1,2}\ ?[/-]\ ?\d{1,2}(?:\ ?[/-]\ ?\d{2,4})\b",
        lambda _: Cue("noise"),
    ),
    rule(
        "noise.day",
        r"\b(?:ngày|sáng|chiều|tối|hôm|trưa)\ (?:ngày\ )?\d{1,2}(?:\ ?[/-]\ ?\d{1,2})?(?:\ tháng\ \d{1,2}(?:\ năm\ \d{4})?)?\b",
        lambda _: Cue("noise"),
    ),
    rule("noise.month", r"\btháng\ \d{1,2}(?:\ ?[/-]\ ?\d{4})?\b|\bquý\ (?:\d|i{1,3}|iv)\b", lambda _: Cue("noise")),
    # "Kế hoạch số 185/KH-UBND", "Quyết định số 268/QĐ-BNV", "Nghị quyết 76"
    rule(
        "noise.decree",
        r"\b(?:quyết\ định|kế\ hoạch|nghị\ quyết|công\ văn|tờ\ trình|văn\ bản|nghị\ định|đề\ án)(?:\ số)?\ \d+(?:/[\w-]+)*|\bsố\ \d+/[\w-]*[^\W\d][\w-]*",
        lambda _: Cue("noise"),
    ),
    rule("noise.decree_code", r"\b\d+/(?:\d{4}/)?(?:qđ|kh|nq|nđ|ct|tb|bc|ttr|ubnd)[\w-]*", lambda _: Cue("noise")),
    # "Huân chương Lao động hạng Ba", "di tích cấp quốc gia hạng nhất"
    rule("noise.medal", r"\b(?:huân|huy)\ chương\ [^,.;()]{0,40}?hạng\ (?:nhất|nhì|ba)\b", lambda _: Cue("noise")),
    # the name of a campaign: “Năm kỷ cương hành chính 2017”, "Năm Dân vận chính quyền 2018"
    rule("noise.year_of", r"[“\"'‘]năm\ (?!\d)[^”\"'’\d]{4,60}\ \d{4}(?=[”\"'’])", lambda _: Cue("noise")),
    # "sau 2 năm, tỉnh tụt 14 bậc", "tính chung 3 năm, tỉnh tăng 33 bậc"
    rule(
        "year.after",
        rf"\b(?:sau|qua|tính\ chung|tính\ chung\ trong|trong\ vòng)\ (?P<n>\d|{WORD_NUMBER})\ năm\b(?=(?:\ (?:qua|gần\ đây))?[^.;\d]{{0,25}}\b(?:tăng|giảm|tụt|vươn|lên|xuống|nhảy)\ [^.;,]{{0,12}}\d)",
        lambda m: RelativeBase(parse_count(m["n"])),
    ),
    # "lần thứ 3 liên tiếp", "năm thứ hai liên tiếp", "9 tuần liên tiếp", "16 năm"
    rule(
        "noise.streak",
        r"\b(?:lần|năm|kỳ|kỳ\ họp|đợt|khóa|tuần|quý|ngày|ngày\ làm\ việc|phiên|vòng|đại\ hội|nhiệm\ kỳ|giai\ đoạn|bước|tập)\ thứ\ [\w]+(?:\ liên\ tiếp)?|(?<!\d)\d{1,3}\ (?:năm|lần(?!\ lượt)|tuần|tháng|ngày|giờ|phút)\b(?!\ (?:19|20)\d\d)(?:\ liên\ tiếp)?",
        lambda _: Cue("noise"),
    ),
    # DTI ranks the ministries with public services apart from those without
    rule(
        "group.ministries_apart",
        r"\b(?:(?:nhóm\ |khối\ |các\ |cấp\ )?(?:(?P<n>\d{1,2})\ )?bộ(?:,\ (?:ngành|cơ\ quan\ ngang\ bộ|cơ\ quan))*|(?:nhóm|khối)(?:\ các\ cơ\ quan)?)\ (?P<without>không\ )?(?:có\ )?(?:cung\ cấp\ )?dịch\ vụ\ công\b",
        lambda m: Group("ministry", "các bộ không có dịch vụ công" if m["without"] else "các bộ có dịch vụ công", _count(m)),
    ),
    # all of them: "08/08 huyện ở mức khá" says how many districts there are
    rule("group.all_districts", r"(?<![\d.,])(?P<n>\d{1,2})\s?/\s?(?P=n)\ (?:ubnd\ )?huyện\b", _group("district", "các huyện")),
    # counts, not ranks: "12/12 UBND huyện", "32/63 địa phương trên mức", "4/8 nội dung"
    rule(
        "noise.count",
        r"(?<!hạng\ )(?<!thứ\ )(?<!xếp\ )(?<!đứng\ )(?<!vị\ trí\ )(?<!số\ )(?<!ở\ )(?<![\d.,])\d{1,3}\s?/\s?\d{1,3}\ (?:ubnd|tỉnh|thành|địa\ phương|huyện|đơn\ vị|bộ|sở|cơ\ quan|chỉ\ số|nội\ dung|lĩnh\ vực|tiêu\ chí|trục|xã|phường|quận)\b",
        _count_of_units,
    ),
    # gaps to a mean, a leader, a neighbour
    rule(
        "noise.gap",
        r"\b(?:(?<!cải\ )(?<!phong\ )cách|hơn\ kém|chênh|chênh\ lệch|kém|còn\ cách)\ (?:\S+\ ){0,4}?\d+(?:[.,]\d+)?\ ?(?:điểm|%)(?!\ so\ với\ năm)(?:\ \(\d+(?:[.,]\d+)?\ điểm\))?",
        lambda _: Cue("noise"),
    ),
    rule(
        "noise.gap_mean",
        r"\b(?:cao\ hơn|thấp\ hơn|hơn|kém|vượt)\ (?:mức\ |giá\ trị\ |điểm\ |so\ với\ )*(?:trung\ bình|bình\ quân|trung\ vị)[^.,;()]{0,30}?\ \d+(?:[.,]\d+)?\ ?(?:điểm|%)",
        lambda _: Cue("noise"),
    ),
    rule(
        "noise.gap_to_mean",
        r"\bso\ với\ (?:mức\ |giá\ trị\ |điểm\ )*(?:trung\ bình|bình\ quân|trung\ vị)[^.,;()\d]{0,30}?(?:cao|thấp)\ hơn\ (?:là\ )?\d+(?:[.,]\d+)?\ ?(?:điểm|%)",
        lambda _: Cue("noise"),
    ),
    rule(
        "noise.gap_before",
        r"\b(?:cao\ hơn|thấp\ hơn|hơn|kém)\ \d+(?:[.,]\d+)?\ ?(?:điểm|%)?(?=\ so\ với\ (?:mức\ |giá\ trị\ )?(?:điểm\ |mức\ )?(?:bình\ quân|trung\ bình|trung\ vị|đơn\ vị|địa\ phương|tỉnh|vị\ trí|quy\ định))",
        lambda _: Cue("noise"),
    ),
    # the figure of nobody in particular: "tỉnh có điểm cao nhất là 95,97%, tỉnh thấp nhất đạt 67,70%"
    rule(
        "statistic.max_of_all",
        r"\b(?:mức|điểm|điểm\ số|giá\ trị|chỉ\ số|kết\ quả|tỉnh|địa\ phương|đơn\ vị|nơi)\ (?:có\ [^,.;()\d]{0,50}\ )?cao\ nhất(?=(?:\ (?:là|đạt|với|chỉ)|:)\ \d)",
        lambda _: Statistic("score_max"),
    ),
    rule(
        "statistic.min_of_all",
        r"\b(?:mức|điểm|điểm\ số|giá\ trị|chỉ\ số|kết\ quả|tỉnh|địa\ phương|đơn\ vị|nơi)\ (?:có\ [^,.;()\d]{0,50}\ )?thấp\ nhất(?=(?:\ (?:là|đạt|với|chỉ)|:)\ \d)",
        lambda _: Statistic("score_min"),
    ),
    rule("statistic.max_bare", r"(?<=[,;]\ )cao\ nhất(?=\ (?:là\ |đạt\ )?\d)", lambda _: Statistic("score_max")),
    rule("statistic.min_bare", r"(?<=[,;]\ )thấp\ nhất(?=\ (?:là\ |đạt\ )?\d)", lambda _: Statistic("score_min")),
    rule("noise.milestone", r"\b(?:mốc|ngưỡng)\ (?:trên\ |dưới\ )?\d+(?:[.,]\d+)?\ ?(?:điểm|%)", lambda _: Cue("noise")),
    rule("noise.lost", r"\bmất\ \d+(?:[.,]\d+)?\s?/\s?\d+(?:[.,]\d+)?\ điểm", lambda _: Cue("noise")),
    rule("noise.scale", r"\b(?:trên\ )?thang\ điểm\ \d+|\btrên\ tổng\ \d+\ điểm|\btính\ theo\ thang\ \d+", lambda _: Cue("noise")),
    # the bounds of a class behind its name: "nhóm Khá (80 đến dưới 90 điểm)", "loại yếu (dưới 50%)"
    rule(
        "noise.bounds",
        r"(?<=\()(?:đạt\ )?(?:từ\ |trên\ |dưới\ |[<>≥≤]=?\ ?)?\d+(?:[.,]\d+)?\ ?(?:điểm|%)?(?:\ ?(?:-|–|đến|tới)\ ?(?:dưới\ |cận\ )?\d+(?:[.,]\d+)?\ ?(?:điểm|%)?|\ trở\ lên|\ trở\ xuống)?(?=\))",
        _bounds,
    ),
    # thresholds of the groups themselves: "Nhóm A, từ 90% trở lên", "trên 76% đến dưới 80%"
    rule(
        "noise.threshold",
        r"\b(?:từ|trên)\ \d+(?:[.,]\d+)?\ ?%?\ ?(?:-|–|đến)\ ?(?:dưới\ )?\d+(?:[.,]\d+)?\ ?%|(?<=,\ )(?:trên|dưới)\ \d+(?:[.,]\d+)?\ ?%",
        lambda _: Cue("noise"),
    ),
)

RULES: tuple[Rule, ...] = (
    rule(
        "statistic.middle",
        r"\b(?:tổng\ điểm\ |điểm\ |giá\ trị\ |mức\ |chỉ\ số\ |điểm\ số\ )*(?P<word>trung\ vị|trung\ bình|bình\ quân)\b(?!\ (?:cao|thấp|khá)\b(?!\ nhất\ (?:là\ |với\ |đạt\ )?\d))",
        _statistic,
    ),
    rule(
        "statistic.national",
        r"\bchung\ (?:của\ )?(?:cả\ nước|toàn\ quốc)|\bchung\ của\ (?=(?:các|khối|\d{1,3})\ (?:huyện|quận|sở|xã|phường|tỉnh|bộ|địa\ phương)\b)|(?:\bcủa|(?<=\bdân\ )trong|(?<=\bdân\ )trên)\ (?:cả\ nước|toàn\ quốc)(?=\ (?:năm\ \d{4}\ )?(?:là|đạt|ở\ mức|chỉ\ đạt)\ \d)",
        lambda _: Statistic("score_mean"),
    ),
    rule("cue.range", rf"\b(?:nằm\ )?{WITHIN}(?=\ \d)", lambda _: Statistic("score_min")),
    rule("cue.respectively", r"\blần\ lượt\b|\btheo\ thứ\ tự\b|\btương\ ứng\b(?=(?:\ (?:là|với|đạt))?\ \d)", lambda _: Cue("respectively")),
    rule(
        "cue.reported",
        r"\b(?:nhưng|song|tuy\ nhiên|thực\ tế)\b[^.;]{0,20}?\b(?:kết\ quả|chỉ\ đạt|mới\ đạt|đạt)\b|\bkết\ quả\ (?:là\ )?(?:chỉ\ |mới\ |đã\ )?đạt\b|(?<=,\ )(?:kết\ quả|thực\ tế)\ (?=hạng|xếp|đứng)",
        lambda _: Cue("reported"),
    ),
    rule(
        "cue.target",
        r"\b(?:phấn\ đấu|đặt\ mục\ tiêu|(?<!thành\ )(?<!đạt\ )(?<!vượt\ )(?<!các\ )(?<!so\ với\ )mục\ tiêu(?!\ (?:ấy|này|đã|trên))|nhằm\ đạt|kế\ hoạch(?=\ (?:tăng|nâng|đưa)\b|[^.;,\d]{0,40}\blà\ (?:hạng\ |thứ\ |xếp\ thứ\ )?\d|[^.;:\d]{0,40}\bđến\ (?:cuối\ |hết\ )?năm\ \d{4}\b)|quyết\ tâm(?=\ (?:đưa|lọt|vào|đạt|giữ|nằm|tăng|vươn|nâng)\b)|(?:đề|đặt)\ ra(?:\ (?:\d+\ |các\ )?(?:chỉ\ tiêu|mục\ tiêu|kế\ hoạch)|(?=:))|để(?=[^.;]{0,60}\b(?:tăng|đạt|vào|lọt|lên)\ (?:\S+\ ){0,2}(?:ít\ nhất|tối\ thiểu)\b)|kỳ\ vọng|hướng\ (?:tới|đến)|(?:đề\ nghị|yêu\ cầu)(?=[^.;,]{0,60}\b(?:tối\ thiểu|ít\ nhất|trở\ lên)\b)|phải(?=\ (?:tăng|đạt|vươn|nằm|vào|đưa|trở\ lại)\ (?:\S+\ ){0,7}\d))\b",
        lambda _: Cue("target"),
    ),
    rule(
        "cue.target_english",
        r"\b(?:aim(?:s|ed|ing)?(?=\ to\b|\ for\b)|striv(?:es|ed|ing)(?=\ to\b|\ for\b)|(?:plans|hopes|wants|is\ determined|is\ expected)(?=\ to\b)|targets?(?=\ (?:to|a|an|of|for|the)\b)|(?:goal|target|objective)(?=\ (?:is|of|to)\b))",
        lambda _: Cue("target"),
    ),
    rule(
        "group.units_ranked",
        r"\b(?:trong|tổng\ số|có|gồm|trên)\ (?:tất\ cả\ )?(?P<n>\d{1,3})\ đơn\ vị(?=\ (?:được|tham\ gia|nhóm))",
        _group("department", "các sở"),
    ),
    rule(
        "group.ministries",
        rf"\b(?:{_MANY}|(?:đối\ với|ở|với)\ (?:\w+\ )?)bộ,?\ (?:ngành|cơ\ quan\ ngang\ bộ)(?:\ trung\ ương)?|\b(?:khối\ |nhóm\ )?(?:các|(?P<m>\d{{1,2}}))\ bộ\b|\b(?:cấp|khối|nhóm)\ bộ\b(?!\ (?:chỉ|tiêu|câu))",
        lambda m: Group("ministry", "các bộ", _count(m)),
    ),
    rule(
        "group.departments",
        r"\b(?:khối|nhóm|các|cấp|(?P<n>\d{1,2}))\ (?:các\ )?(?:sở,\ (?:ban,\ )?ngành|sở\ ban\ ngành|sở,\ cơ\ quan|sở)\b",
        _group("department", "các sở"),
    ),
    rule("group.vertical", r"\b(?:khối\ |cơ\ quan\ )ngành\ dọc", _group("department", "ngành dọc")),
    rule("group.units", r"\bkhối\ (?:đơn\ vị\ )?sự\ nghiệp", _group("department", "đơn vị sự nghiệp")),
    rule(
        "group.districts",
        r"\b(?:khối|nhóm|các|ubnd\ các|cấp|ubnd\ cấp|(?P<n>\d{1,2}))\ (?:các\ )?(?:huyện|quận)\b(?:,?\ (?:thị\ xã|huyện|thành\ phố)\b)*",
        _group("district", "các huyện"),
    ),
    # districts beside departments, provinces beside ministries: the article says which
    rule("group.localities", r"\b(?:khối|nhóm)\ (?:các\ )?địa\ phương\b(?!\ (?:dẫn|đứng|có))", _group("district", "các huyện")),
    rule(
        "group.communes",
        r"\b(?:khối|nhóm|các|cấp|ubnd\ cấp|(?P<n>\d{1,3}))\ (?:các\ )?(?:xã|phường)\b(?:,\ (?:phường|xã|thị\ trấn|đặc\ khu))*",
        _group("commune", "các xã"),
    ),
    rule(
        "group.provinces",
        r"\b(?:khối|nhóm|các|(?P<n>\d{1,2}))\ (?:các\ )?(?:tỉnh|địa\ phương)(?:,?\ (?:thành\ phố|thành))?\b(?!\ (?:này|dẫn|đứng))|\bcấp\ tỉnh\b|\bcả\ nước\b|\btoàn\ quốc\b",
        _group("province", "63 tỉnh"),
    ),
    rule("pronoun.near", r"\b(?:địa\ phương|tỉnh|thành\ phố)\ này\b", lambda _: Pronoun("province", near=True)),
    rule("pronoun.ministry", r"\bcủa\ bộ\b(?=\ (?:xếp|đứng|đạt|được|là|tăng|giảm))", lambda _: Pronoun(None, near=True)),
    rule(
        "pronoun.body_near",
        r"\b(?:ngân\ hàng|bộ|sở|huyện|quận|thị\ xã|xã|phường|cơ\ quan|đơn\ vị|ngành)\ này\b",
        lambda _: Pronoun(None, near=True),
    ),
    rule(
        "pronoun.province",
        r"(?<!\ \d\ )(?<!\ \d\d\ )(?<!những\ )(?<!nhiều\ )(?<!hai\ )(?<!mười\ )(?<!mỗi\ )(?<!toàn\ )(?<!địa\ bàn\ )(?<!trong\ )(?<!cấp\ )(?<!trên\ )(?<!các\ )(?<!văn\ phòng\ )\b(?:của\ )?(?:ubnd\ )?(?:tỉnh(?:\ (?:nhà|ta|này))?|(?<!tỉnh,\ )(?<!tỉnh/\ )(?<!tỉnh\ )(?<!huyện,\ )(?<!thị\ xã,\ )(?<!các\ )(?<!\d\ )thành\ phố(?:\ này)?|địa\ phương\ này)\b(?!,?\ (?:thành|và\ các|ủy|ủ|đoàn|trực))",
        lambda _: Pronoun("province"),
    ),
    rule(
        "pronoun.department", r"\bcủa\ (?:sở|cục|ban)\b(?=\ (?:xếp|đứng|đạt|được|có|là|tăng|giảm)|[,.;])", lambda _: Pronoun("department")
    ),
    rule(
        "pronoun.district",
        r"\bubnd\ huyện\b(?=\ (?:xếp|đứng|đạt|có|được|tăng|giảm))|\bcủa\ (?:huyện|thị\ xã|quận)\b(?=\ (?:năm|đạt|xếp|đứng|tăng|giảm|là|được|có)\b|[.,;:)])|\b(?:huyện|thị\ xã|quận)\ (?=(?:\(nay\ là\ [^()]{3,30}\)\ )?(?:xếp|đứng|đạt|được))",
        lambda _: Pronoun("district"),
    ),
)


def _count(match: re.Match[str]) -> int | None:
    found = match.groupdict()
    count = found.get("n") or found.get("m")
    return int(count) if count else None
