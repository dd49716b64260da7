"""What each use of underthesea buys in F1 and costs in time: each part is taken out or replaced, and all is read again.

    python benchmarks/ablation.py [--gold FOLDER]

Without a folder the cases of tests/corpus are read; a gold folder holds one JSON file an article ({"id", "text", "published",
"site_home", "facts": [{"index", "subject", "year", "measure", "value", "component"} ...]}). A claim is right when index, subject,
year, measure and value are those of the gold; a fact marked "optional" is no miss.
"""

import argparse
import json
import re
import sys
import time
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path
from unittest.mock import patch

from extract import sentence
from extract.article import Article
from extract.claims import read_claims
from extract.lexer import lex
from extract.mentions import Mention, SubjectName
from extract.rules import names
from extract.sentence import Span
from normalize.fold import fold, strip_marks
from normalize.lexicon import Lexicon, Token
from normalize.units import Unit

CORPUS = Path(__file__).parent.parent / "tests" / "corpus"
Key = tuple[str, str, int | None, str, str]
Tagger = Callable[[str], list[tuple[str, ...]]]


@dataclass(frozen=True)
class Gold:
    """An article, the keys it must give, and those it may give."""

    article: Article
    wanted: frozenset[Key]
    allowed: frozenset[Key]


def main() -> int:
    """Print one line for each variant."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gold", type=Path, metavar="FOLDER")
    args = parser.parse_args()
    golds = list(from_folder(args.gold) if args.gold else from_corpus())
    sys.stdout.write(f"{len(golds)} articles, {sum(len(g.wanted) for g in golds)} facts\n\n{'':58}      P      R     F1   seconds\n")
    for title, replaced in VARIANTS.items():
        with_patches(title, replaced, golds)
    return 0


def with_patches(title: str, replaced: Sequence[tuple[object, str, object]], golds: Sequence[Gold]) -> None:
    """Read all articles with some parts replaced and print how well and how fast that went."""
    patches = [patch.object(owner, name, value) for owner, name, value in replaced]
    for one in patches:
        one.start()
    try:
        read_claims(golds[0].article)
        started = time.process_time()
        found = [keys_of(gold.article) for gold in golds]
        taken = time.process_time() - started
    finally:
        for one in patches:
            one.stop()
    hits = sum(len(f & g.wanted) for f, g in zip(found, golds, strict=True))
    false = sum(len(f - g.wanted - g.allowed) for f, g in zip(found, golds, strict=True))
    missed = sum(len(g.wanted - f) for f, g in zip(found, golds, strict=True))
    precision, recall = hits / (hits + false or 1), hits / (hits + missed or 1)
    f1 = 2 * precision * recall / (precision + recall or 1)
    sys.stdout.write(f"{title:58} {precision:.3f}  {recall:.3f}  {f1:.3f}  {taken:8.2f}\n")
    sys.stdout.flush()


def keys_of(article: Article) -> frozenset[Key]:
    """Return what an article claims, as the gold names it."""
    return frozenset(key(c.index, c.subject, c.year, c.measure, c.value) for c in read_claims(article).claims)


def key(index: str, subject: str, year: int | None, measure: str, value: object) -> Key:
    """Return a key in which spellings do not differ."""
    shown = "last" if value in {None, "last"} else str(value).lower()
    number = re.fullmatch(r"-?\d+(?:\.\d+)?", shown)
    return index, strip_marks(fold(subject)), year, measure, f"{float(shown):g}" if number else shown


def from_corpus() -> Iterator[Gold]:
    """Yield the project's own cases."""
    want = re.compile(r"(?P<index>\S+) (?P<subject>.+) (?P<year>\d{4}|\?) (?P<measure>score\w*|rank\w*|tier) (?P<value>.+?)(?: \[.*\])?")
    for name in ("claims", "sentences", "articles", "english", "not_claims"):
        for n, case in enumerate(tomllib.loads((CORPUS / f"{name}.toml").read_text(encoding="utf-8"))["case"]):
            published = date.fromisoformat(case["published"]) if "published" in case else None
            article = Article(f"{name}-{n}", case["text"], home=case.get("home"), published=published)
            parts = [match for text in case["want"] if (match := want.fullmatch(text))]
            keys = [key(m["index"], m["subject"], None if m["year"] == "?" else int(m["year"]), m["measure"], m["value"]) for m in parts]
            yield Gold(article, frozenset(keys), frozenset())


def from_folder(folder: Path) -> Iterator[Gold]:
    """Yield the articles of a gold folder."""
    for path in sorted(folder.glob("*.json")):
        doc = json.loads(path.read_text(encoding="utf-8"))
        if "text" not in doc:
            continue
        published = date.fromisoformat(doc["published"][:10]) if doc.get("published") else None
        article = Article(doc["id"], doc["text"], home=doc.get("site_home"), published=published)
        wanted, allowed = set(), set()
        for fact in doc["facts"]:
            into = allowed if fact.get("optional") or fact.get("derived") else wanted
            into.add(key(fact["index"], fact["subject"], fact["year"], fact["measure"], fact["value"]))
        yield Gold(article, frozenset(wanted), frozenset(allowed))


# -- what stands in for underthesea, and what underthesea stands in for ----------------------------------------------

_ENDS = re.compile(r"(?<=[.!?…])[\"”)]?\s+(?=[\"“(]?[A-ZÀ-ỸĐ0-9-])")


def by_pattern(line: Span) -> Iterator[Span]:
    """Cut a line into sentences where a stop stands before a capital."""
    cuts = [0, *(m.end() for m in _ENDS.finditer(line.text)), len(line.text)]
    for start, end in pairwise(cuts):
        if line.text[start:end].strip():
            yield Span(line.text[start:end].strip(), line.start + start)


def whole(line: Span) -> Iterator[Span]:
    """Leave a line as it is."""
    yield line


def body_by(
    tags: Callable[[str], list[tuple[str, ...]]], inside: Callable[[tuple[str, ...]], bool]
) -> Callable[..., tuple[Mention, int] | None]:
    """Return a reader of unknown bodies whose names end where the tagger ends its phrase."""

    def read(text: str, tokens: list[Token], position: int) -> tuple[Mention, int] | None:
        start = tokens[position].start
        if not re.match(r"(?:Sở|Ban|Cục|Chi cục|Thanh tra|Văn phòng|Trung tâm|Viện|Kho bạc|Công an|Bảo hiểm)\b", text[start:]):
            return None
        end = start
        for word in tags(text[start : start + 120]):
            if end > start and not inside(word):
                break
            found = text.find(word[0].split(" ")[0], end)
            end = found + len(word[0])
        behind = next((i for i in range(position, len(tokens)) if tokens[i].start >= end), len(tokens))
        return Mention(SubjectName("department", text[start:end]), start, end, "subject.tagged"), behind

    return read


def _ner(text: str) -> list[tuple[str, ...]]:
    from underthesea import ner  # noqa: PLC0415

    return ner(text)  # type: ignore[no-any-return]


def _chunk(text: str) -> list[tuple[str, ...]]:
    from underthesea import chunk  # noqa: PLC0415

    return chunk(text)  # type: ignore[no-any-return]


def on_word_boundaries(text: str, province: Unit | None = None, *, bare_districts: bool = False) -> list[Mention]:
    """Keep the names that begin and end where underthesea's words do."""
    from underthesea import word_tokenize  # noqa: PLC0415

    edges, position = {0, len(text)}, 0
    for word in word_tokenize(text):
        found = text.find(word, position)
        if found >= 0:
            position = found + len(word)
            edges |= {found, position}
    return [
        m for m in lex(text, province, bare_districts=bare_districts) if not isinstance(m.payload, SubjectName) or {m.start, m.end} <= edges
    ]


_NO_BODIES: Lexicon[str] = Lexicon([("Sở Không Có Thật", "")])
_UNLISTED = (names, "department_lexicon", lambda: _NO_BODIES)
VARIANTS: dict[str, list[tuple[object, str, object]]] = {
    "as it is": [],
    "sentences: a pattern instead of sent_tokenize": [(sentence, "_tokenized", by_pattern)],
    "sentences: none, each line whole": [(sentence, "_tokenized", whole)],
    "names: only at the word boundaries of word_tokenize": [(sys.modules["extract.claims"], "lex", on_word_boundaries)],
    "bodies not listed: nothing reads them": [(names, "_body", lambda *_: None)],
    "bodies, none listed: the rule ends their names": [_UNLISTED],
    "bodies, none listed: ner ends their names": [
        _UNLISTED,
        (names, "_body", body_by(_ner, lambda w: w[3] != "O" or w[1].startswith("N"))),
    ],
    "bodies, none listed: chunk ends their names": [_UNLISTED, (names, "_body", body_by(_chunk, lambda w: w[2].endswith("NP")))],
}

if __name__ == "__main__":
    sys.exit(main())
