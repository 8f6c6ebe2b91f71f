"""Colour: the four operators of jitter, grey and solarisation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from vssl.augment.augment import planes, where_drawn

LUMA = (0.2989, 0.587, 0.114)  # ITU-R 601, as torchvision has it


@dataclass(frozen=True)
class Grey:
    """Luma in all three channels, the whole clip or not at all; consistent=False: each frame or not."""

    probability: float = 0.2
    consistent: bool = True

    def draw(self, rng: np.random.Generator, frames: int, height: int, width: int) -> np.ndarray:
        return rng.random((1 if self.consistent else frames, 1)) < self.probability  # [F, 1]

    def apply(self, x: Tensor, p: Tensor) -> Tensor:
        return where_drawn(x, p, lambda images: luma(planes(images)).expand_as(images))


@dataclass(frozen=True)
class Solarise:
    """Values from `threshold` up turned into their negative: the whole clip or not at all; consistent=False: each frame or not."""

    probability: float = 0.2
    threshold: float = 0.5
    consistent: bool = True

    def draw(self, rng: np.random.Generator, frames: int, height: int, width: int) -> np.ndarray:
        return rng.random((1 if self.consistent else frames, 1)) < self.probability  # [F, 1]

    def apply(self, x: Tensor, p: Tensor) -> Tensor:
        return where_drawn(x, p, lambda images: torch.where(images < self.threshold, images, 1 - images))


# The operators change pictures [M, C, T, H, W] in [0, 1] by a factor each, [M, 1, 1, 1, 1] on the CPU, and may do so in place: `out` may
# be `x`. Where no factor is above 1, values stay between others that lie in [0, 1], and nothing needs to be clamped.


def luma(x: Tensor) -> Tensor:
    """The grey of each pixel, [M, 1, T, H, W]."""
    red, green, blue = x.unbind(1)  # each [M, T, H, W]
    return (red * LUMA[0]).add_(green, alpha=LUMA[1]).add_(blue, alpha=LUMA[2])[:, None]


def brightness(x: Tensor, factor: Tensor, out: Tensor | None = None) -> Tensor:
    """All values times a factor."""
    out = torch.mul(x, factor.to(x.device, non_blocking=True), out=out)
    return out.clamp_(max=1) if factor.max() > 1 else out


def contrast(x: Tensor, factor: Tensor, out: Tensor | None = None) -> Tensor:
    """The distance from the picture's mean luma, times a factor."""
    weights = torch.tensor(LUMA).to(x.device, non_blocking=True)
    mean = (x.mean((2, 3, 4)) * weights).sum(1).view(-1, 1, 1, 1, 1)  # the mean of the luma is the luma of the means
    return _towards(mean, x, factor, out)


def saturation(x: Tensor, factor: Tensor, out: Tensor | None = None) -> Tensor:
    """The distance from each pixel's luma, times a factor."""
    return _towards(luma(x), x, factor, out)


def _towards(grey: Tensor, x: Tensor, factor: Tensor, out: Tensor | None) -> Tensor:
    there = factor.to(x.device, non_blocking=True)
    out = torch.mul(x, there, out=out).add_(grey.mul_(1 - there))
    return out.clamp_(0, 1) if factor.max() > 1 else out


def hue(x: Tensor, turn: Tensor, out: Tensor | None = None) -> Tensor:
    """Turn the hue by a share of the circle, value and saturation kept: RGB -> HSV -> RGB in one pass, without a case for each colour.

    With the hue h in sixths of the circle from red, -3 to 3, a channel is v - c clamp(d - 1, 0, 1), where v is the value, c the
    chroma and d how far h lies from the channel's own colour: red at 0, green at 2, blue at -2. From red, it is
    d = (v - 2 low + green + blue - red) / c, and h is positive where green is more than blue.
    """
    red, green, blue = x.unbind(1)  # each [M, T, H, W]
    value = red.maximum(green).maximum(blue)
    low = red.minimum(green).minimum(blue)
    chroma = value - low
    distance = (green + blue).sub_(red).add_(value).sub_(low, alpha=2)
    angle = distance.copysign_(green - blue).div_(chroma.clamp(min=1e-12))  # h; grey has none, and any will do
    centres = torch.tensor([0.0, 2.0, -2.0]).view(1, 3, 1, 1, 1)
    offset = (6 * turn - centres + 3) % 6 - 3  # [M, 3, 1, 1, 1] in [-3, 3]: added to h, it counts from each channel's colour
    out = torch.add(angle[:, None], offset.to(x.device, non_blocking=True), out=out)  # in [-6, 6], where d = 3 - ||sum| - 3|
    out.abs_().sub_(3).abs_().clamp_(1, 2)  # 2 - clamp(d - 1, 0, 1)
    return out.mul_(chroma[:, None]).add_(low.mul_(2).sub_(value)[:, None])  # v - 2 c = 2 low - v
