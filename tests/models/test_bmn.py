"""BMN has its paper's size, and its layer samples proposals as the definition says."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from vssl.errors import VsslError
from vssl.models import parameters
from vssl.models.bmn import BMN, BoundaryMatching, sampling


def sampled(x, bins, points):
    """The layer read word for word: [C, T] to [C, bins, T, T]."""
    channels, positions = x.shape
    out = torch.zeros(channels, bins, positions, positions, dtype=x.dtype)
    for i in range(positions):
        for j in range(i, positions):
            length = j + 1 - i
            low, high = i - 0.5 * (length + 1), j + 1 + 0.5 * (length + 1)
            for n in range(bins):
                for m in range(points):
                    step = (high - low) / (bins * points - 1)
                    point = low + step * (n * points + m)
                    below = math.floor(point)
                    for t, share in ((below, below + 1 - point), (below + 1, point - below)):
                        if 0 <= t < positions:
                            out[:, n, i, j] += share * x[:, t] / points
    return out


@pytest.mark.parametrize(("positions", "bins", "points"), [(2, 3, 1), (7, 4, 3), (10, 8, 3)])
def test_the_layer_is_the_definition_and_the_convolution_after_it(positions, bins, points):
    torch.manual_seed(0)
    layer = BoundaryMatching(5, 6, positions, bins, points).double()
    x = torch.randn(3, 5, positions, dtype=torch.double, requires_grad=True)
    kernel = layer.join.weight[..., None, None]  # [O, C, bins, 1, 1]
    samples = torch.stack([sampled(one, bins, points) for one in x])
    expected = F.conv3d(samples, kernel, layer.join.bias).squeeze(2)
    found = layer(x)
    assert found.shape == (3, 6, positions, positions)
    assert torch.allclose(found, expected, atol=1e-5)
    weights = torch.randn_like(found)
    wanted = (x, layer.join.weight, layer.join.bias)
    for mine, slow in zip(
        torch.autograd.grad((found * weights).sum(), wanted),
        torch.autograd.grad((expected * weights).sum(), wanted),
        strict=True,
    ):
        assert torch.allclose(mine, slow, atol=1e-4)


def test_gradients_agree_with_differences():
    torch.manual_seed(0)
    layer = BoundaryMatching(2, 2, 5, 4, 2).double()
    x = torch.randn(2, 2, 5, dtype=torch.double, requires_grad=True)
    assert torch.autograd.gradcheck(layer, x)


def test_a_constant_is_sampled_as_itself_where_nothing_lies_outside():
    matrix = sampling(100)
    assert matrix.shape == (10_000, 3200) and matrix.nnz == 479_224
    total = matrix.sum(1).reshape(100, 100)
    i, j = np.indices((100, 100))
    low, high = i - (j - i + 2) / 2, j + 1 + (j - i + 2) / 2
    inside = (i <= j) & (low >= 0) & (high <= 99)
    assert np.allclose(total[inside], 32) and inside.sum() > 1000
    assert (total[i > j] == 0).all() and (total[(i <= j) & ~inside] < 32).all()


def test_bmn_has_its_papers_size():
    assert parameters(BMN()) == 5_000_068
    assert parameters(BMN(400)) == 5_000_068 - (512 - 400) // 4 * 256 * 3


def test_bmn_scores_positions_and_cells():
    torch.manual_seed(0)
    net = BMN(8, positions=6)
    features = torch.randn(2, 6, 8)
    scores = net(features)
    assert [tuple(part.shape) for part in scores] == [(2, 6), (2, 6), (2, 6, 6), (2, 6, 6)]
    assert all(part.min() > 0 and part.max() < 1 for part in scores)
    alone = net(features[1:])
    assert all(torch.allclose(a[1:], b, atol=1e-6) for a, b in zip(scores, alone, strict=True))
    sum(part.sum() for part in scores).backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in net.parameters())


def test_scores_are_in_float32_when_the_loop_is_in_half_precision():
    torch.manual_seed(0)
    net, features = BMN(8, positions=6), torch.randn(2, 6, 8)
    with torch.autocast("cpu", torch.bfloat16):
        scores = net(features)
    assert {part.dtype for part in scores} == {torch.float32}
    exact = net(features)
    assert all(torch.allclose(a, b, atol=0.02) for a, b in zip(scores, exact, strict=True))


def test_its_state_is_its_parameters():
    """The sampling matrix is made anew, so a checkpoint does not hold it."""
    net = BMN(8, positions=6)
    assert set(net.state_dict()) == {name for name, _ in net.named_parameters()}


def test_wrong_sizes_are_refused():
    with pytest.raises(VsslError, match="4 groups, which 510 numbers do not make"):
        BMN(510)
    with pytest.raises(VsslError, match="2 positions or more, not 1"):
        BMN(8, positions=1)
    with pytest.raises(VsslError, match="reads 6 clips of a video, not 5"):
        BMN(8, positions=6)(torch.randn(1, 5, 8))
