"""Where a night keeps its things, under one folder."""

import os
from dataclasses import dataclass
from pathlib import Path


class DataFolderError(Exception):
    """Raised when the data folder cannot be created or written; says which and what to do."""


def default_folder() -> Path:
    """Return the data folder that is meant where none is named: `CHISO_DATA`, as the units and the container set it, else `data`."""
    return Path(os.environ.get("CHISO_DATA") or "data")


@dataclass(frozen=True, slots=True)
class DataFolder:
    """The data folder: archive, warehouse, report and the counts of crawls."""

    root: Path

    @property
    def archive(self) -> Path:
        """Every response, by portal."""
        return self.root / "archive"

    @property
    def warehouse(self) -> Path:
        """The published warehouse: a DuckDB file, or the file that says where the lake is, if there is one (warehouse/lake.py)."""
        lake = self.root / "lake.toml"
        return lake if lake.exists() else self.root / "chiso.duckdb"

    @property
    def reading(self) -> Path:
        """What was read and is not loaded yet."""
        return self.root / "reading"

    @property
    def report(self) -> Path:
        """The validation report."""
        return self.root / "report"

    @property
    def reference(self) -> Path:
        """Reference tables that were added to those that ship with the project."""
        return self.root / "reference"

    @property
    def decisions(self) -> Path:
        """The editor's decisions."""
        return self.root / "decisions.csv"

    @property
    def releases(self) -> Path:
        """The releases that were made."""
        return self.root / "releases.csv"

    @property
    def crawls(self) -> Path:
        """Counts and logs of the last crawl of each portal."""
        return self.root / "crawls"

    def prepare(self) -> None:
        """Create the folder, or raise DataFolderError if it cannot be written."""
        try:
            self.crawls.mkdir(parents=True, exist_ok=True)
            self.archive.mkdir(exist_ok=True)
        except OSError as error:
            raise DataFolderError(f"cannot write the data folder {self.root}: {error.strerror}; give another with --data") from error
        if not os.access(self.root, os.W_OK):
            raise DataFolderError(f"cannot write the data folder {self.root}: permission denied; give another with --data")
