"""Boxes on frames: crops with the clips that lie behind them in time, and persons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

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


class Marked(NamedTuple):
    """A box x1, y1, x2, y2 in fractions of a frame, what kind it is, and a few words about it."""

    box: np.ndarray  # [4]
    kind: str
    words: str = ""


def persons(
    frames: Mapping[str, np.ndarray],
    marked: Mapping[str, Sequence[Marked]],
    title: str,
    columns: int = 2,
) -> Figure:
    """Frames uint8 [H, W, 3] by their names, with boxes; each kind of box has a colour and a line.

    Words stand at the lower edge of their box.
    """
    from matplotlib.lines import Line2D
    from matplotlib.patches import Rectangle

    if not frames or frames.keys() != marked.keys():
        raise VsslError("each frame wants a list of its boxes, which may be empty")
    kinds = list(dict.fromkeys(one.kind for some in marked.values() for one in some))
    looks = dict(zip(kinds, zip(style.PALETTE, style.LINES, strict=False), strict=False))
    rows = -(-len(frames) // columns)
    high, wide = next(iter(frames.values())).shape[:2]
    height = rows * (0.25 + style.WIDTH / columns * high / wide)
    fig, axes = style.figure(title, 0.4 + height, rows, columns, pictures=True)
    for axis in axes.flat[len(frames) :]:
        axis.set_axis_off()
    for axis, (name, frame) in zip(axes.flat, frames.items(), strict=False):
        style.picture(axis, frame)
        axis.set_title(name, loc="left")
        for one in marked[name]:
            color, line = looks[one.kind]
            left, top, right, bottom = one.box * [wide, high, wide, high] - 0.5
            corner, size = (left, top), (right - left, bottom - top)
            axis.add_patch(
                Rectangle(corner, *size, fill=False, edgecolor=color, linestyle=line, linewidth=2)
            )
            if one.words:
                axis.text(
                    (left + right) / 2, bottom - 0.02 * high, one.words, ha="center", va="bottom",
                    fontsize=style.SMALL, color=style.INK, clip_on=True,
                    bbox={"facecolor": "white", "alpha": 0.85, "edgecolor": color, "pad": 1.5},
                )  # fmt: skip
    marks = [Line2D([], [], color=c, linestyle=line, linewidth=2) for c, line in looks.values()]
    fig.legend(
        marks, kinds, loc="outside lower left", ncols=len(kinds), frameon=False,
        fontsize=style.SMALL, handlelength=3.5,
    )  # fmt: skip
    return fig
