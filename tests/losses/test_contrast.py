"""Contrastive losses and their gradients agree with slow, obvious references.

The references loop over anchors and sum exponentials in double precision.
"""

import math

import pytest
import torch

from vssl.errors import VsslError
from vssl.losses import info_nce, same_context, same_pace


def slow_same_context(z):
    """Compute Eq. 2 for one anchor at a time: its positives against all clips of other videos."""
    videos, views, _ = z.shape
    total, count = 0, 0
    for i in range(videos):
        for v in range(views):
            others = [z[j, w] for j in range(videos) if j != i for w in range(views)]
            negatives = sum(torch.exp(z[i, v] @ other) for other in others)
            for u in range(views):
                if u != v:
                    positive = torch.exp(z[i, v] @ z[i, u])
                    total, count = total - torch.log(positive / (positive + negatives)), count + 1
    return total / count


def slow_same_pace(z, pace):
    """Compute Eq. 3 for one anchor at a time; one without a positive adds nothing."""
    n = len(z)
    total = z.sum() * 0
    for i in range(n):
        positives = [j for j in range(n) if j != i and pace[j] == pace[i]]
        everything = sum(torch.exp(z[i] @ z[j]) for j in range(n) if j != i)
        if positives:
            logs = [torch.log(torch.exp(z[i] @ z[j]) / everything) for j in positives]
            total = total - sum(logs) / len(positives)
    return total / n


def slow_info_nce(z, temperature):
    """Compute Eq. 1 of CVRL by a double loop over clips, each of which is the anchor once."""
    clips = [z[i, v] for i in range(len(z)) for v in range(2)]

    def sim(u, v):
        return u @ v / (u.norm() * v.norm()) / temperature

    total = 0
    for i, anchor in enumerate(clips):
        everything = sum(torch.exp(sim(anchor, other)) for k, other in enumerate(clips) if k != i)
        total = total - torch.log(torch.exp(sim(anchor, clips[i ^ 1])) / everything)
    return total / len(clips)


@pytest.mark.parametrize(("videos", "temperature"), [(5, 0.1), (2, 1.0), (1, 0.1)])
def test_info_nce_equals_the_slow_reference(videos, temperature):
    rng = torch.Generator().manual_seed(0)
    z = torch.randn(videos, 2, 8, dtype=torch.double, generator=rng, requires_grad=True)
    slow = slow_info_nce(z, temperature)
    (expected,) = torch.autograd.grad(slow, z)
    fast = info_nce(z, temperature)
    (grad,) = torch.autograd.grad(fast, z)
    assert math.isclose(fast.item(), slow.item(), rel_tol=1e-5, abs_tol=1e-6)
    assert torch.allclose(grad, expected, atol=1e-5)


@pytest.mark.parametrize("shape", [(4, 3, 8), (4, 1, 8), (4, 8)])
def test_info_nce_needs_two_clips_of_each_video(shape):
    with pytest.raises(VsslError, match="2 clips of each video"):
        info_nce(torch.rand(shape))


def test_info_nce_is_same_context_of_unit_vectors():
    """CVRL's Eq. 1 and Pace's Eq. 2 are the same loss if both normalise."""
    z = torch.randn(6, 2, 8, generator=torch.Generator().manual_seed(2))
    context = same_context(z, normalize=True, temperature=0.1)
    assert info_nce(z, 0.1).item() == pytest.approx(context.item(), rel=1e-5)


def test_info_nce_stays_in_float32_when_the_loop_is_in_half_precision():
    z = torch.randn(6, 2, 8, generator=torch.Generator().manual_seed(2))
    with torch.autocast("cpu", torch.bfloat16):
        mixed = info_nce(z)
    assert mixed.dtype == torch.float32 and mixed == info_nce(z)
    assert torch.isfinite(info_nce(1e4 * z.half().float()))


@pytest.mark.parametrize("shape", [(5, 2, 8), (3, 4, 6), (2, 2, 1)])
def test_same_context_equals_the_slow_reference(shape):
    rng = torch.Generator().manual_seed(0)
    z = torch.randn(shape, dtype=torch.double, generator=rng, requires_grad=True)
    slow = slow_same_context(z)
    (expected,) = torch.autograd.grad(slow, z)
    fast = same_context(z)
    (grad,) = torch.autograd.grad(fast, z)
    assert math.isclose(fast.item(), slow.item(), rel_tol=1e-5)
    assert torch.allclose(grad, expected, atol=1e-5)


@pytest.mark.parametrize("pace", [[0, 1, 0, 2, 3, 1], [0, 0, 0, 0, 0, 0], [0, 1, 2, 3, 4, 5]])
def test_same_pace_equals_the_slow_reference(pace):
    pace = torch.tensor(pace)
    rng = torch.Generator().manual_seed(1)
    z = torch.randn(6, 5, dtype=torch.double, generator=rng, requires_grad=True)
    slow = slow_same_pace(z, pace)
    (expected,) = torch.autograd.grad(slow, z)
    fast = same_pace(z, pace)
    (grad,) = torch.autograd.grad(fast, z)
    assert math.isclose(fast.item(), slow.item(), rel_tol=1e-5, abs_tol=1e-7)
    assert torch.allclose(grad, expected, atol=1e-5)


def test_the_normalised_loss_is_the_raw_loss_of_scaled_unit_vectors():
    z = torch.randn(4, 2, 8, generator=torch.Generator().manual_seed(2))
    unit = torch.nn.functional.normalize(z, dim=2) / 0.07**0.5
    normalised = same_context(z, normalize=True, temperature=0.07)
    assert torch.allclose(normalised, same_context(unit), atol=1e-4)


def test_huge_similarities_stay_finite():
    """A plain exponential would overflow.

    Raw dot products of 512 rectified features reach the thousands.
    """
    z = (100 * torch.rand(4, 2, 512, generator=torch.Generator().manual_seed(3))).requires_grad_()
    for loss in (same_context(z), same_pace(z.flatten(0, 1), torch.tensor([0, 1] * 4))):
        (grad,) = torch.autograd.grad(loss, z, retain_graph=True)
        assert loss.isfinite() and grad.isfinite().all()


def test_one_video_has_nothing_to_contrast():
    z = torch.randn(1, 2, 8, requires_grad=True)
    loss = same_context(z)
    loss.backward()
    assert loss.item() == 0 and (z.grad == 0).all()


def test_half_precision_is_lifted_to_float32():
    z = torch.randn(3, 2, 8).bfloat16()
    assert same_context(z).dtype == torch.float32
    full = 10 * torch.rand(4, 2, 512, generator=torch.Generator().manual_seed(5))
    pace = torch.tensor([0, 1] * 4)
    with torch.autocast("cpu", torch.bfloat16):
        mixed = same_context(full), same_pace(full.flatten(0, 1), pace)
    assert mixed == (same_context(full), same_pace(full.flatten(0, 1), pace))
