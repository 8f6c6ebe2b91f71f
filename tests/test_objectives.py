"""Objectives: what the weighted sum adds, which labels it reads, and that one backbone pass serves all."""

from itertools import permutations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from vssl import losses, methods
from vssl.errors import VsslError
from vssl.objectives import Classify, Contrast, InfoNCE, Order, Pretext, Views, Weighted


def views(videos=4, clips=2, dim=8):
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(videos, clips, dim, generator=generator)
    return Views(features, {"pace": torch.randint(4, (videos, clips), generator=generator)})


def test_weighted_is_the_sum_of_its_terms():
    torch.manual_seed(0)
    objective = Weighted(((1.0, Classify("pace", 4)), (0.1, Contrast("context")))).build(8)
    seen = views()
    outcome = objective(seen)
    expected = F.cross_entropy(
        objective.terms[0].head(seen.features.flatten(0, 1)), seen.labels["pace"].flatten()
    )
    expected = expected + 0.1 * losses.same_context(seen.features)
    assert torch.allclose(outcome.loss, expected) and set(outcome.metrics) == {
        "pace_loss",
        "pace_accuracy",
        "context_contrast_loss",
    }


@pytest.mark.parametrize("hidden", [0, 1, 2, 3])
def test_the_projection_of_cvrl_has_so_many_hidden_layers(hidden):
    head = InfoNCE(hidden).build(32).head
    kinds = [type(module) for module in head.modules() if not list(module.children())]
    assert kinds == hidden * [nn.Linear, nn.BatchNorm1d, nn.ReLU] + [nn.Linear]
    assert head[-1].out_features == 128


def test_the_projection_of_cvrl_is_as_large_as_its_code_s():
    with torch.device("meta"):
        heads = {dim: InfoNCE().build(dim) for dim in (2048, 4096, 128)}
    assert sum(p.numel() for p in heads[2048].parameters()) == 12_863_616
    assert [heads[dim].head[-1].out_features for dim in (2048, 4096, 128)] == [128, 256, 128]


def test_info_nce_reports_what_figure_5_shows():
    torch.manual_seed(0)
    head = InfoNCE(hidden=0, projected=6).build(8)
    seen = views(videos=5)
    loss, metrics = head(seen)
    z = head.head(seen.features)
    assert loss.item() == pytest.approx(losses.info_nce(z).item(), rel=1e-6)
    unit = F.normalize(z.flatten(0, 1), dim=1)
    sim = (unit @ unit.T / 0.1).fill_diagonal_(-torch.inf)
    nearest = sim.argmax(1)
    assert metrics["instance_accuracy"].item() == pytest.approx(
        (nearest == torch.arange(10) ^ 1).float().mean().item()
    )
    share = sim.softmax(1)
    expected = -torch.where(share > 0, share * share.log(), torch.zeros(())).sum(1).mean()
    assert metrics["entropy"].item() == pytest.approx(expected.item(), rel=1e-4)
    with pytest.raises(VsslError, match="2 clips of each video"):
        head(views(clips=3))


def test_features_can_be_brought_to_length_1_before_a_linear_layer():
    torch.manual_seed(0)
    head, seen = Classify("pace", 4, normalize=True).build(8), views()
    longer = seen._replace(features=7 * seen.features)
    assert torch.allclose(head(seen).loss, head(longer).loss)
    assert torch.allclose(head.logits(seen.features), head.head(F.normalize(seen.features, dim=-1)))


def test_a_classifier_stays_in_float32_where_the_loop_is_in_half_precision():
    head, seen = Classify("pace", 4).build(8), views()
    with torch.autocast("cpu", torch.bfloat16):
        mixed = head.logits(seen.features), head(seen).loss
    assert torch.equal(mixed[0], head.logits(seen.features)) and mixed[1] == head(seen).loss
    assert head.logits(seen.features.bfloat16()).dtype == torch.float32


def test_same_pace_reads_the_label_and_the_layer_is_where_the_paper_puts_it():
    seen = views()
    raw = Contrast("pace").build(8)(seen).loss
    assert torch.allclose(
        raw, losses.same_pace(seen.features.flatten(0, 1), seen.labels["pace"].flatten())
    )
    narrow = Contrast("context", layer=8).build(512)
    assert (
        sum(p.numel() for p in narrow.parameters()) == 4_104
    )  # the "about 4k parameters" of Table 2


def order_of(features, head):
    """The logits of the orders of one video's clips [V, D], pair after pair."""
    pairs = [(0, 1), (0, 2), (1, 2)]
    hidden = [
        torch.cat([features[a], features[b]]) @ head.pair.weight.T + head.pair.bias
        for a, b in pairs
    ]
    return torch.cat([h.clamp(min=0) for h in hidden]) @ head.head.weight.T + head.head.bias


def test_order_is_told_from_all_pairs_by_shared_weights():
    torch.manual_seed(0)
    head = Order(3, hidden=5).build(8).eval()
    features, orders = views(clips=3).features, torch.tensor([0, 5, 2, 3])
    outcome = head(Views(features, {"order": orders[:, None].expand(-1, 3)}))
    logits = torch.stack([order_of(video, head) for video in features])
    expected = -torch.stack(
        [h[y] - h.exp().sum().log() for h, y in zip(logits, orders, strict=True)]
    ).mean()
    assert torch.allclose(outcome.loss, expected, atol=1e-6) and outcome.loss.requires_grad
    assert (
        outcome.metrics["order_accuracy"]
        == sum(h.argmax() == y for h, y in zip(logits, orders, strict=True)) / 4
    )
    assert set(outcome.metrics) == {"order_loss", "order_accuracy"}


def test_the_head_of_vcop_has_its_size_and_its_dropout():
    head = Order().build(512)
    assert sum(p.numel() for p in head.parameters()) == (1024 * 512 + 512) + (3 * 512 * 6 + 6)
    assert [module.p for module in head.modules() if isinstance(module, nn.Dropout)] == [0.5]
    assert sum(p.numel() for p in Order(4, 16).build(8).parameters()) == (16 * 16 + 16) + (
        6 * 16 * 24 + 24
    )  # 6 pairs, 4! orders
    with pytest.raises(VsslError, match="3 clips a video, and got 2"):
        head(Views(torch.rand(1, 2, 512), {"order": torch.zeros(1, 2, dtype=torch.long)}))


def test_an_order_can_be_learnt():
    torch.manual_seed(0)
    orders = torch.tensor(list(permutations(range(3))))  # [6, 3]
    seen = Views(F.one_hot(orders, 3).float(), {"order": torch.arange(6)[:, None].expand(-1, 3)})
    head = Order(3, hidden=32).build(3)
    optimizer = torch.optim.Adam(head.parameters(), 1e-2)
    for _ in range(200):
        optimizer.zero_grad()
        head(seen).loss.backward()
        optimizer.step()
    assert head.eval()(seen).metrics["order_accuracy"] == 1


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
    assert (
        methods.Pace().objective()
        == methods.Pace().objective()
        != methods.Pace(contrast="pace").objective()
    )
