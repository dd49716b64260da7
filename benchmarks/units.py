"""The units of deploy/systemd under a systemd of their own: they start, a night runs, what is killed comes back, the watch speaks.

    python benchmarks/units.py [--keep FOLDER]

Boots systemd as process 1 of new namespaces (processes, mounts, control groups, names), in which /opt/chiso is this checkout,
/srv/chiso and /etc/chiso are new, a user `chiso` exists, and no unit of this machine is started. Then does what
docs/operation.md says, as that page says it, gives the night the sample web and a schedule of one minute, kills the worker and
the server with -9, lets the timer of the watch come due, and prints what was seen; exit 1 if anything was missing, 2 where a
systemd cannot be started (it takes root, and a kernel that gives namespaces). Nothing outside the namespaces is changed. Takes
about four minutes.
"""

import argparse
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.servers import ROOT, UNITS, MissingServerError, webhook
from benchmarks.waiting import MissedError, ended, say, until

_PORT, _USER = 4200, 64001
_SYSTEMD = Path("/lib/systemd/systemd")
#: What this machine would start beside ours: covered by empty folders.
_OTHERS = [f"/lib/systemd/system/{target}.target.wants" for target in ("sysinit", "local-fs", "multi-user", "timers", "getty")]


def main(keep: Path | None) -> int:
    """Try it; return 1 if anything was missing, 2 if systemd cannot be started here."""
    with TemporaryDirectory(prefix="chiso-units-") as temporary, ExitStack() as stack:
        folder = keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
        hook, got = stack.enter_context(webhook())
        try:
            machine = stack.enter_context(_systemd(folder, hook))
        except MissingServerError as error:
            say(f"not tried: {error}")
            return 2
        try:
            _try(machine, folder / "srv", got)
        except (MissedError, subprocess.CalledProcessError) as error:
            said = getattr(error, "stderr", "") or getattr(error, "stdout", "")
            say(f"missed: {error} {said[-500:]}")
            say(machine("journalctl", "--no-pager", "--lines=40", "--output=cat", check=False))
            return 1
        finally:
            (folder / "journal.log").write_text(machine("journalctl", "--no-pager", check=False), encoding="utf-8")
        return 0


def _try(machine: "_Machine", data: Path, got: list[dict[str, str]]) -> None:
    machine("systemctl", "enable", "--quiet", "--now", "chiso-server", "chiso-worker", "chiso-watch.timer")
    until("the server answers", lambda: _answers(_PORT))
    owner = machine("ps", "-o", "user=", "-p", machine.pid_of("chiso-server")).strip()
    say(f"chiso-server: active, by user {owner}; the worker: {machine.state('chiso-worker')}")

    chiso = ["runuser", "-u", "chiso", "--", "env", "-C", "/opt/chiso", f"PREFECT_API_URL=http://127.0.0.1:{_PORT}/api"]
    chiso += ["PREFECT_HOME=/srv/chiso/prefect", "DO_NOT_TRACK=1", "/opt/chiso/.venv/bin/prefect", "--no-prompt"]
    told = machine(*chiso, "deploy", "--all")
    say(f"deployed: {told.count('successfully created')} of prefect.yaml, in a pool that the worker made")
    machine(*chiso, "deploy", "--name", "nightly", "--param", "sample=true")
    machine(*chiso, "deployment", "schedule", "create", "nightly/nightly", "--cron", "* * * * *", "-y")
    until("a scheduled night ended", lambda: bool(ended(data)))
    night = ended(data)[0]
    file = data / "chiso.duckdb"
    mine = file.exists() and file.stat().st_uid == _USER
    say(f"the schedule fired: {night.run_id} {night.state}, {night.counts['claims_new']} claims, {file.name} by chiso: {mine}")
    if not mine:
        raise MissedError("the night's warehouse is not the user's")

    _kill(machine, "chiso-worker")
    worker = machine.pid_of("chiso-worker")
    _kill(machine, "chiso-server")
    if machine.pid_of("chiso-worker") != worker:
        raise MissedError("the worker went on while the server was started anew")
    until("the server answers again", lambda: _answers(_PORT))
    count = len(ended(data))
    until("a night after that", lambda: len(ended(data)) > count)
    say(f"and the next scheduled night: {ended(data)[0].state}; the worker: {machine.state('chiso-worker')}")

    due = machine("systemctl", "list-timers", "--no-legend", "--no-pager", "chiso-watch.timer").split()
    say(f"the watch comes due: {' '.join(due[:4])}")
    machine("systemctl", "stop", "chiso-worker")
    machine("systemctl", "start", "chiso-watch")
    say(f"the watch by hand, after a good night: {machine('systemctl', 'show', '-P', 'Result', 'chiso-watch').strip()}, told {len(got)}")
    (data / "nights.jsonl").unlink()
    before = len(got)
    machine.every_ten_seconds("chiso-watch.timer")
    until("the timer fires and somebody is told", lambda: len(got) > before)
    say(f"the timer fired, the journal of nights gone: told {got[-1]['text'].strip()!r}")


def _kill(machine: "_Machine", unit: str) -> None:
    before = machine.pid_of(unit)
    machine("kill", "-9", before)
    started = time.monotonic()
    until(f"{unit} comes back", lambda: machine.pid_of(unit) not in ("0", before))
    say(f"{unit}, killed with -9: back after {time.monotonic() - started:.0f} s")


class _Machine:
    """Runs commands beside the systemd of pid `root`, in its namespaces."""

    def __init__(self, root: int) -> None:
        self._enter = ["nsenter", "--target", str(root), "--mount", "--pid", "--uts", "--ipc", "--cgroup", "--"]

    def __call__(self, *command: str, check: bool = True) -> str:
        done = subprocess.run([*self._enter, *command], capture_output=True, text=True, check=check, timeout=120, cwd="/")
        return done.stdout

    def state(self, unit: str) -> str:
        return self("systemctl", "is-active", unit, check=False).strip()

    def pid_of(self, unit: str) -> str:
        """Return the id of a unit's main process, seen from within; "0" where it has none."""
        return self("systemctl", "show", "-P", "MainPID", unit).strip()

    def every_ten_seconds(self, timer: str) -> None:
        told = "[Timer]\nOnCalendar=\nOnCalendar=*:*:0/10\nAccuracySec=1s\n"
        self("sh", "-c", f"mkdir -p /run/systemd/system/{timer}.d && printf '{told}' > /run/systemd/system/{timer}.d/soon.conf")
        self("systemctl", "daemon-reload")
        self("systemctl", "restart", timer)


@contextmanager
def _systemd(folder: Path, hook: str) -> Iterator[_Machine]:
    """Boot a systemd that knows our units alone; end it, and all that it started, with the block."""
    if os.geteuid():
        raise MissingServerError("root is needed for a systemd of its own")
    if not _SYSTEMD.exists():
        raise MissingServerError("systemd is not installed: run `make servers`")
    if Path("/tmp") in Path(sys.executable).parents:  # noqa: S108 (as systemd's PrivateTmp says it)
        raise MissingServerError("a checkout below /tmp cannot be seen by the units, which have a /tmp of their own: clone it elsewhere")
    if _answers(_PORT):
        raise MissingServerError(f"somebody listens on port {_PORT} already")
    groups = next((path for path in map(Path, ("/sys/fs/cgroup", "/sys/fs/cgroup/unified")) if (path / "cgroup.procs").exists()), None)
    if groups is None:
        raise MissingServerError("no control groups of version 2 at /sys/fs/cgroup")
    _prepare(folder, hook)
    group = groups / f"chiso-units-{os.getpid()}"
    group.mkdir()
    script = folder / "boot.sh"
    script.write_text(_boot(folder), encoding="utf-8")
    unshare = "unshare --fork --kill-child --pid --mount --uts --ipc --cgroup --mount-proc"
    enter = f"echo $$ > {group}/cgroup.procs && exec {unshare} sh -eu {script}"
    with (folder / "systemd.log").open("wb") as log:
        process = subprocess.Popen(["sh", "-c", enter], stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        yield _Machine(_booted(process, folder))
    finally:
        # Process 1 takes all others of its namespace with it.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        until("the processes of the units are gone", lambda: not _members(group))
        for path in sorted(group.rglob("*/"), reverse=True):
            path.rmdir()
        group.rmdir()


def _prepare(folder: Path, hook: str) -> None:
    """Lay out what the namespaces see in place of this machine's own."""
    units = folder / "units"
    shutil.copytree(UNITS, units, dirs_exist_ok=True)
    for name in ("srv", "chiso", "empty"):
        (folder / name).mkdir(exist_ok=True)
    os.chown(folder / "srv", _USER, _USER)
    (folder / "chiso" / "alert.env").write_text(f"CHISO_WEBHOOK={hook}\n", encoding="utf-8")
    (folder / "chiso" / "alert.env").chmod(0o600)
    for name, line in (("passwd", f"chiso:x:{_USER}:{_USER}::/srv/chiso:/usr/sbin/nologin"), ("group", f"chiso:x:{_USER}:")):
        there = [known for known in Path("/etc", name).read_text(encoding="utf-8").splitlines() if not known.startswith("chiso:")]
        (folder / name).write_text("\n".join([*there, line, ""]), encoding="utf-8")


def _boot(folder: Path) -> str:
    """Return the shell script that arranges the mounts and becomes systemd."""
    lines = [
        "mount -t tmpfs none /run",
        "mkdir -p /run/keep/python /run/keep/checkout /run/systemd/journald.conf.d",
        # Python and the checkout may lie where only root can go.
        f"mount --bind {sys.base_prefix} /run/keep/python",
        f"mount --bind {ROOT} /run/keep/checkout",
    ]
    closed = sorted({str(parent) for path in (Path(sys.base_prefix), ROOT) for parent in path.parents if not parent.stat().st_mode & 1})
    lines += [f"mount -t tmpfs -o mode=755 none {path}" for path in closed if not any(path.startswith(f"{one}/") for one in closed)]
    for kept, path in (("python", sys.base_prefix), ("checkout", str(ROOT)), ("checkout", "/opt/chiso")):
        lines += [f"mkdir -p {path}", f"mount --bind /run/keep/{kept} {path}"]
    lines += ["mkdir -p /srv/chiso /etc/chiso", f"mount --bind {folder}/srv /srv/chiso", f"mount --bind {folder}/chiso /etc/chiso"]
    lines += [f"mount --bind {folder}/{name} /etc/{name}" for name in ("passwd", "group")]
    lines += [f"mount --bind {folder}/empty {path}" for path in _OTHERS if Path(path).is_dir()]
    lines += [
        f"mount --bind {folder}/units /etc/systemd/system",
        "printf '[Journal]\\nStorage=volatile\\n' > /run/systemd/journald.conf.d/here.conf",
        "mount -t tmpfs none /var/log/journal 2> /dev/null || true",
        "mount -t cgroup2 none /sys/fs/cgroup",
        f"container=chiso exec {_SYSTEMD} --system --unit=multi-user.target --log-target=journal",
    ]
    return "\n".join(lines) + "\n"


def _booted(process: subprocess.Popen[bytes], folder: Path) -> int:
    """Return the id, seen from here, of the process that is 1 within, once it takes commands."""
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii").split()
        if children:
            running = subprocess.run(
                ["nsenter", "--target", children[0], "--mount", "--pid", "--", "systemctl", "is-system-running"],
                capture_output=True,
                text=True,
                check=False,
            )
            if running.stdout.strip() in ("running", "degraded"):
                return int(children[0])
        time.sleep(0.5)
    log = (folder / "systemd.log").read_text(encoding="utf-8", errors="replace").strip()
    raise MissingServerError(f"systemd does not start here: {log[-300:] or 'it says nothing'}")


def _members(group: Path) -> list[str]:
    return [line for file in group.rglob("cgroup.procs") for line in file.read_text(encoding="ascii").split()]


def _answers(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, help="work there, and leave it with its logs")
    sys.exit(main(parser.parse_args().keep))
