"""Features in the plane: t-SNE, and scatter plots that can be read without seeing colour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from vssl.errors import VsslError
from vssl.figures import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def tsne(features: np.ndarray, seed: int = 0, perplexity: float | None = None) -> np.ndarray:
    """Place features [n, D] in the plane by t-SNE and return their coordinates [n, 2].

    The same features and seed give the same coordinates on every call, but another processor can
    give others, so keep the coordinates. `perplexity` is roughly how many neighbours of a point
    count; by default 30, or a third of the features if there are fewer than 91.
    """
    features = np.asarray(features, np.float64)
    if features.ndim != 2 or len(features) < 4:
        raise VsslError(f"t-SNE wants at least 4 features [n, D], not {list(features.shape)}")
    if not np.isfinite(features).all() or not features.std(0).any():
        raise VsslError(
            "t-SNE wants finite features that are not all the same; did the training collapse?"
        )
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    perplexity = min(30.0, (len(features) - 1) / 3) if perplexity is None else perplexity
    if not 0 < perplexity < len(features):
        raise VsslError(
            f"t-SNE of {len(features)} features wants a perplexity between 0 and {len(features)},"
            f" not {perplexity:g}"
        )
    # t-SNE starts from a PCA, and that needs two columns.
    features = np.pad(features, ((0, 0), (0, max(0, 2 - features.shape[1]))))
    with threadpool_limits(1):  # with several threads the order of sums is not fixed
        return (
            TSNE(2, init="pca", random_state=seed, perplexity=perplexity, n_jobs=1)
            .fit_transform(features)
            .astype(np.float32)
        )  # [n, 2]


def alike(points: np.ndarray, labels: np.ndarray, groups: np.ndarray) -> float:
    """The share of points whose nearest point of another group has the same label.

    Points are [n, 2]. Groups are performers: another video of the same one would be too easy.
    """
    points, labels, groups = np.asarray(points, np.float64), np.asarray(labels), np.asarray(groups)
    distances = np.square(points[:, None] - points[None]).sum(2)  # [n, n]
    distances[groups[:, None] == groups] = np.inf
    others = np.isfinite(distances).any(1)  # a point may be the only group there is
    if not others.any():
        return 0.0
    return float((labels[distances.argmin(1)] == labels)[others].mean())


def scatter(
    coordinates: np.ndarray, labels: np.ndarray, names: Sequence[str], title: str
) -> Figure:
    """Points [n, 2] with a colour and a marker for each class; `labels` [n] are the classes.

    A class that forms an island has its name written on it.
    """
    return _figure({"": coordinates}, labels, names, title)


def panels(
    coordinates: Mapping[str, np.ndarray], labels: np.ndarray, names: Sequence[str], title: str
) -> Figure:
    """Several placements of the same videos side by side, say before and after training."""
    if not coordinates:
        raise VsslError("there is nothing to draw: give at least one placement")
    return _figure(coordinates, labels, names, title)


def _figure(
    placements: Mapping[str, np.ndarray], labels: np.ndarray, names: Sequence[str], title: str
) -> Figure:
    for points in placements.values():
        _check(points, labels, names)
    columns = min(2, len(placements))
    rows = -(-len(placements) // columns)
    tall = 4.4 if columns == 1 else 3.0  # inches of a panel
    keys = -(-len(names) // int(6 * tall * rows))  # columns of the legend
    fig, axes = style.figure(title, 0.2 + tall * rows, rows, columns)
    legend = (0.065 * max(map(len, names)) + 0.3) * keys  # inches
    inches = np.array([(style.WIDTH - legend) / columns, tall])
    for axis, (name, points) in zip(axes.flat, placements.items(), strict=False):
        points = np.asarray(points, float)
        marks = _points(axis, points, np.asarray(labels), names)
        _islands(axis, points, np.asarray(labels), names, inches)
        axis.set_title(name)
    for axis in axes.flat[len(placements) :]:
        axis.set_axis_off()
    fig.legend(
        handles=marks,
        loc="outside right center",
        ncols=keys,
        fontsize=style.SMALL,
        frameon=False,
        handletextpad=0.1,
    )
    return fig


def _look(k: int) -> tuple[str, str]:
    return style.PALETTE[k % len(style.PALETTE)], style.MARKERS[k % len(style.MARKERS)]


def _points(axis: Axes, points: np.ndarray, labels: np.ndarray, names: Sequence[str]) -> list:
    low, high = points.min(0), points.max(0)
    margin = 0.06 * np.maximum(high - low, 1e-9)
    low, high = low - margin, high + margin
    # No ticks, because the units of t-SNE have no meaning.
    axis.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), xticks=[], yticks=[])
    for spine in axis.spines.values():
        spine.set(visible=True, color=style.PALE)
    marks = []
    for k in np.unique(labels):
        color, marker = _look(k)
        marks += axis.plot(
            *points[labels == k].T,
            marker,
            color=color,
            markersize=4.2,
            alpha=0.85,
            label=names[k],
            markeredgewidth=0.35,
            markeredgecolor=style.INK,
        )
    return marks


def _islands(
    axis: Axes, points: np.ndarray, labels: np.ndarray, names: Sequence[str], inches: np.ndarray
) -> None:
    """Write a class's name at its median if most points around there are its own.

    Where classes mix, a name would mislead.
    """
    if len(names) > 24:
        return  # a hundred names would hide every point; the legend has them
    own = {}
    for k in np.unique(labels):
        median = np.median(points[labels == k], 0)
        near = np.argsort(np.square(points - median).sum(1), kind="stable")[: (labels == k).sum()]
        if (labels[near] == k).mean() > 0.5:
            own[k] = median
    if not own:
        return
    low, high = np.array([axis.get_xlim(), axis.get_ylim()]).T
    # Width and height as fractions of the panel.
    boxes = np.array([(0.6 * len(names[k]) + 1.0, 2.0) for k in own])  # [K, 2]
    boxes = boxes * style.SMALL / 72 / inches
    places = style.apart((np.array(list(own.values())) - low) / (high - low), boxes)
    for k, (across, up) in zip(own, places, strict=True):
        box = {
            "boxstyle": "round,pad=0.2",
            "facecolor": "white",
            "alpha": 0.75,
            "edgecolor": _look(k)[0],
            "linewidth": 1,
        }
        axis.text(
            across,
            up,
            names[k],
            transform=axis.transAxes,
            ha="center",
            va="center",
            fontsize=style.SMALL,
            bbox=box,
            zorder=5,
        )


def _check(coordinates: np.ndarray, labels: np.ndarray, names: Sequence[str]) -> None:
    points, labels = np.asarray(coordinates), np.asarray(labels)
    if points.ndim != 2 or points.shape[1] != 2 or not len(points) or not np.isfinite(points).all():
        raise VsslError(f"a scatter wants finite coordinates [n, 2], not {list(points.shape)}")
    if labels.shape != points.shape[:1] or not ((labels >= 0) & (labels < len(names))).all():
        raise VsslError(
            f"a scatter of {len(points)} points wants as many labels, each below {len(names)} (the"
            " number of names)"
        )
