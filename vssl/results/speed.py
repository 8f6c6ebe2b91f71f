"""The rows of speed: what a benchmark measured, as a table and as records of the speed ledger."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from itertools import groupby
from pathlib import Path
from statistics import median
from typing import Any

from vssl import files, paths
from vssl.errors import VsslError

OURS = "vssl"


@dataclass(frozen=True)
class Timing:
    """The seconds that a contender took in each round.

    wall   seconds on the clock. A user waits for these; other work on the machine disturbs them.
    core   seconds of processor time, of all threads and of child processes that have ended. This
           is what the work costs.
    """

    wall: tuple[float, ...]
    core: tuple[float, ...]


@dataclass(frozen=True)
class Row:
    """One contender in one race: `amount` units of work a round, and the seconds of each round.

    A contender that could not run has no rounds, and its `note` says why. Otherwise the note says
    what one must know about its figure. `kind` says which seconds count: processor time ("core"),
    or the clock ("wall") where a GPU or several processes do the work.
    """

    stage: str
    case: str
    contender: str
    unit: str
    amount: float
    wall: tuple[float, ...] = ()
    core: tuple[float, ...] = ()
    precision: str = "float32"
    layout: str = ""
    note: str = ""
    kind: str = "core"
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def timing(self) -> Timing:
        """The rounds."""
        return Timing(self.wall, self.core)

    def rate(self, kind: str = "") -> float:
        """Units a second in the median round, by the seconds that count or by the kind given."""
        return self.amount / median(getattr(self, kind or self.kind))

    def spread(self, kind: str = "") -> tuple[float, float]:
        """The rates of the slowest and the fastest round."""
        seconds = getattr(self, kind or self.kind)
        return self.amount / max(seconds), self.amount / min(seconds)


def ratio(ours: Timing, theirs: Timing, kind: str = "core") -> tuple[float, float, float]:
    """How many times as long they took as ours: the median round, the lowest and the highest."""
    each = [b / a for a, b in zip(getattr(ours, kind), getattr(theirs, kind), strict=True)]
    return median(each), min(each), max(each)


def rows(
    stage: str,
    case: str,
    unit: str,
    amount: float,
    timings: dict[str, Timing],
    kind: str = "core",
    **more: Any,
) -> list[Row]:
    """The rows of a race.

    `layouts`, `precisions` and `notes` give, by contender, what is not the default of a row.
    """
    details = {name: more.get(name, {}) for name in ("layouts", "precisions", "notes")}
    return [
        Row(
            *(stage, case, name, unit, amount, timing.wall, timing.core),
            precision=details["precisions"].get(name, "float32"),
            layout=details["layouts"].get(name, ""),
            note=details["notes"].get(name, ""),
            kind=kind,
        )
        for name, timing in timings.items()
    ]


def absent(stage: str, case: str, unit: str, missing: dict[str, str]) -> list[Row]:
    """Rows of contenders that could not run, with the reason."""
    return [Row(stage, case, name, unit, 0, note=reason) for name, reason in missing.items()]


# ------------------------------------------------------------ as a table


def text(found: Sequence[Row]) -> str:
    """The rows as lines of text, with a heading for each race.

    Beside every other contender stands how many times as fast ours is.
    """
    lines = []
    for (stage, case), group in groupby(found, lambda row: (row.stage, row.case)):
        race = list(group)
        lines += ["", f"{stage}: {case}"]
        ours = next((row for row in race if row.contender == OURS and row.core), None)
        for row in race:
            lines.append("  " + _line(row, ours))
    return "\n".join(lines).strip("\n")


def _line(row: Row, ours: Row | None) -> str:
    name = f"{row.contender:<34}"
    if not row.core:
        return f"{name} not run: {row.note}"
    low, high = row.spread()
    figure = (
        f"{brief(row.rate()):>8} {row.unit} a {'core-second' if row.kind == 'core' else 'second'}"
        f" ({brief(low)} to {brief(high)})"
    )
    against = ""
    if ours is not None and row is not ours:
        middle, least, most = ratio(ours.timing, row.timing, row.kind)
        against = f"   vssl is {brief(middle)} times as fast ({brief(least)} to {brief(most)})"
    return f"{name} {figure:<58}{against}{'   ' + row.note if row.note else ''}".rstrip()


def brief(value: float) -> str:
    """A figure with three digits, because more would be noise."""
    if value >= 1000:
        return f"{float(f'{value:.3g}'):,.0f}"
    return f"{value:.3g}"


# ------------------------------------------------------------ in the ledger


def folder() -> Path:
    """The folder of the speed ledger, which has one file for each machine."""
    return paths.ledger() / "speed"


def add(found: Iterable[Row], about: dict[str, Any]) -> Path:
    """Put rows into the file of the machine that `about` names, and return its path.

    A row replaces an older one of the same race, contender, precision, layout, number of threads
    and version of torch.
    """
    path = folder() / f"{slug(about)}.json"
    with files.locked(paths.runs() / "speed.lock"):
        kept = {_place(record): record for record in (_read(path) if path.exists() else [])}
        kept |= {_place(record): record for record in records(found, about)}
        files.write_json(path, [kept[place] for place in sorted(kept)])
    return path


def records(found: Iterable[Row], about: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows as records of the ledger, each with its machine, versions, commit and date."""
    return [{**asdict(row), **about} for row in found]


def slug(about: dict[str, Any]) -> str:
    """The name of a machine's file, without its ending."""
    return re.sub(r"[^a-z0-9]+", "-", about["hardware"].lower()).strip("-")


def read() -> list[dict[str, Any]]:
    """All records of the speed ledger: rows with their machine, versions, commit and date."""
    return [record for path in sorted(folder().glob("*.json")) for record in _read(path)]


def row_of(record: dict[str, Any]) -> Row:
    """The row that a record was made from."""
    values: dict[str, Any] = {
        name: tuple(value) if name in ("wall", "core") else value
        for name, value in record.items()
        if name in Row.__dataclass_fields__
    }
    return Row(**values)


def _read(path: Path) -> list[dict[str, Any]]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise VsslError(
            f"the speed ledger {path} is not JSON ({error}); restore it from git"
        ) from error


def _place(record: dict[str, Any]) -> tuple:
    names = ("stage", "case", "contender", "precision", "layout")
    return (*(record[name] for name in names), record["threads"], record["versions"]["torch"])
