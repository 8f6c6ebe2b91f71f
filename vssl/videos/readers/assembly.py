"""What all readers share: finding folders, and joining the official lists with the files."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from vssl.errors import DataError
from vssl.videos.datasets import Dataset, Video
from vssl.videos.lists import Lists


def assemble(
    name: str,
    root: Path,
    classes: tuple[str, ...],
    splits: Lists,
    found: dict[str, Path],
    group_of: Callable[[str], str],
) -> Dataset:
    """Join lists and files: `splits` holds names "class/file", and `found` says where a file is."""
    labels = {label: number for number, label in enumerate(classes)}
    listed = _listed(name, root, labels, splits)
    present = [entry for entry in listed if entry in found]
    if not present:
        some = (
            f"{len(listed)} videos ({listed[0]}, ...) and none of them is there"
            if listed
            else "no video at all"
        )
        raise DataError(
            f"{name} at {root}: the lists name {some}; "
            "put the videos where the lists say, or choose another folder"
        )
    videos = tuple(
        Video(found[entry], labels[entry.split("/")[0]], group_of(entry)) for entry in present
    )
    number_of = {entry: number for number, entry in enumerate(present)}
    indices = tuple(
        (_indices(train, number_of), _indices(test, number_of)) for train, test in splits
    )
    missing = tuple(entry for entry in listed if entry not in found)
    digest, stand_in = identity(root, _content(root, classes, splits, videos), missing)
    return Dataset(name, root, classes, videos, indices, digest, stand_in, missing)


def identity(root: Path, content: Iterable[str], missing: tuple[str, ...]) -> tuple[str, bool]:
    """A dataset's digest, and whether puppets stand in for it.

    `content` is what makes real videos and their lists these ones; puppets have a manifest.
    """
    made = _manifest(root)
    if made is None:
        return _digest(content), False
    digest = _digest([made["digest"], *missing]) if missing else made["digest"]
    return digest, bool(made.get("stand_in"))


def first_folder(folders: list[Path], holding: str = "") -> Path | None:
    """The first of some folders that exists and holds a certain file."""
    return next(
        (folder for folder in folders if folder.is_dir() and (folder / holding).exists()), None
    )


def files_by_class(folder: Path, classes: tuple[str, ...]) -> dict[str, Path]:
    """Where each "class/file" is below `folder`; lists each class's folder once."""
    present = [label for label in classes if (folder / label).is_dir()]
    return {
        f"{label}/{name}": folder / label / name
        for label in present
        for name in os.listdir(folder / label)
    }


def files_below(folder: Path) -> Iterable[Path]:
    """The files in `folder` and one level down, whether or not each label has a folder."""
    if folder.is_dir():
        for entry in os.scandir(folder):
            if entry.is_dir():
                yield from (Path(file.path) for file in os.scandir(entry.path) if file.is_file())
            else:
                yield Path(entry.path)


def _listed(name: str, root: Path, labels: dict[str, int], splits: Lists) -> list[str]:
    """Every name on the lists, sorted; one that is not a file of a known class is an error."""
    listed = sorted({entry for split in splits for side in split for entry in side})
    for entry in listed:
        if entry.count("/") != 1 or entry.split("/")[0] not in labels:
            raise DataError(
                f"the lists of {name} at {root} name {entry!r}, "
                f"which is not a file of one of their {len(labels)} classes"
            )
    return listed


def _indices(side: list[str], number_of: dict[str, int]) -> np.ndarray:
    """One side of a split as indices of videos, without those that are missing or named again."""
    numbers = [number_of[entry] for entry in dict.fromkeys(side) if entry in number_of]
    return np.array(numbers, dtype=np.int64)


def _content(
    root: Path, classes: tuple[str, ...], splits: Lists, videos: tuple[Video, ...]
) -> Iterable[str]:
    """What makes a dataset this one: its lists, and which files of which size are there."""
    yield from classes
    for split in splits:
        for side in split:
            yield from ("--", *side)
    for video in videos:
        yield f"{video.path.relative_to(root).as_posix()} {video.path.stat().st_size}"


def _digest(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode(errors="surrogateescape")).hexdigest()[:16]


def _manifest(root: Path) -> dict | None:
    """What the puppets wrote beside their videos; None where the videos are real."""
    file = root / "manifest.json"
    try:
        made = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None
    except ValueError as error:
        raise DataError(
            f"{file} is damaged ({error}); "
            f"delete {root} and make the stand-in again with `vssl data make`"
        ) from error
    return made if isinstance(made, dict) and "digest" in made else None
