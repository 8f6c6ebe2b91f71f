"""The actions of the figures, each with its natural tempo and the side it is best seen from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vssl.errors import VsslError
from vssl.videos.puppets import gestures, gymnastics, locomotion
from vssl.videos.puppets.motion import Beat, Pose


@dataclass(frozen=True)
class Action:
    """A motion that repeats."""

    fill: Callable[[Pose, Beat], None]
    hertz: float  # cycles a second at the natural tempo
    view: float  # degrees: 0 is seen from the side, 90 from the front


ACTIONS = {
    "ArmCircles": Action(gestures.arm_circles, 0.9, 25),
    "Bow": Action(gestures.bow, 0.6, 15),
    "Cartwheel": Action(locomotion.cartwheel, 0.6, 75),
    "Clap": Action(gestures.clap, 1.9, 74),
    "DribbleBall": Action(gestures.dribble, 2.0, 28),
    "FallDown": Action(gymnastics.fall_down, 0.48, 10),
    "FrontKick": Action(gymnastics.front_kick, 1.1, 12),
    "HighKnees": Action(locomotion.high_knees, 1.5, 30),
    "JumpingJack": Action(gymnastics.jumping_jack, 1.3, 78),
    "Lunge": Action(gymnastics.lunge, 0.6, 12),
    "PickUp": Action(gestures.pick_up, 0.55, 20),
    "Punch": Action(gestures.punch, 1.6, 20),
    "PushUp": Action(gymnastics.push_up, 0.8, 8),
    "Run": Action(locomotion.run, 1.9, 5),
    "SideStep": Action(locomotion.side_step, 1.3, 72),
    "SitUp": Action(gymnastics.sit_up, 0.65, 8),
    "Spin": Action(gymnastics.spin, 0.9, 70),
    "Squat": Action(gymnastics.squat, 0.75, 30),
    "SwingBat": Action(gestures.swing_bat, 0.7, 40),
    "Sword": Action(gestures.sword, 1.0, 18),
    "Throw": Action(gestures.throw, 0.95, 12),
    "TurnAround": Action(locomotion.turn_around, 0.45, 45),
    "VerticalJump": Action(gymnastics.vertical_jump, 0.9, 42),
    "Walk": Action(locomotion.walk, 1.1, 5),
    "WalkBackward": Action(locomotion.walk_backward, 0.85, 5),
    "WaveOneHand": Action(gestures.wave_one_hand, 1.7, 76),
    "WaveTwoHands": Action(gestures.wave_two_hands, 1.1, 78),
}

# The same actions under names in the style of HMDB51 and Kinetics-400.
SYNONYMS = {
    "cartwheel": "Cartwheel", "clap": "Clap", "dribble": "DribbleBall", "fall_floor": "FallDown",
    "jump": "VerticalJump", "kick": "FrontKick", "pick": "PickUp", "punch": "Punch",
    "pushup": "PushUp", "run": "Run", "situp": "SitUp", "swing_baseball": "SwingBat",
    "sword": "Sword", "throw": "Throw", "turn": "TurnAround", "walk": "Walk",
    "wave": "WaveOneHand", "arm circles": "ArmCircles", "bowing": "Bow",
    "cartwheeling": "Cartwheel", "clapping": "Clap", "dribbling basketball": "DribbleBall",
    "falling down": "FallDown", "high kick": "FrontKick", "high knees": "HighKnees",
    "hitting baseball": "SwingBat", "jogging": "Run", "jumping": "VerticalJump",
    "jumping jacks": "JumpingJack", "lunge": "Lunge", "picking up": "PickUp",
    "punching bag": "Punch", "push up": "PushUp", "side stepping": "SideStep", "spinning": "Spin",
    "squat": "Squat", "sword fighting": "Sword", "throwing ball": "Throw", "walking": "Walk",
    "waving hands": "WaveTwoHands",
}  # fmt: skip


def action(name: str) -> Action:
    """Find an action by its name or by one of its synonyms."""
    found = ACTIONS.get(SYNONYMS.get(name, name))
    if found is None:
        raise VsslError(f"no puppet acts out {name!r}; there are {', '.join(ACTIONS)}")
    return found
