"""Five papers on self-supervised video learning, as a small package and a shelf of notebooks.

The tensor-shape legend, used by every trailing comment in the package:

    B  videos in a batch          C  channels                 D  features of one clip
    V  views of one video         T  frames of one clip       K  classes
    N  clips, N = B * V           H, W  height and width      R  persons in boxes

Pixels leave the frame store as uint8 ``[T, H, W, C]`` and enter a backbone as float ``[N, C, T, H,
W]``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vssl import sources as sources  # read before any file can be edited under a living process

if TYPE_CHECKING:
    from pathlib import Path

    from vssl.models import Backbone

__version__ = "0.1.0"


def load(place: str | Path, device: str = "cpu") -> Backbone:
    """Give a trained net in eval mode, for clips [N, 3, T, H, W].

    place   a folder that `vssl export` wrote, the name of a net that ships with the project, or a
            file of published weights: those of Pace's and VCOP's code, or torchvision's r3d_18 and
            r2plus1d_18.
    """
    from vssl.models import shipped  # here, since it loads torch and `import vssl` must not

    return shipped.load(place, device)
