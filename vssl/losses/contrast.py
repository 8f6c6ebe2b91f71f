"""Contrast between clips: of one video or of one pace (Pace Prediction, Eq. 2 and 3), and InfoNCE over a whole batch (CVRL, Eq. 1)."""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor
from torch.nn import functional as F

from vssl.errors import VsslError


def similarity(z: Tensor, normalize: bool = False, temperature: float = 1.0) -> Tensor:
    """All pairs sim(z_i, z_j), [N, N]: the paper's raw dot product, or the cosine over a temperature.

    In float32 whatever the features are: a raw dot product of 512 rectified features overflows half precision.
    """
    with torch.autocast(
        z.device.type, enabled=False
    ):  # or a mixed-precision loop would take the product in half precision again
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
    loss = (
        torch.logaddexp(sim, others) - sim
    )  # [N, N], -log(e^s / (e^s + negatives)) were j the positive of i
    return loss[positive].mean()


def same_pace(
    z: Tensor, pace: Tensor, *, normalize: bool = False, temperature: float = 1.0
) -> Tensor:
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


def info_nce(z: Tensor, temperature: float = 0.1) -> Tensor:
    """Each clip must find the other clip of its video among all 2N - 1 others (CVRL's Eq. 1); z is [N, 2, D], before normalisation.

    The mean over all 2N clips as anchors: the equation writes out the N first ones; the authors' code adds both directions, twice this.
    Several processes contrast with each other's clips too. Their gradients pass through the exchange, so that the mean of the
    processes' losses, and its gradient, are those of one process with the whole batch.
    """
    return against_all(z, temperature)[0]


def against_all(z: Tensor, temperature: float = 0.1) -> tuple[Tensor, Tensor, Tensor]:
    """The loss of `info_nce`; similarities of this process's clips with all, [2n, 2N], itself at -inf; and each one's positive, [2n]."""
    if z.ndim != 3 or z.shape[1] != 2:
        raise VsslError(
            f"this loss contrasts 2 clips of each video, [N, 2, D], and got {list(z.shape)}; sample as many"
        )
    with torch.autocast(
        z.device.type, enabled=False
    ):  # in float32: exp(1 / 0.1) apart, half precision has three digits
        z = F.normalize(z.float(), dim=-1).flatten(
            0, 1
        )  # [2n, D], the two clips of a video side by side
        everyone, first = gathered(z)  # [2N, D]
        sim = z @ everyone.T / temperature  # [2n, 2N]
    itself = first + torch.arange(len(z), device=z.device)
    sim, positive = (
        sim.scatter(1, itself[:, None], -torch.inf),
        itself ^ 1,
    )  # 2i and 2i + 1 are of one video
    return F.cross_entropy(sim, positive), sim, positive


def gathered(z: Tensor) -> tuple[Tensor, int]:
    """The rows of all processes in order of rank, with gradients, and the place of this one's first row among them."""
    if not (dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1):
        return z, 0
    return _Gather.apply(z), dist.get_rank() * len(z)


class _Gather(torch.autograd.Function):
    """The rows of all, and backwards the sum of what every process asks of these rows; torch's own, in distributed.nn, is deprecated."""

    @staticmethod
    def forward(ctx: Any, z: Tensor) -> Tensor:
        everyone = [torch.empty_like(z) for _ in range(dist.get_world_size())]
        dist.all_gather(everyone, z.contiguous())
        return torch.cat(everyone)  # [2N, D]

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        gradient = gradient.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(gradient)
        return gradient.chunk(dist.get_world_size())[dist.get_rank()]  # [2n, D]
