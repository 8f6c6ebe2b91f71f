"""One clip at a random speed and turned at random: playback and rotation as mere augmentation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vssl.clips import Clip, Sample
from vssl.errors import VsslError
from vssl.samplers.short import reflected


@dataclass(frozen=True)
class Varied:
    """One clip from anywhere in a video, its stride one of a few, and by chance on its side.

    The strides are those at which the clip fits the video, all alike; if none fits, it is the
    smallest, and the video is played to its end, back, and forth again. No label tells of either.
    """

    length: int = 16
    strides: tuple[int, ...] = (1, 2, 4, 8)
    turned: bool = True

    def __post_init__(self) -> None:
        if not self.strides or min(self.strides) < 1:
            raise VsslError(f"strides are 1 or more; not {self.strides}")

    @property
    def layout(self) -> tuple[int, ...]:
        """Frames of each clip."""
        return (self.length,)

    def __call__(self, num_frames: int, rng: np.random.Generator) -> Sample:
        fitting = [s for s in self.strides if (self.length - 1) * s < num_frames]
        stride = int(rng.choice(fitting or [min(self.strides)]))
        span = (self.length - 1) * stride + 1
        timeline = reflected(num_frames, max(num_frames, span))
        start = int(rng.integers(len(timeline) - span + 1))
        turns = int(rng.integers(4)) if self.turned else 0
        frames = timeline[start + stride * np.arange(self.length)]  # [T]
        return Sample((Clip(frames, quarter_turns=turns),))
