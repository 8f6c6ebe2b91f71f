"""Objectives: what the weighted sum adds, which labels it reads, and that one backbone pass serves all."""

import torch
from torch import nn
from torch.nn import functional as F

from vssl import losses, methods
from vssl.objectives import Classify, Contrast, Pretext, Views, Weighted


def views(videos=4, clips=2, dim=8):
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(videos, clips, dim, generator=generator)
    return Views(features, {"pace": torch.randint(4, (videos, clips), generator=generator)})


def test_weighted_is_the_sum_of_its_terms():
    torch.manual_seed(0)
    objective = Weighted(((1.0, Classify("pace", 4)), (0.1, Contrast("context")))).build(8)
    seen = views()
    outcome = objective(seen)
    expected = F.cross_entropy(objective.terms[0].head(seen.features.flatten(0, 1)), seen.labels["pace"].flatten())
    expected = expected + 0.1 * losses.same_context(seen.features)
    assert torch.allclose(outcome.loss, expected) and set(outcome.metrics) == {"pace_loss", "pace_accuracy", "context_contrast_loss"}


def test_same_pace_reads_the_label_and_the_layer_is_where_the_paper_puts_it():
    seen = views()
    raw = Contrast("pace").build(8)(seen).loss
    assert torch.allclose(raw, losses.same_pace(seen.features.flatten(0, 1), seen.labels["pace"].flatten()))
    narrow = Contrast("context", layer=8).build(512)
    assert sum(p.numel() for p in narrow.parameters()) == 4_104  # the "about 4k parameters" of Table 2


def test_one_backbone_pass_for_all_views_of_all_objectives():
    class Counting(nn.Module):
        dim, calls = 3, 0

        def features(self, x):
            self.calls += 1
            return x.mean((2, 3, 4))

    backbone = Counting()
    model = Pretext(backbone, methods.Pace(contrast="context").objective())
    outcome = model(torch.rand(6, 3, 2, 4, 4), {"pace": torch.zeros(3, 2, dtype=torch.long)})
    assert backbone.calls == 1 and outcome.loss.isfinite()


def test_descriptions_are_compared_by_value():
    assert methods.Pace().objective() == methods.Pace().objective() != methods.Pace(contrast="pace").objective()
