"""How CSTP's public code draws its pairs, to measure what that does to the labels.

Nothing is trained with it: `samplers.Overlap` draws the same pairs with labels that are uniform and
true. The code differs in three ways.

- It draws a first clip, and then a label with a second clip, again and again until the clip fits.
  Small overlaps fit rarely, so they are rare.
- It cuts the shift in time down to whole frames of the video, not of the clip. At 2, 4 and 8 times
  the speed the second clip then lies between the frames of the first one.
- It turns a clip before it crops it. A label of space then speaks of two pictures that are turned
  against each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from vssl.errors import VsslError

Rectangle = tuple[int, int, int, int]  # top, left, height, width, in pixels


class Drawn(NamedTuple):
    """A pair as the code draws it: its labels, and what they are about."""

    spatial: int  # label: place in `rates`
    temporal: int
    playback: int  # frames of the video from one of the clip to the next
    turns: tuple[int, int]
    boxes: tuple[Rectangle, Rectangle]  # in the frame as it is, not turned
    frames: tuple[np.ndarray, np.ndarray]  # [T] each

    @property
    def shared_area(self) -> float:
        """The share of the first clip's box that the second one shows too."""
        (top, left, height, width), (t, x, h, w) = self.boxes
        high = max(0.0, min(top + height, t + h) - max(top, t))
        wide = max(0.0, min(left + width, x + w) - max(left, x))
        return high * wide / (height * width)

    @property
    def shared_frames(self) -> int:
        """How many frames the two clips have in common."""
        return len(np.intersect1d(*self.frames))


@dataclass(frozen=True)
class OverlapAsCoded:
    """Pairs of a video of so many frames of `height` x `width` pixels."""

    rates: tuple[float, ...] = (1.0, 0.8, 0.6, 0.4, 0.2)
    height: int = 256
    width: int = 341
    length: int = 16

    def __post_init__(self) -> None:
        if 1.0 not in self.rates:
            raise VsslError(
                "the code draws until a pair fits, and in some videos only the rate 1 does; the"
                f" rates are {self.rates}: add 1"
            )

    def __call__(self, num_frames: int, rng: np.random.Generator) -> Drawn:
        """Draw one pair; the video must be longer than a clip."""
        steps = self.length - 1
        most = min(3, int(np.log2(num_frames / steps)))
        playback = 2 ** int(rng.integers(most + 1))
        temporal, starts = self._starts(num_frames, steps * playback, rng)
        turns = tuple(int(turn) for turn in rng.integers(4, size=2))
        spatial, turned = self._boxes(turns, rng)
        frames = [start + playback * np.arange(self.length) for start in starts]
        back = [self._upright(box, turn) for box, turn in zip(turned, turns, strict=True)]
        return Drawn(
            spatial, temporal, playback, (turns[0], turns[1]), (back[0], back[1]), tuple(frames)
        )

    def _starts(
        self, num_frames: int, span: int, rng: np.random.Generator
    ) -> tuple[int, tuple[int, int]]:
        """The label and both starts; label and second start are redrawn until it fits."""
        room = num_frames - span
        if room <= 0:  # 15, 30, 60 or 120 frames
            return 0, (0, 0)
        first = int(rng.integers(room))
        while True:
            label = int(rng.integers(len(self.rates)))
            shift = int((1 - self.rates[label]) * span)  # 0.8 falls short: (1 - 0.8) * 15 < 3
            second = first + int(rng.choice([-1, 1])) * shift
            if 0 <= second < room:
                return label, (first, second)

    def _boxes(
        self, turns: tuple[int, ...], rng: np.random.Generator
    ) -> tuple[int, tuple[Rectangle, Rectangle]]:
        """The label and both boxes, each in its own turned frame."""
        sizes = [(self.width, self.height) if t % 2 else (self.height, self.width) for t in turns]
        tall, long = sizes[0]
        first = self._box(tall, long, rng)
        while True:
            label, second = self._second(first, rng)
            top, left, h, w = second
            if 0 <= top <= tall - h and 0 <= left <= long - w:
                return label, (first, second)

    @staticmethod
    def _box(tall: int, long: int, rng: np.random.Generator) -> Rectangle:
        """A box of 20 to 100 % of the frame, anywhere in it."""
        while True:
            area, aspect = rng.uniform(0.2, 1) * tall * long, rng.uniform(3 / 4, 4 / 3)
            w, h = round((area * aspect) ** 0.5), round((area / aspect) ** 0.5)
            w, h = (h, w) if rng.random() < 0.5 else (w, h)
            if w <= long and h <= tall:
                return int(rng.integers(tall - h + 1)), int(rng.integers(long - w + 1)), h, w

    def _second(self, first: Rectangle, rng: np.random.Generator) -> tuple[int, Rectangle]:
        """A label, and a box that shares so much of the first one; it may leave the frame."""
        top, left, h, w = first
        label = int(rng.integers(len(self.rates)))
        rate = self.rates[label]
        shared_w = int(rng.integers(int(rate * w), w + 1))
        shared_h = min(h, int(rate * w * h / shared_w))
        down, right = rng.choice([-1, 1], 2) * (h - shared_h, w - shared_w)
        return label, (top + int(down), left + int(right), h, w)

    def _upright(self, box: Rectangle, turns: int) -> Rectangle:
        """Where a box of the turned frame lies in the frame as it is."""
        top, left, h, w = box
        height, width = (self.width, self.height) if turns % 2 else (self.height, self.width)
        for _ in range(turns):  # undo one turn counter-clockwise at a time
            top, left, h, w = left, height - top - h, w, h
            height, width = width, height
        return top, left, h, w
