"""The one interval that tables, claims and figures share: Student's t over seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np


def students(share: float, values: Sequence[float]) -> float:
    """Student's t at a share of its distribution, times the standard error of the mean.

    There must be two values or more.
    """
    from scipy.stats import t  # here: a second of every import otherwise

    return float(t.ppf(share, len(values) - 1) * np.std(values, ddof=1) / math.sqrt(len(values)))
