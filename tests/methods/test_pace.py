"""The Pace method: its defaults are the paper's, and each switch does what its row of a table says."""

from fractions import Fraction

import numpy as np
import pytest

from vssl import methods
from vssl.augment import Jitter
from vssl.errors import VsslError
from vssl.objectives import Classify, Contrast


def test_defaults_are_the_papers():
    method = methods.Pace()
    assert method.paces == (1, 2, 3, 4) and method.lambda_ctr == 0.1
    recipe = method.recipe()
    assert (
        recipe.optimiser,
        recipe.rate,
        recipe.epochs,
        recipe.passes,
        recipe.batch,
        recipe.steps,
    ) == ("sgd", 1e-3, 18, 10, 30, (6, 12))
    assert method.fine_tune().rate == 3e-3
    assert any(isinstance(step, Jitter) and not step.consistent for step in method.augment().steps)


@pytest.mark.parametrize(
    ("switches", "terms", "clips"),
    [
        ({}, [(1.0, Classify("pace", 4))], 1),
        ({"predict": False, "contrast": "pace"}, [(1.0, Contrast("pace"))], 1),
        ({"predict": False, "contrast": "context"}, [(1.0, Contrast("context"))], 2),
        ({"contrast": "pace"}, [(1.0, Classify("pace", 4)), (0.1, Contrast("pace"))], 1),
        (
            {"contrast": "context", "layer": 8},
            [(1.0, Classify("pace", 4)), (0.1, Contrast("context", 8))],
            2,
        ),
        ({"paces": (Fraction(1, 3), Fraction(1, 2), 1, 2, 3)}, [(1.0, Classify("pace", 5))], 1),
        ({"play": "signed"}, [(1.0, Classify("pace", 8))], 1),
    ],
)
def test_every_row_of_table_2_and_the_supplement(switches, terms, clips):
    method = methods.Pace(**switches)
    assert list(method.objective().terms) == terms
    assert len(method.sampler()(100, np.random.default_rng(0)).clips) == clips


def test_jitter_is_weakened_where_there_is_some():
    assert methods.Pace().jittered(0.25) == methods.Pace(strength=0.25)
    assert methods.Pace(jitter=False).jittered(0.25) == methods.Pace(jitter=False)
    assert methods.Pace(paces=(1, 2), play="signed").most_together == 4


def test_nothing_to_learn_is_refused():
    with pytest.raises(VsslError, match="something to learn"):
        methods.Pace(predict=False)
