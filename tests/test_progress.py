"""What a night says on stderr while it runs."""

import json

import pytest

from flows.progress import Progress


def night(error: Exception | None = None) -> None:
    with Progress() as progress:
        list(progress.track("crawl", ["a", "b"], 2))
        progress.note("crawl: baohungyen broken: 403 từ máy chủ")
        with progress.step("read", "3 new pages"):
            pass
        if error:
            raise error
        progress.end("findings", {"conflicts": 7})


def test_where_nobody_watches_a_step_is_a_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHISO_LOG", raising=False)
    night()
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["crawl: 2 done (0.0 s)", "crawl: baohungyen broken: 403 từ máy chủ", "read: 3 new pages (0.0 s)"]


def test_a_json_log_has_an_object_a_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHISO_LOG", "json")
    night()
    told = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert all(line.pop("at").endswith("+00:00") for line in told)
    assert told == [
        {"event": "step", "step": "crawl", "note": "2 done", "seconds": 0.0},
        {"event": "note", "note": "crawl: baohungyen broken: 403 từ máy chủ"},
        {"event": "step", "step": "read", "note": "3 new pages", "seconds": 0.0},
        {"event": "end", "state": "findings", "conflicts": 7},
    ]
    with pytest.raises(ValueError, match="no room"):
        night(ValueError("no room"))
    last = json.loads(capsys.readouterr().err.splitlines()[-1])
    assert (last["event"], last["error"], last["note"]) == ("error", "ValueError", "no room")
