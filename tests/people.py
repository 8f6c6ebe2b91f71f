"""Persons in boxes for tests."""

from __future__ import annotations

import numpy as np

from vssl.persons import Persons


def crowd(frames: int, persons: int = 3, classes: int = 4, seed: int = 0) -> Persons:
    """True persons, so many in each of so many key frames, ten of which make a video."""
    rng = np.random.default_rng(seed)
    number = np.repeat(np.arange(frames), persons)
    sides = rng.uniform(0.1, 0.4, (len(number), 2))
    corners = rng.random(sides.shape) * (1 - sides)
    return Persons(
        number // 10,
        902 + number % 10,
        np.concatenate([corners, corners + sides], 1),
        rng.random((len(number), classes)) < 0.4,
        np.ones(len(number)),
    )
