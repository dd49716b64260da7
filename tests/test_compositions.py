"""Articles put together at random from sentences whose meaning is known: what one says must not become another's.

Each sentence of tests/corpus/compositions.toml is read rightly by itself; here it stands behind and before any others, in
one paragraph or in several, in an article of a province or of the bodies of one. The claims must be those of its parts.
"""

import random
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from unicodedata import combining, normalize

import pytest

from extract.article import Article
from extract.claims import read_claims
from normalize.claim import Claim

SENTENCES = tomllib.loads((Path(__file__).parent / "corpus" / "compositions.toml").read_text(encoding="utf-8"))
PROVINCES = ["Hưng Yên", "Sơn La", "Quảng Nam", "Bến Tre", "Đắk Lắk", "Hà Tĩnh", "Thái Bình", "Lào Cai", "Cà Mau", "Phú Thọ"]
OTHERS = ["Quảng Ninh", "Hải Phòng", "Đà Nẵng", "Đồng Tháp", "Long An", "Bắc Giang", "Vĩnh Phúc", "Thanh Hóa", "Kon Tum", "Ninh Thuận"]
DEPARTMENTS = [
    "Sở Nội vụ", "Sở Tư pháp", "Sở Tài chính", "Sở Công Thương", "Sở Khoa học và Công nghệ", "Sở Y tế", "Văn phòng UBND tỉnh",
    "Ban Dân tộc", "Thanh tra tỉnh", "Sở Xây dựng", "Sở Tài nguyên và Môi trường", "Ban Quản lý các khu công nghiệp",
]  # fmt: skip
MINISTRIES = [
    "Bộ Tư pháp", "Bộ Tài chính", "Bộ Nội vụ", "Bộ Công Thương", "Bộ Giao thông vận tải", "Bộ Xây dựng", "Bộ Ngoại giao", "Bộ Khoa học và Công nghệ",
    "Bộ Giáo dục và Đào tạo", "Bộ Tài nguyên và Môi trường", "Bộ Nông nghiệp và Phát triển nông thôn", "Bộ Kế hoạch và Đầu tư",
    "Bộ Lao động - Thương binh và Xã hội", "Bộ Văn hóa, Thể thao và Du lịch", "Ngân hàng Nhà nước Việt Nam", "Thanh tra Chính phủ",
]  # fmt: skip
DISTRICTS = {
    "Hưng Yên": ["huyện Văn Lâm", "huyện Yên Mỹ", "thị xã Mỹ Hào", "huyện Kim Động", "huyện Tiên Lữ"],
    "Sơn La": ["huyện Mộc Châu", "huyện Mai Sơn", "huyện Phù Yên", "huyện Sông Mã", "huyện Vân Hồ"],
    "Đắk Lắk": ["thành phố Buôn Ma Thuột", "thị xã Buôn Hồ", "huyện Ea H'leo", "huyện M'Đrắk", "huyện Krông Ana"],
    "Lào Cai": ["thị xã Sa Pa", "huyện Bảo Yên", "huyện Si Ma Cai", "huyện Bát Xát", "huyện Văn Bàn"],
}
BLOCKS = {
    "departments": ["Khối sở, ban, ngành: ", "Ở khối các sở, ban, ngành, ", "Trong khối sở, ngành, "],
    "districts": ["Khối huyện, thị xã, thành phố: ", "Ở khối UBND cấp huyện, ", "Đối với khối địa phương, "],
}


@dataclass(frozen=True)
class Index:
    code: str
    names: tuple[str, ...]
    units: tuple[str, ...]
    scores: tuple[float, float]
    fields: tuple[str, ...] = ()
    field_scores: tuple[float, float] = (0, 0)
    decimals: int = 2


INDICES = (
    Index("PAR_INDEX", ("PAR INDEX", "Chỉ số cải cách hành chính (PAR INDEX)", "Chỉ số CCHC", "chỉ số cải cách hành chính"), ("%", " điểm"), (70, 95),
          ("Cải cách thể chế", "Cải cách thủ tục hành chính", "Cải cách tài chính công", "Cải cách chế độ công vụ"), (60, 98)),
    Index("SIPAS", ("SIPAS", "Chỉ số hài lòng (SIPAS)", "Chỉ số SIPAS"), ("%",), (75, 92)),
    Index("PCI", ("PCI", "Chỉ số năng lực cạnh tranh cấp tỉnh (PCI)", "Chỉ số PCI", "chỉ số năng lực cạnh tranh cấp tỉnh"), (" điểm",), (56, 74),
          ("Gia nhập thị trường", "Tiếp cận đất đai", "Tính minh bạch", "Chi phí thời gian", "Đào tạo lao động"), (4, 9)),
    Index("PAPI", ("PAPI", "Chỉ số Hiệu quả quản trị và hành chính công cấp tỉnh (PAPI)", "Chỉ số PAPI"), (" điểm",), (38, 48),
          ("Công khai, minh bạch", "Quản trị điện tử", "Thủ tục hành chính công", "Kiểm soát tham nhũng trong khu vực công"), (3, 7.9)),
    Index("DTI", ("DTI", "Chỉ số chuyển đổi số (DTI)", "Chỉ số DTI", "chỉ số chuyển đổi số"), ("", " điểm"), (0.3, 0.8), ("Chính quyền số", "Kinh tế số", "Xã hội số"), (0.3, 0.8), 4),
    Index("PII", ("PII", "Chỉ số đổi mới sáng tạo cấp địa phương (PII)", "Chỉ số PII"), (" điểm",), (25, 62)),
    Index("PGI", ("PGI", "Chỉ số Xanh cấp tỉnh (PGI)", "Chỉ số PGI"), (" điểm",), (12, 34)),
    Index("ICT_INDEX", ("ICT Index", "Chỉ số sẵn sàng cho phát triển và ứng dụng công nghệ thông tin (ICT Index)"), ("", " điểm"), (0.2, 0.8), decimals=4),
)  # fmt: skip
LOCAL = (
    Index("PAR_INDEX", ("Chỉ số cải cách hành chính", "Chỉ số CCHC", "PAR INDEX"), ("%", " điểm"), (62, 97)),
    Index("DDCI", ("DDCI", "Chỉ số năng lực cạnh tranh cấp sở, ngành và địa phương (DDCI)"), (" điểm",), (62, 97)),
    Index("SIPAS", ("Chỉ số hài lòng (SIPAS)", "SIPAS"), ("%",), (62, 97)),
)  # fmt: skip
WHOLE = {"all": "63 tỉnh", "ministries": "các bộ", "departments": "các sở", "districts": "các huyện"}
IN_ENGLISH = (
    Index("PAR_INDEX", ("PAR Index", "Public Administration Reform Index (PAR Index)"), (" percent", "%"), (70, 95)),
    Index("SIPAS", ("SIPAS", "Satisfaction Index of Public Administration Services (SIPAS)"), (" percent", "%"), (75, 92)),
    Index("PCI", ("PCI", "Provincial Competitiveness Index (PCI)"), (" points",), (56, 74)),
    Index("PAPI", ("PAPI", "Provincial Governance and Public Administration Performance Index (PAPI)"), (" points",), (38, 48)),
)
#: Each kind of sentence that may follow one with an index, and one without.
GO_ON, ANEW = ("own", "two", "leaders", "fields", "plans", "before", "mean", "aside"), ("own", "two", "aside", "plans")


#: The value in a claim as `shown` has it: behind its measure.
VALUE = re.compile(r"(?:(?<= score )|(?<= rank ))\S+")
#: So often another sentence is tried where one contradicts those before.
ATTEMPTS = 20


@dataclass
class Made:
    """An article in the making: its sentences, what they say, and the index in mind."""

    chance: random.Random
    province: str
    year: int
    index: Index
    #: Places are below this one.
    places: int = 60
    is_english: bool = False
    lines: list[list[str]] = field(default_factory=list)
    says: list[str] = field(default_factory=list)

    def number(self, scores: tuple[float, float], decimals: int = 2) -> str:
        shown = f"{self.chance.uniform(*scores):.{decimals}f}"
        return shown if self.is_english else shown.replace(".", ",")

    def slots(self, index: Index, names: list[str]) -> dict[str, str]:
        """Return what stands for each slot of a sentence."""
        pick, unit = self.chance, self.chance.choice(index.units)
        places, changes = pick.sample(range(2, self.places), 2), pick.sample(range(1, 20), 2)
        scores = sorted((self.number(index.scores, index.decimals) for _ in range(3)), reverse=True)
        fields = pick.sample(index.fields, 2) if index.fields else ["", ""]
        filled = {
            "index": pick.choice(index.names), "p": self.province, "u": unit, "point": unit or " điểm", "of": pick.choice(["", "/63", "/63 tỉnh, thành phố", " cả nước"]),
            "k": places[0], "k0": places[1], "kth": ordinal(places[0]), "k0th": ordinal(places[1]), "d": changes[0], "d0": changes[1], "n": pick.choice([10, 15, 20, 30]), "f": fields[0], "g": fields[1],
            "q": names[0], "r": names[1], "t": names[2], "a": scores[0], "b": scores[1], "c": scores[2],
            "ds": self.number((0.01, 0.1) if index.decimals == 4 else (0.1, 3), index.decimals),
            **{slot: self.number(index.scores, index.decimals) for slot in ("s", "s0", "m")},
            **{slot: self.number(index.field_scores, index.decimals) for slot in ("v", "w")},
            **{"y" if not back else f"y{back:+d}": self.year + back for back in range(-2, 3)},
        }  # fmt: skip
        others = pick.sample([one for one in INDICES if one.code != index.code], 2)
        for slot, other in zip(("other", "another"), others, strict=True):
            filled |= {
                slot: pick.choice(other.names),
                f"{slot}_code": other.code,
                f"s_{slot}": self.number(other.scores, other.decimals),
                f"u_{slot}": pick.choice(other.units),
            }
        return {slot: str(value) for slot, value in filled.items()}

    def add(self, kind: str, names: list[str], block: str = "", *, new: bool | None = None) -> bool:
        """Add a sentence of a kind, in the paragraph or in a new one, and what it says; return False if each contradicts those before."""
        for _ in range(ATTEMPTS):
            sentence = self.chance.choice(SENTENCES[kind])
            filled = {**self.slots(self.index, names), "block": block}
            says = [said(line.split(), self.index.code, filled) for line in sentence.get("says", ())]
            if not contradicts(self.says, says):
                break
        else:
            return False
        self.says += says
        if not self.lines or (self.chance.random() < 0.4 if new is None else new):
            self.lines.append([])
        # English papers print no marks.
        shown = {slot: strip(value) for slot, value in filled.items()} if self.is_english else filled
        self.lines[-1].append(sentence["text"].format_map(shown))
        return True

    def text(self, title: str) -> str:
        return "\n".join([title, *(" ".join(line) for line in self.lines)])


Maker = Callable[[random.Random], tuple[Made, str]]


def said(words: list[str], index: str, filled: dict[str, str]) -> str:
    """Return a claim as the tests compare it, from the words for it and what stands in the slots."""
    whose, year, measure, value, *rest = words
    sign = "-" if value.startswith("-") else ""
    top = "top " if measure == "tier" and value in filled else ""
    value = top + sign + filled.get(value.removeprefix("-"), value.removeprefix("-")).replace(",", ".").replace("_", " ")
    name = WHOLE.get(whose) or filled[whose]
    code = next((filled[f"{word}_code"] for word in rest if f"{word}_code" in filled), index)
    notes = [filled[word] for word in rest if word in {"f", "g"}] + [word for word in rest if word == "target"]
    return " ".join([code, bare(name), filled[year], measure, value, *notes])


def contradicts(before: list[str], says: list[str]) -> bool:
    """Tell whether claims give another score or rank than those before for the same."""
    told = {whose(line): line for line in before}
    return any(told.get(whose(line), line) != line for line in says if {"score", "rank"} & {*line.split()})


def whose(line: str) -> str:
    return VALUE.sub("", line)


def ordinal(place: int) -> str:
    return f"{place}{'th' if 10 <= place % 100 <= 20 else {1: 'st', 2: 'nd', 3: 'rd'}.get(place % 10, 'th')}"


def strip(name: str) -> str:
    """Return a name as English papers print it."""
    return "".join(c for c in normalize("NFD", name.replace("Đ", "D").replace("đ", "d")) if not combining(c))


def bare(name: str) -> str:
    """Return a district's name without its kind, as claims give it."""
    return name.removeprefix("huyện ").removeprefix("thị xã ").removeprefix("thành phố ")


def shown(claim: Claim) -> str:
    is_last = claim.measure == "rank" and (claim.value is None or claim.value == claim.of)
    notes = [claim.component] * bool(claim.component) + ["target"] * (claim.modality == "target")
    return " ".join([claim.index, claim.subject, str(claim.year), claim.measure, "last" if is_last else str(claim.value), *notes])


def of_a_province(chance: random.Random) -> tuple[Made, str]:
    """Make an article of one province: its indices, who leads, its fields, plans, and other matters."""
    made = Made(chance, chance.choice(PROVINCES), chance.randint(2019, 2023), chance.choice(INDICES))
    first, names = made.index.names[0], chance.sample(OTHERS, 3)
    title = chance.choice(
        [f"{made.province} nâng cao các chỉ số", f"{made.province}: Cải thiện {first}", f"Công bố {first} năm {made.year}"]
    )
    made.add("own", names)
    used, goes_on = {made.index.code}, True
    for _ in range(chance.randint(1, 5)):
        kind, before = chance.choice(GO_ON if goes_on else ANEW), made.index
        if kind == "own":
            fresh = [one for one in INDICES if one.code not in used]
            if not fresh:
                continue
            made.index = chance.choice(fresh)
            used.add(made.index.code)
        elif kind == "fields" and not made.index.fields:
            continue
        if made.add(kind, chance.sample(OTHERS, 3)):
            goes_on = kind == "own" or (goes_on and kind not in {"two", "plans"})
        else:
            made.index = before
    return made, title


def of_the_country(chance: random.Random) -> tuple[Made, str]:
    """Make an article of many provinces, of which no portal and no title tells whose it is."""
    made = Made(chance, "", chance.randint(2019, 2023), chance.choice(INDICES))
    title = f"Công bố {made.index.names[0]} năm {made.year}"
    made.add("announced", OTHERS)
    for _ in range(chance.randint(2, 7)):
        kind = chance.choice(["announced", "named", "named", "named", "leaders", "leaders", "mean", "country_aside"])
        if kind == "announced":
            made.index = chance.choice([one for one in INDICES if one is not made.index])
        made.add(kind, chance.sample(OTHERS, 3))
    return made, title


def of_the_ministries(chance: random.Random) -> tuple[Made, str]:
    """Make an article of the ministries, which have places of their own."""
    made = Made(chance, "", chance.randint(2019, 2023), INDICES[0], places=17)
    made.add("ministries_announced", MINISTRIES)
    for _ in range(chance.randint(2, 7)):
        kind = chance.choice(["ministry"] * 4 + ["ministry_last", "ministries", "ministry_aside"])
        # Who comes last has no other place.
        named = [*chance.sample(MINISTRIES[-2:], 2), "nobody"] if kind == "ministry_last" else chance.sample(MINISTRIES[:-2], 3)
        made.add(kind, named)
    return made, f"Công bố {made.index.names[0]} năm {made.year}"


def in_a_list(chance: random.Random) -> tuple[Made, str]:
    """Make an article of a province whose indices are listed, a line each, with fields below them."""
    made = Made(chance, chance.choice(PROVINCES), chance.randint(2019, 2023), INDICES[0])
    made.add("list_opens", OTHERS)
    for made.index in chance.sample(INDICES, chance.randint(2, 5)):
        made.add("item", OTHERS, new=True)
        if made.index.fields and chance.random() < 0.4:
            made.add("item_of_field", OTHERS, new=True)
        if chance.random() < 0.15:
            made.add("item_aside", OTHERS, new=True)
    titles = [
        f"{made.province}: Kết quả các chỉ số năm {made.year}",
        f"{made.province} nâng cao năng lực cạnh tranh",
        "Kết quả cải cách hành chính",
    ]
    return made, chance.choice(titles)


def under_headings(chance: random.Random) -> tuple[Made, str]:
    """Make an article of a province in parts: the index is the heading, and what is below seldom names it."""
    made = Made(chance, chance.choice(PROVINCES), chance.randint(2019, 2022), INDICES[0])
    made.add("parts_open", OTHERS)
    for made.index in chance.sample(INDICES, chance.randint(1, 4)):
        made.add("heading", OTHERS, new=True)
        made.add("below", OTHERS, new=True)
        if made.index.fields and chance.random() < 0.4:
            made.add("fields_below", OTHERS, new=False)
        if chance.random() < 0.4:
            made.add("rest_below", chance.sample(OTHERS, 3))
    titles = [
        f"{made.province}: Kết quả các chỉ số năm {made.year}",
        f"{made.province} nâng cao năng lực cạnh tranh",
        "Hội nghị đánh giá các chỉ số",
    ]
    return made, chance.choice(titles)


def in_english(chance: random.Random) -> tuple[Made, str]:
    """Make an article of an English paper."""
    made = Made(chance, "", chance.randint(2019, 2023), chance.choice(IN_ENGLISH), is_english=True)
    made.add("en_own", chance.sample(OTHERS, 3))
    for _ in range(chance.randint(1, 5)):
        made.add(chance.choice(["en_own", "en_lead", "en_lead", "en_mean", "en_aside"]), chance.sample(OTHERS, 3))
    return made, "Results announced"


def of_its_bodies(chance: random.Random) -> tuple[Made, str]:
    """Make an article of departments and districts that a province has ranked."""
    made = Made(chance, chance.choice(sorted(DISTRICTS)), chance.randint(2019, 2023), chance.choice(LOCAL))
    made.add("opening", DEPARTMENTS[:3])
    bodies, block = DEPARTMENTS, ""
    for _ in range(chance.randint(1, 6)):
        kind = chance.choice(["listed", "listed", "last", "one", "middle", "remark"])
        if kind == "listed":
            block = chance.choice(sorted(BLOCKS))
            bodies = DEPARTMENTS if block == "departments" else DISTRICTS[made.province]
        elif kind in {"last", "one"} and not block:
            continue
        # Who comes last anywhere has no other place.
        named = [*chance.sample(bodies[-2:], 2), "nobody"] if kind == "last" else chance.sample(bodies[:-2], 3)
        made.add(kind, named, chance.choice(BLOCKS[block]) if kind == "listed" else "")
    return made, f"{made.province} công bố {made.index.names[0]} năm {made.year}"


def articles(make: Maker, seeds: range, *, in_portal: bool = True) -> Iterator[tuple[str, list[str], list[str]]]:
    for seed in seeds:
        made, title = make(random.Random(seed))
        if not in_portal and made.province not in title:
            continue
        published = date(made.year + 1, 8 if made.index.code == "DTI" else 5, 20)
        home = made.province if in_portal and made.province else None
        claims = read_claims(Article("a", made.text(title), home=home, published=published)).claims
        yield made.text(title), sorted({*map(shown, claims)}), sorted({*made.says})


@pytest.mark.parametrize("batch", range(8))
@pytest.mark.parametrize("make", [of_a_province, of_the_country, of_the_ministries, of_its_bodies, in_a_list, under_headings, in_english])
def test_an_article_says_what_its_sentences_say(make: Maker, batch: int) -> None:
    for text, found, wanted in articles(make, range(batch * 75, (batch + 1) * 75)):
        assert found == wanted, text


@pytest.mark.parametrize("make", [of_a_province, in_a_list, under_headings])
def test_a_title_tells_whose_an_article_is_where_no_portal_does(make: Maker) -> None:
    for text, found, wanted in articles(make, range(1000, 1150), in_portal=False):
        assert found == wanted, text


def test_who_speaks_tells_whose_an_article_is() -> None:
    text = """Hội nghị đánh giá các chỉ số
Báo cáo tại hội nghị, lãnh đạo Sở Nội vụ Hưng Yên cho biết kết quả cụ thể năm 2021 như sau.
Về PAR INDEX
Kết quả năm 2021: 88,34%, xếp thứ 12/63, tăng 10 bậc so với năm 2020. Dẫn đầu cả nước là Hải Phòng với 91,80%.
Về SIPAS
Kết quả năm 2021: 87,76%, xếp thứ 19/63."""
    claims = read_claims(Article("a", text, published=date(2022, 6, 1))).claims
    assert sorted(map(shown, claims)) == [
        "PAR_INDEX Hưng Yên 2021 rank 12", "PAR_INDEX Hưng Yên 2021 rank_delta 10", "PAR_INDEX Hưng Yên 2021 score 88.34",
        "PAR_INDEX Hải Phòng 2021 rank 1", "PAR_INDEX Hải Phòng 2021 score 91.80",
        "SIPAS Hưng Yên 2021 rank 19", "SIPAS Hưng Yên 2021 score 87.76",
    ]  # fmt: skip
