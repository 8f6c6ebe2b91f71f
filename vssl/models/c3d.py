"""C3D with batch normalisation, as the VCOP line of work uses it.

It has eight 3x3x3 convolutions and no fully connected layers.
"""

from __future__ import annotations

from torch import nn

from vssl.models.backbone import Backbone, with_pool


def c3d(width: int = 64, pool: bool = False) -> Backbone:
    """C3D-BN: 27,661,440 parameters at width 64.

    `stage4` ends in the paper's pool4; `stage5` has no pool.
    """
    a, b, c, d = width, 2 * width, 4 * width, 8 * width
    stem = nn.Sequential(*_conv(3, a), nn.MaxPool3d((1, 2, 2)))
    stages = [
        with_pool(stem, pool),  # [N, 64, T, H/2, W/2]
        nn.Sequential(*_conv(a, b), nn.MaxPool3d(2)),  # [N, 128, T/2, H/4, W/4]
        nn.Sequential(*_conv(b, c), *_conv(c, c), nn.MaxPool3d(2)),  # [N, 256, T/4, H/8, W/8]
        nn.Sequential(*_conv(c, d), *_conv(d, d), nn.MaxPool3d(2)),  # [N, 512, T/8, H/16, W/16]
        nn.Sequential(*_conv(d, d), *_conv(d, d)),
    ]
    # Pools round down, but the optional one after the stem rounds up. With it, 30 pixels become
    # 15, 8, 4, 2 and 1.
    return Backbone("c3d", stages, dim=d, minimum=(8, 30 if pool else 16))


def _conv(inputs: int, outputs: int) -> tuple[nn.Module, ...]:
    return nn.Conv3d(inputs, outputs, 3, padding=1), nn.BatchNorm3d(outputs), nn.ReLU(inplace=True)
