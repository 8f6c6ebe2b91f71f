"""What a reader makes of a dataset's lists and files: videos with labels and groups, and splits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vssl.errors import VsslError
from vssl.persons import Persons

UNLABELLED = -1  # the label of a video that has none itself: its persons or actions may


@dataclass(frozen=True)
class Video:
    """One video. Videos of one group (performer, film, upload) must be on one side of a split."""

    path: Path
    label: int
    group: str

    @property
    def name(self) -> str:
        """The file's name without its ending."""
        return self.path.stem


@dataclass(frozen=True, eq=False)  # comparing arrays gives arrays; compare `digest` instead
class Dataset:
    """Videos with labels and official splits, and the names of listed videos that are missing."""

    name: str
    root: Path
    classes: tuple[str, ...]
    videos: tuple[Video, ...]
    splits: tuple[tuple[np.ndarray, np.ndarray], ...]  # (train, test), indices into videos
    digest: str
    stand_in: bool
    missing: tuple[str, ...] = ()  # on the lists and not on the disk

    def split(self, number: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """The train and test indices of an official split, counted from 1 as the lists are."""
        if not 1 <= number <= len(self.splits):
            raise VsslError(
                f"{self.name} has {len(self.splits)} official splits, counted from 1; "
                f"there is no split {number}"
            )
        return self.splits[number - 1]

    def summary(self) -> str:
        """What is there and what is missing, in a few lines."""
        kind = "stand-in (puppets)" if self.stand_in else "real videos"
        groups = len({video.group for video in self.videos})
        lines = [
            f"{self.name} at {self.root}: {kind}, {len(self.videos)} videos, "
            f"{len(self.classes)} classes, {groups} groups"
        ]
        for number, (train, test) in enumerate(self.splits, 1):
            lines.append(f"split {number}: {len(train)} train, {len(test)} test")
        if self.missing:
            some = ", ".join(self.missing[:3]) + (", ..." if len(self.missing) > 3 else "")
            listed = len(self.videos) + len(self.missing)
            lines.append(f"missing: {len(self.missing)} of {listed} listed videos ({some})")
        return "\n".join([*lines, f"digest: {self.digest}"])


@dataclass(frozen=True, eq=False, kw_only=True)
class DatasetOfPersons(Dataset):
    """A dataset whose labels belong to persons in boxes, and not to videos.

    What reads pixels takes it as any other dataset. The videos are `UNLABELLED`.
    """

    persons: Persons  # the true ones of all videos that are there, but for excluded key frames
    numbers: tuple[int, ...]  # the official number of each class
    excluded: np.ndarray  # key frames to leave out everywhere, as `Persons.frames` numbers them
    unlisted: int = 0  # labels that are left out, because their action is not among the classes
    begin: int = 0  # the second of the whole film at which the files begin

    def frame_at(self, seconds: np.ndarray, rate: np.ndarray | float) -> np.ndarray:
        """The frames that show seconds of the whole film, at so many frames a second."""
        return np.rint((seconds - self.begin) * rate).astype(np.int64)

    def key_frames(self, persons: Persons, fps: np.ndarray, num_frames: np.ndarray) -> np.ndarray:
        """The frame of its video that shows each person's second, [R]; -1 where the video is over.

        `fps` and `num_frames` hold a number for each video of the dataset, as a frame store's do.
        """
        rate = fps[persons.videos]  # [R]
        there = num_frames[persons.videos]
        if (rate[there > 0] <= 0).any():
            video = persons.videos[(there > 0) & (rate <= 0)][0]
            raise VsslError(
                f"{self.videos[video].path} names no frame rate, so the frame of a second is not "
                "known; encode it again"
            )
        frame = self.frame_at(persons.seconds, rate)
        return np.where((frame >= 0) & (frame < there), frame, -1)

    def summary(self) -> str:
        """What is there and what is missing, in a few lines."""
        persons, key_frames = len(self.persons), len(np.unique(self.persons.frames))
        line = (
            f"persons: {persons} in {key_frames} key frames with "
            f"{int(self.persons.labels.sum())} labels; {len(self.excluded)} key frames are excluded"
        )
        if self.unlisted:
            line += f", and {self.unlisted} labels are of no class on the list"
        *first, digest = super().summary().splitlines()
        return "\n".join([*first, line, digest])


def crossing_groups(dataset: Dataset) -> list[str]:
    """The groups on both sides of some split; a test score on such a split is too good."""
    crossing = set()
    for sides in dataset.splits:
        train, test = ({dataset.videos[i].group for i in side} for side in sides)
        crossing |= train & test
    return sorted(crossing)
