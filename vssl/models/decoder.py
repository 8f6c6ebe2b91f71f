"""A decoder: from the last feature map of a clip to pixels, after PRP (Yao et al., CVPR 2020)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class Decoder:
    """Four steps of upsampling, 16 times in height and width and 4 times in time.

    In PRP's code every step doubles the time too, because it draws 32 frames. Here the two last do
    not, so that a map of 2 steps becomes 8 frames. Whatever then differs from the size that is
    asked for is interpolated; at the paper's sizes nothing is.
    """

    def build(self, dim: int) -> nn.Module:
        """The module: map [N, D, T', H', W'] and a size (T, H, W) -> pixels [N, 3, T, H, W]."""
        return _Decoder(dim)


class _Decoder(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        half, quarter, eighth = (max(1, dim // part) for part in (2, 4, 8))
        self.layers = nn.Sequential(
            nn.Conv3d(dim, dim, 3, padding=1),
            *_step(dim, half, time=2),  # [N, D/2, 2T', 2H', 2W']
            *_step(half, quarter, time=2),  # [N, D/4, 4T', 4H', 4W']
            *_step(quarter, eighth, time=1),  # [N, D/8, 4T', 8H', 8W']
            _doubled(eighth, time=1),  # [N, D/8, 4T', 16H', 16W']
            *_conv(eighth, 3),  # its ReLU is PRP's too: no pixel is below 0
        )

    def forward(self, x: Tensor, size: Sequence[int]) -> Tensor:
        drawn = self.layers(x)
        if drawn.shape[2:] == tuple(size):
            return drawn
        return F.interpolate(drawn, tuple(size), mode="trilinear", align_corners=False)


def _step(inputs: int, outputs: int, time: int) -> tuple[nn.Module, ...]:
    return _doubled(inputs, time), *_conv(inputs, outputs)


def _doubled(channels: int, time: int) -> nn.Module:
    """Height and width doubled, and the time too where `time` is 2."""
    return nn.ConvTranspose3d(channels, channels, (time, 2, 2), (time, 2, 2))


def _conv(inputs: int, outputs: int) -> tuple[nn.Module, ...]:
    conv = nn.Conv3d(inputs, outputs, 3, padding=1, bias=False)
    return conv, nn.BatchNorm3d(outputs), nn.ReLU(inplace=True)
