"""The parts of a motion: a pose over time, and smooth periodic curves to fill it with."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

SIDES = ("left", "right")
TURN = 2 * np.pi
GRAVITY = 5.8  # body heights per second squared: 9.81 m/s² for a person of 1.7 m


def ease(x: np.ndarray) -> np.ndarray:
    """Go from 0 to 1 with a level start and end, as muscles move."""
    x = np.clip(x, 0.0, 1.0)
    return x * x * (3 - 2 * x)


def through(phase: np.ndarray, *points: tuple[float, float]) -> np.ndarray:
    """A curve through (phase, value) points in each cycle, eased between them.

    The first point must lie at phase 0.
    """
    at = np.array([point[0] for point in points] + [1.0])
    value = np.array([point[1] for point in points] + [points[0][1]], float)
    phase = phase % 1.0
    left = np.searchsorted(at, phase, side="right") - 1  # [T]
    share = (phase - at[left]) / (at[left + 1] - at[left])
    return value[left] + (value[left + 1] - value[left]) * ease(share)


def other(side: str) -> str:
    """The other side."""
    return SIDES[side == "left"]


@dataclass(frozen=True)
class Beat:
    """Where an action is in its cycle at each frame, and the performer's habits."""

    phase: np.ndarray  # [T], in cycles
    hertz: float  # cycles per second
    vigour: float = 1.0  # a factor on how wide the movements are
    side: str = "right"  # the hand, foot or direction that the performer prefers

    @property
    def angle(self) -> np.ndarray:
        """The phase in radians."""
        return TURN * self.phase

    @property
    def sign(self) -> int:
        """+1 for a performer who prefers the right."""
        return 1 if self.side == "right" else -1

    def later(self, cycles: float) -> np.ndarray:
        """The phase of a part of the body that is ahead by this many cycles."""
        return self.phase + cycles


@dataclass(frozen=True)
class Ball:
    """A ball that is dribbled or thrown by one hand."""

    kind: str  # "dribble" or "throw"
    side: str


@dataclass
class Pose:
    """Joint angles over time, in degrees.

    The figure faces along x, with y up and z to its right. A limb hangs straight down at (0, 0, 0):
    `forward` swings it to the front, `outward` to its side, and `open` turns it about the vertical,
    away from the body's middle.
    """

    frames: int
    lean: np.ndarray | float = 0.0  # of the trunk to the front
    tilt: np.ndarray | float = 0.0  # of the trunk to the right
    twist: np.ndarray | float = 0.0  # of the shoulders against the hips, to the left
    nod: np.ndarray | float = 0.0  # of the head
    topple: np.ndarray | float = 0.0  # of the whole body to the front
    wheel: np.ndarray | float = 0.0  # of the whole body to the right
    turn: np.ndarray | float = 0.0  # of the whole body about the vertical
    air: np.ndarray | float = 0.0  # height above the ground, in body heights
    forward: np.ndarray | float = 0.0  # body heights per second in the direction it faces
    aside: np.ndarray | float = 0.0  # body heights per second to its right
    anchor: str | None = None  # the joint that stays on its spot; None: the pelvis
    hold: np.ndarray | float = 1.0  # how far the anchor stays: 0 lets it go
    ball: Ball | None = None
    stick: bool = False  # a stick in the right hand, in the direction of the limb "stick"
    limbs: dict[str, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for side in SIDES:
            self.move(f"{side} upper arm", forward=8, outward=9)
            self.move(f"{side} forearm", forward=16, outward=9)
            self.move(f"{side} thigh", outward=5)
            self.move(f"{side} shin", outward=5)
        self.move("right stick")

    def move(self, limb: str, **angles: np.ndarray | float) -> None:
        """Set angles of one limb ("left shin"), or of both sides' ("shin")."""
        names = [limb] if limb.startswith(SIDES) else [f"{side} {limb}" for side in SIDES]
        for name in names:
            values = self.limbs.setdefault(name, np.zeros((self.frames, 3)))  # [T, 3]
            for angle, value in angles.items():
                values[:, ("forward", "outward", "open").index(angle)] = value

    def leg(self, limb: str, hip: np.ndarray | float, knee: np.ndarray | float) -> None:
        """Raise a thigh by `hip` and bend its knee by `knee`; `limb` is a side or "both"."""
        for side in SIDES if limb == "both" else (limb,):
            self.move(f"{side} thigh", forward=hip)
            self.move(f"{side} shin", forward=hip - knee)
