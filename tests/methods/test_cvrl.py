"""CVRL has the paper's defaults, and each switch gives the row of a table."""

import numpy as np
import pytest

from vssl import methods, samplers
from vssl.augment import (
    Alternating,
    Augment,
    Blur,
    CentreCrop,
    Flip,
    Grey,
    Jitter,
    RandAugment,
    RandomResizedCrop,
    Solarise,
)
from vssl.errors import VsslError
from vssl.models.heads import Projection
from vssl.objectives import SimCLR


def test_defaults_are_the_papers():
    method = methods.CVRL()
    assert method.sampler() == samplers.Interval(samplers.LINEAR, 16, 2)
    assert method.objective() == SimCLR(Projection(3), 0.1)
    assert method.augment(224) == Augment(
        (
            RandomResizedCrop(224, (0.3, 1.0), (0.5, 2.0)),
            Flip(0.5),
            Jitter(0.8, 0.8, 0.8, 0.2, 0.8),
            Grey(0.2),
            Blur(1.0, (0.1, 2.0), 11),
        )
    )
    recipe = method.recipe()
    assert (recipe.optimiser, recipe.rate) == ("sgd", 0.32)
    assert (recipe.momentum, recipe.weight_decay) == (0.9, 1e-6)
    assert (recipe.epochs, recipe.warm_up, recipe.steps) == (200, 5, ())
    assert recipe.batch == 2048  # 1024 videos of two clips
    assert recipe.decayed == "kernels" and recipe.synchronise


def test_the_rate_follows_the_batch():
    rates = [methods.CVRL(batch=batch).recipe().rate for batch in (256, 512, 1024, 2048)]
    assert rates == pytest.approx([0.08, 0.16, 0.32, 0.64])
    assert methods.CVRL(epochs=800).recipe().epochs == 800


def test_recipes_for_labels_are_the_papers():
    method = methods.CVRL()
    found = [method.linear(data) for data in ("kinetics400", "ucf101", "hmdb51")]
    assert [(r.rate, r.epochs, r.weight_decay, r.warm_up) for r in found] == [
        (32, 100, 0, 5),
        (0.8, 50, 0, 5),
        (0.2, 50, 0, 5),
    ]
    assert [(r.rate, r.epochs, r.warm_up) for r in map(method.few_labels, (0.01, 0.1))] == [
        (0.2, 100, 0),
        (0.2, 50, 0),
    ]
    tune = method.fine_tune()
    assert (tune.rate, tune.batch, tune.epochs) == (pytest.approx(0.16), 128, 50)


def test_switches_give_the_rows_of_table_9():
    same, near = methods.CVRL(law=None), methods.CVRL(spatial="off")
    first, second = same.sampler(8)(100, np.random.default_rng(0)).clips
    assert (first.frames == second.frames).all()
    assert near.augment(56) == Augment((CentreCrop(56),))
    steps = methods.CVRL(consistent=False).augment(56).steps
    assert len(steps) == 5 and not any(step.consistent for step in steps)


def test_randaugment_of_table_12_replaces_colours_and_blur():
    expected = Augment((RandomResizedCrop(56), Flip(), RandAugment()))
    assert methods.CVRL(spatial="randaugment").augment(56) == expected


def test_the_asymmetric_switch_changes_the_two_clips_differently():
    pair = methods.CVRL(asymmetric=True).augment(224)
    assert isinstance(pair, Alternating)
    assert [(one.steps[4].probability, one.steps[5]) for one in (pair.first, pair.second)] == [
        (1.0, Solarise(0.0)),
        (0.1, Solarise(0.2)),
    ]
    assert methods.CVRL(blur=0.5).augment(224).steps[4].probability == 0.5


def test_the_width_of_the_blur_follows_the_size_of_the_picture():
    assert methods.CVRL().augment(112).steps[4] == Blur(1.0, (0.05, 1.0), 5)


def test_labelled_clips_are_every_second_frame_in_crops_of_random_area():
    labelled = methods.CVRL().labelled()
    assert labelled.augment_at(56) == Augment((RandomResizedCrop(56), Flip()))
    assert labelled.stride == 2 and labelled.crops == 3
    assert labelled.test_at(8) == samplers.Uniform(10, 8, 2)


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        ({"spatial": "on"}, "'randaugment' or 'off', not 'on'"),
        ({"spatial": "off", "consistent": False}, "variants of Algorithm 1"),
        ({"spatial": "randaugment", "asymmetric": True}, "variants of Algorithm 1"),
        ({"spatial": "randaugment", "blur": 0.5}, "blur is Algorithm 1's"),
        ({"asymmetric": True, "blur": 0.5}, "blur is Algorithm 1's"),
        ({"blur": 5}, "from 0 to 1, not 5"),
        ({"batch": 0}, "1 video or more, not of 0"),
        ({"hidden": -1}, "0 hidden layers or more, not -1"),
        ({"law": "linear"}, "a Law or None, not 'linear'"),
        ({"over": "all"}, "'starts' or 'video', not 'all'"),
        ({"epochs": 5}, "does not end within 5"),
    ],
)
def test_contradictory_or_impossible_switches_are_refused_in_one_line(wrong, line):
    with pytest.raises(VsslError, match=line) as problem:
        methods.CVRL(**wrong)
    assert "\n" not in str(problem.value)


def test_unknown_data_has_no_linear_recipe():
    line = "on 'ucf'; choose kinetics400, kinetics600, ucf101, hmdb51"
    with pytest.raises(VsslError, match=line):
        methods.CVRL().linear("ucf")
