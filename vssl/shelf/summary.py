"""What a report opens with: every table of the run, what its numbers are, and the verdict on each of its claims."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

VERDICTS: Mapping[str, str] = {
    "holds": "✓",
    "reversed": "✗",
    "undecided": "?",
    "not run": "–",
    "not judged": "–",
}
COLUMNS = ("claim", "paper", "ours", "verdict")


class Outcome(Protocol):
    """How one notebook fared, as far as the summary asks."""

    @property
    def notebook(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def well(self) -> bool: ...
    @property
    def record(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class Shown:
    """A table as the summary shows it; what an older record does not say is None or empty."""

    notebook: str
    heading: str  # of the notebook's section
    title: str
    slug: str
    profile: str  # of the numbers shown, not of the run
    seeds: tuple[int, ...] | None
    hours: float | None  # of computing, for all runs behind the table
    claims: tuple[Mapping[str, str], ...]

    def facts(self) -> list[str]:
        """The notebook, the profile, the seeds and the hours, in words."""
        seeds = ", ".join(map(str, self.seeds or ())) or "none"
        said = "" if self.seeds is None else f"seed{'s' * (len(self.seeds) != 1)} {seeds}"
        return [fact for fact in (self.notebook, self.profile, said, _time(self.hours)) if fact]


@dataclass(frozen=True)
class Summary:
    """The tables of the notebooks that passed, and how many notebooks did not: what those say is no result."""

    tables: tuple[Shown, ...]
    absent: int = 0

    def totals(self) -> dict[str, int]:
        """How many tables and claims there are, and how many claims of each verdict."""
        claims = [claim for table in self.tables for claim in table.claims]
        count = {word: sum(claim["verdict"] == word for claim in claims) for word in VERDICTS}
        return {
            "claims": len(claims),
            "tables": len(self.tables),
            "tables_with_claims": sum(bool(table.claims) for table in self.tables),
            **count,
        }

    def lead(self) -> str:
        """The totals in words."""
        n = self.totals()
        parts = [f"{_many(n['claims'], 'claim')} in {_many(n['tables_with_claims'], 'table')}"]
        if n["claims"]:
            parts[0] += (
                f": {n['holds']} hold{'s' * (n['holds'] == 1)}, {n['reversed']} reversed,"
                f" {n['undecided']} undecided"
            )
            parts[0] += "".join(
                f", {n[word]} {word}" for word in ("not judged", "not run") if n[word]
            )
        if bare := n["tables"] - n["tables_with_claims"]:
            parts.append(f"{_many(bare, 'table')} without claims")
        if self.absent:
            parts.append(
                f"{_many(self.absent, 'notebook')} did not pass and"
                f" {'is' if self.absent == 1 else 'are'} left out"
            )
        return "; ".join(parts)

    def to_dict(self) -> dict[str, Any]:
        """The summary as plain data."""
        return {"totals": self.totals(), "tables": [asdict(table) for table in self.tables]}


def summarise(outcomes: Iterable[Outcome]) -> Summary:
    """Gather the tables of the notebooks that passed, in the notebooks' order."""
    outcomes = tuple(outcomes)
    tables = [
        _shown(outcome, table)
        for outcome in outcomes
        if outcome.well
        for table in outcome.record.get("tables", [])
    ]
    return Summary(tuple(tables), sum(not outcome.well for outcome in outcomes))


def heading(outcome: Outcome) -> str:
    """What stands over a notebook's section in Markdown."""
    return f"{outcome.notebook}: {outcome.title}"


def runs(counts: Mapping[str, int]) -> str:
    """How many runs the notebooks ask for, and how many of them differ, in one sentence.

    Empty where nobody counted.
    """
    every = _counted(
        counts,
        {"asked": f"run{'s' * (counts.get('asked') != 1)} asked for", "distinct": "distinct"},
    )
    pretrains = _counted(counts, {"pretrains_asked": "asked for", "pretrains_distinct": "distinct"})
    if pretrains:
        shared = ", so none was computed twice" if counts.get("pretrains_distinct") else ""
        pretrains = f"{'of them p' if every else 'P'}re-trainings: {pretrains}{shared}"
    said = "; ".join(part for part in (every, pretrains) if part)
    return f"{said}." if said else ""


def _counted(counts: Mapping[str, int], names: Mapping[str, str]) -> str:
    return ", ".join(f"{counts[name]} {words}" for name, words in names.items() if counts.get(name))


def cells(claim: Mapping[str, str]) -> list[str]:
    """A claim with the column it speaks of, the paper's words, ours, and the verdict."""
    where = f" [{claim['column']}]" if claim.get("column") else ""
    return [f"{claim['claim']}{where}", *(str(claim[name]) for name in COLUMNS[1:])]


def rows(summary: Summary) -> list[list[str]]:
    """The rows for Markdown: a table's title and facts, then its claims."""
    lines = []
    for table in summary.tables:
        title = re.sub(r"([\[\]])", r"\\\1", table.title)
        lines.append(
            [f"**[{title}](#{anchor(table.heading)})** · {' · '.join(table.facts())}", "", "", ""]
        )
        for claim in table.claims:
            *first, word = cells(claim)
            lines.append([*first, f"{VERDICTS.get(word, '')} {word}".strip()])
        lines += [] if table.claims else [["no claims", "", "", ""]]
    return lines


def anchor(text: str) -> str:
    """The name that readers of Markdown give to a heading."""
    return re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")


def _shown(outcome: Outcome, table: Mapping[str, Any]) -> Shown:
    seeds: Sequence[int] | None = table.get("seeds")
    return Shown(
        notebook=outcome.notebook,
        heading=heading(outcome),
        title=table["title"],
        slug=table.get("slug", ""),
        profile=table.get("profile", ""),
        seeds=None if seeds is None else tuple(seeds),
        hours=table.get("hours"),
        claims=tuple(table.get("claims", ())),
    )


def _time(hours: float | None) -> str:
    if hours is None:
        return ""
    return f"{hours:.1f} h" if hours >= 0.1 or not hours else f"{hours * 60:.1f} min"


def _many(count: int, word: str) -> str:
    return f"{count} {word}{'s' * (count != 1)}"
