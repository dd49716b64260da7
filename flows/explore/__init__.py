"""The site: the warehouse for people who look without code, as a folder of pages that needs no server."""

import shutil
import sys
import webbrowser
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import as_file, files
from pathlib import Path

from flows.explore.pages import pages
from flows.explore.rows import read_explored
from normalize.collecting import uncollected

__all__ = ["serve", "write_site"]

_ASSETS = ("pages.css", "pages.js", "explore.css", "explore.js", "d3.min.js", "d3.LICENSE")


def write_site(warehouse: Path, folder: Path) -> int:
    """Write the site of the published warehouse into a new folder and return how many pages it has.

    Raises WarehouseError if there is no warehouse.
    """
    with uncollected():
        explored = read_explored(warehouse)
        (folder / "assets").mkdir(parents=True)
        for name in _ASSETS:
            with as_file(files("flows").joinpath("assets", name)) as asset:
                shutil.copyfile(asset, folder / "assets" / name)
        written = 0
        for path, text in pages(explored):
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
            written += place.suffix == ".html"
    return written


class _Quiet(SimpleHTTPRequestHandler):
    """Serves files, and says nothing of each."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's name)
        """Say nothing."""


def serve(folder: Path, port: int, *, show: bool) -> None:
    """Serve a folder on loopback, to this machine only, until it is interrupted; `show` opens a browser.

    Raises OSError if the port is taken.
    """
    with ThreadingHTTPServer(("127.0.0.1", port), partial(_Quiet, directory=str(folder))) as server:
        address = f"http://127.0.0.1:{server.server_address[1]}/"
        sys.stdout.write(f"{address}  (Ctrl+C stops)\n")
        sys.stdout.flush()
        if show:
            webbrowser.open(address)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            sys.stdout.write("\n")
