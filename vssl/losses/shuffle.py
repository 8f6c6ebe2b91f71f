"""Shuffle similarity: two vectors are alike if their parts are, whatever order these are in."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from vssl.errors import VsslError


@dataclass(frozen=True)
class Shuffle:
    """Minus the smallest matching distance of two vectors in `parts` parts (TCSVT 2021, III-F).

    Algorithm 1 cuts both vectors into k parts, takes the pair of parts that lie nearest, then the
    nearest of those that are left, and so on; the distance is the sum over the k pairs. The paper
    neither says how a similarity is made of it nor whether vectors have a length of their own. Here
    both are brought to length 1 and the similarity is minus the distance: 0 for equal vectors.

    Gradients go through the pairs that were taken; at distance 0 they are 0.
    """

    parts: int = 3

    def __call__(self, a: Tensor, b: Tensor) -> Tensor:
        """All pairs of rows of a [N, D] and b [M, D], [N, M], in float32."""
        if a.shape[1] % self.parts:
            raise VsslError(
                f"a vector of {a.shape[1]} numbers has no {self.parts} equal parts; project to a"
                f" multiple of {self.parts}"
            )
        with torch.autocast(a.device.type, enabled=False):
            distances = self._distances(
                F.normalize(a.float(), dim=1), F.normalize(b.float(), dim=1)
            )
        return -matched(distances)

    def _distances(self, a: Tensor, b: Tensor) -> Tensor:
        """How far each part of each row of a lies from each part of each row of b, [N, M, k, k]."""
        k = self.parts
        # The product form would be quicker, but leaves a distance of 3e-4 between equal parts, and
        # parts that lie equally far would not: which pair is taken would be the rounding's choice.
        exact = "donot_use_mm_for_euclid_dist"
        d = torch.cdist(a.reshape(-1, a.shape[1] // k), b.reshape(-1, b.shape[1] // k), 2.0, exact)
        return d.unflatten(0, (len(a), k)).unflatten(2, (len(b), k)).transpose(1, 2)


def matched(distances: Tensor) -> Tensor:
    """The sum of the pairs that Algorithm 1 takes, [...], of distances [..., k, k].

    k steps, each over all matrices at once. Of pairs that are equally near it takes the first, row
    by row, as Algorithm 1 does.
    """
    *_, k, _ = distances.shape
    with torch.no_grad():
        left = distances.flatten(-2).clone()  # [..., k * k]; inf where a row or column is taken
        place = torch.arange(k * k, device=left.device)
        taken = []
        for _ in range(k):
            nearest = left.argmin(-1, keepdim=True)  # [..., 1]
            taken.append(nearest)
            row, column = nearest // k, nearest % k
            left.masked_fill_((place // k == row) | (place % k == column), torch.inf)
        pairs = torch.cat(taken, -1)  # [..., k]
    return distances.flatten(-2).gather(-1, pairs).sum(-1)
