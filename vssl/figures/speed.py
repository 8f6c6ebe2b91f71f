"""Figures of speed: races, all stages of a clip on one axis, and the rounds of a noisy machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vssl.errors import VsslError
from vssl.figures import style
from vssl.figures.growth import Growth, growth
from vssl.figures.ticks import plain, thousands

__all__ = ["Bar", "Growth", "growth", "races", "rounds", "way"]

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# The four kinds of bar: ours, another way of ours, somebody else's, and a floor, which is the time
# of a part of the work that nobody can leave out.
LOOKS: dict[str, dict[str, Any]] = {
    "ours": {"color": style.PALETTE[0], "edgecolor": style.INK, "linewidth": 0.6},
    "also ours": {"color": style.PALETTE[9], "edgecolor": style.INK, "linewidth": 0.6},
    "other": {"color": style.PALETTE[1], "edgecolor": style.INK, "linewidth": 0.6},
    "floor": {"color": "white", "edgecolor": style.GREY, "linewidth": 0.8, "hatch": "////"},
}
DOTS = {"ours": "o", "also ours": "o", "other": "s", "floor": "D"}


@dataclass(frozen=True)
class Bar:
    """A contender's rate in its median round, its slowest (`low`) and its fastest (`high`).

    A contender without a rate was not run.
    """

    name: str
    rate: float | None = None
    low: float = 0.0
    high: float = 0.0
    kind: str = "other"
    label: str = ""


def races(
    panels: Mapping[str, Sequence[Bar]], title: str, xlabel: str, columns: int = 1, note: str = ""
) -> Figure:
    """A panel for each race, with its contenders from top to bottom.

    A line spans the rounds. Hatched bars are floors, which do only a part of the work. Panels side
    by side share the names of the first one, so they must have the same contenders.
    """
    if not panels or not all(panels.values()):
        raise VsslError("races want at least one panel, and a contender in each")
    if columns > 1 and len({frozenset(bar.name for bar in bars) for bars in panels.values()}) > 1:
        raise VsslError(
            "panels side by side share their names: give each the same contenders, or draw one"
            " below the other"
        )
    counts = [len(bars) for bars in panels.values()]
    rows = -(-len(panels) // columns)
    each = [max(counts[row * columns : (row + 1) * columns]) for row in range(rows)]
    kinds = {bar.kind for bars in panels.values() for bar in bars}
    caption = "; ".join(
        [
            "line: slowest to fastest round",
            *(["hatched: a floor, less than the job"] if "floor" in kinds else []),
            note,
        ]
    )
    fig, axes = style.figure(
        title,
        0.5 + sum(0.5 + 0.24 * count for count in each),
        rows,
        columns,
        caption.rstrip("; "),
        gridspec_kw={"height_ratios": [count + 0.8 for count in each]},
        sharey=columns > 1,
    )
    names = [bar.name for bar in next(iter(panels.values()))]
    for axis, (name, bars) in zip(axes.flat, panels.items(), strict=False):
        found = {bar.name: bar for bar in bars}
        _race(
            axis, [found[name] for name in names] if columns > 1 else list(bars), narrow=columns > 1
        )
        axis.set_title(name, loc="left")
    for axis in axes.flat[len(panels) :]:
        axis.set_axis_off()
    for column in range(columns):
        axes[(len(panels) - 1 - column) // columns, column].set_xlabel(xlabel)
    return fig


def _race(axis: Axes, bars: list[Bar], narrow: bool) -> None:
    for place, bar in enumerate(bars):
        if bar.rate is None:
            text = f"not run{f': {bar.label}' if bar.label else ''}"
            axis.annotate(
                text,
                (0, place),
                (5, 0),
                textcoords="offset points",
                va="center",
                fontsize=style.SMALL,
                color=style.GREY,
            )
            continue
        axis.barh(place, bar.rate, height=0.66, **LOOKS[bar.kind])
        axis.plot([bar.low, bar.high], [place, place], color=style.INK, linewidth=1.4, zorder=4)
        axis.annotate(
            bar.label,
            (max(bar.rate, bar.high), place),
            (5, 0),
            textcoords="offset points",
            va="center",
            fontsize=style.SMALL,
        )
    axis.set_xlim(
        0,
        max((bar.high for bar in bars if bar.rate is not None), default=1.0)
        * (1.72 if narrow else 1.3),
    )
    axis.set_ylim(len(bars) - 0.4, -0.6)
    thousands(axis.xaxis)
    axis.set_yticks(range(len(bars)), [bar.name for bar in bars])
    axis.tick_params(axis="y", length=0)


def way(groups: Mapping[str, Sequence[Bar]], title: str, xlabel: str, note: str = "") -> Figure:
    """The rates of all stages that a clip passes, from first to last, on one logarithmic axis.

    Each group of stages has a heading.
    """
    bars = [bar for group in groups.values() for bar in group]
    if not bars or any(not bar.rate for bar in bars):
        raise VsslError("the way of a clip wants stages, each with a rate above 0")
    fig, axes = style.figure(title, 0.7 + 0.27 * (len(bars) + len(groups)), caption=note)
    axis = axes[0, 0]
    names: list[str] = []
    for heading, group in groups.items():
        words = {
            "xycoords": ("axes fraction", "data"),
            "textcoords": "offset points",
            "va": "center",
            "weight": "bold",
        }
        axis.annotate(heading, (0, len(names)), (6, 0), **words)
        names.append("")
        for bar in group:
            _stage(axis, len(names), bar)
            names.append(bar.name)
    axis.set_xscale("log")
    axis.set_xlim(min(bar.low for bar in bars) / 1.6, max(bar.high for bar in bars) * 3)
    axis.set(xlabel=xlabel, ylim=(len(names) - 0.4, -0.7))
    axis.set_yticks(range(len(names)), names)
    axis.tick_params(axis="y", length=0)
    return fig


def _stage(axis: Axes, place: int, bar: Bar) -> None:
    colour = style.GREY if bar.kind == "floor" else LOOKS[bar.kind]["color"]
    face = "white" if bar.kind == "floor" else colour
    assert bar.rate is not None  # `way` has refused a stage without one
    axis.axhline(place, color=style.PALE, linewidth=0.8, zorder=0)
    axis.plot([bar.low, bar.high], [place, place], color=colour, linewidth=3, alpha=0.5, zorder=2)
    axis.plot(
        bar.rate,
        place,
        DOTS[bar.kind],
        markersize=6.5,
        color=colour,
        markerfacecolor=face,
        zorder=3,
    )
    # White behind the label, so that the line from the stage's name does not run through it.
    clear = {"boxstyle": "square,pad=0.15", "facecolor": "white", "edgecolor": "none"}
    axis.annotate(
        bar.label,
        (bar.high, place),
        (7, 0),
        textcoords="offset points",
        va="center",
        fontsize=style.SMALL,
        bbox=clear,
    )


def rounds(seconds: Mapping[str, Sequence[float]], title: str, note: str = "") -> Figure:
    """Two contenders, round by round.

    On the left are the seconds of each, on the right how many times as long the second took.
    """
    if (
        len(seconds) != 2
        or len({len(values) for values in seconds.values()}) != 1
        or not all(map(len, seconds.values()))
    ):
        raise VsslError("rounds want two contenders with as many rounds each")
    fig, axes = style.figure(title, 2.6, 1, 2, caption=note, width_ratios=[3, 2])
    left, right = axes[0]
    for place, (name, values) in enumerate(seconds.items()):
        left.plot(
            range(1, len(values) + 1),
            values,
            f"{style.MARKERS[place]}-",
            color=style.PALETTE[place],
            markersize=4,
            label=name,
        )
    first, second = (np.asarray(values, float) for values in seconds.values())
    right.plot(range(1, len(first) + 1), second / first, "^-", color=style.PALETTE[2], markersize=4)
    right.axhline(
        float(np.median(second / first)), color=style.GREY, linestyle=(0, (4, 3)), linewidth=1
    )
    left.set(xlabel="round", ylabel="seconds", ylim=(0, 1.25 * max(first.max(), second.max())))
    spread = max(first.max() / first.min(), second.max() / second.min())
    middle = np.sqrt((second / first).max() * (second / first).min())
    right.set(
        xlabel="round",
        ylabel="second / first",
        ylim=(middle / (1.2 * spread), middle * 1.2 * spread),
        yscale="log",
    )
    plain(right.yaxis)
    left.legend(frameon=False, loc="upper left", ncols=2)
    for axis in (left, right):
        axis.xaxis.get_major_locator().set_params(integer=True)
    return fig
