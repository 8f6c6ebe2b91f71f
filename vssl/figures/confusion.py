"""Which classes a net takes for which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from vssl.errors import VsslError
from vssl.figures import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def confusion(matrix: np.ndarray, names: Sequence[str], title: str) -> Figure:
    """Counts [K, K], true classes down and predicted ones across.

    The shade is the share of the true class, the number the count.
    """
    matrix = np.asarray(matrix)
    if matrix.shape != (len(names), len(names)) or not len(names) or (matrix < 0).any():
        raise VsslError(
            f"a confusion matrix of {len(names)} classes wants counts [{len(names)}, {len(names)}],"
            f" not {list(matrix.shape)}"
        )
    share = 100 * matrix / np.maximum(matrix.sum(1, keepdims=True), 1)
    cells = len(names)
    caption = "shade: share of the true class" + "; number: how many" * (cells <= 25)
    fig, axes = style.figure(title, min(6.6, 1.5 + 0.31 * cells), caption=caption, pictures=True)
    axis = axes[0, 0]
    image = axis.imshow(share, cmap="cividis", vmin=0, vmax=100)
    if cells <= 25:  # beyond that a number no longer fits its cell
        for row, column in zip(*np.nonzero(matrix), strict=True):
            ink = "white" if share[row, column] < 55 else "black"
            axis.text(
                column,
                row,
                f"{matrix[row, column]:g}",
                ha="center",
                va="center",
                fontsize=6.5,
                color=ink,
            )
    if cells * max(map(len, names)) > 60:  # side by side the names would not fit
        axis.set_xticks(range(cells), names, rotation=45, ha="right", rotation_mode="anchor")
    else:
        axis.set_xticks(range(cells), names)
    axis.set_yticks(range(cells), names)
    axis.set(xlabel="predicted", ylabel="true")
    axis.tick_params(length=0, labelsize=8 if cells <= 25 else 5)
    for spine in axis.spines.values():
        spine.set_visible(False)
    bar = fig.colorbar(image, ax=axis, fraction=0.046, pad=0.02, label="share of the true class, %")
    bar.outline.set_visible(False)
    return fig
