"""Two nets of inception blocks: I3D, and S3D-G with separable convolutions and gates.

S3D-G has the layout of Pace's and CVRL's "9.1 M" net. I3D is CPNet's, an inflated Inception-v1.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from vssl.models.backbone import Backbone, with_pool

# The widths of a block: of the 1x1x1 branch, of the first and last convolution of each separable
# branch, and of the branch with the max-pool.
Widths = tuple[int, tuple[int, int], tuple[int, int], int]

MIXED: dict[str, tuple[Widths, ...]] = {
    "stage3": ((64, (96, 128), (16, 32), 32), (128, (128, 192), (32, 96), 64)),  # 3b, 3c
    "stage4": (  # 4b to 4f
        (192, (96, 208), (16, 48), 64),
        (160, (112, 224), (24, 64), 64),
        (128, (128, 256), (24, 64), 64),
        (112, (144, 288), (32, 64), 64),
        (256, (160, 320), (32, 128), 128),
    ),
    "stage5": ((256, (160, 320), (32, 128), 128), (384, (192, 384), (48, 128), 128)),  # 5b, 5c
}


def s3dg(width: int = 64, pool: bool = False) -> Backbone:
    """S3D-G, with 9,125,072 parameters at width 64; its dense 3x7x7 stem also halves the time."""

    def scaled(channels: int) -> int:
        return max(1, channels * width // 64)

    a, b = scaled(64), scaled(192)
    stem = nn.Sequential(*_conv(3, a, (3, 7, 7), stride=2))  # [N, 64, T/2, H/2, W/2]
    stage2 = nn.Sequential(
        _same_pool((1, 3, 3), (1, 2, 2)),
        *_conv(a, a, (1, 1, 1)),
        *_separable(a, b),
        Gate(b),  # [N, 192, T/2, H/4, W/4]
    )
    mixed, channels = _mixed(b, scaled, _separable, Gate)
    return Backbone("s3dg", [with_pool(stem, pool), stage2, *mixed], dim=channels)


def i3d(width: int = 64, pool: bool = False) -> Backbone:
    """I3D, with 12,287,264 parameters at width 64 (12,697,264 with 400 outputs).

    The stem is padded alike on both sides, where TensorFlow's has a row more at the far one.
    """

    def scaled(channels: int) -> int:
        return max(1, channels * width // 64)

    a, b = scaled(64), scaled(192)
    stem = nn.Sequential(*_conv(3, a, (7, 7, 7), stride=2))  # [N, 64, T/2, H/2, W/2]
    stage2 = nn.Sequential(
        _same_pool((1, 3, 3), (1, 2, 2)),
        *_conv(a, a, (1, 1, 1)),
        *_conv(a, b, (3, 3, 3)),  # [N, 192, T/2, H/4, W/4]
    )
    mixed, channels = _mixed(b, scaled, _dense, lambda _: nn.Identity())
    return Backbone("i3d", [with_pool(stem, pool), stage2, *mixed], dim=channels)


class Gate(nn.Module):
    """Self-gating: each channel is weighted by what all channels of the clip show on average."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.linear = nn.Linear(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        weights = torch.sigmoid(self.linear(x.mean((2, 3, 4))))  # [N, C]
        return x * weights[:, :, None, None, None]


Wide = Callable[[int, int], tuple[nn.Module, ...]]  # from so many channels to so many


class Inception(nn.Module):
    """Four branches side by side, each with its gate; `wide` is the convolution of two of them."""

    def __init__(
        self, inputs: int, widths: Widths, wide: Wide, gate: Callable[[int], nn.Module]
    ) -> None:
        super().__init__()
        point, (reduce1, wide1), (reduce2, wide2), pooled = widths
        one = (1, 1, 1)
        self.point = nn.Sequential(*_conv(inputs, point, one), gate(point))
        self.first = nn.Sequential(*_conv(inputs, reduce1, one), *wide(reduce1, wide1), gate(wide1))
        self.second = nn.Sequential(
            *_conv(inputs, reduce2, one), *wide(reduce2, wide2), gate(wide2)
        )
        self.pooled = nn.Sequential(
            nn.MaxPool3d(3, stride=1, padding=1), *_conv(inputs, pooled, one), gate(pooled)
        )
        self.outputs = point + wide1 + wide2 + pooled

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.point(x), self.first(x), self.second(x), self.pooled(x)], dim=1)


def _mixed(
    inputs: int, scaled: Callable[[int], int], wide: Wide, gate: Callable[[int], nn.Module]
) -> tuple[list[nn.Module], int]:
    """The last three stages, and how many channels come out.

    From [N, 192, T/2, H/4, W/4]: [N, 480, T/2, H/8, W/8], [N, 832, T/4, H/16, W/16] and
    [N, 1024, T/8, H/32, W/32].
    """
    pools = (((1, 3, 3), (1, 2, 2)), ((3, 3, 3), (2, 2, 2)), ((2, 2, 2), (2, 2, 2)))
    stages: list[nn.Module] = []
    for pool, blocks in zip(pools, MIXED.values(), strict=True):
        layers = [_same_pool(*pool)]
        for point, first, second, pooled in blocks:
            widths = (
                scaled(point),
                (scaled(first[0]), scaled(first[1])),
                (scaled(second[0]), scaled(second[1])),
                scaled(pooled),
            )
            block = Inception(inputs, widths, wide, gate)
            layers.append(block)
            inputs = block.outputs
        stages.append(nn.Sequential(*layers))
    return stages, inputs


def _conv(
    inputs: int, outputs: int, kernel: tuple[int, int, int], stride: int | tuple[int, int, int] = 1
) -> tuple[nn.Module, ...]:
    padding = (kernel[0] // 2, kernel[1] // 2, kernel[2] // 2)
    return (
        nn.Conv3d(inputs, outputs, kernel, stride, padding, bias=False),
        nn.BatchNorm3d(outputs),
        nn.ReLU(inplace=True),
    )


def _separable(inputs: int, outputs: int) -> tuple[nn.Module, ...]:
    return *_conv(inputs, outputs, (1, 3, 3)), *_conv(outputs, outputs, (3, 1, 1))


def _dense(inputs: int, outputs: int) -> tuple[nn.Module, ...]:
    return _conv(inputs, outputs, (3, 3, 3))


def _same_pool(kernel: tuple[int, int, int], stride: tuple[int, int, int]) -> nn.Module:
    """TensorFlow's "SAME" max-pool, as the public weights expect it.

    An odd amount of padding puts its extra row at the far side, and a window that is cut off at the
    edge still counts. The padding is zero, which is never above what is pooled, because that comes
    from a ReLU.
    """
    time, height, width = (max(k - s, 0) for k, s in zip(kernel, stride, strict=True))
    far_side = (
        width // 2,
        width - width // 2,
        height // 2,
        height - height // 2,
        time // 2,
        time - time // 2,
    )
    return nn.Sequential(
        nn.ConstantPad3d(far_side, 0.0), nn.MaxPool3d(kernel, stride, ceil_mode=True)
    )
