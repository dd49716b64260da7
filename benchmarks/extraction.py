"""How fast articles are read, beside underthesea.word_tokenize over the same text in the same run, on one core.

    python benchmarks/extraction.py [--plain FILE.jsonl] [--index FILE.jsonl]

The files hold one article a line ({"id", "text" ...}), as `chiso extract` reads them; without them the project's own
sentences stand in: the cases of tests/corpus for articles on indices, and the same without their indices for other news.
Then two tables: time against length up to 10 MB, and against strings that a careless pattern would choke on.
"""

import argparse
import json
import sys
import time
import tomllib
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

from extract.article import Article
from extract.claims import read_claims

CORPUS = Path(__file__).parent.parent / "tests" / "corpus"
GOALS = {"plain news": 20.0, "articles on indices": 3.0}
#: underthesea is slow enough that a part of the text tells its speed.
SHARE_BYTES = 300_000
SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
PUMPED = {
    "digits": "7",
    "digits and commas": "7,",
    "thứ": "thứ ",
    "combining marks": "a\u0301\u0323",
    "opening brackets": "(",
    "năm 2021": "năm 2021 ",
    "tăng 1 bậc": "tăng 1 bậc ",
    "nếu tăng": "nếu tăng 1 bậc ",
    "names": "Hưng Yên, ",
    "và": "và ",
    "capitals": "Sở A ",
}
PUMP_LENGTHS = (20_000, 40_000, 80_000)
#: Twice the length may take this many times the time; measured noise on a shared machine is about a quarter.
LINEAR = 3.0


def main() -> int:
    """Print the ratios and the tables; 1 if a goal is missed or a pumped string is worse than linear."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plain", type=Path, metavar="FILE.jsonl")
    parser.add_argument("--index", type=Path, metavar="FILE.jsonl")
    args = parser.parse_args()
    sets = {
        "plain news": load(args.plain) if args.plain else own(without_index=True),
        "articles on indices": load(args.index) if args.index else own(without_index=False),
    }
    met = [beside_peer(name, texts) for name, texts in sets.items()]
    met += [against_length(sets["articles on indices"]), against_pumping()]
    return 0 if all(met) else 1


def load(file: Path) -> list[str]:
    """Return the texts of a file of JSON lines."""
    return [json.loads(line)["text"] for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]


def own(*, without_index: bool) -> list[str]:
    """Return the project's own sentences as articles of some length."""
    cases = [
        case for file in ("sentences", "articles") for case in tomllib.loads((CORPUS / f"{file}.toml").read_text(encoding="utf-8"))["case"]
    ]
    texts = ["\n".join(case["text"] for case in cases[n : n + 8]) for n in range(0, len(cases), 8)]
    if without_index:
        names = (
            "PAR INDEX",
            "Par Index",
            "SIPAS",
            "PCI",
            "PAPI",
            "DTI",
            "DDCI",
            "PII",
            "PGI",
            "ICT",
            "Chỉ số",
            "chỉ số",
            "CCHC",
            "hài lòng",
        )
        for name in (*names, "chuyển đổi số", "năng lực cạnh tranh", "cải cách hành chính", "INDEX"):
            texts = [text.replace(name, "công việc") for text in texts]
    return texts * 10


def beside_peer(name: str, texts: Sequence[str]) -> bool:
    """Print our speed and the peer's over the same text; the peer reads a part of it."""
    from underthesea import word_tokenize  # noqa: PLC0415 (timed apart)

    part, size = [], 0
    for text in texts:
        if size > SHARE_BYTES:
            break
        part.append(text)
        size += len(text)
    read(texts[0])
    word_tokenize("Hưng Yên")
    theirs = seconds(lambda: [word_tokenize(text) for text in part]) / size
    length = sum(map(len, texts))
    ours = seconds(lambda: [read(text) for text in texts]) / length
    ratio = theirs / ours
    mean = length / len(texts)
    say(
        f"{name}: {1 / (ours * mean):.0f} articles/s of {mean:.0f} characters; underthesea.word_tokenize {1 / (theirs * mean):.0f}/s; "
        f"ratio {ratio:.1f} (goal {GOALS[name]:.0f})"
    )
    return ratio >= GOALS[name]


def against_length(texts: Sequence[str]) -> bool:
    """Print the time for one article of 10 KB to 10 MB."""
    say("\nlength        seconds   microseconds a character")
    base = "\n".join(texts)
    costs = []
    for size in SIZES:
        text = (base * (size // len(base) + 1))[:size]
        taken = seconds(lambda text=text: read(text))  # type: ignore[misc]  # bound at once
        costs.append(taken / size)
        say(f"{size:>10} {taken:>10.2f} {taken / size * 1e6:>10.2f}")
    # A short stretch may hold no figure at all and cost next to nothing: the dearest of them is what counts.
    return costs[-1] <= LINEAR * max(costs[:-1])


def against_pumping() -> bool:
    """Print the time for one piece repeated; twice the length should take twice the time."""
    say("\nrepeated             " + "".join(f"{length:>10}" for length in PUMP_LENGTHS) + "   worst ratio for twice the length")
    linear = True
    for name, piece in PUMPED.items():
        times = []
        for length in PUMP_LENGTHS:
            text = "PCI năm 2021 của Hưng Yên đạt " + piece * (length // len(piece)) + " xếp thứ 5"
            times.append(min(seconds(lambda text=text: read(text)) for _ in range(2)))  # type: ignore[misc]  # bound at once
        worst = max(after / before for before, after in pairwise(times))
        linear = linear and worst < LINEAR
        say(f"{name:20} " + "".join(f"{taken:>10.3f}" for taken in times) + f"   {worst:.1f}")
    return linear


def read(text: str) -> None:
    """Read one article."""
    read_claims(Article("a", text))


def seconds(work: Callable[[], object]) -> float:
    """Return the processor time of one call."""
    started = time.process_time()
    work()
    return time.process_time() - started


def say(line: str) -> None:
    """Print one line at once: the whole takes minutes."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
