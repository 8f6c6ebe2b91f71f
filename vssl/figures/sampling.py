"""What a sampler reads: the frames on the time line of the video, and the frames themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from vssl.errors import VsslError
from vssl.figures import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def paces(frames: Mapping[object, np.ndarray], num_frames: int, title: str) -> Figure:
    """A row for each label, with a dot for every frame it takes of a video of `num_frames`.

    Dots of a frame that is taken several times are stacked, and the seam of a loop is marked.
    """
    rows = {str(label): np.asarray(indices) for label, indices in frames.items()}
    if not rows or any(
        r.ndim != 1 or not len(r) or r.min() < 0 or r.max() >= num_frames for r in rows.values()
    ):
        raise VsslError(
            f"each row wants indices [T] of a video of {num_frames} frames, 0 to {num_frames - 1}"
        )
    fig, axes = style.figure(title, 0.7 + 0.55 * len(rows))
    axis = axes[0, 0]
    # In points, so that neighbouring frames do not touch as long as they are large enough to see.
    size = float(np.clip(400 / num_frames, 1.8, 4.5))
    for row, indices in enumerate(rows.values()):
        color = style.PALETTE[row % len(style.PALETTE)]
        axis.plot(
            [0, num_frames - 1],
            [row, row],
            color=style.PALE,
            linewidth=5,
            solid_capstyle="round",
            zorder=1,
        )
        # How often the loop has jumped back before each frame: [T].
        passes = np.cumsum(np.diff(indices, prepend=indices[0]) < 0)
        for lap in range(passes[-1] + 1):
            taken = indices[passes == lap]
            repeats = np.array([(taken[:i] == frame).sum() for i, frame in enumerate(taken)])
            face = color if lap == 0 else "white"
            axis.plot(
                taken,
                row - 0.03 * size * repeats,
                "o",
                color=color,
                markerfacecolor=face,
                markersize=size,
                linestyle="",
                zorder=3 + lap,
            )
        for after in np.flatnonzero(np.diff(passes)):
            _seam(axis, row, indices[after], indices[after + 1])
    axis.set(
        xlim=(-0.02 * num_frames, 1.02 * num_frames),
        ylim=(len(rows) - 0.4, -0.75),
        yticks=range(len(rows)),
        xlabel="frame of the video",
    )
    axis.set_yticklabels(list(rows))
    axis.tick_params(axis="y", length=0)
    axis.spines["left"].set_visible(False)
    return fig


def _seam(axis: Axes, row: int, last: int, first: int) -> None:
    """An arc from the frame before the jump to the frame after it."""
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    middle = (first + last) / 2
    arc = Path(
        [(last, row), (middle, row - 0.9), (first, row)], [Path.MOVETO, Path.CURVE3, Path.CURVE3]
    )
    axis.add_patch(
        FancyArrowPatch(
            path=arc, arrowstyle="->", mutation_scale=8, color=style.INK, linewidth=0.9, zorder=2
        )
    )
    box = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
    axis.text(
        middle,
        row - 0.45,
        "seam",
        ha="center",
        va="center",
        fontsize=style.SMALL,
        bbox=box,
        zorder=3,
    )


def film(strips: Mapping[object, np.ndarray], title: str) -> Figure:
    """Film strips of uint8 frames [T, H, W, 3], one in each row, the first frame on the left.

    Rows may differ in their number of frames, but not in the size of a frame.
    """
    rows = {str(label): np.asarray(strip) for label, strip in strips.items()}
    if not rows or any(
        r.ndim != 4 or r.dtype != np.uint8 or r.shape[3] != 3 or not len(r) for r in rows.values()
    ):
        raise VsslError("a film strip wants uint8 frames [T, H, W, 3]")
    if len({r.shape[1:] for r in rows.values()}) > 1:
        raise VsslError("film strips side by side want frames of one size")
    longest = max(map(len, rows.values()))
    shape = next(iter(rows.values())).shape
    tile = (style.WIDTH - 1.0) / longest  # inches
    fig, axes = style.figure(
        title,
        0.35 + len(rows) * (min(tile, 1.6) * shape[1] / shape[2] + 0.1),
        len(rows),
        pictures=True,
    )
    for axis, (label, strip) in zip(axes[:, 0], rows.items(), strict=True):
        style.picture(axis, _side_by_side(strip, longest))
        axis.set_ylabel(label, rotation=0, ha="right", va="center", labelpad=6)
    axes[-1, 0].set_xlabel("time →", loc="left")
    return fig


def _side_by_side(strip: np.ndarray, longest: int) -> np.ndarray:
    """The frames in a row with white between them, reduced to the size at which they are shown.

    An SVG keeps every pixel it is given, so larger frames would only make the file larger.
    """
    from PIL import Image

    height, width = strip.shape[1:3]
    shown = min(width, int(1.5 * style.WIDTH * style.DPI / longest))
    gap = max(1, shown // 25)
    size = (shown, max(1, round(height * shown / width)))
    row = np.full((size[1], longest * (shown + gap) - gap, 3), 255, np.uint8)
    for place, frame in enumerate(strip):
        left = place * (shown + gap)
        row[:, left : left + shown] = np.asarray(
            Image.fromarray(frame).resize(size, Image.Resampling.LANCZOS)
        )
    return row
