"""How much of what holds figures the scan of titles and addresses keeps, and how much of the rest it lets through.

    python benchmarks/scan.py ARTICLES.jsonl...

Each line is an article: {"text", "title"?, "url"?}. Those of which `chiso extract` makes a claim are to be kept.
Prints recall (kept of those with claims) and the share of the others that would be fetched too.
"""

import json
import sys
from pathlib import Path

from extract.article import Article
from extract.claims import read_claims
from spiders.scan import worth_fetching


def main() -> None:
    """Print one line a file, and the misses."""
    if len(sys.argv) == 1:
        sys.exit(__doc__)
    for name in sys.argv[1:]:
        kept = wanted = let_in = others = 0
        missed = []
        for line in Path(name).read_text(encoding="utf-8").splitlines():
            article = json.loads(line)
            text = article["text"]
            title = article.get("title") or text.strip().split("\n", 1)[0][:200]
            worth = worth_fetching(title, article.get("url") or "")
            if read_claims(Article("a", text, title=title)).claims:
                wanted += 1
                kept += worth
                if not worth:
                    missed.append(title)
            else:
                others += 1
                let_in += worth
        sys.stdout.write(
            f"{name}: recall {kept}/{wanted}, others fetched {let_in}/{others}\n"
            + "".join(f"  missed: {title[:120]}\n" for title in missed)
        )


if __name__ == "__main__":
    main()
