"""Pace prediction's clips: one video at a pace to be told (Wang et al., ECCV 2020, 3.1)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Literal

import numpy as np

from vssl.clips import Clip, Sample
from vssl.errors import VsslError


@dataclass(frozen=True)
class Pace:
    """A clip at a pace drawn uniformly from `paces`.

    The label "pace" is the pace's place in that tuple.

    Pace p shows frame ``start + floor(i * p)`` at place i: p > 1 skips frames, p < 1 repeats the
    preceding one.

    short   what happens where the video ends before the clip does. "loop": any frame may be the
            start, and the clip goes on from frame 0 (the paper's text and code). The jump gives
            fast paces away, since they reach the end more often. "fit": the start is drawn so that
            the clip fits; only a video too short for its pace starts at 0 and loops.
    play    "forward"; "random": half of the clips run backwards under the same label; "signed":
            backwards is a class of its own, labels ``len(paces)`` to ``2 * len(paces) - 1`` (the
            supplement's Table 4).
    """

    paces: tuple[Fraction | int, ...] = (1, 2, 3, 4)
    length: int = 16
    short: Literal["loop", "fit"] = "loop"
    play: Literal["forward", "random", "signed"] = "forward"

    def __post_init__(self) -> None:
        if (
            not self.paces
            or any(pace <= 0 for pace in self.paces)
            or len(set(self.paces)) < len(self.paces)
        ):
            raise VsslError(
                f"paces must be different and above 0, not {self.paces}; play='signed' adds the"
                " backward ones"
            )
        if any(isinstance(pace, float) for pace in self.paces):
            raise VsslError(
                f"a pace is a whole number or a Fraction, not {self.paces}: write Fraction(1, 3),"
                " for 1/3 is not exact"
            )
        if self.short not in ("loop", "fit") or self.play not in ("forward", "random", "signed"):
            raise VsslError(
                "short is 'loop' or 'fit', play is 'forward', 'random' or 'signed'; not"
                f" {self.short!r}, {self.play!r}"
            )

    @property
    def classes(self) -> int:
        """How many labels there are: M of Eq. 1."""
        return len(self.paces) * (2 if self.play == "signed" else 1)

    @property
    def layout(self) -> tuple[int, ...]:
        """Frames of each clip."""
        return (self.length,)

    def __call__(self, num_frames: int, rng: np.random.Generator) -> Sample:
        label = int(rng.integers(self.classes))
        pace = Fraction(self.paces[label % len(self.paces)])
        span = int((self.length - 1) * pace) + 1
        starts = num_frames if self.short == "loop" else max(1, num_frames - span + 1)
        frames = self.frames(pace, int(rng.integers(starts)), num_frames)  # [T]
        backwards = (
            label >= len(self.paces)
            if self.play == "signed"
            else self.play == "random" and rng.random() < 0.5
        )
        return Sample((Clip(frames[::-1].copy() if backwards else frames),), {"pace": label})

    def frames(self, pace: Fraction | int, start: int, num_frames: int) -> np.ndarray:
        """The frames of one clip, [T], from `start` on.

        It begins again at frame 0 each time the next frame would pass the end.
        """
        pace = Fraction(pace)
        first = ceil((num_frames - start) / pace)  # places filled before the first jump back
        again = ceil(num_frames / pace)  # and between later ones
        place = np.arange(self.length)
        # The steps since the last jump.
        place = np.where(place < first, place, (place - first) % again)  # [T]
        base = np.where(np.arange(self.length) < first, start, 0)
        return base + place * pace.numerator // pace.denominator  # [T], exact: no rounding of 1/3

    def seam(self, pace: Fraction | int, start: int, num_frames: int) -> bool:
        """Whether the clip that starts there passes the video's end and goes on from frame 0."""
        return self.length > ceil((num_frames - start) / Fraction(pace))
