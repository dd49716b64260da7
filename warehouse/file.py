"""The warehouse as one DuckDB file that readers open, also with a DuckDB that is older than the one that wrote it."""

import errno
import fcntl
import shutil
from collections.abc import Mapping
from pathlib import Path

import duckdb

from warehouse.dictionary import literal
from warehouse.error import HeldError, WarehouseError

#: The oldest DuckDB that can read a file of ours, its release with long support. R's package and a researcher's shell are
#: seldom of the day; files in the format of 2.0 are refused by all 1.x, and are neither smaller nor written faster (that of
#: 1.2 is written a fifth slower).
READABLE_SINCE = "v1.4.0"
#: Linux's FICLONE, and what it says where a file system, or two of them, cannot share the bytes of a file.
_SHARE = 0x40049409
_NOT_SHARED = {errno.EOPNOTSUPP, errno.ENOTTY, errno.EXDEV, errno.EINVAL, errno.ENOSYS}


def open_to_write(path: Path) -> duckdb.DuckDBPyConnection:
    """Open a file for writing; one that is made by this has the format that READABLE_SINCE knows."""
    return duckdb.connect(str(path), config={"storage_compatibility_version": READABLE_SINCE})


def open_to_read(path: Path, config: Mapping[str, str] | None = None) -> duckdb.DuckDBPyConnection:
    """Open a file for reading.

    Raises WarehouseError if it cannot be read, as HeldError if that is since a process has it open for writing.
    """
    try:
        return duckdb.connect(str(path), read_only=True, config=dict(config or {}))
    except duckdb.Error as error:
        if "lock on file" in str(error):
            raise HeldError(
                f"{path} is open for writing elsewhere; close it there, or open it read-only (duckdb -readonly): {error}"
            ) from error
        raise WarehouseError(f"cannot read {path}: {error}") from error


def is_readable(path: Path) -> bool:
    """Tell whether a file has that format, or an older one."""
    with open_to_read(path) as connection:
        ((version,),) = connection.execute(
            "select tags['storage_version'] from duckdb_databases() where database_name = current_database()"
        ).fetchall()
    return _number(version) <= _number(READABLE_SINCE)


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.strip("v+").split("."))


def copy(standing: Path, made: Path) -> None:
    """Copy a file; on XFS and Btrfs both then share the bytes until one is written, so that it takes no time, however many they are."""
    with standing.open("rb") as source, made.open("wb") as target:
        try:
            fcntl.ioctl(target, _SHARE, source.fileno())
        except OSError as error:
            if error.errno not in _NOT_SHARED:
                raise
        else:
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
