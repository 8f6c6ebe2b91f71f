"""Contrastive objectives read the right views and report the right metrics."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from vssl import losses
from vssl.errors import VsslError
from vssl.models.heads import Projection
from vssl.objectives import Contrast, SimCLR, feature_spread


def test_contrasts_are_the_losses_that_they_name(views):
    batch = views()
    features, pace = batch.features(), batch.labels["pace"].flatten()
    context = Contrast("context").build(8)(batch).loss
    assert torch.allclose(context, losses.same_context(features))
    by_pace = Contrast("pace").build(8)(batch).loss
    assert torch.allclose(by_pace, losses.same_pace(features.flatten(0, 1), pace))
    narrow = Contrast("context", layer=8).build(512)
    # Table 2 says "about 4k parameters".
    assert sum(p.numel() for p in narrow.parameters()) == 4_104


def test_simclr_reports_the_metrics_of_figure_5_and_the_spread(views):
    torch.manual_seed(0)
    head, batch = SimCLR(Projection(0, 6)).build(8), views(samples=5)
    loss, metrics, _ = head(batch)
    z = head.projector(batch.view())  # [10, 6]
    expected = losses.info_nce(z.unflatten(0, (5, 2)))
    assert loss.item() == pytest.approx(expected.item(), rel=1e-6)
    unit = F.normalize(z, dim=1)
    sim = (unit @ unit.T / 0.1).fill_diagonal_(-torch.inf)
    found = (sim.argmax(1) == torch.arange(10) ^ 1).float().mean()
    assert metrics["instance_accuracy"].item() == pytest.approx(found.item())
    share = sim.softmax(1)
    entropy = -torch.where(share > 0, share * share.log(), torch.zeros(())).sum(1).mean()
    assert metrics["entropy"].item() == pytest.approx(entropy.item(), rel=1e-4)
    assert metrics["feature_spread"] == feature_spread(z)
    with pytest.raises(VsslError, match="reads the views"):
        head(views(views=1))


def test_samples_of_the_same_video_are_no_negatives(views):
    """The loss equals one by hand whose negatives are only clips of other videos."""
    torch.manual_seed(0)
    video = torch.tensor([0, 0, 1, 1])
    batch = views(samples=4, video=video)
    head = SimCLR(Projection(0, 6)).build(8)
    z = F.normalize(head.projector(batch.view()), dim=1)  # [8, 6]
    sim = z @ z.T / 0.1
    own = video.repeat_interleave(2)
    losses_by_hand = []
    for i in range(8):
        negatives = [j for j in range(8) if own[j] != own[i]]
        scores = torch.stack([sim[i, i ^ 1], *(sim[i, j] for j in negatives)])
        losses_by_hand.append(scores.logsumexp(0) - sim[i, i ^ 1])
    assert torch.allclose(head(batch).loss, torch.stack(losses_by_hand).mean(), atol=1e-5)


@pytest.mark.parametrize(
    ("features", "low", "high"),
    [
        (torch.ones(64, 16), 0, 1e-6),
        (torch.randn(4096, 16, generator=torch.Generator().manual_seed(0)), 0.24, 0.26),
    ],
    ids=["collapsed", "spread evenly"],
)
def test_the_spread_shows_a_collapse(features, low, high):
    assert low <= feature_spread(7 * features).item() <= high


@pytest.mark.parametrize("hidden", [0, 1, 2, 3])
def test_the_projection_of_cvrl_has_the_chosen_number_of_hidden_layers(hidden):
    head = SimCLR(Projection(hidden)).build(32).projector.layers
    kinds = [type(module) for module in head.modules() if not list(module.children())]
    assert kinds == hidden * [nn.Linear, nn.BatchNorm1d, nn.ReLU] + [nn.Linear]
    assert head[-1].out_features == 128


def test_the_projection_of_cvrl_is_as_large_as_in_its_code():
    with torch.device("meta"):
        heads = {dim: SimCLR().build(dim).projector for dim in (2048, 4096, 128)}
    assert sum(p.numel() for p in heads[2048].parameters()) == 12_863_616
    assert [heads[dim].layers[-1].out_features for dim in (2048, 4096, 128)] == [128, 256, 128]
