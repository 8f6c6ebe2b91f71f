"""Views of random maps, for tests of objectives."""

from __future__ import annotations

import pytest
import torch

from vssl.models.heads import View
from vssl.objectives import Views


def made(samples=4, views=2, dim=8, seed=0, labels=None, **more):
    """Make views of one length, each with a label "pace"."""
    generator = torch.Generator().manual_seed(seed)
    maps = torch.randn(samples * views, dim, 2, 3, 3, generator=generator)
    pace = torch.randint(4, (samples, views), generator=generator)
    group = (tuple(range(views)), View(maps, maps.mean((2, 3, 4))))
    return Views((group,), views, {"pace": pace} if labels is None else labels, **more)


@pytest.fixture
def views():
    return made
