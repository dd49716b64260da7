"""The warehouse as one DuckDB file that readers open, also with a DuckDB that is older than the one that wrote it."""

import errno
import os
import shutil
from pathlib import Path

import duckdb

from warehouse.dictionary import literal

#: The oldest DuckDB that can read a file of ours, its release with long support. R's package and a researcher's shell are
#: seldom of the day; files in the format of 2.0 are refused by all 1.x, and are neither smaller nor written faster (that of
#: 1.2 is written a fifth slower).
READABLE_SINCE = "v1.4.0"
#: The kernel, or the file systems, cannot copy by themselves.
_NOT_IN_KERNEL = {errno.ENOSYS, errno.EXDEV, errno.EINVAL, errno.EOPNOTSUPP, errno.EBADF}


def open_to_write(path: Path) -> duckdb.DuckDBPyConnection:
    """Open a file for writing; one that is made by this has the format that READABLE_SINCE knows."""
    return duckdb.connect(str(path), config={"storage_compatibility_version": READABLE_SINCE})


def is_readable(path: Path) -> bool:
    """Tell whether a file has that format, or an older one."""
    with duckdb.connect(str(path), read_only=True) as connection:
        ((version,),) = connection.execute(
            "select tags['storage_version'] from duckdb_databases() where database_name = current_database()"
        ).fetchall()
    return _number(version) <= _number(READABLE_SINCE)


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.strip("v+").split("."))


def copy(standing: Path, made: Path) -> None:
    """Copy a file within the kernel; on XFS and Btrfs both then share the bytes until one is written, however many they are."""
    if hasattr(os, "copy_file_range"):
        with standing.open("rb") as source, made.open("wb") as target:
            left = os.fstat(source.fileno()).st_size
            try:
                while left and (copied := os.copy_file_range(source.fileno(), target.fileno(), left)):
                    left -= copied
            except OSError as error:
                if error.errno not in _NOT_IN_KERNEL:
                    raise
        if not left:
            return
    shutil.copyfile(standing, made)


def take_over(standing: Path, made: Path) -> None:
    """Copy a file as it is, with its schema; one that older readers cannot open is written anew in the format for them."""
    if is_readable(standing):
        copy(standing, made)
        return
    with open_to_write(made) as connection:
        ((name,),) = connection.execute("select current_database()").fetchall()
        connection.execute(f"attach {literal(str(standing))} as standing (read_only)")
        connection.execute(f'copy from database standing to "{name}"')
