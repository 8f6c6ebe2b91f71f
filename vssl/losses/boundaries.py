"""BMN's labels and losses: where actions begin and end, and how well proposals fit them.

Positions and cells are those of `vssl.models.bmn`: position t stands for the time t / T, and cell
(i, j) for the proposal from i / T to (j + 1) / T.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from vssl.errors import VsslError

if TYPE_CHECKING:
    from vssl.models.bmn import Scores

WINDOW = 3  # positions that the start or the end of an action covers
LIKELY = 0.5  # a position is positive above this
FITTING = 0.9  # a proposal is positive above this IoU
GOOD, POOR = 0.7, 0.3  # IoUs that divide the proposals whose IoU is regressed
REGRESSION = 10.0  # the weight of the regression


class Targets(NamedTuple):
    """What the net should say of one video, or of N with a first axis more, in float32."""

    start: Tensor  # [T]
    end: Tensor  # [T]
    iou: Tensor  # [T, T], 0 where i > j


def targets(segments: Tensor, positions: int = 100) -> Targets:
    """The labels of one video, whose actions are [G, 2], as fractions of the video.

    A start covers the `WINDOW` positions around it, and a position's label is the share of its
    own surroundings, half a position to both sides, that some start covers; ends likewise. A cell's
    label is its greatest IoU with an action. A video without actions has labels of 0.
    """
    if segments.ndim != 2 or segments.shape[1] != 2:
        raise VsslError(
            f"actions are pairs of a start and an end, [G, 2], not {list(segments.shape)}"
        )
    segments = segments.double().clamp(0, 1)
    if not len(segments):
        nothing = torch.zeros(positions)
        return Targets(nothing, nothing, torch.zeros(positions, positions))
    time = torch.arange(positions, dtype=torch.double)
    start, end = (_covered(bound * positions, time) for bound in segments.T)
    length = (segments[:, 1] - segments[:, 0])[:, None, None]  # [G, 1, 1]
    begin, close = time[:, None] / positions, (time + 1) / positions  # [T, 1] and [T]
    later = torch.maximum(begin, segments[:, :1, None])  # [G, T, 1]
    sooner = torch.minimum(close, segments[:, 1:, None])  # [G, 1, T]
    shared = (sooner - later).clamp(min=0)  # [G, T, T]
    iou = (shared / (close - begin + length - shared)).amax(0)  # [T, T]
    return Targets(start.float(), end.float(), iou.triu().float())


def boundary(score: Tensor, target: Tensor) -> Tensor:
    """The loss of scores of starts, or of ends, both [N, T]: balanced cross-entropy."""
    return _balanced(score, target > LIKELY, torch.ones_like(target, dtype=torch.bool))


def classification(score: Tensor, iou: Tensor) -> Tensor:
    """Whether proposals fit, both [N, T, T]: balanced cross-entropy over the cells with i <= j."""
    return _balanced(score, iou > FITTING, _cells(iou))


def regression(score: Tensor, iou: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """How well proposals fit, both [N, T, T]: half the mean squared error over selected cells.

    All cells with an IoU above `GOOD` are selected, and of those down to `POOR`, and of those down
    to 0, each about as many, for there are far more of them. A cell that meets no action at all is
    never selected.

    generator   draws those cells at random, as the papers do. It draws on its own device, so that
                one on the CPU gives the same cells on every device.
    None        draws nothing: each cell counts by the chance that it would be drawn. So the loss
                is the same every time, and training has no random state to restore.

    Where no cell is above `GOOD`, none is selected and the loss is 0.
    """
    good = iou > GOOD
    weight = good.float()  # [N, T, T]
    for band in ((iou > POOR) & ~good, (iou > 0) & (iou <= POOR) & _cells(iou)):
        chance = (good.sum() / band.sum().clamp(min=1)).clamp(max=1)
        if generator is None:
            weight = weight + band * chance
        else:
            drawn = torch.rand(iou.shape, generator=generator, device=generator.device)
            weight = weight + (band & (drawn.to(iou.device) < chance))
    error = (weight * (score.float() - iou) ** 2).sum()
    return 0.5 * error / weight.sum().clamp(min=1)


def localisation(
    scores: Scores, wanted: Targets, generator: torch.Generator | None = None
) -> tuple[Tensor, dict[str, Tensor]]:
    """BMN's loss over N videos, and its parts by name: start, end, regression, classification.

    `generator` is that of `regression`, which weighs `REGRESSION`; the others weigh 1.
    """
    parts = {
        "start": boundary(scores.start, wanted.start),
        "end": boundary(scores.end, wanted.end),
        "regression": regression(scores.regression, wanted.iou, generator),
        "classification": classification(scores.classification, wanted.iou),
    }
    total = sum(parts.values(), start=(REGRESSION - 1) * parts["regression"])
    return total, parts


def _covered(bound: Tensor, time: Tensor) -> Tensor:
    """The share of each position's surroundings that some bound covers, [T]; bounds are [G]."""
    distance = (bound[:, None] - time).abs()  # [G, T], in positions
    return (WINDOW / 2 + 0.5 - distance).clamp(0, 1).amax(0)


def _balanced(score: Tensor, positive: Tensor, counted: Tensor) -> Tensor:
    """Cross-entropy in which positives together weigh as much as negatives together.

    The papers weigh a positive by r / 2 and a negative by r / (2 (r - 1)), with r = N / N+. The
    mean over all N is then half the positives' mean and half the negatives'. It is written so here,
    because r does not exist where there is no positive; what is not there counts 0.
    """
    with torch.autocast(score.device.type, enabled=False):
        # torch's logarithm ends at -100, so a score of 0 or 1 has a loss and a gradient.
        each = F.binary_cross_entropy(score.float(), positive.float(), reduction="none")
    sides = (positive & counted, ~positive & counted)
    means = [(each * side).sum() / side.sum().clamp(min=1) for side in sides]
    return 0.5 * (means[0] + means[1])


def _cells(maps: Tensor) -> Tensor:
    """Which cells stand for a proposal, [T, T]."""
    return torch.ones_like(maps[0], dtype=torch.bool).triu()
