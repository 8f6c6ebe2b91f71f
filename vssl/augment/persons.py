"""Clips with persons in boxes: the crops of action detection, and boxes that follow the pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from vssl.augment.augment import Augment, Source, Step, Windowed
from vssl.augment.blur import Blur
from vssl.augment.colour import Grey, Solarise
from vssl.augment.crops import BoxCrop, RandomResizedCrop
from vssl.augment.jitter import Jitter
from vssl.augment.moves import Flip, Turn
from vssl.augment.resize import resized
from vssl.augment.together import Together
from vssl.errors import VsslError

STILL = (Blur, Grey, Jitter, Solarise)  # they change colours, and move no pixel


@dataclass(frozen=True)
class ScaledCrop:
    """A square out of a frame whose shorter side was brought to a drawn length.

    The length is drawn from `sides`, and the square of `size` x `size` has a random place: how
    action detection on AVA trains. In the frame as it is this is a square of size / length of the
    shorter side, which is cut and resized in one go, bilinear.
    """

    size: int = 224
    sides: tuple[float, float] = (256, 320)
    crops: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not self.size <= self.sides[0] <= self.sides[1]:
            raise VsslError(
                f"the shorter side goes from a lower to a higher length, and the crop fits into "
                f"both; not {self.sides} for a crop of {self.size}"
            )

    def draw(self, rng: np.random.Generator, source: Source) -> np.ndarray:
        share = self.size / rng.uniform(*self.sides)
        side = max(1, round(share * min(source.height, source.width)))
        top = rng.integers(source.height - side + 1)
        left = rng.integers(source.width - side + 1)
        return np.array([[top, left, side, side]])  # [1, 4]

    def apply(self, x: Tensor, p: Tensor) -> Tensor:
        return resized(x, p, self.size)


@dataclass(frozen=True)
class WholeFrame:
    """The whole frame, its shorter side brought to `size`, bilinear: how detection is tested.

    Frames that are stored at that size pass as they are. It stands in the place of a crop, though
    it cuts nothing, and its views are as wide as the frames.
    """

    size: int = 224
    crops: ClassVar[bool] = True

    def draw(self, rng: np.random.Generator, source: Source) -> np.ndarray:
        return np.zeros((1, 1))  # nothing is drawn

    def apply(self, x: Tensor, p: Tensor) -> Tensor:
        n, _, t, height, width = x.shape
        if min(height, width) == self.size:
            return x
        scale = self.size / min(height, width)
        frames = x.transpose(1, 2).flatten(0, 1).float()  # [N * T, C, H, W]
        sides = (round(height * scale), round(width * scale))
        frames = F.interpolate(frames, sides, mode="bilinear")  # [N * T, C, H', W']
        frames = frames if x.is_floating_point() else frames.div_(255)
        return frames.unflatten(0, (n, t)).transpose(1, 2)  # [N, C, T, H', W']


def follow(
    augment: Augment, parameters: list[np.ndarray], source: Source, boxes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Where a view shows the boxes of its clip, and which of them it shows: [S, 4] and [S].

    Boxes [R, 4] are x1, y1, x2, y2 in fractions of the frame, and then of the view. They are cut to
    the view. One of which less than a pixel is left, in either direction, is dropped, so the second
    array holds the rows of those that stay. `parameters` are what `augment` drew for the clip.
    """
    crop, *others = augment.steps
    top, left, height, width = _window(crop, parameters[0], source)
    size = np.array([source.width, source.height] * 2)
    corner, side = np.array([left, top] * 2), np.array([width, height] * 2)
    moved = np.clip((boxes * size - corner) / side, 0, 1)  # [R, 4]
    for step, p in zip(others, parameters[1:], strict=True):
        moved = _moved(step, p, moved)
    least = 1 / getattr(crop, "size", min(width, height))
    # Rounding shall not drop a box of exactly a pixel.
    rows = np.flatnonzero((moved[:, 2:] - moved[:, :2] >= least - 1e-9).all(1))
    return moved[rows], rows


def _window(crop: Step, p: np.ndarray, source: Source) -> tuple[int, int, int, int]:
    """Top, left, height and width of what a view shows, in pixels of the frame."""
    if len(p) > 1:
        raise VsslError(
            f"{type(crop).__name__} cuts each frame elsewhere, and a box is the same in all; draw "
            "one crop for the clip, with consistent=True"
        )
    if isinstance(crop, WholeFrame):
        return 0, 0, source.height, source.width
    if isinstance(crop, BoxCrop | RandomResizedCrop | ScaledCrop):
        top, left, height, width = p[0].astype(int).tolist()
        return top, left, height, width
    if isinstance(crop, Windowed):
        return crop.window(p)
    raise VsslError(
        f"it is not known what {type(crop).__name__} cuts, so boxes cannot follow it; take "
        "ScaledCrop, for example"
    )


def _moved(step: Step, p: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Boxes [R, 4] after a step that is no crop."""
    if isinstance(step, Flip) and len(p) == 1:
        x1, y1, x2, y2 = boxes.T
        return np.stack([1 - x2, y1, 1 - x1, y2], 1) if p[0, 0] else boxes  # [R, 4]
    if isinstance(step, Turn):
        for _ in range(int(p[0, 0]) % 4):  # what was right is now above
            x1, y1, x2, y2 = boxes.T
            boxes = np.stack([y1, 1 - x2, y2, 1 - x1], 1)  # [R, 4]
        return boxes
    if isinstance(step, STILL):
        return boxes
    if isinstance(step, Together) and all(isinstance(one, STILL) for one in step.steps):
        return boxes
    raise VsslError(
        f"{type(step).__name__} moves pixels, or may do so, in a way that boxes do not follow; "
        "leave it out where persons stand in boxes"
    )
