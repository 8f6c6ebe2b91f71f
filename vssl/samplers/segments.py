"""A clip made of segments, each at a rate of its own, in a random order (TCSVT 2021, III-C, D)."""

from __future__ import annotations

from dataclasses import dataclass
from math import factorial

import numpy as np

from vssl.clips import Clip, Sample, Sampler
from vssl.errors import VsslError
from vssl.samplers.order import rank
from vssl.samplers.short import reflected

REDRAWN = 10  # times, before the rates of a clip that does not fit are cut down


@dataclass(frozen=True)
class Segments:
    """`count` segments of one video, `length` frames together, shown in a random order.

    Each segment has `shortest` frames or more, and every way to part the clip so is equally likely.
    A segment shows every r-th frame, with an integer r from `rates` (both ends included) that is
    its own; two may have the same. On the video's time line each segment follows the one before:
    from its last frame to the first of the next it is one step of its rate.

    The label "order" is the rank of the shown order among all of them, as in `ClipOrder`. The label
    "rates" holds the rates, [count], in the order in which the segments are shown. Both belong to
    the whole sample.

    In a video too short for the rates that were drawn, rates are drawn anew, a few times, and then
    those above what fits are lowered to it. So fast segments are rarer in short videos. A video of
    fewer frames than the clip is played at rate 1 to its end and back.
    """

    count: int = 3
    rates: tuple[int, int] = (1, 8)
    length: int = 16
    shortest: int = 3

    def __post_init__(self) -> None:
        slowest, fastest = self.rates
        if not 1 <= slowest <= fastest:
            raise VsslError(
                "the rates of segments go from 1 or more to as much or more, in whole frames; not"
                f" {self.rates}"
            )
        if self.count < 2 or self.shortest < 1 or self.count * self.shortest > self.length:
            raise VsslError(
                f"a clip of {self.length} frames has 2 segments or more, of {self.shortest} frames"
                f" or more each; {self.count} do not fit: change count, length or shortest"
            )

    @property
    def classes(self) -> int:
        """How many orders there are."""
        return factorial(self.count)

    @property
    def layout(self) -> tuple[int, ...]:
        """Frames of the one clip."""
        return (self.length,)

    def __call__(self, num_frames: int, rng: np.random.Generator) -> Sample:
        lengths = self.parts(rng)  # [count], in time
        rates = self._rates(lengths, num_frames, rng)  # [count], in time
        steps = np.repeat(rates, lengths)[:-1]  # [T - 1], from each frame to the next
        place = np.concatenate([[0], np.cumsum(steps)])  # [T], from the clip's first frame on
        span = int(place[-1]) + 1
        if span > num_frames:  # at rate 1, which is as slow as it gets
            frames = reflected(num_frames, self.length)
        else:
            frames = place + int(rng.integers(num_frames - span + 1))
        order = rng.permutation(self.count)  # [count]: which segment is shown at each place
        segments = np.split(frames, np.cumsum(lengths)[:-1])
        shown = np.concatenate([segments[number] for number in order])  # [T]
        told: np.ndarray = rates[order].astype(np.float32)
        return Sample((Clip(shown),), {"order": rank(order), "rates": told})

    def parts(self, rng: np.random.Generator) -> np.ndarray:
        """The frames of each segment, [count]: one of all ways to part the clip."""
        spare = self.length - self.count * self.shortest
        # Bars among stars: where the bars lie says how the spare frames are shared out.
        bars = np.sort(rng.choice(spare + self.count - 1, self.count - 1, replace=False))
        ends = np.concatenate([[-1], bars, [spare + self.count - 1]])
        return self.shortest + np.diff(ends) - 1

    def _rates(self, lengths: np.ndarray, num_frames: int, rng: np.random.Generator) -> np.ndarray:
        """A rate for each segment, [count], so that the clip fits into the video if it can."""
        slowest, fastest = self.rates
        for _ in range(REDRAWN):
            rates = rng.integers(slowest, fastest, self.count, endpoint=True)
            if _span(lengths, rates) <= num_frames:
                return rates
        limit = int(rates.max())
        while limit > 1 and _span(lengths, np.minimum(rates, limit)) > num_frames:
            limit -= 1
        return np.minimum(rates, limit)


@dataclass(frozen=True)
class Coin:
    """The samples of another sampler, each with one toss of a fair coin: a label of 0 or 1."""

    sampler: Sampler
    label: str

    @property
    def layout(self) -> tuple[int, ...]:
        """Frames of each clip."""
        return self.sampler.layout

    def __call__(self, num_frames: int, rng: np.random.Generator) -> Sample:
        sample = self.sampler(num_frames, rng)
        return Sample(sample.clips, {**sample.labels, self.label: int(rng.integers(2))})


def _span(lengths: np.ndarray, rates: np.ndarray) -> int:
    """The frames from a clip's first to its last, both included."""
    return int((lengths * rates).sum() - rates[-1] + 1)
