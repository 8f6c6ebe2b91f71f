"""The official annotation files of untrimmed videos: what happens in each, and from when to when.

No video is opened here.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from vssl.errors import DataError
from vssl.videos import lists

TRAINING, VALIDATION, TESTING = SUBSETS = ("training", "validation", "testing")


class Annotated(NamedTuple):
    """What is on record of one video."""

    subset: str
    duration: float  # seconds
    segments: tuple[tuple[float, float, str], ...]  # start and end in seconds, label


def read_activitynet(file: Path) -> dict[str, Annotated]:
    """Read `activity_net.v1-3.min.json` to what it says of each id."""
    database = _json(file).get("database")
    if not isinstance(database, dict):
        raise DataError(f'{file} has no "database" of videos; get the official annotations again')
    return {
        name: _annotated(file, name, video, "duration", video.get("subset"))
        for name, video in _records(file, database)
    }


def read_bmn(file: Path, table: Path) -> dict[str, Annotated]:
    """Read `anet_anno_action.json` and `video_info_new.csv`, BMN's extract of ActivityNet-1.3."""
    rows = csv.DictReader(lists.lines(table))
    if lacking := {"video", "subset"} - set(rows.fieldnames or ()):
        raise DataError(f"{table} has no column {', '.join(sorted(lacking))}; get the table again")
    subsets = {row["video"]: row["subset"] for row in rows}
    return {
        name.removeprefix("v_"): _annotated(file, name, video, "duration_second", subsets.get(name))
        for name, video in _records(file, _json(file))
    }


def _records(file: Path, database: dict[str, Any]) -> Iterable[tuple[str, dict[str, Any]]]:
    for name, video in database.items():
        if not isinstance(video, dict):
            raise _wrong(file, name, f"{video!r} is no record")
        yield name, video


def _annotated(
    file: Path, name: str, video: dict[str, Any], duration: str, subset: Any
) -> Annotated:
    """One record of either file; a field that makes no sense is an error that names the video."""
    if subset not in SUBSETS:
        raise _wrong(file, name, f"its subset is {subset!r}, not {', '.join(SUBSETS)}")
    seconds = _number(video.get(duration))
    if not seconds > 0:
        raise _wrong(file, name, f"it lasts {video.get(duration)!r} seconds")
    return Annotated(
        subset, seconds, tuple(_segment(file, name, one) for one in video.get("annotations") or ())
    )


def _segment(file: Path, name: str, one: Any) -> tuple[float, float, str]:
    try:
        (start, end), label = one["segment"], one["label"]
    except (KeyError, TypeError, ValueError):
        start = end = label = None
    start, end = _number(start), _number(end)
    if not isinstance(label, str) or math.isnan(start + end):
        raise _wrong(file, name, f"{one!r} is no segment with a label")
    return start, end, label


def _number(value: Any) -> float:
    """A finite number as it is; anything else as `nan`."""
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else math.nan


def _wrong(file: Path, name: str, what: str) -> DataError:
    return DataError(f"{file}, video {name!r}: {what}; get the annotations again")


def _json(file: Path) -> dict[str, Any]:
    content = lists.parsed(file, "get the annotations again")
    if not isinstance(content, dict):
        raise DataError(f"{file} is no record of videos; get the annotations again")
    return content
