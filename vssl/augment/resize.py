"""Rectangles of a batch of pictures, each its own, resized to one size."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from vssl.augment.augment import batched, per_row


def resized(x: Tensor, p: Tensor, size: int) -> Tensor:
    """Cut top, left, height and width p [N, F, 4] out of x and resize to `size`, bilinear.

    Gives float in [0, 1], also where x is bytes.
    """
    images, p, back = per_row(x, p)
    return back(_batched(images, p, size) if batched(x) else _one_by_one(images, p, size))


def _one_by_one(images: Tensor, p: Tensor, size: int) -> Tensor:
    m, c, t, _, _ = images.shape
    # Frames lie innermost, a pixel's values at all times side by side: torch then resizes six times
    # faster.
    out = images.new_empty((m, c, size, size, t), dtype=torch.float32)
    out = out.permute(0, 1, 4, 2, 3)  # [M, C, T', S, S]
    scale = 1 if images.is_floating_point() else 255
    for row, (top, left, h, w) in enumerate(p.long().tolist()):
        box = images[row, :, :, top : top + h, left : left + w]  # [C, T', h, w]
        box = box.to(torch.float32, memory_format=torch.channels_last)
        torch.div(F.interpolate(box, (size, size), mode="bilinear"), scale, out=out[row])
    return out


def _batched(images: Tensor, p: Tensor, size: int) -> Tensor:
    _, c, t, height, width = images.shape
    place = (torch.arange(size, device=images.device) + 0.5) / size  # [S], centres of the pixels
    top, left, h, w = p.T[..., None].to(images.device, non_blocking=True)  # each [M, 1]
    # Held inside the crop: a resize knows nothing of the pixels around it.
    y = top + (h * place - 0.5).clamp(min=0).minimum(h - 1)  # [M, S]
    x = left + (w * place - 0.5).clamp(min=0).minimum(w - 1)
    y, x = y * 2 / (height - 1) - 1, x * 2 / (width - 1) - 1  # in [-1, 1]
    columns, rows = x[:, None].expand(-1, size, -1), y[:, :, None].expand(-1, -1, size)
    grid = torch.stack([columns, rows], -1)  # [M, S, S, 2]
    flat = images.flatten(1, 2).float()  # [M, C * T', H, W]: one grid a clip serves all its frames
    out = F.grid_sample(flat, grid, align_corners=True).unflatten(1, (c, t))  # [M, C, T', S, S]
    return out if images.is_floating_point() else out.div_(255)
