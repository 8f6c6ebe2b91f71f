"""Similarities of all pairs agree with a slow reference."""

import pytest
import torch

from vssl.losses import Cosine


def test_the_cosine_is_taken_pair_by_pair():
    a, b = torch.randn(3, 5), torch.randn(4, 5)
    found = Cosine()(a, b)
    expected = [[(x @ y / (x.norm() * y.norm())).item() for y in b] for x in a]
    assert found.tolist() == [pytest.approx(row, abs=1e-6) for row in expected]
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(Cosine()(a, b), found)
