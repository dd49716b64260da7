"""The last nights at a glance, and whether a warehouse was published lately."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from flows.alerts import AlertError, tell
from flows.data import DataFolder
from flows.journal import INCOMPLETE, PUBLISHED, RUNNING, STAGES, Journal, JournalNight
from flows.tables import print_table

DONE, FINDINGS, WRONG_USAGE, FAILED = 0, 1, 2, 3
_VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
_NIGHTS = 14
#: A night begins at 02:00 and a polite crawl may take hours: after so long without a published one, none has come.
OVERDUE = timedelta(hours=30)
#: One letter a night, the newest last: enough to see a row of bad ones.
_LETTERS = {"complete": "o", "findings": "f", "degraded": "d", INCOMPLETE: "I", "refused": "R", "failed": "X", RUNNING: "~"}
_COLUMNS = ["night", "kind", "state", "minutes", f"s: {', '.join(STAGES)}", "articles", "claims", "changed", "conflicts", "failed", "why"]


def print_status(folder: Path, form: str = "table", *, alert: bool = False, now: datetime | None = None) -> int:
    """Print the last nights; return 1 if the last one published nothing, or none was published lately; tell of it if `alert`."""
    data = DataFolder(folder)
    if not data.root.is_dir():
        sys.stderr.write(f"chiso: no data folder {data.root}: run `chiso nightly` first, or give its folder with --data\n")
        return WRONG_USAGE
    nights = Journal(data.root).nights()
    shown = nights[:_NIGHTS]
    print_table(_COLUMNS, [_row(night) for night in shown], form)
    wrong = troubles(nights, now or datetime.now(UTC))
    if form == "table":
        if shown:
            strip = "".join(_LETTERS.get(night.state, "?") for night in reversed(shown))
            told = ", ".join(f"{letter} {state}" for state, letter in _LETTERS.items() if letter in strip)
            sys.stdout.write(f"\n{strip}   ({told}; the newest last)\n")
        sys.stdout.write("".join(f"{line}\n" for line in wrong) or "The last night was published.\n")
    if alert and wrong:
        try:
            ways = tell("chiso: no night", "".join(f"{line}\n" for line in wrong))
        except AlertError as error:
            sys.stderr.write(f"chiso: the message {error}\n")
            return FAILED
        if not ways:
            sys.stderr.write("chiso: --alert: nobody is told, neither CHISO_WEBHOOK nor CHISO_MAIL_TO is set\n")
            return WRONG_USAGE
    return FINDINGS if wrong else DONE


def troubles(nights: list[JournalNight], now: datetime) -> list[str]:
    """Return what an operator must know: the last night published nothing, or none was published lately."""
    over = [night for night in nights if night.state != RUNNING]
    if not over:
        return ["No night has ended yet."]
    wrong = []
    last = over[0]
    if last.state not in PUBLISHED:
        wrong.append(f"The last night ({last.run_id}) is {last.state} and published nothing: {_why(last)}")
    published = next((night for night in over if night.state in PUBLISHED), None)
    if published is None:
        wrong.append("No night was ever published.")
    elif published.ended_at is not None and now - published.ended_at > OVERDUE:
        hours = (now - published.ended_at) // timedelta(hours=1)
        wrong.append(f"The last published night ended {hours} hours ago: is the worker running, and the schedule on? (`chiso doctor`)")
    return wrong


def _why(night: JournalNight) -> str:
    return "; ".join(night.reasons) or ("killed, or the machine went down" if night.state == INCOMPLETE else "")


def _row(night: JournalNight) -> tuple[object, ...]:
    counts, seconds = night.counts, night.seconds
    minutes = None if night.ended_at is None else round((night.ended_at - night.started_at).total_seconds() / 60, 1)
    stages = " ".join(f"{seconds[stage]:.0f}" if stage in seconds else "-" for stage in STAGES)
    numbers = [counts.get(name) for name in ("articles_new", "claims_new", "facts_changed", "conflicts", "portals_failed")]
    started = night.started_at.astimezone(_VIETNAM)
    return (f"{started:%Y-%m-%d %H:%M}", night.kind, night.state, minutes, stages, *numbers, _why(night))
