"""Motions of the whole body on the spot; each fills a pose."""

from __future__ import annotations

import numpy as np

from vssl.videos.puppets.motion import GRAVITY, Beat, Pose, ease, other, through


def vertical_jump(pose: Pose, beat: Beat) -> None:
    """Crouch, swing the arms up, fly as high as the time in the air allows, and land softly."""
    crouch = beat.vigour * through(
        beat.phase, (0, 0), (0.28, 1), (0.40, 0), (0.80, 0), (0.88, 0.7), (0.98, 0)
    )
    flight = np.clip((beat.phase % 1.0 - 0.40) / 0.42, 0, 1)
    highest = min(GRAVITY / 8 * (0.42 / beat.hertz) ** 2, 0.2)
    pose.air = highest * 4 * flight * (1 - flight)
    pose.leg("both", hip=62 * crouch, knee=112 * crouch)
    arm = through(beat.phase, (0, 0), (0.26, -50), (0.44, 150), (0.62, 120), (0.84, 10))
    pose.move("upper arm", forward=arm)
    pose.move("forearm", forward=arm + 18)
    pose.lean, pose.anchor = 34 * crouch, "right ankle"


def jumping_jack(pose: Pose, beat: Beat) -> None:
    """Jump with legs and arms apart, and back."""
    spread = (0.5 - 0.5 * np.cos(beat.angle)) * min(beat.vigour, 1.05)
    pose.move("upper arm", forward=0, outward=10 + 150 * spread)
    pose.move("forearm", forward=0, outward=10 + 160 * spread)
    pose.move("thigh", outward=4 + 28 * spread)
    pose.move("shin", outward=4 + 28 * spread)
    pose.air = 0.07 * np.abs(np.sin(beat.angle)) * beat.vigour


def squat(pose: Pose, beat: Beat) -> None:
    """Sit down deep with stretched arms, slowly, and rise faster."""
    down = beat.vigour * through(beat.phase, (0, 0), (0.5, 1), (0.62, 1), (0.9, 0))
    pose.leg("both", hip=88 * down, knee=126 * down)
    pose.move("thigh", outward=8 + 10 * down)
    pose.move("upper arm", forward=10 + 78 * down)
    pose.move("forearm", forward=14 + 78 * down)
    pose.lean, pose.anchor = 34 * down, "right ankle"


def front_kick(pose: Pose, beat: Beat) -> None:
    """Lift the knee, snap the foot forward, and draw it back."""
    hip = beat.vigour * through(beat.phase, (0, -18), (0.22, 88), (0.36, 96), (0.55, 60), (0.8, -8))
    knee = through(beat.phase, (0, 15), (0.22, 100), (0.34, 4), (0.50, 72), (0.8, 15))
    pose.leg(beat.side, hip=hip, knee=knee)
    pose.leg(other(beat.side), hip=-4, knee=9)
    pose.lean, pose.anchor = 4 - 20 * np.clip(hip / 90, 0, 1), f"{other(beat.side)} ankle"
    pose.move("upper arm", forward=34 + 12 * np.sin(beat.angle))
    pose.move("forearm", forward=122)


def spin(pose: Pose, beat: Beat) -> None:
    """Spin on one foot with the arms spread."""
    pose.turn = beat.sign * 360 * beat.phase
    pose.move("upper arm", forward=0, outward=80 + 8 * np.sin(beat.angle))
    pose.move("forearm", forward=0, outward=84 + 8 * np.sin(beat.angle))
    pose.leg(beat.side, hip=36 * beat.vigour, knee=94 * beat.vigour)
    pose.anchor = f"{other(beat.side)} ankle"


def fall_down(pose: Pose, beat: Beat) -> None:
    """Stand, tip over faster and faster, hit the ground, lie, and get up over the knees."""
    cycle = beat.phase % 1.0
    way = beat.sign
    tipped = np.clip((cycle - 0.15) / 0.19, 0, 1) ** 2 * (1 - ease((cycle - 0.54) / 0.40))
    kneel = np.sin(np.pi * np.clip((cycle - 0.56) / 0.40, 0, 1))
    pose.topple, pose.anchor = 86 * way * tipped, "right toe"
    pose.move("upper arm", forward=10 + 115 * tipped * beat.vigour, outward=9 + 16 * tipped)
    pose.move("forearm", forward=20 + 122 * tipped * beat.vigour, outward=9 + 16 * tipped)
    pose.leg("both", hip=66 * kneel, knee=108 * kneel)
    pose.lean = 30 * kneel
    pose.air = 0.05 * np.sin(np.pi * np.clip((cycle - 0.34) / 0.07, 0, 1))  # one bounce


def lunge(pose: Pose, beat: Beat) -> None:
    """Step into a deep lunge, first with one leg and then with the other."""
    down = beat.vigour * through(beat.phase, (0, 0), (0.35, 1), (0.5, 1), (0.9, 0))
    for side, turn in (("left", 0), ("right", 1)):
        front = np.floor(beat.phase) % 2 == turn
        pose.leg(side, hip=np.where(front, 74, -22) * down, knee=np.where(front, 86, 70) * down)
    pose.move("upper arm", forward=-10, outward=34)
    pose.move("forearm", forward=60, outward=-10)


def push_up(pose: Pose, beat: Beat) -> None:
    """Lie on hands and toes, lower the straight body, and push it up."""
    down = beat.vigour * (0.5 - 0.5 * np.cos(beat.angle))
    slope = 68 + 14 * down
    pose.topple, pose.anchor = slope, "right toe"
    pose.move("upper arm", forward=slope - 84 * down, outward=14)
    pose.move("forearm", forward=slope + 8 * down, outward=8)
    pose.nod = -24


def sit_up(pose: Pose, beat: Beat) -> None:
    """Lie on the back with bent knees, roll up to the knees, and lie down again."""
    up = beat.vigour * through(beat.phase, (0, 0), (0.42, 1), (0.52, 1), (0.95, 0))
    pose.topple, pose.lean, pose.anchor = -88, 82 * up, "pelvis"
    pose.leg("both", hip=56, knee=112)
    pose.move("upper arm", forward=42 + 20 * up, outward=10)
    pose.move("forearm", forward=128 - 34 * up, open=-30)
    pose.nod = 14 * up
