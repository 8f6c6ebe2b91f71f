"""Crops: the first step of every augmentation is one of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import torch
from torch import Tensor

from vssl.augment.augment import Source, batched
from vssl.augment.resize import resized
from vssl.errors import VsslError


@dataclass(frozen=True)
class CentreCrop:
    """The middle `size` x `size` pixels; the whole test protocol of the papers."""

    size: int = 112
    crops: ClassVar[bool] = True

    def draw(self, rng: np.random.Generator, source: Source) -> np.ndarray:
        spare_height, spare_width = _spare(self.size, source)
        return np.array([[spare_height // 2, spare_width // 2]])  # [1, 2]

    def apply(self, x: Tensor, p: Tensor) -> Tensor:
        return _crop(x, p, self.size)

    def window(self, p: np.ndarray) -> tuple[int, int, int, int]:
        """Top, left, height and width of what is read."""
        return _window(p, self.size)


@dataclass(frozen=True)
class PlacedCrop:
    """One of three crops of `size` x `size` along the longer side.

    Place 0 is at its start, 1 in the middle, 2 at its end.
    """

    size: int = 256
    place: Literal[0, 1, 2] = 1
    crops: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.place not in (0, 1, 2):
            raise VsslError(
                f"a crop's place is 0, 1 or 2 (start, middle or end), not {self.place!r}"
            )

    def draw(self, rng: np.random.Generator, source: Source) -> np.ndarray:
        spare = np.array(_spare(self.size, source))
        along = np.arange(2) == (source.width >= source.height)  # [2], true for the longer side
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
    crops: ClassVar[bool] = True

    def draw(self, rng: np.random.Generator, source: Source) -> np.ndarray:
        spare_height, spare_width = _spare(self.size, source)
        # The height first, and then the width: the order of the draws is part of every run.
        return np.array([[rng.integers(spare_height + 1), rng.integers(spare_width + 1)]])  # [1, 2]

    def apply(self, x: Tensor, p: Tensor) -> Tensor:
        return _crop(x, p, self.size)

    def window(self, p: np.ndarray) -> tuple[int, int, int, int]:
        """Top, left, height and width of what is read."""
        return _window(p, self.size)


@dataclass(frozen=True)
class RandomResizedCrop:
    """A crop of random area and aspect, resized to `size` x `size`, bilinear.

    Area is a share of the frame, aspect the width over the height.

    consistent=False draws a crop for every frame: a camera that jumps twenty-five times a second.
    """

    size: int = 112
    area: tuple[float, float] = (0.3, 1.0)
    aspect: tuple[float, float] = (0.5, 2.0)
    consistent: bool = True
    crops: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not (0 < self.area[0] <= self.area[1] <= 1 and 0 < self.aspect[0] <= self.aspect[1]):
            raise VsslError(
                "area and aspect go from a lower to a higher number above 0, area up to 1 at most;"
                f" not {self.area} and {self.aspect}"
            )

    def draw(self, rng: np.random.Generator, source: Source) -> np.ndarray:
        count = 1 if self.consistent else source.frames
        boxes = [self._box(rng, source.height, source.width) for _ in range(count)]
        return np.array(boxes)  # [F, 4]

    def _box(self, rng: np.random.Generator, height: int, width: int) -> tuple[int, int, int, int]:
        """Top, left, height and width of a crop."""
        for _ in range(100):
            area = rng.uniform(*self.area) * height * width
            aspect = np.exp(rng.uniform(*np.log(self.aspect)))
            h, w = round((area / aspect) ** 0.5), round((area * aspect) ** 0.5)
            if 0 < h <= height and 0 < w <= width:
                return int(rng.integers(height - h + 1)), int(rng.integers(width - w + 1)), h, w
        return 0, 0, height, width  # no box of that shape fits: the whole frame, as in CVRL's code

    def apply(self, x: Tensor, p: Tensor) -> Tensor:
        return resized(x, p, self.size)


@dataclass(frozen=True)
class BoxCrop:
    """The clip's own box, resized to `size` x `size`, bilinear.

    The box's edges are rounded to whole pixels, and it is at least one pixel wide and high.
    """

    size: int = 112
    crops: ClassVar[bool] = True
    reads: ClassVar[tuple[str, ...]] = ("box",)

    def draw(self, rng: np.random.Generator, source: Source) -> np.ndarray:
        box = source.box
        if box is None:
            raise VsslError(
                "BoxCrop crops a clip's own box, and the sampler gives none; choose a sampler that "
                "does, or another crop"
            )
        top, bottom = _edges(box.top, box.height, source.height)
        left, right = _edges(box.left, box.width, source.width)
        return np.array([[top, left, bottom - top, right - left]])  # [1, 4]

    def apply(self, x: Tensor, p: Tensor) -> Tensor:
        return resized(x, p, self.size)


def _edges(begin: float, length: float, pixels: int) -> tuple[int, int]:
    """The first pixel of a box along one side, and the first one behind it."""
    first = min(max(round(begin * pixels), 0), pixels - 1)
    return first, min(max(round((begin + length) * pixels), first + 1), pixels)


def _spare(size: int, source: Source) -> tuple[int, int]:
    """By how many pixels the frames are higher and wider than a crop."""
    if size > min(source.height, source.width):
        raise VsslError(
            f"a crop of {size} x {size} does not fit into frames of {source.height} x "
            f"{source.width}; store larger frames or crop smaller"
        )
    return source.height - size, source.width - size


def _window(p: np.ndarray, size: int) -> tuple[int, int, int, int]:
    top, left = p[0].astype(int).tolist()
    return top, left, size, size


def _crop(x: Tensor, p: Tensor, size: int) -> Tensor:
    """Cut [size, size] out of each clip at its own corner: a copy, nothing is computed.

    Clips of that size pass as they are: there is one place only, or they were cut to their window
    where they were read.
    """
    if x.shape[-2:] == (size, size):
        return x
    clips = x.permute(0, 2, 3, 4, 1)  # [N, T, H, W, C], as the bytes lie
    if batched(x):
        top, left = p[:, 0].long().T.to(x.device, non_blocking=True)
        # A view of the clips, not a copy.
        windows = (
            clips.unfold(2, size, 1).unfold(3, size, 1).permute(0, 2, 3, 1, 5, 6, 4)
        )  # [N, tops, lefts, T, S, S, C]
        cut = windows[torch.arange(len(x), device=x.device), top, left]  # [N, T, S, S, C]
    else:
        cut = torch.stack(
            [
                clip[:, top : top + size, left : left + size]
                for clip, (top, left) in zip(clips, p[:, 0].int().tolist(), strict=True)
            ]
        )
    return cut.permute(0, 4, 1, 2, 3)  # [N, C, T, S, S]
