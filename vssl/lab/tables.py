"""Tables: our numbers beside the paper's, with what they may be called on their face."""

from __future__ import annotations

import csv
import html
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from vssl import paths
from vssl.errors import VsslError
from vssl.lab import ledger
from vssl.lab.claims import Claim, Verdict, check, interval, judge
from vssl.lab.data import Data
from vssl.lab.profile import Scale
from vssl.lab.store import Run, costs, run

Values = dict[str, dict[str, dict[int, float]]]  # column -> row -> seed -> value
Reported = tuple[str, dict[str, str]]  # ("pace/table_4:Top1", our row -> the paper's slug)
Measured = dict[str, tuple[str, dict[str, list[Any]]]]  # column -> (metric, row -> experiments, one a seed)

WORDS = ("holds", "reversed", "undecided", "not run")


@dataclass(frozen=True)
class Table:
    """Rows of a table with our values by seed and the paper's, and the verdicts on its claims."""

    slug: str
    title: str
    face: str  # profile, data, seeds: what every number here is
    values: Values
    reported: dict[str, dict[str, float]] = field(default_factory=dict)  # column -> row -> the paper's number
    chance: dict[str, dict[str, float]] = field(default_factory=dict)  # column -> row -> chance level
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
        return sorted({seed for column in self.values.values() for row in column.values() for seed in row})

    def verdicts(self) -> list[Verdict]:
        """The claims, judged."""
        return [judge(c, self.values[c.column].get(c.better, {}), self.values[c.column].get(c.worse, {})) for c in self.claims]

    def groups(self, *columns: str) -> dict[str, dict[str, list[float]]]:
        """The values of some columns (all, if none is named) as figures want them: column -> row -> one value a seed."""
        return {name: {row: list(self.values[name].get(row, {}).values()) for row in self.rows} for name in columns or self.values}

    def levels(self) -> dict[str, float]:
        """The chance level of each column whose rows share one."""
        return {column: level for column in self.values if (level := self._level(column)) is not None}

    def tally(self) -> str:
        """How many claims hold, are reversed, or are undecided, in one line."""
        if self.empty:
            return "not run yet"
        verdicts = [verdict.verdict for verdict in self.verdicts()]
        counts = {word: verdicts.count(word) for word in WORDS if word in verdicts}
        parts = [f"{count} {'hold' if word == 'holds' and count > 1 else word}" for word, count in counts.items()]
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
        mean, half = interval(values)
        return f"{mean:.1f} (1 seed)" if math.isinf(half) else f"{mean:.1f} ± {half:.1f} ({len(values)} seeds)"

    def to_dict(self) -> dict[str, Any]:
        """The table as text, for the report and for nbval."""
        head = ["", *(name for column in self.values for name in self._heads(column))]
        lines = [[row, *self._cells(row)] for row in self.rows]
        if any(self._level(column) is not None for column in self.values):
            lines.append(["chance", *self._chance_cells()])
        claims = [
            {"claim": c.text, "paper": c.paper, "column": c.column, "ours": v.says(), "verdict": v.verdict}
            for c, v in zip(self.claims, self.verdicts(), strict=True)
        ]
        about = {"slug": self.slug, "profile": self.profile, "seeds": self.seeds, "hours": self.hours}
        return {"title": self.title, "caption": self.face, "columns": head, "rows": lines, "claims": claims, **about}

    def _level(self, column: str) -> float | None:
        """The chance level that all rows of a column share; none where it is unknown or differs from row to row."""
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
                "\n".join(f"{c['verdict']:>9}: {c['claim']} [{c['column']}] {c['ours']}" for c in shown["claims"]),
            )
            if part
        )

    __repr__ = __str__

    def _repr_html_(self) -> str:
        shown = self.to_dict()
        caption = f"{html.escape(self.title)}<br><small>{html.escape(self.face)}</small>"
        text = _html(shown["columns"], shown["rows"], caption) if self.shows_rows else ""
        if shown["claims"]:
            judged = [[c["claim"], c["column"], c["paper"], c["ours"], c["verdict"]] for c in shown["claims"]]
            text += _html(["claim", "in", "the paper", "ours", "verdict"], judged, "" if self.shows_rows else caption)
        return text


def every(*grids: Mapping[str, list[Any]]) -> list[Any]:
    """All experiments of some grids (row -> experiments, one a seed), for a notebook's plan."""
    return [experiment for grid in grids for row in grid.values() for experiment in row]


def table(
    slug: str, title: str, scale: Scale, measured: Measured, *, reported: dict[str, Reported] | None = None, show: str = "demo"
) -> Table:
    """Run what is not in the store, and show it; at the smoke profile run everything, but show the ledger's `show` profile.

    `measured`: column -> (metric, row -> experiments, one a seed of the scale). `reported`: column -> ("pace/table_4:Top1", row -> slug),
    the file and column of the paper's numbers and which of its rows stand beside ours.
    """
    values: Values = {}
    records: list[ledger.Record] = []
    unreadable = 0
    for column, (metric, rows) in measured.items():
        for row, experiments in rows.items():
            for seed, experiment in zip(scale.seeds, experiments, strict=True):
                found = run(experiment)
                values.setdefault(column, {}).setdefault(row, {})[seed] = found.metrics[metric]
                unreadable = max(unreadable, int(found.metrics.get("unreadable", 0)))
                records.append(_record(column, row, seed, metric, found, experiment, scale))
    papers = {column: beside(where, slugs) for column, (where, slugs) in (reported or {}).items()}
    if scale.profile != "smoke":
        ledger.leave(slug, scale.profile, records)
        face = _face(f"{scale.profile} profile", records)
        face += f"; {unreadable} unreadable videos are left out" if unreadable else ""
        return Table(slug, title, face, values, papers, _chances(records), profile=scale.profile, hours=_hours(records))
    return from_ledger(slug, title, show, {column: list(rows) for column, (_, rows) in measured.items()}, papers)


def from_ledger(
    slug: str, title: str, profile: str, rows: dict[str, list[str]], papers: dict[str, dict[str, float]] | None = None
) -> Table:
    """The table as the committed ledger has it; a row that was never run says so."""
    records = [r for r in ledger.read(slug, profile)["records"] if r["row"] in rows.get(r["column"], ())]
    values: Values = {column: {row: {} for row in names} for column, names in rows.items()}
    for record in records:
        values[record["column"]][record["row"]][record["seed"]] = record["value"]
    face = _face(f"{'from the ledger: ' if records else ''}{profile} profile", records)
    return Table(slug, title, face, values, papers or {}, _chances(records), profile=profile, hours=_hours(records))


def _face(profile: str, records: list[ledger.Record]) -> str:
    """What every number here is: profile, data, seeds."""
    if not records:
        return f"{profile}: not run yet"
    seeds = ", ".join(map(str, sorted({record["seed"] for record in records})))
    says = " and ".join(sorted({record["says"] for record in records}, reverse=True))
    return f"{profile}, {says}, seeds {seeds}; ± is a 95 % interval over seeds"


def _chances(records: list[ledger.Record]) -> dict[str, dict[str, float]]:
    levels: dict[str, dict[str, float]] = {}
    for record in records:
        if record.get("chance") is not None:
            levels.setdefault(record["column"], {})[record["row"]] = record["chance"]
    return levels


def _hours(records: list[ledger.Record]) -> float:
    """Computing time behind the records; a run that many of them needed counts once."""
    minutes = {key: spent for record in records for key, spent in record["minutes"].items()}
    return sum(minutes.values()) / 60


def beside(where: str, slugs: dict[str, str]) -> dict[str, float]:
    """The paper's numbers for our rows."""
    numbers = reported_column(where)
    for slug in slugs.values():
        if slug not in numbers:
            raise VsslError(f"{where} reports no row {slug!r}; it has {', '.join(numbers)}")
    return {row: numbers[slug] for row, slug in slugs.items()}


def reported_column(where: str) -> dict[str, float]:
    """The paper's numbers of one column, row -> value: "pace/table_4:Top1" is the column Top1 of data/reported/pace/table_4.csv."""
    name, _, column = where.partition(":")
    path = paths.reported() / f"{name}.csv"
    try:
        with open(path, newline="", encoding="utf-8") as file:
            lines = list(csv.DictReader(line for line in file if not line.startswith("#")))
    except FileNotFoundError:
        raise VsslError(f"no reported numbers at {path}; the file name is <paper>/<table>") from None
    if lines and column not in lines[0]:
        raise VsslError(f"{path} has no column {column!r}; it has {', '.join(lines[0])}")
    return {line["row"]: float(line[column]) for line in lines if line[column] not in ("", "-")}


def _record(column: str, row: str, seed: int, metric: str, found: Run, experiment: Any, scale: Scale) -> ledger.Record:
    names = ("key", "code", "memory_mb", "hardware", "threads", "versions", "commit", "date")
    data = data_of(experiment) or scale.data()
    return {
        **{name: found.record[name] for name in names},
        "minutes": {name: round(minutes, 2) for name, minutes in costs(experiment).items()},  # of this run and of those it needed
        "column": column,
        "row": row,
        "seed": seed,
        "metric": metric,
        "value": found.metrics[metric],
        "chance": _chance(metric, found.metrics),
        "profile": scale.profile,
        "data": f"{data.name}-{data.digest}-split{_splits(experiment)}",
        "says": data.says(),
    }


def _chance(metric: str, metrics: dict[str, float]) -> float | None:
    """What blind guessing scores by this metric: R@5 by chance is more than R@1, and five guesses are right five times as often as one."""
    if f"chance {metric}" in metrics or "chance" not in metrics:
        return metrics.get(f"chance {metric}")
    return min(100.0, 5 * metrics["chance"]) if metric == "top5" else metrics["chance"]


def data_of(experiment: Any) -> Data | None:
    """The data that an experiment tests on: its own, or that of what it needs."""
    if isinstance(getattr(experiment, "data", None), Data):
        return experiment.data
    return next((found for need in experiment.needs() if (found := data_of(need))), None)


def _splits(experiment: Any) -> str:
    """The official split that an experiment is tested on; all of them where it is a mean."""
    tested = {found.split for part in getattr(experiment, "parts", (experiment,)) if (found := data_of(part))}
    return "+".join(map(str, sorted(tested))) or "1"


def _html(columns: list[str], rows: list[list[str]], caption: str = "") -> str:
    """A table whose first column names the rows, readable by a screen reader."""
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in columns)
    body = ""
    for first, *rest in rows:
        cells = "".join(f"<td>{html.escape(cell)}</td>" for cell in rest)
        body += f'<tr><th scope="row" style="text-align:left">{html.escape(first)}</th>{cells}</tr>'
    return f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _plain(lines: list[list[str]]) -> str:
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return "\n".join(
        "  ".join(cell.rjust(width) if place else cell.ljust(width) for place, (cell, width) in enumerate(zip(line, widths, strict=True)))
        for line in lines
    )
