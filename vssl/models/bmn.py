"""Boundary-Matching Network: from the features of a video's clips to where actions begin and end.

It is the net of Lin et al. (ICCV 2019), which CPNet's Table 5 trains on stored features. T clips
are spread evenly over the video. Position t stands for the time t / T of it, and cell (i, j) of a
map stands for the proposal from i / T to (j + 1) / T, so only cells with i <= j mean anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vssl.errors import VsslError

if TYPE_CHECKING:
    from scipy.sparse import csr_array

GROUPS = 4  # of the convolutions that read the features and that score boundaries


class Scores(NamedTuple):
    """What the net says of N videos, all between 0 and 1, in float32."""

    start: Tensor  # [N, T], whether an action starts at a position
    end: Tensor  # [N, T], whether one ends there
    regression: Tensor  # [N, T, T], the IoU of a proposal with the nearest action
    classification: Tensor  # [N, T, T], whether that IoU is high


class BMN(nn.Module):
    """Base, temporal evaluation and proposal evaluation modules; 5,000,068 parameters at 512."""

    def __init__(self, dim: int = 512, positions: int = 100) -> None:
        super().__init__()
        if dim < 1 or dim % GROUPS:
            raise VsslError(
                f"BMN reads features in {GROUPS} groups, which {dim} numbers do not make; "
                f"choose a backbone with a multiple of {GROUPS}"
            )
        if positions < 2:
            raise VsslError(f"BMN needs 2 positions or more, not {positions}; 100 is the paper's")
        self.positions = positions
        self.base = nn.Sequential(
            nn.Conv1d(dim, 256, 3, padding=1, groups=GROUPS),
            nn.ReLU(),
            nn.Conv1d(256, 256, 3, padding=1, groups=GROUPS),
            nn.ReLU(),
        )
        self.start, self.end = _boundary(), _boundary()
        self.proposal = nn.Sequential(nn.Conv1d(256, 256, 3, padding=1), nn.ReLU())
        self.matching = BoundaryMatching(256, 512, positions)
        # Two-dimensional convolutions, with a third axis of length 1: the training loop lays
        # kernels out as channels_last_3d, which those of two axes cannot be.
        self.map = nn.Sequential(
            nn.ReLU(),
            nn.Conv3d(512, 128, 1),
            nn.ReLU(),
            nn.Conv3d(128, 128, (1, 3, 3), padding=(0, 1, 1)),
            nn.ReLU(),
            nn.Conv3d(128, 128, (1, 3, 3), padding=(0, 1, 1)),
            nn.ReLU(),
            nn.Conv3d(128, 2, 1),
        )

    def forward(self, features: Tensor) -> Scores:
        """Features of T clips of N videos, [N, T, D], to what the net says of them."""
        if features.shape[1] != self.positions:
            raise VsslError(
                f"this BMN reads {self.positions} clips of a video, not {features.shape[1]}; "
                "build it for as many positions as there are clips"
            )
        base = self.base(features.transpose(1, 2))  # [N, 256, T]
        start, end = (head(base)[:, 0].float().sigmoid() for head in (self.start, self.end))
        cells = self.matching(self.proposal(base))  # [N, 512, T, T]
        maps = self.map(cells[:, :, None])[:, :, 0].float().sigmoid()  # [N, 2, T, T]
        return Scores(start, end, maps[:, 0], maps[:, 1])


class BoundaryMatching(nn.Module):
    """The boundary-matching layer and the convolution that follows it, as one linear map.

    The layer samples every cell's proposal at `bins` bins, to [N, C, bins, T, T], and the
    convolution joins the bins. At the paper's size the samples of 16 videos take 5 GB, and joining
    them 42 thousand million multiplications a video. Both steps are linear, so their order can be
    turned: here each position is first multiplied by the weights of each bin, to [N, T, bins, O],
    and then each cell adds up what it samples. That gives the same numbers for a sixtieth of the
    multiplications. On one core a video takes 0.5 s with its gradient, and 17 s in the other order.

    The sampling matrix [T * T, T * bins] has 479,224 values that are not 0 at the paper's size. It
    and its transpose, for the gradient, take 8 MB; as a dense matrix it would take 128 MB.
    """

    def __init__(
        self, channels: int, outputs: int, positions: int = 100, bins: int = 32, points: int = 3
    ) -> None:
        super().__init__()
        self.positions = positions
        # It starts as the paper's Conv3d with a kernel of `bins` x 1 x 1 does.
        self.join = nn.Conv1d(channels, outputs, bins)
        matrix = sampling(positions, bins, points)
        for name, one in (("rows", matrix), ("columns", matrix.T.tocsr())):
            for part, value in zip(Bags._fields, _bags(one), strict=True):
                self.register_buffer(f"{name}_{part}", value, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Positions [N, C, T] to cells [N, outputs, T, T]; cells with i > j hold the bias."""
        weight, bias = self.join.weight, self.join.bias
        assert bias is not None
        # Sums of hundreds of values, so not in half precision.
        with torch.autocast(x.device.type, enabled=False):
            by_bin = weight.permute(1, 2, 0)  # [C, bins, O]
            each = x.to(weight.dtype).transpose(1, 2) @ by_bin.flatten(1)  # [N, T, bins * O]
            each = each.reshape(len(x), -1, len(weight))  # [N, T * bins, O]
            cells = _Times.apply(each, self._bags("rows"), self._bags("columns"))  # [N, T * T, O]
            maps = (cells + bias).unflatten(1, (self.positions, -1))  # [N, T, T, O]
        # A copy, because the gradients of the convolutions that follow take twice as long with
        # channels last in memory.
        return maps.permute(0, 3, 1, 2).contiguous()  # [N, O, T, T]

    def _bags(self, name: str) -> Bags:
        return Bags(*(self.get_buffer(f"{name}_{part}") for part in Bags._fields))


def sampling(positions: int, bins: int = 32, points: int = 3) -> csr_array:
    """The matrix that samples proposals, [T * T, T * bins]: row i * T + j, column t * bins + bin.

    Proposal [i, j + 1] of length l is extended by (l + 1) / 2 on both sides. `bins` * `points`
    points are spread over it evenly, ends included, and a bin is the mean of `points` of them.
    A point between two positions reads both, the nearer one more (linear interpolation). A
    position outside [0, T - 1] counts as 0. Rows with i > j are empty.
    """
    from scipy.sparse import coo_array

    i, j = np.triu_indices(positions)  # [cells] each
    reach = (j - i + 2) / 2  # half of the length and one
    along = np.linspace(0, 1, bins * points)
    point = (i - reach)[:, None] + (j - i + 1 + 2 * reach)[:, None] * along  # [cells, points]
    lower = np.floor(point).astype(np.int64)
    upper_share = point - lower
    cell = np.broadcast_to((i * positions + j)[:, None], point.shape)
    bin_of = np.broadcast_to(np.arange(bins * points) // points, point.shape)
    position = np.stack([lower, lower + 1])  # [2, cells, points]
    share = np.stack([1 - upper_share, upper_share]) / points
    read = (position >= 0) & (position < positions) & (share > 0)
    row = np.broadcast_to(cell, position.shape)[read]
    column = (position * bins + bin_of)[read]
    shape = (positions * positions, positions * bins)
    return coo_array((share[read], (row, column)), shape).tocsr()  # adds what falls together


class Bags(NamedTuple):
    """A sparse matrix by its rows, as `embedding_bag` reads it."""

    columns: Tensor  # [values], int32
    ends: Tensor  # [rows + 1], int32; where the values of each row begin
    values: Tensor  # [values]


def _bags(matrix: csr_array) -> Bags:
    columns, ends = (torch.from_numpy(x.astype(np.int32)) for x in (matrix.indices, matrix.indptr))
    return Bags(columns, ends, torch.from_numpy(matrix.data).float())


class _Times(torch.autograd.Function):
    """A sparse matrix times each of N dense ones.

    torch's own sparse product takes longer, forwards and backwards, and adds up a gradient in an
    order that a GPU is free to choose. Here the gradient is a product too, with the transpose.
    """

    @staticmethod
    def forward(ctx: Any, dense: Tensor, rows: Bags, columns: Bags) -> Tensor:
        ctx.columns = columns
        return _times(rows, dense)  # [N, rows, O]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        return _times(ctx.columns, gradients[0]), None, None


def _times(matrix: Bags, dense: Tensor) -> Tensor:
    """Video by video, so that what a row reads is near in memory."""
    weights = matrix.values.to(dense.dtype)
    each = [
        F.embedding_bag(
            matrix.columns,
            one.contiguous(),
            matrix.ends,
            mode="sum",
            per_sample_weights=weights,
            include_last_offset=True,
        )
        for one in dense
    ]
    return torch.stack(each)


def _boundary() -> nn.Module:
    """A score for each position, [N, 256, T] to [N, 1, T], before the sigmoid."""
    conv = nn.Conv1d(256, 256, 3, padding=1, groups=GROUPS)
    return nn.Sequential(conv, nn.ReLU(), nn.Conv1d(256, 1, 1))
