"""The triplet loss and its gradient agree with a slow, obvious reference."""

import pytest
import torch

from vssl.losses import triplet


def slow(anchor, positive, negative, margin):
    def cosine(u, v):
        return u @ v / (u.norm() * v.norm())

    each = [
        max(margin - (cosine(a, p) - cosine(a, n)), a.sum() * 0)
        for a, p, n in zip(anchor, positive, negative, strict=True)
    ]
    return sum(each) / len(each)


@pytest.mark.parametrize("margin", [0.0, 0.2, 1.0])
def test_it_equals_the_slow_reference(margin):
    rng = torch.Generator().manual_seed(0)
    z = torch.randn(3, 9, 6, dtype=torch.double, generator=rng, requires_grad=True)
    expected = slow(*z, margin)
    (expected_grad,) = torch.autograd.grad(expected, z)
    loss, nearer = triplet(*z, margin)
    (grad,) = torch.autograd.grad(loss, z)
    assert loss.item() == pytest.approx(expected.item(), abs=1e-6)
    assert torch.allclose(grad, expected_grad, atol=1e-5)
    assert nearer.shape == (9,) and nearer.abs().max() <= 2


def test_it_is_zero_where_the_margin_is_kept():
    a = torch.tensor([[1.0, 0.0]])
    loss, nearer = triplet(a, 3 * a, torch.tensor([[0.0, 2.0]]), 0.5)
    assert loss == 0 and nearer.item() == pytest.approx(1.0)
