"""Augmentation of whole batches of uint8 clips, on any device, with the parameters of each clip drawn once and on the CPU.

An `Augment` is a tuple of steps. A step draws its parameters for one clip, `draw(rng, frames, height, width) -> [F, P]`, with
F = 1 (the same for every frame: consistent in time) or F = T (each frame its own), and applies them to a batch,
`apply(x, p)`, x [N, C, T, H, W] and p [N, F, P]. Drawing and applying are apart so that a clip's look depends on its own
random generator alone: not on the batch around it, the device, or the number of workers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from vssl.errors import VsslError

LUMA = (0.2989, 0.587, 0.114)  # ITU-R 601, as torchvision has it


class Step(Protocol):
    """One augmentation: frozen settings, a draw for one clip, and its application to a batch."""

    def draw(self, rng: np.random.Generator, frames: int, height: int, width: int) -> np.ndarray: ...

    def apply(self, x: Tensor, p: Tensor) -> Tensor: ...


@dataclass(frozen=True)
class Augment:
    """Steps applied in order; the first one crops (it sees uint8), the others see float in [0, 1]."""

    steps: tuple[Step, ...]

    def draw(self, rng: np.random.Generator, frames: int, height: int, width: int) -> list[np.ndarray]:
        """The parameters of one clip, an array [F, P] a step."""
        return [step.draw(rng, frames, height, width) for step in self.steps]

    def apply(self, clips: Tensor, parameters: list[list[np.ndarray]]) -> Tensor:
        """Clips uint8 [N, T, H, W, C] and the parameters of each -> views, float32 [N, C, T, H, W] in [0, 1]."""
        x = clips.permute(0, 4, 1, 2, 3)  # [N, C, T, H, W]: the bytes already lie as channels_last_3d wants them
        for place, step in enumerate(self.steps):
            p = torch.from_numpy(np.stack([drawn[place] for drawn in parameters]).astype(np.float32)).to(x.device)  # [N, F, P]
            x = step.apply(x, p)
            x = x if x.is_floating_point() else x.float() / 255
        return x.clamp(0, 1)

    def __call__(self, clips: Tensor, rngs: list[np.random.Generator]) -> Tensor:
        """Draw and apply: one generator a clip."""
        _, frames, height, width, _ = clips.shape
        return self.apply(clips, [self.draw(rng, frames, height, width) for rng in rngs])


@dataclass(frozen=True)
class CentreCrop:
    """The middle `size` x `size` pixels; the whole test protocol of the papers."""

    size: int = 112

    def draw(self, rng: np.random.Generator, frames: int, height: int, width: int) -> np.ndarray:
        _fits(self.size, height, width)
        return np.array([[(height - self.size) // 2, (width - self.size) // 2]])  # [1, 2]

    def apply(self, x: Tensor, p: Tensor) -> Tensor:
        return _crop(x, p, self.size)


@dataclass(frozen=True)
class RandomCrop:
    """A `size` x `size` crop at a uniformly drawn place, one place for the whole clip."""

    size: int = 112

    def draw(self, rng: np.random.Generator, frames: int, height: int, width: int) -> np.ndarray:
        _fits(self.size, height, width)
        return np.array([[rng.integers(height - self.size + 1), rng.integers(width - self.size + 1)]])  # [1, 2]

    def apply(self, x: Tensor, p: Tensor) -> Tensor:
        return _crop(x, p, self.size)


@dataclass(frozen=True)
class RandomResizedCrop:
    """A crop of random area (share of the frame) and aspect (width / height), resized to `size` x `size`, bilinear."""

    size: int = 112
    area: tuple[float, float] = (0.3, 1.0)
    aspect: tuple[float, float] = (0.5, 2.0)

    def draw(self, rng: np.random.Generator, frames: int, height: int, width: int) -> np.ndarray:
        for _ in range(100):
            area = rng.uniform(*self.area) * height * width
            aspect = np.exp(rng.uniform(*np.log(self.aspect)))
            h, w = round((area / aspect) ** 0.5), round((area * aspect) ** 0.5)
            if 0 < h <= height and 0 < w <= width:
                return np.array([[rng.integers(height - h + 1), rng.integers(width - w + 1), h, w]])  # [1, 4]
        return np.array([[0, 0, height, width]])  # no box of that shape fits: the whole frame, as CVRL's code does

    def apply(self, x: Tensor, p: Tensor) -> Tensor:
        _, c, t, height, width = x.shape
        place = (torch.arange(self.size, device=x.device) + 0.5) / self.size  # [S], pixel centres of the output
        top, left, h, w = p[:, 0].T[..., None]  # each [N, 1]
        # Held inside the crop: a resize knows nothing of the pixels around it.
        y = (top + (h * place - 0.5).clamp(min=0).minimum(h - 1)) * 2 / (height - 1) - 1  # [N, S] in [-1, 1]
        x_ = (left + (w * place - 0.5).clamp(min=0).minimum(w - 1)) * 2 / (width - 1) - 1
        grid = torch.stack([x_[:, None].expand(-1, self.size, -1), y[:, :, None].expand(-1, -1, self.size)], -1)  # [N, S, S, 2]
        flat = x.flatten(1, 2).float()  # [N, C * T, H, W]: one grid a clip serves all its frames
        return F.grid_sample(flat, grid, align_corners=True).unflatten(1, (c, t)) / (1 if x.is_floating_point() else 255)


@dataclass(frozen=True)
class Flip:
    """Mirror left and right, the whole clip or not at all."""

    probability: float = 0.5

    def draw(self, rng: np.random.Generator, frames: int, height: int, width: int) -> np.ndarray:
        return np.array([[rng.random() < self.probability]])  # [1, 1]

    def apply(self, x: Tensor, p: Tensor) -> Tensor:
        return torch.where(p[:, :, 0, None, None, None].bool(), x.flip(-1), x)


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
        images, p, back = _per_row(x, p)  # [M, C, T', H, W], [M, 9]
        changed = [_brightness, _contrast, _saturation] + ([_hue] if self.hue else [])
        images = images.clone()
        for place in range(4, 8):
            for kind, change in enumerate(changed):
                rows = ((p[:, place] == kind) & (p[:, 8] > 0)).nonzero()[:, 0]
                if len(rows):
                    images[rows] = change(images[rows], p[rows, kind, None, None, None, None]).clamp(0, 1)
        return back(images)


@dataclass(frozen=True)
class Grey:
    """Luma in all three channels, the whole clip or not at all."""

    probability: float = 0.2

    def draw(self, rng: np.random.Generator, frames: int, height: int, width: int) -> np.ndarray:
        return np.array([[rng.random() < self.probability]])  # [1, 1]

    def apply(self, x: Tensor, p: Tensor) -> Tensor:
        return torch.where(p[:, :, 0, None, None, None].bool(), _luma(x).expand_as(x), x)


@dataclass(frozen=True)
class Blur:
    """Gaussian blur with one sigma a clip; `radius` is in pixels (CVRL: a tenth of the side, each way)."""

    probability: float = 0.5
    sigma: tuple[float, float] = (0.1, 2.0)
    radius: int = 11

    def draw(self, rng: np.random.Generator, frames: int, height: int, width: int) -> np.ndarray:
        sigma = rng.uniform(*self.sigma)
        return np.array([[sigma if rng.random() < self.probability else 0.0]])  # [1, 1]

    def apply(self, x: Tensor, p: Tensor) -> Tensor:
        _, c, t, h, w = x.shape
        radius = min(self.radius, h - 1, w - 1)  # reflection cannot reach further than the picture
        rows = (p[:, 0, 0] > 0).nonzero()[:, 0]
        if not len(rows):
            return x
        offset = torch.arange(-radius, radius + 1, device=x.device)
        kernel = (-0.5 * (offset / p[rows, 0]) ** 2).exp()  # [M, 2R + 1]
        kernel = (kernel / kernel.sum(1, keepdim=True)).repeat_interleave(c * t, 0)  # [M * C * T, 2R + 1]
        planes = x[rows].reshape(1, -1, h, w)  # [1, M * C * T, H, W]: one group a plane
        planes = F.pad(planes, (radius,) * 4, mode="reflect")
        planes = F.conv2d(planes, kernel[:, None, None, :], groups=len(kernel))
        planes = F.conv2d(planes, kernel[:, None, :, None], groups=len(kernel))
        out = x.clone()
        out[rows] = planes.view(len(rows), c, t, h, w)
        return out


def _fits(size: int, height: int, width: int) -> None:
    if size > min(height, width):
        raise VsslError(f"a crop of {size} x {size} does not fit into frames of {height} x {width}; store larger frames or crop smaller")


def _crop(x: Tensor, p: Tensor, size: int) -> Tensor:
    """Cut [size, size] out of each clip at its own corner (a slice and a copy a clip: nothing is computed)."""
    corners = p[:, 0].long().tolist()
    shape = (*x.shape[:3], size, size)
    out = torch.empty(shape, dtype=x.dtype, device=x.device, memory_format=torch.channels_last_3d)
    for n, (top, left) in enumerate(corners):
        out[n] = x[n, :, :, top : top + size, left : left + size]
    return out


def _per_row(x: Tensor, p: Tensor):
    """See a batch as M pictures with one row of parameters each: M = N clips, or N * T frames where F = T."""
    if p.shape[1] == 1:
        return x, p[:, 0], lambda images: images
    n, c, t, h, w = x.shape
    frames = x.transpose(1, 2).reshape(n * t, c, 1, h, w)
    return frames, p.flatten(0, 1), lambda images: images.view(n, t, c, h, w).transpose(1, 2)


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
