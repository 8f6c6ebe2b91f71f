"""Tasks with a label read the right views, give the right loss and can be learnt."""

from itertools import permutations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from vssl.errors import VsslError
from vssl.models.heads import MLP, ConvHead, Linear, View
from vssl.objectives import Classify, Each, Order, Pair, Regress, Views


def test_classify_is_the_mean_cross_entropy_over_its_views(views):
    torch.manual_seed(0)
    batch = views()
    head = Classify("pace", Linear(4)).build(8)
    scores, truth = head.head(batch.view()), batch.labels["pace"].flatten()
    outcome = head(batch)
    assert torch.allclose(outcome.loss, F.cross_entropy(scores, truth))
    assert outcome.metrics["accuracy"] == (scores.argmax(1) == truth).float().mean()
    assert torch.equal(outcome.answers["predicted"], scores.argmax(1))
    assert torch.equal(outcome.answers["truth"], truth)
    second = Classify("pace", Linear(4), views=(1,)).build(8)
    second.load_state_dict(head.state_dict())
    assert torch.allclose(second(batch).loss, F.cross_entropy(scores[1::2], truth[1::2]))


def test_a_head_may_read_maps(views):
    torch.manual_seed(0)
    batch = views()
    head = Classify("pace", ConvHead(4, width=6)).build(8)
    assert head(batch).loss.requires_grad and head.head(batch.view()).shape == (8, 4)


def test_a_pair_of_views_is_joined_into_one(views):
    torch.manual_seed(0)
    batch = views(labels={"overlap": torch.tensor([0, 4, 2, 2])})
    head = Pair("overlap", MLP((16, 5))).build(8)
    first, second = batch.view((0,)), batch.view((1,))
    joined_map = torch.cat([first.map, second.map], 1)
    joined = View(joined_map, torch.cat([first.feature, second.feature], 1))
    expected = F.cross_entropy(head.head(joined), batch.labels["overlap"])
    assert torch.allclose(head(batch).loss, expected)
    turned = Pair("overlap", MLP((16, 5)), views=(1, 0)).build(8)
    turned.load_state_dict(head.state_dict())
    assert not torch.allclose(turned(batch).loss, expected)
    with pytest.raises(VsslError, match="2 views, not of 3"):
        Pair("overlap", MLP((5,)), views=(0, 1, 2))


@pytest.mark.parametrize("outputs", [1, 3])
def test_regress_reads_real_labels(views, outputs):
    torch.manual_seed(0)
    shape = () if outputs == 1 else (outputs,)
    rates = torch.rand(4, 2, *shape, dtype=torch.float64)
    batch = views(labels={"rates": rates})
    head = Regress("rates", Linear(outputs)).build(8)
    error = (head.head(batch.view()) - rates.flatten(0, 1).float().reshape(8, outputs)) ** 2
    outcome = head(batch)
    assert torch.allclose(outcome.loss, error.mean())
    assert torch.allclose(outcome.metrics["squared_error"], error.sum(1).mean())


def order_of(features, head):
    """Score the orders of one video's clips [V, D], pair after pair."""
    joined = [torch.cat([features[a], features[b]]) for a, b in [(0, 1), (0, 2), (1, 2)]]
    hidden = [pair @ head.pair.weight.T + head.pair.bias for pair in joined]
    return torch.cat([h.clamp(min=0) for h in hidden]) @ head.head.weight.T + head.head.bias


def test_order_is_predicted_from_all_pairs_by_shared_weights(views):
    torch.manual_seed(0)
    head = Order(3, hidden=5).build(8).eval()
    orders = torch.tensor([0, 5, 2, 3])
    batch = views(views=3, labels={"order": orders})
    outcome = head(batch)
    scores = torch.stack([order_of(video, head) for video in batch.features()])
    assert torch.allclose(outcome.loss, F.cross_entropy(scores, orders), atol=1e-6)
    assert outcome.metrics["accuracy"] == (scores.argmax(1) == orders).float().mean()
    with pytest.raises(VsslError, match="3 clips a video, and got 2"):
        head(views(labels={"order": orders}))


def test_the_head_of_vcop_has_the_size_and_dropout_of_its_code():
    head = Order().build(512)
    parameters = (1024 * 512 + 512) + (3 * 512 * 6 + 6)
    assert sum(p.numel() for p in head.parameters()) == parameters
    assert [module.p for module in head.modules() if isinstance(module, nn.Dropout)] == [0.5]
    wider = (16 * 16 + 16) + (6 * 16 * 24 + 24)  # 6 pairs, 4! orders
    assert sum(p.numel() for p in Order(4, 16).build(8).parameters()) == wider


def test_an_order_can_be_learnt():
    torch.manual_seed(0)
    orders = torch.tensor(list(permutations(range(3))))  # [6, 3]
    features = F.one_hot(orders, 3).float().flatten(0, 1)
    group = ((0, 1, 2), View(features[..., None, None, None], features))
    batch = Views((group,), 3, {"order": torch.arange(6)})
    head = Order(3, hidden=32).build(3)
    optimizer = torch.optim.Adam(head.parameters(), 1e-2)
    for _ in range(200):
        optimizer.zero_grad()
        head(batch).loss.backward()
        optimizer.step()
    assert head.eval()(batch).metrics["accuracy"] == 1


def test_each_is_a_class_for_every_value_of_every_number(views):
    torch.manual_seed(0)
    rates = torch.tensor([[[1.0, 3], [2, 2]], [[3, 1], [1, 1]], [[2, 3], [3, 3]], [[1, 2], [2, 1]]])
    batch = views(labels={"rates": rates})
    head = Each("rates", MLP((6,)), 1, 3).build(8)
    scores, flat = head.head(batch.view()).unflatten(1, (2, 3)), rates.flatten(0, 1)
    slow = [F.cross_entropy(scores[:, place], flat[:, place].long() - 1) for place in range(2)]
    outcome = head(batch)
    assert torch.allclose(outcome.loss, torch.stack(slow).mean())
    guess = (scores.softmax(2) * torch.tensor([1.0, 2, 3])).sum(2)
    assert torch.allclose(outcome.metrics["squared_error"], ((guess - flat) ** 2).sum(1).mean())
    assert outcome.answers["truth"].tolist() == (flat.flatten() - 1).long().tolist()
    assert outcome.metrics["accuracy"] == (scores.argmax(2) == flat - 1).float().mean()
    first = Each("rates", MLP((6,)), 1, 3, views=(0,)).build(8)
    first.load_state_dict(head.state_dict())
    expected = F.cross_entropy(scores[::2].flatten(0, 1), (flat[::2] - 1).long().flatten())
    assert torch.allclose(first(batch).loss, expected)
