"""Datasets of untrimmed videos: what happens has a beginning and an end within a video."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from vssl.videos.datasets import Dataset


class Action(NamedTuple):
    """One action in a video, in seconds from its beginning."""

    start: float
    end: float
    label: int


@dataclass(frozen=True, eq=False, kw_only=True)
class Untrimmed(Dataset):
    """Videos with the actions in them. The split's two sides are training and validation.

    The label of a video is the class that fills most of its time, so that it can be read as a
    trimmed video is, or `UNLABELLED` where no action is on record. So it is in testing videos,
    which are on no side of the split.
    """

    durations: np.ndarray  # [videos], in seconds, as the annotations have them
    actions: tuple[tuple[Action, ...], ...]  # of each video
    testing: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))  # as in `splits`
    clipped: int = 0  # actions that went on after the video's end or began before its start
    dropped: int = 0  # actions of which nothing lies within the video

    def segments(self, video: int) -> np.ndarray:
        """The starts and ends of the actions in a video, in seconds, [G, 2]."""
        pairs = [(action.start, action.end) for action in self.actions[video]]
        return np.array(pairs, dtype=np.float64).reshape(-1, 2)

    def segments_of(self, videos: Iterable[int]) -> dict[str, np.ndarray]:
        """The segments of some videos, by the videos' names."""
        return {self.videos[i].name: self.segments(i) for i in videos}

    def summary(self) -> str:
        """What is there and what is missing, in a few lines."""
        *lines, digest = super().summary().splitlines()
        acting = sum(bool(some) for some in self.actions)
        lines.append(f"actions: {sum(map(len, self.actions))} in {acting} videos")
        if len(self.testing):
            lines.append(f"testing: {len(self.testing)} videos, whose actions are not published")
        if self.clipped or self.dropped:
            lines.append(
                f"actions that left their video: {self.clipped} cut at its ends, "
                f"{self.dropped} dropped because nothing was left"
            )
        return "\n".join([*lines, digest])
