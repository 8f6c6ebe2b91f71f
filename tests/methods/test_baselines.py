"""The baselines have the defaults of their authors."""

import numpy as np
import pytest

from vssl import methods
from vssl.augment import Augment, RandomCrop
from vssl.objectives import Order
from vssl.samplers import ClipOrder


def test_vcop_has_the_defaults_of_its_authors():
    method = methods.VCOP()
    assert method.sampler() == ClipOrder(3, 16, 8) and method.objective() == Order(3, 512, 0.5)
    assert method.augment() == Augment((RandomCrop(112),))
    recipe = method.recipe()
    assert (recipe.optimiser, recipe.rate) == ("sgd", 1e-3)
    assert (recipe.momentum, recipe.weight_decay) == (0.9, 5e-4)
    assert (recipe.epochs, recipe.passes, recipe.batch) == (300, 1, 24)
    assert method.fine_tune().epochs == 150 and method.fine_tune().batch == 8
    assert all(recipe.factor(epoch) == 1 for epoch in (0, 0.5, 150, 299.9))  # the rate never falls


@pytest.mark.parametrize(("clips", "classes"), [(2, 2), (3, 6), (4, 24)])
def test_vcop_can_have_other_sizes(clips, classes):
    method = methods.VCOP(clips=clips, gap=2, hidden=16)
    sample = method.sampler(4)(40, np.random.default_rng(0))
    head = method.objective().build(8)
    assert len(sample.clips) == clips and method.classes == head.head.out_features == classes
    assert method.recipe().batch == 8 * clips and head.pair.out_features == 16


def test_vcop_only_crops_labelled_clips():
    labelled = methods.VCOP().labelled()
    assert labelled.augment == Augment((RandomCrop(112),)) and labelled.stride == 1
    assert labelled.recipe == methods.VCOP().fine_tune()
