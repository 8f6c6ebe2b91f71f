"""The speed ledger as somebody reads it: one machine at a time, a race at a time, ours against the best of the others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal

from vssl.results.speed import OURS, Row, ratio, row_of

# What does less than the job: it shows what no contender can pass, and is no contender.
DECODER_ALONE, COPY = "decoder alone, no picture made", "a plain copy of as many bytes"
FLOORS = (DECODER_ALONE, COPY)
STAGES = (
    "decode",
    "store",
    "gather",
    "upload",
    "augment",
    "loss",
    "step",
    "train",
    "beside",
    "growth",
)

Kind = Literal["ours", "also ours", "other", "floor"]


@dataclass(frozen=True)
class Place:
    """One machine with one set of versions, and all that was measured there."""

    hardware: str
    threads: int
    versions: dict[str, str]
    commits: tuple[str, ...]
    dates: tuple[str, ...]
    rows: tuple[Row, ...]

    @property
    def gpu(self) -> bool:
        """Whether it is named after a GPU: a machine without one is named after its processor and its number of cores."""
        return not re.search(r", \d+ cores$", self.hardware)

    def races(self, stage: str) -> dict[str, list[Row]]:
        """The races of a stage by their case: ours, our other ways, the rest from fast to slow, floors, and who could not run."""
        found = sorted((row for row in self.rows if row.stage == stage), key=lambda row: row.case)
        return {
            case: sorted(race, key=_order) for case, race in groupby(found, lambda row: row.case)
        }


@dataclass(frozen=True)
class Against:
    """Ours beside the best of the others in one race: how many times as fast, in the median round, the worst and the best."""

    ours: Row
    best: Row
    times: float
    least: float
    most: float

    @property
    def verdict(self) -> str:
        """Faster or slower only where every round says so."""
        return "faster" if self.least > 1 else "slower" if self.most < 1 else "even"


def places(records: Iterable[dict[str, Any]]) -> list[Place]:
    """The ledger by machine, threads and version of torch.

    The place with most rows first, of two alike the one measured last.
    """
    together: dict[tuple, list[dict[str, Any]]] = {}
    for record in records:
        together.setdefault(
            (record["hardware"], record["threads"], record["versions"]["torch"]), []
        ).append(record)
    found = [_place(*key[:2], some) for key, some in together.items()]
    return sorted(found, key=lambda place: (len(place.rows), place.dates[-1]), reverse=True)


def chosen(records: Iterable[dict[str, Any]], gpu: bool = False) -> Place | None:
    """The machine to read of: the one with most rows among those with a GPU, or among those without; None where there is none."""
    return next((place for place in places(records) if place.gpu == gpu), None)


def kind(row: Row) -> Kind:
    """What a contender is to us."""
    if row.contender == OURS:
        return "ours"
    if row.contender.startswith(f"{OURS},"):
        return "also ours"
    return "floor" if row.contender in FLOORS else "other"


def against(race: Sequence[Row]) -> Against | None:
    """Ours against the fastest of the others; None where nobody else ran.

    Our own other ways and floors are no others.
    """
    ours = next((row for row in race if kind(row) == "ours" and row.core), None)
    others = [row for row in race if kind(row) == "other" and row.core]
    if ours is None or not others:
        return None
    best = max(others, key=Row.rate)
    return Against(ours, best, *ratio(ours.timing, best.timing, ours.kind))


def ceiling(race: Sequence[Row]) -> float | None:
    """How many times as fast as the best of the others anybody could be: the floor against it.

    None without a floor.
    """
    found, floor = (
        against(race),
        next((row for row in race if kind(row) == "floor" and row.core), None),
    )
    return ratio(floor.timing, found.best.timing, floor.kind)[0] if found and floor else None


def pixels(row: Row) -> int:
    """Pixels of one clip as a case names its size ("16x112x112"; of two sizes, the first)."""
    frames, height, width = map(int, re.search(r"(\d+)x(\d+)x(\d+)", row.case).groups())
    return frames * height * width


def _place(hardware: str, threads: int, records: list[dict[str, Any]]) -> Place:
    dates = tuple(sorted({record["date"] for record in records}))
    newest = max(records, key=lambda record: record["date"])
    commits = tuple(sorted({record["commit"] for record in records}))
    return Place(
        hardware,
        threads,
        newest["versions"],
        commits,
        dates,
        tuple(row_of(record) for record in records),
    )


def _order(row: Row) -> tuple:
    place = ("ours", "also ours", "other", "floor").index(kind(row))
    return (not row.core, place, -row.rate() if row.core else 0.0, row.contender)
