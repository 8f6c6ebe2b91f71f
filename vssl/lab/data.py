"""The data of an experiment: which set, which split, at which size; and opening it, drawing puppets where they are missing."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from vssl.errors import VsslError
from vssl.videos import datasets, puppets
from vssl.videos.puppets import layouts
from vssl.videos.store import FrameStore


class Opened(NamedTuple):
    """A dataset and its frames, ready to gather from."""

    dataset: datasets.Dataset
    frames: FrameStore
    actions: np.ndarray  # [videos], each video's class
    train: np.ndarray  # indices of videos
    test: np.ndarray


@dataclass(frozen=True)
class Data:
    """A dataset as an experiment names it: what the videos are (their digest), never where they lie."""

    name: str
    digest: str
    split: int = 1
    height: int = 128
    width: int = 172
    stand_in: bool = False
    source: puppets.World | Path | None = field(
        default=None, metadata={"key": False}, compare=False
    )

    def open(self) -> Opened:
        """The set, its frames and its split; draws the puppets and builds the frame store if they are not there yet."""
        return _open(self, self.source)

    def scenes(self) -> np.ndarray:
        """Each video's scene, a number; known of puppets that were drawn from a world, not of videos from a folder."""
        if not isinstance(self.source, puppets.World):
            raise VsslError(
                f"nobody wrote down the scenes of {self.says()}: leave out what asks for them, or use the puppets"
            )
        return _scenes(self, self.source)

    def says(self) -> str:
        """What to print beside a number."""
        return (
            f"puppets for {NAMES.get(self.name, self.name)}"
            if self.stand_in
            else NAMES.get(self.name, self.name)
        )


NAMES = {
    "ucf101": "UCF101",
    "hmdb51": "HMDB51",
    "kinetics400": "Kinetics-400",
    "kinetics600": "Kinetics-600",
}


def puppet_data(world: puppets.World, split: int, height: int, width: int) -> Data:
    """The stand-in drawn from a world."""
    return Data(
        world.name, puppets.digest(world), split, height, width, stand_in=True, source=world
    )


@functools.lru_cache(maxsize=8)
def real_data(name: str, root: Path, split: int, height: int, width: int) -> Data:
    """A real dataset under `root`; reads its lists."""
    found = datasets.open_dataset(name, root)
    return Data(name, found.digest, split, height, width, stand_in=found.stand_in, source=root)


@functools.lru_cache(maxsize=4)
def _scenes(data: Data, world: puppets.World) -> np.ndarray:
    """Which of the world's backgrounds each video was filmed before; clips of one performer share theirs."""
    places = {Path(place.path).stem: place for place in layouts.places(world)}
    scene = functools.lru_cache(maxsize=None)(
        lambda name, group: puppets.truth(world, name, group, 1).scene
    )
    seen = [places[video.name] for video in _open(data, world).dataset.videos]
    return np.array([world.scenes.index(scene(place.class_name, place.group)) for place in seen])


@functools.lru_cache(maxsize=8)
def _open(data: Data, source: puppets.World | Path) -> Opened:
    root = source if isinstance(source, Path) else puppets.make(source)
    dataset = replace(datasets.open_dataset(data.name, root), digest=data.digest)
    frames = FrameStore.build(dataset, data.height, data.width)
    train, test = dataset.split(data.split)
    actions = np.array([video.label for video in dataset.videos])
    return Opened(dataset, frames, actions, train, test)
