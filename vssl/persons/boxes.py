"""Boxes as arrays [..., 4] of x1, y1, x2, y2, and which of two lists share a frame."""

from __future__ import annotations

import numpy as np


def overlap(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The area that two boxes share over the area that they cover together, [...].

    Two boxes without an area have an overlap of 0.
    """
    low, high = np.maximum(first, second), np.minimum(first, second)  # [..., 4]
    shared = np.clip(high[..., 2:] - low[..., :2], 0, None).prod(-1)  # [...]
    together = area(first) + area(second) - shared
    return shared / np.where(together > 0, together, 1)


def area(boxes: np.ndarray) -> np.ndarray:
    """The areas of boxes, [...]."""
    return (boxes[..., 2:] - boxes[..., :2]).prod(-1)


def same_frame(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All pairs of a row of `first` [A] and a row of `second` [B] that show one frame.

    Gives the rows of each, [P] and [P]; the pairs are in order of the first and then of the second.
    """
    order = np.argsort(second, kind="stable")
    begin, end = (np.searchsorted(second[order], first, side) for side in ("left", "right"))
    number = end - begin  # [A], rows of `second` in the same frame
    ours = np.repeat(np.arange(len(first)), number)  # [P]
    place = np.arange(len(ours)) - np.repeat(np.cumsum(number) - number, number)
    return ours, order[np.repeat(begin, number) + place]
