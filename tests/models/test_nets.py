"""The five nets that ship: small, whole, as their cards say, and of the first planned seed."""

import json

import pytest
import torch

import vssl
from vssl import manifest, paths
from vssl.models import shipped

STORIES = {
    "pace-demo": "100_pace",
    "cvrl-demo": "200_cvrl",
    "segments-demo": "300_segments",
    "cpnet-demo": "400_cpnet",
    "cstp-demo": "500_cstp",
}
MOST_BYTES = 4_000_000


def test_there_is_one_for_each_story():
    assert shipped.names() == sorted(STORIES)


@pytest.mark.parametrize("name", STORIES)
def test_it_loads_and_reads_clips_of_the_size_it_names(name):
    folder = paths.nets() / name
    clip = json.loads((folder / "config.json").read_text())["input"]
    net = vssl.load(name)
    x = torch.rand(2, 3, clip["frames"], clip["size"], clip["size"])
    with torch.inference_mode():
        found = net.features(x)
    assert found.shape == (2, net.dim) and found.isfinite().all()
    assert sum(file.stat().st_size for file in folder.iterdir()) < MOST_BYTES


@pytest.mark.parametrize("name", STORIES)
def test_its_card_names_its_seed_its_limits_and_what_was_measured(name):
    card = (paths.nets() / name / "README.md").read_text(encoding="utf-8")
    entry = next(one for one in manifest.shelf() if one.id == STORIES[name])
    assert f"| seed | {entry.planned('demo')[0]} |" in card
    assert "drawn puppets" in card and "must not be used for" in card
    assert f"| {entry.paper}/" in card and "| demo |" in card  # a number, of this very run


@pytest.mark.parametrize("name", ["pace-demo", "segments-demo", "cstp-demo"])
def test_its_heads_are_there(name):
    assert all(value.isfinite().all() for value in shipped.heads(name).values())
