"""Worlds in which it matters when something happens, and where."""

from __future__ import annotations

from vssl.videos.puppets.world import World, ucf101


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
        scenes=ucf101().scenes,
        groups=12,
        clips=1,
        frames=(360, 1080),
        fps=12,
        seed=13,
        acts=(1, 3),
    )  # fmt: skip


def ava() -> World:
    """The stand-in for AVA: 60 videos of half a minute, with two to four performers in each.

    A performer does one thing after another; arms and legs may do different things at once. Boxes
    and classes are on record once a second.
    """
    return World(
        name="ava",
        layout="ava",
        classes=(
            "Stand", "ArmCircles", "Bow", "Clap", "FrontKick", "HighKnees", "JumpingJack", "Lunge",
            "Punch", "Squat", "WaveOneHand", "WaveTwoHands",
        ),
        scenes=ucf101().scenes,
        groups=60,
        clips=1,
        frames=(360, 360),
        height=128,
        width=172,
        fps=12,
        seed=15,
        figure=0.5,
        people=(2, 4),
    )  # fmt: skip
