"""Work in a copy of the process: what it returns, and what becomes of work that the copy cannot do."""

import os
import signal
import time
from pathlib import Path

import pytest

from normalize.beside import beside


def test_both_results_come_back_from_two_processes() -> None:
    theirs, mine = beside(os.getpid, os.getpid)
    assert mine == os.getpid()
    assert theirs != mine


def test_work_that_a_copy_of_the_process_cannot_do_is_done_here(tmp_path: Path) -> None:
    here = os.getpid()

    def work() -> str:
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        (tmp_path / "done").touch()
        return "work"

    assert beside(work, lambda: "own") == ("work", "own")
    assert (tmp_path / "done").exists()


def test_an_answer_that_breaks_off_is_none(tmp_path: Path) -> None:
    here = os.getpid()

    def work() -> bytes:
        (tmp_path / str(os.getpid())).touch()
        return b"x" * 10_000_000  # more than a pipe holds: the copy waits halfway until it is heard

    def own() -> str:
        while not (copies := [path.name for path in tmp_path.iterdir()]):
            time.sleep(0.01)
        time.sleep(0.3)
        os.kill(int(copies[0]), signal.SIGKILL)
        return "own"

    theirs, mine = beside(work, own)
    assert (len(theirs), mine) == (10_000_000, "own")
    assert (tmp_path / str(here)).exists()  # it was done here


def test_what_goes_wrong_in_the_work_is_seen_here() -> None:
    def work() -> None:
        raise OSError("no room")

    with pytest.raises(OSError, match="no room"):
        beside(work, lambda: "own")


def test_what_goes_wrong_here_is_not_waited_for() -> None:
    def own() -> None:
        raise ValueError("no figure")

    with pytest.raises(ValueError, match="no figure"):
        beside(signal.pause, own)


def test_one_core_does_both(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    assert beside(os.getpid, os.getpid) == (os.getpid(), os.getpid())
