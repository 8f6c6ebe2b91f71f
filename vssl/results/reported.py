"""The papers' own numbers, from `data/reported/`."""

from __future__ import annotations

import csv

from vssl import paths
from vssl.errors import VsslError


def beside(where: str, slugs: dict[str, str]) -> dict[str, float]:
    """The paper's numbers for our rows."""
    numbers = reported_column(where)
    for slug in slugs.values():
        if slug not in numbers:
            raise VsslError(f"{where} reports no row {slug!r}; it has {', '.join(numbers)}")
    return {row: numbers[slug] for row, slug in slugs.items()}


def reported_column(where: str) -> dict[str, float]:
    """The paper's numbers of one column, row -> value.

    "pace/table_4:Top1" is the column Top1 of data/reported/pace/table_4.csv.
    """
    name, _, column = where.partition(":")
    path = paths.reported() / f"{name}.csv"
    try:
        with open(path, newline="", encoding="utf-8") as file:
            lines = list(csv.DictReader(line for line in file if not line.startswith("#")))
    except FileNotFoundError:
        raise VsslError(
            f"no reported numbers at {path}; the file name is <paper>/<table>"
        ) from None
    if lines and column not in lines[0]:
        raise VsslError(f"{path} has no column {column!r}; it has {', '.join(lines[0])}")
    return {line["row"]: float(line[column]) for line in lines if line[column] not in ("", "-")}
