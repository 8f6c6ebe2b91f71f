"""A table: our numbers beside the paper's, with what they may be called on their face."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from vssl.results.claims import Claim, Verdict, check, in_short, judge, tally
from vssl.results.printing import html_table, plain_table
from vssl.statistics import expected, half_width

Values = dict[str, dict[str, dict[int, float]]]  # column -> row -> seed -> value


@dataclass(frozen=True)
class Table:
    """Rows of a table with our values by seed and the paper's, and the verdicts on its claims."""

    slug: str
    title: str
    face: str  # profile, data, seeds: what every number here is
    values: Values
    # Column -> row -> the paper's number.
    reported: dict[str, dict[str, float]] = field(default_factory=dict)
    # Column -> row -> chance level.
    chance: dict[str, dict[str, float]] = field(default_factory=dict)
    claims: tuple[Claim, ...] = ()
    shows_rows: bool = True
    profile: str = ""  # whose numbers are shown
    hours: float = 0.0  # of computing, a run that several numbers need counted once
    # What older code measured; shown until the planned seeds of a row are there.
    older: Values = field(default_factory=dict)
    planned: tuple[int, ...] = ()  # seeds that the verdicts wait for; empty for a run of one's own
    absent: frozenset[tuple[str, str]] = frozenset()  # (column, row) that cannot be run here
    worlds: dict[str, str] = field(default_factory=dict)  # column -> what its verdicts are about
    provenance: str = ""  # where the numbers come from, in a line
    # What the ledger has, for a run of one's own; each of its numbers is held against this.
    known: Values = field(default_factory=dict)

    @property
    def rows(self) -> list[str]:
        """Row names, in order."""
        return list(dict.fromkeys(row for column in self.values.values() for row in column))

    @property
    def empty(self) -> bool:
        """Whether none of its numbers was ever measured."""
        return not any(
            self.shown(row, column) for column, rows in self.values.items() for row in rows
        )

    @property
    def seeds(self) -> list[int]:
        """Every seed of any number that is shown."""
        return sorted(
            {
                seed
                for column, rows in self.values.items()
                for row in rows
                for seed in self.shown(row, column)
            }
        )

    def shown(self, row: str, column: str) -> dict[int, float]:
        """The values of a row by seed, as far as they are shown.

        Where seeds were planned, no value is shown before all of them are there; until then it is
        what older code measured.
        """
        found = self.values.get(column, {}).get(row, {})
        if not self._waits(row, column):
            return {seed: value for seed, value in found.items() if seed in (self.planned or found)}
        return self.older.get(column, {}).get(row, {})

    def _waits(self, row: str, column: str) -> bool:
        """Whether planned seeds are missing."""
        if (column, row) in self.absent or row not in self.values.get(column, {}):
            return False
        found = self.values.get(column, {}).get(row, {})
        return any(seed not in found for seed in self.planned)

    def verdicts(self) -> list[Verdict]:
        """The claims, judged."""
        return [
            judge(
                claim,
                self.values[claim.column].get(claim.better, {}),
                self.values[claim.column].get(claim.worse, {}),
                () if self._is_absent(claim) else self.planned,
            )
            for claim in self.claims
        ]

    def _is_absent(self, claim: Claim) -> bool:
        """Whether a row of the claim cannot be run here."""
        return any((claim.column, row) in self.absent for row in (claim.better, claim.worse))

    def groups(self, *columns: str) -> dict[str, dict[str, list[float]]]:
        """The values of some columns, as figures read them: column -> row -> one value a seed.

        All columns, if none is named.
        """
        return {
            name: {row: list(self.shown(row, name).values()) for row in self.rows}
            for name in columns or self.values
        }

    def levels(self) -> dict[str, float]:
        """The chance level of each column whose rows share one."""
        return {
            column: level for column in self.values if (level := self._level(column)) is not None
        }

    def tally(self) -> str:
        """How many claims hold, are reversed, or are undecided, in a sentence."""
        if self.empty:
            return "Nothing of this was run yet"
        return tally(self.verdicts())

    def in_short(self) -> str:
        """The verdicts as sentences, to end a reading with; empty without claims."""
        return in_short(self.verdicts(), self.worlds)

    def judge(self, *claims: Claim) -> Table:
        """The same table with claims."""
        check(claims, self.rows, list(self.values))
        return replace(self, claims=(*self.claims, *claims))

    def claims_alone(self) -> Table:
        """The same claims without the rows, to show in a cell of their own."""
        return replace(self, shows_rows=False)

    def cell(self, row: str, column: str) -> str:
        """Mean, half-width of the 95 % interval, number of seeds."""
        if row not in self.values.get(column, {}):
            return "–"
        if (column, row) in self.absent:
            return "not run here"
        values, waits = list(self.shown(row, column).values()), self._waits(row, column)
        if not values and waits:
            there = set(self.values[column][row]) & set(self.planned)
            return f"{len(there)} of {len(self.planned)} seeds"
        if not values:
            return "not run"
        mean, half = float(np.mean(values)), half_width(values)
        seeds = "1 seed" if len(values) == 1 else f"{len(values)} seeds"
        about = f"{seeds}, older code" if waits else seeds
        digits = self._digits(column)
        spread = "" if math.isinf(half) else f" ± {half:.{digits}f}"
        return f"{mean:.{digits}f}{spread} ({about})"

    def reproduced(self) -> list[dict[str, Any]]:
        """Each number of one's own run beside the interval in which the ledger expects it."""
        found = []
        for column, rows in self.values.items():
            for row, values in rows.items():
                known = list(self.known.get(column, {}).get(row, {}).values())
                if len(known) < 2:
                    continue
                low, high = expected(known)
                for seed, value in values.items():
                    where = {"column": column, "row": row, "seed": seed, "value": value}
                    found.append(
                        where | {"low": low, "high": high, "as_ledger": low <= value <= high}
                    )
        return found

    def to_dict(self) -> dict[str, Any]:
        """The table as text, for the report and for nbval."""
        head = ["", *(name for column in self.values for name in self._heads(column))]
        lines = [[row, *self._cells(row)] for row in self.rows]
        if any(self._level(column) is not None for column in self.values):
            lines.append(["chance", *self._chance_cells()])
        claims = [
            {
                "claim": c.text,
                "paper": c.paper,
                "column": c.column,
                "ours": v.line(self._digits(c.column)),
                "verdict": v.verdict,
                "words": v.words(self.worlds.get(c.column, "")),
                "p": None if math.isnan(v.p) else v.p,
            }
            for c, v in zip(self.claims, self.verdicts(), strict=True)
        ]
        about = {
            "slug": self.slug,
            "profile": self.profile,
            "seeds": self.seeds,
            "hours": self.hours,
            "provenance": self.provenance,
            "in_short": self.in_short(),
            "reproduced": self.reproduced(),
        }
        return {
            "title": self.title,
            "caption": self.face,
            "columns": head,
            "rows": lines,
            "claims": claims,
            **about,
        }

    def _level(self, column: str) -> float | None:
        """The chance level that all rows of a column share.

        None where it is unknown or differs from row to row.
        """
        levels = {round(level, 6) for level in self.chance.get(column, {}).values()}
        return levels.pop() if len(levels) == 1 else None

    def _digits(self, column: str) -> int:
        """How many decimals a column shows: one, or two where the paper gives hundredths."""
        reported = self.reported.get(column, {}).values()
        return 1 if all(math.isclose(value, round(value, 1)) for value in reported) else 2

    def _varies(self, column: str) -> bool:
        return bool(self.chance.get(column)) and self._level(column) is None

    def _heads(self, column: str) -> list[str]:
        before = [f"{column}, paper"] if column in self.reported else []
        return [*before, column, *([f"{column}, chance"] if self._varies(column) else [])]

    def _cells(self, row: str) -> list[str]:
        cells = []
        for column in self.values:
            if column in self.reported:
                paper = self.reported[column].get(row)
                cells.append("–" if paper is None else f"{paper:.{self._digits(column)}f}")
            cells.append(self.cell(row, column))
            if self._varies(column):
                level = self.chance[column].get(row)
                cells.append("–" if level is None else f"{level:.1f}")
        return cells

    def _chance_cells(self) -> list[str]:
        cells = []
        for column in self.values:
            cells += ["–"] if column in self.reported else []
            level = self._level(column)
            cells.append("–" if level is None else f"{level:.1f}")
            cells += ["–"] if self._varies(column) else []
        return cells

    def __str__(self) -> str:
        shown = self.to_dict()
        return "\n\n".join(
            part
            for part in (
                f"{self.title}\n{self.face}",
                plain_table([shown["columns"], *shown["rows"]]) if self.shows_rows else "",
                self.provenance if self.shows_rows else "",
                "\n".join(
                    f"{c['verdict']:>9}: {c['claim']} [{c['column']}] {c['ours']}"
                    for c in shown["claims"]
                ),
                self.in_short(),
            )
            if part
        )

    __repr__ = __str__

    def _repr_html_(self) -> str:
        shown = self.to_dict()
        caption = f"{html.escape(self.title)}<br><small>{html.escape(self.face)}</small>"
        text = html_table(shown["columns"], shown["rows"], caption) if self.shows_rows else ""
        if self.shows_rows and self.provenance:
            text += f"<p><small>{html.escape(self.provenance)}</small></p>"
        if shown["claims"]:
            judged = [
                [c["claim"], c["column"], c["paper"], c["ours"], c["words"]]
                for c in shown["claims"]
            ]
            text += html_table(
                ["claim", "in", "the paper", "ours", "verdict"],
                judged,
                "" if self.shows_rows else caption,
            )
            text += f"<p>{html.escape(self.in_short())}</p>"
        return text
