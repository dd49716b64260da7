"""Whether what a night is told to use (docs/scale.md) is there: asked before anything is crawled, and by the doctor."""

import os

from flows.data import DataFolder
from flows.executing import ExecutorError, is_cluster, setting, workers
from warehouse.error import WarehouseError
from warehouse.store import check_memory


class EngineError(Exception):
    """Raised for a night that was told to use an engine which is not there; says which and what to do."""


def crawlers() -> int:
    """Return how many processes crawl one portal: one, unless there is a frontier that several can share.

    Raises EngineError for a setting that is no number.
    """
    if not os.environ.get("CHISO_FRONTIER"):
        return 1
    text = os.environ.get("CHISO_CRAWLERS", "2")
    if not text.isdecimal() or not 1 <= int(text) <= _MOST:
        raise EngineError(f"CHISO_CRAWLERS={text}: give a number from 1 to {_MOST}")
    return int(text)


#: More processes for one portal would only wait for each other.
_MOST = 64


def told() -> str:
    """Return what is to be used, without any password."""
    shared = "a shared frontier" if os.environ.get("CHISO_FRONTIER") else "one process a portal"
    return f"crawls by {shared}, pages read by {setting()}"


def troubles(data: DataFolder) -> list[str]:
    """Return what is not there or set wrongly, each with what to do."""
    found = []
    try:
        check_memory()
    except WarehouseError as error:
        found.append(str(error))
    try:
        if is_cluster(setting()):
            with workers(setting(), data.archive):
                pass
    except ExecutorError as error:
        found.append(str(error))
    try:
        if crawlers() > 1:
            from spiders.frontier import FrontierError, Session  # noqa: PLC0415 (Redis is needed by shared crawls only)

            try:
                Session.joined(os.environ["CHISO_FRONTIER"], "engines", 0)
            except FrontierError as error:
                found.append(str(error))
    except EngineError as error:
        found.append(str(error))
    except ImportError:
        found.append("CHISO_FRONTIER is set and the package `redis` is missing: install chiso with the extra `cluster`")
    return found
