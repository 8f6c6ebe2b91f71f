"""The generator as functions: the frames of one video of a world, and the ground truth about it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vssl.videos.puppets.crowd import crowd
from vssl.videos.puppets.draw import draw
from vssl.videos.puppets.shot import perform, shoot
from vssl.videos.puppets.world import World


@dataclass(frozen=True)
class Truth:
    """What the generator knows about a video beyond its class and group."""

    facing: str  # "right" or "left"
    scene: str
    hertz: float  # cycles of the action per second
    box: np.ndarray  # [T, 4] of the figure in pixels: left, top, right, bottom


def render(world: World, class_name: str, group: int, clip: int) -> np.ndarray:
    """Draw one video as uint8 [T, H, W, 3]; groups and clips are counted from 1.

    Where several perform in a video, its class has no name.
    """
    if world.people is not None:
        return draw(world, *(member.shot for member in crowd(world, group, clip)))
    return draw(world, shoot(world, perform(world, class_name, group), clip))


def truth(world: World, class_name: str, group: int, clip: int) -> Truth:
    """Say which way the figure faces, in which scene, how fast it acts, and where it is."""
    shot = shoot(world, perform(world, class_name, group), clip)
    return Truth(shot.facing, shot.performer.scene, shot.hertz, shot.box)
