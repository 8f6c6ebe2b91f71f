"""A cut can be added to any method: one class serves all mixtures of CPNet's Table 6."""

import numpy as np
import pytest
import torch

from vssl import methods, models
from vssl.models.heads import ConvHead
from vssl.objectives import Classify, Pretext, Term
from vssl.training import Batches

CUT = Term("cut", 1.0, Classify("cut", ConvHead(15)))


@pytest.mark.parametrize(
    ("base", "layout", "terms"),
    [
        (methods.Pace(), (16,), ("pace", "cut")),
        (methods.Pace(contrast="context"), (16, 16), ("pace", "context_contrast", "cut")),
        (methods.VCOP(), (16, 16, 16), ("base", "cut")),
        (methods.CVRL(), (16, 16), ("base", "cut")),
    ],
)
def test_a_method_with_a_cut_has_one_more_term_and_is_otherwise_the_same(base, layout, terms):
    method = methods.WithCut(base)
    assert method.sampler(16).layout == layout
    objective = method.objective(16)
    assert tuple(term.name for term in objective.terms) == terms and objective.terms[-1] == CUT
    assert method.augment(56) == base.augment(56)
    assert method.recipe("ucf101") == base.recipe("ucf101")
    assert method.labelled("ucf101") == base.labelled("ucf101")


def test_a_cut_does_not_change_the_pace():
    rng = np.random.default_rng(0)
    for _ in range(50):
        sample = methods.WithCut(methods.Pace(short="fit"), gap=8).sampler(16)(300, rng)
        steps = np.diff(sample.clips[0].frames)
        pace, cut = sample.labels["pace"] + 1, int(sample.labels["cut"][0])
        expected = np.full(15, pace)
        expected[cut] = 9 * pace
        assert steps.tolist() == expected.tolist()


def test_a_step_with_a_cut_runs_with_several_paces_of_a_video(memory_frames):
    method = methods.WithCut(methods.Pace(clips_a_video=4), gap=4)
    sampler = method.sampler(8)
    batches = Batches(memory_frames((60,) * 4), np.arange(4), sampler, method.augment(32), batch=16)
    torch.manual_seed(0)
    net = models.build("r3d", 4, True)
    model = Pretext(net, method.objective(8), sampler.layout, sampler.samples)
    batch = next(batches.epoch(0))
    assert batch.labels["pace"].shape == (16,) and batch.labels["cut"].shape == (16, 1)
    outcome = model(*batches.prepared(batch, torch.device("cpu")))
    assert outcome.metrics.keys() > {"pace_accuracy", "cut_accuracy"}
    assert outcome.loss.isfinite()
