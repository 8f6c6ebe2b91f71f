"""Colour and sharpness: jitter, grey, solarisation and blur."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from vssl.augment.augment import per_row, planes, together, where_drawn

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
        out = planes(images)
        out = out.clone() if out is images else out
        alike = _met_together(p) if together(x) else _met_in_turn(p, max(1, BLOCK // out[0, 0].numel()))
        for rows, kinds in alike:
            kinds = [kind for kind in kinds if kind < 3 or self.hue]
            first, last = rows[0], rows[-1] + 1
            adjacent = last - first == len(rows)
            index = torch.tensor(rows).to(x.device, non_blocking=True)
            block = out[first:last] if adjacent else out[index]
            for kind in kinds:
                CHANGES[kind](block, p[rows, kind, None, None, None, None])
            if not adjacent:
                out[index] = block
        return back(out)


BLOCK = 2**17  # pixels jittered at once on a CPU


def _met_together(p: Tensor) -> list[tuple[list[int], list[int]]]:
    """Rows of parameters, and the operators that they meet next: at most 16 turns for any number of rows."""
    turns = [((p[:, place] == kind) & (p[:, 8] > 0)).nonzero()[:, 0].tolist() for place in range(4, 8) for kind in range(4)]
    return [(rows, [turn % 4]) for turn, rows in enumerate(turns) if rows]


def _met_in_turn(p: Tensor, most: int) -> list[tuple[list[int], list[int]]]:
    """The same by order: at most so many rows, and all their operators one after the other, so that they stay in the cache."""
    alike: dict[tuple[int, ...], list[int]] = {}
    for row, (*order, on) in enumerate(p[:, 4:].int().tolist()):
        if on:
            alike.setdefault(tuple(order), []).append(row)
    return [(rows[start : start + most], list(order)) for order, rows in alike.items() for start in range(0, len(rows), most)]


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
        if not (sigma > 0).any():
            return x
        radius = min(self.radius, x.shape[-2] - 1, x.shape[-1] - 1)  # reflection cannot reach further than the picture
        return _blurred_together(x, sigma, radius) if together(x) else _blurred_one_by_one(x, sigma, radius)


def _reach(sigma: float, radius: int) -> int:
    """Where a kernel may end: at six sigma it has fallen to 2e-8, which a float32 beside 1 does not hold."""
    return min(radius, int(6 * sigma))


def _kernel(sigma: Tensor, radius: int) -> Tensor:
    offset = torch.arange(-radius, radius + 1)
    kernel = (-0.5 * (offset / sigma[:, None]) ** 2).exp()
    return kernel / kernel.sum(1, keepdim=True)  # [M, 2R + 1]


def _blurred_together(x: Tensor, sigma: Tensor, radius: int) -> Tensor:
    _, c, t, h, w = x.shape
    rows = (sigma > 0).nonzero()[:, 0]
    radius = _reach(sigma.max().item(), radius)
    kernel = _kernel(sigma[rows], radius).to(x.device, non_blocking=True).repeat_interleave(c * t, 0)  # [M * C * T, 2R + 1]
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
    for clip, blurred, width in zip(x, out, sigma.tolist(), strict=True):
        reach = _reach(width, radius)
        if not reach:
            blurred.copy_(clip)
            continue
        kernel = _kernel(torch.tensor([width]), reach)[0].tolist()
        rows = _weighted(F.pad(clip, (0, 0, reach, reach), mode="reflect"), kernel, 2, torch.empty_like(clip))
        _weighted(F.pad(rows, (reach, reach, 0, 0), mode="reflect"), kernel, 3, blurred)
    return out


def _weighted(padded: Tensor, kernel: list[float], dim: int, out: Tensor) -> Tensor:
    """The sum of shifted pictures, a weight each: cheaper than a convolution, which for one channel a group is not made."""
    for shift, weight in enumerate(kernel):
        moved = padded.narrow(dim, shift, out.shape[dim])
        if shift:
            out.add_(moved, alpha=weight)
        else:
            torch.mul(moved, weight, out=out)
    return out


def _luma(x: Tensor) -> Tensor:
    red, green, blue = x.unbind(1)  # each [M, T, H, W]
    return (red * LUMA[0]).add_(green, alpha=LUMA[1]).add_(blue, alpha=LUMA[2])[:, None]  # [M, 1, T, H, W]


def _brightness(x: Tensor, factor: Tensor) -> None:
    x.mul_(factor.to(x.device, non_blocking=True))
    if factor.max() > 1:
        x.clamp_(max=1)


def _contrast(x: Tensor, factor: Tensor) -> None:
    luma = torch.tensor(LUMA).to(x.device, non_blocking=True)
    mean = (x.mean((2, 3, 4)) * luma).sum(1).view(-1, 1, 1, 1, 1)  # that of the luma: the luma of the channels' means
    there = factor.to(x.device, non_blocking=True)
    x.mul_(there).add_(mean * (1 - there))
    if factor.max() > 1:
        x.clamp_(0, 1)


def _saturation(x: Tensor, factor: Tensor) -> None:
    there = factor.to(x.device, non_blocking=True)
    grey = _luma(x).mul_(1 - there)
    x.mul_(there).add_(grey)
    if factor.max() > 1:
        x.clamp_(0, 1)


def _hue(x: Tensor, turn: Tensor) -> None:
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
    hue = distance.copysign_(green - blue).div_(chroma.clamp(min=1e-12))
    centres = torch.tensor([0.0, 2.0, -2.0]).view(1, 3, 1, 1, 1)
    offset = (6 * turn - centres + 3) % 6 - 3  # [M, 3, 1, 1, 1] in [-3, 3): what to add to h, to count from each channel's colour
    torch.add(hue[:, None], offset.to(x.device, non_blocking=True), out=x)  # in [-6, 6]; d = 3 - ||x| - 3|
    x.abs_().sub_(3).abs_().clamp_(1, 2)  # 2 - clamp(d - 1, 0, 1)
    x.mul_(chroma[:, None]).add_(low.mul_(2).sub_(value)[:, None])  # v - 2 c = 2 low - v


CHANGES = (_brightness, _contrast, _saturation, _hue)
