"""Steps that move pixels: mirror images and quarter turns, which change none, and small turns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from vssl.augment.augment import Source, planes, where_drawn
from vssl.errors import VsslError


@dataclass(frozen=True)
class Flip:
    """Mirror left and right, the whole clip or not at all; consistent=False: each frame or not."""

    probability: float = 0.5
    consistent: bool = True
    moves: ClassVar[bool] = True  # pixels, so that bytes will do: a quarter of the memory

    def draw(self, rng: np.random.Generator, source: Source) -> np.ndarray:
        return rng.random((1 if self.consistent else source.frames, 1)) < self.probability  # [F, 1]

    def apply(self, x: Tensor, p: Tensor) -> Tensor:
        return where_drawn(x, p, lambda images: images.flip(-1))


@dataclass(frozen=True)
class Turn:
    """The quarter turns that the sampler gives a clip, counter-clockwise; none where it gives none.

    It stands behind crop and flip: so the turn that the net is asked for is the one that it sees.
    """

    moves: ClassVar[bool] = True
    reads: ClassVar[tuple[str, ...]] = ("quarter_turns",)

    def draw(self, rng: np.random.Generator, source: Source) -> np.ndarray:
        return np.array([[source.quarter_turns % 4]])  # [1, 1]

    def apply(self, x: Tensor, p: Tensor) -> Tensor:
        turns = p[:, 0, 0].long()  # [N], on the CPU
        if not turns.any():
            return x
        if x.shape[-2] != x.shape[-1]:
            raise VsslError(
                f"clips of {x.shape[-2]} x {x.shape[-1]} pixels cannot be turned into one batch; "
                "crop a square first"
            )
        out = x.clone()
        for quarter in (1, 2, 3):
            rows = (turns == quarter).nonzero()[:, 0].to(x.device, non_blocking=True)
            out[rows] = torch.rot90(x[rows], quarter, (-2, -1))
        return out


@dataclass(frozen=True)
class Tilt:
    """A clip turned about its middle by up to so many `degrees` either way, all frames alike.

    The corners that come into the picture are black.
    """

    degrees: float = 10.0
    probability: float = 1.0

    def draw(self, rng: np.random.Generator, source: Source) -> np.ndarray:
        angle = rng.uniform(-self.degrees, self.degrees)
        return np.array([[angle * (rng.random() < self.probability)]])  # [1, 1]

    def apply(self, x: Tensor, p: Tensor) -> Tensor:
        rows = p[:, 0, 0].nonzero()[:, 0]  # on the CPU
        if not len(rows):
            return x
        angle = torch.deg2rad(p[rows, 0, 0])  # [M], counter-clockwise as one sees it
        cos, sin, zero = angle.cos(), angle.sin(), torch.zeros_like(angle)
        side = x.shape[-2] / x.shape[-1]  # a turn is one of pixels, not of shares
        back = torch.stack([cos, -sin * side, zero, sin / side, cos, zero], 1).view(-1, 2, 3)
        rows = rows.to(x.device, non_blocking=True)
        some = planes(x[rows])  # [M, C, T, H, W]
        pictures = some.flatten(1, 2)  # [M, C * T, H, W]
        grid = F.affine_grid(back, list(pictures.shape), align_corners=False).to(x.device)
        out = x.clone()
        out[rows] = F.grid_sample(pictures, grid, align_corners=False).view_as(some)
        return out
