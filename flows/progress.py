"""Progress of a night: bars on a terminal, one plain line a step elsewhere."""

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

T = TypeVar("T")


class Progress:
    """Shows steps as they go; on stderr, so that stdout stays data."""

    def __init__(self) -> None:
        """Choose bars or lines by whether stderr is a terminal."""
        console = Console(stderr=True)
        self._bars = (
            Bars(
                TextColumn("{task.description:>10}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TextColumn("{task.fields[note]}"),
                console=console,
            )
            if console.is_terminal
            else None
        )

    def __enter__(self) -> Self:
        """Start showing."""
        if self._bars:
            self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Stop showing."""
        if self._bars:
            self._bars.stop()

    def track(self, what: str, items: Iterable[T], total: int) -> Iterator[T]:
        """Yield items, showing how many of `total` are done."""
        started = time.monotonic()
        bar = self._bars.add_task(what, total=total, note="") if self._bars else None
        for done, item in enumerate(items, start=1):
            yield item
            if self._bars and bar is not None:
                self._bars.update(bar, completed=done)
        self._line(f"{what}: {total} done", started)

    @contextmanager
    def step(self, what: str, note: str) -> Iterator[None]:
        """Show one step that has no count."""
        started = time.monotonic()
        bar = self._bars.add_task(what, total=1, note=note) if self._bars else None
        yield
        if self._bars and bar is not None:
            self._bars.update(bar, completed=1)
        self._line(f"{what}: {note}", started)

    def note(self, text: str) -> None:
        """Show one line of text at once."""
        if self._bars:
            self._bars.console.print(text, markup=False, highlight=False)
        else:
            sys.stderr.write(f"{text}\n")

    def _line(self, text: str, started: float) -> None:
        if self._bars is None:
            sys.stderr.write(f"{text} ({time.monotonic() - started:.1f} s)\n")
            sys.stderr.flush()
