"""Numbers with their seeds: a bar for the mean, a dot for every seed, and a 95 % interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from vssl.errors import VsslError
from vssl.figures import style
from vssl.statistics import half_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Values = Mapping[str, Mapping[str, Sequence[float]]]  # group -> name -> one value a seed


def interval(seeds: Sequence[float] | np.ndarray) -> float:
    """Half the width of the mean's 95 % interval by Student's t.

    It is zero for a single seed, since one value says nothing about the spread.
    """
    return half_width(seeds) if len(seeds) > 1 else 0.0


def bars(
    values: Values,
    title: str,
    ylabel: str,
    chance: float | Mapping[str, float] | None = None,
    paper: Mapping[str, Mapping[str, float]] | None = None,
) -> Figure:
    """A panel for each group and in it a bar for each name, with a dot for every seed.

    A line on the bar spans the 95 % interval of the mean. `chance` is one level for all groups, or
    one for each. A name without values is marked "not run". A name with "random" in it is grey, and
    all others have one colour. `paper` gives the paper's own values. They have a panel of their
    own, as hollow diamonds: the paper used other data, so only the order can be compared.
    """
    names = list(dict.fromkeys(name for group in values.values() for name in group))
    counts = sorted(
        {len(seeds) for group in values.values() for seeds in group.values() if len(seeds)}
    )
    if not names:
        raise VsslError("bars want at least one name")
    levels: Mapping[str, float | None] = (
        chance if isinstance(chance, Mapping) else dict.fromkeys(values, chance)
    )
    panels = [
        (group, of_paper)
        for group in values
        for of_paper in (True, False)
        if not of_paper or (paper or {}).get(group)
    ]
    columns = 2 if len(panels) in (2, 4) else min(3, len(panels))
    rows = -(-len(panels) // columns)
    several = sorted({level for group in values if (level := levels.get(group)) is not None})
    caption = _legend(counts, several, bool(paper))
    fig, axes = style.figure(
        title,
        0.4 + rows * (0.55 + 0.34 * len(names)),
        rows,
        columns,
        caption,
        sharey=True,
        sharex=True,
    )
    for axis, (group, of_paper) in zip(axes.flat, panels, strict=False):
        if of_paper:
            _marks(axis, (paper or {})[group], names)
            axis.set_title(f"{group}: the paper", loc="left")
            axis.tick_params(labelbottom=True)
            continue
        _panel(axis, values[group], names, levels.get(group))
        own = (
            f", chance {levels[group]:.3g}"
            if len(several) > 1 and levels.get(group) is not None
            else ""
        )
        axis.set_title(f"{group}{own}", loc="left")
        axis.tick_params(labelbottom=True)
    # This comes last because all panels share these limits.
    axes[0, 0].set_xlim(_limits(values, paper or {}, *axes[0, 0].get_xlim()))
    for axis in axes.flat[len(panels) :]:
        axis.set_axis_off()
    for column in range(columns):
        lowest_row = (len(panels) - 1 - column) // columns  # the last row need not be full
        axes[lowest_row, column].set_xlabel(ylabel)
    axes[0, 0].set_ylim(len(names) - 0.4, -0.6)
    axes[0, 0].set_yticks(range(len(names)), names)
    return fig


def _limits(
    values: Values, paper: Mapping[str, Mapping[str, float]], left: float, right: float
) -> tuple[float, float]:
    """Where all panels begin and end, from what autoscaling found.

    Where nothing has run, autoscaling sees only the paper's marks and would put them on the edge of
    the panel.
    """
    seeds = [seed for group in values.values() for row in group.values() for seed in row]
    marks = [mark for group in values for mark in paper.get(group, {}).values()]
    lowest = min([*seeds, *marks], default=0.0)
    return min(0.0, left) if lowest < 0 else 0.0, max(right, 1.12 * _highest(values, paper))


def _highest(values: Values, paper: Mapping[str, Mapping[str, float]]) -> float:
    """The largest number drawn: a seed, the end of an interval, or a mark of the paper."""
    ends = [
        float(np.mean(seeds)) + interval(seeds)
        for group in values.values()
        for seeds in group.values()
        if len(seeds)
    ]
    dots = [seed for group in values.values() for seeds in group.values() for seed in seeds]
    marks = [mark for group in values for mark in paper.get(group, {}).values()]
    return float(max([*ends, *dots, *marks], default=0.0))


def _legend(counts: list[int], levels: list[float], paper: bool) -> str:
    parts = [f"bar: mean; dot: a seed (n = {' or '.join(map(str, counts)) or 'none yet'})"]
    if counts and counts[-1] > 1:
        parts.append("line: 95 % interval")
    if paper:
        parts.append("◇: the paper, on its data")
    if levels:
        parts.append(f"dashed: chance{f', {levels[0]:.3g}' if len(levels) == 1 else ''}")
    return "; ".join(parts)


def _marks(axis: Axes, paper: Mapping[str, float], names: list[str]) -> None:
    """The paper's numbers, of the rows that it reports."""
    for place, name in enumerate(names):
        if name in paper:
            axis.plot(
                paper[name],
                place,
                "D",
                markersize=6,
                markerfacecolor="white",
                markeredgecolor=style.INK,
                zorder=5,
            )
            axis.annotate(
                f"{paper[name]:.3g}",
                (paper[name], place),
                (7, 0),
                textcoords="offset points",
                va="center",
                fontsize=style.SMALL,
            )
    axis.margins(x=0.12)
    axis.tick_params(axis="y", length=0)


def _panel(
    axis: Axes,
    rows: Mapping[str, Sequence[float]],
    names: list[str],
    chance: float | None,
) -> None:
    for place, name in enumerate(names):
        if not len(rows.get(name, ())):
            axis.annotate(
                "not run",
                (0, place),
                (5, 0),
                textcoords="offset points",
                va="center",
                fontsize=style.SMALL,
                color=style.GREY,
            )
            continue
        seeds = np.asarray(rows[name], float)
        mean, half = seeds.mean(), interval(seeds)
        color = style.GREY if "random" in name else style.PALETTE[0]
        axis.barh(place, mean, height=0.62, color=color, alpha=0.75, zorder=2)
        if half:
            axis.errorbar(
                mean, place, xerr=half, color=style.INK, linewidth=1.2, capsize=3, zorder=4
            )
        jitter = np.linspace(-0.16, 0.16, len(seeds)) if len(seeds) > 1 else np.zeros(1)
        axis.plot(
            seeds,
            place + jitter,
            "o",
            markersize=3,
            markerfacecolor="white",
            markeredgecolor=style.INK,
            markeredgewidth=0.7,
            zorder=5,
        )
        axis.annotate(
            f"{mean:.3g}",
            (max(mean + half, seeds.max()), place),
            (5, 0),
            textcoords="offset points",
            va="center",
            fontsize=style.SMALL,
        )
    if chance is not None:
        axis.axvline(chance, color=style.INK, linestyle=(0, (4, 3)), linewidth=1, zorder=3)
    axis.margins(x=0.12)
    axis.tick_params(axis="y", length=0)
