"""One pair of vectors shall be more alike than another pair, by a margin."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def triplet(
    anchor: Tensor, positive: Tensor, negative: Tensor, margin: float = 0.2
) -> tuple[Tensor, Tensor]:
    """The mean of max(0, margin - (cos(a, p) - cos(a, n))), and these differences, [B].

    All are [B, D]. It is computed in float32 whatever they are.
    """
    with torch.autocast(anchor.device.type, enabled=False):
        a, p, n = (F.normalize(z.float(), dim=1) for z in (anchor, positive, negative))
        nearer = (a * p).sum(1) - (a * n).sum(1)  # [B]
        return F.relu(margin - nearer).mean(), nearer
