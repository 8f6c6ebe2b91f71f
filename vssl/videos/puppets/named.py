"""The frames and the ground truth of a video by its name, as datasets name their videos."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vssl.errors import VsslError
from vssl.videos.puppets import layouts
from vssl.videos.puppets.film import Truth, render, truth
from vssl.videos.puppets.world import World


def truth_of(world: World, name: str) -> Truth:
    """What the generator knows about the video of this name, such as v_Walk_g01_c01."""
    place = _place(world, name)
    return truth(world, place.class_name, place.group, place.clip)


def frames_of(world: World, name: str) -> np.ndarray:
    """The video of this name, drawn anew: uint8 [T, H, W, 3]."""
    place = _place(world, name)
    return render(world, place.class_name, place.group, place.clip)


def _place(world: World, name: str) -> layouts.Place:
    for place in layouts.places(world):
        if Path(place.path).stem == name:
            return place
    raise VsslError(f"the puppets {world.name} have no video {name!r}")
