"""Pages with a table put together at random: every cell is of its row's body, its column's measure and year."""

import random
from collections.abc import Iterator

import pytest

from extract.claims import read_claims
from extract.reader import read_document
from tests.test_compositions import DEPARTMENTS, DISTRICTS, LOCAL, bare, shown

PAGE = """<html><head><title>{title}</title></head><body><article><h1>{title}</h1><p>Sáng 15/3, UBND tỉnh tổ chức hội nghị công bố kết quả,
với sự tham dự của lãnh đạo các sở, ban, ngành và UBND các huyện, thị xã, thành phố.</p><p>{lead}</p>{table}<p>Phát biểu kết luận hội nghị,
đồng chí Chủ tịch UBND tỉnh đề nghị các đơn vị khắc phục hạn chế, nâng cao chất lượng phục vụ người dân và doanh nghiệp.</p></article></body></html>"""
NAMES = {"departments": ("Đơn vị", "Sở, ban, ngành", "Cơ quan"), "districts": ("Đơn vị", "Huyện, thị xã, thành phố", "Địa phương")}
OF = {"departments": "sở, ban, ngành", "districts": "huyện, thị xã, thành phố"}
#: Headings by column, in one row or two, each with what it holds: a name, a measure and how many years back, or what is no result.
HEADINGS: dict[str, list[tuple[str, ...]]] = {
    "places and scores": [("TT", "number"), ("", "name"), ("Điểm", "score 0"), ("Xếp hạng", "rank 0")],
    "places first": [("Xếp hạng", "rank 0"), ("", "name"), ("Tổng điểm", "score 0")],
    "parts before the total": [("TT", "number"), ("", "name"), ("Điểm tự chấm", "other"), ("Điểm thẩm định", "other"),
                               ("Điểm điều tra XHH", "other"), ("Tổng điểm", "score 0"), ("Xếp hạng", "rank 0")],
    "two years": [("TT", "number"), ("", "name"), ("Năm {before}", "score 1"), ("Năm {year}", "score 0")],
    "places of two years": [("TT", "number"), ("", "name"), ("Điểm năm {year}", "score 0"), ("Xếp hạng năm {year}", "rank 0"),
                            ("Xếp hạng năm {before}", "rank 1"), ("Tăng/giảm bậc", "change")],
    "two rows of headings": [("TT", "", "number"), ("", "", "name"), ("Năm {before}", "Điểm", "score 1"), ("", "Hạng", "rank 1"),
                             ("Năm {year}", "Điểm", "score 0"), ("", "Hạng", "rank 0")],
    "classes": [("TT", "number"), ("", "name"), ("Tổng điểm", "score 0"), ("Xếp loại", "class"), ("Xếp hạng", "rank 0")],
    "score and place in a cell": [("TT", "number"), ("", "name"), ("Năm {before}", "both 1"), ("Năm {year}", "both 0")],
}  # fmt: skip


def pages(kind: str, count: int) -> Iterator[tuple[str, set[str], set[str]]]:
    """Yield tables as text, what is read of their pages, and what their cells say."""
    for seed in range(count):
        chance = random.Random(f"{kind} {seed}")
        index, province, year = chance.choice(LOCAL), chance.choice(sorted(DISTRICTS)), chance.randint(2019, 2023)
        block = chance.choice(sorted(NAMES))
        bodies = chance.sample(DEPARTMENTS, 8) if block == "departments" else DISTRICTS[province]
        columns = HEADINGS[kind]
        heads = [[cell.format(year=year, before=year - 1) for cell in row] for row in zip(*(c[:-1] for c in columns), strict=True)]
        heads[0] = [cell or (chance.choice(NAMES[block]) if c[-1] == "name" else "") for cell, c in zip(heads[0], columns, strict=True)]
        scores = [sorted((f"{chance.uniform(*index.scores):.2f}" for _ in bodies), reverse=True) for _ in range(2)]
        places = [list(range(1, len(bodies) + 1)), chance.sample(range(1, len(bodies) + 1), len(bodies))]
        rows, says = [], set()
        for n, body in enumerate(bodies):
            values = {f"score {back}": scores[back][n] for back in (0, 1)} | {f"rank {back}": str(places[back][n]) for back in (0, 1)}
            cells = {name: value.replace(".", ",") for name, value in values.items()}
            cells |= {f"both {back}": f"{cells[f'score {back}']} (hạng {places[back][n]})" for back in (0, 1)}
            cells |= {"number": str(n + 1), "name": body, "class": chance.choice(["Tốt", "Khá"]), "other": f"{chance.uniform(20, 60):.2f}"}
            cells["change"] = f"{places[1][n] - places[0][n]:+d}"
            rows.append([cells[column[-1]] for column in columns])
            for holds in (c[-1] for c in columns):
                measures = {"both": ("score", "rank")}.get(holds.split()[0], (holds.split()[0],))
                back = holds.split()[-1]
                told = [m for m in measures if m in {"score", "rank"}]
                says |= {f"{index.code} {bare(body)} {year - int(back)} {m} {values[f'{m} {back}']}" for m in told}
        name = chance.choice(index.names)
        table = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in [*heads, *rows])
        page = PAGE.format(
            title=f"{province}: Công bố {name} năm {year}",
            lead=f"Kết quả xếp hạng {name} năm {year} của các {OF[block]} tỉnh {province}:",
            table=f"<table>{table}</table>",
        )
        claims = read_claims(read_document(page.encode(), article_id="a", kind="html", home=province)).claims
        yield table, {shown(claim) for claim in claims if claim.measure in {"score", "rank"} and not claim.component}, says


@pytest.mark.parametrize("kind", HEADINGS)
def test_each_cell_is_of_its_row_and_column(kind: str) -> None:
    for table, found, meant in pages(kind, 25):
        assert found == meant, table
