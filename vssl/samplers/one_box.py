"""One crop for all clips of a draw, so that they show the same place."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from vssl.clips import Box, Sample, Sampler, samples_of
from vssl.errors import VsslError


@dataclass(frozen=True)
class OneBox:
    """The clips of another sampler, all with one box that is drawn at random.

    So two clips can be compared pixel by pixel, or told apart by nothing but what moves. Without a
    box each clip is cropped for itself.

    area     of the box, a share of the frame.
    aspect   of the box, width over height in pixels, of frames whose own is `frame`.
    """

    sampler: Sampler
    area: tuple[float, float] = (0.5, 1.0)
    aspect: tuple[float, float] = (3 / 4, 4 / 3)
    frame: float = 4 / 3

    def __post_init__(self) -> None:
        if not (0 < self.area[0] <= self.area[1] <= 1 and 0 < self.aspect[0] <= self.aspect[1]):
            raise VsslError(
                "area and aspect go from a lower to a higher number above 0, area up to 1 at most;"
                f" not {self.area} and {self.aspect}"
            )

    @property
    def layout(self) -> tuple[int, ...]:
        """Frames of each clip."""
        return self.sampler.layout

    @property
    def samples(self) -> int:
        """How many samples of one video a draw holds."""
        return samples_of(self.sampler)

    def __call__(self, num_frames: int, rng: np.random.Generator) -> Sample:
        drawn = self.sampler(num_frames, rng)
        box = self._box(rng)
        return replace(drawn, clips=tuple(replace(clip, box=box) for clip in drawn.clips))

    def _box(self, rng: np.random.Generator) -> Box:
        area = rng.uniform(*self.area)
        # Width over height in shares of the frame; a box wider or higher than it becomes as wide.
        across = float(np.exp(rng.uniform(*np.log(self.aspect)))) / self.frame
        height, width = min(1.0, (area / across) ** 0.5), min(1.0, (area * across) ** 0.5)
        top, left = rng.uniform(0, 1 - height), rng.uniform(0, 1 - width)
        return Box(float(top), float(left), float(height), float(width))
