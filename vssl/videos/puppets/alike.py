"""A world whose classes look alike and differ only in how the body moves."""

from __future__ import annotations

from vssl.videos.puppets.world import World


def diving48() -> World:
    """The stand-in for Diving48: 12 kinds of gymnastics in one gym, 720 videos.

    All stand on the same spot before the same wall, and nobody holds anything. Performers are seen
    from many sides, and the side says little of what they do. Each has one video, since the lists
    of Diving48 know no performers: so none is on both sides of a split, nor of training videos
    divided once more.
    """
    return World(
        name="diving48",
        layout="diving48",
        classes=(
            "Bow", "Cartwheel", "FallDown", "FrontKick", "HighKnees", "JumpingJack", "Lunge",
            "PickUp", "Spin", "Squat", "TurnAround", "VerticalJump",
        ),
        scenes=("gym",),
        groups=60,
        clips=1,
        seed=48,
        shared_scenes=1,
        view_deviation=45.0,
    )  # fmt: skip
