"""Clip order prediction's clips: a few from one video, in a random order (Xu et al., CVPR 2019)."""

from __future__ import annotations

from dataclasses import dataclass
from math import factorial

import numpy as np

from vssl.clips import Clip, Sample
from vssl.errors import VsslError


@dataclass(frozen=True)
class ClipOrder:
    """`clips` clips of `length` consecutive frames, `gap` frames apart, in a random order.

    The first of them starts at a random frame.

    The label "order" says which clip (counted in time, from 0) is shown at each place: the rank of
    that permutation among all of them in lexicographic order, so that 0 is the video's own order.
    It belongs to the whole sample.

    A video too short for the gaps gets smaller ones, all alike, down to none. One too short even
    for that starts at frame 0 and goes on from frame 0 at its end; its clips may then be the same,
    and such an order cannot be told.
    """

    clips: int = 3
    length: int = 16
    gap: int = 8

    def __post_init__(self) -> None:
        if self.clips < 2 or self.length < 1 or self.gap < 0:
            raise VsslError(
                "an order takes 2 clips or more, of 1 frame or more, 0 frames or more apart; not"
                f" {self}"
            )

    @property
    def classes(self) -> int:
        """How many orders there are."""
        return factorial(self.clips)

    @property
    def layout(self) -> tuple[int, ...]:
        """Frames of each clip."""
        return self.clips * (self.length,)

    def __call__(self, num_frames: int, rng: np.random.Generator) -> Sample:
        shown = self.clips * self.length
        gap = min(self.gap, max(0, num_frames - shown) // (self.clips - 1))
        start = int(rng.integers(max(1, num_frames - shown - gap * (self.clips - 1) + 1)))
        order = rng.permutation(self.clips)  # [V]: which clip is shown at each place
        frames = start + order[:, None] * (self.length + gap) + np.arange(self.length)  # [V, T]
        return Sample(
            tuple(Clip(row) for row in frames % num_frames),
            {"order": rank(order)},
        )


def rank(order: np.ndarray) -> int:
    """How many permutations come before `order` in lexicographic order."""
    # At each place, how many smaller numbers are still to come.
    later = [int((order[place + 1 :] < order[place]).sum()) for place in range(len(order))]
    return sum(smaller * factorial(len(order) - 1 - place) for place, smaller in enumerate(later))
