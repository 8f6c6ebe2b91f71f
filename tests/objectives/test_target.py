"""MoCo, BYOL and SimSiam agree with slow references and have their defining properties."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from vssl.errors import VsslError
from vssl.models.heads import MLP
from vssl.objectives import BYOL, MoCo, Pretext, SimSiam, Term, Weighted

PROJECTOR, PREDICTOR = MLP((6, 4)), MLP((5, 4))


class Tiny(nn.Module):
    """A backbone of one convolution with batch norm."""

    dim = 6

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Conv3d(3, 6, 3, padding=1), nn.BatchNorm3d(6), nn.ReLU())

    def forward(self, x):
        return self.layers(x)


def model(objective, seed=0):
    torch.manual_seed(seed)
    return Pretext(Tiny(), objective, (4, 4))


def clips(samples=4, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(2 * samples, 3, 4, 6, 6, generator=generator)


def projected(net, projector, x):
    """Return the projections of both views, [2, B, 4], of a net in training mode."""
    feature = net(x).mean((2, 3, 4))
    return projector.layers(feature).unflatten(0, (-1, 2)).transpose(0, 1)


def cos(a, b):
    """Compute the cosine of each row of a and the same row of b, one row after the other."""
    return torch.stack([x @ y / (x.norm() * y.norm()) for x, y in zip(a, b, strict=True)])


def test_moco_finds_the_key_among_the_queue():
    net = model(MoCo(PROJECTOR, queue=8, temperature=0.2))
    queue = net.objective.keys.clone()
    x = clips()
    q = net.objective.projector.layers(net.backbone(x[::2]).mean((2, 3, 4)))
    with torch.no_grad():
        feature = net.target.backbone(x[1::2]).mean((2, 3, 4))
        k = net.target.projector.layers(feature)
    expected = []
    for query, key in zip(q, k, strict=True):
        others = [query @ old / (query.norm() * old.norm()) for old in queue]
        scores = torch.stack([query @ key / (query.norm() * key.norm()), *others]) / 0.2
        expected.append(scores.logsumexp(0) - scores[0])
    outcome = net(x, {})
    assert torch.allclose(outcome.loss, torch.stack(expected).mean(), atol=1e-5)
    assert set(outcome.metrics) == {"instance_accuracy", "feature_spread"}


def test_the_queue_is_first_in_first_out():
    net = model(MoCo(PROJECTOR, queue=8))
    start = net.objective.keys.clone()
    added = []
    for step in range(3):
        x = clips(seed=step)
        with torch.no_grad():
            keys = net.target.projector.layers(net.target.backbone(x[1::2]).mean((2, 3, 4)))
        net(x, {})
        added.append(F.normalize(keys, dim=1))
        if step == 0:
            assert torch.allclose(net.objective.keys[:4], added[0], atol=1e-6)
            assert torch.equal(net.objective.keys[4:], start[4:])
    # The third batch took the place of the first.
    assert torch.allclose(net.objective.keys, torch.cat([added[2], added[1]]), atol=1e-6)
    assert net.objective.oldest == 4


def test_a_queue_that_the_batch_does_not_divide_is_refused():
    with pytest.raises(VsslError, match="8 keys is not a multiple of the 3 keys that a step adds"):
        model(MoCo(PROJECTOR, queue=8))(clips(samples=3), {})


def test_evaluation_changes_neither_queue_nor_target():
    net = model(MoCo(PROJECTOR, queue=8, momentum=0.5)).eval()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    with torch.no_grad():
        net.backbone.layers[0].weight += 1
        before["backbone.layers.0.weight"] += 1
    net(clips(), {})
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())


def test_byol_predicts_the_targets_projection_of_the_other_view():
    net = model(BYOL(PROJECTOR, PREDICTOR))
    x = clips()
    z = projected(net.backbone, net.objective.projector, x)
    p = net.objective.predictor.layers(z.transpose(0, 1).flatten(0, 1)).unflatten(0, (-1, 2))
    with torch.no_grad():
        t = projected(net.target.backbone, net.target.projector, x)
    expected = (2 - 2 * cos(p[:, 0], t[1])) + (2 - 2 * cos(p[:, 1], t[0]))
    outcome = net(x, {})
    assert torch.allclose(outcome.loss, expected.mean(), atol=1e-5)
    assert 0 <= outcome.loss <= 8


def test_simsiam_predicts_its_own_other_view_without_a_gradient_through_it():
    net = model(SimSiam(PROJECTOR, PREDICTOR))
    assert net.target is None
    x = clips()
    z = projected(net.backbone, net.objective.projector, x)
    p = net.objective.predictor.layers(z.transpose(0, 1).flatten(0, 1)).unflatten(0, (-1, 2))
    still = z.detach()
    expected = -(cos(p[:, 0], still[1]) + cos(p[:, 1], still[0])).mean() / 2
    outcome = net(x, {})
    assert torch.allclose(outcome.loss, expected, atol=1e-5)
    ours = torch.autograd.grad(outcome.loss, list(net.parameters()), retain_graph=True)
    theirs = torch.autograd.grad(expected, list(net.parameters()), retain_graph=True)
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(ours, theirs, strict=True))
    moving = -(cos(p[:, 0], z[1]) + cos(p[:, 1], z[0])).mean() / 2
    leaking = torch.autograd.grad(moving, list(net.parameters()))
    assert not all(torch.allclose(a, b, atol=1e-5) for a, b in zip(ours, leaking, strict=True))


@pytest.mark.parametrize("objective", [BYOL(PROJECTOR, PREDICTOR), SimSiam(PROJECTOR, PREDICTOR)])
def test_both_directions_count_equally(objective):
    net = model(objective)
    x = clips()
    swapped = x.unflatten(0, (-1, 2)).flip(1).flatten(0, 1)
    assert torch.allclose(net(x, {}).loss, net(swapped, {}).loss, atol=1e-5)


@pytest.mark.parametrize(
    "objective", [BYOL(PROJECTOR, PREDICTOR, 0.9), MoCo(PROJECTOR, queue=8, momentum=0.9)]
)
def test_the_target_moves_before_its_pass_and_never_gets_a_gradient(objective):
    net = model(objective)
    x = clips()
    optimizer = torch.optim.SGD([p for p in net.parameters() if p.requires_grad], 0.5)
    for step in range(3):
        slow = [p.clone() for p in net.target.backbone.parameters()]
        online = [p.detach().clone() for p in net.backbone.parameters()]
        loss = net(clips(seed=step), {}).loss
        for old, now, mine in zip(slow, online, net.target.backbone.parameters(), strict=True):
            assert torch.allclose(mine, 0.9 * old + 0.1 * now, atol=1e-7)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert all(p.grad is None and not p.requires_grad for p in net.target.parameters())
    moved = zip(net.target.backbone.parameters(), net.backbone.parameters(), strict=True)
    assert any(not torch.equal(a, b) for a, b in moved)
    assert net(x, {}).metrics["feature_spread"] > 0


def test_the_target_starts_as_a_copy_and_is_part_of_the_state():
    net = model(BYOL(PROJECTOR, PREDICTOR))
    state = net.state_dict()
    names = [name for name in state if name.startswith("target.backbone.")]
    assert names
    for name in names:
        assert torch.equal(state[name], state[name.removeprefix("target.")])
    assert "objective.keys" in model(MoCo(PROJECTOR, queue=8)).state_dict()


def test_a_sum_may_have_one_term_with_a_target_and_no_more():
    term = Term("ctr", 0.1, BYOL(PROJECTOR, PREDICTOR))
    outcome = model(Weighted((term,)))(clips(), {})
    assert set(outcome.metrics) == {"ctr_loss", "ctr_feature_spread"}
    with pytest.raises(VsslError, match="2 terms ask for a target"):
        model(Weighted((term, Term("moco", 1.0, MoCo(PROJECTOR, queue=8)))))


@pytest.mark.parametrize(
    ("wrong", "line"), [({"momentum": 2}, "from 0 to 1, not 2"), ({"queue": 0}, "1 key or more")]
)
def test_impossible_settings_are_refused_in_one_line(wrong, line):
    with pytest.raises(VsslError, match=line):
        MoCo(**wrong)
