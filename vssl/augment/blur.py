"""Gaussian blur, each picture with its own sigma."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from vssl.augment.augment import Source, batched, per_row, planes


@dataclass(frozen=True)
class Blur:
    """Gaussian blur with one sigma a clip (consistent=False: one a frame).

    `radius`, in pixels, is where the kernel ends, each way.
    """

    probability: float = 0.5
    sigma: tuple[float, float] = (0.1, 2.0)
    radius: int = 11
    consistent: bool = True

    def draw(self, rng: np.random.Generator, source: Source) -> np.ndarray:
        rows = 1 if self.consistent else source.frames
        sigma = rng.uniform(*self.sigma, (rows, 1))
        return np.where(rng.random((rows, 1)) < self.probability, sigma, 0.0)  # [F, 1]

    def apply(self, x: Tensor, p: Tensor) -> Tensor:
        images, p, back = per_row(x, p)
        return back(self._blurred(images, p[:, 0]))

    def _blurred(self, x: Tensor, sigma: Tensor) -> Tensor:
        # Reflection cannot reach further than the picture.
        radius = min(self.radius, x.shape[-2] - 1, x.shape[-1] - 1)
        radius = _reach(sigma.max().item(), radius)
        if not radius:
            return x
        return (
            _blurred_batched(x, sigma, radius)
            if batched(x)
            else _blurred_one_by_one(x, sigma, radius)
        )


def _reach(sigma: float, radius: int) -> int:
    """Where a kernel may end, in pixels.

    At six sigma it has fallen to 2e-8, which a float32 beside 1 does not hold.
    """
    return min(radius, int(6 * sigma))


def _kernel(sigma: Tensor, radius: int) -> Tensor:
    offset = torch.arange(-radius, radius + 1)
    kernel = (-0.5 * (offset / sigma[:, None]) ** 2).exp()
    return kernel / kernel.sum(1, keepdim=True)  # [M, 2R + 1]


def _blurred_batched(x: Tensor, sigma: Tensor, radius: int) -> Tensor:
    _, c, t, h, w = x.shape
    rows = (sigma > 0).nonzero()[:, 0]
    kernel = (
        _kernel(sigma[rows], radius).to(x.device, non_blocking=True).repeat_interleave(c * t, 0)
    )  # [M * C * T, 2R + 1]
    rows = rows.to(x.device, non_blocking=True)
    changed = x[rows].reshape(1, -1, h, w)  # [1, M * C * T, H, W]: one group a plane
    changed = F.pad(changed, (radius,) * 4, mode="reflect")
    changed = F.conv2d(changed, kernel[:, None, None, :], groups=len(kernel))
    changed = F.conv2d(changed, kernel[:, None, :, None], groups=len(kernel))
    out = x.clone()
    out[rows] = changed.view(-1, c, t, h, w)
    return out


def _blurred_one_by_one(x: Tensor, sigma: Tensor, radius: int) -> Tensor:
    x = planes(x)
    out = torch.empty_like(x)
    for row, width in enumerate(sigma.tolist()):
        reach = _reach(width, radius)
        out[row] = _blurred_clip(x[row], _kernel(sigma[row : row + 1], reach)) if reach else x[row]
    return out


def _blurred_clip(clip: Tensor, kernel: Tensor) -> Tensor:
    """A clip [C, T, H, W], blurred with one kernel [1, 2R + 1].

    Frames are taken for channels, each a group of its own, because they may lie innermost.
    """
    if clip.shape[1] == 1:  # a single frame: its colours are taken for channels
        return _blurred_clip(clip.transpose(0, 1), kernel).transpose(0, 1)
    kernel, radius = kernel.expand(clip.shape[1], -1), kernel.shape[1] // 2
    clip = F.pad(clip, (radius,) * 4, mode="reflect")
    clip = F.conv2d(clip, kernel[:, None, :, None], groups=len(kernel))
    return F.conv2d(clip, kernel[:, None, None, :], groups=len(kernel))
