"""Contrast between clips: of one video (same context, Eq. 2) or of one pace (same pace, Eq. 3) of Pace Prediction."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def similarity(z: Tensor, normalize: bool = False, temperature: float = 1.0) -> Tensor:
    """All pairs sim(z_i, z_j), [N, N]: the paper's raw dot product, or the cosine over a temperature.

    In float32 whatever the features are: a raw dot product of 512 rectified features overflows half precision.
    """
    with torch.autocast(z.device.type, enabled=False):  # or a mixed-precision loop would take the product in half precision again
        z = z.float()
        z = F.normalize(z, dim=1) if normalize else z
        return z @ z.T / temperature


def same_context(z: Tensor, *, normalize: bool = False, temperature: float = 1.0) -> Tensor:
    """Clips of one video attract, clips of different videos repel (Eq. 2); z is [B, V, D], V clips of each of B videos.

    Each anchor has its own softmax: one positive against all clips of other videos. (As printed, the denominator also sums
    the positives of other anchors.) With V > 2 an anchor has V - 1 positives, and their losses are averaged.
    """
    videos, views, _ = z.shape
    if videos == 1 or views == 1:
        return z.float().sum() * 0  # no negative, or no positive: nothing to tell apart
    sim = similarity(z.flatten(0, 1), normalize, temperature)  # [N, N]
    video = torch.arange(videos, device=z.device).repeat_interleave(views)  # [N]
    same = video[:, None] == video  # [N, N]
    others = sim.masked_fill(same, -torch.inf).logsumexp(1, keepdim=True)  # [N, 1], the negatives
    positive = same & ~torch.eye(len(sim), dtype=torch.bool, device=z.device)
    loss = torch.logaddexp(sim, others) - sim  # [N, N], -log(e^s / (e^s + negatives)) were j the positive of i
    return loss[positive].mean()


def same_pace(z: Tensor, pace: Tensor, *, normalize: bool = False, temperature: float = 1.0) -> Tensor:
    """Clips of one pace attract, clips of different paces repel, whatever they show (Eq. 3); z is [N, D], pace [N].

    The denominator holds every other clip. An anchor alone at its pace has no positive and adds nothing; the mean is over all
    N anchors, as in the paper.
    """
    sim = similarity(z, normalize, temperature)  # [N, N]
    itself = torch.eye(len(sim), dtype=torch.bool, device=z.device)
    positive = (pace[:, None] == pace) & ~itself  # [N, N]
    log_share = sim - sim.masked_fill(itself, -torch.inf).logsumexp(1, keepdim=True)  # [N, N]
    per_anchor = -log_share.masked_fill(~positive, 0).sum(1) / positive.sum(1).clamp(min=1)  # [N]
    return per_anchor.mean()
