"""The validation report: offline pages for the editor, and the same as CSV, JSON, Parquet and JUnit XML."""

import shutil
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from importlib.resources import as_file, files
from pathlib import Path

from flows.journal import JournalNight
from flows.report.forms import write_forms
from flows.report.pages import pages
from flows.report.rows import Report, read_report
from flows.writing import write_whole
from normalize.beside import beside
from normalize.collecting import uncollected

__all__ = ["Report", "write_report"]

_ASSETS = ("pages.css", "pages.js", "d3.min.js", "d3.LICENSE")
#: From so many conflicts on the pages are written by a second process.
_MANY = 1000
#: Folders whose pages come and go with what the warehouse holds.
_FOLDERS = ("conflicts", "provinces", "indices", "sources")


def write_report(warehouse: Path, folder: Path, nights: Sequence[JournalNight] = ()) -> Report:
    """Write the pages and the forms of the published warehouse into a folder; pages of nothing any more are removed.

    `nights` are those of the journal, the newest first: the report shows where their time went.
    """
    with uncollected():
        return _write(read_report(warehouse), folder, nights)


def _write(report: Report, folder: Path, nights: Sequence[JournalNight]) -> Report:
    folder.mkdir(parents=True, exist_ok=True)
    for name in (*_FOLDERS, "assets"):
        (folder / name).mkdir(exist_ok=True)
    for name in _ASSETS:
        with as_file(files("flows").joinpath("assets", name)) as asset:
            shutil.copyfile(asset, folder / "assets" / name)
    (_, first), *further = pages(report, nights)

    # About as much work as the rest.
    large = [page for page in further if page[0].startswith(("conflicts/", "indices/"))]
    small = [page for page in further if page not in large]

    def write_rest() -> str:
        write_forms(report, folder)
        _write_pages(small, folder)
        return first()

    if len(report.conflicts) >= _MANY:
        _, text = beside(partial(_write_pages, large, folder), write_rest)
    else:
        _write_pages(large, folder)
        text = write_rest()
    # The first screen comes last: its links lead to pages that are there.
    write_whole(folder / "index.html", [text])
    written = {path for path, _ in further}
    for name in _FOLDERS:
        for page in (folder / name).glob("*.html"):
            if f"{name}/{page.name}" not in written:
                page.unlink()
    return report


def _write_pages(pages: Iterable[tuple[str, Callable[[], str]]], folder: Path) -> None:
    for path, text in pages:
        write_whole(folder / path, [text()])
