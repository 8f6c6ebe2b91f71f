"""Colour and sharpness: jitter, grey, solarisation and blur."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from vssl.augment.augment import per_row, where_drawn

LUMA = (0.2989, 0.587, 0.114)  # ITU-R 601, as torchvision has it


@dataclass(frozen=True)
class Jitter:
    """Brightness, contrast, saturation and hue, each by a random factor and in random order (torchvision's ColorJitter).

    consistent=False draws anew for every frame: the Pace code does so, so that colour cannot tell how far two frames are
    apart; every other paper keeps a clip's colour constant. The contrast of a consistent clip turns about the clip's mean.
    """

    brightness: float = 0.8
    contrast: float = 0.8
    saturation: float = 0.8
    hue: float = 0.2
    probability: float = 0.8
    consistent: bool = True

    def draw(self, rng: np.random.Generator, frames: int, height: int, width: int) -> np.ndarray:
        rows = 1 if self.consistent else frames
        strength = np.array([self.brightness, self.contrast, self.saturation])
        factors = rng.uniform(np.maximum(0, 1 - strength), 1 + strength, (rows, 3))
        turn = rng.uniform(-self.hue, self.hue, (rows, 1))
        order = rng.permuted(np.tile(np.arange(4), (rows, 1)), axis=1)
        on = rng.random((rows, 1)) < self.probability
        return np.concatenate([factors, turn, order, on], axis=1)  # [F, 9]

    def apply(self, x: Tensor, p: Tensor) -> Tensor:
        images, p, back = per_row(x, p)  # [M, C, T', H, W], [M, 9]
        changed = [_brightness, _contrast, _saturation] + ([_hue] if self.hue else [])
        images = images.clone()
        for place in range(4, 8):
            for kind, change in enumerate(changed):
                rows = ((p[:, place] == kind) & (p[:, 8] > 0)).nonzero()[:, 0]
                if len(rows):
                    factor = p[rows, kind, None, None, None, None].to(x.device, non_blocking=True)
                    images[rows] = change(images[rows], factor).clamp(0, 1)
        return back(images)


@dataclass(frozen=True)
class Grey:
    """Luma in all three channels, the whole clip or not at all; consistent=False: each frame or not."""

    probability: float = 0.2
    consistent: bool = True

    def draw(self, rng: np.random.Generator, frames: int, height: int, width: int) -> np.ndarray:
        return rng.random((1 if self.consistent else frames, 1)) < self.probability  # [F, 1]

    def apply(self, x: Tensor, p: Tensor) -> Tensor:
        return where_drawn(x, p, lambda images: _luma(images).expand_as(images))


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


@dataclass(frozen=True)
class Blur:
    """Gaussian blur with one sigma a clip (consistent=False: one a frame); `radius`, in pixels, is where the kernel ends, each way."""

    probability: float = 0.5
    sigma: tuple[float, float] = (0.1, 2.0)
    radius: int = 11
    consistent: bool = True

    def draw(self, rng: np.random.Generator, frames: int, height: int, width: int) -> np.ndarray:
        rows = 1 if self.consistent else frames
        sigma = rng.uniform(*self.sigma, (rows, 1))
        return np.where(rng.random((rows, 1)) < self.probability, sigma, 0.0)  # [F, 1]

    def apply(self, x: Tensor, p: Tensor) -> Tensor:
        images, p, back = per_row(x, p)
        return back(self._blurred(images, p[:, 0]))

    def _blurred(self, x: Tensor, sigma: Tensor) -> Tensor:
        _, c, t, h, w = x.shape
        radius = min(self.radius, h - 1, w - 1)  # reflection cannot reach further than the picture
        rows = (sigma > 0).nonzero()[:, 0]
        if not len(rows):
            return x
        offset = torch.arange(-radius, radius + 1, device=x.device)
        kernel = (-0.5 * (offset / sigma[rows, None].to(x.device, non_blocking=True)) ** 2).exp()  # [M, 2R + 1]
        kernel = (kernel / kernel.sum(1, keepdim=True)).repeat_interleave(c * t, 0)  # [M * C * T, 2R + 1]
        planes = x[rows].reshape(1, -1, h, w)  # [1, M * C * T, H, W]: one group a plane
        planes = F.pad(planes, (radius,) * 4, mode="reflect")
        planes = F.conv2d(planes, kernel[:, None, None, :], groups=len(kernel))
        planes = F.conv2d(planes, kernel[:, None, :, None], groups=len(kernel))
        out = x.clone()
        out[rows] = planes.view(len(rows), c, t, h, w)
        return out


def _luma(x: Tensor) -> Tensor:
    red, green, blue = x.unbind(1)  # each [M, T, H, W]
    return (LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue)[:, None]  # [M, 1, T, H, W]


def _brightness(x: Tensor, factor: Tensor) -> Tensor:
    return x * factor


def _contrast(x: Tensor, factor: Tensor) -> Tensor:
    mean = _luma(x).mean((1, 2, 3, 4), keepdim=True)
    return mean + (x - mean) * factor


def _saturation(x: Tensor, factor: Tensor) -> Tensor:
    grey = _luma(x)
    return grey + (x - grey) * factor


def _hue(x: Tensor, turn: Tensor) -> Tensor:
    """Turn the hue by a share of the circle, value and saturation kept: RGB -> HSV -> RGB in one pass.

    Each channel of HSV -> RGB is v - v s clamp(min(k, 4 - k), 0, 1) with k = (n + 6 h) mod 6 and n = 5, 3, 1.
    """
    red, green, blue = x.unbind(1)
    value, low = x.amax(1), x.amin(1)  # [M, T, H, W]
    chroma = value - low
    divisor = torch.where(chroma == 0, 1, chroma)
    hue = torch.where(
        value == red,
        (green - blue) / divisor,
        torch.where(value == green, 2 + (blue - red) / divisor, 4 + (red - green) / divisor),
    )  # in sixths of the circle
    hue = hue + 6 * turn[:, 0]
    k = (torch.tensor([5.0, 3.0, 1.0], device=x.device).view(1, 3, 1, 1, 1) + hue[:, None]) % 6  # [M, 3, T, H, W]
    return value[:, None] - chroma[:, None] * k.minimum(4 - k).clamp(0, 1)
