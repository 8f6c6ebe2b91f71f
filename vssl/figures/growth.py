"""How the cost of one unit grows with the size of the work, beside the law it should follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vssl.errors import VsslError
from vssl.figures import style
from vssl.figures.ticks import plain, thousands

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Growth:
    """What one unit costs at each size of something.

    There are P sizes, and `costs` is [P, rounds]. `power` is the expected power of the size, which
    the dashed line shows.
    """

    sizes: Sequence[float]
    costs: Sequence[Sequence[float]]
    power: float = 0.0
    ylabel: str = "cost"


def growth(
    panels: Mapping[str, Growth],
    title: str,
    note: str = "",
    level: Mapping[str, tuple[Sequence[float], Sequence[float]]] | None = None,
) -> Figure:
    """A small panel for each thing that grows, on logarithmic axes.

    Points are median rounds and pale lines span the rounds. The dashed line is the cost in
    proportion to the work, starting from the first point. `level` adds panels of values that should
    not grow, as steps and values on linear axes that start at zero.
    """
    if not panels or any(
        len(one.sizes) != len(one.costs) or not len(one.sizes) for one in panels.values()
    ):
        raise VsslError("growth wants at least one panel, and in each as many costs as sizes")
    columns = 2
    rows = -(-(len(panels) + len(level or {})) // columns)
    fig, axes = style.figure(title, 0.3 + 1.75 * rows, rows, columns, caption=note)
    for place, (axis, (name, one)) in enumerate(zip(axes.flat, panels.items(), strict=False)):
        _grows(
            axis,
            name,
            one,
            style.PALETTE[0] if one.power == 0 else style.PALETTE[3],
            style.MARKERS[place % len(style.MARKERS)],
        )
    for axis, (name, (steps, values)) in zip(
        axes.flat[len(panels) :], (level or {}).items(), strict=False
    ):
        axis.plot(steps, values, "o-", color=style.PALETTE[2], markersize=3.5)
        axis.set(ylim=(0, 1.25 * max(values)), xlim=(0, None))
        thousands(axis.xaxis)
        thousands(axis.yaxis)
        axis.set_title(name, loc="left")
    for axis in axes.flat[len(panels) + len(level or {}) :]:
        axis.set_axis_off()
    return fig


def _grows(axis: Axes, name: str, one: Growth, colour: str, marker: str) -> None:
    sizes = np.asarray(one.sizes, float)
    middle = np.array([np.median(rounds) for rounds in one.costs])
    spans = [(min(rounds), max(rounds)) for rounds in one.costs]
    # A size of 0, which means no threads, has no place on a logarithmic axis.
    places = np.arange(len(sizes)) if sizes.min() <= 0 else sizes
    if sizes.min() > 0:
        axis.set_xscale("log", base=2)
    line = (
        middle[0] * (places / places[0]) ** one.power
        if one.power
        else np.full(len(places), middle[0])
    )
    axis.plot(places, line, color=style.GREY, linestyle=(0, (4, 3)), linewidth=1.1, zorder=1)
    axis.plot(places, middle, f"{marker}-", color=colour, markersize=4.5, linewidth=1.4, zorder=3)
    for at, (low, high) in zip(places, spans, strict=True):
        axis.plot([at, at], [low, high], color=colour, linewidth=2.6, alpha=0.4, zorder=2)
    axis.set_yscale("log")
    low = min(min(low for low, _ in spans), line.min())
    high = max(max(high for _, high in spans), line.max())
    # The axis spans at least a factor of three, or noise would look like a law.
    room = max(1.15, (3 / (high / low)) ** 0.5)
    axis.set_ylim(low / room, high * room)
    axis.set_xticks(places, [f"{size:,.0f}" for size in sizes])
    axis.minorticks_off()
    plain(axis.yaxis)
    axis.set_title(name, loc="left")
    axis.set_ylabel(one.ylabel)
