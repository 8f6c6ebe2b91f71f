"""Tasks with a label: which class a view is of, which class two views are of, and how much."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import factorial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vssl.errors import VsslError
from vssl.models.heads import Scores, View
from vssl.objectives.base import Chosen, Outcome, Parts, Views, right


@dataclass(frozen=True)
class Classify:
    """Cross-entropy of a head's scores against a label (Eq. 1 of Pace Prediction).

    It is averaged over all views that `views` names (None: all).
    """

    label: str
    head: Scores
    views: Chosen = None

    def build(self, dim: int) -> nn.Module:
        """The module: Views -> Outcome, for features of `dim` numbers."""
        return Parts(self, head=self.head.build(dim))

    def outcome(self, parts: Any, views: Views) -> Outcome:
        """The loss over a batch."""
        h = parts.head(views.view(self.views))  # [N, K]
        y = views.label(self.label, self.views)  # [N]
        return Outcome(F.cross_entropy(h, y), *right(h, y))


@dataclass(frozen=True)
class Pair:
    """Cross-entropy of a head on two views side by side against a label of the sample.

    The head reads the joined features and maps of both, so it can tell what lies between them.
    """

    label: str
    head: Scores
    views: tuple[int, int] = (0, 1)

    def __post_init__(self) -> None:
        if len(self.views) != 2:
            raise VsslError(f"a pair is of 2 views, not of {len(self.views)}; name two")

    def build(self, dim: int) -> nn.Module:
        """The module: Views -> Outcome, for features of `dim` numbers."""
        return Parts(self, head=self.head.build(2 * dim))

    def outcome(self, parts: Any, views: Views) -> Outcome:
        """The loss over a batch."""
        first, second = (views.view((number,)) for number in self.views)
        joined = View(*(torch.cat(both, 1) for both in zip(first, second, strict=True)))  # [B, 2D]
        h, y = parts.head(joined), views.sample_label(self.label)  # [B, K], [B]
        return Outcome(F.cross_entropy(h, y), *right(h, y))


@dataclass(frozen=True)
class Regress:
    """The squared error of a head's numbers against a real label, averaged over numbers and views.

    A head with one output reads a label that is a number, one with k outputs a label of k numbers.
    It tells how far a number lies from `middle`, so training begins near the truth. The metric
    "squared_error" is the sum over the k numbers, averaged over the views.
    """

    label: str
    head: Scores
    views: Chosen = None
    middle: float = 0.0

    def build(self, dim: int) -> nn.Module:
        """The module: Views -> Outcome, for features of `dim` numbers."""
        return Parts(self, head=self.head.build(dim))

    def outcome(self, parts: Any, views: Views) -> Outcome:
        """The loss over a batch."""
        h = parts.head(views.view(self.views)).float() + self.middle  # [N, k]
        y = views.label(self.label, self.views, axes=int(self.head.outputs > 1))  # [N] or [N, k]
        error = (h - y.view_as(h).float()).square()  # [N, k]
        return Outcome(error.mean(), {"squared_error": error.detach().sum(1).mean()})


@dataclass(frozen=True)
class Each:
    """Cross-entropy of each of the k numbers of a label, whole ones from `first` to `last`.

    What `Regress` does by one number each, this does by a class for every value (Table V of TCSVT
    2021). The metric "squared_error" is of the mean value by the net's own probabilities, summed
    over the k numbers, so that both can be compared.
    """

    label: str
    head: Scores  # k times as many outputs as there are values
    first: int
    last: int
    views: Chosen = None

    def build(self, dim: int) -> nn.Module:
        """The module: Views -> Outcome, for features of `dim` numbers."""
        return Parts(self, head=self.head.build(dim))

    def outcome(self, parts: Any, views: Views) -> Outcome:
        """The loss over a batch."""
        classes = self.last - self.first + 1
        h = parts.head(views.view(self.views)).float().unflatten(1, (-1, classes))  # [N, k, C]
        value = views.label(self.label, self.views, axes=1).float()  # [N, k]
        y = (value - self.first).round().long()
        values = self.first + torch.arange(classes, device=h.device)
        guess = (h.detach().softmax(2) * values).sum(2)  # [N, k]
        error = (guess - value).square().sum(1).mean()
        metrics, answers = right(h.flatten(0, 1), y.flatten())
        loss = F.cross_entropy(h.flatten(0, 1), y.flatten())
        return Outcome(loss, metrics | {"squared_error": error}, answers)


@dataclass(frozen=True)
class Order:
    """Cross-entropy of the order in which a video's clips are shown (the head of VCOP).

    The features of a pair of clips are joined and go through one layer of `hidden` units that all
    pairs share; the pairs, joined in their turn, give a score for each of the `clips`! orders.
    """

    clips: int = 3
    hidden: int = 512
    dropout: float = 0.5

    def build(self, dim: int) -> nn.Module:
        """The module: Views -> Outcome, for features of `dim` numbers."""
        pairs = len(list(combinations(range(self.clips), 2)))
        return Parts(
            self,
            pair=nn.Linear(2 * dim, self.hidden),
            drop=nn.Dropout(self.dropout),
            head=nn.Linear(pairs * self.hidden, factorial(self.clips)),
        )

    def scores(self, parts: Any, features: Tensor) -> Tensor:
        """The score of each order, [B, K], from the features of a video's clips, [B, V, D]."""
        if features.shape[1] != self.clips:
            raise VsslError(
                f"this head tells the order of {self.clips} clips a video, and got "
                f"{features.shape[1]}; sample as many"
            )
        pairs = combinations(range(self.clips), 2)
        first, second = map(list, zip(*pairs, strict=True))  # the places of each pair's clips
        joined = torch.cat([features[:, first], features[:, second]], -1)  # [B, P, 2D], P pairs
        return parts.head(parts.drop(F.relu(parts.pair(joined)).flatten(1)))  # [B, K]

    def outcome(self, parts: Any, views: Views) -> Outcome:
        """The loss over a batch."""
        h = self.scores(parts, views.features()).float()  # [B, K]
        y = views.sample_label("order")  # [B]
        return Outcome(F.cross_entropy(h, y), *right(h, y))
