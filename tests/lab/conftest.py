"""What several tests of the lab need."""

import pytest


@pytest.fixture(scope="module")
def puppet_data(tmp_path_factory):
    """The folder of a tiny set of puppets, drawn once for each file of tests."""
    return tmp_path_factory.mktemp("data")
