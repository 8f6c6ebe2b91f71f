"""Contrast between clips: of one video or of one pace, and InfoNCE over a whole batch.

Pace Prediction, Eq. 2 and 3, and CVRL, Eq. 1. Where several processes train together, each clip of
a process is contrasted with the clips of all. Gradients pass through the exchange, so the mean of
the processes' losses, and its gradient, are those of one process with the whole batch.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor
from torch.nn import functional as F

from vssl.errors import VsslError


def similarity(a: Tensor, b: Tensor, normalize: bool = False, temperature: float = 1.0) -> Tensor:
    """All pairs sim(a_i, b_j), [N, M]: the raw dot product, or the cosine over a temperature.

    In float32 whatever the features are: a raw dot product of 512 rectified features overflows
    half precision.
    """
    # Without this, a loop in mixed precision would take the product in half precision again.
    with torch.autocast(a.device.type, enabled=False):
        a, b = a.float(), b.float()
        if normalize:
            a, b = F.normalize(a, dim=1), F.normalize(b, dim=1)
        return a @ b.T / temperature


def same_context(
    z: Tensor, video: Tensor | None = None, *, normalize: bool = False, temperature: float = 1.0
) -> Tensor:
    """Clips of one video attract, clips of different videos repel (Eq. 2); z is [B, V, D].

    `video` says which video each of the B samples is of; None: all differ. Each anchor has its own
    softmax: one positive against all clips of other videos. (As printed, the denominator also sums
    the positives of other anchors.) With V > 2 an anchor has V - 1 positives, and their losses are
    averaged.
    """
    samples, views, _ = z.shape
    if video is None:
        video = torch.arange(samples, device=z.device)
        if views == 1 or samples * processes() == 1:
            return z.float().sum() * 0  # no positive, or no negative: nothing to tell apart
    z = z.flatten(0, 1)  # [n, D]
    everyone, first = gathered(z)  # [N, D]
    every = gathered_numbers(video.repeat_interleave(views))  # [N], which video each clip is of
    itself = first + torch.arange(len(z), device=z.device)  # [n]
    sim = similarity(z, everyone, normalize, temperature)  # [n, N]
    same = every[itself][:, None] == every  # [n, N]
    positive = same.scatter(1, itself[:, None], False)
    others = sim.masked_fill(same, -torch.inf).logsumexp(1, keepdim=True)  # [n, 1], the negatives
    loss = torch.logaddexp(sim, others) - sim  # [n, N], -log(e^s / (e^s + negatives)) for each j
    return loss[positive].mean()


def same_pace(
    z: Tensor, pace: Tensor, *, normalize: bool = False, temperature: float = 1.0
) -> Tensor:
    """Clips of one pace attract, clips of different paces repel, whatever they show (Eq. 3).

    z is [N, D], pace [N]. The denominator holds every other clip. An anchor alone at its pace has
    no positive and adds nothing; the mean is over all N anchors, as in the paper.
    """
    everyone, first = gathered(z)  # [N, D]
    paces = gathered_rows(pace)  # [N]
    sim = similarity(z, everyone, normalize, temperature)  # [n, N]
    itself = torch.zeros_like(sim, dtype=torch.bool)
    itself.scatter_(1, first + torch.arange(len(z), device=z.device)[:, None], True)
    positive = (pace[:, None] == paces) & ~itself  # [n, N]
    log_share = sim - sim.masked_fill(itself, -torch.inf).logsumexp(1, keepdim=True)  # [n, N]
    each = -log_share.masked_fill(~positive, 0).sum(1) / positive.sum(1).clamp(min=1)  # [n]
    return each.mean()


def info_nce(z: Tensor, temperature: float = 0.1) -> Tensor:
    """Each clip finds the other clip of its video among all 2N - 1 others (CVRL's Eq. 1).

    z is [N, 2, D], before normalisation. The mean is over all 2N clips as anchors: the equation
    writes out the N first ones, and the authors' code adds both directions, which is twice this.
    """
    return against_all(z, temperature)[0]


def against_all(
    z: Tensor, temperature: float = 0.1, video: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """The loss of `info_nce`, with the similarities behind it and the place of each positive.

    The similarities are of this process's clips with all, [2n, 2N], with itself at -inf; the
    places are [2n]. `video` says which video each sample is of; clips of other samples of its own
    video are no negatives, and stand at -inf too. None: all differ.
    """
    if z.ndim != 3 or z.shape[1] != 2:
        raise VsslError(
            f"this loss contrasts 2 clips of each video, [N, 2, D], and got {list(z.shape)}; "
            "sample as many"
        )
    # In float32: with logits up to 1 / 0.1, half precision has three digits.
    with torch.autocast(z.device.type, enabled=False):
        z = F.normalize(z.float(), dim=-1).flatten(0, 1)  # [2n, D], two clips of a video in a row
        everyone, first = gathered(z)  # [2N, D]
        sim = z @ everyone.T / temperature  # [2n, 2N]
    itself = first + torch.arange(len(z), device=z.device)
    positive = itself ^ 1  # 2i and 2i + 1 are of one video
    if video is None:
        sim = sim.scatter(1, itself[:, None], -torch.inf)
    else:
        every = gathered_numbers(video.repeat_interleave(2))  # [2N]
        same = every[itself][:, None] == every  # [2n, 2N]
        sim = sim.masked_fill(same.scatter(1, positive[:, None], False), -torch.inf)
    return F.cross_entropy(sim, positive), sim, positive


def gathered(z: Tensor) -> tuple[Tensor, int]:
    """The rows of all processes, with gradients, and the place of this one's first row there."""
    if processes() == 1:
        return z, 0
    return _Gather.apply(z), dist.get_rank() * len(z)


def gathered_rows(rows: Tensor) -> Tensor:
    """The rows of all processes in order of rank, without gradients."""
    if processes() == 1:
        return rows
    everyone = [torch.empty_like(rows) for _ in range(dist.get_world_size())]
    dist.all_gather(everyone, rows.contiguous())
    return torch.cat(everyone)


def gathered_numbers(numbers: Tensor) -> Tensor:
    """The numbers that processes gave to their own videos from 0 on, made different for each."""
    if processes() == 1:
        return numbers
    everyone = gathered_rows(numbers)
    process = torch.arange(dist.get_world_size(), device=numbers.device)
    return everyone + process.repeat_interleave(len(numbers)) * (everyone.max() + 1)


def processes() -> int:
    """How many processes train together."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


class _Gather(torch.autograd.Function):
    """The rows of all; backwards, the sum of what every process asks of the rows of this one.

    torch's own, in distributed.nn, is deprecated.
    """

    @staticmethod
    def forward(ctx: Any, z: Tensor) -> Tensor:
        everyone = [torch.empty_like(z) for _ in range(dist.get_world_size())]
        dist.all_gather(everyone, z.contiguous())
        return torch.cat(everyone)  # [N, D]

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        gradient = gradient.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(gradient)
        return gradient.chunk(dist.get_world_size())[dist.get_rank()]  # [n, D]
