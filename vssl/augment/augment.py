"""What an augmentation is: steps in order, or two of them in turn for the views of a sample."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Protocol, Self, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from vssl.clips import Box
from vssl.errors import VsslError

CACHED = 2**21  # pixels changed at once on a CPU: they stay in its cache from step to step
PIXELS = 2**25  # and on a GPU, whose memory holds them and a few changed copies: 400 MB each


class Source(NamedTuple):
    """What a step is told of the clip that it draws for."""

    frames: int
    height: int
    width: int
    box: Box | None = None
    quarter_turns: int = 0


class Step(Protocol):
    """One augmentation: frozen settings, a draw for one clip, and its application to a batch.

    Parameters [N, F, P] come on the CPU, wherever the clips are. Which clips a step changes is
    decided there, so nothing is ever asked of a GPU, which would have to finish all its work before
    it answered.

    A step with `moves = True` only moves pixels, and may be given bytes; the others are given float
    in [0, 1]. A step with `crops = True` cuts all clips to one size. `reads` names what a step
    needs to be told of a clip: its "box" or its "quarter_turns". No step changes what it is given.
    """

    def draw(self, rng: np.random.Generator, source: Source) -> np.ndarray: ...

    def apply(self, x: Tensor, p: Tensor) -> Tensor: ...


@runtime_checkable
class Windowed(Protocol):
    """A step that reads one rectangle of every frame and no more."""

    def window(self, p: np.ndarray) -> tuple[int, int, int, int]: ...


@runtime_checkable
class Crop(Step, Protocol):
    """A frozen dataclass that cuts all clips to `size` x `size`."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def size(self) -> int: ...


@dataclass(frozen=True)
class Augment:
    """Steps applied in order.

    The first one crops, and sees bytes. The others see float in [0, 1], except one that only moves
    pixels.
    """

    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        crops = [bool(getattr(step, "crops", False)) for step in self.steps]
        if not crops or not crops[0] or any(crops[1:]):
            names = ", ".join(type(step).__name__ for step in self.steps) or "nothing"
            raise VsslError(
                f"an augmentation begins with a crop and has no other one, and this one is {names};"
                " put CentreCrop, RandomCrop, RandomResizedCrop or BoxCrop first"
            )

    @property
    def reads(self) -> frozenset[str]:
        """What some step needs to be told of a clip."""
        return frozenset(name for step in self.steps for name in getattr(step, "reads", ()))

    def of(self, view: int) -> Self:
        """The augmentation of a sample's clip number `view`: the same for all."""
        return self

    def draw(self, rng: np.random.Generator, source: Source) -> list[np.ndarray]:
        """The parameters of one clip, an array [F, P] a step."""
        if source.box is not None and "box" not in self.reads:
            raise VsslError("the sampler gives a clip a box that nothing reads; put BoxCrop first")
        if source.quarter_turns and "quarter_turns" not in self.reads:
            raise VsslError("the sampler turns a clip, and nothing turns it; add Turn to the steps")
        return [step.draw(rng, source) for step in self.steps]

    def window(self, parameters: list[np.ndarray]) -> tuple[int, int, int, int] | None:
        """Top, left, height and width of what is read of a clip; None where it is whole frames.

        Frames cut to their window beforehand give the same views: the crop passes on what has its
        size already.
        """
        first = self.steps[0]
        return first.window(parameters[0]) if isinstance(first, Windowed) else None

    def apply(self, clips: Tensor, parameters: list[list[np.ndarray]]) -> Tensor:
        """Clips uint8 [N, T, H, W, C] -> views, float32 [N, C, T, H, W] in [0, 1].

        The clips go through all steps a part at a time. Views lie in memory as channels_last_3d,
        which is how most nets read them fastest.
        """
        x = clips.permute(0, 4, 1, 2, 3)  # [N, C, T, H, W]; the bytes lie as channels_last_3d
        size = max(1, (PIXELS if batched(x) else CACHED) // x[0, 0].numel())
        out: Tensor | None = None
        for some in (slice(start, start + size) for start in range(0, len(x), size)):
            views = self._views(x[some], parameters[some])
            if out is None:
                shape = (len(x), *views.shape[1:])
                out = torch.empty(shape, device=x.device, memory_format=torch.channels_last_3d)
            if views.is_floating_point():
                out[some].copy_(views).clamp_(0, 1)  # rounding alone leaves [0, 1]
            else:
                torch.div(views, 255, out=out[some])
        assert out is not None  # there was a part, for there was a first clip
        return out

    def _views(self, x: Tensor, parameters: list[list[np.ndarray]]) -> Tensor:
        """Bytes as long as pixels only move, then floats, frame by frame and plane by plane."""
        for place, step in enumerate(self.steps):
            drawn = np.stack([one[place] for one in parameters]).astype(np.float32)
            p = torch.from_numpy(drawn)  # [N, F, P], on the CPU
            if place and not getattr(step, "moves", False) and not x.is_floating_point():
                plain = torch.contiguous_format
                frames = x.transpose(1, 2).to(torch.float32, memory_format=plain)  # [N, T, C, H, W]
                x = frames.div_(255).transpose(1, 2)
            x = step.apply(x, p)
        return x

    def __call__(self, clips: Tensor, rngs: list[np.random.Generator]) -> Tensor:
        """Draw and apply: one generator a clip."""
        _, frames, height, width, _ = clips.shape
        source = Source(frames, height, width)
        return self.apply(clips, [self.draw(rng, source) for rng in rngs])


# Settings that are read by the draw alone.
DRAWN = {"probability", "area", "aspect", "place", "sigma", "brightness", "contrast", "saturation"}


@dataclass(frozen=True)
class Alternating:
    """Two augmentations in turn: the first for a sample's clips 0, 2, ..., the second for 1, 3, ...

    They have the same steps with other settings. The parameters hold all in which the two differ,
    so one pass applies both. Settings that shape the result without being drawn (a crop's size, a
    blur's radius) must therefore be the same in both.
    """

    first: Augment
    second: Augment

    def __post_init__(self) -> None:
        kinds = [[type(step) for step in one.steps] for one in (self.first, self.second)]
        if kinds[0] != kinds[1]:
            raise VsslError(
                "both augmentations need the same steps in the same order; set a probability to 0 "
                "to leave one out"
            )
        for ours, theirs in zip(self.first.steps, self.second.steps, strict=True):
            other = [
                name
                for name, value in vars(ours).items()
                if name not in DRAWN and vars(theirs)[name] != value
            ]
            if other:
                raise VsslError(
                    f"{other[0]} of {type(ours).__name__} is not drawn for each clip: give it one "
                    "value in both augmentations"
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


def batched(x: Tensor) -> bool:
    """Whether pictures are changed all at once, which suits a GPU.

    On a CPU they are changed one after the other, which suits its cache. This is the one place that
    asks for the device.
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
    if batched(x):
        mask = drawn[:, None, None, None, None].to(x.device, non_blocking=True)
        return back(torch.where(mask, change(images), images))
    out = torch.empty_like(images)
    for row, on in enumerate(drawn.tolist()):
        one = slice(row, row + 1)
        out[one] = change(images[one]) if on else images[one]
    return back(out)


def per_row(x: Tensor, p: Tensor) -> tuple[Tensor, Tensor, Callable[[Tensor], Tensor]]:
    """A batch as M pictures with one row of parameters each: N clips, or N * T frames where F = T.

    Gives the pictures [M, C, T', H, W], their parameters [M, P], and a function that puts changed
    pictures back into clips.
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
    """Pictures [M, C, ...] with each colour's values side by side in memory, not each pixel's.

    Computing with them is three times as fast.
    """
    return x.contiguous() if x.stride(1) == 1 else x
