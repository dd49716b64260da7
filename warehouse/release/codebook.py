"""The codebook: every table and column of a release in English and Vietnamese, as a page and as a PDF."""

import json
from dataclasses import asdict
from datetime import datetime
from importlib.resources import files

import jinja2
import typst

from warehouse.dictionary import dictionary
from warehouse.release.metadata import TITLE
from warehouse.release.tables import TABLES


def codebook(version: str, moment: datetime) -> str:
    """Return the codebook as HTML, without any outside load."""
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(files("warehouse.release").joinpath("codebook.html").read_text(encoding="utf-8"))
    return template.render(title=TITLE, version=version, moment=moment, relations=[dictionary()[name] for name in TABLES])


def codebook_pdf(version: str, moment: datetime) -> bytes:
    """Return the codebook as a PDF with bookmarks; the same dictionary gives the same bytes."""
    book = {
        "title": TITLE,
        "version": version,
        "day": f"{moment:%Y-%m-%d}",
        "relations": [asdict(dictionary()[name]) for name in TABLES],
    }
    source = files("warehouse.release").joinpath("codebook.typ").read_bytes()
    made: bytes = typst.compile(source, format="pdf", sys_inputs={"book": json.dumps(book, ensure_ascii=False, default=str)})
    return made
