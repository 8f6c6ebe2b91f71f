"""How the speed ledger is read: one machine and one race at a time.

A race holds our own way against the fastest of the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal

from vssl.results.speed import OURS, Row, ratio, row_of

# A floor does only the part of the work that nobody can leave out. It shows how fast a contender
# could be at best, and it is not a contender itself.
DECODER_ALONE, COPY = "decoder alone, no picture made", "a plain copy of as many bytes"
FLOORS = (DECODER_ALONE, COPY)
STAGES = (
    "decode",
    "store",
    "gather",
    "upload",
    "augment",
    "loss",
    "similarity",
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
        """Whether the machine has a GPU.

        Such a machine is named after its GPU, any other after its processor and number of cores.
        """
        return not re.search(r", \d+ cores$", self.hardware)

    def races(self, stage: str) -> dict[str, list[Row]]:
        """The races of a stage, by their case.

        The order in a race is ours, our other ways, the others from fast to slow, floors, and last
        the contenders that could not run.
        """
        found = sorted((row for row in self.rows if row.stage == stage), key=lambda row: row.case)
        return {
            case: sorted(race, key=_order) for case, race in groupby(found, lambda row: row.case)
        }


@dataclass(frozen=True)
class Against:
    """Ours beside the best of the others in one race.

    `times` is how many times as fast ours is in the median round; `least` and `most` are the same
    in our worst and in our best round.
    """

    ours: Row
    best: Row
    times: float
    least: float
    most: float

    @property
    def verdict(self) -> str:
        """Whether ours is faster or slower; it is even unless all rounds agree."""
        return "faster" if self.least > 1 else "slower" if self.most < 1 else "even"


def places(records: Iterable[dict[str, Any]]) -> list[Place]:
    """The records grouped by machine, number of threads and version of torch.

    The place with the most rows comes first; between equal numbers, the one measured last.
    """
    grouped: dict[tuple[str, int, str], list[dict[str, Any]]] = {}
    for record in records:
        grouped.setdefault(
            (record["hardware"], record["threads"], record["versions"]["torch"]), []
        ).append(record)
    found = [_place(hardware, threads, some) for (hardware, threads, _), some in grouped.items()]
    return sorted(found, key=lambda place: (len(place.rows), place.dates[-1]), reverse=True)


def chosen(records: Iterable[dict[str, Any]], gpu: bool = False) -> Place | None:
    """The place with the most rows, among machines with a GPU or among those without one.

    None if the records hold no such machine.
    """
    return next((place for place in places(records) if place.gpu == gpu), None)


def kind(row: Row) -> Kind:
    """Whether a contender is ours, another way of ours, somebody else's, or a floor."""
    if row.contender == OURS:
        return "ours"
    if row.contender.startswith(f"{OURS},"):
        return "also ours"
    return "floor" if row.contender in FLOORS else "other"


def against(race: Sequence[Row]) -> Against | None:
    """Ours against the fastest of the others; None where nobody else ran.

    Our own other ways and the floors do not count as others.
    """
    ours = next((row for row in race if kind(row) == "ours" and row.core), None)
    others = [row for row in race if kind(row) == "other" and row.core]
    if ours is None or not others:
        return None
    best = max(others, key=Row.rate)
    return Against(ours, best, *ratio(ours.timing, best.timing, ours.kind))


def ceiling(race: Sequence[Row]) -> float | None:
    """How many times as fast as the best of the others the floor is; None without a floor.

    No contender can do better than that.
    """
    found = against(race)
    floor = next((row for row in race if kind(row) == "floor" and row.core), None)
    return ratio(floor.timing, found.best.timing, floor.kind)[0] if found and floor else None


def pixels(row: Row) -> int:
    """Pixels of one clip, from the first size that the case names (such as "16x112x112")."""
    size = re.search(r"(\d+)x(\d+)x(\d+)", row.case)
    assert size is not None
    frames, height, width = map(int, size.groups())
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
