"""Backbones: from a batch of clips to feature maps.

    c3d, r3d, r2plus1d   the nets of the five papers' line of work: "R3D-18" there has one residual
                         block a stage, not two
    r3d18, r2plus1d18    the true 18-layer nets, on torchvision's blocks
    s3dg                 S3D with self-gating
    i3d                  Inception-v1 in three dimensions
    r2d50                ResNet-50, a frame at a time
    r3d50, r3d101        CVRL's video encoders; `inflate` gives them the weights of a 2-D ResNet,
                         and `imagenet` gives them torchvision's ImageNet weights

Every net has five stages, `stem` and `stage2` to `stage5`; the papers' p4 and p5 (retrieval,
attention) are `stage4` and `stage5`. A `Detector` reads the last map of a net that `dilated` made
finer.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from vssl.errors import VsslError
from vssl.models.backbone import Backbone
from vssl.models.bottleneck import BLOCKS, r2d50, r3d50, r3d101
from vssl.models.c3d import c3d
from vssl.models.count import macs, parameters
from vssl.models.detector import BoxHead, Detector, dilated
from vssl.models.inception import i3d, s3dg
from vssl.models.inflate import imagenet, imagenet_weights, inflate
from vssl.models.layout import layout_of
from vssl.models.resnet import r2plus1d, r2plus1d18, r3d, r3d18

__all__ = [
    "BLOCKS",
    "NAMES",
    "STEMS",
    "Backbone",
    "BoxHead",
    "Detector",
    "build",
    "builder",
    "dilated",
    "imagenet",
    "imagenet_weights",
    "inflate",
    "layout_of",
    "macs",
    "parameters",
    "start_as_differences",
]

_BUILDERS = {
    "c3d": c3d,
    "r3d": r3d,
    "r2plus1d": r2plus1d,
    "r3d18": r3d18,
    "r2plus1d18": r2plus1d18,
    "s3dg": s3dg,
    "i3d": i3d,
    "r3d50": r3d50,
    "r3d101": r3d101,
    "r2d50": r2d50,
}
NAMES = tuple(_BUILDERS)
STEMS = ("plain", "differences")


def builder(name: str) -> Callable[[int, bool], Backbone]:
    """The function that builds the backbone `name`."""
    if name not in _BUILDERS:
        raise VsslError(f"there is no backbone {name!r}; choose one of {', '.join(NAMES)}")
    return _BUILDERS[name]


def build(name: str, width: int = 64, pool: bool = False, stem: str = "plain") -> Backbone:
    """Build the backbone `name` with PyTorch's default initialisation.

    width   channels after the stem (64 in the papers); every other width scales with it.
    pool    adds a max-pool 1x3x3 with stride 1x2x2 after the stem. Small profiles run about four
            times as fast with it. Of the papers' nets only r3d50, r3d101 and r2d50 have it. They
            always have it, and they start with the initialisation of their paper.
    stem    "plain", or "differences": half of the filters that span time in the stem start as
            differences in time (`start_as_differences`). This is our own; no paper has it.
    """
    make = builder(name)
    if width < 4:
        raise VsslError(
            f"a backbone {width} channels wide has empty layers; choose a width of 4 or more (64 "
            "is the papers')"
        )
    if stem not in STEMS:
        raise VsslError(f"the stem starts {' or '.join(map(repr, STEMS))}, not {stem!r}")
    backbone = make(width, pool)
    return backbone if stem == "plain" else start_as_differences(backbone)


@torch.no_grad()
def start_as_differences(backbone: Backbone) -> Backbone:
    """Let every second filter of the stem start as a difference in time, three times as strong.

    Each filter loses its mean over time, k[::2] -= k[::2].mean(time), so that its output on a still
    clip is zero. Then it is scaled: k[::2] *= 3. The filters are those of the stem's first
    convolution that spans time, which is the second convolution of a factored stem. Small nets
    learn from motion sooner with such a start.
    """
    stem = backbone.blocks["stem"].modules()
    spans = [m for m in stem if isinstance(m, nn.Conv3d) and m.kernel_size[0] > 1]
    if not spans:
        raise VsslError(
            f"the stem of {backbone.name} sees one frame at a time, so it has no differences in "
            "time; take stem='plain' or another net"
        )
    k = spans[0].weight  # [O, I, T, H, W]
    k[::2] -= k[::2].mean(2, keepdim=True)
    k[::2] *= 3
    return backbone
