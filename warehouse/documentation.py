"""The pages of the documentation that follow from the warehouse: its dictionary, and queries with their results.

    python -m warehouse.documentation data/chiso.duckdb docs

writes docs/dictionary.md, and in docs/warehouse.md, below each query, what it returns (a block of sql that is
followed by a block of text). Tests compare both, the second with the sample web's first night.
"""

import re
import sys
from pathlib import Path

from warehouse.dictionary import dictionary
from warehouse.query import ask

#: The pages of docs/ whose queries are shown with their results.
PAGES = ("warehouse.md", "questions.md")
_BLOCK = re.compile(r"```sql\n(?P<sql>.*?)```\n\n```text\n(?P<result>.*?)```\n", re.DOTALL)
_ASKED = re.compile(r"^## (.*)\n(?:(?!## |```).*\n)*```sql\n((?:(?!```).*\n)*)```", re.MULTILINE)
#: Longer cells are cut: the page is read, not computed with.
_WIDEST = 60


def refreshed(text: str, warehouse: Path) -> str:
    """Return a page with the results of its queries as they are now."""
    return _BLOCK.sub(lambda block: f"```sql\n{block['sql']}```\n\n```text\n{table(*ask(warehouse, block['sql']))}```\n", text)


def queries(page: Path = Path("docs/warehouse.md")) -> list[tuple[str, str]]:
    """Return the queries of a page, each with the heading that it stands under."""
    return _ASKED.findall(page.read_text(encoding="utf-8"))


def table(names: list[str], rows: list[tuple[object, ...]]) -> str:
    """Return rows as a table of plain text."""
    lines = [names, *([_cell(value) for value in row] for row in rows)]
    widths = [max(len(line[n]) for line in lines) for n in range(len(names))]
    ruled = [lines[0], ["-" * width for width in widths], *lines[1:]]
    return "".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() + "\n" for line in ruled)


def _cell(value: object) -> str:
    text = "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"


def as_markdown() -> str:
    """Return the dictionary as the page docs/dictionary.md."""
    parts = ["# Data dictionary\n\nMade from `warehouse/dictionary.toml` by `make docs`; the same texts are comments in the warehouse.\n"]
    for relation in dictionary().values():
        if relation.is_internal:
            continue
        call = f"({', '.join(relation.parameters)})" if relation.parameters else ""
        parts.append(f"\n## {relation.name}{call}\n\n*{relation.kind.capitalize()}.* {relation.en}\n\n{relation.vi}.\n")
        if relation.parameters is not None:
            continue
        parts.append("\n| column | type | | |\n|---|---|---|---|\n")
        for column in relation.columns:
            required = ", required" if column.required else ""
            parts.append(f"| `{column.name}` | {column.type}{required} | {_escaped(column.en)} | {_escaped(column.vi)} |\n")
    return "".join(parts)


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    warehouse, folder = map(Path, sys.argv[1:])
    (folder / "dictionary.md").write_text(as_markdown(), encoding="utf-8")
    for page in map(folder.joinpath, PAGES):
        page.write_text(refreshed(page.read_text(encoding="utf-8"), warehouse), encoding="utf-8")
