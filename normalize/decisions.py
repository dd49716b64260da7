"""The editor's decisions: decisions.csv, one line a key, which win over every rule.

Columns: key (the id of the conflict or of its fact), value, reason, who, when (YYYY-MM-DD). A decision holds until
somebody changes the file; when a claim is read after that day, the conflict asks again, and the decision still
stands. The last line about a key is the one that counts.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from normalize.statement import Key, Statement, read_statement

COLUMNS = ("key", "value", "reason", "who", "when")


class DecisionError(ValueError):
    """Raised for a line of decisions.csv that cannot be read; carries its place."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One line: `fact_id` of the key, the value as written (decimal comma or point), why, who and when."""

    fact_id: str
    value: str
    reason: str
    who: str
    when: date
    place: str


def read_decisions(path: Path) -> Iterator[Decision | DecisionError]:
    """Yield the decisions of a file, and an error for each line that is none; nothing where there is no file."""
    if not path.exists():
        return
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream)
        missing = set(COLUMNS) - set(reader.fieldnames or ())
        if missing:
            yield DecisionError(f"{path}: no column {', '.join(sorted(missing))}")
            return
        for number, row in enumerate(reader, start=2):
            place = f"{path}:{number}"
            try:
                yield _decision(row, place)
            except ValueError as error:
                yield DecisionError(f"{place}: {error}")


def _decision(row: Mapping[str, str | None], place: str) -> Decision:
    empty = [column for column in COLUMNS if not (row.get(column) or "").strip()]
    if empty:
        raise ValueError(f"no {', '.join(empty)}")
    texts = {column: (row[column] or "").strip() for column in COLUMNS}
    fact_id = texts["key"].replace("c-", "f-", 1) if texts["key"].startswith("c-") else texts["key"]
    if not fact_id.startswith("f-"):
        raise ValueError(f"key {texts['key']!r} is no conflict (c-...) and no fact (f-...)")
    return Decision(fact_id, texts["value"], texts["reason"], texts["who"], date.fromisoformat(texts["when"]), place)


def statement_of(decision: Decision, key: Key, subject_type: str) -> Statement:
    """Return a decision as a statement about its key. Raises DecisionError where its value is no number."""
    value: Decimal | str = decision.value
    if key.measure != "tier":
        try:
            value = Decimal(decision.value.replace(",", "."))
        except InvalidOperation as error:
            raise DecisionError(f"{decision.place}: value {decision.value!r} is no number") from error
    record = {
        **key._asdict(),
        "value": value,
        "subject_type": subject_type,
        "article": f"decision {decision.fact_id}",
        "source": f"decision of {decision.who}",
        "published": decision.when,
        "evidence": decision.reason,
        "claim_id": decision.fact_id.replace("f-", "d-", 1),
    }
    return read_statement(record, kind="decision", cluster=f"decision {decision.fact_id}")
