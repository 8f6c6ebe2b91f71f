"""Summarise the results of a run: every table with its facts, and the verdict on each claim."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from vssl.statistics import stand

VERDICTS: Mapping[str, str] = {
    "holds": "✓",
    "reversed": "✗",
    "undecided": "?",
    "not run": "–",
    "not judged": "–",
    "waiting": "…",
}
COLUMNS = ("claim", "paper", "ours", "verdict")


class Outcome(Protocol):
    """The part of a notebook's outcome that the summary reads."""

    @property
    def notebook(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def succeeded(self) -> bool: ...
    @property
    def record(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class TableSummary:
    """A table as the summary shows it; a fact that an older record lacks is None or empty."""

    notebook: str
    heading: str  # the heading of the notebook's section
    title: str
    slug: str
    profile: str  # the profile of the numbers shown, which may differ from the run's
    seeds: tuple[int, ...] | None
    hours: float | None  # time that all runs behind the table took to compute
    claims: tuple[Mapping[str, Any], ...]
    reproduced: tuple[Mapping[str, Any], ...] = ()  # numbers beside what the ledger expects

    def facts(self) -> list[str]:
        """List the notebook, the profile, the seeds and the hours, in words."""
        seeds = ", ".join(map(str, self.seeds or ())) or "none"
        with_label = "" if self.seeds is None else f"seed{'s' * (len(self.seeds) != 1)} {seeds}"
        facts = (self.notebook, self.profile, with_label, _time(self.hours))
        return [fact for fact in facts if fact]


@dataclass(frozen=True)
class Summary:
    """The tables of the notebooks that passed, and the number of notebooks that did not pass.

    The tables of a notebook that did not pass are left out.
    """

    tables: tuple[TableSummary, ...]
    absent: int = 0

    def totals(self) -> dict[str, int]:
        """Count the tables, the claims, and the claims of each verdict."""
        claims = [claim for table in self.tables for claim in table.claims]
        count = {word: sum(claim["verdict"] == word for claim in claims) for word in VERDICTS}
        return {
            "claims": len(claims),
            "tables": len(self.tables),
            "tables_with_claims": sum(bool(table.claims) for table in self.tables),
            **count,
        }

    def lead(self) -> str:
        """Say the totals in words."""
        n = self.totals()
        parts = [f"{_plural(n['claims'], 'claim')} in {_plural(n['tables_with_claims'], 'table')}"]
        if n["claims"]:
            parts[0] += (
                f": {n['holds']} hold{'s' * (n['holds'] == 1)}, {n['reversed']} reversed,"
                f" {n['undecided']} undecided"
            )
            parts[0] += "".join(
                f", {n[word]} {word}" for word in ("not judged", "waiting", "not run") if n[word]
            )
        if without_claims := n["tables"] - n["tables_with_claims"]:
            parts.append(f"{_plural(without_claims, 'table')} without claims")
        if self.absent:
            parts.append(
                f"{_plural(self.absent, 'notebook')} did not pass and"
                f" {'is' if self.absent == 1 else 'are'} left out"
            )
        return "; ".join(parts)

    def compared(self) -> str:
        """Say how many numbers of this run are as the ledger has them; empty if it has none."""
        numbers = [(table, one) for table in self.tables for one in table.reproduced]
        if not numbers:
            return ""
        differ = [(table, one) for table, one in numbers if not one["as_ledger"]]
        same = len(numbers) - len(differ)
        return (
            f"{same} of {_plural(len(numbers), 'number')} are as the ledger's: each lies where the"
            f" ledger expects one more seed to lie 95 times in 100. {len(differ)}"
            f" differ{'s' * (len(differ) == 1)}; by chance about {0.05 * len(numbers):.0f} would"
        )

    def differing(self) -> list[str]:
        """Name each number that is not as the ledger's."""
        return [
            f"{table.title}: {one['row']}, {one['column']}, seed {one['seed']}: {one['value']:.1f},"
            f" expected {one['low']:.1f} to {one['high']:.1f}"
            for table in self.tables
            for one in table.reproduced
            if not one["as_ledger"]
        ]

    def corrected(self) -> str:
        """Say how many verdicts stand when it counts that there are many claims."""
        claims = [claim for table in self.tables for claim in table.claims]
        tested = [claim for claim in claims if claim.get("p") is not None]
        verdicts = sum(claim["verdict"] in ("holds", "reversed") for claim in tested)
        if not verdicts:
            return ""
        still = sum(
            stands and claim["verdict"] in ("holds", "reversed")
            for stands, claim in zip(stand([one["p"] for one in tested]), tested, strict=True)
        )
        return (
            f"{still} of these {_plural(verdicts, 'verdict')} stand{'s' * (still == 1)} if one"
            f" allows for {_plural(len(tested), 'test')} (Benjamini-Hochberg, 5 %)"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the summary as plain data."""
        return {"totals": self.totals(), "tables": [asdict(table) for table in self.tables]}


def summarise(outcomes: Iterable[Outcome]) -> Summary:
    """Gather the tables of the notebooks that passed, in the order of the notebooks."""
    outcomes = tuple(outcomes)
    tables = [
        _summarise_table(outcome, table)
        for outcome in outcomes
        if outcome.succeeded
        for table in outcome.record.get("tables", [])
    ]
    return Summary(tuple(tables), sum(not outcome.succeeded for outcome in outcomes))


def heading(outcome: Outcome) -> str:
    """Return the heading of a notebook's section in Markdown."""
    return f"{outcome.notebook}: {outcome.title}"


def runs(counts: Mapping[str, int]) -> str:
    """Say in one sentence how many runs the notebooks ask for and how many of them differ.

    The text is empty where `counts` is.
    """
    every = _counted(
        counts,
        {"asked": f"run{'s' * (counts.get('asked') != 1)} asked for", "distinct": "distinct"},
    )
    pretrains = _counted(counts, {"pretrains_asked": "asked for", "pretrains_distinct": "distinct"})
    if pretrains:
        shared = ", so none was computed twice" if counts.get("pretrains_distinct") else ""
        pretrains = f"{'of them p' if every else 'P'}re-trainings: {pretrains}{shared}"
    sentence = "; ".join(part for part in (every, pretrains) if part)
    return f"{sentence}." if sentence else ""


def _counted(counts: Mapping[str, int], names: Mapping[str, str]) -> str:
    return ", ".join(f"{counts[name]} {words}" for name, words in names.items() if counts.get(name))


def cells(claim: Mapping[str, str]) -> list[str]:
    """Return the cells of a claim: its words and column, the paper's result, ours, the verdict."""
    where = f" [{claim['column']}]" if claim.get("column") else ""
    verdict = claim.get("words", claim["verdict"])
    return [f"{claim['claim']}{where}", str(claim["paper"]), str(claim["ours"]), verdict]


def verdict_of(words: str) -> str:
    """Return the verdict in some words: "holds on puppets (demo)" holds, "2 of 5 seeds" waits."""
    return next((word for word in VERDICTS if words.startswith(word)), "waiting")


def rows(summary: Summary) -> list[list[str]]:
    """Return the rows for Markdown: for each table its title and facts, then its claims."""
    lines = []
    for table in summary.tables:
        title = re.sub(r"([\[\]])", r"\\\1", table.title)
        lines.append(
            [f"**[{title}](#{anchor(table.heading)})** · {' · '.join(table.facts())}", "", "", ""]
        )
        for claim in table.claims:
            *first, words = cells(claim)
            lines.append([*first, f"{VERDICTS.get(claim['verdict'], '')} {words}".strip()])
        lines += [] if table.claims else [["no claims", "", "", ""]]
    return lines


def anchor(text: str) -> str:
    """Return the link target that Markdown readers make from a heading."""
    return re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")


def _summarise_table(outcome: Outcome, table: Mapping[str, Any]) -> TableSummary:
    seeds: Sequence[int] | None = table.get("seeds")
    return TableSummary(
        notebook=outcome.notebook,
        heading=heading(outcome),
        title=table["title"],
        slug=table.get("slug", ""),
        profile=table.get("profile", ""),
        seeds=None if seeds is None else tuple(seeds),
        hours=table.get("hours"),
        claims=tuple(table.get("claims", ())),
        reproduced=tuple(table.get("reproduced", ())),
    )


def _time(hours: float | None) -> str:
    if hours is None:
        return ""
    return f"{hours:.1f} h" if hours >= 0.1 or not hours else f"{hours * 60:.1f} min"


def _plural(count: int, word: str) -> str:
    return f"{count} {word}{'s' * (count != 1)}"
