"""Two cores for one piece of work: half of it is done in a copy of this process, or by DuckDB."""

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from multiprocessing.connection import Connection
from typing import Any, TypeVar

#: Seconds after which a copy of this process that has not answered is given up.
_PATIENCE = 300
Other = TypeVar("Other")
Result = TypeVar("Result")


def meanwhile(work: Callable[[], Other], own: Callable[[], Result]) -> tuple[Other, Result]:
    """Do `work`, which waits for DuckDB, in a thread while this one does `own`; return what both return.

    DuckDB works beside Python, but a connection has one question at a time: `own` may not ask it.
    """
    with ThreadPoolExecutor(1) as aside:
        waiting = aside.submit(work)
        result = own()
        return waiting.result(), result


def beside(work: Callable[[], Other], own: Callable[[], Result]) -> tuple[Other, Result]:
    """Do `work` in a copy of this process while this one does `own`; return what both return.

    The copy shares all that is in memory, and what it returns is pickled. It is Python alone that may run there: threads of
    libraries do not live on in a copy. Where there is one core, no way to copy a process, or the copy fails, this process does
    the work itself; what goes wrong then is seen here.
    """
    if (os.cpu_count() or 1) == 1 or "fork" not in multiprocessing.get_all_start_methods():
        result = own()
        return work(), result
    forking = multiprocessing.get_context("fork")
    here, there = forking.Pipe(duplex=False)
    with closing(here):
        copy = forking.Process(target=_answer, args=(there, work), daemon=True)
        copy.start()
        there.close()
        try:
            result = own()
            answer = _heard(here)
        finally:
            copy.kill()
            copy.join()
    return (work() if answer is None else answer[0]), result


def _heard(here: Connection) -> tuple[Any] | None:
    """Return what the copy sends; None if it sends nothing, or ends halfway."""
    try:
        return here.recv() if here.poll(_PATIENCE) else None
    except (EOFError, OSError):
        return None


def _answer(there: Connection, work: Callable[[], object]) -> None:
    there.send((work(),))
    there.close()
