"""What the editor does: adding reference tables, looking through open conflicts, deciding them."""

import csv
import sys
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from flows.data import DataFolder
from flows.tables import print_table
from flows.writing import write_whole
from normalize.decisions import COLUMNS
from normalize.reference import SHIPPED, ReferenceTableError, read_reference, shipped
from warehouse.error import WarehouseError
from warehouse.query import ask

DONE, FINDINGS, WRONG_USAGE = 0, 1, 2
_VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")


def _fail(message: object) -> int:
    sys.stderr.write(f"chiso: {message}\n")
    return WRONG_USAGE


def add_reference(file: Path, folder: Path) -> int:
    """Check a reference table whole and keep a copy in the data folder; the next night counts it."""
    data = DataFolder(folder)
    try:
        values = list(read_reference(file))
        if not values:
            return _fail(f"{file}: no row that counts")
        data.reference.mkdir(parents=True, exist_ok=True)
        write_whole(data.reference / file.name, [file.read_text(encoding="utf-8-sig")])
    except (OSError, ReferenceTableError) as error:
        return _fail(error)
    sys.stdout.write(f"{data.reference / file.name}: {len(values)} values; they count from the next night on\n")
    return DONE


def list_references(folder: Path) -> int:
    """Print each reference table and how many values count."""
    rows = [(SHIPPED, len(shipped()), "ships with chiso")]
    for path in sorted(DataFolder(folder).reference.glob("*.csv")):
        try:
            rows.append((path.name, sum(1 for _ in read_reference(path)), str(path)))
        except ReferenceTableError as error:
            rows.append((path.name, 0, str(error)))
    print_table(["table", "values", "place"], rows, "table")
    return DONE


#: Conflicts that a decision could settle, the most consequential first.
WAITING = """select conflict_id, case when asks_again then 'asks again' else status end as state, index, subject, year, measure, component,
  array_to_string("values", ' / ') as "values", proposed, class, consequence, reason
from conflicts where status = 'conflict' or asks_again order by asks_again desc, consequence desc, conflict_id"""


def review(folder: Path, *, everything: bool = False) -> int:
    """Print the conflicts that wait; return 1 if there are any."""
    sql = WAITING.replace("where status = 'conflict' or asks_again ", "") if everything else WAITING
    try:
        columns, rows = ask(DataFolder(folder).warehouse, sql)
    except WarehouseError as error:
        return _fail(error)
    if not rows:
        sys.stdout.write("Nothing waits.\n")
        return DONE
    print_table(columns, rows, "table")
    sys.stdout.write("Decide with: chiso review CONFLICT --value ... --reason ... --who ...\n")
    return FINDINGS


def decide(folder: Path, conflict: str, *, value: str, reason: str, who: str) -> int:
    """Append a decision about a conflict of the warehouse to decisions.csv."""
    data = DataFolder(folder)
    try:
        _, known = ask(data.warehouse, "select conflict_id from conflicts")
    except WarehouseError as error:
        return _fail(error)
    if (conflict,) not in known:
        return _fail(f"no conflict {conflict}; `chiso review` lists those that wait")
    is_new = not data.decisions.exists()
    today = datetime.now(UTC).astimezone(_VIETNAM).date()
    with data.decisions.open("a", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        if is_new:
            writer.writerow(COLUMNS)
        writer.writerow([conflict, value, reason, who, today.isoformat()])
    sys.stdout.write(f"{data.decisions}: {conflict} is {value}, from the next night on\n")
    return DONE
