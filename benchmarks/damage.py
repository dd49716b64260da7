"""Read articles whole and through every kind of damage of tests/damage.py: the claims must be the same.

    python benchmarks/damage.py FOLDER

The folder holds one JSON file an article ({"id", "text", "published", "site_home"}). Also checked on the way: every claim is the
stretch of text that its offsets say, and its number can be read again from that stretch.
"""

import argparse
import json
import re
import sys
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from damage import DAMAGE

from extract.article import Article
from extract.claims import read_claims
from extract.text import read_text
from normalize.claim import Claim
from normalize.fold import fold
from normalize.numbers import NumberFormatError, parse_count, parse_number

_IN_ENGLISH = re.compile(r"\b(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth)\b")


def main() -> int:
    """Print what each kind of damage loses and adds; 1 if anything changed or is not grounded."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    docs = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(parser.parse_args().folder.glob("*.json"))]
    docs = [doc for doc in docs if "text" in doc]
    whole = {doc["id"]: keys(doc, doc["text"]) for doc in docs}
    changed = 0
    sys.stdout.write(f"{len(docs)} articles, {sum(sum(c.values()) for c in whole.values())} claims, each grounded and its number re-read\n")
    for name, damage in DAMAGE.items():
        lost = added = 0
        for doc in docs:
            found = keys(doc, damage(doc["text"]))
            lost += sum((whole[doc["id"]] - found).values())
            added += sum((found - whole[doc["id"]]).values())
        changed += lost + added
        sys.stdout.write(f"{name:30} lost {lost}, added {added}\n")
    return 1 if changed else 0


def keys(doc: dict[str, str], text: str) -> Counter[tuple[object, ...]]:
    """Return the claims of one article by what they say."""
    published = date.fromisoformat(doc["published"][:10]) if doc.get("published") else None
    claims = read_claims(Article(doc["id"], text, published=published, home=doc.get("site_home"))).claims
    for claim in claims:
        if text[claim.start : claim.end] != claim.evidence or not reads_again(claim, text):
            raise SystemExit(f"{doc['id']}: {claim.value} cannot be read from {claim.evidence!r}")
    return Counter(
        (c.index, fold(c.subject), c.year, c.measure, str(c.value).lower(), fold(c.component or ""), c.scope, c.modality) for c in claims
    )


def reads_again(claim: Claim, text: str) -> bool:
    """Tell whether a claim's number stands in the stretch that it quotes; places in words and by order have none."""
    figure = read_text(text[claim.value_start : claim.value_end]).clean
    if not isinstance(claim.value, Decimal) or not re.search(r"\d", figure) or _IN_ENGLISH.search(figure):
        return True
    if claim.rule in {"rank.first", "rank.last", "table.order", "rank.ordered"} or "last" in (claim.rule or ""):
        return True
    spaced = re.findall(r"\d+[.,] \d+", figure)  # "62, 16 điểm"
    for printed in [*spaced, *re.findall(r"\d[\d.,]*(?<=\d)|\w+", read_text(claim.evidence).clean)]:
        for read in (lambda t: parse_number(t, abs(claim.value) or None), parse_count):
            try:
                if Decimal(read(printed)) == abs(claim.value):
                    return True
            except NumberFormatError:
                continue
    return False


if __name__ == "__main__":
    sys.exit(main())
