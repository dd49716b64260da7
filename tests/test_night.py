"""One night end to end, for real: Scrapy over loopback, Prefect, DuckDB, the report."""

import json
import re
import shutil
from collections import Counter

from conftest import Night, run_chiso

from warehouse.query import ask

PLANTED = {
    ("PAR_INDEX", "Hà Giang", 2021, "score"): "year",
    ("PAR_INDEX", "Hưng Yên", 2021, "score"): "transposition",
    ("PAR_INDEX", "Hải Phòng", 2023, "score"): "typo",
    ("PAR_INDEX", "Hải Phòng", 2024, "rank_delta"): "copied_error",
    ("PAR_INDEX", "Đà Nẵng", 2021, "score"): "neighbour_line",
    ("PCI", "Đắk Nông", 2015, "score"): "rank_as_score",
    ("SIPAS", "Sơn La", 2021, "score"): "typo",
}


def rows(night: Night, sql: str) -> list[tuple]:
    return ask(night.data / "chiso.duckdb", sql)[1]


def test_the_night_ends_with_findings_and_says_where_things_are(first_night: Night) -> None:
    assert first_night.code == 1, first_night.err
    assert str(first_night.data / "chiso.duckdb") in first_night.out
    assert str(first_night.data / "report" / "index.html") in first_night.out


def test_plain_lines_where_there_is_no_terminal(first_night: Night) -> None:
    assert "crawl: 13 done" in first_night.err
    assert "\x1b[" not in first_night.err


def test_a_portal_that_yields_nothing_is_a_failed_portal_and_stops_no_other(first_night: Night) -> None:
    states = dict(rows(first_night, "select portal, state from crawls"))
    assert states.pop("honquan_binhphuoc") == "broken"
    assert set(states.values()) == {"complete"}
    assert "honquan_binhphuoc broken" in first_night.err


def test_the_planted_conflicts_are_found_each_in_its_class_and_no_other(first_night: Night) -> None:
    found = {tuple(row[:4]): row[4] for row in rows(first_night, "select index, subject, year, measure, class from conflicts")}
    assert found == PLANTED


def test_equations_and_slips_decide_what_they_can(first_night: Night) -> None:
    decided = dict(rows(first_night, "select subject || year, proposed from conflicts where rule <> 'weight'"))
    assert decided["Hải Phòng2023"] == "91.87"  # 96,17 - 4,30
    assert decided["Hà Giang2021"] == "86.77"  # 83,87 is the value of 2020
    assert decided["Đà Nẵng2021"] == "90.25"  # 89,32 is Thừa Thiên Huế's


def test_the_same_figure_in_other_clothes_is_agreement(first_night: Night) -> None:
    facts = {
        (index, subject, year): (value, status)
        for index, subject, year, value, status in rows(
            first_night, "select index, subject, year, value_text, status from facts where measure = 'score' and component is null"
        )
    }
    assert facts["SIPAS", "Hưng Yên", 2021] == ("92.07", "agreed")  # 92,07% and 92,07 điểm
    assert facts["PCI", "Quảng Ninh", 2017] == ("70.69", "rounded")  # 70,7 and 70,69
    assert facts["SIPAS", "Hà Giang", 2021] == ("88.46", "agreed")  # 88,46 % and 88,46%


def test_a_syndicated_story_is_one_witness(first_night: Night) -> None:
    (claims, witnesses) = rows(
        first_night, "select n_claims, n_independent from facts where subject = 'Cao Bằng' and year = 2024 and measure = 'rank'"
    )[0]
    assert (claims, witnesses) == (3, 1)


def test_the_sample_webs_figures_are_in_facts(first_night: Night) -> None:
    found = set(rows(first_night, "select index, year, measure, value from facts where subject = 'Hưng Yên' and modality = 'reported'"))
    assert {("PAR_INDEX", 2021, "score", 88.34), ("PAR_INDEX", 2021, "rank", 12.0), ("PAR_INDEX", 2021, "rank_delta", 10.0)} <= found
    assert {("SIPAS", 2021, "score", 92.07), ("SIPAS", 2021, "score_delta", 0.41), ("SIPAS", 2020, "rank", 5.0)} <= found


def test_the_table_and_the_attachment_are_read(first_night: Night) -> None:
    rules = Counter(rule for (rule,) in rows(first_night, "select rule from claims"))
    assert rules["table.rank"] >= 11
    assert rules["table.score"] >= 11
    pdf = rows(first_night, "select year, value from claims where url like '%.pdf' and measure = 'score' order by year")
    assert pdf == [(2020, 83.87), (2021, 86.77)]


def test_no_furniture_becomes_a_claim(first_night: Night) -> None:
    assert rows(first_night, "select * from claims where evidence like '%1,047,184%' or evidence like '%Lượt xem%'") == []
    assert rows(first_night, "select title from articles where text like '%1,047,184%' or text like '%Tin mới nhất%'") == []


def test_every_claim_is_grounded_in_its_article(first_night: Night) -> None:
    for evidence, start, end, text in rows(
        first_night, 'select c.evidence, c.start, c."end", a.text from claims c join articles a on a.article_id = c.article'
    ):
        assert text[start:end] == evidence


def test_the_second_night_fetches_only_what_changed(two_nights: tuple[Night, Night]) -> None:
    _, second = two_nights
    counts = dict(
        zip(
            ("new", "changed", "unchanged", "gone"),
            rows(
                second, "select sum(new), sum(changed), sum(unchanged), sum(gone) from crawls where run_id = (select max(run_id) from runs)"
            )[0],
            strict=True,
        )
    )
    # Báo Hưng Yên has a new and a corrected article; the three pages of the portal without validators come anew
    assert counts == {"new": 1, "changed": 4, "unchanged": 19, "gone": 1}
    assert rows(second, "select articles_new from runs order by run_id desc limit 1") == [(2,)]


def test_the_second_night_adds_no_fact_twice_and_keeps_what_was_known(two_nights: tuple[Night, Night]) -> None:
    _, second = two_nights
    assert rows(second, "select fact_id from facts group by fact_id having count(*) > 1") == []
    assert rows(second, "select count(*) from conflicts where subject = 'Hưng Yên'") == [(0,)]  # corrected
    closed = rows(
        second,
        "select distinct value_text from fact_history where known_to is not null and measure = 'score' and subject = 'Hưng Yên' and year = 2021 and index = 'PAR_INDEX'",
    )
    assert closed == [("88.34",)]
    assert rows(second, "select count(*) from claims where superseded")[0][0] > 0
    first_moment = rows(second, "select min(known_from) from fact_history")[0][0]
    assert (
        len(rows(second, f"select * from facts_asof(timestamptz '{first_moment}')"))
        == rows(second, "select facts from runs order by run_id limit 1")[0][0]
    )


def test_an_article_that_is_gone_keeps_its_claims_and_is_flagged(two_nights: tuple[Night, Night]) -> None:
    _, second = two_nights
    assert rows(second, "select count(*) from articles where gone") == [(1,)]
    assert rows(second, "select value_text from facts where subject = 'Đồng Nai' and year = 2017 and measure = 'rank'") == [("26",)]


def test_the_third_night_meets_a_move_and_three_walls_and_loses_nothing(third_night: Night) -> None:
    moved = rows(third_night, "select url, answered_by, status from pages where url like '%ItemID=1587' order by file, \"offset\"")
    address = "https://hagiang.gov.vn/pages/propagandanews.aspx?ItemID=1587"
    assert moved[-2:] == [(address, None, 301), (address, "https://tuyenquang.gov.vn/pages/propagandanews.aspx?ItemID=91587", 304)]
    assert rows(third_night, "select count(*) from articles where url like '%propagandanews%' and current") == [(1,)], (
        "one article, its old address"
    )
    walls = dict(rows(third_night, "select kind, count(*) from problems group by kind"))
    assert walls == {"soft 404": 1, "challenge page": 1, "maintenance page": 1}
    # what a wall hides is not gone; what a soft 404 has taken back is
    assert rows(third_night, "select url from articles where gone and current and url like '%668120%'") != []
    assert rows(third_night, "select count(*) from articles where gone and (url like '%13990021%' or url like '%ct3310%')") == [(0,)]
    assert rows(third_night, "select facts, conflicts from runs order by started_at desc limit 1") == rows(
        third_night, "select facts, conflicts from runs order by started_at desc limit 1 offset 1"
    )


def test_nights_are_one_table(third_night: Night) -> None:
    table = rows(
        third_night,
        "select new, changed, unchanged, gone, not_worth, articles_new, articles_superseded, articles_gone, portals_in_trouble from nights",
    )
    assert table == [(24, 0, 0, 0, 1, 25, 0, 0, 1), (1, 4, 19, 1, 1, 2, 1, 1, 1), (0, 6, 18, 0, 0, 0, 0, 1, 1)]


def test_a_portal_whose_yield_falls_by_half_is_degraded(third_night: Night) -> None:
    from types import SimpleNamespace

    from flows.loading import _watched
    from spiders.judge import CrawlCounts
    from warehouse.query import connect

    crawl = CrawlCounts("sonv_hungyen", "complete", "5 articles", 6, 5, 0, 0, 0, 0)

    def watched(claims: int, reader: str = "sonv_hungyen") -> str | None:
        of = {"articles": 5, "claims": 5 * claims, "generic": 5 * (reader == "generic")}
        ingest = SimpleNamespace(**{name: {"sonv_hungyen": count} for name, count in of.items()})
        return _watched(connection, "run", crawl, ingest)["degraded"]

    with connect(third_night.data / "chiso.duckdb") as connection:
        assert watched(4) is None
        assert watched(1) == "1.0 claims an article, 4.3 before"
        assert watched(4, "generic") == "5 of 5 pages fit no layout"


def test_the_same_night_again_changes_nothing(two_nights: tuple[Night, Night]) -> None:
    from datetime import UTC, datetime

    from flows.data import DataFolder
    from flows.loading import Run, load_night
    from flows.reading import archived_pages, pages_to_read, read_batch

    data = DataFolder(two_nights[1].data)
    before = rows(two_nights[1], "select * from fact_history order by fact_id, known_from")
    listing = archived_pages(data)
    read = read_batch(data.archive, list(pages_to_read(listing.pages)))
    counts = load_night(data, listing, read, [], Run("again", datetime.now(UTC), sample=True))
    assert (counts.articles_new, counts.claims_new, counts.facts_changed) == (0, 0, 0)
    assert rows(two_nights[1], "select * from fact_history order by fact_id, known_from") == before


def test_nights_one_by_one_end_where_a_rebuild_ends(third_night: Night, tmp_path) -> None:
    import shutil
    from datetime import UTC, datetime

    from flows.loading import reconcile_warehouse
    from warehouse.store import rewriting

    shutil.copyfile(third_night.data / "chiso.duckdb", tmp_path / "chiso.duckdb")
    with rewriting(tmp_path / "chiso.duckdb") as connection:
        shown = [f"from {table} order by all" for table in ("facts", "conflicts", "reliability")]
        kept = [connection.execute(sql).fetchall() for sql in shown]
        assert reconcile_warehouse(connection, "quiet", datetime.now(UTC))[0] == 0
        assert connection.execute("select count(*) from renewed").fetchall() == [(0,)]
        connection.execute("update ledger_version set version = 'older'")
        assert reconcile_warehouse(connection, "rebuild", datetime.now(UTC))[0] == 0
        assert connection.execute("select count(*) from renewed").fetchall()[0][0] > 100
        assert [connection.execute(sql).fetchall() for sql in shown] == kept
        assert connection.execute("select count(*) from conflict_changes where run_id in ('quiet', 'rebuild')").fetchall() == [(0,)]


def test_query_report_export_and_portals_work_on_the_nights_data(first_night: Night, tmp_path) -> None:
    table = run_chiso("query", "select subject, value from facts where subject = 'Sơn La' order by value", "--data", first_night.data)
    assert table.returncode == 0
    assert "Sơn La" in table.stdout.decode()
    as_json = run_chiso("query", "select subject, year from facts where year = 2015", "--format", "json", "--data", first_night.data)
    assert {row["year"] for row in json.loads(as_json.stdout)} == {2015}
    assert run_chiso("query", "copy facts to '/tmp/leak.csv'", "--data", first_night.data).returncode == 2
    assert run_chiso("query", "drop table claims", "--data", first_night.data).returncode == 2
    copied = tmp_path / "data"
    copied.mkdir()
    shutil.copyfile(first_night.data / "chiso.duckdb", copied / "chiso.duckdb")
    assert run_chiso("report", "--data", copied).returncode == 1
    # The copy has no journal, from which the report takes where the time of the nights went.
    again, before = ((folder / "report" / "index.html").read_text(encoding="utf-8") for folder in (copied, first_night.data))
    assert again == re.sub(r'<section id="time">.*?</section>', "", before, flags=re.DOTALL)
    pages = ("conflicts/par-index.html", "provinces/hung-yen.html", "conflicts.json")
    assert all((copied / "report" / page).read_bytes() == (first_night.data / "report" / page).read_bytes() for page in pages)
    done = run_chiso("export", "--data", first_night.data, "--out", tmp_path / "release")
    assert done.returncode == 0, done.stderr
    names = {path.name for path in (tmp_path / "release").iterdir()}
    assert {"facts.parquet", "facts.csv", "conflicts.csv", "chiso.duckdb", "datapackage.json", "SHA256SUMS"} <= names
    assert "broken" in run_chiso("portals", "--data", first_night.data).stdout.decode()
