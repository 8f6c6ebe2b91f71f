"""Objectives: heads with their losses over the features of a sample's views.

Each is a frozen description; `build(dim)` makes the module once the backbone's width is known:
``objective(views) -> Outcome(loss, metrics)``. Joined by `Weighted`; joining needs no new class.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import factorial
from typing import NamedTuple, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vssl import losses
from vssl.errors import VsslError


class Views(NamedTuple):
    """What the pretext model hands to every objective: one backbone pass, shared."""

    features: Tensor  # [B, V, D]
    labels: dict[str, Tensor]  # name -> [B, V], a label a clip


class Outcome(NamedTuple):
    """The loss to minimise and numbers to report, each a detached scalar tensor."""

    loss: Tensor
    metrics: dict[str, Tensor]


class Objective(Protocol):
    """A frozen description of a head and its loss."""

    def build(self, dim: int) -> nn.Module: ...


@dataclass(frozen=True)
class Classify:
    """Cross-entropy of a linear head against a label of each clip (Eq. 1 of Pace Prediction), averaged over all views.

    normalize   features are brought to length 1 first (CVRL's linear evaluation).
    """

    label: str
    classes: int
    dropout: float = 0.0
    normalize: bool = False

    def build(self, dim: int) -> nn.Module:
        return _Classify(self, dim)


class _Classify(nn.Module):
    def __init__(self, described: Classify, dim: int) -> None:
        super().__init__()
        self.label, self.normalize = described.label, described.normalize
        self.drop = nn.Dropout(described.dropout)
        self.head = nn.Linear(dim, described.classes)

    def logits(self, features: Tensor) -> Tensor:
        with torch.autocast(
            features.device.type, enabled=False
        ):  # in float32: in half precision close scores are equal
            features = features.float()
            features = F.normalize(features, dim=-1) if self.normalize else features
            return self.head(self.drop(features))  # [..., K]

    def forward(self, views: Views) -> Outcome:
        h = self.logits(views.features.flatten(0, 1))  # [N, K]
        y = views.labels[self.label].flatten()  # [N]
        loss = F.cross_entropy(h, y)
        accuracy = (h.argmax(1) == y).float().mean()
        return Outcome(
            loss, {f"{self.label}_loss": loss.detach(), f"{self.label}_accuracy": accuracy}
        )


@dataclass(frozen=True)
class Contrast:
    """Same-context contrast (Eq. 2), or same-pace contrast (Eq. 3) where `positive` names a label.

    positive   "context": clips of one video; any other word: clips that share that label.
    layer      width of the optional non-linear layer, Linear + ReLU, between features and contrast.
    normalize, temperature   False and 1 are the paper's raw dot product.
    """

    positive: str = "context"
    layer: int | None = None
    normalize: bool = False
    temperature: float = 1.0

    def build(self, dim: int) -> nn.Module:
        return _Contrast(self, dim)


class _Contrast(nn.Module):
    def __init__(self, described: Contrast, dim: int) -> None:
        super().__init__()
        self.described = described
        self.layer = (
            nn.Sequential(nn.Linear(dim, described.layer), nn.ReLU())
            if described.layer
            else nn.Identity()
        )

    def forward(self, views: Views) -> Outcome:
        z = self.layer(views.features)  # [B, V, D]
        shape = {"normalize": self.described.normalize, "temperature": self.described.temperature}
        if self.described.positive == "context":
            loss = losses.same_context(z, **shape)
        else:
            loss = losses.same_pace(
                z.flatten(0, 1), views.labels[self.described.positive].flatten(), **shape
            )
        return Outcome(loss, {f"{self.described.positive}_contrast_loss": loss.detach()})


@dataclass(frozen=True)
class InfoNCE:
    """Contrast of two clips of each video against all other clips (Eq. 1 of CVRL), behind a projection that is thrown away after.

    hidden        layers of Linear, batch norm and ReLU, as wide as the feature; then a last Linear.
    projected     numbers that are contrasted. None: a sixteenth of the feature's, as 2,048 -> 128 at every width of the paper's
                  nets, but never under 128.
    """

    hidden: int = 3
    projected: int | None = None
    temperature: float = 0.1

    def __post_init__(self) -> None:
        if self.hidden < 0:
            raise VsslError(
                f"a projection has 0 hidden layers or more, not {self.hidden}; 3 is the paper's"
            )

    def build(self, dim: int) -> nn.Module:
        return _InfoNCE(self, dim)


class _InfoNCE(nn.Module):
    def __init__(self, described: InfoNCE, dim: int) -> None:
        super().__init__()
        self.temperature = described.temperature
        layers = [
            nn.Sequential(nn.Linear(dim, dim), nn.BatchNorm1d(dim), nn.ReLU())
            for _ in range(described.hidden)
        ]
        self.head = nn.Sequential(
            *layers, nn.Linear(dim, described.projected or max(128, dim // 16))
        )

    def forward(self, views: Views) -> Outcome:
        z = self.head(views.features.flatten(0, 1)).unflatten(
            0, views.features.shape[:2]
        )  # [N, 2, D]
        loss, sim, positive = losses.against_all(z, self.temperature)  # sim [2n, 2N]
        with torch.no_grad():  # what Figure 5 shows beside the loss; but the authors' code ranks the N clips of the other view alone
            share = sim.softmax(1)
            entropy = -(share * share.clamp(min=1e-12).log()).sum(1).mean()
            accuracy = (sim.argmax(1) == positive).float().mean()
        return Outcome(
            loss,
            {"contrast_loss": loss.detach(), "instance_accuracy": accuracy, "entropy": entropy},
        )


@dataclass(frozen=True)
class Order:
    """Cross-entropy of the order in which a video's clips are shown, told from all their pairs (the head of VCOP).

    The features of a pair are joined and go through one layer of `hidden` units that all pairs share; the pairs, joined in
    their turn, give a logit for each of the `clips`! orders.
    """

    clips: int = 3
    hidden: int = 512
    dropout: float = 0.5

    def build(self, dim: int) -> nn.Module:
        return _Order(self, dim)


class _Order(nn.Module):
    def __init__(self, described: Order, dim: int) -> None:
        super().__init__()
        self.clips = described.clips
        pairs = combinations(range(described.clips), 2)
        self.first, self.second = map(
            list, zip(*pairs, strict=True)
        )  # the places of each pair's clips
        self.pair = nn.Linear(2 * dim, described.hidden)
        self.drop = nn.Dropout(described.dropout)
        self.head = nn.Linear(len(self.first) * described.hidden, factorial(described.clips))

    def logits(self, features: Tensor) -> Tensor:
        if features.shape[1] != self.clips:
            raise VsslError(
                f"this head tells the order of {self.clips} clips a video, and got {features.shape[1]}; sample as many"
            )
        pairs = torch.cat(
            [features[:, self.first], features[:, self.second]], -1
        )  # [B, P, 2D], P pairs
        return self.head(self.drop(F.relu(self.pair(pairs)).flatten(1)))  # [B, K]

    def forward(self, views: Views) -> Outcome:
        h = self.logits(views.features).float()  # [B, K]
        y = views.labels["order"][:, 0]  # [B]: every clip of a video carries the same
        loss = F.cross_entropy(h, y)
        accuracy = (h.argmax(1) == y).float().mean()
        return Outcome(loss, {"order_loss": loss.detach(), "order_accuracy": accuracy})


@dataclass(frozen=True)
class Weighted:
    """A sum of objectives, each with its weight (Eq. 4): pairs (weight, objective)."""

    terms: tuple[tuple[float, Objective], ...]

    def build(self, dim: int) -> nn.Module:
        return _Weighted(self, dim)


class _Weighted(nn.Module):
    def __init__(self, described: Weighted, dim: int) -> None:
        super().__init__()
        self.weights = [weight for weight, _ in described.terms]
        self.terms = nn.ModuleList(objective.build(dim) for _, objective in described.terms)

    def forward(self, views: Views) -> Outcome:
        outcomes = [term(views) for term in self.terms]
        loss = torch.stack(
            [w * outcome.loss for w, outcome in zip(self.weights, outcomes, strict=True)]
        ).sum()
        return Outcome(
            loss, {name: value for outcome in outcomes for name, value in outcome.metrics.items()}
        )


class Pretext(nn.Module):
    """A backbone under an objective: all views of a batch go through the backbone in one pass, so they share its statistics."""

    def __init__(self, backbone: nn.Module, objective: Objective) -> None:
        super().__init__()
        self.backbone = backbone
        self.objective = objective.build(backbone.dim)

    def forward(self, x: Tensor, labels: dict[str, Tensor]) -> Outcome:
        """Views [N, C, T, H, W] of B videos, the V views of one video side by side; labels [B, V]."""
        videos = len(next(iter(labels.values())))
        features = self.backbone.features(x)  # [N, D]
        return self.objective(Views(features.unflatten(0, (videos, -1)), labels))
