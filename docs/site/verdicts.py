"""The report: what the shelf says of each claim, from the tables that the notebooks store.

A claims cell shows the committed ledger, and the shelf's tests hold it to that. So its table is
read, and no notebook is run.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import nbformat
from bs4 import BeautifulSoup

from vssl.shelf.summary import VERDICTS, verdict_of

COLUMNS = ["claim", "in", "the paper", "ours", "verdict"]


@dataclass(frozen=True)
class Claim:
    """A claim as a notebook's table of claims shows it."""

    text: str
    column: str
    paper: str
    ours: str
    words: str  # the verdict with its world

    @property
    def verdict(self) -> str:
        """The verdict in one of the words that every report uses."""
        return verdict_of(self.words)


def claims(path: Path) -> tuple[Claim, ...]:
    """The claims that a notebook judges, each once."""
    found: dict[Claim, None] = {}
    for cell in nbformat.read(path, as_version=4).cells:
        for output in cell.get("outputs", []):
            html = output.get("data", {}).get("text/html", "")
            if "verdict" in html:
                found |= dict.fromkeys(_rows(html))
    return tuple(found)


def _rows(html: str) -> list[Claim]:
    rows = []
    for table in BeautifulSoup(html, "html.parser").find_all("table"):
        if [cell.get_text() for cell in table.select("thead th")] != COLUMNS:
            continue
        for row in table.select("tbody tr"):
            cells = [" ".join(cell.get_text(" ").split()) for cell in row.find_all(["th", "td"])]
            rows.append(Claim(*cells))
    return rows


def counted(found: list[Claim]) -> dict[str, int]:
    """How many claims have each verdict, in the order of every report."""
    counts = Counter(claim.verdict for claim in found)
    return {word: counts[word] for word in VERDICTS if counts[word]}
