"""Geometry: crops, resizes and mirrors. The first step of every augmentation is one of the crops."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from vssl.augment.augment import per_row, together, where_drawn
from vssl.errors import VsslError


@dataclass(frozen=True)
class CentreCrop:
    """The middle `size` x `size` pixels; the whole test protocol of the papers."""

    size: int = 112

    def draw(self, rng: np.random.Generator, frames: int, height: int, width: int) -> np.ndarray:
        _fits(self.size, height, width)
        return np.array([[(height - self.size) // 2, (width - self.size) // 2]])  # [1, 2]

    def apply(self, x: Tensor, p: Tensor) -> Tensor:
        return _crop(x, p, self.size)

    def window(self, p: np.ndarray) -> tuple[int, int, int, int]:
        """Top, left, height and width of what is read."""
        return _window(p, self.size)


@dataclass(frozen=True)
class PlacedCrop:
    """One of three crops of `size` x `size` along the longer side: 0 at its start, 1 in the middle, 2 at its end."""

    size: int = 256
    place: Literal[0, 1, 2] = 1

    def __post_init__(self) -> None:
        if self.place not in (0, 1, 2):
            raise VsslError(
                f"a crop's place is 0, 1 or 2 (start, middle or end), not {self.place!r}"
            )

    def draw(self, rng: np.random.Generator, frames: int, height: int, width: int) -> np.ndarray:
        _fits(self.size, height, width)
        spare = np.array([height - self.size, width - self.size])
        along = np.arange(2) == (width >= height)  # [2], which of the two sides is the longer
        return np.where(along, spare * self.place // 2, spare // 2)[None]  # [1, 2]

    def apply(self, x: Tensor, p: Tensor) -> Tensor:
        return _crop(x, p, self.size)

    def window(self, p: np.ndarray) -> tuple[int, int, int, int]:
        """Top, left, height and width of what is read."""
        return _window(p, self.size)


@dataclass(frozen=True)
class RandomCrop:
    """A `size` x `size` crop at a uniformly drawn place, one place for the whole clip."""

    size: int = 112

    def draw(self, rng: np.random.Generator, frames: int, height: int, width: int) -> np.ndarray:
        _fits(self.size, height, width)
        return np.array(
            [[rng.integers(height - self.size + 1), rng.integers(width - self.size + 1)]]
        )  # [1, 2]

    def apply(self, x: Tensor, p: Tensor) -> Tensor:
        return _crop(x, p, self.size)

    def window(self, p: np.ndarray) -> tuple[int, int, int, int]:
        """Top, left, height and width of what is read."""
        return _window(p, self.size)


@dataclass(frozen=True)
class RandomResizedCrop:
    """A crop of random area (share of the frame) and aspect (width / height), resized to `size` x `size`, bilinear.

    consistent=False draws a crop for every frame: a camera that jumps twenty-five times a second.
    """

    size: int = 112
    area: tuple[float, float] = (0.3, 1.0)
    aspect: tuple[float, float] = (0.5, 2.0)
    consistent: bool = True

    def __post_init__(self) -> None:
        if not (0 < self.area[0] <= self.area[1] <= 1 and 0 < self.aspect[0] <= self.aspect[1]):
            raise VsslError(
                f"area and aspect go from a lower to a higher number above 0, area up to 1 at most; not {self.area} and {self.aspect}"
            )

    def draw(self, rng: np.random.Generator, frames: int, height: int, width: int) -> np.ndarray:
        return np.array(
            [self._box(rng, height, width) for _ in range(1 if self.consistent else frames)]
        )  # [F, 4]

    def _box(self, rng: np.random.Generator, height: int, width: int) -> tuple[int, int, int, int]:
        """Top, left, height and width of a crop."""
        for _ in range(100):
            area = rng.uniform(*self.area) * height * width
            aspect = np.exp(rng.uniform(*np.log(self.aspect)))
            h, w = round((area / aspect) ** 0.5), round((area * aspect) ** 0.5)
            if 0 < h <= height and 0 < w <= width:
                return int(rng.integers(height - h + 1)), int(rng.integers(width - w + 1)), h, w
        return (
            0,
            0,
            height,
            width,
        )  # no box of that shape fits: the whole frame, as CVRL's code does

    def apply(self, x: Tensor, p: Tensor) -> Tensor:
        images, p, back = per_row(x, p)
        resized = (
            self._together(images, p) if together(x) else self._one_by_one(images, p)
        )  # [M, C, T', S, S]
        return back(resized)

    def _one_by_one(self, images: Tensor, p: Tensor) -> Tensor:
        m, c, t, _, _ = images.shape
        # Frames lie innermost, a pixel's values at all times side by side: so torch resizes six times faster.
        out = images.new_empty((m, c, self.size, self.size, t), dtype=torch.float32).permute(
            0, 1, 4, 2, 3
        )  # [M, C, T', S, S]
        for row, (top, left, h, w) in enumerate(p.long().tolist()):
            box = images[row, :, :, top : top + h, left : left + w].to(
                torch.float32, memory_format=torch.channels_last
            )  # [C, T', h, w]
            torch.div(
                F.interpolate(box, (self.size, self.size), mode="bilinear"),
                1 if images.is_floating_point() else 255,
                out=out[row],
            )
        return out

    def _together(self, images: Tensor, p: Tensor) -> Tensor:
        _, c, t, height, width = images.shape
        place = (
            torch.arange(self.size, device=images.device) + 0.5
        ) / self.size  # [S], pixel centres of the output
        top, left, h, w = p.T[..., None].to(images.device, non_blocking=True)  # each [M, 1]
        # Held inside the crop: a resize knows nothing of the pixels around it.
        y = (top + (h * place - 0.5).clamp(min=0).minimum(h - 1)) * 2 / (
            height - 1
        ) - 1  # [M, S] in [-1, 1]
        x = (left + (w * place - 0.5).clamp(min=0).minimum(w - 1)) * 2 / (width - 1) - 1
        grid = torch.stack(
            [x[:, None].expand(-1, self.size, -1), y[:, :, None].expand(-1, -1, self.size)], -1
        )  # [M, S, S, 2]
        flat = images.flatten(
            1, 2
        ).float()  # [M, C * T', H, W]: one grid a clip serves all its frames
        resized = F.grid_sample(flat, grid, align_corners=True).unflatten(
            1, (c, t)
        )  # [M, C, T', S, S]
        return resized if images.is_floating_point() else resized.div_(255)


@dataclass(frozen=True)
class Flip:
    """Mirror left and right, the whole clip or not at all; consistent=False: each frame or not."""

    probability: float = 0.5
    consistent: bool = True
    moves: ClassVar[bool] = True  # pixels, so that bytes will do: a quarter of the memory

    def draw(self, rng: np.random.Generator, frames: int, height: int, width: int) -> np.ndarray:
        return rng.random((1 if self.consistent else frames, 1)) < self.probability  # [F, 1]

    def apply(self, x: Tensor, p: Tensor) -> Tensor:
        return where_drawn(x, p, lambda images: images.flip(-1))


def _fits(size: int, height: int, width: int) -> None:
    if size > min(height, width):
        raise VsslError(
            f"a crop of {size} x {size} does not fit into frames of {height} x {width}; store larger frames or crop smaller"
        )


def _window(p: np.ndarray, size: int) -> tuple[int, int, int, int]:
    top, left = p[0].astype(int).tolist()
    return top, left, size, size


def _crop(x: Tensor, p: Tensor, size: int) -> Tensor:
    """Cut [size, size] out of each clip at its own corner: a copy, nothing is computed.

    Clips of that size pass as they are: there is one place only, or they were cut to their window where they were read.
    """
    if x.shape[-2:] == (size, size):
        return x
    clips = x.permute(0, 2, 3, 4, 1)  # [N, T, H, W, C], as the bytes lie
    if together(x):
        top, left = p[:, 0].long().T.to(x.device, non_blocking=True)
        windows = (
            clips.unfold(2, size, 1).unfold(3, size, 1).permute(0, 2, 3, 1, 5, 6, 4)
        )  # [N, tops, lefts, T, S, S, C], a view
        cut = windows[torch.arange(len(x), device=x.device), top, left]  # [N, T, S, S, C]
    else:
        cut = torch.stack(
            [
                clip[:, top : top + size, left : left + size]
                for clip, (top, left) in zip(clips, p[:, 0].int().tolist(), strict=True)
            ]
        )
    return cut.permute(0, 4, 1, 2, 3)  # [N, C, T, S, S]
