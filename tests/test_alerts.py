"""Messages about nights, delivered to a web server and a mail server of our own on loopback."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.servers import mail_server, webhook
from flows.alerts import AlertError, _is_here, tell, tell_of_last_night
from flows.journal import Journal
from flows.status import print_status


@pytest.fixture
def posted() -> Iterator[tuple[str, list[dict]]]:
    with webhook() as hook:
        yield hook


@pytest.fixture
def mailed() -> Iterator[tuple[str, list]]:
    with mail_server() as server:
        yield server


def night(folder: Path, state: str, reason: str) -> None:
    with Journal(folder).night("run-1", "nightly") as entry:
        entry.state, entry.reasons, entry.counts = state, [reason], {"articles_new": 3}


def test_a_night_that_needs_a_look_is_told_by_both_ways(tmp_path: Path, posted: tuple, mailed: tuple) -> None:
    night(tmp_path, "degraded", "baohungyen: 403 từ máy chủ")
    environment = {"CHISO_WEBHOOK": posted[0], "CHISO_MAIL_TO": "a@example.org, b@example.org", "CHISO_SMTP": mailed[0]}
    assert tell_of_last_night(tmp_path, environment) == ["CHISO_WEBHOOK", "CHISO_MAIL_TO"]
    ((message,), (mail,)) = posted[1], mailed[1]
    assert message["subject"] == mail["Subject"] == "chiso: nightly degraded"
    assert "- baohungyen: 403 từ máy chủ\n" in message["text"]
    assert mail.get_content().replace("\r\n", "\n") == message["text"]
    assert mail["To"] == "a@example.org, b@example.org"


@pytest.mark.parametrize("state", ["complete", "findings"])
def test_a_night_as_it_should_be_wakes_nobody(tmp_path: Path, posted: tuple, state: str) -> None:
    night(tmp_path, state, "")
    assert tell_of_last_night(tmp_path, {"CHISO_WEBHOOK": posted[0]}) == []
    assert posted[1] == []


def test_a_night_that_never_came_is_told(tmp_path: Path, posted: tuple, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHISO_WEBHOOK", posted[0])
    assert print_status(tmp_path, alert=True) == 1
    assert posted[1] == [{"subject": "chiso: no night", "text": "No night has ended yet.\n"}]
    monkeypatch.delenv("CHISO_WEBHOOK")
    monkeypatch.delenv("CHISO_MAIL_TO", raising=False)
    assert print_status(tmp_path, alert=True) == 2


@pytest.mark.parametrize("webhook", ["{0}/broken", "{0}/nonsense", "http://127.0.0.1:1/", "file:///etc/passwd", "nonsense"])
def test_one_way_that_fails_stops_no_other_and_tells_no_secret(posted: tuple, mailed: tuple, webhook: str) -> None:
    environment = {"CHISO_WEBHOOK": webhook.format(posted[0]), "CHISO_MAIL_TO": "a@example.org", "CHISO_SMTP": mailed[0]}
    with pytest.raises(AlertError, match=r"could not be delivered: CHISO_WEBHOOK: \w+$"):
        tell("s", "t", environment)
    assert len(mailed[1]) == 1


def test_a_subject_is_one_line(mailed: tuple) -> None:
    tell("chiso\r\nBcc: x@example.org", "t", {"CHISO_MAIL_TO": "a@example.org", "CHISO_SMTP": mailed[0]})
    assert (mailed[1][0]["Subject"], mailed[1][0]["Bcc"]) == ("chiso Bcc: x@example.org", None)


def test_a_password_leaves_this_machine_over_tls_only(monkeypatch: pytest.MonkeyPatch, mailed: tuple) -> None:
    # The server of this test offers no TLS; it is taken for one that is elsewhere.
    monkeypatch.setattr("flows.alerts._is_here", lambda _: False)
    environment = {"CHISO_MAIL_TO": "a@example.org", "CHISO_SMTP": mailed[0].replace("smtp://", "smtp://me:secret@")}
    with pytest.raises(AlertError, match="CHISO_MAIL_TO: SMTPNotSupportedError"):
        tell("s", "t", environment)
    assert mailed[1] == []


@pytest.mark.parametrize(
    ("host", "here"), [("127.0.0.1", True), ("::1", True), ("localhost", True), ("mail.example.org", False), ("10.0.0.1", False)]
)
def test_what_is_this_machine(host: str, here: bool) -> None:
    assert _is_here(host) == here
