"""Progress of a night: bars on a terminal, one plain line a step elsewhere, or JSON lines where CHISO_LOG=json asks for them."""

import json
import os
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

T = TypeVar("T")
_LOOK_AGAIN = 0.3


class Progress:
    """Shows steps as they go; on stderr, so that stdout stays data."""

    def __init__(self) -> None:
        """Choose bars or lines by whether stderr is a terminal, unless CHISO_LOG says which."""
        console = Console(stderr=True)
        self._is_json = os.environ.get("CHISO_LOG") == "json"
        self._bars = (
            Bars(
                TextColumn("{task.description:>20}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TextColumn("{task.fields[note]}"),
                console=console,
            )
            if console.is_terminal and os.environ.get("CHISO_LOG", "bars") == "bars"
            else None
        )

    def __enter__(self) -> Self:
        """Start showing."""
        if self._bars:
            self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Stop showing; what an error says stands in a JSON log too."""
        if self._bars:
            self._bars.stop()
        if self._is_json and error is not None:
            _write({"event": "error", "error": type(error).__name__, "note": str(error)})

    def track(self, what: str, items: Iterable[T], total: int) -> Iterator[T]:
        """Yield items, showing how many of `total` are done."""
        started = time.monotonic()
        bar = self._bars.add_task(what, total=total, note="") if self._bars else None
        for done, item in enumerate(items, start=1):
            yield item
            if self._bars and bar is not None:
                self._bars.update(bar, completed=done)
        self._line(what, f"{total} done", started)

    @contextmanager
    def watching(self, names: Sequence[str], folder: Path) -> Iterator[None]:
        """Show one bar a portal that is being crawled, from the file in which each crawl writes what it has done."""
        if self._bars is None:
            yield
            return
        stop = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(names, folder, stop), daemon=True)
        watcher.start()
        try:
            yield
        finally:
            stop.set()
            watcher.join()

    def _watch(self, names: Sequence[str], folder: Path, stop: threading.Event) -> None:
        shown: dict[str, TaskID] = {}
        while self._bars is not None and not stop.wait(_LOOK_AGAIN):
            for name in names:
                try:
                    done, total, articles = map(int, (folder / f"{name}.live").read_text(encoding="ascii").split())
                except (OSError, ValueError):  # not begun, ended, or just being written
                    if name in shown and not (folder / f"{name}.live").exists():
                        self._bars.remove_task(shown.pop(name))
                    continue
                if name not in shown:
                    shown[name] = self._bars.add_task(name, total=total, note="")
                self._bars.update(shown[name], completed=done, total=total, note=f"{articles} articles")
        for task in shown.values():
            if self._bars is not None:
                self._bars.remove_task(task)

    @contextmanager
    def step(self, what: str, note: str) -> Iterator[None]:
        """Show one step that has no count."""
        started = time.monotonic()
        bar = self._bars.add_task(what, total=1, note=note) if self._bars else None
        yield
        if self._bars and bar is not None:
            self._bars.update(bar, completed=1)
        self._line(what, note, started)

    def note(self, text: str) -> None:
        """Show one line of text at once."""
        if self._bars:
            self._bars.console.print(text, markup=False, highlight=False)
        else:
            _write({"event": "note", "note": text} if self._is_json else text)

    def end(self, state: str, counts: Mapping[str, int]) -> None:
        """Note the end of a night in a JSON log; elsewhere the command prints it."""
        if self._is_json:
            _write({"event": "end", "state": state, **counts})

    def _line(self, what: str, note: str, started: float) -> None:
        seconds = round(time.monotonic() - started, 1)
        if self._is_json:
            _write({"event": "step", "step": what, "note": note, "seconds": seconds})
        elif self._bars is None:
            _write(f"{what}: {note} ({seconds:.1f} s)")


def _write(line: str | dict[str, object]) -> None:
    """Write one line of text, or one JSON object with the moment of it (UTC)."""
    if not isinstance(line, str):
        moment = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"at": moment, **line}, ensure_ascii=False)
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
