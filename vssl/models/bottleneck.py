"""R3D-50 and R3D-101, the video encoders of CVRL (CVPR 2021).

They are SlowFast's slow path with a stem that halves the time. This is Table 1 of the paper, for a
clip of 16 x 224². The first number of a kernel or a size is time:

    conv1   5x7², 64, stride 2, 2²                          8 x 112²
    pool1   max 1x3², stride 1, 2²                          8 x 56²
    conv2   1x1², 64;   1x3², 64;   1x1², 256     3 times   8 x 56²
    conv3   1x1², 128;  1x3², 128;  1x1², 512     4 times   8 x 28²
    conv4   3x1², 256;  1x3², 256;  1x1², 1024    6 times   8 x 14²    (R3D-101: 23 times)
    conv5   3x1², 512;  1x3², 512;  1x1², 2048    3 times   8 x 7²

What the table leaves open is as in the paper's code: strides sit on the 3x3 kernels, the first
block of a stage has a 1x1x1 convolution as its shortcut, and weights start as Keras'
VarianceScaling draws them. Only the padding differs. Where the stride is 2, TensorFlow pads an even
size by one less in front than behind. Here the padding is the same on both sides, as torchvision's
ImageNet weights expect it.
"""

from __future__ import annotations

import math

import torch.nn.functional as F
from torch import Tensor, nn

from vssl.models.backbone import Backbone
from vssl.models.resnet import full

BLOCKS = {"r3d50": (3, 4, 6, 3), "r3d101": (3, 4, 23, 3)}  # in conv2 to conv5
EXPANSION = 4  # a block is this many times as wide at its end as inside


def r3d50(width: int = 64, pool: bool = False) -> Backbone:
    """R3D-50, with 31,672,128 parameters at width 64.

    It has 126,488,192 at width 128 (the paper's "2x") and 505,552,128 at width 256 ("4x"). The
    paper's 31.7, 126.6 and 505.8 million also count the running statistics of batch normalisation:
    53,120 at width 64. `pool` changes nothing, because the paper's stem pools already.
    """
    return _bottlenecks("r3d50", width, BLOCKS["r3d50"])


def r3d101(width: int = 64, pool: bool = False) -> Backbone:
    """R3D-101, with 59,577,152 parameters at width 64.

    With its 105,344 running statistics these are the paper's 59.7 million. `pool` changes nothing,
    as in `r3d50`.
    """
    return _bottlenecks("r3d101", width, BLOCKS["r3d101"])


def r2d50(width: int = 64, pool: bool = False) -> Backbone:
    """ResNet-50, which sees one frame at a time: R3D-50 with kernels that span one frame.

    SimCLR trains it on frames before it is inflated.
    """
    return _bottlenecks("r2d50", width, BLOCKS["r3d50"], stem=1, times=(1, 1, 1, 1))


class Bottleneck(nn.Module):
    """Three convolutions, over time, space and channels, and a shortcut around them."""

    def __init__(self, inputs: int, inside: int, time: int, stride: int, project: bool) -> None:
        super().__init__()
        outputs = EXPANSION * inside
        self.conv1 = full(inputs, inside, (time, 1, 1), (1, 1, 1))
        self.norm1 = nn.BatchNorm3d(inside)
        self.conv2 = full(inside, inside, (1, 3, 3), (1, stride, stride))
        self.norm2 = nn.BatchNorm3d(inside)
        self.conv3 = full(inside, outputs, (1, 1, 1), (1, 1, 1))
        self.norm3 = nn.BatchNorm3d(outputs)
        projection = (
            (full(inputs, outputs, (1, 1, 1), (1, stride, stride)), nn.BatchNorm3d(outputs))
            if project
            else ()
        )
        self.shortcut = nn.Sequential(*projection)  # an empty one passes the input on as it is

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.norm1(self.conv1(x)), inplace=True)
        y = F.relu(self.norm2(self.conv2(y)), inplace=True)
        y = self.norm3(self.conv3(y))
        return F.relu(self.shortcut(x) + y)


def _bottlenecks(
    name: str,
    width: int,
    blocks: tuple[int, int, int, int],
    stem: int = 5,
    times: tuple[int, int, int, int] = (1, 1, 3, 3),
) -> Backbone:
    a, b, c, d = width, 2 * width, 4 * width, 8 * width
    conv2, conv3, conv4, conv5 = blocks
    stages = [
        nn.Sequential(
            full(3, a, (stem, 7, 7), (2 if stem > 1 else 1, 2, 2)),  # [N, 64, T/2, H/2, W/2]
            nn.BatchNorm3d(a),
            nn.ReLU(inplace=True),
            nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1)),  # [N, 64, T/2, H/4, W/4]
        ),
        _stage(a, a, conv2, times[0], stride=1),  # [N, 256, T/2, H/4, W/4]
        _stage(EXPANSION * a, b, conv3, times[1], stride=2),  # [N, 512, T/2, H/8, W/8]
        _stage(EXPANSION * b, c, conv4, times[2], stride=2),  # [N, 1024, T/2, H/16, W/16]
        _stage(EXPANSION * c, d, conv5, times[3], stride=2),  # [N, 2048, T/2, H/32, W/32]
    ]
    backbone = Backbone(name, stages, dim=EXPANSION * d)
    for module in backbone.modules():
        if isinstance(module, nn.Conv3d):
            _variance_scaling(module.weight)
    return backbone


def _stage(inputs: int, inside: int, blocks: int, time: int, stride: int) -> nn.Module:
    first = Bottleneck(inputs, inside, time, stride, project=True)
    return nn.Sequential(
        first,
        *(
            Bottleneck(EXPANSION * inside, inside, time, 1, project=False)
            for _ in range(blocks - 1)
        ),
    )


def _variance_scaling(weight: Tensor) -> None:
    """Draw the weights as Keras does: from a normal of variance 1 / fan-in, cut at two deviations.

    The variance is three times PyTorch's. Batch normalisation takes the scale of the weights out of
    the features, but SGD still turns large weights more slowly than small ones.
    """
    cut = 0.87962566103423978  # the deviation of a standard normal that is cut at 2
    deviation = math.sqrt(1 / weight[0].numel()) / cut
    nn.init.trunc_normal_(weight, std=deviation, a=-2 * deviation, b=2 * deviation)
