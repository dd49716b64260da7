"""A Prefect server of our own: a night fails or does not come, messages arrive at a webhook and a mail server; a crawl is tried again."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks.servers import mail_server, prefect, webhook
from flows.alerts import AlertError
from flows.automations import register

_REGISTER = "from datetime import timedelta; from flows.automations import register; print(register(overdue=timedelta(seconds=12)))"
#: Crawls a portal over a line that is cut until a first attempt has failed, and one whose markup has changed; prints what became of them.
_CRAWL = """
import sys
from pathlib import Path
from prefect import flow
from benchmarks.line import line
from flows.data import DataFolder
from flows.night import _may_answer_later, crawl_task
from samples.server import serve
data = DataFolder(Path(sys.argv[1]))
data.prepare()
with serve(1) as web, line(web.proxy, most=0) as cut:
    def mended(*failed):
        cut.most = None
        return _may_answer_later(*failed)
    @flow
    def crawls():
        crawl = crawl_task.with_options(retry_delay_seconds=[1, 2], retry_condition_fn=mended)
        return [crawl(name, data, cut.proxy, fast=True, return_state=True) for name in ("namdan_hagiang", "honquan_binhphuoc")]
    for state in crawls():
        print(state.type.value)
    from prefect.client.orchestration import get_client
    with get_client(sync_client=True) as client:
        print(sorted((run.name, run.run_count) for run in client.read_task_runs()))
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, str], dict[str, str], list[dict], list]]:
    with prefect(tmp_path_factory.mktemp("server")) as environment, webhook() as (hook, posted), mail_server() as (smtp, mailed):
        told = {"CHISO_WEBHOOK": hook, "CHISO_MAIL_TO": "a@example.org", "CHISO_SMTP": smtp, "CHISO_MAIL_FROM": "chiso@example.org"}
        yield environment, told, posted, mailed


def run(environment: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, env=environment, check=False, capture_output=True, text=True)


def until(happened: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.2)


def test_a_failed_night_and_one_that_never_came_are_told_by_webhook_and_mail(server: tuple, tmp_path: Path) -> None:
    environment, told, posted, mailed = server
    for _ in range(2):  # a second time changes nothing: there are still two
        done = run({**environment, **told}, sys.executable, "-c", _REGISTER)
        assert done.stdout == "['chiso: a night failed', 'chiso: no night came']\n", done.stderr
    until(lambda: "chiso: no night" in {message["subject"] for message in posted})
    # The night itself is told nothing of webhook and mail, so that what comes is from the server.
    chiso = str(Path(sys.executable).parent / "chiso")
    night = run({**environment, "CHISO_WORKERS": "nonsense"}, chiso, "nightly", "--sample", "--data", str(tmp_path / "data"))
    assert night.returncode == 3
    until(lambda: "chiso: nightly Failed" in {message["subject"] for message in posted})
    until(lambda: {"chiso: no night", "chiso: nightly Failed"} <= {mail["Subject"] for mail in mailed})
    (text,) = [message["text"] for message in posted if message["subject"] == "chiso: nightly Failed"]
    assert "has ended as Failed" in text


def test_a_portal_that_did_not_answer_is_crawled_again_and_one_that_has_changed_is_not(server: tuple, tmp_path: Path) -> None:
    done = run(server[0], sys.executable, "-c", _CRAWL, str(tmp_path))
    assert done.stdout == "COMPLETED\nFAILED\n[('crawl honquan_binhphuoc', 1), ('crawl namdan_hagiang', 2)]\n", done.stderr[-2000:]


def test_who_nobody_could_tell_is_an_error() -> None:
    with pytest.raises(AlertError, match="neither CHISO_WEBHOOK nor CHISO_MAIL_TO"):
        register({})
