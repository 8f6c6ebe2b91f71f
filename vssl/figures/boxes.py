"""Boxes: crops with the clips that lie behind them in time, and persons, on frames and maps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from vssl.clips import Clip
from vssl.errors import VsslError
from vssl.figures import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def overlaps(
    frame: np.ndarray, pairs: Mapping[str, Sequence[Clip]], num_frames: int, title: str
) -> Figure:
    """A column for each pair of clips: their boxes on a frame, and below it where they lie in time.

    The frame is uint8 [H, W, 3], of a video of `num_frames`. The first clip is drawn with a full
    line, the second with a dashed one.
    """
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
            _outline(upper, corner, (box.width * width, box.height * height), color, line)
            lower.plot(clip.frames, np.full(len(clip.frames), place), ".", color=color, ms=4)
        lower.set(xlim=(-2, num_frames + 1), ylim=(1.6, -0.6), yticks=[], xlabel="frame")
        lower.spines["left"].set_visible(False)
    return fig


class Marked(NamedTuple):
    """A box x1, y1, x2, y2 in fractions of a frame, what kind it is, and a few words about it."""

    box: np.ndarray  # [4]
    kind: str
    words: str = ""


# How the kinds of boxes look, and what a caption calls that.
LOOKS = tuple(zip(style.PALETTE, style.LINES[:3], strict=False))
CALLED = ("full blue line", "dashed orange line", "dotted green line")


def persons(
    frames: Mapping[str, np.ndarray],
    marked: Mapping[str, Sequence[Marked]],
    title: str,
    columns: int = 2,
    kinds: Sequence[str] = (),
) -> Figure:
    """Frames uint8 [H, W, 3] by their names, with boxes; each kind of box has a colour and a line.

    There are three kinds at most. `kinds` are in the order in which they get their looks; those
    that are not named come behind. Words stand at the lower edge of a box or above its upper one,
    in turns from left to right, so that neighbours cover each other less.
    """
    every = list(dict.fromkeys([*kinds, *(m.kind for some in marked.values() for m in some)]))
    if not frames or frames.keys() != marked.keys() or len(every) > len(LOOKS):
        raise VsslError("each frame wants a list of its boxes, of three kinds at most")
    looks = dict(zip(every, LOOKS, strict=False))
    caption = "; ".join(f"{called}: {kind}" for kind, called in zip(every, CALLED, strict=False))
    rows = -(-len(frames) // columns)
    high, wide = next(iter(frames.values())).shape[:2]
    height = rows * (0.25 + style.WIDTH / columns * high / wide)
    fig, axes = style.figure(title, 0.2 + height, rows, columns, caption, pictures=True)
    for axis in axes.flat[len(frames) :]:
        axis.set_axis_off()
    for axis, (name, frame) in zip(axes.flat, frames.items(), strict=False):
        style.picture(axis, frame)
        axis.set_title(name, loc="left")
        for place, one in enumerate(sorted(marked[name], key=lambda one: one.box[0])):
            color, line = looks[one.kind]
            left, top, right, bottom = one.box * [wide, high, wide, high] - 0.5
            _outline(axis, (left, top), (right - left, bottom - top), color, line)
            if one.words:
                beside = 0.06 * columns * wide  # half of a long word
                middle = np.clip((left + right) / 2, beside, wide - beside)
                edge = top if place % 2 else bottom
                axis.text(
                    middle, edge - 0.02 * high, one.words, ha="center", va="bottom",
                    fontsize=style.SMALL - 0.5, color=style.INK,
                    bbox={"facecolor": "white", "alpha": 0.85, "edgecolor": color, "pad": 1.5},
                )  # fmt: skip
    return fig


def pooled(
    maps: Mapping[str, np.ndarray], boxes: np.ndarray, cells: np.ndarray, title: str
) -> Figure:
    """Maps [H, W] by their names, each with a box [4] in places of the map and its cells [S, S].

    Values are from 0, which is white, to 1, which is black.
    """
    fig, axes = style.figure(title, 1.9, 1, 2 * len(maps), pictures=True)
    for place, (name, one) in enumerate(maps.items()):
        (color, line), (left, top, right, bottom) = LOOKS[place], boxes[place]
        upper, lower = axes[0, 2 * place : 2 * place + 2]
        shown = {"cmap": "Greys", "vmin": 0, "vmax": 1}
        upper.imshow(one, extent=(0, one.shape[1], one.shape[0], 0), **shown)
        _outline(upper, (left, top), (right - left, bottom - top), color, line)
        lower.imshow(cells[place], **shown)
        upper.set_title(f"{name}, {' x '.join(map(str, one.shape))}", loc="left")
        lower.set_title(f"in the box, {' x '.join(map(str, cells[place].shape))}", loc="left")
    for axis in axes.flat:
        axis.set(xticks=[], yticks=[])
        axis.spines[:].set_visible(True)
    return fig


def _outline(
    axis: Axes,
    corner: tuple[float, float],
    size: tuple[float, float],
    color: str,
    line: Any,
) -> None:
    """A box that lets one see what is in it; the corner is its upper left one."""
    from matplotlib.patches import Rectangle

    axis.add_patch(
        Rectangle(corner, *size, fill=False, edgecolor=color, linestyle=line, linewidth=2)
    )
