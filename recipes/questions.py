"""Two of the questions of docs/questions.md in Python, over the Parquet files of a release.

    python recipes/questions.py release/nightly

Prints how many merged provinces gain and lose a place in PCI 2019, and the spread of PCI by year.
"""

import sys
from pathlib import Path

import pandas as pd


def pci(release: Path) -> pd.DataFrame:
    """Return the official PCI scores of provinces, each with the unit of today that it is part of."""
    official = pd.read_parquet(release / "official.parquet")
    units = pd.read_parquet(release / "units.parquet", columns=["unit_id", "name", "merged_into"])
    is_pci = (official["index"] == "PCI") & (official["measure"] == "score") & official["component"].isna()
    found = official[is_pci & (official["kind"] == "official") & (official["subject_type"] == "province")]
    found = found.merge(units, left_on="subject_id", right_on="unit_id", how="left")
    return found.assign(today=found["merged_into"].fillna(found["unit_id"]))


def gains_and_losses(scores: pd.DataFrame, year: int = 2019) -> pd.DataFrame:
    """Count the provinces whose place, as a share of all, is better or worse after the merger of 2025."""
    old = scores[scores["year"] == year].copy()
    old["before"] = old["value"].rank(ascending=False, method="min") / len(old)
    new = old.groupby("today")["value"].agg(["mean", "size"])
    new["after"] = new["mean"].rank(ascending=False, method="min") / len(new)
    both = old.merge(new, left_on="today", right_index=True)
    both = both[both["size"] > 1]
    return pd.Series({
        "gain": int((both["after"] < both["before"]).sum()),
        "lose": int((both["after"] > both["before"]).sum()),
    }, name=year).to_frame().T  # fmt: skip


def spread(scores: pd.DataFrame) -> pd.Series:
    """Return the standard deviation of the scores by year, from 2009 (63 provinces)."""
    return scores[scores["year"] >= 2009].groupby("year")["value"].std().round(2)


if __name__ == "__main__":
    scores = pci(Path(sys.argv[1]))
    print(gains_and_losses(scores).to_string())
    print(spread(scores).to_string())
