"""Names: indices, components, provinces, ministries, departments, districts, regions."""

import re
from collections.abc import Iterator
from dataclasses import replace

from extract.mentions import ComponentName, IndexName, Mention, Region, SubjectName
from extract.rules.patterns import UPPER
from normalize.fold import fold
from normalize.indices import Component, component_lexicon, index_lexicon
from normalize.lexicon import Match, Token
from normalize.units import (
    Unit,
    department_lexicon,
    district_lexicon,
    find_district,
    named,
    province_lexicon,
    region_lexicon,
)

_UPPER = re.compile(f"[{UPPER}]")
#: "55,2/65 điểm, điều tra xã hội học 29,1 điểm" is no "điểm điều tra xã hội học": the points are those before.
_UNIT_BEFORE = re.compile(r"điểm[,;] +", re.IGNORECASE)
# Words that no name of a body contains: verbs of ranking, conjunctions before figures, nouns of office holders.
_BODY_ENDS = (
    r"(?:xếp|đứng|đạt|dẫn|có|với|là|giữ|tăng|giảm|được|chỉ|ở|nằm|cùng|tiếp|thuộc|vươn|tụt|vẫn|đã|cũng|cho|trong|về|năm|vị|hạng|thứ|lần|đều|"
    r"trên|dưới|từ|đến|này|tham|công bố|tổ chức|phối hợp|và (?:Sở|Ban|Cục|Chi|UBND|huyện|thị|thành)|của|do|để|theo|sau|thì|nhưng|khi)\b"
)
_CAPITALS = rf"[{UPPER}]\w*(?:[ \-’'][{UPPER}]\w*){{0,4}}(?:[’']\w+)?"
# "huyện Sông Mã", "UBND TP. Buôn Ma Thuột", "thị xã An Khê"; the kind word may be capital at a sentence's start. In "51/63
# tỉnh, TP. Mức độ hài lòng ..." it ends a sentence.
_DISTRICT = re.compile(
    rf"(?:(?:UBND|[UỦ][ỷy] ban nhân dân|Uỷ ban nhân dân)\ +)?(?<!tỉnh,\ )\b(?P<kind>[Hh]uyện|[Tt]hị\ xã|[Qq]uận|[Tt]hành\ phố|TP\.?|Tp\.?|TX\.?|H\.|[Tt]hị\ trấn|[Xx]ã|[Pp]hường|[Đđ]ặc\ khu)\ ?(?P<name>(?:Nông\ trường\ )?{_CAPITALS}(?:\ [-–]\ {_CAPITALS})?|(?<=[Qq]uận\ )\d{{1,2}}\b(?![.,/%]))".replace(
        "\\ ", "[ ]"
    )
)
# "Cam Le District People's Committee", "Hoa Vang and Son Tra districts": English puts the kind behind the name.
_ENGLISH_DISTRICT = re.compile(
    r"(?P<name>[A-Z][a-z]+(?: [A-Z][a-z]+){0,3})(?: (?:and|,) [A-Z][a-z]+(?: [A-Z][a-z]+)?)? (?:[Dd]istricts?|[Tt]owns?|[Cc]ity)\b"
)
# A body that no list holds: "Trung tâm Xúc tiến đầu tư", "Chi cục Kiểm lâm". Its name ends where a verb, a figure or another
# name begins; what those verbs are is known better here than where the name ends.
_BODY = re.compile(
    rf"(?:Sở|Ban|Cục|Chi cục|Thanh tra|Văn phòng|Trung tâm|Viện|Kho bạc|Liên minh|Hội|Đài|Quỹ|Điện lực|Công ty|Trường)(?: (?!{_BODY_ENDS})[^\W\d_]+(?:,(?= [{UPPER}]))?){{1,9}}"
)
_COMMUNE_NUMBER = re.compile(r" \d{1,2}(?![\d.,/%])(?! (?:điểm|xã|phường|huyện))")
_COMMUNE_KINDS = {"xã", "phường", "thị trấn", "đặc khu"}
_CITY_KINDS = {"thành phố", "tp", "tp."}
_CENTRAL = "thành phố trực thuộc trung ương"
# A ministry that announces, or a place where a meeting is held, is not what is measured.
_ACTS = re.compile(
    r"[ ,]*(?:vừa |mới |đã |sẽ |cũng |\(\w+\) )*(?:công bố|tổ chức|cho biết|cho hay|cho rằng|nhận định|khẳng định|lý giải|phân tích|báo cáo|ban hành|triển khai|đưa ra|phối hợp|làm ra|thực hiện|"
    r"chủ trì|tham mưu|đề xuất|trao|khảo sát|thẩm định|đánh giá|chấm|ghi nhận|xác định|phê duyệt|họp|ra kế hoạch|ra quyết định|yêu cầu|đề nghị|giải thích|tham dự|là cơ quan|phạm thị|nguyễn|trần|lê|vũ|trương|trong năm|mới có|có (?:quyết định|kế hoạch|văn bản|công văn)|"
    r"(?:has |have |had )?(?:announced|released|published|issued|held|said|reported|organized|organised|unveiled|launched))\b",
    re.IGNORECASE,
)
_SITS = re.compile(
    r"(?:\btại|điểm cầu|đầu cầu|thứ trưởng|bộ trưởng|chủ tịch|do|phó (?:giám đốc|chủ tịch)|giám đốc|phòng|lãnh đạo|theo|của|báo|đài|đại học|bí thư)"
    r"(?: (?:tỉnh|thành phố|huyện|ubnd|ubnd tỉnh|của))?\s*$",
    re.IGNORECASE,
)
# "Chỉ số CCHC của Sở Nội vụ đạt 85,20 điểm": what follows is its own figure.
_IS_MEASURED = re.compile(r" (?:năm \d{4} )?(?:đạt|được|là|xếp|đứng|tăng|giảm|có điểm)(?: \S+){0,3} \d")
#: A name so near to a district's is one of the same list.
_BESIDE = 40
#: "Điểm thẩm định của Bộ Nội vụ là 52,1/65": what it gave.
_BY = re.compile(r"\b(?:được|bởi|(?:thẩm định|đánh giá|chấm)(?: điểm)? của)\s*$", re.IGNORECASE)
_ZONE = re.compile(rf"(?: [{UPPER}]\w*)+(?: và các (?:KCN|[Kk]hu công nghiệp))?")
_ANNOUNCERS = {"ministry", "department"}
_PLACED = re.compile(
    r"(?:\btại|điểm cầu|đầu cầu|họp ở|ra mắt ở|lễ công bố ở|\bbáo|đài|đại học|quyết định của ubnd)(?: (?:tỉnh|thành phố|ubnd tỉnh))?\s*$",
    re.IGNORECASE,
)


#: Others are asked as well: "chỉ số hài lòng người bệnh", "chỉ số hài lòng của người dân đối với giáo dục công".
_OTHER_CLIENTS = re.compile(
    r"(?: (?:năm )?\d{4})?,? (?:chung )?(?:của |tại |ở )?(?:bệnh viện|người bệnh|bệnh nhân|khách|du khách|phụ huynh|học sinh|sinh viên|người học|doanh nghiệp FDI"
    r"|(?:người dân )?(?:đối với|về) (?:chất lượng )?(?:dịch vụ )?(?:giáo dục|y tế|khám|điện|nước|vận tải|du lịch))",
    re.IGNORECASE,
)


#: A province's name that ends the one of somebody else: "Bệnh viện Đa khoa Đồng Nai", "VNPT Nghệ An".
_IN_NAME = re.compile(
    rf"\b(?:Bệnh viện|Trường|Đại học|Cao đẳng|Điện lực|Công ty|VNPT|Viettel|Bưu điện|CLB|Câu lạc bộ|Sân bay|Vietcombank|Agribank|BIDV)"
    rf"(?: (?:[{UPPER}]\w*|đa khoa|sản nhi|điện lực|cổ phần|tỉnh|và|-)){{0,6}} $"
)


def find_indices(text: str, tokens: list[Token]) -> Iterator[Mention]:
    """Yield index names; a misprint is as good as a name here, the document decides later."""
    for match in index_lexicon().find(text, tokens):
        alias = match.entries[0]
        if alias.code.isupper() and len(match.entries) > 1:
            alias = next((e for e in match.entries if e.kind == "name"), alias)
        shown = text[match.start : match.end]
        if len(shown) <= 4 and not shown.isupper() and shown.lower() != "papi":  # noqa: PLR2004 ("pci" in a URL, "par" in English)
            continue
        if alias.code == "SIPAS" and _OTHER_CLIENTS.match(text, match.end):
            continue
        yield Mention(IndexName(alias.code, alias.kind == "weak"), match.start, match.end, f"index.{alias.kind}")


def find_components(text: str, tokens: list[Token]) -> Iterator[Mention]:
    """Yield component names, as the text has them."""
    for match in component_lexicon().find(text, tokens):
        if text.startswith(" chung", match.end) and text[: match.end].lower().endswith("hài lòng"):
            continue  # "mức độ hài lòng chung" is SIPAS itself
        codes = tuple(dict.fromkeys(entry.code for entry in match.entries))
        unit = _UNIT_BEFORE.match(text, match.start, match.end)
        start = unit.end() if unit else match.start
        yield Mention(ComponentName(codes, _component_name(text[start : match.end], match)), start, match.end, "component.name")


def _component_name(text: str, match: Match[Component]) -> str:
    shown = " ".join(text.split())
    canonical = match.entries[0].name
    if shown.lower() in (name.lower() for name in match.entries[0].english):
        return canonical
    # "minh bạch" alone is the registry's "Tính minh bạch"; a full name is kept as the article prints it.
    if fold(shown).endswith(fold(canonical)):
        return canonical
    short = len(fold(shown).split()) <= 2 < len(fold(canonical).split()) + 1 and fold(canonical).endswith(fold(shown))  # noqa: PLR2004
    name = canonical if short or "phạm quy phạm" in shown else shown
    return name[0].upper() + name[1:]


def find_regions(text: str, tokens: list[Token]) -> Iterator[Mention]:
    """Yield regions: "khu vực Tây Nguyên", "ĐBSCL"."""
    for match in region_lexicon().find(text, tokens):
        if _UPPER.search(text[match.start : match.end]):
            yield Mention(Region(match.entries[0]), match.start, match.end, "region.name")


def find_subjects(text: str, tokens: list[Token], province: Unit | None, *, bare_districts: bool) -> Iterator[Mention]:
    """Yield the named subjects of a sentence, longest names first at each place.

    `province` is the province whose districts and departments are spoken of; names of its districts without
    the word "huyện" are read only where `bare_districts` says that the talk is of districts.
    """
    found = list(_subjects(text, tokens, province, bare_districts=bare_districts))
    for mention, before, behind in zip(found, [None, *found], [*found[1:], None], strict=False):
        yield _as_district(text, mention, province, (before, behind)) if bare_districts and province is not None else mention


def _as_district(text: str, mention: Mention, province: Unit, beside: tuple[Mention | None, Mention | None]) -> Mention:
    """Read a province's name as that of a district beside other districts: "Lệ Thủy 89,9; Quảng Ninh 89,2" in Quảng Bình."""
    name = mention.payload
    unit = find_district(name.name, province.gso_code) if isinstance(name, SubjectName) and name.subject_type == "province" else None
    if unit is None or name.name == province.name or unit.province != province.gso_code:  # type: ignore[union-attr]  # a name, or no unit
        return mention
    is_listed = any(
        other is not None
        and isinstance(other.payload, SubjectName)
        and other.payload.subject_type == "district"
        and abs(other.start - mention.start) < _BESIDE
        and not text[: mention.start].lower().endswith("tỉnh ")
        for other in beside
    )
    return replace(mention, payload=SubjectName("district", unit.name, (unit.unit_id,))) if is_listed else mention


def _subjects(text: str, tokens: list[Token], province: Unit | None, *, bare_districts: bool) -> Iterator[Mention]:
    starts = {match.start(): match for match in _DISTRICT.finditer(text)}
    position = 0
    before: Mention | None = None
    while position < len(tokens):
        mention, following = _subject_at(text, tokens, position, starts, province, bare_districts=bare_districts)
        if mention is not None and not _acts(text, mention) and not _is_address(text, mention, before):
            yield mention
        before = mention or before
        position = following


def _subject_at(
    text: str,
    tokens: list[Token],
    position: int,
    districts: dict[int, re.Match[str]],
    province: Unit | None,
    *,
    bare_districts: bool,
) -> tuple[Mention | None, int]:
    start = tokens[position].start
    if start in districts:
        found = _district(districts[start], province, local=bare_districts)
        if found is not None:
            behind = next((i for i in range(position, len(tokens)) if tokens[i].start >= found.end), len(tokens))
            return found, behind
    key = tokens[position].key
    department = department_lexicon().match_at(text, tokens, position) if department_lexicon().begins_with(key) else None
    unit = province_lexicon().match_at(text, tokens, position) if province_lexicon().begins_with(key) else None
    if department and (unit is None or department.end > unit.end) and _UPPER.search(text[department.start : department.end]):
        behind, end = _absorb_province(text, tokens, department.next_token, department.end)
        return Mention(SubjectName("department", department.entries[0]), start, end, "subject.department"), behind
    if bare_districts:
        english = _english_district(text, start, province)
        if english is not None:
            return english, position + 1
        body = _body(text, tokens, position)
        if body is not None and (unit is None or body[0].end > unit.end):
            return body
    bare = _bare_district(text, tokens, position, province) if province is not None and (bare_districts or unit) else None
    if unit and _UPPER.search(text[unit.start : unit.end]) and (bare is None or bare[0].end <= unit.end):
        first = unit.entries[0]
        ids = tuple(entry.unit_id for entry in unit.entries)
        return Mention(SubjectName(first.level, first.name, ids), start, unit.end, f"subject.{first.level}"), unit.next_token
    return bare or (None, position + 1)


def _bare_district(text: str, tokens: list[Token], position: int, province: Unit) -> tuple[Mention, int] | None:
    """Read a district of the province without its kind; "Điện Biên Đông" is none of "Điện Biên"."""
    match = district_lexicon().match_at(text, tokens, position)
    start = tokens[position].start
    if match is None or not text[start].isupper():
        return None
    mine = [entry for entry in match.entries if entry.province == province.gso_code]
    if not mine:
        return None
    return Mention(SubjectName("district", mine[0].name, (mine[0].unit_id,)), start, match.end, "subject.district_bare"), match.next_token


def _english_district(text: str, start: int, province: Unit | None) -> Mention | None:
    match = _ENGLISH_DISTRICT.match(text, start)
    unit = find_district(match["name"], province.gso_code) if match and province is not None else None
    if match is None or unit is None:
        return None
    return Mention(SubjectName("district", unit.name, (unit.unit_id,)), start, match.end("name"), "subject.district_english")


def _body(text: str, tokens: list[Token], position: int) -> tuple[Mention, int] | None:
    """Read the name of a body that no list holds, up to the verb, the figure or the province behind it."""
    match = _BODY.match(text, tokens[position].start)
    if match is None:
        return None
    behind = next((i for i in range(position, len(tokens)) if tokens[i].start >= match.end()), len(tokens))
    for i in range(position + 1, behind):  # "Cục Quản lý thị trường Quảng Ninh" ends before its province
        unit = province_lexicon().match_at(text, tokens, i)
        if unit and unit.entries[0].level == "province" and text[unit.start].isupper():
            name = text[match.start() : tokens[i - 1].end]
            return _named_body(name, match.start(), unit.end), unit.next_token
    return _named_body(match[0], match.start(), match.end()), behind


def _named_body(name: str, start: int, end: int) -> Mention:
    words = name.removesuffix(" tỉnh").split()
    return Mention(SubjectName("department", " ".join(words)), start, end, "subject.body")


def _district(match: re.Match[str], province: Unit | None, *, local: bool) -> Mention | None:
    kind, name, end = match["kind"].lower(), match["name"].replace("–", "-"), match.end()
    if " - " in name and find_district(name, province.gso_code if province else None) is None:
        name = name.split(" - ")[0]  # "thành phố Vinh - Nghệ An"
        end = match.start("name") + len(name)
    if name.isdecimal():
        name = f"Quận {name}"
    # Where the talk is of districts, "thành phố Huế" is the one of Thừa Thiên Huế, not the city of 2025.
    own = local and province is not None and find_district(name, province.gso_code) is not None
    if kind in _CITY_KINDS and not own and any(unit.kind == _CENTRAL for unit in named(name) or named(f"TP. {name}")):
        return None
    if fold(name).split()[0] in {"hcm", "hồ"} and kind in _CITY_KINDS:
        return None  # "TP HCM Nguyễn Văn A": the city and its chairman
    if kind in _COMMUNE_KINDS:
        numbered = _COMMUNE_NUMBER.match(match.string, match.end())  # "phường Hà Giang 1", of the mergers of 2025
        end = numbered.end() if numbered else match.end()
        shown = match.string[match.start("name") : end].replace("–", "-")  # "phường Xuân Hương – Đà Lạt"
        return Mention(SubjectName("commune", shown), match.start(), end, "subject.commune")
    code = province.gso_code if province else None
    # A province can have a district and a town of one name: "Kỳ Anh (Huyện)", "Kỳ Anh (Thị xã)".
    unit = find_district(name, code) or find_district(f"{name} ({kind})", code) or find_district(name, None)
    shown = unit.name.split(" (")[0] if unit else name
    return Mention(SubjectName("district", shown, (unit.unit_id,) if unit else ()), match.start(), end, "subject.district")


def _absorb_province(text: str, tokens: list[Token], behind: int, end: int) -> tuple[int, int]:
    """Take in what belongs to a department's name: its zone ("Khu kinh tế Nghi Sơn"), its province.

    "Cục Hải quan Quảng Ninh" is a body of Quảng Ninh, not Quảng Ninh.
    """
    start = text.rfind("Ban Quản lý", 0, end)
    if start >= 0 and not re.search(r"[,;.()\d]", text[start:end]):
        zone = _ZONE.match(text, end)
        if zone:
            end = zone.end()
            behind = next((n for n in range(behind, len(tokens)) if tokens[n].start >= end), len(tokens))
    first = behind + 1 if behind < len(tokens) and text[tokens[behind].start : tokens[behind].end].lower() == "tỉnh" else behind
    match = province_lexicon().match_at(text, tokens, first) if first < len(tokens) else None
    if match and match.entries[0].level == "province" and text[end : match.start].strip().lower() in {"", "tỉnh"}:
        return match.next_token, match.end
    return behind, end


def _is_address(text: str, mention: Mention, before: Mention | None) -> bool:
    """Tell whether a province only says where the district before it lies: "UBND huyện Tân Phú, tỉnh Đồng Nai đạt 78,9 điểm"."""
    province, place = mention.payload, before.payload if before is not None else None
    if not isinstance(province, SubjectName) or not isinstance(place, SubjectName) or before is None:
        return False
    within = province.subject_type == "province" and place.subject_type in {"district", "commune"}
    said = text.startswith("tỉnh ", mention.start) or any(find_district(place.name, unit.gso_code) for unit in named(province.name))
    return within and said and text[before.end : mention.start] in {", ", " ", " - ", " của "}


def _acts(text: str, mention: Mention) -> bool:
    subject_type = mention.payload.subject_type  # type: ignore[union-attr]
    before = text[max(0, mention.start - 30) : mention.start]
    if _PLACED.search(before) or (subject_type == "province" and _IN_NAME.search(text, max(0, mention.start - 60), mention.start)):
        return True
    if subject_type not in _ANNOUNCERS:
        return False
    return bool(
        _ACTS.match(text, mention.end) or _BY.search(before) or (_SITS.search(before) and not _IS_MEASURED.match(text, mention.end))
    )
