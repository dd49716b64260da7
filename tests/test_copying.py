"""Copies in the warehouse: what a night finds out about its new articles is what a rebuild finds out about all."""

import random
from collections.abc import Iterator

import duckdb
import pytest

from flows.copying import cluster_articles
from normalize import cluster as in_files
from normalize.cluster import sketch

_WORDS = [
    "tỉnh",
    "xếp",
    "thứ",
    "điểm",
    "cải",
    "cách",
    "hành",
    "chính",
    "chỉ",
    "số",
    "năm",
    "cả",
    "nước",
    "tăng",
    "giảm",
    "bậc",
    "so",
    "với",
    "thành",
    "phố",
    "công",
    "bố",
    "kết",
    "quả",
    "đạt",
]


def _story(rng: random.Random) -> str:
    return " ".join(
        f"{' '.join(rng.choices(_WORDS, k=12))} {rng.randint(1, 63)}/63 {' '.join(rng.choices(_WORDS, k=4))}." for _ in range(6)
    )


@pytest.fixture
def tables() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        for table, columns in {
            "articles": "article_id varchar, text varchar, credit varchar, current boolean, cluster varchar",
            "sketches": "article_id varchar, figures blob, whole blob, n_figures integer, n_whole integer",
            "claims": "claim_id varchar, article varchar",
            "comparable": "claim_id varchar, fact_id varchar, index varchar, year integer",
            "turned": "article_id varchar",
            "arrived": "claim_id varchar",
        }.items():
            connection.execute(f"create table {table} ({columns})")
        yield connection


@pytest.mark.parametrize("seed", range(9))
def test_night_by_night_gives_the_clusters_of_a_rebuild(
    tables: duckdb.DuckDBPyConnection, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether the facts are looked at all together, or one or a few at a time."""
    rng, run = random.Random(seed), tables.execute
    monkeypatch.setattr("flows.copying._TOLD", (100_000, 1, 4)[seed % 3])
    stories = [_story(rng) for _ in range(3)]
    texts: dict[str, str] = {}
    facts: dict[str, set[str]] = {}
    for night in range(12):
        run("delete from turned")
        run("delete from arrived")
        for _ in range(rng.randint(0, 4)):
            # Ids are hashes: a new article may well be the smallest of its cluster.
            article, story = f"{rng.getrandbits(32):08x}", rng.choice(stories)
            texts[article] = rng.choice([story, f"{story} {_story(rng)}", story[: len(story) * 2 // 3], _story(rng)])
            facts[article] = {f"f-{rng.randint(1, 4)}" for _ in range(2)}
            made = sketch(texts[article])
            run("insert into articles values (?, ?, null, true, ?)", [article, texts[article], article])
            run("insert into sketches values (?, ?, ?, ?, ?)", [article, made.figures, made.whole, made.n_figures, made.n_whole])
            for fact_id in facts[article]:
                for table, row in (("claims", (article,)), ("comparable", (fact_id, fact_id[:3], None)), ("arrived", ())):
                    run(f"insert into {table} values ({', '.join('?' * (1 + len(row)))})", [f"{article} {fact_id}", *row])
        if night % 3 == 2:  # some are superseded, some are back
            for article in rng.sample(sorted(texts), min(3, len(texts))):
                run("update articles set current = not current where article_id = ?", [article])
                run("insert into turned values (?)", [article])
        cluster_articles(tables)
        current = {article for (article,) in run("select article_id from articles where current").fetchall()}
        alone = {article: article for article in texts}
        wanted = alone | in_files.cluster_articles({article: texts[article] for article in current}, facts)
        assert dict(run("select article_id, cluster from articles").fetchall()) == wanted
    assert len(set(wanted.values())) < len(wanted)  # there were copies


def test_a_night_with_nothing_new_asks_for_no_text(tables: duckdb.DuckDBPyConnection) -> None:
    tables.execute("alter table articles drop column text")
    tables.execute("insert into articles values ('a', null, true, 'a'), ('b', null, true, 'a')")
    cluster_articles(tables)
    assert dict(tables.execute("select article_id, cluster from articles").fetchall()) == {"a": "a", "b": "a"}
