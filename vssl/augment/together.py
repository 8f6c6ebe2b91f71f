"""Several steps on one coin: a clip goes through all of them, or through none."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from vssl.augment.augment import Source, Step
from vssl.errors import VsslError


@dataclass(frozen=True)
class Together:
    """Steps that a clip goes through with one `probability`, and otherwise not at all.

    Each step then still draws for itself. They are steps that treat all frames of a clip alike, and
    that change nothing where all of their parameters are 0: jitter, grey, blur, tilt, solarise.
    """

    steps: tuple[Step, ...]
    probability: float = 0.5

    def __post_init__(self) -> None:
        for step in self.steps:
            if getattr(step, "crops", False) or getattr(step, "reads", ()):
                raise VsslError(
                    f"{type(step).__name__} is for every clip: put it beside Together, not inside"
                )
            if not getattr(step, "consistent", True):
                raise VsslError(
                    f"Together is for steps that treat all frames alike; {type(step).__name__} has"
                    " consistent=False"
                )

    @functools.cached_property
    def widths(self) -> list[int]:
        """How many parameters each step has."""
        rng, source = np.random.default_rng(0), Source(1, 8, 8)
        return [step.draw(rng, source).shape[1] for step in self.steps]

    def draw(self, rng: np.random.Generator, source: Source) -> np.ndarray:
        chosen = rng.random() < self.probability
        drawn = np.concatenate([step.draw(rng, source) for step in self.steps], axis=1)
        return drawn * chosen  # [1, P of all steps]

    def apply(self, x: Tensor, p: Tensor) -> Tensor:
        for step, part in zip(self.steps, p.split(self.widths, dim=2), strict=True):
            x = step.apply(x, part)
        return x
