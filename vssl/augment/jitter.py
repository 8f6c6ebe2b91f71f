"""Colour jitter: each picture's four operators in its own order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from vssl.augment.augment import Source, batched, per_row, planes
from vssl.augment.colour import luma

BLOCK = 2**18  # pixels jittered at once on a CPU


@dataclass(frozen=True)
class Jitter:
    """Brightness, contrast, saturation and hue by random factors and in random order.

    This is torchvision's ColorJitter.

    consistent=False draws anew for every frame: the Pace code does so, so that colour cannot tell
    how far two frames are apart; every other paper keeps a clip's colour constant. The contrast of
    a consistent clip turns about the clip's mean.
    """

    brightness: float = 0.8
    contrast: float = 0.8
    saturation: float = 0.8
    hue: float = 0.2
    probability: float = 0.8
    consistent: bool = True

    def draw(self, rng: np.random.Generator, source: Source) -> np.ndarray:
        rows = 1 if self.consistent else source.frames
        strength = np.array([self.brightness, self.contrast, self.saturation])
        factors = rng.uniform(np.maximum(0, 1 - strength), 1 + strength, (rows, 3))
        turn = rng.uniform(-self.hue, self.hue, (rows, 1))
        order = rng.permuted(np.tile(np.arange(4), (rows, 1)), axis=1)
        on = rng.random((rows, 1)) < self.probability
        return np.concatenate([factors, turn, order, on], axis=1)  # [F, 9]

    def apply(self, x: Tensor, p: Tensor) -> Tensor:
        images, p, back = per_row(x, p)  # [M, C, T', H, W], [M, 9]
        images, values = planes(images), p.numpy()
        out = torch.empty_like(images)
        for rows in (
            [np.arange(len(values))]
            if batched(x)
            else _alike(values, max(1, BLOCK // images[0, 0].numel()))
        ):
            if len(rows) == rows[-1] + 1 - rows[0]:  # neighbours: changed where they will lie
                some = slice(rows[0], rows[-1] + 1)
                _jitter(out[some].copy_(images[some]), values[rows], bool(self.hue))
            else:
                apart = images[rows]
                _jitter(apart, values[rows], bool(self.hue))
                out[rows] = apart
        return back(out)


def _alike(p: np.ndarray, most: int) -> Iterator[np.ndarray]:
    """Rows whose hue is turned at the same place in the order, at most so many at once.

    Hue is two thirds of the work.
    """
    places = np.where(p[:, 8] > 0, np.argmax(p[:, 4:8] == 3, axis=1), -1)
    for place in (-1, 0, 1, 2, 3):  # -1: not jittered
        rows = (places == place).nonzero()[0]
        yield from (rows[start : start + most] for start in range(0, len(rows), most))


def _jitter(x: Tensor, p: np.ndarray, turned: bool) -> None:
    """Change pictures [M, C, T, H, W] in place, all of them at once.

    Each still meets the four operators in its own order.

    Brightness, contrast and saturation are one operator: x -> f x + (1 - f) grey, where grey is 0,
    the picture's mean luma or each pixel's luma; a picture that is not to be changed has f = 1.
    Only those whose hue turns now are taken out of the others.
    """
    rows = np.arange(len(p))[:, None]
    # The operator at each place; -1: none.
    kind = np.where(p[:, 8:] > 0, p[:, 4:8], -1).astype(int)  # [M, 4]
    factor = np.where((kind >= 0) & (kind < 3), p[rows, kind], 1)  # [M, 4]
    coefficients = np.stack(
        [factor, (kind == 1) * (1 - factor), (kind == 2) * (1 - factor)]
    )  # [3, M, 4]
    blends = torch.from_numpy(coefficients.astype(np.float32)).to(x.device, non_blocking=True)[
        ..., None, None, None, None
    ]
    offsets = (6 * p[:, 3:4] - np.array([0, 2, -2]) + 3) % 6 - 3  # [M, 3]
    offsets = torch.from_numpy(offsets.astype(np.float32)).to(x.device, non_blocking=True)[
        ..., None, None, None
    ]
    for place in range(4):
        f, of_mean, of_luma = blends[:, :, place]  # each [M, 1, 1, 1, 1]
        grey = None
        if (kind[:, place] == 2).any():
            grey = luma(x) * of_luma  # [M, 1, T, H, W]
        if (kind[:, place] == 1).any():
            # The mean of the luma is the luma of the means.
            mean = luma(x.mean((2, 3, 4), keepdim=True)) * of_mean
            grey = mean if grey is None else grey.add_(mean)
        if (factor[:, place] != 1).any():
            x.mul_(f)
        if grey is not None:
            x.add_(grey)
        if (factor[:, place] > 1).any():  # else each value lies between two that lie in [0, 1]
            x.clamp_(0, 1)
        now = (kind[:, place] == 3).nonzero()[0]
        if turned and len(now):
            _turn_some(x, now, offsets)


def _turn_some(x: Tensor, rows: np.ndarray, offset: Tensor) -> None:
    if len(rows) == len(x):
        _hue(x, offset)
        return
    index = torch.from_numpy(rows).to(x.device, non_blocking=True)
    some = x[index]
    _hue(some, offset[index])
    x[index] = some


def _hue(x: Tensor, offset: Tensor) -> None:
    """Turn the hue and keep value and saturation.

    It is RGB -> HSV -> RGB in one pass, without a case for each colour.

    With the hue h in sixths of the circle from red, -3 to 3, a channel is v - c clamp(d - 1, 0, 1),
    where v is the value, c the chroma and d how far h lies from the channel's own colour: red at 0,
    green at 2, blue at -2. From red, it is d = (v - 2 low + green + blue - red) / c, and h is
    positive where green is more than blue. `offset`, [M, 3, 1, 1, 1] in [-3, 3], added to h counts
    the turned hue from each channel's colour.
    """
    red, green, blue = x.unbind(1)  # each [M, T, H, W]
    value = red.maximum(green).maximum(blue)
    low = red.minimum(green).minimum(blue)
    chroma = value - low
    distance = (green + blue).sub_(red).add_(value).sub_(low, alpha=2)
    # Grey has no chroma and so no hue, and any hue will do.
    h = distance.copysign_(green - blue).div_(chroma.clamp(min=1e-12))
    torch.add(h[:, None], offset, out=x)  # in [-6, 6], where d = 3 - ||sum| - 3|
    x.abs_().sub_(3).abs_().clamp_(1, 2)  # 2 - clamp(d - 1, 0, 1)
    x.mul_(chroma[:, None]).add_(low.mul_(2).sub_(value)[:, None])  # v - 2 c = 2 low - v
