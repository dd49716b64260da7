"""Ranking tables in HTML, in PDF and flattened: each cell a claim with its place, by the meaning of its headings."""

from collections import Counter
from decimal import Decimal
from importlib.resources import files

import pytest

from extract.article import Article
from extract.claims import read_claims
from extract.reader import read_document
from normalize.claim import Claim

HEAD = "<html><head><title>T</title></head><body><article><h1>{title}</h1><p>{lead}</p>{table}<p>{more}</p></article></body></html>"
MORE = "Bảng số liệu được công bố kèm theo để người đọc tiện tra cứu, đối chiếu với các năm trước. " * 4


def page(title: str, lead: str, rows: list[list[str]], home: str | None = None) -> list[Claim]:
    """Read a page with one table, as an undeclared site would have it."""
    table = "<table>" + "".join(
        "<tr>" + "".join(cell if cell.startswith("<t") else f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows
    )
    body = HEAD.format(title=title, lead=lead, table=table + "</table>", more=MORE).encode()
    return table_claims(read_document(body, article_id="a", kind="html", home=home))


def table_claims(article: Article) -> list[Claim]:
    claims = [c for c in read_claims(article).claims if c.rule.startswith("table.")]
    assert all(article.text[c.start : c.end] == c.evidence for c in claims)
    assert all(c.start <= c.value_start < c.value_end <= c.end for c in claims)
    return claims


def told(claims: list[Claim]) -> set[tuple[str, str, str, int | None, Decimal | str | None]]:
    return {(c.index, c.subject, c.component or c.measure, c.year, c.value) for c in claims}


@pytest.mark.parametrize("kind", ["html", "pdf"])
def test_63_provinces_over_two_years_with_their_changes(kind: str) -> None:
    body = files("samples").joinpath("files", f"bang-xep-hang-pci-2019.{kind}").read_bytes()
    claims = table_claims(read_document(body, article_id="a", kind=kind))
    counts = Counter((c.measure, c.year) for c in claims)
    assert counts == {("score", 2018): 63, ("rank", 2018): 63, ("score", 2019): 63, ("rank", 2019): 63, ("rank_delta", 2019): 54}
    assert len({c.subject_id for c in claims}) == 63
    by_key = {(c.subject, c.measure, c.year): c.value for c in claims}
    moved = [key for key in by_key if key[1] == "rank_delta"]
    assert all(by_key[name, "rank", 2018] - by_key[name, "rank", 2019] == by_key[name, "rank_delta", 2019] for name, _, _ in moved)
    assert by_key["Vĩnh Long", "rank_delta", 2019] == 5


def test_a_change_needs_a_sign_or_both_places() -> None:
    rows = [["TT", "Tỉnh", "Điểm", "Hạng", "Tăng/giảm"], ["1", "Hải Phòng", "91,80", "1", "▲ 1"], ["2", "Quảng Ninh", "91,04", "2", "giảm 1"],
            ["3", "Thừa Thiên Huế", "90,41", "3", "14"], ["4", "Vĩnh Phúc", "89,93", "4", "-"]]  # fmt: skip
    claims = page("PAR INDEX năm 2021", "Bảng xếp hạng PAR INDEX năm 2021.", rows)
    assert {(c.subject, c.value) for c in claims if c.measure == "rank_delta"} == {("Hải Phòng", 1), ("Quảng Ninh", -1)}


@pytest.mark.parametrize("head", ["", "Nội dung", "Chỉ số"])
def test_a_table_whose_columns_are_years(head: str) -> None:
    rows = [[head, "2021", "Năm 2022"], ["Điểm số", "64,74", "65,20"], ["Xếp hạng", "40/63", "22/63"]]
    claims = page("Lào Cai: PCI qua các năm", "Chỉ số PCI của tỉnh Lào Cai giai đoạn 2021 - 2022:", rows, home="Lào Cai")
    assert told(claims) == {
        ("PCI", "Lào Cai", "score", 2021, Decimal("64.74")), ("PCI", "Lào Cai", "rank", 2021, Decimal(40)),
        ("PCI", "Lào Cai", "score", 2022, Decimal("65.20")), ("PCI", "Lào Cai", "rank", 2022, Decimal(22)),
    }  # fmt: skip
    # What is quoted is the row as it is printed.
    assert {c.evidence for c in claims} == {"Điểm số | 64,74 | 65,20", "Xếp hạng | 40/63 | 22/63"}


def test_years_as_columns_of_several_indices() -> None:
    rows = [["Chỉ số", "2022", "2023"], ["Điểm PCI", "61,24", "65,31"], ["Thứ hạng PCI", "38", "22"], ["Điểm PAPI", "41,26", "43,30"],
            ["Thứ hạng PAPI", "25", "12"]]  # fmt: skip
    claims = page("Lào Cai nâng hạng", "Kết quả các chỉ số của tỉnh Lào Cai qua các năm:", rows, home="Lào Cai")
    assert {(c.index, c.measure, c.year, c.value) for c in claims if c.year == 2023} == {
        ("PCI", "score", 2023, Decimal("65.31")), ("PCI", "rank", 2023, 22),
        ("PAPI", "score", 2023, Decimal("43.30")), ("PAPI", "rank", 2023, 12),
    }  # fmt: skip


def test_parts_of_a_total_are_no_results() -> None:
    rows = [["TT", "Đơn vị", "Điểm tự chấm", "Điểm khảo sát", "Tổng điểm", "Xếp hạng"], ["1", "Sở Tài chính", "63,50", "28,14", "91,64", "1"],
            ["2", "Sở Tư pháp", "62,75", "27,30", "90,05", "2"], ["3", "Sở Y tế", "61,00", "25,92", "86,92", "3"]]  # fmt: skip
    claims = page("Công bố Chỉ số CCHC năm 2022", "Kết quả Chỉ số CCHC năm 2022 của các sở, ban, ngành:", rows, home="Sơn La")
    assert [c.value for c in claims if c.measure == "score"] == [Decimal("91.64"), Decimal("90.05"), Decimal("86.92")]


def test_headings_of_two_rows() -> None:
    rows = [
        ['<th rowspan="2">TT</th>', '<th rowspan="2">Đơn vị</th>', '<th colspan="2">Năm 2022</th>', '<th colspan="2">Năm 2023</th>'],
        ["<th>Điểm</th>", "<th>Hạng</th>", "<th>Điểm</th>", "<th>Hạng</th>"],
        ["1", "Hưng Yên", "84,11", "40", "87,92", "20"],
        ["2", "Hà Nam", "85,02", "31", "86,12", "44"],
        ["3", "Nam Định", "84,70", "35", "87,01", "32"],
    ]
    claims = told(page("PAR INDEX hai năm", "So sánh Chỉ số PAR INDEX của ba tỉnh.", rows))
    assert ("PAR_INDEX", "Hưng Yên", "score", 2022, Decimal("84.11")) in claims
    assert ("PAR_INDEX", "Nam Định", "rank", 2023, 32) in claims
    assert len(claims) == 12


def test_fields_as_rows_are_of_the_only_province() -> None:
    rows = [["Chỉ số thành phần", "Năm 2020", "Năm 2021"], ["Gia nhập thị trường", "7,91", "7,12"], ["Tính minh bạch", "5,86", "5,95"],
            ["Chi phí thời gian", "7,76", "7,04"]]  # fmt: skip
    claims = told(page("PCI của Hưng Yên", "Điểm các chỉ số thành phần PCI của tỉnh Hưng Yên.", rows, home="Hưng Yên"))
    assert ("PCI", "Hưng Yên", "Chi phí thời gian", 2021, Decimal("7.04")) in claims
    assert len(claims) == 6


def test_indices_as_rows() -> None:
    rows = [["Chỉ số", "Kết quả", "Xếp hạng"], ["PAR INDEX", "86,95%", "13/63"], ["SIPAS", "82,07%", "14/63"], ["PCI", "68,20", "11/63"]]
    claims = told(page("Các chỉ số năm 2022 của tỉnh Lào Cai", "Kết quả các chỉ số năm 2022 của tỉnh Lào Cai.", rows, home="Lào Cai"))
    assert ("SIPAS", "Lào Cai", "rank", 2022, 14) in claims
    assert ("PCI", "Lào Cai", "score", 2022, Decimal("68.20")) in claims
    assert len(claims) == 6


def test_a_table_in_order_gives_the_places() -> None:
    names = ["Sông Mã", "Phù Yên", "Mộc Châu", "Yên Châu", "Quỳnh Nhai"]
    rows = [["STT", "Đơn vị", "Điểm"], *([str(n), f"Huyện {name}", f"{97 - n},50"] for n, name in enumerate(names, start=1))]
    claims = page("Chỉ số CCHC cấp huyện năm 2022", "Xếp hạng Chỉ số CCHC năm 2022 của các huyện:", rows, home="Sơn La")
    assert [(c.subject, c.value) for c in claims if c.measure == "rank"] == [(name, n) for n, name in enumerate(names, start=1)]
    assert {(c.level, c.authority) for c in claims} == {("provincial", "Sơn La")}
    assert not [c for c in page("Chỉ số CCHC cấp huyện năm 2022", "Điểm Chỉ số CCHC năm 2022:", rows, home="Sơn La") if c.measure == "rank"]


def test_a_row_of_the_mean_is_an_aggregate() -> None:
    rows = [["TT", "Tỉnh", "SIPAS 2023"], ["1", "Quảng Ninh", "90,61%"], ["2", "Hải Phòng", "88,90%"], ["", "Trung bình cả nước", "82,66%"]]
    claims = told(page("SIPAS năm 2023", "Kết quả SIPAS năm 2023.", rows))
    assert ("SIPAS", "63 tỉnh", "score_mean", 2023, Decimal("82.66")) in claims


def test_a_spanning_cell_is_no_way_to_exhaust_memory() -> None:
    rows = [["TT", "Tỉnh", '<td colspan="999999999">PCI 2021</td>'], ["1", "Hà Nội", "68,60"], ["2", "Hải Phòng", "70,61"]]
    assert page("PCI", "PCI năm 2021", rows) is not None
