"""ActivityNet-1.3: `activity_net.v1-3.min.json` and `videos/v_<id>.mp4`; training, validation.

Videos are found by their id, whatever folder they are in. Instead of the official file BMN's two
are read too, `anet_anno_action.json` and `video_info_new.csv`. They hold 19,228 of the 19,994
videos.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from vssl.errors import DataError
from vssl.videos.annotations import (
    TESTING,
    TRAINING,
    VALIDATION,
    Annotated,
    read_activitynet,
    read_bmn,
)
from vssl.videos.datasets import UNLABELLED, Video
from vssl.videos.readers.assembly import files_below, first_folder, identity
from vssl.videos.untrimmed import Action, Untrimmed

OFFICIAL = "activity_net.v1-3.min.json"
ACTIONS, TABLE = "anet_anno_action.json", "video_info_new.csv"  # BMN's
ENDINGS = (".mp4", ".mkv", ".webm", ".avi")
BASES = ("", "activitynet", "ActivityNet")


def read(root: str | Path, testing: bool = False) -> Untrimmed:
    """ActivityNet-1.3 with its one split, and with `testing` the videos that have no labels.

    They are left out otherwise: nothing can be measured on them, and they are a quarter of all.
    """
    root = Path(root)
    listed = _annotations(root)
    subsets = (TRAINING, VALIDATION, TESTING) if testing else (TRAINING, VALIDATION)
    wanted = {id_: listed[id_] for id_ in sorted(listed) if listed[id_].subset in subsets}
    files = _files(root)
    found = {id_: file for id_ in wanted if (file := files.get(f"v_{id_}") or files.get(id_))}
    missing = tuple(f"v_{id_}" for id_ in wanted if id_ not in found)
    if not found:
        some = f"{len(missing)} videos ({missing[0]}, ...)" if missing else "no video"
        raise DataError(
            f"ActivityNet-1.3 at {root}: the annotations name {some} and none of them is there; "
            "put them into videos/v_<id>.mp4, or choose another folder"
        )
    return _joined(root, wanted, found, missing)


def _annotations(root: Path) -> dict[str, Annotated]:
    folders = [root / base / name for base in BASES for name in ("", "annotations")]
    official, of_bmn = (first_folder(folders, holding=name) for name in (OFFICIAL, ACTIONS))
    if official is not None:
        return read_activitynet(official / OFFICIAL)
    if of_bmn is not None:
        return read_bmn(of_bmn / ACTIONS, of_bmn / TABLE)
    raise DataError(
        f"ActivityNet-1.3 is not at {root}: {OFFICIAL} should be there, with videos/v_<id>.mp4; "
        "get both from http://activity-net.org/download.html, or make the stand-in with "
        "`vssl data make`"
    )


def _files(root: Path) -> dict[str, Path]:
    """Where each video is, by its name without its ending."""
    folders = [root / base / name for base in BASES for name in ("", "videos", "v1-3")]
    files = {path for folder in folders for path in files_below(folder)}
    return {path.stem: path for path in sorted(files) if path.suffix.lower() in ENDINGS}


def _joined(
    root: Path, wanted: dict[str, Annotated], found: dict[str, Path], missing: tuple[str, ...]
) -> Untrimmed:
    """The annotations of all videos that are asked for, and the files that are there."""
    classes = tuple(sorted({label for one in wanted.values() for *_, label in one.segments}))
    number_of = {label: number for number, label in enumerate(classes)}
    present = [wanted[id_] for id_ in found]
    actions = tuple(_actions(one, number_of) for one in present)
    listed = sum(len(one.segments) for one in present)
    whole = sum(
        0 <= start < end <= one.duration for one in present for start, end, _ in one.segments
    )
    kept = sum(map(len, actions))
    videos = tuple(
        Video(file, _label(some), id_)
        for (id_, file), some in zip(found.items(), actions, strict=True)
    )
    training, validation, testing = (
        np.array([i for i, one in enumerate(present) if one.subset == subset], dtype=np.int64)
        for subset in (TRAINING, VALIDATION, TESTING)
    )
    content = [*_content(root, classes, videos, present), *missing]
    digest, stand_in = identity(root, content, missing)
    return Untrimmed(
        name="activitynet",
        root=root,
        classes=classes,
        videos=videos,
        splits=((training, validation),),
        digest=digest,
        stand_in=stand_in,
        missing=missing,
        durations=np.array([one.duration for one in present]),
        actions=actions,
        testing=testing,
        clipped=kept - whole,
        dropped=listed - kept,
    )


def _actions(one: Annotated, number_of: dict[str, int]) -> tuple[Action, ...]:
    """The actions of a video, cut at its ends, without those of which nothing is left."""
    cut = [
        Action(max(0.0, start), min(end, one.duration), number_of[label])
        for start, end, label in one.segments
    ]
    return tuple(action for action in cut if action.start < action.end)


def _label(actions: tuple[Action, ...]) -> int:
    """The class that fills most of a video's time."""
    seconds: dict[int, float] = defaultdict(float)
    for start, end, label in actions:
        seconds[label] += end - start
    return max(sorted(seconds), key=lambda label: seconds[label], default=UNLABELLED)


def _content(
    root: Path, classes: tuple[str, ...], videos: tuple[Video, ...], present: list[Annotated]
) -> Iterable[str]:
    """What makes a dataset this one: its annotations, and which files of which size are there."""
    yield from classes
    for video, one in zip(videos, present, strict=True):
        yield f"{video.path.relative_to(root).as_posix()} {video.path.stat().st_size}"
        yield f"{one.subset} {one.duration} {one.segments}"
