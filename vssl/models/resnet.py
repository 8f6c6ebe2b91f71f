"""Residual nets: R3D and R(2+1)D.

Those with one block a stage are VCOP's. The true 18-layer nets use torchvision's blocks.
"""

from __future__ import annotations

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor, nn

from vssl.models.backbone import Backbone, with_pool

Shape = tuple[int, int, int]  # of a kernel or a stride: time, height, width
Conv = Callable[[int, int, Shape, Shape], nn.Module]  # (inputs, outputs, kernel, stride)


def r3d(width: int = 64, pool: bool = False) -> Backbone:
    """R3D with one block a stage and 14,361,792 parameters.

    The papers' 14.2 M leaves the shortcut convolutions out.
    """
    return _one_block_a_stage("r3d", full, width, pool)


def r2plus1d(width: int = 64, pool: bool = False) -> Backbone:
    """R(2+1)D with one block a stage and 14,365,303 parameters.

    The stem and the shortcuts are factored like all other convolutions.
    """
    return _one_block_a_stage("r2plus1d", factored, width, pool)


def full(inputs: int, outputs: int, kernel: Shape, stride: Shape) -> nn.Module:
    """A 3-D convolution without bias that keeps the size at stride 1."""
    padding = (kernel[0] // 2, kernel[1] // 2, kernel[2] // 2)
    return nn.Conv3d(inputs, outputs, kernel, stride, padding, bias=False)


def factored(inputs: int, outputs: int, kernel: Shape, stride: Shape) -> nn.Module:
    """Make a spatial convolution followed by a temporal one.

    Together they have as many parameters as the 3-D convolution that they replace.
    """
    t, d = kernel[0], kernel[1]
    middle = t * d * d * inputs * outputs // (d * d * inputs + t * outputs)
    return nn.Sequential(
        full(inputs, middle, (1, d, d), (1, *stride[1:])),
        nn.BatchNorm3d(middle),
        nn.ReLU(inplace=True),
        full(middle, outputs, (t, 1, 1), (stride[0], 1, 1)),
    )


class Residual(nn.Module):
    """Two 3x3x3 convolutions, and a shortcut that carries the input around them.

    The shortcut is a 1x1x1 convolution where the shape changes.
    """

    def __init__(self, conv: Conv, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = conv(inputs, outputs, (3, 3, 3), (stride,) * 3)
        self.norm1 = nn.BatchNorm3d(outputs)
        self.conv2 = conv(outputs, outputs, (3, 3, 3), (1, 1, 1))
        self.norm2 = nn.BatchNorm3d(outputs)
        same = stride == 1 and inputs == outputs
        self.shortcut = (
            nn.Identity()
            if same
            else nn.Sequential(
                conv(inputs, outputs, (1, 1, 1), (stride,) * 3), nn.BatchNorm3d(outputs)
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.norm1(self.conv1(x)), inplace=True)
        y = self.norm2(self.conv2(y))
        return F.relu(self.shortcut(x) + y)


def _one_block_a_stage(name: str, conv: Conv, width: int, pool: bool) -> Backbone:
    a, b, c, d = width, 2 * width, 4 * width, 8 * width
    stem = nn.Sequential(conv(3, a, (3, 7, 7), (1, 2, 2)), nn.BatchNorm3d(a), nn.ReLU(inplace=True))
    stages = [
        with_pool(stem, pool),  # [N, 64, T, H/2, W/2]
        Residual(conv, a, a, stride=1),
        Residual(conv, a, b, stride=2),  # [N, 128, T/2, H/4, W/4]
        Residual(conv, b, c, stride=2),  # [N, 256, T/4, H/8, W/8]
        Residual(conv, c, d, stride=2),  # [N, 512, T/8, H/16, W/16]
    ]
    return Backbone(name, stages, dim=d)


def r3d18(width: int = 64, pool: bool = False) -> Backbone:
    """R3D-18 with two blocks a stage and 33,166,272 parameters.

    It is torchvision's `r3d_18` without its classifier.
    """
    # Imported here, not above, because torchvision takes seconds to import.
    from torchvision.models.video.resnet import Conv3DSimple

    stem = nn.Sequential(
        full(3, width, (3, 7, 7), (1, 2, 2)), nn.BatchNorm3d(width), nn.ReLU(inplace=True)
    )
    return _two_blocks_a_stage("r3d18", Conv3DSimple, stem, width, pool)


def r2plus1d18(width: int = 64, pool: bool = False) -> Backbone:
    """R(2+1)D-18 with two blocks a stage and 31,300,125 parameters.

    It is torchvision's `r2plus1d_18` without its classifier.
    """
    from torchvision.models.video.resnet import Conv2Plus1D

    middle = 45 * width // 64  # the original's stem is narrower than `factored` would make it
    stem = nn.Sequential(
        full(3, middle, (1, 7, 7), (1, 2, 2)),
        nn.BatchNorm3d(middle),
        nn.ReLU(inplace=True),
        full(middle, width, (3, 1, 1), (1, 1, 1)),
        nn.BatchNorm3d(width),
        nn.ReLU(inplace=True),
    )
    return _two_blocks_a_stage("r2plus1d18", Conv2Plus1D, stem, width, pool)


def _two_blocks_a_stage(
    name: str, conv: type[nn.Module], stem: nn.Module, width: int, pool: bool
) -> Backbone:
    from torchvision.models.video.resnet import BasicBlock

    def stage(inputs: int, outputs: int, stride: int) -> nn.Module:
        shortcut = None
        if stride > 1:
            shortcut = nn.Sequential(
                full(inputs, outputs, (1, 1, 1), (stride,) * 3), nn.BatchNorm3d(outputs)
            )
        return nn.Sequential(
            BasicBlock(inputs, outputs, conv, stride, shortcut), BasicBlock(outputs, outputs, conv)
        )

    a, b, c, d = width, 2 * width, 4 * width, 8 * width
    return Backbone(
        name,
        [with_pool(stem, pool), stage(a, a, 1), stage(a, b, 2), stage(b, c, 2), stage(c, d, 2)],
        dim=d,
    )
