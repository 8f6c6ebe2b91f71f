"""Where a net looks: its last feature maps, drawn over the frame.

Their energy, after Zagoruyko and Komodakis (2017); Pace shows such maps in its Fig. 5. Or their
mean, as CPNet shows it of each head in its Fig. 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import TYPE_CHECKING, Literal

import numpy as np

from vssl.errors import VsslError
from vssl.figures import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from torch import Tensor

ALPHA = 0.5  # how opaque the map is over the frame


def attention(maps: np.ndarray | Tensor, time: Literal["last", "all"] = "last") -> np.ndarray:
    """The mean over channels of squared activations, scaled for each clip to lie between 0 and 1.

    From maps [N, D, T', H', W'] it gives the last step in time, [N, H', W'], which the papers draw
    over the last frame; or, with `time="all"`, every step, [N, T', H', W'].
    """
    if time not in ("last", "all"):
        raise VsslError(f"there is no time {time!r}; choose 'last' or 'all'")
    energy = np.square(_maps(maps)).mean(1)  # [N, T', H', W']
    energy = energy[:, -1] if time == "last" else energy
    return _scaled(energy)


def salience(maps: np.ndarray | Tensor) -> np.ndarray:
    """The mean over channels and time, scaled for each clip to lie between 0 and 1, [N, H', W'].

    CPNet draws it of the maps in its heads, [N, D, T', H', W'] (its Figure 3).
    """
    return _scaled(_maps(maps).mean((1, 2)))


def _maps(maps: np.ndarray | Tensor) -> np.ndarray:
    """Feature maps [N, D, T', H', W'] in double precision."""
    if not isinstance(maps, np.ndarray):
        maps = maps.detach().float().cpu().numpy()
    if maps.ndim != 5:
        raise VsslError(
            f"attention wants the maps of a stage, [N, D, T', H', W'], not {list(maps.shape)}"
        )
    return maps.astype(np.float64)


def _scaled(weights: np.ndarray) -> np.ndarray:
    """Each clip's weights [N, ...], from 0 at their least to 1 at their most."""
    inner = tuple(range(1, weights.ndim))
    weights = weights - weights.min(inner, keepdims=True)
    peak = weights.max(inner, keepdims=True)
    peak = np.where(peak > 0, peak, 1)  # a flat map stays zero and is not divided by zero
    return (weights / peak).astype(np.float32)


def in_crop(
    boxes: np.ndarray, frame: tuple[int, int], stored: tuple[int, int], size: int
) -> np.ndarray:
    """Boxes as fractions of a square crop from the middle of a stored frame, [N, 4].

    `boxes` are left, top, right, bottom in pixels of a `frame` (height, width) that is stored at
    another size.
    """
    fraction = np.asarray(boxes, np.float64) / np.array([*frame[::-1], *frame[::-1]])
    corner = [(stored[1] - size) // 2, (stored[0] - size) // 2]  # left, top
    scaled = fraction * np.array([*stored[::-1], *stored[::-1]]) - np.array([*corner, *corner])
    return np.clip(scaled / size, 0, 1)


def share_inside(maps: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """The share of each map that lies inside its box, [N].

    Maps are [N, H', W']; boxes are left, top, right and bottom as fractions of the picture, [N, 4].
    A cell that a box cuts counts by the part inside. A map of zeros counts as a flat one.
    """
    maps, boxes = np.asarray(maps, np.float64), np.asarray(boxes, np.float64)
    if maps.ndim != 3 or boxes.shape != (len(maps), 4):
        raise VsslError(
            f"shares are of maps [N, H', W'] and as many boxes [N, 4], not {maps.shape} and"
            f" {boxes.shape}"
        )
    _, height, width = maps.shape

    def covered(low: np.ndarray, high: np.ndarray, cells: int) -> np.ndarray:
        edges = np.arange(cells + 1) / cells
        inner = np.minimum(high[:, None], edges[1:]) - np.maximum(low[:, None], edges[:-1])
        return np.clip(inner * cells, 0, 1)  # [N, cells], the part of each cell inside

    part = (
        covered(boxes[:, 1], boxes[:, 3], height)[:, :, None]
        * covered(boxes[:, 0], boxes[:, 2], width)[:, None, :]
    )  # [N, H', W']
    whole = maps.sum((1, 2))
    maps = np.where(whole[:, None, None] > 0, maps, 1)
    return (maps * part).sum((1, 2)) / maps.sum((1, 2))


def overlay(
    frames: np.ndarray,
    maps: np.ndarray,
    row_names: Sequence[str],
    column_names: Sequence[str],
    title: str,
) -> Figure:
    """A grid of maps over their frames, with a name for each row and each column.

    Frames are uint8 [R, Cn, H, W, 3] for R rows and Cn columns; maps are [R, Cn, H', W'].
    """
    frames, maps = np.asarray(frames), np.asarray(maps)
    if (
        frames.ndim != 5
        or frames.dtype != np.uint8
        or maps.ndim != 4
        or frames.shape[:2] != maps.shape[:2]
    ):
        raise VsslError(
            "an overlay wants uint8 frames [R, Cn, H, W, 3] and maps [R, Cn, H', W'], not"
            f" {frames.shape} and {maps.shape}"
        )
    rows, columns, height, width = frames.shape[:4]
    if (rows, columns) != (len(row_names), len(column_names)):
        raise VsslError(
            f"an overlay of {rows} x {columns} frames wants as many row and column names"
        )
    import matplotlib
    from matplotlib.cm import ScalarMappable

    # Inches. One or two columns need not fill the page.
    side = min(1.6, (style.WIDTH - 1.6) / columns)
    fig, axes = style.figure(
        title, 0.5 + rows * side * height / width, rows, columns, pictures=True
    )
    for row, column in product(range(rows), range(columns)):
        axis = axes[row, column]
        style.picture(axis, blend(frames[row, column], maps[row, column]))
        if row == 0:
            axis.set_title(column_names[column])
        if column == 0:
            axis.set_ylabel(row_names[row], rotation=0, ha="right", va="center", labelpad=6)
    magma = ScalarMappable(cmap=matplotlib.colormaps["magma"])
    bar = fig.colorbar(magma, ax=axes, fraction=0.02, pad=0.01, ticks=[0, 1])
    bar.ax.set_yticklabels(["least", "most"])
    bar.outline.set_visible(False)
    return fig


def blend(frame: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """A frame with its map laid over it, both uint8 [H, W, 3].

    The map [H', W'] is enlarged to the size of the frame by bicubic interpolation.
    """
    import matplotlib
    from PIL import Image

    height, width = frame.shape[:2]
    large = np.asarray(
        Image.fromarray(np.asarray(weights, np.float32)).resize(
            (width, height), Image.Resampling.BICUBIC
        )
    )  # [H, W]
    heat = matplotlib.colormaps["magma"](np.clip(large, 0, 1))[..., :3]  # bicubic can overshoot
    return ((1 - ALPHA) * frame + ALPHA * 255 * heat).round().astype(np.uint8)
