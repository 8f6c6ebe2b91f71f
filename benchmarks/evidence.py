"""Write docs/evidence.md: how many seeds each table needs, from the spread that a pilot showed.

    python -m benchmarks.evidence > docs/evidence.md

It reads the numbers of older code in the ledger, which are the pilot. They leave the ledger when
the planned seeds are there; the page stays as it was written before these were run.
"""

from __future__ import annotations

import itertools
import math

import numpy as np

from vssl import manifest
from vssl.results import ledger
from vssl.statistics import noticed

HEAD = """\
# How many seeds, and why

A verdict on a claim is given once, when all planned seeds of its table are there. How many are
planned stands in `notebooks/manifest.yml`, and was fixed before any of them was run. This page says
where the numbers come from. It was written by `python -m benchmarks.evidence` from a pilot: seeds 0
to 7, run with earlier code. The planned seeds are others: they begin at {first}.

**What matters.** On puppets the papers' rows differ from a random start by 20 points and more, and
from each other by some points. We ask for seeds that find a difference of 10 points between two
rows of a story or of a main table of Pace, and of 5 points in a main table of CVRL, 4 times in 5.
The other tables have {rest} seeds: enough for a difference from the random start, and for large
ones between rows. What is smaller stays undecided, and each table says which difference its seeds
would notice.

**Spread** is the standard deviation, over seeds, of the difference between two rows of one seed; it
is the root of the mean variance over all pairs of rows. **Needed** is the smallest number of seeds
with which a paired t-test at 5 % finds the difference that matters 4 times in 5. **Would notice**
is the difference that the planned seeds find 4 times in 5. **Minutes** are those of one seed of the
whole table, measured in the pilot; runs that several tables share count in each.

| table | column | pilot seeds | spread | matters | needed | planned | would notice | minutes |
|---|---|---:|---:|---:|---:|---:|---:|---:|
"""
REST = 4


def page(profile: str = "demo") -> str:
    """The whole page."""
    lines = []
    for entry in sorted(manifest.shelf(), key=lambda entry: entry.turn):
        planned = len(entry.planned(profile))
        if planned:
            lines += rows(entry, planned, profile)
    return HEAD.format(first=manifest.FIRST_SEED, rest=REST) + "\n".join(lines) + "\n"


def rows(entry: manifest.Entry, planned: int, profile: str) -> list[str]:
    """One line for each column of a table that a pilot has measured; one line if none has."""
    records = [r for r in ledger.read(entry.numbers, profile)["records"] if r.get("older")]
    matters = 5 if entry.paper == "cvrl" and entry.turn > 2 else 10
    columns: dict[str, dict[str, dict[int, float]]] = {}
    for record in records:
        row = columns.setdefault(record["column"], {}).setdefault(record["row"], {})
        row[record["seed"]] = record["value"]
    lines = []
    for column, values in columns.items():
        found = spread(values)
        if found is None:
            continue
        seeds = len({seed for row in values.values() for seed in row})
        notice = noticed(planned) * found / math.sqrt(planned)
        lines.append(
            f"| {entry.numbers} | {column} | {seeds} | {found:.1f} | {matters} |"
            f" {needed(found, matters)} | {planned} | {notice:.1f} | {minutes(records):.0f} |"
        )
    return lines or [f"| {entry.numbers} | – | 0 | – | {matters} | – | {planned} | – | – |"]


def spread(values: dict[str, dict[int, float]]) -> float | None:
    """The spread of the difference between two rows; None without two seeds in common."""
    variances = []
    for first, second in itertools.combinations(values.values(), 2):
        common = sorted(first.keys() & second.keys())
        if len(common) > 1:
            variances.append(np.var([first[seed] - second[seed] for seed in common], ddof=1))
    return math.sqrt(np.mean(variances)) if variances else None


def needed(found: float, matters: float, most: int = 40) -> str:
    """The smallest number of seeds that finds a difference 4 times in 5."""
    for seeds in range(2, most + 1):
        if noticed(seeds) * found / math.sqrt(seeds) <= matters:
            return str(seeds)
    return f"over {most}"


def minutes(records: list[ledger.Record]) -> float:
    """Minutes that one seed took."""
    return ledger.minutes(records) / len({record["seed"] for record in records})


if __name__ == "__main__":
    print(page(), end="")
