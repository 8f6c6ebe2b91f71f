"""CPNet's clips: a continuous one, one with a cut, and the section that the cut takes out (3.2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vssl.clips import Clip, Sample
from vssl.errors import VsslError
from vssl.samplers.short import reflected


@dataclass(frozen=True)
class Continuity:
    """A continuous clip, a discontinuous clip and its missing section, all of one video.

    An initial clip of `length + gap` frames is drawn. Its frames from j to j + gap are the missing
    section, and what is left is the discontinuous clip; j is uniform in 1 to length - 1. The
    continuous clip lies outside the initial one. Where it lies is drawn together with the initial
    clip, uniformly among all pairs that share no frame. A video of fewer than 2 * length + gap
    frames has no such pair; there the two share as few frames as they can. A video shorter than
    length + gap is played to its end, back, and forth again.

    The label "discontinuous" is 0, 1, 0 for the three clips. "cut" is j - 1 for the discontinuous
    clip, so one of length - 1 classes, and -1 for the others.

    cuts   so many samples of one video share a batch: the same initial clip with a cut at another
           place in each, and each with a continuous clip of its own. The paper draws 1; small data
           needs more, since the net then cannot tell the place by what the video shows.
    """

    length: int = 16
    gap: int = 8
    cuts: int = 1

    def __post_init__(self) -> None:
        if self.length < 2 or self.gap < 1:
            raise VsslError(
                "a clip with a cut has 2 frames or more, and loses 1 or more; not length"
                f" {self.length} and gap {self.gap}"
            )
        if not 1 <= self.cuts < self.length:
            raise VsslError(
                f"a clip of {self.length} frames can be cut at {self.length - 1} places, each once;"
                f" cuts is {self.cuts}"
            )

    @property
    def layout(self) -> tuple[int, int, int]:
        """Frames of each clip."""
        return (self.length, self.length, self.gap)

    @property
    def samples(self) -> int:
        """How many samples of one video a draw holds."""
        return self.cuts

    def __call__(self, num_frames: int, rng: np.random.Generator) -> Sample:
        whole = self.length + self.gap
        timeline = reflected(num_frames, max(num_frames, whole))  # [num_frames or whole]
        start, apart = self._places(len(timeline), rng)
        initial = timeline[start : start + whole]
        clips: list[Clip] = []
        cut = np.full((self.cuts, 3), -1)
        for number, j in enumerate(1 + rng.permutation(self.length - 1)[: self.cuts]):
            left, missing = cut_out(initial, int(j), self.gap)
            continuous = timeline[apart[number] : apart[number] + self.length]
            clips += [Clip(continuous), Clip(left), Clip(missing)]
            cut[number, 1] = j - 1
        discontinuous = np.tile([0, 1, 0], (self.cuts, 1))  # [cuts, 3]
        if self.cuts == 1:
            cut, discontinuous = cut[0], discontinuous[0]
        return Sample(tuple(clips), {"cut": cut, "discontinuous": discontinuous})

    def _places(self, num_frames: int, rng: np.random.Generator) -> tuple[int, np.ndarray]:
        """Where the initial clip begins, and where each continuous one does, [cuts]."""
        whole = self.length + self.gap
        starts = np.arange(num_frames - whole + 1)  # of the initial clip
        before = np.maximum(0, starts - self.length + 1)  # how many continuous clips end before it
        behind = np.maximum(0, num_frames - self.length + 1 - (starts + whole))
        if (before + behind).any():
            start = _weighted(before + behind, rng)
            free = np.r_[: before[start], start + whole : num_frames - self.length + 1]
        else:
            others = np.arange(num_frames - self.length + 1)
            ends = np.minimum(starts[:, None] + whole, others + self.length)
            shared = ends - np.maximum(starts[:, None], others)  # [starts, others], frames
            least = shared == shared.min()
            start = _weighted(least.sum(1), rng)
            free = np.flatnonzero(least[start])
        return start, rng.choice(free, self.cuts)


def cut_out(frames: np.ndarray, j: int, gap: int) -> tuple[np.ndarray, np.ndarray]:
    """What is left of a clip without the `gap` frames behind its first j, and these."""
    return np.concatenate([frames[:j], frames[j + gap :]]), frames[j : j + gap]


def _weighted(counts: np.ndarray, rng: np.random.Generator) -> int:
    """A place drawn in proportion to its count."""
    total = np.cumsum(counts)
    return int(np.searchsorted(total, rng.integers(total[-1]), side="right"))
