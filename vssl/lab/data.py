"""The data of an experiment: which dataset, which split, at which size; and opening it.

Puppets are drawn, and frame stores built, when data is opened for the first time.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from vssl.errors import VsslError
from vssl.videos import catalogue, puppets
from vssl.videos.datasets import Dataset
from vssl.videos.puppets import layouts
from vssl.videos.store import FrameStore


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
    fps: float | None = None  # every video is brought to this frame rate; None: it keeps its own

    def open(self) -> Opened:
        """The dataset, its frames and its split; what is missing is drawn and decoded first."""
        return _open(self, self.source)

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

    def title(self) -> str:
        """What this data is called in print, beside a number for example."""
        title = catalogue.find(self.name).title
        title = f"puppets for {title}" if self.stand_in else title
        return title if self.fps is None else f"{title} at {self.fps:g} frames a second"


def puppet_data(world: puppets.World, split: int, height: int, width: int) -> Data:
    """The stand-in drawn from a world."""
    return Data(
        world.name, puppets.digest(world), split, height, width, stand_in=True, source=world
    )


@functools.lru_cache(maxsize=8)
def real_data(name: str, root: Path, split: int, height: int, width: int) -> Data:
    """A real dataset under `root`; reads its lists."""
    found = catalogue.open_dataset(name, root)
    return Data(name, found.digest, split, height, width, stand_in=found.stand_in, source=root)


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
    return Opened(dataset, frames, actions, *dataset.split(data.split))


@functools.lru_cache(maxsize=32)
def _counts(data: Data, source: puppets.World | Path | None) -> tuple[int, int]:
    if isinstance(source, Path):
        train, test = catalogue.open_dataset(data.name, source).split(data.split)
        return len(train), len(test)
    if source is None:  # a plan can be made before the data is there
        train, test = catalogue.find(data.name).videos(data.split)
    else:
        sides = [layouts.side(source, place.group, data.split) for place in layouts.places(source)]
        train, test = sides.count("train"), sides.count("test")
    return train, test
