"""Reading the data files that ship with the project (normalize/data/*.csv)."""

import csv
from importlib.resources import files


def rows(name: str) -> list[dict[str, str]]:
    """Return the rows of `normalize/data/<name>.csv` as dictionaries of text."""
    text = files("normalize").joinpath("data", f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def split_names(cell: str) -> tuple[str, ...]:
    """Split a cell of aliases ("PAR INDEX|Par Index"); an empty cell has none."""
    return tuple(name.strip() for name in cell.split("|") if name.strip())
