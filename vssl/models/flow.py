"""Optical flow: a small net that estimates it, and the warp that a flow describes."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class FlowNet(nn.Module):
    """From a clip to the flow between its neighbouring frames (O of TCSVT 2021, III-G).

    Each pair of neighbours is read by itself, at half its height and width, by an encoder of three
    steps and a decoder with its maps beside (U-Net). The paper does not say what its estimator
    looks like.
    """

    gain = 4.0  # pixels a unit of the last layer: flows of some pixels are a few steps away

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        double = 2 * width
        self.down = nn.ModuleList(
            (_step(6, width), _step(width, double, stride=2), _step(double, double, stride=2))
        )
        self.up = nn.ModuleList((_step(2 * double, double), _step(double + width, width)))
        self.flow = nn.Conv3d(width + 6, 2, (1, 3, 3), padding=(0, 1, 1))
        nn.init.zeros_(self.flow.weight)  # nothing moves, until something is learnt
        assert self.flow.bias is not None
        nn.init.zeros_(self.flow.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Clips [N, 3, T, H, W] -> how far each pixel moves, right and down, [N, 2, T - 1, H, W].

        In pixels, from each frame to the next.
        """
        both = torch.cat([x[:, :, :-1], x[:, :, 1:]], 1)  # [N, 6, T - 1, H, W]
        pairs = F.avg_pool3d(both, (1, 2, 2), ceil_mode=True)  # [N, 6, T - 1, H/2, W/2]
        first = self.down[0](pairs)  # [N, w, T - 1, H/2, W/2]
        second = self.down[1](first)  # [N, 2w, T - 1, H/4, W/4]
        up = self.down[2](second)  # [N, 2w, T - 1, H/8, W/8]
        for layer, beside in zip(self.up, (second, first), strict=True):
            up = layer(torch.cat([_as_large_as(beside, up), beside], 1))
        return self.gain * _as_large_as(both, self.flow(torch.cat([up, pairs], 1)))


def warp(frames: Tensor, flow: Tensor) -> Tensor:
    """Fetch each pixel from where the flow says it has gone to: the frames before, if it is right.

    Frames [N, C, T, H, W] and flow [N, 2, T, H, W] in pixels, right and down; what lies outside a
    frame is its nearest edge.
    """
    count, _, time, height, width = frames.shape
    down, right = torch.meshgrid(
        torch.arange(height, device=flow.device, dtype=flow.dtype),
        torch.arange(width, device=flow.device, dtype=flow.dtype),
        indexing="ij",
    )  # [H, W] each
    goal = flow.transpose(1, 2).flatten(0, 1) + torch.stack([right, down])  # [NT, 2, H, W]
    size = torch.tensor([max(1, width - 1), max(1, height - 1)], device=flow.device)
    grid = 2 * goal.permute(0, 2, 3, 1) / size - 1  # [NT, H, W, 2], from -1 to 1
    flat = frames.transpose(1, 2).flatten(0, 1)  # [NT, C, H, W]
    fetched = F.grid_sample(flat, grid, padding_mode="border", align_corners=True)
    return fetched.unflatten(0, (count, time)).transpose(1, 2)


def _step(inputs: int, outputs: int, stride: int = 1) -> nn.Module:
    """A convolution over height and width; frames do not see each other."""
    conv = nn.Conv3d(inputs, outputs, (1, 3, 3), (1, stride, stride), padding=(0, 1, 1))
    return nn.Sequential(conv, nn.LeakyReLU(0.1))


def _as_large_as(other: Tensor, x: Tensor) -> Tensor:
    """A map brought to the height and width of another."""
    flat = F.interpolate(x.flatten(1, 2), other.shape[3:], mode="bilinear", align_corners=False)
    return flat.unflatten(1, x.shape[1:3])
