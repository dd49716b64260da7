"""The packages that chiso stands on: every licence fits, and the page of licences is up to date."""

from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from scripts import supply

PAGE = Path(__file__).parent.parent / "docs" / "licences.md"
LOCK = PAGE.parent.parent / "requirements.lock"


def everywhere(page: str) -> list[str]:
    """Return the lines of a page without the packages that only some versions of Python need."""
    some = {line.split("==")[0] for line in LOCK.read_text(encoding="utf-8").splitlines() if "; python_full_version" in line}
    return [line for line in page.splitlines() if canonicalize_name(line.strip("| [").partition("]")[0].partition(" ")[0]) not in some]


def test_the_page_names_every_needed_package_with_its_licence() -> None:
    assert everywhere(PAGE.read_text(encoding="utf-8")) == everywhere(supply.page()), "run `make licences`"


def test_every_licence_fits_a_program_under_apache() -> None:
    found = supply.licences()
    assert {"duckdb", "prefect", "Scrapy", "underthesea", "redis"} <= {one["Name"] for one in found}
    assert [one for one in found if not supply.fits(one["License"])] == []


@pytest.mark.parametrize(
    ("licence", "fits"), [("MIT License", True), ("GPL-3.0", False), ("UNKNOWN", False), ("Apache-2.0 OR BSD-2-Clause", True)]
)
def test_which_licences_fit(licence: str, fits: bool) -> None:
    assert supply.fits(licence) == fits
