"""Sampling laws: the density as defined, over the histogram of what was drawn from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from vssl.errors import VsslError
from vssl.figures import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# The density P(t) for t in [0, 1], and the whole numbers that were drawn from it.
Drawn = tuple[Callable[[np.ndarray], np.ndarray], np.ndarray]


def laws(drawn: Mapping[str, Drawn], longest: int, title: str) -> Figure:
    """A panel for each law, with its curve over the shares of the intervals that were drawn.

    The intervals run from 0 to `longest`, which is not among them.
    """
    if not drawn or longest < 1:
        raise VsslError("at least one law is wanted, over an interval of one frame or more")
    columns = min(3, len(drawn))
    rows = -(-len(drawn) // columns)
    fig, axes = style.figure(
        title,
        0.3 + 1.45 * rows,
        rows,
        columns,
        "line: P(t); bars: shares drawn",
        sharex=True,
        sharey=True,
    )
    t = np.linspace(0, 1, 201)
    for place, (axis, (name, (density, draws))) in enumerate(
        zip(axes.flat, drawn.items(), strict=False)
    ):
        draws = np.asarray(draws)
        if not len(draws) or draws.dtype.kind not in "iu" or draws.min() < 0:
            raise VsslError(
                f"law {name!r} wants the intervals that it gave: at least one, each a whole number"
                " from 0 up"
            )
        counts = np.bincount(draws, minlength=longest)
        if len(counts) > longest:
            raise VsslError(
                f"law {name!r} gave an interval of {len(counts) - 1}, and the longest is"
                f" {longest - 1}"
            )
        share = 100 * counts / len(draws)
        axis.bar(np.arange(longest) + 0.5, share, width=1.0, color=style.PALE, linewidth=0)
        curve = 100 * np.asarray(density(t)) / longest  # P per frame, in percent as the bars are
        axis.plot(longest * t, curve, color=style.PALETTE[0], linewidth=1.8)
        axis.set_title(name, loc="left")
        axis.tick_params(labelbottom=True)
        if place % columns == 0:
            axis.set_ylabel("share, %")
    for axis in axes.flat[len(drawn) :]:
        axis.set_axis_off()
    for column in range(columns):
        axes[(len(drawn) - 1 - column) // columns, column].set_xlabel("interval t, frames")
    axes[0, 0].set(xlim=(0, longest), ylim=(0, None))
    return fig
