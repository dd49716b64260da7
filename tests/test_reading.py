"""Pages, PDFs, dates and tables: what is read, and what is refused."""

import gzip
import unicodedata
from datetime import date
from decimal import Decimal
from importlib.resources import files

import pytest

from extract.article import Article
from extract.charset import PageError, decode, decompress
from extract.claims import read_claims
from extract.dates import parse_day, parse_moment
from extract.html import read_page
from extract.pdf import read_pdf
from normalize.url_date import url_day
from samples.web import answer


def _split(letter: str) -> tuple[str, str]:
    """A letter as windows-1258 has it: with its hat or horn, and the tone mark apart."""
    base, *marks = unicodedata.normalize("NFD", letter)
    tone = next(mark for mark in marks if mark in "\u0300\u0301\u0303\u0309\u0323")
    return unicodedata.normalize("NFC", base + "".join(mark for mark in marks if mark != tone)), tone


TABLE_URL = "https://dongnai.gov.vn/vi/news/cai-cach-hanh-chinh/bang-xep-hang-par-index-2021-5463.html"


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("Đăng ngày 25 - 05 - 2022", date(2022, 5, 25)),
        ("Thứ Năm, 24/06/2021, 19:17 [GMT+7]", date(2021, 6, 24)),
        ("12/07/2022 01:15 23 lượt xem", date(2022, 7, 12)),
        ("Chủ nhật, ngày 24 tháng 9 năm 2023", date(2023, 9, 24)),
        ("Thứ hai - 07/08/2023 15:42", date(2023, 8, 7)),
        ("2025-04-08T08:15:00+07:00", date(2025, 4, 8)),
        ("Cập nhật: 05-08-2022 14:30:12", date(2022, 8, 5)),
        ("31/02/2022", None),
        ("12/63", None),
        ("88,34", None),
        ("năm 2022", None),
        ("Lượt xem: 46", None),
    ],
)
def test_days_as_portals_print_them(text: str, want: date | None) -> None:
    assert parse_day(text) == want


@pytest.mark.parametrize(
    ("url", "want"),
    [
        ("https://etime.danviet.vn/chi-so-papi-20210415151607337.htm", date(2021, 4, 15)),
        ("https://cafef.vn/tin-188240513160245364.chn", date(2024, 5, 13)),
        ("http://sonv.hungyen.gov.vn/portal/Pages/2022-5-10/a-w1q6zi.aspx", date(2022, 5, 10)),
        ("https://a.vn/chinh-tri/202106/bai-935514/", None),
        ("https://a.vn/2022/13/45/x", None),
    ],
)
def test_days_in_urls(url: str, want: date | None) -> None:
    assert url_day(url) == want


def test_a_table_keeps_its_cells_places() -> None:
    article = read_page(answer(TABLE_URL, 1, {}).body, article_id="a", url=TABLE_URL)
    (table,) = article.tables
    assert table.rows[0] == ("Thứ hạng", "Tỉnh, thành phố", "Điểm")
    for cells, spans in zip(table.rows, table.spans, strict=True):
        assert [article.text[start:end] for start, end in spans] == list(cells)


def test_a_ranking_table_becomes_claims_with_cell_evidence() -> None:
    article = read_page(answer(TABLE_URL, 1, {}).body, article_id="a", url=TABLE_URL)
    claims = {(c.subject, c.measure): c for c in read_claims(article).claims if c.rule.startswith("table.")}
    assert len(claims) == 22
    assert claims["Hưng Yên", "score"].evidence == "12 | Hưng Yên | 88,34"
    assert article.text[claims["Hưng Yên", "rank"].value_start : claims["Hưng Yên", "rank"].value_end] == "12"
    assert {c.year for c in claims.values()} == {2021}


def test_a_pdf_gives_text_and_tables() -> None:
    body = files("samples").joinpath("files", "ke-hoach-185.pdf").read_bytes()
    article = read_pdf(body, article_id="a")
    assert "Phấn đấu Chỉ số PAR INDEX năm 2022 của tỉnh Hà Giang" in article.text
    assert article.tables[0].rows == (("Năm", "Điểm", "Thứ hạng"), ("2020", "83,87", "33"), ("2021", "86,77", "28"))
    assert any(c.modality == "target" and c.value == "top 25" for c in read_claims(article).claims)


@pytest.mark.parametrize("body", [b"", b"%PDF-1.7 nonsense", b"not a pdf at all"])
def test_a_broken_pdf_is_refused(body: bytes) -> None:
    with pytest.raises(PageError):
        read_pdf(body, article_id="a")


def test_hidden_text_is_not_read() -> None:
    page = TABLE_PAGE.replace("BODY", '<p>thấy</p><p style="display: none">88,34 ẩn</p><div hidden>ẩn</div><script>ẩn()</script>')
    assert "ẩn" not in read_page(page.encode(), article_id="a", url="https://dongnai.gov.vn/x").text


TABLE_PAGE = '<html><body><h1 class="title margin-bottom-lg">T</h1><div id="news-bodyhtml">BODY</div></body></html>'


def test_deep_nesting_exhausts_nothing() -> None:
    page = TABLE_PAGE.replace("BODY", "<span>" * 1_000 + "đáy" + "</span>" * 1_000)
    assert "đáy" in read_page(page.encode(), article_id="a", url="https://dongnai.gov.vn/x").text
    with pytest.raises(PageError, match="nested too deep"):
        read_page(page.replace("<span>", "<span>" * 20).encode(), article_id="a", url="https://dongnai.gov.vn/x")


VIETNAMESE = "<p>Chỉ số cải cách hành chính của tỉnh Hưng Yên năm 2021 đạt 88,34 điểm, xếp thứ 12 và tăng 10 bậc.</p>"
# windows-1258 writes tone marks behind their letters.
NFD_1258 = "".join(c if c.encode("cp1258", "ignore") else "".join(_split(c)) for c in VIETNAMESE).encode("cp1258")


@pytest.mark.parametrize(
    ("body", "declared", "want"),
    [
        ("Hà Nội".encode(), "text/html; charset=iso-8859-1", "Hà Nội"),
        ("Hà Nội".encode("utf-8-sig"), "", "Hà Nội"),
        ("Hà Nội".encode("utf-16"), "", "Hà Nội"),
        ("<meta charset='windows-1258'>ă â đ".encode("cp1258"), "", "<meta charset='windows-1258'>ă â đ"),
        (VIETNAMESE.encode("utf-16-le"), "", VIETNAMESE),
        (VIETNAMESE.encode("utf-16-be"), "", VIETNAMESE),
        (VIETNAMESE.encode("utf-32"), "", VIETNAMESE),
        (VIETNAMESE.encode(), "text/html; charset=windows-1252", VIETNAMESE),
        (VIETNAMESE.encode(), "text/html; charset=utf-16", VIETNAMESE),
        (NFD_1258, "text/html; charset=iso-8859-1", VIETNAMESE),
        (NFD_1258, "text/html; charset=utf-8", VIETNAMESE),
        (NFD_1258, "", VIETNAMESE),
        (VIETNAMESE.encode().decode("latin-1").encode(), "text/html; charset=utf-8", VIETNAMESE),
        (b"\xef\xbb\xbf" + VIETNAMESE.encode(), "text/html; charset=iso-8859-1", VIETNAMESE),
        (VIETNAMESE.encode() * 20 + b"\xff", "", VIETNAMESE * 20 + "\ufffd"),
        (unicodedata.normalize("NFD", VIETNAMESE).encode(), "", VIETNAMESE),
    ],
)
def test_charsets(body: bytes, declared: str, want: str) -> None:
    assert decode(body, declared) == want


@pytest.mark.parametrize("body", [b"", b"   ", bytes(range(256)) * 8, b"PK\x03\x04..."])
def test_what_is_no_text_is_refused(body: bytes) -> None:
    with pytest.raises(PageError):
        decode(body)


def test_a_truncated_gzip_is_refused() -> None:
    whole = gzip.compress(b"x" * 5000)
    assert decompress(whole, "gzip") == b"x" * 5000
    with pytest.raises(PageError, match="damaged gzip"):
        decompress(whole[:20], "gzip")
    with pytest.raises(PageError, match="unknown content encoding"):
        decompress(whole, "br2")


def test_a_table_with_one_cell_a_line_is_read() -> None:
    text = (
        "KẾT QUẢ ĐO SỰ HÀI LÒNG Ở CÁC SỞ, NĂM 2021\nTT\n|\nTên cơ quan\n|\nChỉ số hài lòng (%)\n|\n1\n|\nSở Du lịch\n|\n91,86\n|\n"
        "2\n|\nSở Khoa học và\nCông nghệ\n|\n90,92\n|\n3\n|\nSở Nội vụ\n|\n90,66\n|\n4\n|\n"
    )
    claims = read_claims(Article("a", text, home="Bình Định")).claims
    assert [(c.subject, c.value, c.authority) for c in claims] == [
        ("Sở Du lịch", Decimal("91.86"), "Bình Định"),
        ("Sở Khoa học và Công nghệ", Decimal("90.92"), "Bình Định"),
        ("Sở Nội vụ", Decimal("90.66"), "Bình Định"),
    ]
    assert all(text[c.start : c.end] == c.evidence for c in claims)


def test_a_numbered_list_that_ran_together_is_a_ranking_and_any_other_list_is_not() -> None:
    text = "Năm tỉnh đầu bảng xếp hạng PCI 2016: 1. Đà Nẵng2. Quảng Ninh3. Đồng Tháp4. Bình Dương5. Lào Cai"
    ranks = {c.subject: c.value for c in read_claims(Article("a", text)).claims if c.measure == "rank"}
    assert ranks == {"Đà Nẵng": 1, "Quảng Ninh": 2, "Đồng Tháp": 3, "Bình Dương": 4, "Lào Cai": 5}
    members = "Đoàn khảo sát PCI 2016 gồm 1. Đà Nẵng 2. Quảng Ninh 3. Đồng Tháp 4. Bình Dương 5. Lào Cai"
    assert read_claims(Article("a", members)).claims == ()


@pytest.mark.parametrize(
    ("markup", "want"),
    [
        (
            '<font face=".VnTime">TØnh Hµ Giang xÕp thø 28 vÒ ChØ sè c¶i c¸ch hµnh chÝnh</font>',
            "Tỉnh Hà Giang xếp thứ 28 về Chỉ số cải cách hành chính",
        ),
        ('<p style="font-family:.VnArial">§ång Nai ®¹t 63,15 ®iÓm</p>', "Đồng Nai đạt 63,15 điểm"),
        ('<p style="font-family: VNI-Times">Tænh Ñoàng Nai xeáp thöù 26, taêng 8 baäc</p>', "Tỉnh Đồng Nai xếp thứ 26, tăng 8 bậc"),
        ('<p style="font-family: VNI-Times">ÖÙng duïng coâng ngheä thoâng tin ôû Laøo Cai</p>', "Ứng dụng công nghệ thông tin ở Lào Cai"),
        ('<p style="font-family: .VnTime">Tỉnh Hưng Yên</p>', "Tỉnh Hưng Yên"),
        ("<p>Tỉnh Hà Giang © 2022</p>", "Tỉnh Hà Giang © 2022"),
        ('<p>Tỉnh đạt là 88</p><p style="font-family: .VnTime">ChØ sè</p>', "Chỉ số"),
    ],
)
def test_text_for_fonts_of_before_unicode(markup: str, want: str) -> None:
    assert want in decode(markup.encode())


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("2022-05-24T23:30:00Z", "2022-05-25T06:30:00+07:00"),
        ("2026-03-07T08:52:11.000 +07:00", "2026-03-07T08:52:11+07:00"),
        ("13/09/2022 3:23 CH", "2022-09-13T15:23:00+07:00"),
        ("8/3/2022 12:05 SA", "2022-03-08T00:05:00+07:00"),
        ("07-03-2026 - 00:01 AM", "2026-03-07T00:01:00+07:00"),
        ("17:18 10/06/2020 | Lượt xem: 1.022", "2020-06-10T17:18:00+07:00"),
        ("Cập nhật: Thứ ba, 19/9/2023 | 11:20:40 AM", "2023-09-19T11:20:40+07:00"),
        ("15h30 ngày 05/08/2022", "2022-08-05T15:30:00+07:00"),
        ("29 Tháng Ba, 2019", "2019-03-29"),
        ("29 tháng 3, 2019", "2019-03-29"),
        ("28/03/2019 18:52 (GMT+07:00)", "2019-03-28T18:52:00+07:00"),
        ("2022-05-25T00:30:00-05:00", "2022-05-25T12:30:00+07:00"),
    ],
)
def test_moments_as_portals_print_them(text: str, want: str) -> None:
    assert parse_moment(text).isoformat() == want


HEAD = '<html><head><title>Hưng Yên tăng 10 bậc PAR INDEX - Báo</title>{head}</head><body><div class="header"><span class="date">Thứ Hai, 23/11/2026</span></div><h1>BÁO ĐIỆN TỬ TỈNH</h1>{lines}<h1>Hưng Yên tăng 10 bậc PAR INDEX</h1>{under}<div>'
PARAGRAPHS = "".join(f"<p>Năm 2021, tỉnh Hưng Yên xếp thứ 12 về PAR INDEX, tăng 10 bậc so với năm trước, đoạn {n}.</p>" for n in range(8))
SIGNALS = {
    "meta": (
        '<meta property="article:published_time" content="2022-05-25T08:00:00+07:00">',
        "",
        "",
        "2022-05-25T08:00:00+07:00",
        "a meta tag",
    ),
    "meta in UTC": ('<meta itemprop="datePublished" content="2022-05-24T23:00:00Z">', "", "", "2022-05-25T06:00:00+07:00", "a meta tag"),
    "structured data": (
        '<script type="application/ld+json">{"@graph": [{"@type": "WebPage"}, {"datePublished": "2022-05-25T08:00:00+07:00"}]}</script>',
        "",
        "",
        "2022-05-25T08:00:00+07:00",
        "structured data",
    ),
    "broken structured data": (
        '<script type="application/ld+json">{"datePublished": "2022-05-25T08:00:00+07:00",}</script>',
        "",
        "",
        "2022-05-25T08:00:00+07:00",
        "structured data",
    ),
    "under the headline": (
        "",
        "",
        '<div class="post-meta"><span class="time">25/05/2022 08:00</span></div>',
        "2022-05-25T08:00:00+07:00",
        "the line by the headline",
    ),
    "above the headline": (
        "",
        '<div class="publish-date">25/05/2022 08:00</div>',
        "",
        "2022-05-25T08:00:00+07:00",
        "the line by the headline",
    ),
    "related headlines": (
        "",
        "",
        '<div class="post-time">25/05/2022</div><div class="tin-lien-quan"><span class="date">02/04/2015</span></div>',
        "2022-05-25",
        "the line by the headline",
    ),
    "updated and published": (
        "",
        "",
        '<div class="date">Cập nhật 30/05/2022</div><div class="date">Đăng ngày 25/05/2022</div>',
        "2022-05-25",
        "the line by the headline",
    ),
    "the clock alone": ("", "", "", None, None),
}


@pytest.mark.parametrize("name", SIGNALS)
def test_which_signal_dates_a_page_of_no_declared_portal(name: str) -> None:
    head, lines, under, want, reason = SIGNALS[name]
    page = HEAD.replace("{head}", head).replace("{lines}", lines).replace("{under}", under) + PARAGRAPHS + "</div></body></html>"
    read = read_page(page.encode(), article_id="a")
    assert read.title == "Hưng Yên tăng 10 bậc PAR INDEX"
    found = read.published_at or read.published
    assert (found.isoformat() if found else None, read.published_reason) == (want, reason)
