"""The numbers that a notebook asks for, before any of them is there.

A notebook's plan declares them, so that they can be counted, estimated, computed in any order and
written down one by one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from vssl.errors import VsslError
from vssl.lab.age import code_of
from vssl.lab.data import Data
from vssl.lab.scale import Scale
from vssl.lab.store import Run, costs
from vssl.results import ledger
from vssl.results.ledger import Record

# Column -> (metric, row -> experiments, one a seed).
Measured = dict[str, tuple[str, dict[str, list[Any]]]]


class Place(NamedTuple):
    """Where a number stands in the ledger, and the experiment whose metric it is."""

    slug: str
    profile: str
    column: str
    row: str
    seed: int
    metric: str
    experiment: Any
    data: Data  # that of the notebook, for an experiment that names none
    rows: dict[str, list[str]]  # all that its table wants

    def leave(self, found: Run) -> None:
        """Write the number down for `vssl ledger --add`."""
        ledger.leave(self.slug, self.profile, [self.record(found)], rows=self.rows)

    def record(self, found: Run) -> Record:
        """The number with all that made it, as the ledger keeps it."""
        names = ("key", "code", "memory_mb", "hardware", "versions", "commit", "date")
        data = data_of(self.experiment) or self.data
        frames = found.record["frames"].values()
        return {
            **{name: found.record[name] for name in names},
            # Of this run and of those it needed.
            "minutes": {name: round(spent, 2) for name, spent in costs(self.experiment).items()},
            "column": self.column,
            "row": self.row,
            "seed": self.seed,
            "metric": self.metric,
            "value": found.metrics[self.metric],
            "chance": _chance(self.metric, found.metrics),
            "failed": sorted({name for made in frames for name in made["failed"]}),
            "data": f"{data.name}-{data.digest}-split{_splits(self.experiment)}{data.variant()}",
            "title": data.title(),
        }


@dataclass(frozen=True)
class Numbers:
    """The numbers of a table: for each column a metric, and for each row an experiment a seed.

    A row without experiments cannot be run here; it keeps its place in the table.
    """

    slug: str
    scale: Scale
    columns: Measured

    def __post_init__(self) -> None:
        for column, (_, rows) in self.columns.items():
            for row, experiments in rows.items():
                if len(experiments) not in (0, len(self.scale.seeds)):
                    raise VsslError(
                        f"{self.slug}: row {row!r} of column {column!r} has {len(experiments)}"
                        f" experiments for {len(self.scale.seeds)} seeds; give one for each seed"
                    )

    def places(self) -> Iterator[Place]:
        """Every number, all rows and columns of one seed before the next seed."""
        profile, data, asked = self.scale.profile, self.scale.data(), self.rows(asked=True)
        names = dict.fromkeys(row for _, rows in self.columns.values() for row in rows)
        for number, seed in enumerate(self.scale.seeds):
            for row in names:
                for column, (metric, rows) in self.columns.items():
                    if rows.get(row):
                        where = (self.slug, profile, column, row, seed, metric)
                        yield Place(*where, rows[row][number], data, asked)

    def missing(self) -> list[Place]:
        """The numbers that neither the committed nor the pending ledger has.

        A table is of one code: if some of its numbers are missing, those that other code made are
        missing too. A table that is whole stays as it is.
        """
        there = ledger.present(self.slug, self.scale.profile)
        found = [
            (place, there.get((place.column, place.row, place.seed))) for place in self.places()
        ]
        if all(record and record["key"] == place.experiment.key() for place, record in found):
            return []
        return [
            place
            for place, record in found
            if record is None
            or record["key"] != place.experiment.key()
            or record["code"] != code_of(place.experiment)
        ]

    def experiments(self) -> list[Any]:
        """The experiments behind the numbers, in the same order; each once."""
        return list({id(place.experiment): place.experiment for place in self.places()}.values())

    def rows(self, asked: bool = False) -> dict[str, list[str]]:
        """The names of the rows of each column; only of those that can be run, if `asked`."""
        return {
            column: [row for row in rows if rows[row] or not asked]
            for column, (_, rows) in self.columns.items()
        }


def data_of(experiment: Any) -> Data | None:
    """The data that an experiment tests on: its own, or that of what it needs."""
    if isinstance(getattr(experiment, "data", None), Data):
        return experiment.data
    return next((found for need in experiment.needs() if (found := data_of(need))), None)


def _chance(metric: str, metrics: dict[str, float]) -> float | None:
    """What blind guessing scores by this metric, where the run knows it.

    Five guesses are right more often than one, so "chance" does not stand beside "top5".
    """
    return metrics.get(f"chance {metric}", None if metric == "top5" else metrics.get("chance"))


def _splits(experiment: Any) -> str:
    """The official split that an experiment is tested on; all of them where it is a mean."""
    tested = {
        found.split
        for part in getattr(experiment, "parts", (experiment,))
        if (found := data_of(part))
    }
    return "+".join(map(str, sorted(tested))) or "1"
