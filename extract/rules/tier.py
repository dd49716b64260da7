"""Tiers: "nhóm B", "loại khá", "nhóm trung bình thấp", "nhóm 20 địa phương dẫn đầu", "top 10"."""

import re

from extract.mentions import Rule, Tier, rule
from extract.rules.patterns import RANKED

_CLASS = (
    r"(?P<class>rất\ tốt|khá\ tốt|xuất\ sắc|tốt|trung\ bình(?:\ ?[-–])?\ ?cao|trung\ bình(?:\ ?[-–])?\ ?thấp|trung\ bình\ khá|tương\ đối\ thấp|"
    r"rất\ thấp|trung\ bình|khá|cao\ nhất|thấp\ nhất|thấp|yếu|kém|cao)"
)


#: The rule of a group whose class stands behind the index.
GROUP_OF_INDEX = "tier.group_of_index"
#: How the name of an index begins: it is a mention of its own, and no part of a group.
_INDEX = r"(?:(?:bộ\ )?chỉ\ số|par|pci|papi|sipas|dti|pii|pgi|ddci|ict)\b"
#: PAPI's own spelling: "Trung bình - Cao".
_DASH = re.compile(r" ?[-–] ?")


def _class(match: re.Match[str]) -> Tier:
    return Tier(_DASH.sub(" ", match["class"]))


def _letter(match: re.Match[str]) -> Tier:
    return Tier(match["letter"].upper())


def _top(match: re.Match[str]) -> Tier:
    return Tier(f"top {int(match['n'])}")


_OF_INDEX = rf"\ (?:có|đạt)\ (?i:{_INDEX})[^.;,]{{0,90}}?\ (?:ở\ )?(?:mức\ )?{_CLASS}\b"
#: What goes on behind a group that is named before the index: "nhóm | có DTI năm 2023 ở mức tốt".
CLASS_BEHIND = re.compile(_OF_INDEX.replace("\\ ", "[ ]"))

RULES: tuple[Rule, ...] = (
    rule("tier.letter", r"\bnhóm\ (?P<letter>[abcd])\b(?!-)", _letter),
    # before the classes: "nhóm 10 tỉnh thành có điểm cao nhất" is the first ten, not a class
    rule(
        "tier.leading",
        rf"\b(?:top|tốp|nhóm|(?:trong|vào|thuộc)(?:\ số)?)\ (?P<n>\d{{1,2}})\ {RANKED}(?:,?\ (?:thành\ phố|thành|tỉnh))?\ (?:dẫn\ đầu|đứng\ đầu|đầu|(?:có\ (?!(?i:{_INDEX}))(?:[^\s.,;()]+\ ){{1,4}}?)?(?:cao|tốt)\ nhất)(?!\ (?:bảng|lần\ lượt|là|thuộc))\b",
        _top,
    ),
    # "top 15 địa phương có PAPI cao nhất"
    rule(
        "tier.leading_of_index",
        rf"\b(?:top|tốp|nhóm)\ (?P<n>\d{{1,2}})\ {RANKED}(?:,?\ (?:thành\ phố|thành|tỉnh))?(?=\ (?:có|đạt)\ (?i:{_INDEX})[^.;,]{{0,90}}?\ (?:cao|tốt)\ nhất\b)",
        _top,
    ),
    # "nhóm có DTI năm 2023 ở mức tốt": the class stands behind the index
    rule(
        GROUP_OF_INDEX,
        rf"\b(?:nhóm|tốp)(?:\ (?:các|những|\d{{1,2}}))?(?:\ {RANKED}(?:,?\ (?:thành\ phố|thành|tỉnh))?)?(?={_OF_INDEX})",
        _class,
    ),
    # "nhóm 14 tỉnh, thành có điểm thấp nhất"
    rule(
        "tier.group",
        rf"\b(?:nhóm|tốp)\ (?:(?:các|những|\d{{1,2}})\ )?(?:{RANKED}(?:,?\ (?:thành\ phố|thành|tỉnh))?\ )?(?:(?:có|đạt)\ (?!(?i:{_INDEX}))(?:[^\s.,;()]+\ ){{0,4}}?)?(?:điểm\ )?(?:ở\ )?(?:mức\ |điều\ hành\ )?[\"“]?{_CLASS}\b",
        _class,
    ),
    # "mức cao nhất là 48.059 điểm" is a maximum, "mức thấp kỷ lục" a figure of speech
    rule("tier.level", r"\b(?:ở|đạt)\ mức\ [\"“]?(?P<class>rất\ tốt|khá\ tốt|tốt|khá|trung\ bình|yếu|kém)\b(?!\ (?:từ|là|với|\d))", _class),
    rule(
        "tier.class",
        rf"(?<!\d\ )\b(?:xếp\ loại|(?:xếp\ hạng|hạng)(?!\ (?:cao|thấp)\ nhất)|loại|nhóm)\ (?:dưới\ )?[\"“]?{_CLASS}\b[\"”]?(?!\ (?:từ|với\ \d))",
        _class,
    ),
    # "nhóm 20 địa phương dẫn đầu", "top 10", "tốp 15 cả nước"
    rule(
        "tier.top",
        rf"\b(?:top|tốp|nhóm)\ (?P<n>\d{{1,2}})\b(?:/\d{{2}}\b)?(?:\ {RANKED}(?:,?\ (?:thành\ phố|thành|tỉnh))?)?(?:\ (?:dẫn\ đầu|đứng\ đầu|đầu|có\ điểm\ cao\ nhất|cao\ nhất))?(?!\ (?:bảng|lần\ lượt))\b",
        _top,
    ),
)
