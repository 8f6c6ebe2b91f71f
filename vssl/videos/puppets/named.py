"""The ground truth of a video by its name, as datasets name their videos."""

from __future__ import annotations

from pathlib import Path

from vssl.errors import VsslError
from vssl.videos.puppets import layouts
from vssl.videos.puppets.film import Truth, truth
from vssl.videos.puppets.world import World


def truth_of(world: World, name: str) -> Truth:
    """What the generator knows about the video of this name, such as v_Walk_g01_c01."""
    for place in layouts.places(world):
        if Path(place.path).stem == name:
            return truth(world, place.class_name, place.group, place.clip)
    raise VsslError(f"the puppets {world.name} have no video {name!r}")
