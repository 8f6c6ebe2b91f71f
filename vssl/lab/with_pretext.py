"""A pre-training as it is, but whose pretext model is of a kind of its own."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import ClassVar, Self

from torch import nn

from vssl.clips import Sampler, samples_of
from vssl.lab.experiment import PreTrain
from vssl.objectives import Pretext


@dataclass(frozen=True)
class WithPretext(PreTrain):
    """As `PreTrain`, with `pretext` in place of `Pretext`."""

    pretext: ClassVar[type[Pretext]] = Pretext

    @classmethod
    def of(cls, start: PreTrain) -> Self:
        """The same pre-training, with this model."""
        return cls(**{field.name: getattr(start, field.name) for field in fields(start)})

    def _pretext(
        self,
        backbone: nn.Module,
        generator: nn.Module | None = None,
        sampler: Sampler | None = None,
    ) -> Pretext:
        sampler = sampler or self.sampler()
        objective = self.method.objective(self.length)
        return self.pretext(backbone, objective, sampler.layout, samples_of(sampler), generator)
