"""Scopes: a rank or change that holds inside a region or a group only."""

import re

from extract.lists import compared_names
from extract.marked import Marked
from extract.mentions import Delta, Group, Rank, Region, Score, SubjectName, Tier
from normalize.units import region_sizes

#: Blocks of departments that are ranked apart.
_BLOCKS = {"ngành dọc", "đơn vị sự nghiệp"}
_IN_SOME_REGION = re.compile(r"(?: (?:trong|của|ở|toàn))* (?:khu vực|vùng)\b")
_MEMBERS = re.compile(r"\b(\d{1,2}) tỉnh(?:,? (?:thành phố|thành))?(?: (?:của|thuộc|khu vực|vùng))* $")
_OPENS_REGION = {"khu vực", "vùng", "ở khu vực", "ở vùng", "riêng khu vực", "riêng vùng"}
#: "hạng 20/63, khu vực ĐBSCL xếp hạng 3"
_GOES_ON_IN = re.compile(r"\d\)?[,;] (?:riêng )?(?:khu vực|vùng) $")
#: "Trong số 7 tỉnh Việt Bắc, Thái Nguyên xếp thứ nhất"
_AMONG_FEW = re.compile(r"\btrong (?:số |tổng số )?(?P<n>\d{1,2}) (?:tỉnh|địa phương)\b[^.;\d]{0,70}$")
# Fewer than any national ranking of provinces.
_REGION_SIZE = 20


def region_of(s: Marked, i: int) -> str | None:
    """Return the region that the place or tier `i` is limited to: never one that has fewer members than the place says."""
    rank = s.mentions[i].payload
    region = _region_of(s, i)
    place = (rank.place or 0) if isinstance(rank, Rank) else 0
    if region is None or place > min([_REGION_SIZE, region_sizes().get(region, _REGION_SIZE), *_counted(s)]):
        return None
    # "Đông Nam Bộ: Bình Dương thứ 9, Tây Ninh thứ 20" tells of places in the country.
    ranks = [m.payload for n, m in enumerate(s.mentions) if isinstance(m.payload, Rank) and not s.bracket(n)]
    places = [rank.place or 0 for rank in ranks if rank.of is None and not rank.enumerated]
    return None if region == _heading_region(s, i) and max(places, default=0) > region_sizes().get(region, _REGION_SIZE) else region


def _counted(s: Marked) -> list[int]:
    """Return how many members the regions of a sentence have, where it says so: "13 tỉnh ĐBSCL"."""
    sizes = [_MEMBERS.search(s.before(j, 30)) for j, m in enumerate(s.mentions) if isinstance(m.payload, Region)]
    return [int(size[1]) for size in sizes if size]


def _region_of(s: Marked, i: int) -> str | None:
    bracket = s.bracket(i)
    for j in range(i + 1, len(s.mentions)):
        follower = s.mentions[j]
        if s.bracket(j) != bracket:
            continue
        if isinstance(follower.payload, Region):
            plain = re.sub(r"\([^)]*\)", "", s.between(i, j))
            limits = re.fullmatch(r"[^.;()]{0,60}", plain) and not re.search(r"toàn quốc|cả nước|, (?!thành)|\d/\d", plain)
            return follower.payload.name if limits else None
        if isinstance(follower.payload, Rank | Score | Delta | SubjectName | Tier):
            break
    of = next((j for j in range(i - 1, -1, -1) if s.mentions[j].end < bracket and s.subject(j) is not None), None) if bracket else None
    if of is not None and of in compared_names(s):
        return None  # "trong vùng xếp sau Thừa Thiên Huế (thứ 4)"
    for j in range(i - 1, -1, -1):
        leader = s.mentions[j].payload
        if isinstance(leader, Rank | Score | Delta | Tier):
            break
        if isinstance(leader, Region):
            goes_on = not s.between(j, i).strip() and _GOES_ON_IN.search(s.before(j, 60))
            named = goes_on or re.search(r"\b(?:trong|ở|tại|so với|riêng|in|within|of)\b(?:[^.;,]|, thành){0,30}$", s.before(j, 60))
            return leader.name if named else _heading_region(s, i)
    return _heading_region(s, i)


def unnamed_region(s: Marked, i: int) -> str | None:
    """Return "khu vực" where a place is inside a region that is not named: "xếp thứ 12 khu vực về SIPAS"."""
    return "khu vực" if _IN_SOME_REGION.match(s.text, s.mentions[i].end) else None


def _heading_region(s: Marked, i: int) -> str | None:
    """Return the region that heads the sentence ("Khu vực miền Trung, ...", "Tây Nguyên: ..."), unless the talk is of the country again."""
    for j in range(i - 1, -1, -1):
        leader = s.mentions[j]
        if isinstance(leader.payload, Group) and s.word(j) in {"cả nước", "toàn quốc"}:
            return None
        if isinstance(leader.payload, Region):
            opens = s.text.startswith(",", leader.end) and s.text[: leader.start].strip() in _OPENS_REGION
            return leader.payload.name if opens or s.text.startswith(":", leader.end) else None
    return None


def block_of(s: Marked, i: int, subject: SubjectName | None) -> str | None:
    """Return the block that a place without a region is limited to: a vertical branch, a group of few."""
    rank = s.mentions[i].payload
    if not isinstance(rank, Rank) or subject is None:
        return None
    if subject.subject_type == "department":
        blocks = [m.payload.name for m in s.mentions if isinstance(m.payload, Group) and m.payload.name in _BLOCKS]
        near = [b for b in blocks if b in s.text[max(0, s.mentions[i].start - 60) : s.mentions[i].end + 40]]
        return near[0] if near else None
    if subject.subject_type == "province" and rank.of is not None and rank.of <= _REGION_SIZE:
        return f"{rank.of} tỉnh"
    few = _AMONG_FEW.search(s.before(i, 90)) if subject.subject_type == "province" and rank.of is None else None
    return f"{few['n']} tỉnh" if few and (rank.place or 0) <= int(few["n"]) <= _REGION_SIZE else None


def ministries_apart(group: Group | None, subject: SubjectName) -> str | None:
    """Return the block of ministries in mind that is ranked apart: those with public services, or those without (DTI)."""
    apart = group is not None and subject.subject_type == group.subject_type == "ministry" and group.name.endswith("dịch vụ công")
    return group.name.removeprefix("các ") if apart and group is not None else None


def in_brackets_of(s: Marked, rank: int, i: int) -> bool:
    """Tell whether the change `i` stands in brackets right behind the place `rank`, and so shares its scope."""
    bracket = s.bracket(i)
    if not bracket or s.bracket(rank):
        return False
    gap = s.text[s.mentions[rank].end : bracket - 1]
    return bracket > s.mentions[rank].end and len(re.sub(r"[^,.;]", "", gap)) <= 1
