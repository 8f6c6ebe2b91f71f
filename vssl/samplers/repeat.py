"""Several draws of one sampler from one video: as more views of a sample, or as more samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vssl.clips import Sample, Sampler, joined_labels, samples_of
from vssl.errors import VsslError


@dataclass(frozen=True)
class Repeat:
    """`count` independent samples of one video joined into one sample with all their clips.

    Every label then has a value for each clip: two clips of a video to contrast, each with the
    label that it was drawn with.
    """

    sampler: Sampler
    count: int = 2

    def __post_init__(self) -> None:
        _at_least_one(self.count)
        if samples_of(self.sampler) > 1:
            raise VsslError(
                "Repeat joins views of one sample: put Several around it, not inside it"
            )

    @property
    def layout(self) -> tuple[int, ...]:
        """Frames of each clip."""
        return self.count * tuple(self.sampler.layout)

    def __call__(self, num_frames: int, rng: np.random.Generator) -> Sample:
        drawn = [self.sampler(num_frames, rng) for _ in range(self.count)]
        views = len(self.sampler.layout)
        labels = {
            name: np.concatenate([_of_each_clip(s.labels[name], views) for s in drawn])  # [V, ...]
            for name in drawn[0].labels
        }
        return Sample(tuple(clip for sample in drawn for clip in sample.clips), labels)


@dataclass(frozen=True)
class Several:
    """`count` samples of one video in one batch; each stays a sample of its own.

    distinct   a label whose value must differ from sample to sample: ``Several(Pace(), 4,
               distinct="pace")`` gives all four paces of one video, in random order. Without it
               the draws are independent.

    Small data needs this: the net cannot then tell the samples apart by what the video shows. An
    objective sees `B * count` samples, knows which are of one video, and never takes a sample for
    a negative of another one of its video. The numbers of the views run on from sample to sample.
    """

    sampler: Sampler
    count: int
    distinct: str | None = None

    def __post_init__(self) -> None:
        _at_least_one(self.count)

    @property
    def layout(self) -> tuple[int, ...]:
        """Frames of each clip of one sample."""
        return self.sampler.layout

    @property
    def samples(self) -> int:
        """How many samples a draw holds."""
        return self.count * samples_of(self.sampler)

    def __call__(self, num_frames: int, rng: np.random.Generator) -> Sample:
        name = self.distinct
        drawn: list[Sample] = []
        # 4 of 4 values take 8 draws on average; the bound only ends what is impossible.
        for _ in range(1000 * self.count):
            sample = self.sampler(num_frames, rng)
            if name is None or all(self._differ(name, sample, other) for other in drawn):
                drawn.append(sample)
            if len(drawn) == self.count:
                break
        else:
            raise VsslError(
                f"{self.sampler} has fewer than {self.count} different values of "
                f"{self.distinct!r}; lower the count"
            )
        each = samples_of(self.sampler)
        labels = joined_labels([sample.labels for sample in drawn], each)  # [samples, ...]
        return Sample(tuple(clip for sample in drawn for clip in sample.clips), labels)

    def _differ(self, name: str, one: Sample, other: Sample) -> bool:
        if name not in one.labels:
            raise VsslError(
                f"{self.sampler} gives no label {name!r} that could be distinct; it gives "
                f"{', '.join(one.labels) or 'none'}"
            )
        return not np.array_equal(one.labels[name], other.labels[name])


def _of_each_clip(label: object, views: int) -> np.ndarray:
    """A label [V, ...], as it is or repeated.

    It is as it is where it has a value for each clip; a label of the sample is repeated.
    """
    value = np.asarray(label)
    if value.ndim and len(value) == views:
        return value
    return np.repeat(value[None], views, axis=0)


def _at_least_one(count: int) -> None:
    if count < 1:
        raise VsslError(f"a sampler is drawn from once or more, not {count} times")
