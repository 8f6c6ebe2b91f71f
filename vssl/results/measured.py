"""From experiments, or from the committed ledger, to a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vssl.lab.data import Data
from vssl.lab.scale import Scale
from vssl.lab.store import Run, costs, run
from vssl.results import ledger
from vssl.results.reported import beside
from vssl.results.tables import Table, Values

Reported = tuple[str, dict[str, str]]  # ("pace/table_4:Top1", our row -> the paper's slug)
# Column -> (metric, row -> experiments, one a seed).
Measured = dict[str, tuple[str, dict[str, list[Any]]]]


def every(*grids: Mapping[str, list[Any]]) -> list[Any]:
    """All experiments of some grids (row -> experiments, one a seed), for a notebook's plan."""
    return [experiment for grid in grids for row in grid.values() for experiment in row]


def table(
    slug: str,
    title: str,
    scale: Scale,
    measured: Measured,
    *,
    reported: dict[str, Reported] | None = None,
    show: str = "demo",
) -> Table:
    """Run what is not in the store, and show it.

    At the smoke profile run everything, but show the ledger's `show` profile.

    `measured`: column -> (metric, row -> experiments, one a seed of the scale). `reported`: column
    -> ("pace/table_4:Top1", row -> slug), the file and column of the paper's numbers and which of
    its rows stand beside ours.
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
        return Table(
            slug,
            title,
            face,
            values,
            papers,
            _chances(records),
            profile=scale.profile,
            hours=_hours(records),
        )
    return from_ledger(
        slug, title, show, {column: list(rows) for column, (_, rows) in measured.items()}, papers
    )


def from_ledger(
    slug: str,
    title: str,
    profile: str,
    rows: dict[str, list[str]],
    papers: dict[str, dict[str, float]] | None = None,
) -> Table:
    """The table as the committed ledger has it; a row that was never run says so."""
    records = [
        r for r in ledger.read(slug, profile)["records"] if r["row"] in rows.get(r["column"], ())
    ]
    values: Values = {column: {row: {} for row in names} for column, names in rows.items()}
    for record in records:
        values[record["column"]][record["row"]][record["seed"]] = record["value"]
    face = _face(f"{'from the ledger: ' if records else ''}{profile} profile", records)
    return Table(
        slug,
        title,
        face,
        values,
        papers or {},
        _chances(records),
        profile=profile,
        hours=_hours(records),
    )


def _face(profile: str, records: list[ledger.Record]) -> str:
    """What every number here is: profile, data, seeds."""
    if not records:
        return f"{profile}: not run yet"
    seeds = ", ".join(map(str, sorted({record["seed"] for record in records})))
    data = " and ".join(sorted({record["says"] for record in records}, reverse=True))
    return f"{profile}, {data}, seeds {seeds}; ± is a 95 % interval over seeds"


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


def _record(
    column: str, row: str, seed: int, metric: str, found: Run, experiment: Any, scale: Scale
) -> ledger.Record:
    names = ("key", "code", "memory_mb", "hardware", "threads", "versions", "commit", "date")
    data = data_of(experiment) or scale.data()
    return {
        **{name: found.record[name] for name in names},
        # Of this run and of those it needed.
        "minutes": {name: round(minutes, 2) for name, minutes in costs(experiment).items()},
        "column": column,
        "row": row,
        "seed": seed,
        "metric": metric,
        "value": found.metrics[metric],
        "chance": _chance(metric, found.metrics),
        "profile": scale.profile,
        "data": f"{data.name}-{data.digest}-split{_splits(experiment)}{data.variant()}",
        "says": data.title(),
    }


def _chance(metric: str, metrics: dict[str, float]) -> float | None:
    """What blind guessing scores by this metric, where the run knows it.

    Five guesses are right more often than one, so "chance" does not stand beside "top5".
    """
    return metrics.get(f"chance {metric}", None if metric == "top5" else metrics.get("chance"))


def data_of(experiment: Any) -> Data | None:
    """The data that an experiment tests on: its own, or that of what it needs."""
    if isinstance(getattr(experiment, "data", None), Data):
        return experiment.data
    return next((found for need in experiment.needs() if (found := data_of(need))), None)


def _splits(experiment: Any) -> str:
    """The official split that an experiment is tested on; all of them where it is a mean."""
    tested = {
        found.split
        for part in getattr(experiment, "parts", (experiment,))
        if (found := data_of(part))
    }
    return "+".join(map(str, sorted(tested))) or "1"
