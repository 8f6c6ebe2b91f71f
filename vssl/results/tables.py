"""A table: our numbers beside the paper's, with what they may be called on their face."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from vssl.results.claims import WORDS, Claim, Verdict, check, judge
from vssl.statistics import half_width

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

    @property
    def rows(self) -> list[str]:
        """Row names, in order."""
        return list(dict.fromkeys(row for column in self.values.values() for row in column))

    @property
    def empty(self) -> bool:
        """Whether none of its numbers was ever measured."""
        return not self.seeds

    @property
    def seeds(self) -> list[int]:
        """Every seed of any number."""
        return sorted(
            {seed for column in self.values.values() for row in column.values() for seed in row}
        )

    def verdicts(self) -> list[Verdict]:
        """The claims, judged."""
        return [
            judge(
                c, self.values[c.column].get(c.better, {}), self.values[c.column].get(c.worse, {})
            )
            for c in self.claims
        ]

    def groups(self, *columns: str) -> dict[str, dict[str, list[float]]]:
        """The values of some columns, as figures read them: column -> row -> one value a seed.

        All columns, if none is named.
        """
        return {
            name: {row: list(self.values[name].get(row, {}).values()) for row in self.rows}
            for name in columns or self.values
        }

    def levels(self) -> dict[str, float]:
        """The chance level of each column whose rows share one."""
        return {
            column: level for column in self.values if (level := self._level(column)) is not None
        }

    def tally(self) -> str:
        """How many claims hold, are reversed, or are undecided, in one line."""
        if self.empty:
            return "not run yet"
        verdicts = [verdict.verdict for verdict in self.verdicts()]
        counts = {word: verdicts.count(word) for word in WORDS if word in verdicts}
        parts = [
            f"{count} {'hold' if word == 'holds' and count > 1 else word}"
            for word, count in counts.items()
        ]
        return f"{len(verdicts)} claims: {', '.join(parts)}"

    def judge(self, *claims: Claim) -> Table:
        """The same table with claims."""
        check(claims, self.rows, list(self.values))
        return replace(self, claims=(*self.claims, *claims))

    def claims_alone(self) -> Table:
        """The same claims without the rows, to show in a cell of their own."""
        return replace(self, shows_rows=False)

    def cell(self, row: str, column: str) -> str:
        """Mean, half-width of the 95 % interval, number of seeds."""
        values = list(self.values.get(column, {}).get(row, {}).values())
        if not values:
            return "not run"
        mean, half = float(np.mean(values)), half_width(values)
        if math.isinf(half):
            return f"{mean:.1f} (1 seed)"
        return f"{mean:.1f} ± {half:.1f} ({len(values)} seeds)"

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
                "ours": v.line(),
                "verdict": v.verdict,
            }
            for c, v in zip(self.claims, self.verdicts(), strict=True)
        ]
        about = {
            "slug": self.slug,
            "profile": self.profile,
            "seeds": self.seeds,
            "hours": self.hours,
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
                cells.append("–" if paper is None else f"{paper:.1f}")
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
                _plain([shown["columns"], *shown["rows"]]) if self.shows_rows else "",
                "\n".join(
                    f"{c['verdict']:>9}: {c['claim']} [{c['column']}] {c['ours']}"
                    for c in shown["claims"]
                ),
            )
            if part
        )

    __repr__ = __str__

    def _repr_html_(self) -> str:
        shown = self.to_dict()
        caption = f"{html.escape(self.title)}<br><small>{html.escape(self.face)}</small>"
        text = _html(shown["columns"], shown["rows"], caption) if self.shows_rows else ""
        if shown["claims"]:
            judged = [
                [c["claim"], c["column"], c["paper"], c["ours"], c["verdict"]]
                for c in shown["claims"]
            ]
            text += _html(
                ["claim", "in", "the paper", "ours", "verdict"],
                judged,
                "" if self.shows_rows else caption,
            )
        return text


def _html(columns: list[str], rows: list[list[str]], caption: str = "") -> str:
    """A table whose first column names the rows, readable by a screen reader."""
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in columns)
    body = ""
    for first, *rest in rows:
        cells = "".join(f"<td>{html.escape(cell)}</td>" for cell in rest)
        body += f'<tr><th scope="row" style="text-align:left">{html.escape(first)}</th>{cells}</tr>'
    top = f"<caption>{caption}</caption><thead><tr>{head}</tr></thead>"
    return f"<table>{top}<tbody>{body}</tbody></table>"


def _plain(lines: list[list[str]]) -> str:
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    )
