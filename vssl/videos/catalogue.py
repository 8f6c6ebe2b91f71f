"""The datasets that the package knows by name: one record each.

Readers, printed names, official sizes and stand-ins are read from here, by the command line too. A
new dataset is a record here, a reader in `vssl.videos.readers` and, if puppets can stand in for it,
a world in `vssl.videos.puppets` with its sizes in the profiles (`vssl.lab.profile`). A record names
its functions as text, and they are imported when they are called, so that listing the datasets
loads nothing.
"""

from __future__ import annotations

import pkgutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vssl.errors import VsslError

if TYPE_CHECKING:
    from vssl.videos.datasets import Dataset
    from vssl.videos.puppets.world import World


@dataclass(frozen=True)
class Known:
    """What the package knows of a dataset before it reads any of its files."""

    name: str  # in code, on the command line and in the names of files
    title: str  # as the papers print it
    classes: int
    splits: tuple[tuple[int, int], ...]  # training and test videos of each official split
    reader: str  # "module:function", which reads a folder into a Dataset
    # "module:function", which gives a puppet World; None: there are no puppets.
    stand_in: str | None

    def read(self, root: str | Path) -> Dataset:
        """Read the real videos, or their stand-in, from a folder in the official layout."""
        return pkgutil.resolve_name(self.reader)(root)

    def videos(self, split: int = 1) -> tuple[int, int]:
        """How many training and test videos an official split has; splits are counted from 1."""
        if not 1 <= split <= len(self.splits):
            raise VsslError(f"{self.title} has {len(self.splits)} official splits, not {split}")
        return self.splits[split - 1]

    def world(self) -> World:
        """The puppet world that stands in for this dataset, at its usual size."""
        if self.stand_in is None:
            raise VsslError(
                f"no puppets stand in for {self.title}; give the folder of the real videos, "
                f"or take one of {', '.join(STAND_INS)}"
            )
        return pkgutil.resolve_name(self.stand_in)()


KNOWN = (
    Known(
        "ucf101",
        "UCF101",
        classes=101,
        splits=((9537, 3783), (9586, 3734), (9624, 3696)),
        reader="vssl.videos.readers.ucf101:read",
        stand_in="vssl.videos.puppets:ucf101",
    ),
    Known(
        "hmdb51",
        "HMDB51",
        classes=51,
        splits=((3570, 1530),) * 3,
        reader="vssl.videos.readers.hmdb51:read",
        stand_in="vssl.videos.puppets:hmdb51",
    ),
    Known(
        "kinetics400",
        "Kinetics-400",
        classes=400,
        splits=((240_000, 20_000),),  # as the papers round them
        reader="vssl.videos.readers.kinetics:read_400",
        stand_in="vssl.videos.puppets:kinetics400",
    ),
    Known(
        "kinetics600",
        "Kinetics-600",
        classes=600,
        splits=((360_000, 28_000),),  # as the papers round them
        reader="vssl.videos.readers.kinetics:read_600",
        stand_in="vssl.videos.puppets:kinetics600",
    ),
    Known(
        "diving48",
        "Diving48",
        classes=48,
        splits=((15_027, 1970),),  # version 2 of the lists
        reader="vssl.videos.readers.diving48:read",
        stand_in="vssl.videos.puppets:diving48",
    ),
    Known(
        "activitynet",
        "ActivityNet-1.3",
        classes=200,
        splits=((10_024, 4926),),  # the labels of the testing videos are not published
        reader="vssl.videos.readers.activitynet:read",
        stand_in="vssl.videos.puppets:activitynet",
    ),
    Known(
        "ava",
        "AVA",
        classes=60,
        splits=((235, 64),),
        reader="vssl.videos.readers.ava:read",
        stand_in="vssl.videos.puppets:ava",
    ),
)
NAMES = tuple(known.name for known in KNOWN)
STAND_INS = tuple(known.name for known in KNOWN if known.stand_in is not None)


def find(name: str) -> Known:
    """The record of the dataset called `name`."""
    for known in KNOWN:
        if known.name == name:
            return known
    raise VsslError(f"no dataset is called {name!r}; there are {', '.join(NAMES)}")


def open_dataset(name: str, root: str | Path) -> Dataset:
    """Read the dataset called `name` from the folder `root`."""
    return find(name).read(root)
