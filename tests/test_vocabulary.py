"""The gazetteer, the registry and the numbers."""

import contextlib
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extract.text import read_text
from normalize.fold import fold, strip_marks
from normalize.indices import component_lexicon, index_lexicon, indices, ranked_count
from normalize.lexicon import Lexicon, tokenize
from normalize.numbers import NumberFormatError, decimals, parse_count, parse_number
from normalize.tables import rows
from normalize.units import districts, find_district, named, province_of, provinces_and_ministries, unit_in_year


@pytest.mark.parametrize(
    ("day", "count"),
    [("2007-06-01", 64), ("2009-01-01", 63), ("2024-12-31", 63), ("2025-06-30", 63), ("2025-07-01", 34), ("2026-11-01", 34)],
)
def test_provinces_on_fixed_days(day: str, count: int) -> None:
    assert sum(u.level == "province" and u.valid_on(date.fromisoformat(day)) for u in provinces_and_ministries()) == count


def test_centrally_run_cities_over_time() -> None:
    def cities(day: str) -> int:
        return sum(u.kind == "thành phố trực thuộc trung ương" and u.valid_on(date.fromisoformat(day)) for u in provinces_and_ministries())

    assert [cities(d) for d in ("2024-12-31", "2025-01-01", "2026-04-30")] == [5, 6, 7]


@pytest.mark.parametrize("day", ["2008-12-31", "2020-01-01", "2025-01-01", "2025-07-01", "2026-05-01"])
def test_no_name_means_two_provinces_on_one_day(day: str) -> None:
    on = date.fromisoformat(day)
    for unit in provinces_and_ministries():
        if unit.valid_on(on):
            for name in (unit.name, *unit.aliases):
                assert {u.unit_id for u in named(name) if u.valid_on(on)} == {unit.unit_id}, name


@pytest.mark.parametrize(
    ("name", "year", "unit"),
    [
        ("Hưng Yên", 2021, "P33-63"), ("Hưng Yên", 2025, "P33-34"), ("Huế", 2023, "P46-2004"), ("TT-Huế", 2025, "P46"), ("BR-VT", 2020, "P77-63"),
        ("Bà Rịa – Vũng Tàu", 2020, "P77-63"), ("Hoà Bình", 2019, "P17-63"), ("TP.HCM", 2020, "P79-63"), ("TPHCM", 2026, "P79-34"), ("Đồng Nai", 2026, "P75-34"),
        ("Bắc Cạn", 2020, "P06-63"), ("Hà Giang", 2026, None), ("Bộ GD-ĐT", 2020, "M-BGDDT"), ("Bộ Tài nguyên & Môi trường", 2026, None),
    ],
)  # fmt: skip
def test_a_name_and_a_year_give_the_unit(name: str, year: int, unit: str | None) -> None:
    found = unit_in_year(named(name), year)
    assert (found.unit_id if found else None) == unit


def test_districts_end_with_june_2025() -> None:
    assert len(districts()) >= 696
    assert all(d.valid_to is not None and d.valid_to <= date(2025, 6, 30) for d in districts())
    assert find_district("Yên Châu", province_of("Sơn La").gso_code).unit_id == "D124"
    assert find_district("Châu Thành", None) is None, "eight provinces have one"


@pytest.mark.parametrize("table", ["units", "districts", "indices", "index_aliases", "ranked", "components", "departments", "regions"])
def test_every_row_of_data_names_its_source(table: str) -> None:
    assert all(row["source"].strip() for row in rows(table))


def test_every_alias_points_to_an_index() -> None:
    assert {row["code"] for row in rows("index_aliases")} <= set(indices())
    assert {row["code"] for row in rows("components")} <= set(indices())


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("PAR INDER", "PAR_INDEX"),
        ("chỉ số CCHC", "PAR_INDEX"),
        ("Par-Index", "PAR_INDEX"),
        ("chỉ số hiệu quả quản trị và hành chính công cấp tỉnh", "PAPI"),
        ("ICT Index", "ICT_INDEX"),
        ("DDCI", "DDCI"),
    ],
)
def test_names_of_indices(text: str, code: str) -> None:
    (match,) = index_lexicon().find(text, tokenize(text))
    assert match.entries[0].code == code


def test_how_many_are_ranked() -> None:
    assert ranked_count("PAR_INDEX", "province", 2021) == 63
    assert ranked_count("PAR_INDEX", "province", 2025) == 34
    assert ranked_count("PAR_INDEX", "ministry", 2021) == 17
    assert ranked_count("PCI", "province", 2005) == 42
    assert ranked_count("PAR_INDEX", "province", None) is None


@pytest.mark.parametrize(
    ("text", "scale", "want"),
    [
        ("88,34", None, "88.34"),
        ("90.66", None, "90.66"),
        ("1.020", None, "1020"),
        ("45.366", 80, "45.366"),
        ("1.200.000", None, "1200000"),
        ("1.067,25", None, "1067.25"),
        ("62, 16", None, "62.16"),
        ("02", None, "2"),
        ("1,047,184", None, "1047184"),
    ],
)
def test_numbers(text: str, scale: int | None, want: str) -> None:
    assert parse_number(text, Decimal(scale) if scale else None) == Decimal(want)


@pytest.mark.parametrize("text", ["", "abc", "12/63", "1.2.3", "--1", "1,2,3", "١٢"])
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(NumberFormatError):
        parse_number(text)


def test_printed_precision() -> None:
    assert [decimals(t) for t in ("70,7", "70.69", "43", "45.366")] == [1, 2, 0, 3]


@given(st.integers(1, 99))
def test_counts_in_words(number: int) -> None:
    ones = ["", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín"]
    tens, unit = divmod(number, 10)
    words = ones[unit] if not tens else " ".join(w for w in ("mười" if tens == 1 else f"{ones[tens]} mươi", ones[unit]) if w)
    assert parse_count(words) == parse_count(words.upper()) == number


@settings(max_examples=300)
@given(st.text())
def test_the_readers_raise_nothing_but_their_own_error(text: str) -> None:
    for read in (parse_number, parse_count):
        with contextlib.suppress(NumberFormatError):
            read(text)
    fold(text)
    strip_marks(text)


@settings(max_examples=300)
@given(st.text())
def test_a_clean_view_leads_back_to_the_raw_text(text: str) -> None:
    view = read_text(text)
    assert view.raw_span(0, len(view.clean))[1] == len(text)
    places = [view.raw_span(i, i)[0] for i in range(len(view.clean))]
    assert places == sorted(places)


def test_the_longest_name_wins_and_and_is_optional() -> None:
    lexicon = Lexicon([("Sở Kế hoạch và Đầu tư", 1), ("Sở Kế hoạch", 2)])
    for text, want in (("Sở Kế hoạch Đầu tư", 1), ("SỞ KẾ HOẠCH VÀ ĐẦU TƯ", 1), ("Sở Kế hoạch - Đầu tư", 1), ("Sở Kế hoạch và hơn", 2)):
        assert [m.entries[0] for m in lexicon.find(text, tokenize(text))] == [want]


def test_components_belong_to_their_index() -> None:
    text = "Kiểm soát tham nhũng trong khu vực công"
    (match,) = component_lexicon().find(text, tokenize(text))
    assert {c.code for c in match.entries} == {"PAPI"}
