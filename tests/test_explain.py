"""Seeing inside: what was found in a sentence, what became a claim by which rule, what was dropped and why."""

from pathlib import Path

from conftest import run_chiso
from test_claims import CASES

from extract.article import Article
from extract.claims import read_claims
from extract.explain import page
from extract.lexer import _AFTER_NAMES, _BEFORE_NAMES
from extract.rules.needs import Needs
from normalize.fold import lowered

TEXT = "Năm 2021, PAR INDEX của Hưng Yên đạt 88,34%, xếp thứ 12/63. Thứ nhất, cần giữ đà này. Tài liệu về <b>PCI</b> được phát."


def test_every_figure_beside_an_index_is_a_claim_or_says_why_not(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT, encoding="utf-8")
    shown = run_chiso("extract", "--explain", tmp_path / "a.txt").stdout.decode()
    assert "=> PAR_INDEX Hưng Yên 2021 rank 12 (of 63)  (year: named in the sentence)" in shown
    assert "dropped: it counts points of a text" in shown
    assert "rank.verb" in shown


def test_the_page_marks_claims_and_escapes_what_it_quotes(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT, encoding="utf-8")
    done = run_chiso("extract", "--html", tmp_path / "a.html", tmp_path / "a.txt")
    html = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "<mark>88,34%</mark><sup>1</sup>" in html
    assert "&lt;b&gt;PCI&lt;/b&gt;" in html
    assert "<b>PCI" not in html
    assert done.stdout.decode().count("\n") == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.html", "a.txt"]


def test_a_page_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT, encoding="utf-8")
    done = run_chiso("extract", "--html", tmp_path / "missing" / "a.html", tmp_path / "a.txt")
    assert done.returncode == 2
    assert "--html" in done.stderr.decode()


def test_every_claim_of_the_corpus_is_marked_on_its_page() -> None:
    for case in CASES:
        article = Article("a", case["text"], home=case.get("home"))
        reading = read_claims(article)
        html = "".join(page([(article, reading)]))
        assert html.count("<mark>") == len({(c.value_start, c.value_end) for c in reading.claims}) + 1  # one in the legend


def test_what_a_rule_needs_is_there_wherever_it_matches() -> None:
    for case in CASES:
        low = lowered(case["text"])
        for rule in (*_BEFORE_NAMES, *_AFTER_NAMES):
            if rule.pattern.search(low):
                assert not rule.needs or not rule.needs.isdisjoint(Needs([rule.needs]).in_text(low)), rule.name
