"""What tables, claims and figures share of statistics: intervals over seeds, by Student's t."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import numpy as np

# scipy.stats takes a second to import, so it is imported where it is used.


def half_width(values: Sequence[float] | np.ndarray) -> float:
    """Half of the 95 % t-interval of the mean; infinite for fewer than two values."""
    if len(values) < 2:
        return math.inf
    from scipy.stats import sem, t

    return float(t.ppf(0.975, len(values) - 1) * sem(values))


def paired(
    first: Sequence[float] | np.ndarray, second: Sequence[float] | np.ndarray
) -> tuple[float, float]:
    """The mean difference of pairs and half of its 95 % interval, by the paired t-test."""
    if len(first) < 2:
        return float(np.mean(np.subtract(first, second))), math.inf
    from scipy.stats import ttest_rel

    low, high = ttest_rel(first, second).confidence_interval(0.95)
    return float(low + high) / 2, float(high - low) / 2


@functools.cache
def noticed(pairs: int) -> float:
    """How large a difference must be for so many pairs to find it 4 times in 5.

    It is in standard errors of the mean difference. A difference is found where the paired t-test
    at 5 % is positive; t then has the noncentral distribution.
    """
    from scipy.optimize import brentq
    from scipy.stats import nct, t

    edge = t.ppf(0.975, pairs - 1)
    return float(brentq(lambda away: nct.sf(edge, pairs - 1, away) - 0.8, 0.0, 2 * edge))


def expected(values: Sequence[float] | np.ndarray) -> tuple[float, float]:
    """The 95 % prediction interval: where one more value should lie, if it is of the same kind."""
    if len(values) < 2:
        return -math.inf, math.inf
    from scipy.stats import t

    mean, deviation = float(np.mean(values)), float(np.std(values, ddof=1))
    half = float(t.ppf(0.975, len(values) - 1)) * deviation * math.sqrt(1 + 1 / len(values))
    return mean - half, mean + half


def chance_of(first: Sequence[float] | np.ndarray, second: Sequence[float] | np.ndarray) -> float:
    """The p-value of the paired t-test: how often chance alone shows such a difference."""
    from scipy.stats import ttest_rel

    return float(ttest_rel(first, second).pvalue)


def stand(chances: Sequence[float], rate: float = 0.05) -> list[bool]:
    """Which of several tests are still positive when it counts that there are several.

    By Benjamini and Hochberg: of those that are, a share of `rate` is expected to be chance.
    """
    if not chances:
        return []
    from scipy.stats import false_discovery_control

    return [bool(one <= rate) for one in false_discovery_control(chances)]
