"""The data of an experiment: which dataset, which split, at which size; and opening it.

Puppets are drawn, and frame stores built, when data is opened for the first time.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from vssl.errors import DataError, VsslError
from vssl.videos import catalogue, puppets
from vssl.videos.datasets import UNLABELLED, Dataset
from vssl.videos.puppets import layouts
from vssl.videos.store import FrameStore, state
from vssl.videos.validation import SHARE, validation_split

Sides = tuple[np.ndarray, np.ndarray]  # indices of the videos to train on and to test on


class _NotWholeError(Exception):
    """A frame store is absent or outdated."""


class Opened(NamedTuple):
    """A dataset and its frames, ready to gather from."""

    dataset: Dataset
    frames: FrameStore
    actions: np.ndarray  # [videos], each video's class
    train: np.ndarray  # indices of videos
    test: np.ndarray


@dataclass(frozen=True)
class Data:
    """A dataset as an experiment names it: by a digest of its videos, wherever they lie."""

    name: str
    digest: str
    split: int = 1
    height: int = 128
    width: int = 172
    stand_in: bool = False
    source: puppets.World | Path | None = field(
        default=None, metadata={"key": False}, compare=False
    )
    # Of a real dataset that is not all there, how many classes have a video; None: all.
    classes: int | None = field(default=None, metadata={"key": False}, compare=False)
    fps: float | None = None  # every video is brought to this frame rate; None: it keeps its own
    test_on: Literal["test", "validation"] = "test"  # validation: a tenth of the training videos

    def __post_init__(self) -> None:
        if self.test_on not in ("test", "validation"):
            raise VsslError(f"test_on must be 'test' or 'validation', not {self.test_on!r}")

    def open(self) -> Opened:
        """The dataset, its frames and its split; what is missing is drawn and decoded first."""
        return _open(self, self.source)

    def contents(self) -> dict[str, Any] | None:
        """What this data is made of, as far as it is there; nothing is drawn or decoded.

        That is a checksum of all frames with each video's name, class and side, and the names of
        the videos that could not be decoded. It is None where no frames were decoded so far.
        """
        root = (
            puppets.folder(self.source) if isinstance(self.source, puppets.World) else self.source
        )
        if root is None or not root.is_dir():
            return None
        try:
            return _contents(self, self.source, root)
        except DataError:  # another process draws it at this moment, or it is not all there
            return None
        except _NotWholeError as reason:  # not kept in the cache, since it will not stay so
            return None if str(reason) == "absent" else {"frames": "changed", "failed": []}

    def counts(self) -> tuple[int, int]:
        """How many videos there are to train on and to test on; nothing is drawn or decoded."""
        return _counts(self, self.source)

    def scenes(self) -> np.ndarray:
        """The number of each video's scene, known only of puppets that were drawn from a world."""
        if not isinstance(self.source, puppets.World):
            raise VsslError(
                f"the scenes of {self.title()} are not known: "
                "leave out what asks for them, or use the puppets"
            )
        return _scenes(self, self.source)

    def label(self) -> str:
        """What names this data in records: a dataset, a split and a size of frames."""
        size = f"{self.height}x{self.width}"
        return f"{self.name}-{self.digest}-split{self.split}{self.variant()}-{size}"

    def variant(self) -> str:
        """What tells data of one digest apart, as a part of names; empty at the defaults."""
        rate = "" if self.fps is None else f"-{self.fps:g}fps"
        return rate + ("" if self.test_on == "test" else f"-{self.test_on}")

    def title(self) -> str:
        """What this data is called in print, beside a number for example."""
        title = catalogue.find(self.name).title
        title = f"puppets for {title}" if self.stand_in else title
        if self.classes is not None:
            title += f", {self.classes} of {catalogue.find(self.name).classes} classes"
        rate = "" if self.fps is None else f" at {self.fps:g} frames a second"
        tested = "" if self.test_on == "test" else ", tested on a tenth of the training videos"
        return f"{title}{rate}{tested}"


def puppet_data(world: puppets.World, split: int, height: int, width: int) -> Data:
    """The stand-in drawn from a world."""
    return Data(
        world.name, puppets.digest(world), split, height, width, stand_in=True, source=world
    )


@functools.lru_cache(maxsize=8)
def real_data(name: str, root: Path, split: int, height: int, width: int) -> Data:
    """A real dataset under `root`; reads its lists."""
    found = catalogue.open_dataset(name, root)
    there = len({video.label for video in found.videos} - {UNLABELLED})
    # No video has a label itself where persons or moments have them.
    complete = there in (0, catalogue.find(name).classes)
    classes = None if found.stand_in or complete else there
    return Data(name, found.digest, split, height, width, found.stand_in, root, classes)


@functools.lru_cache(maxsize=4)
def _scenes(data: Data, world: puppets.World) -> np.ndarray:
    """Which of the world's scenes each video shows; all clips of a performer show the same."""
    places = {Path(place.path).stem: place for place in layouts.places(world)}

    @functools.cache
    def scene(class_name: str, group: int) -> int:
        return world.scenes.index(puppets.truth(world, class_name, group, 1).scene)

    shown = [places[video.name] for video in _open(data, world).dataset.videos]
    return np.array([scene(place.class_name, place.group) for place in shown])


@functools.lru_cache(maxsize=8)
def _open(data: Data, source: puppets.World | Path) -> Opened:
    root = source if isinstance(source, Path) else puppets.make(source)
    dataset = replace(catalogue.open_dataset(data.name, root), digest=data.digest)
    frames = FrameStore.build(dataset, data.height, data.width, fps=data.fps)
    actions = np.array([video.label for video in dataset.videos])
    return Opened(dataset, frames, actions, *_sides(data, dataset))


@functools.lru_cache(maxsize=8)
def _contents(data: Data, source: puppets.World | Path | None, root: Path) -> dict[str, Any]:
    dataset = replace(catalogue.open_dataset(data.name, root), digest=data.digest)
    if (found := state(dataset, data.height, data.width, data.fps)) != "whole":
        raise _NotWholeError(found)
    opened = _open(data, source)
    side = np.zeros(len(opened.actions), dtype=int)  # [videos]
    side[opened.train], side[opened.test] = 1, 2
    lines = [
        f"{video.name} {action} {one} {checksum}"
        for video, action, one, checksum in zip(
            dataset.videos, opened.actions, side, opened.frames.checksums, strict=True
        )
    ]
    checksum = hashlib.blake2b("\n".join(lines).encode(), digest_size=8).hexdigest()
    return {"frames": checksum, "failed": sorted(opened.frames.failed)}


@functools.lru_cache(maxsize=32)
def _counts(data: Data, source: puppets.World | Path | None) -> tuple[int, int]:
    if source is None:  # a plan can be made before the data is there
        train, test = catalogue.find(data.name).videos(data.split)
        held_out = round(SHARE * train)
        return (train, test) if data.test_on == "test" else (train - held_out, held_out)
    if isinstance(source, Path):
        sides = _sides(data, catalogue.open_dataset(data.name, source))
    else:
        places = list(layouts.places(source))
        where = np.array([layouts.side(source, place.group, data.split) for place in places])
        sides = _chosen(
            data,
            [place.class_name for place in places],
            [f"{place.class_name}/{place.group}" for place in places],
            (np.flatnonzero(where == "train"), np.flatnonzero(where == "test")),
        )
    return len(sides[0]), len(sides[1])


def _sides(data: Data, dataset: Dataset) -> Sides:
    labels = [video.label for video in dataset.videos]
    groups = [video.group for video in dataset.videos]
    return _chosen(data, labels, groups, dataset.split(data.split))


def _chosen(data: Data, labels: Sequence[int | str], groups: Sequence[str], sides: Sides) -> Sides:
    """The official sides of a split, or both sides of its training videos."""
    return sides if data.test_on == "test" else validation_split(labels, groups, sides[0])
