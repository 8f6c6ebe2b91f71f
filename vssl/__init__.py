"""Five papers on self-supervised video learning, as a small package and a shelf of notebooks.

The tensor-shape legend, used by every trailing comment in the package:

    B  videos in a batch          C  channels                 D  features of one clip
    V  views of one video         T  frames of one clip       K  classes
    N  clips, N = B * V           H, W  height and width      R  persons in boxes

Pixels leave the frame store as uint8 ``[T, H, W, C]`` and enter a backbone as float ``[N, C, T, H,
W]``.
"""

from vssl import sources as sources  # read before any file can be edited under a living process

__version__ = "0.1.0"
