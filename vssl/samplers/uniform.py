"""Clips at the video's own pace: one at a random place, or several spread evenly for a test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vssl.clips import Clip, Sample
from vssl.errors import VsslError


@dataclass(frozen=True)
class RandomClip:
    """One clip of consecutive frames (every `stride`-th) from a random start.

    A shorter video loops to its first frame.
    """

    length: int = 16
    stride: int = 1

    @property
    def layout(self) -> tuple[int, ...]:
        """Frames of each clip."""
        return (self.length,)

    def __call__(self, num_frames: int, rng: np.random.Generator) -> Sample:
        span = (self.length - 1) * self.stride + 1
        start = int(rng.integers(max(1, num_frames - span + 1)))
        return Sample((Clip((start + np.arange(self.length) * self.stride) % num_frames),))  # [T]


@dataclass(frozen=True)
class Uniform:
    """`count` clips whose centres are spread evenly over the video.

    VCOP set this protocol, and four of the papers follow it.

    Centres lie at linspace(span / 2, num_frames - span / 2, count). In a video shorter than a clip
    every clip starts at the first frame and loops. Nothing is drawn: the generator is not used.
    """

    count: int = 10
    length: int = 16
    stride: int = 1

    @property
    def layout(self) -> tuple[int, ...]:
        """Frames of each clip."""
        return self.count * (self.length,)

    def __call__(self, num_frames: int, rng: np.random.Generator | None = None) -> Sample:
        span = self.length * self.stride
        centres = np.linspace(span / 2, max(span / 2, num_frames - span / 2), self.count)
        # VCOP truncates; rounding would move one clip in two by a frame.
        starts = (centres - span / 2).astype(int)
        frames = (starts[:, None] + np.arange(self.length) * self.stride) % num_frames  # [V, T]
        return Sample(tuple(Clip(row) for row in frames))


@dataclass(frozen=True)
class Windows:
    """Clips that each begin where the one before ends, and a last one that ends with the video.

    So every moment is looked at, and a long video has more clips than a short one: how many there
    are is known only with the video, and so this is a sampler for tests alone. A video shorter than
    a clip gives one, which loops. Nothing is drawn: the generator is not used.
    """

    length: int = 16
    stride: int = 1

    @property
    def layout(self) -> tuple[int, ...]:
        """Refused: the number of clips depends on the video."""
        raise VsslError(
            "Windows has as many clips as fit into a video, so it serves in a test alone; train "
            "with RandomClip, for example"
        )

    def __call__(self, num_frames: int, rng: np.random.Generator | None = None) -> Sample:
        span = (self.length - 1) * self.stride  # from the first to the last frame
        last = max(0, num_frames - 1 - span)
        starts = np.append(np.arange(0, last, max(1, span)), last)  # [V]
        frames = starts[:, None] + np.arange(self.length) * self.stride  # [V, T]
        return Sample(tuple(Clip(row) for row in frames % num_frames))
