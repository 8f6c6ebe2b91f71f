"""The generator as a function: one video of a world as frames, and what is true of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vssl.videos.puppets.draw import draw
from vssl.videos.puppets.shot import perform, shoot
from vssl.videos.puppets.world import World


@dataclass(frozen=True)
class Truth:
    """What the generator knows of a video and no list tells."""

    facing: str  # "right" or "left"
    scene: str
    hertz: float  # cycles of the action a second
    box: np.ndarray  # [T, 4] of the figure in pixels: left, top, right, bottom


def render(world: World, class_name: str, group: int, clip: int) -> np.ndarray:
    """Draw one video as uint8 [T, H, W, 3]; group and clip count from 1, as in the file names."""
    return draw(world, shoot(world, perform(world, class_name, group), clip))


def truth(world: World, class_name: str, group: int, clip: int) -> Truth:
    """Tell which way the figure faces, where it acts, how fast, and where it is in each frame."""
    shot = shoot(world, perform(world, class_name, group), clip)
    return Truth(shot.facing, shot.performer.scene, shot.hertz, shot.box)
