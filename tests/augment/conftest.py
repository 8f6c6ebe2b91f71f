"""Both ways of a step: all pictures at once, as on a GPU, and one after the other, as on a CPU."""

import pytest

from vssl.augment import augment, blur, crops, jitter


@pytest.fixture(params=["together", "one by one"])
def way(request, monkeypatch):
    """Each test that asks for it runs once in either way, on the CPU."""
    for module in (augment, blur, crops, jitter):
        monkeypatch.setattr(module, "together", lambda x: request.param == "together")
    return request.param
