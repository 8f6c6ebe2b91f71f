"""Prediction intervals and the correction for many tests, against slow ways to the same numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from vssl.statistics import chance_of, expected, stand


@pytest.mark.parametrize("seeds", [2, 3, 8])
def test_one_more_value_lies_in_the_interval_95_times_in_100(seeds):
    rng = np.random.default_rng(0)
    inside = 0
    for _ in range(4000):
        *known, further = rng.normal(50, 4, seeds + 1)
        low, high = expected(known)
        inside += low <= further <= high
    assert inside / 4000 == pytest.approx(0.95, abs=0.014)  # four standard errors


def test_one_value_expects_nothing():
    assert expected([3.0]) == (-math.inf, math.inf)


def slow(chances: list[float], rate: float) -> list[bool]:
    """Benjamini and Hochberg as they wrote it: the largest k with p_(k) <= k / m * rate."""
    order = np.argsort(chances)
    most = 0
    for place, index in enumerate(order, 1):
        if chances[index] <= place / len(chances) * rate:
            most = place
    kept = set(order[:most].tolist())
    return [index in kept for index in range(len(chances))]


def test_the_correction_is_that_of_benjamini_and_hochberg():
    rng = np.random.default_rng(1)
    for _ in range(50):
        chances = [*rng.random(12), *(0.02 * rng.random(5))]
        assert stand(chances) == slow(chances, 0.05)
    assert stand([]) == []


def test_the_chance_of_a_difference_is_small_only_where_it_is_large():
    assert (
        chance_of([10, 11, 12, 10], [1, 2, 2, 1]) < 0.001 < 0.05 < chance_of([1, 2, 3], [2, 1, 3])
    )
