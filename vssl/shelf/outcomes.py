"""Describe how notebooks ended, in data and in the words of the report."""

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
    """The result of running one notebook."""

    notebook: str
    title: str
    question: str
    status: Status
    reason: str = ""  # why it failed, in one line
    minutes: float | None = None
    log: str = ""  # relative to the report's folder, as is `executed`
    executed: str = ""
    # What the notebook's last cell wrote: tables, seeds, memory, versions.
    record: Mapping[str, Any] = field(default_factory=dict)
    key: str = ""  # fingerprint of what it was computed from
    finished: str = ""
    # The keys of all runs that it asks for, with the runs that those need.
    runs: list[str] = field(default_factory=list)
    made: str = ""  # fingerprint of those runs

    @property
    def succeeded(self) -> bool:
        """Whether the notebook passed, now or in an earlier run."""
        return self.status in ("passed", "kept")


@dataclass(frozen=True)
class Report:
    """The results of running the shelf, or a part of it."""

    profile: str
    minutes: float
    finished: str
    outcomes: tuple[Outcome, ...]
    # How many runs all notebooks ask for, and how many of these differ; see `plan.counted`.
    counts: Mapping[str, int] = field(default_factory=dict)

    def summary(self) -> str:
        """Say in one line how many notebooks there were and how many passed."""
        count = len(self.outcomes)
        bad = sum(not outcome.succeeded for outcome in self.outcomes)
        verdict = "all passed" if not bad else f"{count - bad} passed, {bad} did not"
        return (
            f"{count} notebook{'s' * (count != 1)} at the profile {self.profile}: {verdict}, in"
            f" {span(self.minutes)}"
        )


def span(minutes: float | None) -> str:
    """Format a time in seconds, minutes or hours."""
    if minutes is None:
        return "–"
    if minutes < 1:
        return f"{minutes * 60:.0f} s"
    return f"{minutes:.1f} min" if minutes < 120 else f"{minutes / 60:.1f} h"


def memory(outcome: Outcome) -> str:
    """Format the peak memory of the notebook's own process.

    Experiments run in other processes, and their memory is in their own records.
    """
    memory, gpu = outcome.record.get("memory_mb"), outcome.record.get("gpu_memory_mb")
    text = "–" if memory is None else f"{memory / 1000:.1f} GB"
    return f"{text}, GPU {gpu / 1000:.1f} GB" if gpu else text


def provenance(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    """List where the numbers come from, as pairs of name and value."""
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
