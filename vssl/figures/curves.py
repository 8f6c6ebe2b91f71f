"""Training curves: a line for the mean and a band from the lowest seed to the highest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from vssl.errors import VsslError
from vssl.figures import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def training(
    curves: Mapping[str, tuple[np.ndarray, np.ndarray]],
    title: str,
    ylabel: str,
    xlabel: str = "epoch",
    chance: float | None = None,
    floor: float | None = None,
) -> Figure:
    """A line for each named curve, drawn from its steps [S] and its values [S] or [seeds, S].

    The name of a curve stands at its end. `chance` is drawn as a dashed line. The axis begins at
    `floor`, if one is given, so that one sees how far from it the curves are.
    """
    lines = {name: _mean_and_range(name, *curve) for name, curve in curves.items()}
    if not lines:
        raise VsslError("there is no curve to draw")
    counts = sorted({count for *_, count in lines.values()})
    spread = (
        f"line: mean; band: lowest to highest of {' or '.join(map(str, counts))} seeds"
        if counts[-1] > 1
        else ""
    )
    fig, axes = style.figure(title, 3.4, caption=spread)
    axis = axes[0, 0]
    for place, (steps, mean, low, high, _) in enumerate(lines.values()):
        color = style.PALETTE[place % len(style.PALETTE)]
        axis.plot(
            steps, mean, color=color, linestyle=style.LINES[place % len(style.LINES)], linewidth=1.8
        )
        axis.fill_between(steps, low, high, color=color, alpha=0.18, linewidth=0)
    ends = {name: (steps[-1], mean[-1]) for name, (steps, mean, *_) in lines.items()}
    if chance is not None:
        axis.axhline(chance, color=style.GREY, linestyle=(0, (4, 3)), linewidth=1)
        ends[f"chance {chance:.3g}"] = (max(x for x, _ in ends.values()), chance)
    axis.margins(x=0.01)
    axis.set_ylim(bottom=floor)
    axis.set(xlabel=xlabel, ylabel=ylabel)
    axis.xaxis.get_major_locator().set_params(integer=True)
    _name_ends(axis, ends)
    return fig


def _mean_and_range(
    name: str, steps: np.ndarray, values: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, int]:
    steps = np.asarray(steps, float)  # [S]
    values = np.atleast_2d(np.asarray(values, float))  # [seeds, S]
    if steps.ndim != 1 or not len(steps) or values.ndim != 2 or values.shape[1] != len(steps):
        raise VsslError(
            f"curve {name!r} wants steps [S] and values [S] or [seeds, S], not {list(steps.shape)}"
            f" and {list(values.shape)}"
        )
    return steps, values.mean(0), values.min(0), values.max(0), len(values)


def _name_ends(axis: Axes, ends: dict[str, tuple[float, float]]) -> None:
    """Write each name to the right of its curve's end, moved up or down where two would overlap."""
    low, high = axis.get_ylim()
    right = axis.get_xlim()[1]
    tall = 1.35 * 8.5 / 72 / 2.6  # the height of a line of text, as a fraction of the axis
    wanted = np.array([((y - low) / (high - low)) for _, y in ends.values()])
    centres = np.column_stack([np.zeros(len(wanted)), wanted])
    moved = style.apart(centres, np.tile([1.0, tall], (len(wanted), 1)), low=-0.5, high=1.5)[:, 1]
    for place, ((name, (x, y)), at) in enumerate(zip(ends.items(), moved, strict=True)):
        color = (
            style.GREY if name.startswith("chance ") else style.PALETTE[place % len(style.PALETTE)]
        )
        line = {"arrowstyle": "-", "color": color, "linewidth": 0.7, "shrinkA": 2, "shrinkB": 0}
        where = 1.03 if x == right or abs(at - (y - low) / (high - low)) < 0.5 * tall else 1.05
        axis.annotate(
            name,
            (x, y),
            (where, at),
            textcoords="axes fraction",
            ha="left",
            va="center",
            color=style.INK,
            arrowprops=line,
        )
