"""What an augmentation is: steps in order, and pairs of them for methods that treat a video's two clips differently."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, Self, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from vssl.errors import VsslError

CACHED = 2**21  # pixels read at once on a CPU, whose cache they should not leave between two steps
PIXELS = (
    2**25
)  # and on a GPU, which has to keep them and a few changed copies in its memory: 400 MB each


class Step(Protocol):
    """One augmentation: frozen settings, a draw for one clip, and its application to a batch.

    Parameters [N, F, P] come on the CPU, wherever the clips are: which clips a step changes is decided there, so that nothing is ever
    asked of a GPU, which would have to finish all it has to do before it answered.

    A step that has `moves = True` only moves pixels, and may be given bytes; the others are given float in [0, 1]. No step changes
    what it is given.
    """

    def draw(
        self, rng: np.random.Generator, frames: int, height: int, width: int
    ) -> np.ndarray: ...

    def apply(self, x: Tensor, p: Tensor) -> Tensor: ...


@runtime_checkable
class Windowed(Protocol):
    """A step that reads one rectangle of every frame and no more."""

    def window(self, p: np.ndarray) -> tuple[int, int, int, int]: ...


@dataclass(frozen=True)
class Augment:
    """Steps applied in order; the first one crops (it sees uint8), the others see float in [0, 1], but for one that only moves pixels."""

    steps: tuple[Step, ...]

    def of(self, view: int) -> Self:
        """The augmentation of a sample's clip number `view`: the same for all."""
        return self

    def draw(
        self, rng: np.random.Generator, frames: int, height: int, width: int
    ) -> list[np.ndarray]:
        """The parameters of one clip, an array [F, P] a step."""
        return [step.draw(rng, frames, height, width) for step in self.steps]

    def window(self, parameters: list[np.ndarray]) -> tuple[int, int, int, int] | None:
        """Top, left, height and width of all that is read of a clip with these parameters; None where that is whole frames.

        Frames cut to their window beforehand give the same views: the crop passes on what has its size already.
        """
        first = self.steps[0]
        return first.window(parameters[0]) if isinstance(first, Windowed) else None

    def apply(self, clips: Tensor, parameters: list[list[np.ndarray]]) -> Tensor:
        """Clips uint8 [N, T, H, W, C] and the parameters of each -> views, float32 [N, C, T, H, W] in [0, 1].

        They go through all steps a few at a time. Views lie as channels_last_3d: so the nets want them.
        """
        x = clips.permute(
            0, 4, 1, 2, 3
        )  # [N, C, T, H, W]: the bytes already lie as channels_last_3d wants them
        few = max(1, (PIXELS if together(x) else CACHED) // x[0, 0].numel())
        out = None
        for some in (slice(start, start + few) for start in range(0, len(x), few)):
            views = self._views(x[some], parameters[some])
            if out is None:
                shape = (len(x), *views.shape[1:])
                out = torch.empty(shape, device=x.device, memory_format=torch.channels_last_3d)
            if views.is_floating_point():
                out[some].copy_(views).clamp_(0, 1)  # rounding alone leaves [0, 1]
            else:
                torch.div(views, 255, out=out[some])
        return out

    def _views(self, x: Tensor, parameters: list[list[np.ndarray]]) -> Tensor:
        """Bytes while pixels only move; from the first step on that computes with their values floats, frame by frame, plane by plane."""
        for place, step in enumerate(self.steps):
            p = torch.from_numpy(
                np.stack([drawn[place] for drawn in parameters]).astype(np.float32)
            )  # [N, F, P], on the CPU
            if place and not getattr(step, "moves", False) and not x.is_floating_point():
                frames = x.transpose(1, 2).to(
                    torch.float32, memory_format=torch.contiguous_format
                )  # [N, T, C, H, W]
                x = frames.div_(255).transpose(1, 2)
            x = step.apply(x, p)
        return x

    def __call__(self, clips: Tensor, rngs: list[np.random.Generator]) -> Tensor:
        """Draw and apply: one generator a clip."""
        _, frames, height, width, _ = clips.shape
        return self.apply(clips, [self.draw(rng, frames, height, width) for rng in rngs])


DRAWN = {
    "probability",
    "area",
    "aspect",
    "place",
    "sigma",
    "brightness",
    "contrast",
    "saturation",
}  # read by the draw alone


@dataclass(frozen=True)
class Pair:
    """Two augmentations of the same steps with other settings: the first for a video's clips 0, 2, ..., the second for 1, 3, ...

    Whichever drew them, parameters hold all that tells the two apart, so one pass applies both; settings that shape the result
    without being drawn (a crop's size, a blur's radius) must therefore be the same in both.
    """

    first: Augment
    second: Augment

    def __post_init__(self) -> None:
        kinds = [[type(step) for step in one.steps] for one in (self.first, self.second)]
        if kinds[0] != kinds[1]:
            raise VsslError(
                "both augmentations of a pair need the same steps in the same order; set a probability to 0 to leave one out"
            )
        for ours, theirs in zip(self.first.steps, self.second.steps, strict=True):
            other = [
                name
                for name, value in vars(ours).items()
                if name not in DRAWN and vars(theirs)[name] != value
            ]
            if other:
                raise VsslError(
                    f"{other[0]} of {type(ours).__name__} is not drawn for each clip: give it one value in both augmentations"
                )

    def of(self, view: int) -> Augment:
        """The augmentation of a sample's clip number `view`."""
        return self.second if view % 2 else self.first

    def apply(self, clips: Tensor, parameters: list[list[np.ndarray]]) -> Tensor:
        """As `Augment.apply`."""
        return self.first.apply(clips, parameters)

    def __call__(self, clips: Tensor, rngs: list[np.random.Generator], view: int = 0) -> Tensor:
        """As `Augment.__call__`, for clips that are all number `view` of their videos."""
        return self.of(view)(clips, rngs)


def together(x: Tensor) -> bool:
    """Whether pictures are changed all at once, as suits a GPU, or one after the other, as suits a CPU's cache.

    The one place that asks for the device: what goes two ways in a step goes by this.
    """
    return x.device.type != "cpu"


def where_drawn(x: Tensor, p: Tensor, change: Callable[[Tensor], Tensor]) -> Tensor:
    """Change the pictures whose parameter [N, F, 1] is 1, and leave the others."""
    images, p, back = per_row(x, p)
    drawn = p[:, 0] > 0
    if not drawn.any():
        return x
    if drawn.all():
        return back(change(images))
    if together(x):
        return back(
            torch.where(
                drawn[:, None, None, None, None].to(x.device, non_blocking=True),
                change(images),
                images,
            )
        )
    out = torch.empty_like(images)
    for row, on in enumerate(drawn.tolist()):
        one = slice(row, row + 1)
        out[one] = change(images[one]) if on else images[one]
    return back(out)


def per_row(x: Tensor, p: Tensor):
    """See a batch as M pictures with one row of parameters each: M = N clips, or N * T frames where F = T.

    Gives the pictures [M, C, T', H, W], their parameters [M, P], and a function that puts changed pictures back into clips.
    """
    if p.shape[1] == 1:
        return x, p[:, 0], lambda images: images
    n, c, t, h, w = x.shape
    frames = x.transpose(1, 2).reshape(n * t, c, 1, h, w)
    return (
        frames,
        p.flatten(0, 1),
        lambda images: images.unflatten(0, (n, t)).flatten(2, 3).transpose(1, 2),
    )


def planes(x: Tensor) -> Tensor:
    """Pictures [M, C, ...] with each colour's values side by side in memory, not each pixel's: three times faster to compute with."""
    return x.contiguous() if x.stride(1) == 1 else x
