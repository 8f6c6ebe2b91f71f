"""A world of long videos in which something happens now and then."""

from __future__ import annotations

from vssl.videos.puppets.world import World


def activitynet() -> World:
    """The stand-in for ActivityNet-1.3: 12 classes, 144 videos of 30 to 90 seconds.

    A performer stands, walks about and turns, and acts one to three times. There are 12 frames a
    second, every second one of the other worlds' frames, so that the videos stay small.
    """
    return World(
        name="activitynet",
        layout="activitynet",
        classes=(
            "ArmCircles", "Bow", "Clap", "FrontKick", "HighKnees", "JumpingJack", "Lunge",
            "PickUp", "Punch", "Squat", "VerticalJump", "WaveOneHand",
        ),
        scenes=(
            "park", "beach", "forest", "gym", "street", "bricks", "room", "stadium", "studio",
            "lawn",
        ),
        groups=12,
        clips=1,
        frames=(360, 1080),
        fps=12,
        seed=13,
        acts=(1, 3),
    )  # fmt: skip
