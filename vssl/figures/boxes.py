"""Crops as boxes on a frame, and the clips that lie behind them on the time line of the video."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from vssl.clips import Clip
from vssl.errors import VsslError
from vssl.figures import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def overlaps(
    frame: np.ndarray, pairs: Mapping[str, Sequence[Clip]], num_frames: int, title: str
) -> Figure:
    """A column for each pair of clips: their boxes on a frame, and below it where they lie in time.

    The frame is uint8 [H, W, 3], of a video of `num_frames`. The first clip is drawn with a full
    line, the second with a dashed one.
    """
    from matplotlib.patches import Rectangle

    if not pairs or any(len(c) != 2 or None in {one.box for one in c} for c in pairs.values()):
        raise VsslError("each column wants two clips with a box")
    height, width = frame.shape[:2]
    fig, axes = style.figure(title, 2.0, 2, len(pairs), height_ratios=[3, 1])
    looks = list(zip(style.PALETTE, ("-", (0, (3, 1.5))), strict=False))
    for (name, clips), (upper, lower) in zip(pairs.items(), axes.T, strict=True):
        style.picture(upper, frame)
        upper.set_title(name)
        for place, (clip, (color, line)) in enumerate(zip(clips, looks, strict=True)):
            box = clip.box
            assert box is not None
            corner = (box.left * width - 0.5, box.top * height - 0.5)
            size = (box.width * width, box.height * height)
            upper.add_patch(
                Rectangle(corner, *size, fill=False, edgecolor=color, linestyle=line, linewidth=2)
            )
            lower.plot(clip.frames, np.full(len(clip.frames), place), ".", color=color, ms=4)
        lower.set(xlim=(-2, num_frames + 1), ylim=(1.6, -0.6), yticks=[], xlabel="frame")
        lower.spines["left"].set_visible(False)
    return fig
