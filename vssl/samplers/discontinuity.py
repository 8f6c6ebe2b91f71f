"""A cut in a clip: frames are taken out of its middle, and a net must tell where (CPNet, 3.2)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from vssl.clips import Clip, Sample, Sampler, samples_of
from vssl.errors import VsslError
from vssl.samplers.continuity import cut_out


@dataclass(frozen=True)
class Discontinuity:
    """The clips of another sampler, which draws `gap` frames more than a net is shown, with a cut.

    Of the clips numbered in `views` (None: all) the `gap` frames behind the first j are taken out,
    with j drawn uniformly from 1 to length - 1 for each of them; the others lose their last `gap`
    frames, so that all stay equally long. The label "cut" is j - 1 for each clip that is cut, so
    length - 1 classes, and -1 for the others.
    """

    sampler: Sampler
    gap: int = 8
    views: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        if self.gap < 1:
            raise VsslError(f"a cut takes out 1 frame or more, not {self.gap}; 8 is the paper's")
        shortest = min(self.sampler.layout)
        if shortest < self.gap + 2:
            raise VsslError(
                f"a clip of {shortest} frames cannot lose {self.gap} between two that stay; let the"
                " sampler draw longer clips"
            )
        if not set(self._cut) <= set(range(len(self.sampler.layout))):
            raise VsslError(
                f"this sampler draws {len(self.sampler.layout)} clips, numbered from 0; views "
                f"names {self.views}"
            )

    @property
    def _cut(self) -> tuple[int, ...]:
        return tuple(range(len(self.sampler.layout))) if self.views is None else self.views

    @property
    def layout(self) -> tuple[int, ...]:
        """Frames of each clip."""
        return tuple(length - self.gap for length in self.sampler.layout)

    @property
    def samples(self) -> int:
        """How many samples of one video a draw holds."""
        return samples_of(self.sampler)

    def __call__(self, num_frames: int, rng: np.random.Generator) -> Sample:
        drawn = self.sampler(num_frames, rng)
        views = len(self.sampler.layout)
        clips: list[Clip] = []
        cut: np.ndarray = np.full(len(drawn.clips), -1)  # [samples * V]
        for number, clip in enumerate(drawn.clips):
            kept = len(clip.frames) - self.gap
            j = kept
            if number % views in self._cut:
                j = int(rng.integers(1, kept))
                cut[number] = j - 1
            left, _ = cut_out(clip.frames, j, self.gap)  # [T]
            clips.append(replace(clip, frames=left))
        if self.samples > 1:
            cut = cut.reshape(self.samples, views)
        return Sample(tuple(clips), {**drawn.labels, "cut": cut})
