"""Figures: functions from arrays to a matplotlib Figure, in one style, saved with alt text.

    figure = figures.bars.bars(values, title="Four paces beat three", ylabel="top-1, %",
    chance=6.25) figures.save(figure, "pace_table_1", alt="Bars of top-1 for four sets of paces;
    ...", note="demo, puppets for UCF101")

A figure never touches pyplot, so nothing stays open and nothing is shown twice. A title states the
finding; the caller writes it.
"""

from vssl.figures import (
    attention,
    bars,
    boxes,
    confusion,
    curves,
    diagram,
    embedding,
    laws,
    moments,
    playing,
    retrieval,
    sampling,
    speed,
    style,
)
from vssl.figures.saving import save

__all__ = [
    "attention",
    "bars",
    "boxes",
    "confusion",
    "curves",
    "diagram",
    "embedding",
    "laws",
    "moments",
    "playing",
    "retrieval",
    "sampling",
    "save",
    "speed",
    "style",
]
