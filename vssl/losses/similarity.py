"""How alike two sets of vectors are, pair by pair; a contrast takes any of these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional as F


class Similarity(Protocol):
    """A frozen description: vectors [N, D] and [M, D] -> similarities [N, M]."""

    def __call__(self, a: Tensor, b: Tensor) -> Tensor: ...


@dataclass(frozen=True)
class Cosine:
    """The cosine of the angle between two vectors, in float32 whatever they are."""

    def __call__(self, a: Tensor, b: Tensor) -> Tensor:
        """All pairs, [N, M]."""
        with torch.autocast(a.device.type, enabled=False):
            return F.normalize(a.float(), dim=1) @ F.normalize(b.float(), dim=1).T
