"""A long fuzz run over the readers of numbers, days and places: nothing but the documented errors may come out.

    python benchmarks/fuzz.py [--examples 1000000]

Hypothesis makes the inputs: arbitrary Unicode, and arbitrary mixtures of what the readers look for. A failure is printed
with the smallest input that shows it.
"""

import argparse
import sys
import time
from collections.abc import Callable
from decimal import Decimal

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from extract.dates import parse_day
from extract.home import read_home
from extract.lexer import lex
from extract.text import read_text
from normalize.numbers import NumberFormatError, parse_count, parse_number, parse_ordinal, parse_quantity
from normalize.units import find_district, named, province_of
from normalize.url_date import url_day

PIECES = (
    "0", "1", "7", "12", "63", "88", "2021", "2023", ",", ".", " ", "/", "-", "–", "%", "(", ")", ";", ":", "\n",
    "\u00a0", "\u00ad", "\u0301", "điểm", "bậc", "hạng", "thứ", "xếp", "tăng", "giảm", "từ", "lên", "xuống",
    "nhất", "nhì", "bảy", "mười", "mươi", "trăm", "linh", "nghìn", "ngày", "tháng", "năm", "Thứ Năm", "so với", "và",
    "lần lượt", "cả nước", "Hưng Yên", "Hưng", "Bà Rịa - Vũng Tàu", "TP", ".HCM", "huyện", "UBND", "Sở Nội vụ", "PCI",
    "PAR INDEX", "Chi phí thời gian", "nhóm A", "trung bình", "dẫn đầu", "http://a/2022-5-25/", "T", "Z", "âm",
)  # fmt: skip
MIXED = st.lists(st.sampled_from(PIECES), max_size=14)
TEXTS = st.one_of(st.text(max_size=40), MIXED.map("".join), MIXED.map(" ".join))


def numbers(text: str) -> None:
    """Read a text as every kind of number."""
    for reader in (parse_number, parse_count, parse_ordinal, parse_quantity, lambda t: parse_number(t, Decimal(80))):
        try:
            value = reader(text)
        except NumberFormatError:
            continue
        assert isinstance(value, int | Decimal)
        assert Decimal(value).is_finite()


def days(text: str) -> None:
    """Read a text as a day and as a URL."""
    for day in (parse_day(text), url_day(text)):
        assert day is None or 1 <= day.year <= 9999  # noqa: PLR2004


def places(text: str) -> None:
    """Read a text as a place."""
    province_of(text)
    named(text)
    find_district(text, None)
    find_district(text, "33")
    read_home(text)


def mentions(text: str) -> None:
    """Read a text as a sentence; every mention stands in it, in order and without overlap."""
    view = read_text(text)
    end = 0
    for mention in lex(view.clean, bare_districts=True):
        assert end <= mention.start < mention.end <= len(view.clean)
        end = mention.end
        start, stop = view.raw_span(mention.start, mention.end)
        assert 0 <= start < stop <= len(text)


TARGETS: tuple[Callable[[str], None], ...] = (numbers, days, places, mentions)


def fuzz(target: Callable[[str], None], examples: int) -> None:
    """Run one reader over that many inputs; raises what it must not raise, with the smallest input that shows it."""
    run = given(TEXTS)(target)
    quick = settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    quick(run)()


def main() -> int:
    """Fuzz each target with its share of the examples."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, default=1_000_000)
    share = parser.parse_args().examples // len(TARGETS)
    for target in TARGETS:
        started = time.monotonic()
        fuzz(target, share)
        sys.stdout.write(f"{target.__name__}: {share} inputs in {time.monotonic() - started:.0f} s, nothing but the documented errors\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
