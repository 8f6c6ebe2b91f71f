"""What a benchmark found: one row a contender, kept in the speed ledger, and read as a table with ratios."""

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
    """What a contender took in each round.

    wall   seconds on the clock: what a user waits for, and what neighbours on a shared machine
           disturb.
    core   seconds of processor time, of all threads and of child processes that have ended: what
           the work costs.
    """

    wall: tuple[float, ...]
    core: tuple[float, ...]


@dataclass(frozen=True)
class Row:
    """One contender in one race: `amount` units of work a round, and the seconds of each round.

    A contender that could not run has no rounds; `note` says why, or what is to be known of its
    figure. `kind` is which seconds count: processor time ("core"), or the clock's ("wall") where a
    GPU or several processes do the work.
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
        """Units a second, of the kind that counts or of another: the median round."""
        return self.amount / median(getattr(self, kind or self.kind))

    def spread(self, kind: str = "") -> tuple[float, float]:
        """The rates of the slowest and the fastest round."""
        seconds = getattr(self, kind or self.kind)
        return self.amount / max(seconds), self.amount / min(seconds)


def ratio(ours: Timing, theirs: Timing, kind: str = "core") -> tuple[float, float, float]:
    """How many times longer they took: the median of the rounds, the lowest and the highest."""
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
    """A race's rows; `layouts`, `precisions` and `notes` say by contender what differs from the usual."""
    told = {name: more.get(name, {}) for name in ("layouts", "precisions", "notes")}
    return [
        Row(
            *(stage, case, name, unit, amount, timing.wall, timing.core),
            precision=told["precisions"].get(name, "float32"),
            layout=told["layouts"].get(name, ""),
            note=told["notes"].get(name, ""),
            kind=kind,
        )
        for name, timing in timings.items()
    ]


def absent(stage: str, case: str, unit: str, missing: dict[str, str]) -> list[Row]:
    """Rows of contenders that could not run, with the reason."""
    return [Row(stage, case, name, unit, 0, note=reason) for name, reason in missing.items()]


# ------------------------------------------------------------ as a table


def text(found: Sequence[Row]) -> str:
    """The rows as lines: a race under its heading, ours first, the others with how many times faster ours is."""
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
    """Three digits of a figure: more is noise."""
    if value >= 1000:
        return f"{float(f'{value:.3g}'):,.0f}"
    return f"{value:.3g}"


# ------------------------------------------------------------ in the ledger


def folder() -> Path:
    """Where the speed ledger lies: a file a machine."""
    return paths.ledger() / "speed"


def add(found: Iterable[Row], about: dict[str, Any]) -> Path:
    """Put rows into this machine's file.

    A row of the same race, contender and versions takes the place of the old one.
    """
    path = folder() / f"{slug(about)}.json"
    with files.locked(paths.runs() / "speed.lock"):
        kept = {_place(record): record for record in (_read(path) if path.exists() else [])}
        kept |= {_place(record): record for record in records(found, about)}
        files.write_json(path, [kept[place] for place in sorted(kept)])
    return path


def records(found: Iterable[Row], about: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows as the ledger holds them: with the machine, versions, commit and date they were made with."""
    return [{**asdict(row), **about} for row in found]


def slug(about: dict[str, Any]) -> str:
    """A machine as a file's name."""
    return re.sub(r"[^a-z0-9]+", "-", about["hardware"].lower()).strip("-")


def read() -> list[dict[str, Any]]:
    """All records of the speed ledger: a row's fields, and the machine, versions, commit and date it was made with."""
    return [record for path in sorted(folder().glob("*.json")) for record in _read(path)]


def row_of(record: dict[str, Any]) -> Row:
    """A record as a row again."""
    return Row(
        **{
            name: tuple(value) if name in ("wall", "core") else value
            for name, value in record.items()
            if name in Row.__dataclass_fields__
        }
    )


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
