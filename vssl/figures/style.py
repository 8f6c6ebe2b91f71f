"""One style for all figures: font, width, markers, lines and a palette for colour-blind readers."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.typing import RcKeyType

WIDTH = 7.5  # inches, of every figure
DPI = 100
SMALL = 7.5  # points: what stands inside a figure; tick labels are 8, titles 11

# seaborn's "colorblind", written out: importing seaborn for ten colours would cost a second in
# every notebook.
PALETTE = (
    "#0173b2",
    "#de8f05",
    "#029e73",
    "#d55e00",
    "#cc78bc",
    "#ca9161",
    "#fbafe4",
    "#949494",
    "#ece133",
    "#56b4e9",
)
# Eleven markers and ten colours: 110 classes differ in one or both.
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "*", "h")
LINES = ("-", (0, (6, 2)), (0, (2, 1.5)), (0, (7, 2, 1.5, 2)), (0, (1, 1)))
INK, GREY, PALE = "#222222", "#6b6b6b", "#e4e4e4"

_SETTINGS: dict[RcKeyType, Any] = {
    "font.family": "DejaVu Sans",  # comes with matplotlib, so text is as wide on every machine
    "font.size": 8.5,
    "axes.titlesize": 9,
    "axes.labelsize": 8.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "figure.dpi": DPI,
    "figure.figsize": (WIDTH, 4.0),
    "savefig.dpi": DPI,
    "savefig.bbox": None,  # a tight box would change the size of the image with the text in it
    "savefig.facecolor": "white",
    "svg.hashsalt": "vssl",  # else the ids inside an SVG differ from run to run
    "svg.fonttype": "path",
    "path.simplify": True,
}


def use() -> None:
    """Set the style for every figure drawn from here on.

    The functions of this package call it themselves.
    """
    import matplotlib
    from cycler import cycler

    matplotlib.rcParams.update({**_SETTINGS, "axes.prop_cycle": cycler(color=PALETTE)})


def figure(
    title: str,
    height: float,
    rows: int = 1,
    columns: int = 1,
    caption: str = "",
    pictures: bool = False,
    **options: Any,
) -> tuple[Figure, np.ndarray]:
    """A figure of the common width, and its axes [rows, columns].

    `caption` stands below the title in small print and says how to read the marks. `pictures` puts
    axes of fixed aspect close to each other. `options` go to `Figure.subplots`.
    """
    from matplotlib.figure import Figure

    use()
    lines = textwrap.wrap(title, 88)
    height += 0.2 * len(lines) + 0.2 * bool(caption)
    made = Figure(figsize=(WIDTH, height), layout="compressed" if pictures else "constrained")
    axes = made.subplots(rows, columns, squeeze=False, **options)
    # The empty line below the title leaves room for the caption.
    made.suptitle("\n".join(lines) + "\n" * bool(caption), x=0.01, ha="left", fontsize=11)
    if caption:
        made.text(
            0.011,
            1 - (0.13 + 0.19 * len(lines)) / height,
            caption,
            fontsize=SMALL,
            color=GREY,
            va="center",
        )
    return made, axes


def picture(
    axis: Axes, pixels: np.ndarray, border: str | None = None, line: str | tuple = "-"
) -> None:
    """Show an image [H, W, 3] without axes, in a border if asked."""
    axis.imshow(pixels, interpolation="antialiased")
    axis.set(xticks=[], yticks=[])
    for spine in axis.spines.values():
        spine.set(visible=border is not None, edgecolor=border, linewidth=2.5, linestyle=line)


def apart(
    centres: np.ndarray, sizes: np.ndarray, low: float = 0.0, high: float = 1.0, rounds: int = 300
) -> np.ndarray:
    """Move boxes as little as needed until none covers another, and return their new centres.

    Centres and sizes are [K, 2]. All boxes stay between `low` and `high`.
    """
    centres = np.clip(np.asarray(centres, float), low + sizes / 2, high - sizes / 2)
    numbers = np.arange(len(centres))
    order = np.sign(np.subtract.outer(numbers, numbers))[..., None]  # which way equal centres move
    for _ in range(rounds):
        offset = centres[:, None] - centres[None]  # [K, K, 2]
        overlap = (sizes[:, None] + sizes[None]) / 2 - np.abs(offset)
        covered = (overlap > 0).all(2)
        np.fill_diagonal(covered, False)
        if not covered.any():
            break
        along = np.eye(2)[overlap.argmin(2)]  # the axis on which the smaller step is enough
        push = along * np.where(offset == 0, order, np.sign(offset)) * overlap * covered[..., None]
        centres = np.clip(centres + 0.35 * push.sum(1), low + sizes / 2, high - sizes / 2)
    return centres
