"""When something happens in a long video: its pictures, its actions, and what a net says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from vssl.errors import VsslError
from vssl.figures import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def timeline(
    pictures: np.ndarray,
    curves: Mapping[str, np.ndarray],
    spans: Mapping[str, np.ndarray],
    seconds: float,
    title: str,
) -> Figure:
    """A video from its beginning to its end, with all rows on one line of time.

    pictures   frames spread evenly over the video, uint8 [P, H, W, 3].
    curves     values from 0 to 1 at evenly spread positions, [T] each; there may be none.
    spans      rows of bars, [G, 2] each, from a start to an end in fractions of the video; in a
               third column [G, 3] may stand a score, which is written beside the bar.
    """
    if pictures.ndim != 4 or not len(pictures) or not spans:
        raise VsslError("a time line wants pictures [P, H, W, 3], and spans to show below them")
    across = (style.WIDTH - 1.5) / len(pictures)  # inches of one picture
    rows = sum(max(1, len(some)) for some in spans.values())
    heights = [across * pictures.shape[1] / pictures.shape[2], *[0.7] * bool(curves), 0.16 * rows]
    fig, axes = style.figure(
        title, sum(heights) + 1.0, len(heights), 1, sharex=True, height_ratios=heights
    )
    film, *middle, below = axes[:, 0]
    joined = np.concatenate(list(pictures), axis=1)  # [H, P W, 3]
    film.imshow(joined, extent=(0, seconds, 0, 1), aspect="auto", interpolation="antialiased")
    film.set(yticks=[])
    film.tick_params(bottom=False)
    for spine in film.spines.values():
        spine.set_visible(False)
    for axis in middle:
        _draw_curves(axis, curves, seconds)
    _draw_spans(below, spans, seconds)
    return fig


def _draw_curves(axis: Axes, curves: Mapping[str, np.ndarray], seconds: float) -> None:
    for place, (name, values) in enumerate(curves.items()):
        time = np.arange(len(values)) / len(values) * seconds
        color, line = style.PALETTE[place], style.LINES[place]
        axis.plot(time, values, color=color, linestyle=line, linewidth=1.5, label=name)
    axis.set(ylim=(0, 1.02), yticks=[0, 1])
    axis.legend(frameon=False, fontsize=style.SMALL, loc="center left", bbox_to_anchor=(1, 0.5))


def _draw_spans(axis: Axes, spans: Mapping[str, np.ndarray], seconds: float) -> None:
    """A row for each span, so that none covers another; the name stands at the first of a kind."""
    row, names = 0, {}
    for place, (name, some) in enumerate(spans.items()):
        names[row] = name
        color = style.INK if place == 0 else style.PALETTE[place - 1]
        for start, end, *score in some:
            axis.barh(row, (end - start) * seconds, 0.7, start * seconds, color=color)
            if score:
                at = (end * seconds, row)
                axis.annotate(
                    f"{score[0]:.2f}", at, (3, 0), textcoords="offset points", va="center",
                    fontsize=style.SMALL,
                )  # fmt: skip
            row += 1
        row += not len(some)
    axis.set(xlim=(0, seconds), ylim=(row - 0.4, -0.6), xlabel="seconds")
    axis.set_yticks(list(names), list(names.values()))
    axis.tick_params(axis="y", length=0)
    axis.spines["left"].set_visible(False)
