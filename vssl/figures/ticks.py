"""Ticks of an axis, written as plain numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axis import Axis


def plain(axis: Axis) -> None:
    """Put at least three ticks on a logarithmic axis and write them as plain numbers.

    Most of our axes span less than a decade, and powers of ten alone would leave them without any.
    """
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
    thousands(axis)


def thousands(axis: Axis) -> None:
    """Write the ticks of an axis with commas between thousands."""
    from matplotlib.ticker import FuncFormatter

    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))
