"""The codebook: every table and column of a release in English and Vietnamese, as one page that prints well."""

from datetime import datetime
from importlib.resources import files

import jinja2

from warehouse.dictionary import dictionary
from warehouse.release.metadata import TITLE
from warehouse.release.tables import TABLES


def codebook(version: str, moment: datetime) -> str:
    """Return the codebook as HTML, without any outside load."""
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(files("warehouse.release").joinpath("codebook.html").read_text(encoding="utf-8"))
    return template.render(title=TITLE, version=version, moment=moment, relations=[dictionary()[name] for name in TABLES])
