"""A diagram of a method: boxes with the paper's symbols in them, and arrows between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from vssl.errors import VsslError
from vssl.figures import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Node(NamedTuple):
    """A box: its place in columns and rows of the page, what stands in it, and its kind.

    Boxes of one kind have one colour; "plain" is the kind of what is not learnt.
    """

    column: float
    row: float
    text: str
    kind: str = "plain"


def diagram(
    nodes: Mapping[str, Node],
    arrows: Sequence[tuple[str, str]],
    title: str,
    dashed: Sequence[tuple[str, str]] = (),
) -> Figure:
    """Boxes, and arrows from one to another; through a dashed arrow nothing learns."""
    for start, end in (*arrows, *dashed):
        if unknown := {start, end} - set(nodes):
            raise VsslError(f"an arrow names {min(unknown)!r}, which is no box of the diagram")
    rows = max(node.row for node in nodes.values()) + 1
    columns = max(node.column for node in nodes.values()) + 1
    fig, axes = style.figure(title, 0.5 * rows)
    axis = axes[0, 0]
    axis.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.4, -0.6))
    axis.set_axis_off()
    kinds = [kind for kind in dict.fromkeys(n.kind for n in nodes.values()) if kind != "plain"]
    boxes = {}
    for name, (column, row, text, kind) in nodes.items():
        color = style.GREY if kind == "plain" else style.PALETTE[kinds.index(kind)]
        look = {"boxstyle": "round,pad=0.45", "facecolor": "white", "edgecolor": color, "lw": 1.5}
        boxes[name] = axis.text(column, row, text, ha="center", va="center", bbox=look, zorder=3)
    fig.draw_without_rendering()  # so that the boxes know how large they are
    for ways, line in ((arrows, "-"), (dashed, (0, (3, 2)))):
        for start, end in ways:
            look = {"arrowstyle": "->", "color": style.INK, "lw": 1, "linestyle": line}
            ends = {"patchA": boxes[start].get_bbox_patch(), "patchB": boxes[end].get_bbox_patch()}
            axis.annotate(
                "", nodes[end][:2], nodes[start][:2], arrowprops={**look, **ends, "shrinkB": 3}
            )
    return fig
