"""CSTP's clips: two of one video that share a chosen part of their space and of their time.

See Zhang et al., AAAI 2022, "Spatio-temporal Overlap Data Augmentation".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vssl.clips import Box, Clip, Sample
from vssl.errors import VsslError
from vssl.samplers.short import reflected

RATES = (1.0, 0.8, 0.6, 0.4, 0.2)


@dataclass(frozen=True)
class Overlap:
    """Two clips of `length` frames whose overlap in space and in time is drawn from a few rates.

    The two clips have one playback rate and boxes of one size. Labels of the sample are "spatial"
    and "temporal", the places of the drawn overlap rates in their tuples, and "playback", that of
    the playback rate; "rotation" has a number of quarter turns for each clip.

    The overlap rates are drawn first, and uniformly. What comes after must fit them:

    - The size of the boxes is drawn until every spatial rate would fit, not only the drawn one.
      Otherwise large boxes would mean large overlaps, and the zoom would tell the label.
    - The playback rate is drawn from those at which both clips fit the video. So fast clips of
      short videos go with large overlaps; `fitting` says how far. A video that is too short even
      for the slowest rate is played to its end, back, and forth again.

    The paper and its code draw a first clip, and then a second one again and again until it fits,
    the label along with it: two thirds of their pairs then have the full spatial overlap.

    spatial   overlap rates in space; None: the clips have no boxes, and no such label.
    temporal  overlap rates in time; None: each clip lies anywhere, and there is no such label.
    area      of a box, a share of the frame.
    aspect    of a box, width over height in pixels, of frames whose own is `frame`.
    """

    spatial: tuple[float, ...] | None = RATES
    temporal: tuple[float, ...] | None = RATES
    playback: tuple[int, ...] = (1, 2, 4, 8)
    rotation: bool = True
    area: tuple[float, float] = (0.2, 1.0)
    aspect: tuple[float, float] = (3 / 4, 4 / 3)
    length: int = 16
    frame: float = 4 / 3

    def __post_init__(self) -> None:
        for name, rates in (("spatial", self.spatial), ("temporal", self.temporal)):
            if rates is not None and not (rates and all(0 < rate <= 1 for rate in rates)):
                raise VsslError(f"overlap rates lie above 0 and up to 1; {name} is {rates}")
        if self.spatial and len(set(self.spatial)) < len(self.spatial):
            raise VsslError(f"every overlap rate stands once; spatial is {self.spatial}")
        if self.temporal and len(set(self.shifts)) < len(self.temporal):
            raise VsslError(
                f"clips of {self.length} frames are too short to tell the temporal overlap rates "
                f"{self.temporal} apart: take longer clips or fewer rates"
            )
        if not self.playback or min(self.playback) < 1:
            raise VsslError(f"playback rates are 1 or more; not {self.playback}")
        if not (0 < self.area[0] <= self.area[1] <= 1 and 0 < self.aspect[0] <= self.aspect[1]):
            raise VsslError(
                "area and aspect go from a lower to a higher number above 0, area up to 1 at most;"
                f" not {self.area} and {self.aspect}"
            )
        if self.spatial is None:
            return
        # A grid and not the extremes alone: a size must be found in a few hundred draws.
        grid = [(a, b) for a in np.linspace(*self.area, 21) for b in np.geomspace(*self.aspect, 21)]
        if not any(self._fits(*self._size(area, aspect)) for area, aspect in grid):
            raise VsslError(
                f"no two boxes of {self.area[0]:g} of the frame or more overlap by only"
                f" {min(self.spatial):g} inside it: allow a smaller area, or leave out that rate"
            )

    @property
    def layout(self) -> tuple[int, ...]:
        """Frames of each clip."""
        return (self.length, self.length)

    @property
    def shifts(self) -> tuple[int, ...]:
        """For each temporal rate, by how many of its frames the later clip comes later."""
        return tuple(round((1 - rate) * (self.length - 1)) for rate in self.temporal or ())

    def fitting(self, num_frames: int, temporal: int | None) -> list[int]:
        """The places of the playback rates at which both clips fit; the slowest if none does."""
        steps = self.length - 1 + (0 if temporal is None else self.shifts[temporal])
        found = [place for place, rate in enumerate(self.playback) if steps * rate < num_frames]
        return found or [int(np.argmin(self.playback))]

    def __call__(self, num_frames: int, rng: np.random.Generator) -> Sample:
        labels: dict[str, int | np.ndarray] = {}
        boxes: tuple[Box, Box] | tuple[None, None] = (None, None)
        for name, rates in (("spatial", self.spatial), ("temporal", self.temporal)):
            if rates:
                labels[name] = int(rng.integers(len(rates)))
        if self.spatial:
            boxes = self._boxes(self.spatial[int(labels["spatial"])], rng)
        temporal = int(labels["temporal"]) if self.temporal else None
        playback = labels["playback"] = int(rng.choice(self.fitting(num_frames, temporal)))
        frames = self._frames(num_frames, self.playback[playback], temporal, rng)  # [2, T]
        turns = np.zeros(2, dtype=np.int64)
        if self.rotation:
            turns = labels["rotation"] = rng.integers(4, size=2)  # [2]
        clips = (Clip(f, b, int(t)) for f, b, t in zip(frames, boxes, turns, strict=True))
        return Sample(tuple(clips), labels)

    def _frames(
        self, num_frames: int, rate: int, temporal: int | None, rng: np.random.Generator
    ) -> np.ndarray:
        """The frames of both clips, [2, T]."""
        shift = 0 if temporal is None else self.shifts[temporal]
        span = (self.length - 1 + shift) * rate + 1  # frames from the first to the last of both
        timeline = reflected(num_frames, max(num_frames, span))  # [num_frames or span]
        starts = rng.integers(len(timeline) - span + 1, size=2)
        if temporal is not None:  # either clip may be the earlier one
            starts = starts[0] + rng.permutation([0, shift * rate])
        return timeline[starts[:, None] + rate * np.arange(self.length)]

    def _boxes(self, rate: float, rng: np.random.Generator) -> tuple[Box, Box]:
        """Two boxes of one size inside the frame that share `rate` of their area."""
        height, width = self._draw_size(rng)
        # They share a part of their width, and so much of their height that the area is right.
        shared_width = rng.uniform(*_shared(rate, height, width))
        down = height * (1 - rate / shared_width)
        right = width * (1 - shared_width)
        # The rectangle around both lies anywhere; each box in a corner of it.
        top = rng.uniform(0, max(0.0, 1 - height - down))
        left = rng.uniform(0, max(0.0, 1 - width - right))
        tops, lefts = rng.permutation([top, top + down]), rng.permutation([left, left + right])
        first, second = (
            Box(float(t), float(x), height, width) for t, x in zip(tops, lefts, strict=True)
        )
        return first, second

    def _draw_size(self, rng: np.random.Generator) -> tuple[float, float]:
        """Height and width of a box, in shares of the frame, at which every rate fits."""
        while True:  # __post_init__ has made sure that there are such sizes
            area = rng.uniform(*self.area)
            size = self._size(area, float(np.exp(rng.uniform(*np.log(self.aspect)))))
            if self._fits(*size):
                return size

    def _size(self, area: float, aspect: float) -> tuple[float, float]:
        """Height and width, in shares of the frame, of a box of that area and aspect."""
        across = aspect / self.frame  # width over height, in shares
        return float((area / across) ** 0.5), float((area * across) ** 0.5)

    def _fits(self, height: float, width: float) -> bool:
        """Whether two boxes of that size can overlap by any of the rates; the lowest decides."""
        if max(height, width) > 1:
            return False
        least, most = _shared(min(self.spatial or (1.0,)), height, width)
        return least <= most


def _shared(rate: float, height: float, width: float) -> tuple[float, float]:
    """The least and the most share of their width that two boxes can share, inside the frame.

    With a share a of the width they share rate / a of the height. Both boxes together are
    (2 - a) times as wide as one, and (2 - rate / a) times as high, and neither may exceed 1.
    """
    least = max(rate, 2 - 1 / width)
    most = 1.0 if height <= 1 / (2 - rate) else min(1.0, rate / (2 - 1 / height))
    return least, most
