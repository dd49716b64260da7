"""Numbers and days in every way of writing them: tests/corpus/numbers.toml."""

import tomllib
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from extract.dates import parse_day
from normalize.numbers import NumberFormatError, parse_count, parse_number, parse_ordinal, parse_quantity

CORPUS: dict[str, dict[str, list[str]]] = tomllib.loads((Path(__file__).parent / "corpus" / "numbers.toml").read_text(encoding="utf-8"))
READERS: dict[str, Callable[[str], object]] = {
    "number": parse_number,
    "on_scale_80": lambda text: parse_number(text, Decimal(80)),
    "count": parse_count,
    "quantity": parse_quantity,
    "ordinal": parse_ordinal,
    "day": parse_day,
}


def cases() -> Iterator[tuple[str, str, str]]:
    for kind, values in CORPUS.items():
        for value, texts in values.items():
            yield from ((kind, text, value) for text in texts)


@pytest.mark.parametrize(("kind", "text", "value"), list(cases()))
def test_it_is_read(kind: str, text: str, value: str) -> None:
    if kind == "day":
        assert str(parse_day(text)) == value.replace("none", "None")
    elif value == "none":
        with pytest.raises(NumberFormatError):
            READERS[kind](text)
    else:
        assert READERS[kind](text) == Decimal(value)
