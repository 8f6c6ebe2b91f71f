"""Heads: what stands between a backbone and a loss, as frozen descriptions.

`head.build(dim)` makes the module for a backbone whose features have `dim` numbers. The module
reads a `View`, which is the last feature map of the clips and its mean, and returns `[N, outputs]`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, NamedTuple, Protocol, Self

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vssl.errors import VsslError


class View(NamedTuple):
    """What a backbone makes of N clips, computed once however many heads read it."""

    map: Tensor  # [N, D, T', H', W']
    feature: Tensor  # [N, D], the mean of the map over time and space


def seen_by(backbone: nn.Module, x: Tensor) -> View:
    """Return what a backbone makes of clips: the last map, and its mean over time and space."""
    feature_map = backbone(x)  # [N, D, T', H', W']
    return View(feature_map, feature_map.mean((2, 3, 4)))


class Head(Protocol):
    """A frozen description of a head."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    def build(self, dim: int) -> nn.Module:
        """Make the module, which maps a View to [N, outputs]."""
        ...


class Scores(Head, Protocol):
    """The description of a head whose number of outputs a task can choose."""

    @property
    def outputs(self) -> int:
        """The number of outputs for each clip."""
        ...

    def sized(self, outputs: int) -> Self:
        """Return the same head with this number of outputs."""
        ...


class OnFeature(nn.Module):
    """A head that reads only the pooled feature."""

    def __init__(self, layers: nn.Module, half: bool = True) -> None:
        super().__init__()
        self.layers, self.in_half = layers, half

    def forward(self, view: View) -> Tensor:
        if self.in_half:
            return self.layers(view.feature)  # [N, outputs]
        # Always in float32: half precision would round scores that differ to the same value.
        with torch.autocast(view.feature.device.type, enabled=False):
            return self.layers(view.feature.float())  # [N, outputs]


@dataclass(frozen=True)
class Linear:
    """One linear layer on the pooled feature, after dropout if `dropout` is above 0."""

    outputs: int
    dropout: float = 0.0

    def sized(self, outputs: int) -> Self:
        """Return the same head with this number of outputs."""
        return replace(self, outputs=outputs)

    def build(self, dim: int) -> nn.Module:
        """Make the module, which maps a View to [N, outputs]."""
        layers = nn.Sequential(nn.Dropout(self.dropout), nn.Linear(dim, self.outputs))
        return OnFeature(layers, half=False)


@dataclass(frozen=True)
class MLP:
    """Linear layers of these widths on the pooled feature; batch norm and ReLU between them."""

    widths: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.widths or min(self.widths) < 1:
            raise VsslError(
                f"an MLP has one layer or more, each of 1 unit or more; not {self.widths}"
            )

    @property
    def outputs(self) -> int:
        """The number of outputs for each clip."""
        return self.widths[-1]

    def sized(self, outputs: int) -> Self:
        """Return the same head with this number of outputs."""
        return replace(self, widths=(*self.widths[:-1], outputs))

    def build(self, dim: int) -> nn.Module:
        """Make the module, which maps a View to [N, outputs]."""
        layers: list[nn.Module] = []
        for width in self.widths[:-1]:
            layers.append(nn.Sequential(nn.Linear(dim, width), nn.BatchNorm1d(width), nn.ReLU()))
            dim = width
        return OnFeature(nn.Sequential(*layers, nn.Linear(dim, self.widths[-1])))


@dataclass(frozen=True)
class Projection:
    """CVRL's projection, an MLP as wide as the feature, which is dropped after pre-training.

    hidden      the number of layers of Linear, batch norm and ReLU before the last Linear.
    projected   how many numbers it gives for a clip. None: a sixteenth of the feature's, as in the
                paper's nets of every width (2,048 -> 128), but never fewer than 128.
    """

    hidden: int = 3
    projected: int | None = None

    def __post_init__(self) -> None:
        if self.hidden < 0:
            raise VsslError(
                f"a projection has 0 hidden layers or more, not {self.hidden}; 3 is the paper's"
            )

    def build(self, dim: int) -> nn.Module:
        """Make the module, which maps a View to [N, projected]."""
        return MLP((*self.hidden * (dim,), self.projected or max(128, dim // 16))).build(dim)


@dataclass(frozen=True)
class ConvHead:
    """A 3x3x3 convolution, batch norm, ReLU, the mean and a linear layer (CPNet's Table 7)."""

    outputs: int
    width: int = 512

    def sized(self, outputs: int) -> Self:
        """Return the same head with this number of outputs."""
        return replace(self, outputs=outputs)

    def build(self, dim: int) -> nn.Module:
        """Make the module, which maps a View to [N, outputs]."""
        return _ConvHead(dim, self.width, self.outputs)


class _ConvHead(nn.Module):
    def __init__(self, dim: int, width: int, outputs: int) -> None:
        super().__init__()
        conv = nn.Conv3d(dim, width, 3, padding=1)
        self.map = nn.Sequential(conv, nn.BatchNorm3d(width), nn.ReLU(inplace=True))
        self.linear = nn.Linear(width, outputs)

    def forward(self, view: View) -> Tensor:
        pooled = self.map(view.map).mean((2, 3, 4))  # [N, width]
        with torch.autocast(pooled.device.type, enabled=False):
            return self.linear(pooled.float())  # [N, outputs]


@dataclass(frozen=True)
class Normalised:
    """Another head, on features that are scaled to length 1 and then batch-normalised.

    CSTP's probe has the batch norm; CVRL's linear evaluation does not.
    """

    head: Linear | MLP
    batch_norm: bool = True

    @property
    def outputs(self) -> int:
        """The number of outputs for each clip."""
        return self.head.outputs

    def sized(self, outputs: int) -> Self:
        """Return the same head with this number of outputs."""
        return replace(self, head=self.head.sized(outputs))

    def build(self, dim: int) -> nn.Module:
        """Make the module, which maps a View to [N, outputs]."""
        return _Normalised(dim, self.head, self.batch_norm)


class _Normalised(nn.Module):
    def __init__(self, dim: int, head: Linear | MLP, batch_norm: bool) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(dim) if batch_norm else nn.Identity()
        self.head = head.build(dim)

    def forward(self, view: View) -> Tensor:
        with torch.autocast(view.feature.device.type, enabled=False):
            feature = self.norm(F.normalize(view.feature.float(), dim=-1))  # [N, D]
        return self.head(View(view.map, feature))  # [N, outputs]
