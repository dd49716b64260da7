"""The sample web as a night's web: one night further each time the same data folder is used."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from flows.data import DataFolder
from samples.server import serve
from samples.web import LAST_NIGHT, sites
from spiders.portal import load_portal, portal_names
from warehouse.query import connect, is_published

#: Where two nights are to end alike, the clock that the pages show has to stand.
_CLOCK = "CHISO_SAMPLE_CLOCK"


def next_night(data: DataFolder) -> int:
    """Return which night of the sample web comes next: 1 on a fresh folder, then 2, then the last."""
    if not is_published(data.warehouse):
        return 1
    with connect(data.warehouse) as connection:
        row = connection.execute("select count(*) from runs where sample").fetchone()
    return min(LAST_NIGHT, 1 + (row[0] if row else 0))


def sample_portals() -> list[str]:
    """Return the portals that the sample web has a site for."""
    return [name for name in portal_names() if load_portal(name).host in sites()]


@contextmanager
def sample_web(data: DataFolder) -> Iterator[str]:
    """Serve the sample web on loopback and yield the proxy that leads to it."""
    stands = os.environ.get(_CLOCK)
    with serve(next_night(data), datetime.fromisoformat(stands) if stands else None) as server:
        yield server.proxy


@contextmanager
def any_web(*, sample: bool) -> Iterator[str | None]:
    """Yield the proxy of the sample web's first night, or None for the real web."""
    if not sample:
        yield None
        return
    with serve(1) as server:
        yield server.proxy
