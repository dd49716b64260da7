"""The command on good and bad input: one clear line each, the right exit code, and the rest goes on."""

import gzip
import json
import os
from pathlib import Path

import pytest
from conftest import run_chiso

GOOD = "Năm 2021, Chỉ số PAR INDEX của tỉnh Hưng Yên đạt 88,34%, xếp thứ 12/63."
PAGE = f"<html><head><title>Tin</title></head><body><article><h1>Tin tức chỉ số</h1><p>{GOOD}</p><p>{'Đoạn văn đủ dài để là một bài báo. ' * 12}</p></article></body></html>"


def claims(done) -> list[dict]:
    return [json.loads(line) for line in done.stdout.decode().splitlines()]


def test_text_html_and_json_lines_give_the_same_claims(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(GOOD, encoding="utf-8")
    (tmp_path / "a.html").write_text(PAGE, encoding="utf-8")
    (tmp_path / "a.jsonl").write_text(json.dumps({"id": "x", "text": GOOD}) + "\n", encoding="utf-8")
    done = run_chiso("extract", tmp_path / "a.txt", tmp_path / "a.html", tmp_path / "a.jsonl")
    assert done.returncode == 0, done.stderr
    found = claims(done)
    assert [c["value"] for c in found] == [88.34, 12, 88.34, 12, 88.34, 12]
    assert {c["article"] for c in found} == {str(tmp_path / "a.txt"), str(tmp_path / "a.html"), "x"}


def test_a_claim_has_the_keys_of_the_contract(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(GOOD, encoding="utf-8")
    claim = claims(run_chiso("extract", tmp_path / "a.txt"))[0]
    wanted = "article index level authority subject subject_type subject_id year measure value value_high qualifier unit of base_year component scope modality evidence start end rule"
    assert set(wanted.split()) <= set(claim)
    assert GOOD[claim["start"] : claim["end"]] == claim["evidence"]
    assert claim["subject_id"] == "P33-63"


BAD = {
    "empty.html": b"",
    "garbage.html": bytes(range(256)) * 40,
    "cut.html": gzip.compress(PAGE.encode())[:60],
    "scan.pdf": b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj "
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF",
    "broken.pdf": b"%PDF-1.7 nonsense",
    "unknown.xyz": b"text",
    "lines.jsonl": b'{"id": "a"}\nnot json\n{"id": "b", "text": "x", "published": "yesterday"}\n',
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_one_line_and_the_rest_goes_on(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(BAD[name])
    (tmp_path / "good.txt").write_text(GOOD, encoding="utf-8")
    done = run_chiso("extract", tmp_path / name, tmp_path / "missing.txt", tmp_path / "good.txt")
    lines = done.stderr.decode().splitlines()
    assert done.returncode == 1
    assert len(lines) == (4 if name == "lines.jsonl" else 2)
    assert all(line.startswith("chiso: ") for line in lines)
    assert name in lines[0]
    assert "missing.txt" in lines[-1]
    assert len(claims(done)) == 2


def test_a_page_in_a_wrongly_declared_charset_is_read(tmp_path: Path) -> None:
    page = PAGE.replace("<head>", '<head><meta charset="iso-8859-1">')
    (tmp_path / "utf8-declared-latin.html").write_text(page, encoding="utf-8")
    (tmp_path / "utf16.html").write_bytes(PAGE.encode("utf-16"))
    done = run_chiso("extract", *sorted(tmp_path.iterdir()))
    assert [c["value"] for c in claims(done)] == [88.34, 12, 88.34, 12], done.stderr


def test_extract_reads_stdin(tmp_path: Path) -> None:
    done = run_chiso("extract", "-", stdin=json.dumps({"id": "x", "text": GOOD}).encode())
    assert len(claims(done)) == 2


def test_article_prints_what_was_read(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(PAGE, encoding="utf-8")
    record = json.loads(run_chiso("article", tmp_path / "a.html").stdout)
    assert record["title"] == "Tin tức chỉ số"
    assert GOOD in record["text"]
    assert {"article", "published", "author", "tables", "attachments"} <= set(record)


def test_wrong_usage_is_exit_code_two(tmp_path: Path) -> None:
    assert run_chiso("extract", "x.txt", "--published", "yesterday").returncode == 2
    assert run_chiso("nightly", "--portal", "no_such_portal", "--data", tmp_path).returncode == 2
    assert run_chiso("nightly", "--portal", "../etc/passwd", "--data", tmp_path).returncode == 2
    assert run_chiso("query", "select 1", "--data", tmp_path).returncode == 2
    assert run_chiso("report", "--data", tmp_path).returncode == 2
    assert run_chiso("reconcile", tmp_path / "none.jsonl", "--out", tmp_path).returncode == 2
    assert run_chiso("unknown").returncode == 2


def test_a_data_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = run_chiso("nightly", "--sample", "--data", tmp_path / "file" / "data")
    assert done.returncode == 2
    assert "cannot write the data folder" in done.stderr.decode()
    assert len(done.stderr.decode().splitlines()) == 1


@pytest.mark.skipif(not Path("/proc/self/ns/net").exists() or os.geteuid() != 0, reason="needs root on Linux to take the network away")
def test_extract_works_with_the_network_unplugged(tmp_path: Path) -> None:
    import subprocess

    from conftest import CHISO

    (tmp_path / "a.html").write_text(PAGE, encoding="utf-8")
    done = subprocess.run(["unshare", "--net", CHISO, "extract", tmp_path / "a.html"], capture_output=True, check=False, timeout=120)
    if b"Operation not permitted" in done.stderr:
        pytest.skip("this sandbox does not let a process leave the network")
    assert len(claims(done)) == 2, done.stderr


def test_reconcile_needs_no_database(tmp_path: Path) -> None:
    claim = {
        "index": "PCI",
        "subject": "Đắk Nông",
        "subject_type": "province",
        "year": 2015,
        "measure": "score",
        "modality": "reported",
        "level": "national",
    }
    lines = [
        {**claim, "value": 48.96, "source": "pcivietnam.vn", "url": "https://pcivietnam.vn/a", "article": "1"},
        {**claim, "value": 84.96, "source": "b.vn", "url": "https://b.vn/a", "article": "2"},
        {**claim, "measure": "rank", "value": 63, "source": "b.vn", "url": "https://b.vn/a", "article": "2"},
    ]
    (tmp_path / "claims.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines) + "{}\nnot json\n", encoding="utf-8")
    done = run_chiso("reconcile", tmp_path / "claims.jsonl", "--no-tables", "--out", tmp_path / "out")
    assert done.returncode == 1
    assert [line.split(":")[2] for line in done.stderr.decode().splitlines()] == ["5", "4"]
    conflict = json.loads((tmp_path / "out" / "conflicts.jsonl").read_text(encoding="utf-8"))
    assert (conflict["class"], conflict["proposed"]) == ("transposition", 48.96)
    assert len((tmp_path / "out" / "facts.jsonl").read_text(encoding="utf-8").splitlines()) == 2


def test_an_official_table_refutes(tmp_path: Path) -> None:
    claim = {
        "article": "1",
        "index": "PCI",
        "subject": "Quảng Ninh",
        "year": 2019,
        "measure": "score",
        "value": 72.4,
        "source": "e.vnexpress.net",
        "url": "https://e.vnexpress.net/a",
    }
    (tmp_path / "claims.jsonl").write_text(json.dumps(claim) + "\n", encoding="utf-8")
    (tmp_path / "official.csv").write_text(
        "index,year,subject,score,rank,quality\nPCI,2019,Quảng Ninh,73.40,1,A\nPCI,2019,Quảng Ninh,72.40,1,X\n", encoding="utf-8"
    )
    run_chiso("reconcile", tmp_path / "claims.jsonl", "--reference", tmp_path / "official.csv", "--out", tmp_path)
    facts = [json.loads(line) for line in (tmp_path / "facts.jsonl").read_text(encoding="utf-8").splitlines()]
    score = next(f for f in facts if f["measure"] == "score")
    assert (score["value"], score["status"], score["rule"]) == (73.4, "refuted", "official")


def test_every_command_has_help_with_examples() -> None:
    for command in ("extract", "article", "reconcile", "nightly", "report", "export", "query", "portals"):
        done = run_chiso(command, "--help")
        assert done.returncode == 0
        assert b"examples:" in done.stdout


def test_a_fault_of_our_own_is_exit_code_three() -> None:
    import subprocess
    import sys

    code = "import flows.cli, flows.commands, sys\nflows.commands.report = lambda args: 1 / 0\nsys.argv = ['chiso', 'report']\nsys.exit(flows.cli.main())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, cwd=Path(__file__).resolve().parent.parent)
    assert done.returncode == 3
    assert b"ZeroDivisionError" in done.stderr


def test_portals_check_shows_what_was_found_and_read() -> None:
    done = run_chiso("portals", "check", "dongnai", "--sample")
    assert done.returncode == 0, done.stderr
    shown = done.stdout.decode()
    assert "published  2018-03-23 10:00:00+07:00 (the page's date line)" in shown
    assert "complete: 3 articles; 0 pages fit no layout" in shown


def test_portals_check_of_a_file_that_is_not_yet_declared(tmp_path: Path) -> None:
    declared = tmp_path / "bao_moi.toml"
    text = (
        'title = "Báo"\nhome = "https://baohungyen.vn/"\nkind = "paper"\nfamily = "epi"\nlistings = ["https://baohungyen.vn/chinh-tri/"]\n'
    )
    declared.write_text(text, encoding="utf-8")
    done = run_chiso("portals", "check", declared, "--sample")
    assert done.returncode == 0, done.stderr
    assert "complete: 1 article;" in done.stdout.decode()
    declared.write_text(text.replace('"paper"', '"blog"'), encoding="utf-8")
    done = run_chiso("portals", "check", declared, "--sample")
    assert (done.returncode, b"a kind of publisher" in done.stderr) == (2, True)


def test_portals_check_of_a_broken_portal_is_a_finding() -> None:
    done = run_chiso("portals", "check", "honquan_binhphuoc", "--sample")
    assert done.returncode == 1
    assert "broken" in done.stdout.decode()


def test_a_frozen_page_is_a_draft_until_it_is_reviewed(tmp_path: Path) -> None:
    url = "https://dongnai.gov.vn/vi/news/kinh-te/dong-nai-pci-2017-3381.html"
    done = run_chiso("portals", "freeze", url, "--sample", "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    (golden,) = (tmp_path / "dongnai").glob("*.json")
    draft = json.loads(golden.read_text(encoding="utf-8"))
    assert (draft["reviewed"], draft["title"], draft["published"]) == (False, "Nhìn lại PCI 2017", "2018-03-23")
    assert b"<html" in golden.with_suffix(".html").read_bytes()


@pytest.mark.parametrize("url", ["https://khong-ai-khai.example.com/a.html", "https://dongnai.gov.vn/vi/news/khong-co-9.html"])
def test_a_page_that_cannot_be_frozen_says_why(url: str, tmp_path: Path) -> None:
    done = run_chiso("portals", "freeze", url, "--sample", "--out", tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith(b"chiso: ")
    assert not list(tmp_path.iterdir())


def test_the_archive_is_verified_to_the_byte(tmp_path: Path) -> None:
    from datetime import UTC, datetime

    from spiders.archive import Archive

    archive = Archive(tmp_path / "archive", "dongnai")
    for n in range(3):
        archive.append(
            url=f"https://dongnai.gov.vn/{n}", kind="article", fetched_at=datetime.now(UTC), status=200, headers=[], body=b"x" * 500
        )
    archive.close()
    done = run_chiso("archive", "verify", "--data", tmp_path)
    assert (done.returncode, b"4 records whole" in done.stdout) == (0, True)
    warc = tmp_path / "archive" / "dongnai" / "dongnai-00001.warc.gz"
    changed = bytearray(warc.read_bytes())
    changed[-20] ^= 1
    warc.write_bytes(bytes(changed) + b"half")
    done = run_chiso("archive", "verify", "--data", tmp_path)
    found = [json.loads(line)["what"] for line in done.stdout.decode().splitlines()[:-1]]
    assert (done.returncode, found) == (1, ["damaged", "torn"])
    assert run_chiso("archive", "verify", "--data", tmp_path / "nowhere").returncode == 2


@pytest.mark.parametrize("span", [("2026", "2012"), ("2012", "soon"), ("12", "13"), ("2022-02-30", "2023")])
def test_a_backfill_of_no_time_is_wrong_usage(span: tuple[str, str]) -> None:
    done = run_chiso("backfill", "--from", span[0], "--to", span[1])
    assert (done.returncode, b"the first one first" in done.stderr) == (2, True)


def test_a_backfill_loads_what_its_years_hold(tmp_path: Path) -> None:
    done = run_chiso("backfill", "--from", "2012", "--to", "2026", "--portal", "baobariavungtau", "--sample", "--data", tmp_path / "data")
    assert done.returncode in {0, 1}, done.stderr
    assert b"3 articles read" in done.stdout
