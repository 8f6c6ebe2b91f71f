"""Backbones: from a batch of clips to feature maps.

    c3d, r3d, r2plus1d   the nets of the five papers' line of work: "R3D-18" there has one residual block a stage, not two
    r3d18, r2plus1d18    the true 18-layer nets, on torchvision's blocks
    s3dg                 S3D with self-gating
    r2d50                ResNet-50, a frame at a time
    r3d50, r3d101        CVRL's video encoders; `inflate` gives them the weights of a 2-D ResNet, `imagenet` those of torchvision

Every net has five stages, `stem` and `stage2` to `stage5`; the papers' p4 and p5 (retrieval, attention) are `stage4` and `stage5`.
"""

from __future__ import annotations

from vssl.errors import VsslError
from vssl.models.backbone import Backbone
from vssl.models.bottleneck import BLOCKS, r2d50, r3d50, r3d101
from vssl.models.c3d import c3d
from vssl.models.count import macs, parameters
from vssl.models.inception import s3dg
from vssl.models.inflate import imagenet, imagenet_weights, inflate
from vssl.models.resnet import r2plus1d, r2plus1d18, r3d, r3d18

__all__ = [
    "BLOCKS",
    "NAMES",
    "Backbone",
    "build",
    "imagenet",
    "imagenet_weights",
    "inflate",
    "macs",
    "parameters",
]

_BUILDERS = {
    "c3d": c3d,
    "r3d": r3d,
    "r2plus1d": r2plus1d,
    "r3d18": r3d18,
    "r2plus1d18": r2plus1d18,
    "s3dg": s3dg,
    "r3d50": r3d50,
    "r3d101": r3d101,
    "r2d50": r2d50,
}
NAMES = tuple(_BUILDERS)


def build(name: str, width: int = 64, pool: bool = False) -> Backbone:
    """Build the backbone `name` with PyTorch's default initialisation (r3d50, r3d101 and r2d50 with their paper's).

    `width` is the number of channels after the stem (64 in the papers); every other width scales with it. `pool` adds a
    max-pool 1x3x3 with stride 1x2x2 after the stem: small profiles run about four times as fast with it. Of the papers' nets only r3d50,
    r3d101 and r2d50 have it, and they have it always.
    """
    if name not in _BUILDERS:
        raise VsslError(f"there is no backbone {name!r}; choose one of {', '.join(NAMES)}")
    if width < 4:
        raise VsslError(
            f"a backbone {width} channels wide has empty layers; choose a width of 4 or more (64 is the papers')"
        )
    return _BUILDERS[name](width, pool)
