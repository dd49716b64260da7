"""The warehouse as a lake: the same tables in DuckLake, with a PostgreSQL catalogue and Parquet on shared or S3 storage.

For when one file on one machine is not enough. A file `lake.toml` in the data folder takes the place of `chiso.duckdb`:

    catalog = "postgres:dbname=chiso host=db.internal user=chiso"
    data = "s3://chiso/warehouse"

Passwords and keys come from the environment, never from that file: PGPASSWORD (or ~/.pgpass), AWS_ACCESS_KEY_ID,
AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT_URL. A lake keeps no constraints, so they are asked before each commit; a
commit is what publishing is, and readers see whole states only.
"""

import os
import re
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import duckdb

from warehouse.constraints import violations
from warehouse.dictionary import SchemaError, build, dictionary, literal
from warehouse.error import WarehouseError
from warehouse.file import open_to_write

_REACHING = re.compile(r"postgres_\w*|\w*ducklake\w*|\bquery(?:_table)?(?=\W*\()|json_execute\w*", re.IGNORECASE)
_QUESTIONS = frozenset({"SELECT", "EXPLAIN"})
#: The name of the lake in a connection.
_LAKE = "lake"


def is_lake(published: Path) -> bool:
    """Tell whether a warehouse is a lake: it is named by the file that says where it is."""
    return published.suffix == ".toml"


@dataclass(frozen=True, slots=True)
class Lake:
    """Where a lake is: `catalog` as DuckLake's `attach` takes it, `data` the folder of the Parquet files or an s3:// URL."""

    catalog: str
    data: str

    @classmethod
    def read(cls, path: Path) -> "Lake":
        """Read lake.toml; raises WarehouseError naming the file and what is wrong."""
        try:
            declared = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise WarehouseError(f"{path}: {error}") from error
        wrong = sorted({"catalog", "data"} ^ set(declared)) or [name for name, text in declared.items() if not isinstance(text, str)]
        if wrong:
            raise WarehouseError(f"{path}: it has `catalog` and `data`, both texts, and nothing else; see {', '.join(wrong)}")
        if "password" in declared["catalog"]:
            raise WarehouseError(f"{path}: no password belongs in it: set PGPASSWORD, or use ~/.pgpass")
        return cls(declared["catalog"], declared["data"])

    def _attached(self, *, read_only: bool) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect(":memory:")
        options = f"data_path {literal(self.data)}" + (", read_only" if read_only else "")
        try:
            connection.execute("load ducklake")
            if self.data.startswith("s3://"):
                connection.execute("load httpfs")
                connection.execute(_secret())
            connection.execute(f"attach {literal('ducklake:' + self.catalog)} as {_LAKE} ({options})")
            connection.execute(f"use {_LAKE}")
        except duckdb.Error as error:
            connection.close()
            raise WarehouseError(f"the lake at {self.catalog} cannot be opened by DuckDB {duckdb.__version__}: {error}") from error
        return connection

    def is_published(self) -> bool:
        """Tell whether a night was ever published in it."""
        with self._attached(read_only=False) as connection:
            return _has_tables(connection)

    def reading(self) -> duckdb.DuckDBPyConnection:
        """Open the lake for reading, closed to everything outside it."""
        connection = self._attached(read_only=True)
        if not _has_tables(connection):
            connection.close()
            raise WarehouseError(f"nothing was published in the lake at {self.catalog} yet: run `chiso nightly` first")
        connection.execute(f"set allowed_directories = [{literal(self.data.rstrip('/') + '/')}]")
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
        return connection

    @contextmanager
    def rewriting(self, *, afresh: bool, kept: frozenset[str]) -> Iterator[duckdb.DuckDBPyConnection]:
        """Yield a connection in one transaction, which is committed if the block succeeds and no constraint is broken.

        `afresh` begins with empty tables, but for those of `kept`.
        """
        with self._attached(read_only=False) as connection:
            connection.execute("begin")
            try:
                build(connection)
            except SchemaError as error:
                raise WarehouseError(f"the lake at {self.catalog}: {error}") from error
            if afresh:
                for table in _tables(connection):
                    if table not in kept | {"schema_version"}:  # which `build` has just written
                        connection.execute(f"delete from {table}")  # noqa: S608 (a table of ours)
            yield connection
            broken = violations(connection)
            if broken:
                raise WarehouseError(f"the lake at {self.catalog} was not changed: {'; '.join(broken)}")
            connection.execute("commit")


def refused_in(connection: duckdb.DuckDBPyConnection, sql: str) -> str | None:
    """Return what in a question a lake does not answer, or None.

    A reader can still write beside the tables (`copy ... to`) and speak to the server of the catalogue. So only questions
    are asked, and functions that speak to it by themselves, or run text as SQL, are refused wherever their name stands.
    """
    found = _REACHING.search(sql)
    if found is not None:
        return found[0]
    return next((s.type.name for s in connection.extract_statements(sql) if s.type.name not in _QUESTIONS), None)


def copy_to_file(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Write what a lake holds into a DuckDB file, for those who download it."""
    with open_to_write(path) as copy:
        copy.execute("begin")
        build(copy)
        for relation in dictionary().values():
            if relation.kind == "table" and relation.name != "schema_version":
                copy.register("rows_of_lake", connection.sql(f"from {relation.name}").to_arrow_table())
                copy.execute(f"insert into {relation.name} by name from rows_of_lake")
                copy.unregister("rows_of_lake")
        copy.execute("commit")
        copy.execute("checkpoint")


def _tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = connection.execute("select table_name from duckdb_tables() where database_name = ? order by all", [_LAKE]).fetchall()
    return [name for (name,) in rows]


def _has_tables(connection: duckdb.DuckDBPyConnection) -> bool:
    return "runs" in _tables(connection)


def _secret() -> str:
    """Return the statement that gives DuckDB the keys of the storage, from the environment."""
    given = {
        "key_id": os.environ.get("AWS_ACCESS_KEY_ID"),
        "secret": os.environ.get("AWS_SECRET_ACCESS_KEY"),
        "session_token": os.environ.get("AWS_SESSION_TOKEN"),
        "region": os.environ.get("AWS_REGION"),
    }
    parts = [f"{name} {literal(value)}" for name, value in given.items() if value]
    if endpoint := os.environ.get("AWS_ENDPOINT_URL"):
        at = urlsplit(endpoint)
        parts += [f"endpoint {literal(at.netloc)}", "url_style 'path'", f"use_ssl {at.scheme == 'https'}"]
    return f"create secret storage (type s3{''.join(', ' + part for part in parts)})"
