"""What chiso stands on: the licences of the packages it needs, and what is known against them.

    python scripts/supply.py licences > docs/licences.md    what a reader of the project may do with it
    python scripts/supply.py audit                          exit 1 if a vulnerability is known of a locked package

The audit asks PyPI (pip-audit); where that cannot be reached it says so, or of how many packages nothing was learned.
"""

import json
import subprocess
import sys
from importlib.metadata import requires
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_BIN = Path(sys.executable).parent
_LOCK = Path(__file__).resolve().parent.parent / "requirements.lock"
#: Seconds for all packages: an audit that cannot be made holds up no test run.
_PATIENCE = 180
#: May be used by a program under Apache-2.0. Of several licences that are offered, one must be of these.
FITTING = (
    *("mit", "bsd", "0bsd", "apache", "isc", "psf", "python software foundation", "zpl", "cnri-python", "artistic"),
    *("mpl-1.1", "mpl-2.0", "mozilla public license 2.0", "public domain", "unlicense"),
)


def needed() -> set[str]:
    """Return the packages that chiso needs at run time, with its extras, and all that these need."""
    found: set[str] = set()
    todo = [("chiso", frozenset({"cluster"}))]
    while todo:
        name, extras = todo.pop()
        for line in requires(name) or ():
            requirement = Requirement(line)
            key = canonicalize_name(requirement.name)
            marker = requirement.marker
            if (marker is None or any(marker.evaluate({"extra": extra}) for extra in extras | {""})) and key not in found:
                found.add(key)
                todo.append((key, frozenset(requirement.extras)))
    return found


def licences() -> list[dict[str, str]]:
    """Return name, licence and address of each needed package."""
    command = [str(_BIN / "pip-licenses"), "--format=json", "--with-urls", "--from=mixed"]
    told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    wanted = needed()
    return [one for one in told if canonicalize_name(one["Name"]) in wanted]


def fits(licence: str) -> bool:
    """Tell whether a package of this licence may be used."""
    return any(name in licence.lower() for name in FITTING)


def page() -> str:
    """Return the page of licences."""
    rows = ""
    for one in sorted(licences(), key=lambda one: one["Name"].lower()):
        name = f"[{one['Name']}]({one['URL']})" if one["URL"].startswith("http") else one["Name"]
        rows += f"| {name} | {one['License']} |\n"
    return (
        "# Licences\n\n"
        "chiso is under the Apache License 2.0. It needs these packages when it runs, each under its own licence, as their metadata"
        " say it. Versions and hashes are in `requirements.lock`. The report and the site carry D3 (ISC) and boundaries after"
        " Natural Earth (public domain).\n\n"
        "`make licences` writes this page; a test fails where it is not up to date, or a licence does not fit.\n\n"
        f"| package | licence |\n|---|---|\n{rows}"
    )


def audit() -> int:
    """Print what is known against the locked packages; return 1 if there is anything."""
    command = [str(_BIN / "pip-audit"), "--requirement", str(_LOCK), "--require-hashes", "--disable-pip", "--format=json", "--timeout=5"]
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=_PATIENCE)
    except subprocess.TimeoutExpired:
        sys.stdout.write(f"nothing was audited: PyPI had not answered after {_PATIENCE} s\n")
        return 0
    if not done.stdout:
        sys.stdout.write(f"nothing was audited: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else 'no answer'}\n")
        return 0
    packages: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    unknown = [package for package in packages if "skip_reason" in package]
    bad = [package for package in packages if package.get("vulns")]
    for package in bad:
        for one in package["vulns"]:
            sys.stdout.write(f"{package['name']} {package['version']}: {one['id']}, mended in {', '.join(one['fix_versions']) or '?'}\n")
    sys.stdout.write(f"{len(packages) - len(unknown)} packages audited, {len(bad)} with known vulnerabilities")
    sys.stdout.write(f"; of {len(unknown)} nothing was learned: {unknown[0]['skip_reason']}\n" if unknown else "\n")
    return 1 if bad else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["licences"]:
        sys.stdout.write(page())
    elif sys.argv[1:] == ["audit"]:
        sys.exit(audit())
    else:
        sys.exit(__doc__)
