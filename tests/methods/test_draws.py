"""What one generator draws for each method: numbers that must stay, as every run rests on them.

A change of the order of draws, or of a default, shows here first. If it is meant, the numbers below
change with it, and all runs of that method are to be computed again.
"""

import numpy as np
import pytest

from vssl import methods
from vssl.augment import Source

SOURCE = Source(2, 60, 80)
RESIZED = [[1, 36, 50, 35]]
DRAWS = {
    "pace": (
        methods.Pace(),
        [
            [[23, 4]],
            [[1]],
            [
                [1.4820, 1.1315, 0.3506, 0.0938, 2, 0, 3, 1, 1],
                [0.8930, 0.9665, 0.4556, -0.1545, 2, 1, 3, 0, 0],
            ],
        ],
        [[8, 12, 16, 20, 24, 28, 32, 36]],
        {"pace": 3},
    ),
    "cvrl": (
        methods.CVRL(),
        [
            RESIZED,
            [[0]],
            [[0.3506, 0.8930, 0.9665, -0.1361, 0, 3, 1, 2, 1]],
            [[0]],
            [[0.1312]],
        ],
        [[14, 16, 18, 20, 22, 24, 26, 28], [17, 19, 21, 23, 25, 27, 29, 31]],
        {"interval": 3},
    ),
    "cvrl with randaugment": (
        methods.CVRL(spatial="randaugment"),
        [RESIZED, [[0]], [[0, 1, -1, -1]]],
        [[14, 16, 18, 20, 22, 24, 26, 28], [17, 19, 21, 23, 25, 27, 29, 31]],
        {"interval": 3},
    ),
}


@pytest.mark.parametrize("name", DRAWS)
def test_the_draws_of_a_method_stay(name):
    method, steps, frames, labels = DRAWS[name]
    drawn = method.augment(32).of(0).draw(np.random.default_rng(3), SOURCE)
    assert len(drawn) == len(steps)
    for found, expected in zip(drawn, steps, strict=True):
        assert np.asarray(found, float) == pytest.approx(np.array(expected, float), abs=1e-4)
    sample = method.sampler(8)(100, np.random.default_rng(3))
    assert [clip.frames.tolist() for clip in sample.clips] == frames
    assert sample.labels == labels
