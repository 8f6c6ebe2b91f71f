"""How fast things are: races of contenders, the stages of a clip on one axis, rounds on a noisy machine, and how cost grows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vssl.errors import VsslError
from vssl.figures import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# What a bar is: ours, another way of ours, somebody else's, or a floor that does less than the job.
LOOKS = {
    "ours": {"color": style.PALETTE[0], "edgecolor": style.INK, "linewidth": 0.6},
    "also ours": {"color": style.PALETTE[9], "edgecolor": style.INK, "linewidth": 0.6},
    "other": {"color": style.PALETTE[1], "edgecolor": style.INK, "linewidth": 0.6},
    "floor": {"color": "white", "edgecolor": style.GREY, "linewidth": 0.8, "hatch": "////"},
}
DOTS = {"ours": "o", "also ours": "o", "other": "s", "floor": "D"}


@dataclass(frozen=True)
class Bar:
    """A contender's rate, of its slowest and of its fastest round; without a rate it was not run."""

    name: str
    rate: float | None = None
    low: float = 0.0
    high: float = 0.0
    kind: str = "other"
    label: str = ""


def races(
    panels: Mapping[str, Sequence[Bar]], title: str, xlabel: str, columns: int = 1, note: str = ""
) -> Figure:
    """A panel a race, its contenders from top to bottom; a line spans the rounds, and hatched is a floor that does less than the job.

    Side by side, panels share the names of the first one, so they must have the same contenders.
    """
    if not panels or not all(panels.values()):
        raise VsslError("races want at least one panel, and a contender in each")
    if columns > 1 and len({frozenset(bar.name for bar in bars) for bars in panels.values()}) > 1:
        raise VsslError(
            "panels side by side share their names: give each the same contenders, or draw one below the other"
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
    options = {
        "gridspec_kw": {"height_ratios": [count + 0.8 for count in each]},
        "sharey": columns > 1,
    }
    fig, axes = style.figure(
        title,
        0.5 + sum(0.5 + 0.24 * count for count in each),
        rows,
        columns,
        caption.rstrip("; "),
        **options,
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
    _thousands(axis.xaxis)
    axis.set_yticks(range(len(bars)), [bar.name for bar in bars])
    axis.tick_params(axis="y", length=0)


def way(groups: Mapping[str, Sequence[Bar]], title: str, xlabel: str, note: str = "") -> Figure:
    """Stages on one logarithmic axis, from the first a clip passes to the last; groups have a heading and a rule between them."""
    bars = [bar for group in groups.values() for bar in group]
    if not bars or any(not bar.rate for bar in bars):
        raise VsslError("the way of a clip wants stages, each with a rate above 0")
    fig, axes = style.figure(title, 0.7 + 0.27 * (len(bars) + len(groups)), caption=note)
    axis, names = axes[0, 0], []
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
    clear = {
        "boxstyle": "square,pad=0.15",
        "facecolor": "white",
        "edgecolor": "none",
    }  # of the line that leads to the name
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
    """Two contenders, round by round: the seconds of each on the left, how many times longer the second took on the right."""
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
    _plain(right.yaxis)
    left.legend(frameon=False, loc="upper left", ncols=2)
    for axis in (left, right):
        axis.xaxis.get_major_locator().set_params(integer=True)
    return fig


@dataclass(frozen=True)
class Growth:
    """What one unit costs at each size of something: sizes [P] and costs [P] of every round [P, rounds]; `power` of the dashed line."""

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
    """Small multiples, both axes logarithmic: points are median rounds, lines span the rounds.

    Dashed, from the first point on, is the cost in proportion to the work. `level` adds panels of a value that should not grow, on
    linear axes from zero.
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
        _thousands(axis.xaxis)
        _thousands(axis.yaxis)
        axis.set_title(name, loc="left")
    for axis in axes.flat[len(panels) + len(level or {}) :]:
        axis.set_axis_off()
    return fig


def _grows(axis: Axes, name: str, one: Growth, colour: str, marker: str) -> None:
    sizes = np.asarray(one.sizes, float)
    middle = np.array([np.median(rounds) for rounds in one.costs])
    spans = [(min(rounds), max(rounds)) for rounds in one.costs]
    places = (
        np.arange(len(sizes)) if sizes.min() <= 0 else sizes
    )  # no threads at all have no place on a logarithmic axis
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
    room = max(
        1.15, (3 / (high / low)) ** 0.5
    )  # a factor of three at least, or noise would look like a law
    axis.set_ylim(low / room, high * room)
    axis.set_xticks(places, [f"{size:,.0f}" for size in sizes])
    axis.minorticks_off()
    _plain(axis.yaxis)
    axis.set_title(name, loc="left")
    axis.set_ylabel(one.ylabel)


def _plain(axis) -> None:
    """Three ticks or more on a logarithmic axis, written as numbers: powers of ten alone would leave most of ours without one."""
    from matplotlib.ticker import FixedLocator, NullLocator

    low, high = sorted(axis.get_view_interval())
    decades = [
        10.0**power
        for power in range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    ]
    for steps in ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 5, 7)):
        ticks = [
            step * decade for decade in decades for step in steps if low <= step * decade <= high
        ]
        if len(ticks) >= 3:
            break
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_minor_locator(NullLocator())
    _thousands(axis)


def _thousands(axis) -> None:
    from matplotlib.ticker import FuncFormatter

    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))
