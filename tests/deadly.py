"""A reader that is killed, in a module that the workers of a cluster can import."""

import os
import signal
from pathlib import Path

from flows.reading import ReadPage, read_batch
from spiders.archive import Page


def read_or_die(archive: Path, batch: list[Page]) -> list[ReadPage]:
    """Read a batch, unless it holds a page of which each process dies, or one of dongnai is read for the first time."""
    if any(page.url.endswith("/deadly") for page in batch):
        os.kill(os.getpid(), signal.SIGKILL)
    once = archive / "killed-once"
    if batch[-1].portal == "dongnai" and not once.exists():
        once.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return read_batch(archive, batch)
