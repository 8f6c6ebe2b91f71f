"""Objectives that compare two views of a sample without contrasting all pairs of a batch.

MoCo and BYOL compare with a target: a slow copy of backbone and projector, which the pretext model
owns (`objectives.pretext`) because it moves with the backbone. What belongs to the objective alone
(a queue, a predictor) is here. SimSiam compares with itself, with the gradient stopped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vssl import losses
from vssl.errors import VsslError
from vssl.losses import Cosine, Similarity
from vssl.models.heads import MLP, Head, View
from vssl.objectives.base import Outcome, Parts, Views
from vssl.objectives.contrast import feature_spread


@dataclass(frozen=True)
class MoCo:
    """A query finds its key among the keys of earlier batches (He et al., CVPR 2020, Eq. 1).

    The query is the first of `views`; the key is the target's projection of the second. The target
    is m * target + (1 - m) * online, with m = `momentum` (Eq. 2). The `queue` holds so many keys,
    the oldest leave first, and each step adds those of all processes; it starts with random ones.
    """

    projector: Head = MLP((512, 128))
    queue: int = 16_384
    momentum: float = 0.999
    temperature: float = 0.07
    similarity: Similarity = Cosine()
    views: tuple[int, int] = (0, 1)

    def __post_init__(self) -> None:
        _check_momentum(self.momentum)
        if self.queue < 1:
            raise VsslError(f"a queue holds 1 key or more, not {self.queue}; 16384 is usual")

    @property
    def online_views(self) -> tuple[int, ...]:
        """The views that the online net sees."""
        return self.views[:1]

    @property
    def target_views(self) -> tuple[int, ...]:
        """The views that the target projects."""
        return self.views[1:]

    def build(self, dim: int) -> nn.Module:
        """The module: Views -> Outcome, for features of `dim` numbers."""
        projector = self.projector.build(dim)
        keys = F.normalize(torch.randn(self.queue, outputs_of(projector)), dim=1)  # [K, D']
        return Parts(self, projector=projector, keys=keys, oldest=torch.zeros((), dtype=torch.long))

    def outcome(self, parts: Any, views: Views) -> Outcome:
        """The loss over a batch; in training the batch's keys then take the oldest ones' place."""
        q = parts.projector(views.view(self.online_views)).float()  # [B, D']
        k = views.targets[self.views[1]].float()  # [B, D']
        positive = self.similarity(q, k).diagonal()[:, None]  # [B, 1]
        # A copy of the keys, because they change before the backward pass.
        negative = self.similarity(q, parts.keys.clone())  # [B, K]
        scores = torch.cat([positive, negative], 1) / self.temperature  # [B, 1 + K]
        loss = F.cross_entropy(scores, torch.zeros(len(q), dtype=torch.long, device=q.device))
        if parts.training:
            self._enqueue(parts, k)
        found = (scores.argmax(1) == 0).float().mean()
        return Outcome(loss, {"instance_accuracy": found, "feature_spread": feature_spread(q)})

    @torch.no_grad()
    def _enqueue(self, parts: Any, keys: Tensor) -> None:
        keys, _ = losses.gathered(F.normalize(keys, dim=1))  # of all processes
        if self.queue % len(keys):
            raise VsslError(
                f"a queue of {self.queue} keys is not a multiple of the {len(keys)} keys that a "
                "step adds; change the queue or the batch"
            )
        place = parts.oldest + torch.arange(len(keys), device=keys.device)
        parts.keys[place] = keys.to(parts.keys.dtype)
        parts.oldest.copy_((parts.oldest + len(keys)) % self.queue)


@dataclass(frozen=True)
class BYOL:
    """A predictor tells the target's projection of the other view (Grill et al., NeurIPS 2020).

    The loss is 2 - 2 cos, both directions summed (Eq. 2 there): from 0 to 8. No view of another
    sample is pushed away. The target moves as in `MoCo`.
    """

    projector: Head = MLP((4096, 512))
    predictor: Head = MLP((4096, 512))
    momentum: float = 0.996
    views: tuple[int, int] = (0, 1)

    def __post_init__(self) -> None:
        _check_momentum(self.momentum)

    @property
    def target_views(self) -> tuple[int, ...]:
        """The views that the target projects."""
        return self.views

    def build(self, dim: int) -> nn.Module:
        """The module: Views -> Outcome, for features of `dim` numbers."""
        projector = self.projector.build(dim)
        predictor = self.predictor.build(outputs_of(projector))
        return Parts(self, projector=projector, predictor=predictor)

    def outcome(self, parts: Any, views: Views) -> Outcome:
        """The loss over a batch."""
        z, p = predicted(parts, views, self.views)  # [B, 2, D']
        first, second = (views.targets[number].detach() for number in self.views)
        loss = (2 - 2 * cosine(p[:, 0], second)) + (2 - 2 * cosine(p[:, 1], first))  # [B]
        return Outcome(loss.mean(), {"feature_spread": feature_spread(z.flatten(0, 1))})


@dataclass(frozen=True)
class SimSiam:
    """A predictor tells the projection of the other view, held still (Chen and He, CVPR 2021).

    The loss is -cos, the mean of both directions (Eq. 1 and 2 there): from -1 to 1.
    """

    projector: Head = MLP((2048, 2048))
    predictor: Head = MLP((512, 2048))
    views: tuple[int, int] = (0, 1)

    def build(self, dim: int) -> nn.Module:
        """The module: Views -> Outcome, for features of `dim` numbers."""
        projector = self.projector.build(dim)
        predictor = self.predictor.build(outputs_of(projector))
        return Parts(self, projector=projector, predictor=predictor)

    def outcome(self, parts: Any, views: Views) -> Outcome:
        """The loss over a batch."""
        z, p = predicted(parts, views, self.views)  # [B, 2, D']
        still = z.detach()
        loss = -(cosine(p[:, 0], still[:, 1]) + cosine(p[:, 1], still[:, 0])) / 2  # [B]
        return Outcome(loss.mean(), {"feature_spread": feature_spread(z.flatten(0, 1))})


def predicted(parts: Any, views: Views, chosen: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """The projections z of two views, and what the predictor makes of them, p: both [B, 2, D']."""
    view = views.view(chosen)
    z = parts.projector(view)  # [N, D']
    p = parts.predictor(View(view.map, z))  # [N, D']
    return z.unflatten(0, (-1, 2)), p.unflatten(0, (-1, 2))


def cosine(a: Tensor, b: Tensor) -> Tensor:
    """The cosine of each row of a with its row of b, [N], in float32."""
    return F.cosine_similarity(a.float(), b.float(), dim=1)


def outputs_of(head: nn.Module) -> int:
    """How many numbers a built head gives: those of its last linear layer."""
    return [part for part in head.modules() if isinstance(part, nn.Linear)][-1].out_features


def _check_momentum(momentum: float) -> None:
    if not 0 <= momentum <= 1:
        raise VsslError(
            f"the momentum of a target is a share of it that stays, from 0 to 1, not {momentum:g}"
        )
