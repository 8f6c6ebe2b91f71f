"""Segments has the paper's parts, each row of the tables is a setting, and all of it learns."""

import numpy as np
import pytest
import torch

from vssl import methods, models, samplers
from vssl.augment import Flip, Jitter, RandomCrop, Source
from vssl.clips import joined_labels
from vssl.errors import VsslError
from vssl.losses import Cosine, Shuffle
from vssl.models.heads import MLP, Linear
from vssl.objectives import Classify, Each, MoCo, Pretext, Regress

ALONE = {"shuffle": False, "synthesise": False}


def terms(method):
    return {term.name: (term.weight, term.objective) for term in method.objective().terms}


def test_defaults_are_the_papers():
    method = methods.Segments()
    clip = samplers.Segments(3, (1, 8), 16, 3)
    assert method.clip() == clip
    assert method.sampler() == samplers.Coin(samplers.Repeat(clip, 2), "synthesised")
    found = terms(method)
    assert [weight for weight, _ in found.values()] == [1.0, 0.3, 1.0]
    assert found["order"][1] == Classify("order", Linear(6), (0,))
    assert found["rate"][1] == Regress("rates", Linear(3), (0,), middle=4.5)
    assert found["contrast"][1] == MoCo(MLP((512, 129)), 2048, 0.999, 0.07, Shuffle(3))
    recipe, kinetics = method.recipe(), method.recipe("kinetics400")
    assert (recipe.rate, recipe.batch, recipe.epochs, recipe.steps) == (1e-3, 32, 300, (200,))
    assert (kinetics.batch, kinetics.epochs, kinetics.steps) == (64, 30, (20,))
    assert (recipe.momentum, recipe.weight_decay, recipe.schedule) == (0.9, 5e-4, "steps")
    labelled = method.labelled()
    assert (labelled.stride, labelled.test, labelled.average) == (
        1,
        samplers.Uniform(10),
        "softmax",
    )


@pytest.mark.parametrize("count", [2, 3, 4, 5])
def test_the_projection_has_equal_parts_for_every_number_of_segments(count):
    contrast = terms(methods.Segments(count=count))["contrast"][1]
    assert contrast.projector.outputs % count == 0 and 128 <= contrast.projector.outputs < 133
    assert contrast.similarity == Shuffle(count)


def test_rows_differ_in_the_loss_and_a_second_clip_is_drawn_for_the_contrast_alone():
    rows = {
        "order": methods.Segments(rate=False, contrast=False, **ALONE),
        "rate": methods.Segments(contrast=False, **ALONE),
        "contrast": methods.Segments(**ALONE),
        "shuffle": methods.Segments(synthesise=False),
        "view": methods.Segments(),
    }
    clips = [len(method.sampler().layout) for method in rows.values()]
    assert clips == [1, 1, 2, 2, 2]
    assert [method.recipe().batch for method in rows.values()] == [16, 16, 32, 32, 32]
    assert len({method.sampler() for method in rows.values()}) == 2
    assert list(terms(rows["order"])) == ["order"]
    assert list(terms(rows["rate"])) == ["order", "rate"]
    assert terms(rows["contrast"])["contrast"][1].similarity == Cosine()
    assert terms(rows["shuffle"])["contrast"][1].similarity == Shuffle(3)


def test_the_first_clip_is_the_same_with_the_contrast_and_without():
    with_contrast, without = methods.Segments(), methods.Segments(contrast=False, **ALONE)
    for seed in range(20):
        both, one = (
            method.sampler()(90, np.random.default_rng(seed)) for method in (with_contrast, without)
        )
        assert np.array_equal(both.clips[0].frames, one.clips[0].frames)
        assert np.ravel(both.labels["order"])[0] == np.ravel(one.labels["order"])[0]


def test_rates_can_be_told_as_classes():
    told = terms(methods.Segments(rates=(1, 4), classify=True))["rate"][1]
    assert told == Each("rates", Linear(12), 1, 4, (0,))


def test_all_frames_of_a_clip_are_augmented_alike():
    steps = methods.Segments().augment(32).steps
    assert steps == (RandomCrop(32), Jitter(0.4, 0.4, 0.4, 0.0), Flip())
    rng = np.random.default_rng(0)
    assert all(len(step.draw(rng, Source(16, 60, 80))) == 1 for step in steps)


def test_what_makes_no_sense_is_refused():
    with pytest.raises(VsslError, match="something to learn"):
        methods.Segments(order=False, rate=False, contrast=False, **ALONE)
    with pytest.raises(VsslError, match="there is none"):
        methods.Segments(contrast=False)


@pytest.mark.parametrize(
    "method",
    [
        methods.Segments(queue=8),
        methods.Segments(queue=8, **ALONE),
        methods.Segments(classify=True, contrast=False, **ALONE),
        methods.Segments(count=2, queue=8),
    ],
    ids=["all", "cosine", "classes", "two"],
)
def test_every_kind_learns_a_batch_by_heart(method):
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    sampler = method.sampler()
    labels = joined_labels([sampler(200, rng).labels for _ in range(4)], 1)
    batch = {name: torch.from_numpy(value) for name, value in labels.items()}
    x = torch.rand(4 * len(sampler.layout), 3, 16, 12, 12)
    model = Pretext(models.build("r3d", 4, True), method.objective(), sampler.layout)
    optimizer = torch.optim.AdamW(model.parameters(), 3e-3)
    losses = []
    for _ in range(25):
        outcome = model((x,), batch)
        optimizer.zero_grad()
        outcome.loss.backward()
        optimizer.step()
        losses.append(outcome.metrics["order_loss"].item())
    assert losses[-1] < 0.5 * losses[0]
