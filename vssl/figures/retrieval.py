"""What retrieval finds: each query, and its nearest training videos."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from vssl.errors import VsslError
from vssl.figures import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# The mark, the colour and the border of a neighbour.
RIGHT = ("✓", style.PALETTE[0], "-")
WRONG = ("✗", style.PALETTE[3], (0, (2, 1.2)))


def strips(
    queries: np.ndarray,
    neighbours: np.ndarray,
    correct: np.ndarray,
    names: Sequence[str],
    title: str,
    found: Sequence[Sequence[str]] | None = None,
) -> Figure:
    """A row for each query uint8 [Q, H, W, 3] with its neighbours [Q, k, H, W, 3], nearest first.

    `correct` [Q, k] says which neighbours share the query's class. `names` are the classes of the
    queries, and `found` are those of the neighbours.
    """
    queries, neighbours, correct = (
        np.asarray(queries),
        np.asarray(neighbours),
        np.asarray(correct, bool),
    )
    if (
        queries.ndim != 4
        or neighbours.ndim != 5
        or correct.shape != neighbours.shape[:2]
        or not len(queries) == len(neighbours) == len(names)
    ):
        raise VsslError(
            "retrieval strips want queries [Q, H, W, 3], neighbours [Q, k, H, W, 3], correct [Q,"
            f" k] and Q names, not {queries.shape}, {neighbours.shape}, {correct.shape} and"
            f" {len(names)}"
        )
    rows, k, height, width = neighbours.shape[:4]
    tile = min(1.5, (style.WIDTH - 0.2) / (k + 1))  # inches
    fig, axes = style.figure(
        title, 0.2 + rows * (tile * height / width + 0.25), rows, k + 1, pictures=True
    )
    for row in range(rows):
        style.picture(axes[row, 0], queries[row], border=style.INK)
        axes[row, 0].set_title(names[row], fontsize=style.SMALL, fontweight="bold", pad=4)
        for place in range(k):
            mark, color, line = RIGHT if correct[row, place] else WRONG
            axis = axes[row, place + 1]
            style.picture(axis, neighbours[row, place], border=color, line=line)
            text = f"{mark} {found[row][place]}" if found else f"{mark} {place + 1}"
            axis.set_title(text, fontsize=style.SMALL, color=color, pad=4)
    return fig
