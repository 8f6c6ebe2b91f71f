"""A variational autoencoder of clips: what a synthesised view is drawn by."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Autoencoder(nn.Module):
    """A clip to a small map of normal distributions, and from a draw of it to a clip again.

    It is G of TCSVT 2021, III-G, which says no more of it than this. Two steps halve height and
    width, and one of them the time; the way back takes the same steps.
    """

    def __init__(self, width: int = 16, latent: int = 8) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            *_step(3, width, (1, 2, 2)),  # [N, w, T, H/2, W/2]
            *_step(width, 2 * width, (2, 2, 2)),  # [N, 2w, T/2, H/4, W/4]
            nn.Conv3d(2 * width, 2 * latent, 3, padding=1),  # means and logarithms of variances
        )
        self.decoder = nn.Sequential(
            *_step(latent, 2 * width, (1, 1, 1)),  # [N, 2w, T/2, H/4, W/4]
            nn.Upsample(scale_factor=(1, 2, 2)),
            *_step(2 * width, width, (1, 1, 1)),  # [N, w, T/2, H/2, W/2]
            nn.Conv3d(width, 3 * 2 * 2 * 2, 3, padding=1),  # a block of 2 x 2 x 2 pixels each
        )

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
        blocks = self.decoder(z)  # [N, 24, T/2, H/2, W/2]
        x = blocks.unflatten(1, (3, 2, 2, 2)).permute(0, 1, 5, 2, 6, 3, 7, 4)
        x = x.flatten(6, 7).flatten(4, 5).flatten(2, 3)  # [N, 3, T, H, W], or a little more
        time, height, width = like.shape[2:]
        return x[:, :, :time, :height, :width].sigmoid()


def drawn(mean: Tensor, logarithm: Tensor) -> Tensor:
    """One draw of normal distributions, through which gradients pass."""
    return mean + (logarithm / 2).exp() * torch.randn_like(mean)


def _step(inputs: int, outputs: int, stride: tuple[int, int, int]) -> tuple[nn.Module, ...]:
    conv = nn.Conv3d(inputs, outputs, 3, stride, padding=1, bias=False)
    return conv, nn.BatchNorm3d(outputs), nn.ReLU(inplace=True)
