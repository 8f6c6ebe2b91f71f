"""How notebooks fared: plain data, and the few words that every form of the report shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Status = Literal["passed", "kept", "failed", "blocked"]

WORDS: Mapping[str, str] = {
    "passed": "passed",
    "kept": "passed earlier",
    "failed": "failed",
    "blocked": "not run",
}
SIGNS: Mapping[str, str] = {"passed": "✓", "kept": "✓", "failed": "✗", "blocked": "–"}


@dataclass(frozen=True)
class Outcome:
    """How one notebook fared."""

    notebook: str
    title: str
    question: str
    status: Status
    reason: str = ""  # of a failure, one line
    minutes: float | None = None
    log: str = ""  # relative to the report's folder, as is `executed`
    executed: str = ""
    record: Mapping[str, Any] = field(
        default_factory=dict
    )  # what the notebook's last cell left: tables, seeds, memory, versions
    key: str = ""  # of what it was computed from
    finished: str = ""
    runs: list[str] = field(
        default_factory=list
    )  # the keys of all runs that it asks for, needs included

    @property
    def well(self) -> bool:
        """Whether there is nothing to complain of."""
        return self.status in ("passed", "kept")


@dataclass(frozen=True)
class Report:
    """A run of the shelf, or of a part of it."""

    profile: str
    minutes: float
    finished: str
    outcomes: tuple[Outcome, ...]
    counts: Mapping[str, int] = field(
        default_factory=dict
    )  # runs that all notebooks ask for, and how many differ: `summaries.runs`

    def summary(self) -> str:
        """One line: how many notebooks there were, and how they fared."""
        count = len(self.outcomes)
        bad = sum(not outcome.well for outcome in self.outcomes)
        verdict = "all passed" if not bad else f"{count - bad} passed, {bad} did not"
        return (
            f"{count} notebook{'s' * (count != 1)} at the profile {self.profile}: {verdict}, in"
            f" {span(self.minutes)}"
        )


def span(minutes: float | None) -> str:
    """A time in the unit that suits it."""
    if minutes is None:
        return "–"
    if minutes < 1:
        return f"{minutes * 60:.0f} s"
    return f"{minutes:.1f} min" if minutes < 120 else f"{minutes / 60:.1f} h"


def memory(outcome: Outcome) -> str:
    """Peak memory of the notebook's own process.

    What its experiments took in theirs stands in their records.
    """
    memory, gpu = outcome.record.get("memory_mb"), outcome.record.get("gpu_memory_mb")
    text = "–" if memory is None else f"{memory / 1000:.1f} GB"
    return f"{text}, GPU {gpu / 1000:.1f} GB" if gpu else text


def provenance(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Where the numbers come from, as pairs of name and value."""
    if not record:
        return []
    return [
        ("profile", str(record.get("profile", ""))),
        ("seeds", ", ".join(map(str, record.get("seeds", []))) or "none"),
        ("commit", str(record.get("commit", ""))),
        (
            "versions",
            ", ".join(f"{name} {version}" for name, version in record.get("versions", {}).items()),
        ),
        ("machine", str(record.get("hardware", ""))),
    ]
