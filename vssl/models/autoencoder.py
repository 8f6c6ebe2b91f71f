"""A variational autoencoder of clips: what a synthesised view is drawn by."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Autoencoder(nn.Module):
    """A clip to a small map of normal distributions, and from a draw of it to a clip again.

    It is G of TCSVT 2021, III-G, which says no more of it than this. Two steps halve height and
    width, one halves the time, and two bring them back.
    """

    def __init__(self, width: int = 16, latent: int = 8) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            *_step(3, width, (1, 2, 2)),  # [N, w, T, H/2, W/2]
            *_step(width, 2 * width, (2, 2, 2)),  # [N, 2w, T/2, H/4, W/4]
            nn.Conv3d(2 * width, 2 * latent, 3, padding=1),  # means and logarithms of variances
        )
        self.inner = nn.Sequential(*_step(latent, 2 * width, (1, 1, 1)))
        self.middle = nn.Sequential(*_step(2 * width, width, (1, 1, 1)))
        self.outer = nn.Conv3d(width, 3, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Clips in [0, 1], [N, 3, T, H, W], to synthesised ones: those in the middle of a draw."""
        mean, _ = self.encode(x)
        return self.decode(mean, x)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The mean and the logarithm of the variance, both [N, Z, T/2, H/4, W/4]."""
        mean, logarithm = self.encoder(x).chunk(2, 1)
        return mean, logarithm.clamp(-10, 10)  # exp() must not overflow in half precision

    def decode(self, z: Tensor, like: Tensor) -> Tensor:
        """A clip in [0, 1] of the size of `like`, from a draw."""
        time, height, width = like.shape[2:]
        half = (max(1, time), -(-height // 2), -(-width // 2))
        x = self.middle(F.interpolate(self.inner(z), half, mode="trilinear", align_corners=False))
        x = F.interpolate(x, (time, height, width), mode="trilinear", align_corners=False)
        return self.outer(x).sigmoid()


def drawn(mean: Tensor, logarithm: Tensor) -> Tensor:
    """One draw of normal distributions, through which gradients pass."""
    return mean + (logarithm / 2).exp() * torch.randn_like(mean)


def _step(inputs: int, outputs: int, stride: tuple[int, int, int]) -> tuple[nn.Module, ...]:
    conv = nn.Conv3d(inputs, outputs, 3, stride, padding=1, bias=False)
    return conv, nn.BatchNorm3d(outputs), nn.ReLU(inplace=True)
