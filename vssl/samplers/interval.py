"""CVRL's clips: two of one video, at an interval drawn from a law that prefers short ones.

See Qian et al., CVPR 2021, 3.3 and A.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np

from vssl.clips import Clip, Sample
from vssl.errors import VsslError

Times = TypeVar("Times", float, np.ndarray)  # one time, or several


@dataclass(frozen=True)
class Law:
    """P(t) = a t^b + c (Eq. 2).

    The time t is a share of the longest interval, so that a, b and c hold for any video.
    """

    a: float
    b: float
    c: float

    def __post_init__(self) -> None:
        # P at 0 and at 1. Because b > 0, P lies between these two everywhere else.
        ends = (self.c, self.a + self.c)
        if self.b <= 0 or min(ends) < -1e-9 or abs(self.cdf(1.0) - 1) > 1e-9:
            raise VsslError(
                f"P(t) = {self.a:g} t^{self.b:g} + {self.c:g} is no law on [0, 1]: it must not be"
                " negative, and sum to 1, with b > 0"
            )

    def density(self, t: Times) -> Times:
        """P(t), for t in [0, 1]."""
        return self.a * t**self.b + self.c

    def cdf(self, t: Times) -> Times:
        """F(t), the integral of P from 0 to t (Eq. 3)."""
        return self.a / (self.b + 1) * t ** (self.b + 1) + self.c * t


def decreasing(power: float = 1.0) -> Law:
    """The law that falls to 0 at the longest interval, P ~ 1 - t^power.

    A power of 1 is the paper's default, the straight line.
    """
    if power <= 0:
        raise VsslError(
            f"a law that falls needs a power above 0, not {power:g}; 1 is the straight line"
        )
    return Law(-(power + 1) / power, power, (power + 1) / power)


def increasing(power: float = 1.0) -> Law:
    """The law that grows from 0, P ~ t^power."""
    return Law(power + 1, power, 0.0)


LINEAR = decreasing()
UNIFORM = Law(0.0, 1.0, 1.0)


def invert(cdf: Callable[[int], float], v: float, longest: int) -> int:
    """The interval t with F(t) <= v < F(t + 1), in [0, longest), by halving (Algorithm 2).

    The algorithm as printed gives back the last midpoint it looked at, which is this t or one more;
    we give its lower bound.
    """
    lower, upper = 0, longest
    while upper - lower > 1:
        t = (upper + lower) // 2
        if cdf(t) > v:
            upper = t
        else:
            lower = t
    return lower


@dataclass(frozen=True)
class Interval:
    """Two clips of `length` frames whose starts lie t frames apart, with t drawn from `law`.

    A clip takes every `stride`-th frame.

    The label "interval" is t; the two clips come in either order of time. With M possible starts, t
    lies in [0, M), and the earlier start is uniform over the M - t that leave room for the later. A
    clip that passes the video's end goes on from frame 0.

    law     None: t = 0, two clips of the same frames (what "no temporal augmentation" can mean; the
            paper does not say).
    over    what t is a share of. "starts": the M starts from which a whole clip fits, so that none
            passes the end; a video too short for one gives two independent starts anywhere, or with
            law=None one (the authors' code). "video": all T frames, as the paper's text has it.
    """

    law: Law | None = LINEAR
    length: int = 16
    stride: int = 2
    over: Literal["starts", "video"] = "starts"

    def __post_init__(self) -> None:
        if not isinstance(self.law, Law | None):
            raise VsslError(
                f"the law of the interval is a Law or None, not {self.law!r}; take samplers.LINEAR,"
                " for example"
            )
        if self.over not in ("starts", "video"):
            raise VsslError(f"over is 'starts' or 'video', not {self.over!r}")
        if self.length < 1 or self.stride < 1:
            raise VsslError(
                "a clip has 1 frame or more, each 1 frame or more after the last; not"
                f" {self.length} and {self.stride}"
            )

    def starts(self, num_frames: int) -> int:
        """M, how many starts there are.

        They are those of a whole clip, or every frame where none fits or `over` says so.
        """
        fitting = num_frames - (self.length - 1) * self.stride
        return fitting if self.over == "starts" and fitting > 0 else num_frames

    @property
    def layout(self) -> tuple[int, ...]:
        """Frames of each clip."""
        return (self.length, self.length)

    def __call__(self, num_frames: int, rng: np.random.Generator) -> Sample:
        law, longest = self.law, self.starts(num_frames)
        if law and self.over == "starts" and num_frames <= (self.length - 1) * self.stride:
            starts = rng.integers(longest, size=2)  # [2]
        else:
            t = invert(lambda t: law.cdf(t / longest), rng.random(), longest) if law else 0
            starts = rng.integers(longest - t) + np.array([0, t])  # [2]
        if rng.random() < 0.5:
            starts = starts[::-1]
        frames = (starts[:, None] + np.arange(self.length) * self.stride) % num_frames  # [2, T]
        return Sample(tuple(map(Clip, frames)), {"interval": abs(int(starts[1] - starts[0]))})
