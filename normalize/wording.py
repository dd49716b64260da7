"""What the reconciler says: data/wording.toml holds each sentence once in English and once in Vietnamese."""

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

_POINT = re.compile(r"(?<=\d)\.(?=\d)")


class Words(NamedTuple):
    """One sentence in both languages."""

    en: str
    vi: str

    def filled(self, **parts: object) -> "Words":
        """Return the sentence with its {names} filled in; parts may be sentences themselves."""
        return Words(
            self.en.format(**{name: part.en if isinstance(part, Words) else part for name, part in parts.items()}),
            self.vi.format(**{name: part.vi if isinstance(part, Words) else comma(part) for name, part in parts.items()}),
        )


def comma(value: object) -> str:
    """Return a value or a text with its figures as Vietnamese prints them.

    >>> comma("88.51 - 1.58")
    '88,51 - 1,58'
    """
    text = str(value)
    return _POINT.sub(",", text) if "." in text else text


@cache
def _wording() -> dict[str, Any]:
    return tomllib.loads(files("normalize").joinpath("data", "wording.toml").read_text(encoding="utf-8"))


@cache
def _entry(code: str) -> Words:
    entry = _wording()
    for part in code.split("."):
        entry = entry[part]
    return Words(entry["en"], entry["vi"])


def words(code: str, **parts: object) -> Words:
    """Return the sentence of a code with its {names} filled in.

    >>> words("objection.rank", figure="64", ranked=63).vi
    'hạng 64 trong 63'
    """
    return _entry(code).filled(**parts) if parts else _entry(code)


def class_titles() -> dict[str, Words]:
    """Return the short names of the classes of conflicts."""
    return {name: Words(**entry["title"]) for name, entry in _wording()["class"].items()}
