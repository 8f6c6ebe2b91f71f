"""A fixture for the two ways in which a step can compute.

On a GPU it changes all pictures at once, and on a CPU one after the other.
"""

import pytest

from vssl.augment import augment, blur, crops, jitter, resize


@pytest.fixture(params=["batched", "one by one"])
def way(request, monkeypatch):
    """Run a test once in each of the two ways, on the CPU."""
    for module in (augment, blur, crops, jitter, resize):
        monkeypatch.setattr(module, "batched", lambda x: request.param == "batched")
    return request.param
