"""What to read from a video, and the labels that come free with it. Plain data, no pixels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Box:
    """A crop, in fractions of the frame: all four lie in [0, 1]."""

    top: float
    left: float
    height: float
    width: float


@dataclass(frozen=True)
class Clip:
    """The frames to read from one video, with an optional crop and quarter turns (counter-clockwise)."""

    frames: np.ndarray  # [T], indices in [0, num_frames)
    box: Box | None = None
    quarter_turns: int = 0


@dataclass(frozen=True)
class Sample:
    """The clips drawn from one video and their labels: an int for the video, or an array [V] with one label a clip."""

    clips: tuple[Clip, ...]
    labels: dict[str, int | np.ndarray] = field(default_factory=dict)


Sampler = Callable[[int, np.random.Generator], Sample]
"""A pure function (number of frames, random generator) -> sample."""


def views(sampler: Sampler) -> int:
    """How many clips a sample holds; the same for a video of any length, so one draw tells."""
    return len(sampler(64, np.random.default_rng(0)).clips)
