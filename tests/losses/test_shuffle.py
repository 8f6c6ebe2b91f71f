"""Shuffle similarity is Algorithm 1, whatever the order of the parts, with gradients that end."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from vssl.errors import VsslError
from vssl.losses import Shuffle
from vssl.losses.shuffle import matched


def algorithm_1(a, b, k):
    """The algorithm read word for word, for one pair of vectors."""
    first, second = a.reshape(k, -1), b.reshape(k, -1)
    distance = np.array([[np.linalg.norm(x - y) for y in second] for x in first])
    total, rows, columns = 0.0, set(), set()
    while len(rows) < k:
        left = [(m, n) for m in range(k) for n in range(k) if m not in rows and n not in columns]
        m, n = min(left, key=lambda pair: distance[pair])  # the first of those that are equal
        total += distance[m, n]
        rows.add(m)
        columns.add(n)
    return total


@pytest.mark.parametrize("k", [1, 2, 3, 4, 5])
def test_it_is_algorithm_1_for_every_pair(k):
    torch.manual_seed(k)
    a, b = torch.randn(6, 4 * k), torch.randn(7, 4 * k)
    found = Shuffle(k)(a, b)
    unit = [F.normalize(some, dim=1).double().numpy() for some in (a, b)]
    expected = [[-algorithm_1(x, y, k) for y in unit[1]] for x in unit[0]]
    assert found.dtype == torch.float32
    assert np.allclose(found.numpy(), expected, atol=1e-5)


def test_of_equal_distances_the_first_is_taken_row_by_row():
    # Whole numbers, so that equal means equal: of 0 to 2 many tie.
    rng = np.random.default_rng(0)
    for _ in range(300):
        k = int(rng.integers(2, 6))
        distance = rng.integers(0, 3, (k, k)).astype(float)
        total, left = 0.0, {(m, n) for m in range(k) for n in range(k)}
        while left:
            m, n = min(sorted(left), key=lambda pair: distance[pair])
            total += distance[m, n]
            left = {(i, j) for i, j in left if i != m and j != n}
        assert matched(torch.from_numpy(distance)).item() == total


def test_greedy_is_not_the_best_matching():
    """What Algorithm 1 gives, though another matching would have a smaller sum."""
    assert matched(torch.tensor([[0.0, 1.0], [1.0, 9.0]])).item() == 9


@pytest.mark.parametrize("k", [2, 3, 5])
def test_the_order_of_the_parts_does_not_matter(k):
    torch.manual_seed(0)
    a, b = torch.randn(4, 6 * k), torch.randn(5, 6 * k)
    expected = Shuffle(k)(a, b)
    turned = a.unflatten(1, (k, -1)).flip(1).flatten(1)
    assert torch.allclose(Shuffle(k)(turned, b), expected, atol=1e-6)
    rolled = b.unflatten(1, (k, -1)).roll(1, 1).flatten(1)
    assert torch.allclose(Shuffle(k)(a, rolled), expected, atol=1e-6)
    assert Shuffle(k)(a, turned).diagonal().abs().max() < 1e-6  # equal but for the order
    assert not torch.allclose(Shuffle(1)(turned, b), Shuffle(1)(a, b))


def test_gradients_go_through_the_chosen_pairs_and_end_at_distance_0():
    torch.manual_seed(0)
    a = torch.randn(3, 6, dtype=torch.float32, requires_grad=True)
    b = torch.randn(4, 6)
    (found,) = torch.autograd.grad(Shuffle(3)(a, b).sum(), a)
    step = 1e-2
    for place in np.ndindex(3, 6):
        high, low = a.detach().clone(), a.detach().clone()
        high[place] += step
        low[place] -= step
        slope = (Shuffle(3)(high, b).sum() - Shuffle(3)(low, b).sum()) / (2 * step)
        assert found[place].item() == pytest.approx(slope.item(), abs=2e-2)
    (still,) = torch.autograd.grad(Shuffle(3)(a, a.detach().clone()).diagonal().sum(), a)
    assert still.isfinite().all()
    (zero,) = torch.autograd.grad(Shuffle(3)(a * 0, b).sum(), a)
    assert zero.isfinite().all()


def test_it_is_in_full_precision_and_refuses_a_vector_without_equal_parts():
    a, b = torch.randn(3, 6), torch.randn(4, 6)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(Shuffle(3)(a, b), Shuffle(3)(a, b))
        assert Shuffle(3)(a.bfloat16(), b).dtype == torch.float32
    with pytest.raises(VsslError, match="128 numbers has no 3 equal parts"):
        Shuffle(3)(torch.randn(2, 128), torch.randn(2, 128))
