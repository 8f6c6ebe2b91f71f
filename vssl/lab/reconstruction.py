"""Pre-training in which the pixels of a clip are the answer (CRNet, Appendix H of CPNet)."""

from __future__ import annotations

from dataclasses import dataclass, fields

from torch import nn

from vssl.clips import Sampler, samples_of
from vssl.lab.experiment import PreTrain
from vssl.objectives import Pretext, SeeingPixels


@dataclass(frozen=True)
class Reconstruction(PreTrain):
    """As `PreTrain`, for a method that draws the pixels of one of its clips."""

    @classmethod
    def of(cls, start: PreTrain) -> Reconstruction:
        """The same pre-training, with the pixels at hand."""
        return cls(**{field.name: getattr(start, field.name) for field in fields(start)})

    def _pretext(
        self,
        backbone: nn.Module,
        generator: nn.Module | None = None,
        sampler: Sampler | None = None,
    ) -> Pretext:
        sampler = sampler or self.sampler()
        objective = self.method.objective(self.length)
        return SeeingPixels(backbone, objective, sampler.layout, samples_of(sampler), generator)
