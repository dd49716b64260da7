"""Work beside this process: pages are read in processes of this machine or on a Dask cluster (the standard Executor interface).

CHISO_WORKERS says which: `processes` (the default), `processes:4`, or the address of a Dask scheduler (`tcp://10.0.0.5:8786`,
`tls://...`). The workers of a cluster need this version of chiso, and the archive at the same path.
"""

import hashlib
import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

#: The packages on which it depends what is read out of a page.
_READERS = ("spiders", "extract", "normalize")


#: Seconds within which a scheduler answers: longer than it needs to start, and no minute lost to a wrong address.
_ANSWERS_WITHIN = 10


class ExecutorError(Exception):
    """Raised where the cluster cannot be used; says which worker lacks what."""


@dataclass(frozen=True, slots=True)
class Workers:
    """Workers with the number of batches that they read at once; without an executor the caller reads.

    `killed` is raised for a batch whose worker was killed: the system, or Dask's nanny, takes the one that has too much memory.
    """

    executor: Executor | None
    count: int
    killed: type[Exception] = BrokenExecutor


def setting() -> str:
    """Return where pages are to be read."""
    return os.environ.get("CHISO_WORKERS", "processes")


def is_cluster(where: str) -> bool:
    """Tell whether a setting is the address of a Dask scheduler; raises ExecutorError for one that is nothing at all."""
    kind, _, rest = where.partition(":")
    if kind == "processes" and (not rest or (rest.isdecimal() and int(rest))):
        return False
    if "://" in where:
        return True
    raise ExecutorError(f"CHISO_WORKERS={where}: give `processes`, `processes:4` or the address of a Dask scheduler (tcp://host:8786)")


def processes(where: str) -> int:
    """Return how many processes a setting asks for: as many as there are cores unless it says."""
    return int(where.partition(":")[2] or os.cpu_count() or 1)


@contextmanager
def workers(where: str, archive: Path) -> Iterator[Workers]:
    """Yield workers that read pages of an archive.

    Raises ExecutorError for a cluster that does not answer, runs another chiso, or does not see the archive: what a worker
    reads wrongly would be taken for the page's own fault.
    """
    if not is_cluster(where):
        count = processes(where)
        with apart(count) as pool:
            yield Workers(pool, count)
        return
    try:
        import distributed  # noqa: PLC0415 (only clusters need it)
    except ImportError as error:
        raise ExecutorError("a Dask cluster needs the package `distributed`: install chiso with the extra `cluster`") from error
    connect: Any = distributed.Client
    try:
        client = connect(where, timeout=_ANSWERS_WITHIN, set_as_default=False)
    except OSError as error:
        raise ExecutorError(f"CHISO_WORKERS={where}: no scheduler answers there: {error}") from error
    with client:
        _check(client, where, archive)
        with client.get_executor() as executor:
            yield Workers(executor, max(1, sum(client.nthreads().values())), distributed.KilledWorker)


def apart(count: int) -> ProcessPoolExecutor:
    """Return so many processes of this machine, copies of one that has no threads: a night has some, and cannot be copied safely."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["flows.reading"])
    return ProcessPoolExecutor(count, context)


def _check(client: Any, where: str, archive: Path) -> None:
    newest = max(archive.glob("*/*.jsonl"), key=lambda path: path.stat().st_mtime, default=archive)
    told = client.run(_told_of_worker, str(newest))
    if not told:
        raise ExecutorError(f"CHISO_WORKERS={where}: the scheduler has no workers")
    wanted = _told_of_worker(str(newest))
    for worker, (code, size, is_daemon) in sorted(told.items()):
        if is_daemon:
            raise ExecutorError(
                f"worker {worker} may start no processes, as reading a PDF does: start it with DASK_DISTRIBUTED__WORKER__DAEMON=False"
            )
        if code != wanted[0]:
            raise ExecutorError(f"worker {worker} runs another chiso than this one: bring both to one version")
        if size != wanted[1]:
            raise ExecutorError(f"worker {worker} does not see the archive as it is here ({newest}): share its folder at the same path")


def _told_of_worker(path: str) -> tuple[str, int | None, bool]:
    """Return the version of the code that reads, how large a file of the archive is as seen from here, and if this is a daemon."""
    seen = Path(path)
    return code_version(), seen.stat().st_size if seen.exists() else None, multiprocessing.current_process().daemon


@cache
def code_version() -> str:
    """Return a hash of all code and data on which it depends what is read out of a page."""
    digest = hashlib.sha256()
    for package in _READERS:
        root = Path(str(files(package)))
        for path in sorted(path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
            digest.update(f"{package}/{path.relative_to(root).as_posix()}\n".encode() + path.read_bytes())
    return digest.hexdigest()
