"""Recipes have named schedules and optimisers and refuse contradictions in one line."""

import math

import pytest
import torch
from torch import nn

from vssl.errors import VsslError
from vssl.recipe import Recipe


def test_the_rate_falls_by_steps():
    steps = Recipe(epochs=18, schedule="steps", steps=(6, 12))
    assert [steps.factor(e) for e in (0, 5.99, 6, 12)] == [1, 1, 0.1, pytest.approx(0.01)]


def test_a_warm_up_inside_a_cosine_ends_at_the_rate_of_the_cosine():
    cosine = Recipe(epochs=10, warm_up=1)
    top = 0.5 + 0.5 * math.cos(math.pi / 10)
    found = [cosine.factor(epoch) for epoch in (0, 0.5, 1, 5, 10)]
    assert found == pytest.approx([0, top / 2, top, 0.5, 0], abs=1e-9)


def test_a_warm_up_before_a_cosine_ends_at_the_whole_rate():
    """In CSTP's schedule the rate rises from a floor for half of the training, then falls again."""
    recipe = Recipe(epochs=300, warm_up=150, warm_up_is="before", floor=1e-5 / 0.03)
    rates = [0.03 * recipe.factor(epoch) for epoch in (0, 75, 150, 225, 300)]
    assert rates == pytest.approx([1e-5, 0.015005, 0.03, 0.015005, 1e-5])
    assert recipe.factor(150 - 1e-6) == pytest.approx(1, abs=1e-6)  # no jump


def test_a_constant_rate_stays_the_same_after_its_warm_up():
    constant = Recipe(epochs=10, schedule="constant", warm_up=2)
    assert [constant.factor(epoch) for epoch in (0, 1, 2, 9.9)] == [0, 0.5, 1, 1]


@pytest.mark.parametrize(
    ("name", "kind"),
    [("sgd", torch.optim.SGD), ("adam", torch.optim.Adam), ("adamw", torch.optim.AdamW)],
)
def test_an_optimiser_is_chosen_by_name(name, kind):
    made = Recipe(name, rate=0.3, weight_decay=0.2).optimizer(nn.Linear(2, 2).parameters())
    assert type(made) is kind
    assert (made.defaults["lr"], made.defaults["weight_decay"]) == (0.3, 0.2)


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        ({"optimiser": "lars"}, "optimiser is one of 'sgd', 'adam', 'adamw', not 'lars'"),
        ({"schedule": "linear"}, "'cosine', 'steps', 'constant', not 'linear'"),
        ({"precision": "half"}, "'float32', 'bfloat16', not 'half'"),
        ({"decayed": "biases"}, "'all', 'kernels', not 'biases'"),
        ({"warm_up_is": "after"}, "'inside', 'before', not 'after'"),
        ({"steps": (6, 12)}, "steps and schedule='steps' go together"),
        ({"schedule": "steps"}, "steps and schedule='steps' go together"),
        ({"epochs": 5, "warm_up": 5}, "warm-up of 5 epochs does not end within 5;"),
        ({"floor": 1.5}, "from 0 to below 1, not 1.5"),
    ],
)
def test_contradictory_settings_are_refused_in_one_line(wrong, line):
    with pytest.raises(VsslError, match=line):
        Recipe(**wrong)
