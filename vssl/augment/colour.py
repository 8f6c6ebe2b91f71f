"""Colour: grey and solarisation; jitter has a file of its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from vssl.augment.augment import Source, planes, where_drawn

LUMA = (0.2989, 0.587, 0.114)  # ITU-R 601, as torchvision has it


@dataclass(frozen=True)
class Grey:
    """Luma in all three channels, the whole clip or not at all.

    Consistent=False: each frame or not.
    """

    probability: float = 0.2
    consistent: bool = True

    def draw(self, rng: np.random.Generator, source: Source) -> np.ndarray:
        return rng.random((1 if self.consistent else source.frames, 1)) < self.probability  # [F, 1]

    def apply(self, x: Tensor, p: Tensor) -> Tensor:
        return where_drawn(x, p, lambda images: luma(planes(images)).expand_as(images))


@dataclass(frozen=True)
class Solarise:
    """Values from `threshold` up turned into their negative: the whole clip or not at all.

    Consistent=False: each frame or not.
    """

    probability: float = 0.2
    threshold: float = 0.5
    consistent: bool = True

    def draw(self, rng: np.random.Generator, source: Source) -> np.ndarray:
        return rng.random((1 if self.consistent else source.frames, 1)) < self.probability  # [F, 1]

    def apply(self, x: Tensor, p: Tensor) -> Tensor:
        return where_drawn(
            x, p, lambda images: torch.where(images < self.threshold, images, 1 - images)
        )


def luma(x: Tensor) -> Tensor:
    """The grey of each pixel, [M, 1, T, H, W]."""
    red, green, blue = x.unbind(1)  # each [M, T, H, W]
    return (red * LUMA[0]).add_(green, alpha=LUMA[1]).add_(blue, alpha=LUMA[2])[:, None]
