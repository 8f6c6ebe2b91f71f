"""Several draws of one sampler from one video, in one sample."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vssl.clips import Sample, Sampler
from vssl.errors import VsslError


@dataclass(frozen=True)
class Repeat:
    """`count` samples of one video joined into one: all clips side by side, every label an array with a value a clip.

    distinct   a label whose value must differ between the draws: ``Repeat(Pace(), 4, distinct="pace")`` gives all four
               paces of one video, in random order. Without it the draws are independent (the paper's two clips).
    """

    sampler: Sampler
    count: int = 2
    distinct: str | None = None

    def __call__(self, num_frames: int, rng: np.random.Generator) -> Sample:
        drawn: list[Sample] = []
        for _ in range(
            1000 * self.count
        ):  # 4 of 4 values take 8 draws on average; the bound only ends the impossible
            sample = self.sampler(num_frames, rng)
            if self.distinct is None or all(
                sample.labels[self.distinct] != other.labels[self.distinct] for other in drawn
            ):
                drawn.append(sample)
            if len(drawn) == self.count:
                break
        else:
            raise VsslError(
                f"{self.sampler} has fewer than {self.count} different values of {self.distinct!r}; lower the count"
            )
        clips = tuple(clip for sample in drawn for clip in sample.clips)
        labels = {
            name: np.concatenate(
                [np.broadcast_to(s.labels[name], len(s.clips)) for s in drawn]
            )  # [V]
            for name in drawn[0].labels
        }
        return Sample(clips, labels)
