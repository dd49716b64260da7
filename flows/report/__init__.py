"""The validation report: offline pages for the editor, and the same as CSV, JSON, Parquet and JUnit XML."""

import shutil
from collections.abc import Sequence
from importlib.resources import as_file, files
from pathlib import Path

from flows.journal import JournalNight
from flows.report.forms import write_forms
from flows.report.pages import pages
from flows.report.rows import Report, read_report
from flows.writing import write_whole
from normalize.collecting import uncollected

__all__ = ["Report", "write_report"]

_ASSETS = ("pages.css", "pages.js", "d3.min.js", "d3.LICENSE")
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
    write_forms(report, folder)
    written = set()
    first = ""
    for path, text in pages(report, nights):
        if path == "index.html":
            first = text
        else:
            write_whole(folder / path, [text])
            written.add(path)
    # The first screen comes last: its links lead to pages that are there.
    write_whole(folder / "index.html", [first])
    for name in _FOLDERS:
        for page in (folder / name).glob("*.html"):
            if f"{name}/{page.name}" not in written:
                page.unlink()
    return report
