"""Objectives that contrast a batch's views with each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vssl import losses
from vssl.models.heads import Head, Projection
from vssl.objectives.base import Outcome, Parts, Views


@dataclass(frozen=True)
class Contrast:
    """Same-context contrast (Eq. 2), or same-pace contrast (Eq. 3) where `positive` names a label.

    positive   "context": clips of one video; any other word: clips that share that label.
    layer      width of the optional non-linear layer, Linear + ReLU, before the contrast.
    normalize, temperature   False and 1 are the paper's raw dot product.
    """

    positive: str = "context"
    layer: int | None = None
    normalize: bool = False
    temperature: float = 1.0

    def build(self, dim: int) -> nn.Module:
        """The module: Views -> Outcome, for features of `dim` numbers."""
        linear = [nn.Linear(dim, self.layer), nn.ReLU()] if self.layer else []
        return Parts(self, layer=nn.Sequential(*linear))

    def outcome(self, parts: Any, views: Views) -> Outcome:
        """The loss over a batch."""
        z = parts.layer(views.features())  # [B, V, D]
        shape: dict[str, Any] = {"normalize": self.normalize, "temperature": self.temperature}
        if self.positive == "context":
            return Outcome(losses.same_context(z, views.video, **shape), {})
        label = views.label(self.positive)  # [N]
        return Outcome(losses.same_pace(z.flatten(0, 1), label, **shape), {})


@dataclass(frozen=True)
class SimCLR:
    """Two views of each sample find each other among all views of the batch (Eq. 1 of CVRL).

    The projector is thrown away after pre-training; the default one is CVRL's.
    """

    projector: Head = Projection()
    temperature: float = 0.1
    views: tuple[int, int] = (0, 1)

    def build(self, dim: int) -> nn.Module:
        """The module: Views -> Outcome, for features of `dim` numbers."""
        return Parts(self, projector=self.projector.build(dim))

    def outcome(self, parts: Any, views: Views) -> Outcome:
        """The loss over a batch."""
        z = parts.projector(views.view(self.views)).unflatten(0, (-1, 2))  # [B, 2, D']
        loss, sim, positive = losses.against_all(z, self.temperature, views.video)  # sim [2n, 2N]
        with torch.no_grad():
            # What CVRL's Figure 5 shows beside the loss; but the authors' code ranks the N clips
            # of the other view alone.
            share = sim.softmax(1)
            entropy = -(share * share.clamp(min=1e-12).log()).sum(1).mean()
            found = (sim.argmax(1) == positive).float().mean()
        spread = feature_spread(z.flatten(0, 1))
        metrics = {"instance_accuracy": found, "entropy": entropy, "feature_spread": spread}
        return Outcome(loss, metrics)


@torch.no_grad()
def feature_spread(z: Tensor) -> Tensor:
    """The standard deviation of features [N, D] brought to length 1, averaged over the D numbers.

    Features that point everywhere alike give about 1 / sqrt(D); where all clips have fallen
    together on one feature it is 0, and nothing is learnt any more.
    """
    return F.normalize(z.float(), dim=1).std(0, correction=0).mean()
