"""Numbers that may be scores: "88,34", "91,19/100 điểm", "88,46 %", "gần 40 điểm", "từ 8,65 điểm trở lên"."""

import re
from dataclasses import replace
from decimal import Decimal

from extract.mentions import Rule, Score, rule
from extract.rules.patterns import NUMBER, WITHIN
from normalize.numbers import parse_number

_QUALIFIERS = {
    "gần": "about", "khoảng": "about", "xấp xỉ": "about", "ước": "about", "hơn": "at_least", "trên": "at_least",
    "nearly": "about", "about": "about", "around": "about", "over": "at_least", "above": "at_least", "more than": "at_least",
    "at least": "at_least", "below": "at_most", "under": "at_most", "less than": "at_most", "từ": "at_least", "tối thiểu": "at_least", "ít nhất": "at_least", "dưới": "at_most", "tối đa": "at_most",
}  # fmt: skip
# A word of its own: "Bình Phước 89,12" and "Quy Nhơn 84,50" end in two of them.
_QUALIFIER = r"(?:\b(?P<qualifier>gần|(?<!trong\ )khoảng|xấp\ xỉ|ước|hơn|trên|tối\ thiểu|ít\ nhất|dưới|tối\ đa"
_QUALIFIER += r"|nearly|about|around|over|above|more\ than|at\ least|below|under|less\ than)\ )?"
# After a score comes a stop, a bracket, or one of these words; any other word is what is counted
# ("88,2% hồ sơ", "1.020 dịch vụ").
_NOUN_FOLLOWS = re.compile(
    r"[ ](?!(?:và|xếp|tăng|giảm|thuộc|so|đứng|tiếp|nằm|cao|thấp|còn|trong|là|vào|năm|trở|từ|đến|cho|có\ (?:chỉ\ số|điểm|kết\ quả)|hạng|thứ|ở|với|của|trên|vẫn|"
    r"nhưng|song|đối|lên|xuống|kém|hơn|vượt|bằng|cùng|được|vươn|tụt|dẫn|về|giữ|vị|cả|do|theo|như|thì|khi|mà|này|điểm|out|points|chung|"
    r"and|on|in|at|for|from|up|down|compared|ranking|ranked|followed|placing|while|percent|which|as|with|last|this|over|than|to|respectively)\b)[^\W\d_]"
)


def _score(match: re.Match[str]) -> Score:
    groups = match.groupdict()
    word = groups.get("qualifier") or ""
    scale = groups.get("scale")
    qualifier = _QUALIFIERS.get(word, "exact")
    if match.string[match.end() :].startswith(" trở lên"):
        qualifier = "at_least"
    unit = groups.get("unit")
    return Score(
        text=match["number"],
        unit={"điểm": "điểm", "đ": "điểm", "points": "điểm", "%": "%", "percent": "%", "per cent": "%"}.get(unit or ""),
        scale=parse_number(scale, Decimal(100)) if scale else None,
        qualifier=qualifier,  # type: ignore[arg-type]  # the dictionary above holds only the four words
        noun_follows=bool(_NOUN_FOLLOWS.match(match.string, match.end())),
    )


#: "Tăng từ 66,69 đến 69,22 điểm" tells two years, "các tỉnh nằm trong khoảng 60 - 71 điểm" the least and the most.
_OF_TWO = re.compile(rf"\b(?:(?:tăng|giảm|nâng|cải thiện|nhích|lên|xuống)(?: \w+){{0,2}} từ|{WITHIN}) $")
_FAR = 40
#: A range is this narrow: "hạng 55 - 64,2 điểm" is none.
_NARROW = Decimal("1.25")


def _range(match: re.Match[str]) -> Score | None:
    low, high = (parse_number(match[end], Decimal(1000)) for end in ("number", "high"))
    is_dash = "đến" not in match[0]
    if not low < high <= low * _NARROW or (is_dash and ("," in match["number"]) != ("," in match["high"])):
        return None
    if _OF_TWO.search(match.string[max(0, match.start() - _FAR) : match.start()]):
        return None
    return replace(_score(match), high=match["high"])


_SCALE = r"(?:(?:\s?/\s?|\ out\ of\ (?:the\ |a\ total\ of\ )?)(?P<scale>\d+(?:[.,]\d+)?))?"

RULES: tuple[Rule, ...] = (
    rule(
        "score.range",
        r"(?<![\d.,/–-])(?P<number>\d{1,3}(?:[.,]\d{1,4})?)(?:\ ?(?:điểm|%))?(?:\ ?[–—-]\ ?|\ đến\ )(?P<high>\d{1,3}(?:[.,]\d{1,4})?)\ ?(?P<unit>điểm|%)(?![^\W\d_])",
        _range,
    ),
    rule(
        "score.unit",
        rf"(?<![\d.,/-]){_QUALIFIER}(?P<number>{NUMBER}){_SCALE}\ ?(?P<unit>điểm|%|points|per\ ?cent|đ)(?![^\W\d_])(?!\ (?:cầu|trường|thi|bán|nóng|giao\ dịch|du\ lịch|đến|phục\ vụ|dân\ cư)\b)",
        _score,
    ),
    rule("score.scale", r"(?<![\d.,/-])(?P<number>\d+[.,]\d+)\s?/\s?(?P<scale>\d+(?:[.,]\d+)?)\b(?!/)", _score),
    # "với điểm số 70": a whole number counts where the word says so
    rule(
        "score.whole", r"(?:\bđiểm\ số|\bsố\ điểm|\btổng\ điểm)\ (?:là\ |đạt\ )?(?P<number>\d{2})\b(?![.,/]\d)(?!\s?[/%])(?!\ điểm)", _score
    ),
    rule("score.bare", rf"(?<![\d.,/-]){_QUALIFIER}(?P<number>\d{{1,3}}[.,]\d{{1,4}})(?![\d.,/]*\d)(?!\s?[/%])(?![^\W\d_])", _score),
)
