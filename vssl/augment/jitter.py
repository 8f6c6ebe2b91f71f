"""Colour jitter: each picture's four operators in its own order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from vssl.augment.augment import per_row, planes, together
from vssl.augment.colour import brightness, contrast, hue, saturation

BLOCK = 2**17  # pixels jittered at once on a CPU
CHANGES = (brightness, contrast, saturation, hue)


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
        jittered = _together if together(x) else _in_turn
        return back(jittered(planes(images), p, 4 if self.hue else 3))


def _together(images: Tensor, p: Tensor, kinds: int) -> Tensor:
    """All pictures that meet the same operator next at once: at most 16 turns for any number of pictures."""
    out = images.clone()
    for place in range(4, 8):
        for kind in range(kinds):
            rows = ((p[:, place] == kind) & (p[:, 8] > 0)).nonzero()[:, 0]
            if len(rows):
                index = rows.to(out.device, non_blocking=True)
                out[index] = CHANGES[kind](out[index], p[rows, kind, None, None, None, None])
    return out


def _in_turn(images: Tensor, p: Tensor, kinds: int) -> Tensor:
    """A few pictures of the same order at once, all their operators one after the other, so that they stay in the cache."""
    alike: dict[tuple[int, ...], list[int]] = {}
    for row, (*order, on) in enumerate(p[:, 4:].int().tolist()):
        alike.setdefault(tuple(kind for kind in order if on and kind < kinds), []).append(row)
    out = torch.empty_like(images)
    most = max(1, BLOCK // images[0, 0].numel())
    for order, all_rows in alike.items():
        for rows in (all_rows[start : start + most] for start in range(0, len(all_rows), most)):
            some = slice(rows[0], rows[-1] + 1) if rows[-1] - rows[0] < len(rows) else rows  # a slice is no copy
            source = images[some]
            block = out[some] if isinstance(some, slice) else source
            for kind in order:
                source = CHANGES[kind](source, p[rows, kind, None, None, None, None], block)
            if source is not block or some is rows:  # nothing changed, or not in its place
                out[some] = source
    return out
