"""Pace has the paper's defaults, and each switch gives the row of a table."""

from fractions import Fraction

import numpy as np
import pytest

from vssl import methods, samplers
from vssl.augment import Augment, Flip, Jitter, RandomCrop
from vssl.errors import VsslError
from vssl.models.heads import Linear
from vssl.objectives import Classify, Contrast, Term
from vssl.samplers import Several, Uniform

PREDICT = Term("pace", 1.0, Classify("pace", Linear(4)))


def test_defaults_are_the_papers():
    method = methods.Pace()
    assert method.paces == (1, 2, 3, 4) and method.lambda_ctr == 0.1
    recipe = method.recipe()
    assert (recipe.optimiser, recipe.rate, recipe.batch) == ("sgd", 1e-3, 30)
    assert (recipe.epochs, recipe.passes, recipe.steps) == (18, 10, (6, 12))
    assert method.fine_tune().rate == 3e-3
    assert any(isinstance(step, Jitter) and not step.consistent for step in method.augment().steps)


@pytest.mark.parametrize(
    ("switches", "terms", "clips"),
    [
        ({}, [PREDICT], 1),
        ({"predict": False, "contrast": "pace"}, [Term("pace_contrast", 1.0, Contrast("pace"))], 1),
        (
            {"predict": False, "contrast": "context"},
            [Term("context_contrast", 1.0, Contrast("context"))],
            2,
        ),
        ({"contrast": "pace"}, [PREDICT, Term("pace_contrast", 0.1, Contrast("pace"))], 1),
        (
            {"contrast": "context", "layer": 8},
            [PREDICT, Term("context_contrast", 0.1, Contrast("context", 8))],
            2,
        ),
        (
            {"paces": (Fraction(1, 3), Fraction(1, 2), 1, 2, 3)},
            [Term("pace", 1.0, Classify("pace", Linear(5)))],
            1,
        ),
        ({"play": "signed"}, [Term("pace", 1.0, Classify("pace", Linear(8)))], 1),
    ],
)
def test_switches_give_every_row_of_table_2_and_the_supplement(switches, terms, clips):
    method = methods.Pace(**switches)
    assert list(method.objective().terms) == terms
    assert len(method.sampler()(100, np.random.default_rng(0)).clips) == clips


@pytest.mark.parametrize(("paces", "drawn"), [((1, 2, 3, 4, 5), 4), ((1, 2, 3), 3)])
def test_small_data_can_have_several_paces_of_a_video_as_separate_samples(paces, drawn):
    sampler = methods.Pace(paces=paces, contrast="context", clips_a_video=4).sampler(8)
    assert sampler == Several(samplers.Pace(paces, 8), drawn, "pace") and sampler.layout == (8,)


def test_a_test_has_every_pace_of_a_video():
    sampler = methods.Pace(play="signed").test_sampler(8)
    paces = sampler(200, np.random.default_rng(0)).labels["pace"]
    assert sorted(paces) == list(range(8))


def test_labelled_clips_are_cropped_and_flipped():
    labelled = methods.Pace().labelled()
    assert labelled.augment_at(56) == Augment((RandomCrop(56), Flip())) and labelled.stride == 1
    assert labelled.test_at(8) == Uniform(10, 8) and labelled.head == Linear(1)


def test_nothing_to_learn_is_refused():
    with pytest.raises(VsslError, match="something to learn"):
        methods.Pace(predict=False)
