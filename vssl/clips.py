"""What to read from a video, and the labels that come free with it. Plain data, no pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from vssl.errors import VsslError

Label = int | float | np.ndarray


@dataclass(frozen=True)
class Box:
    """A crop, in fractions of the frame: all four lie in [0, 1], and so do its other two edges."""

    top: float
    left: float
    height: float
    width: float

    def __post_init__(self) -> None:
        for begin, length in ((self.top, self.height), (self.left, self.width)):
            # A NaN is refused too: it makes a comparison false. The sum may round a little above 1.
            if not (begin >= 0 and length > 0 and begin + length <= 1 + 1e-9):
                raise VsslError(
                    f"a box lies inside the frame, in fractions of it, and has a size; not {self}"
                )


@dataclass(frozen=True)
class Clip:
    """The frames to read from one video, with an optional crop and quarter turns.

    The turns are counter-clockwise.
    """

    frames: np.ndarray  # [T], indices in [0, num_frames)
    box: Box | None = None
    quarter_turns: int = 0


@dataclass(frozen=True)
class Sample:
    """The clips drawn from one video, and the labels that come free with them.

    A label is a number or an array, whole or real. It belongs to the whole sample, or to each clip
    if its first axis counts the clips; the objective that reads it says which.
    """

    clips: tuple[Clip, ...]
    labels: Mapping[str, Label] = field(default_factory=dict)


class Sampler(Protocol):
    """A pure function (number of frames, random generator) -> sample.

    `layout` holds the number of frames of each clip of a sample, so it also says how many clips
    there are; it is the same for a video of any length, and known without a draw.
    """

    @property
    def layout(self) -> tuple[int, ...]: ...

    def __call__(self, num_frames: int, rng: np.random.Generator) -> Sample: ...


def samples_of(sampler: Sampler) -> int:
    """How many samples of one video a draw holds side by side: 1, except under `samplers.Several`.

    Clips and labels then lie sample after sample, and `layout` is that of one sample.
    """
    return getattr(sampler, "samples", 1)


def joined_labels(samples: Sequence[Mapping[str, Label]], each: int) -> dict[str, np.ndarray]:
    """The labels of several draws, one draw after the other: name -> [B, ...].

    `each` is how many samples a draw holds; with several of them, a label has an axis for them.
    """
    join = np.stack if each == 1 else np.concatenate
    return {
        name: join([np.asarray(labels[name]) for labels in samples])  # [B, ...]
        for name in samples[0]
    }


def clips_of(sampler: Sampler) -> int:
    """How many clips of one video a draw holds."""
    return samples_of(sampler) * len(sampler.layout)
