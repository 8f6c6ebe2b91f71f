"""The frames and the truth of a video are found by the name that its file has."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from vssl.errors import VsslError
from vssl.videos import puppets
from vssl.videos.puppets import layouts


@pytest.mark.parametrize("world", [puppets.ucf101(), puppets.hmdb51(), puppets.kinetics400()])
def test_a_name_leads_to_the_truth_of_its_video(world):
    small = replace(world, classes=world.classes[:2], groups=2, clips=2, frames=(10, 12))
    for place in list(layouts.places(small))[::3]:
        found = puppets.truth_of(small, Path(place.path).stem)
        true = puppets.truth(small, place.class_name, place.group, place.clip)
        assert (found.scene, found.facing) == (true.scene, true.facing)
        assert np.array_equal(found.box, true.box)
    with pytest.raises(VsslError, match="no video 'nobody'"):
        puppets.truth_of(small, "nobody")


@pytest.mark.parametrize("world", [puppets.ucf101(), puppets.ava()])
def test_a_name_leads_to_the_frames_of_its_video(world):
    small = replace(
        world, classes=world.classes[:2], groups=2, frames=(24, 26), height=32, width=44
    )
    place = list(layouts.places(small))[-1]
    found = puppets.frames_of(small, Path(place.path).stem)
    drawn = puppets.render(small, place.class_name, place.group, place.clip)
    assert np.array_equal(found, drawn) and found.shape[1:] == (32, 44, 3)
