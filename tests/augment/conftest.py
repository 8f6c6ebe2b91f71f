"""Both ways of a step: all pictures at once, as on a GPU, and one after the other, as on a CPU."""

import pytest

from vssl.augment import augment, blur, crops, jitter, resize


@pytest.fixture(params=["batched", "one by one"])
def way(request, monkeypatch):
    """Each test that asks for it runs once in either way, on the CPU."""
    for module in (augment, blur, crops, jitter, resize):
        monkeypatch.setattr(module, "batched", lambda x: request.param == "batched")
    return request.param
