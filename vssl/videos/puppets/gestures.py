"""Motions of the arms and the trunk, with little movement of the feet; each fills a pose."""

from __future__ import annotations

import numpy as np

from vssl.videos.puppets.motion import TURN, Ball, Beat, Pose, other, through


def wave_one_hand(pose: Pose, beat: Beat) -> None:
    """Wave with a raised hand, the elbow at the height of the shoulder."""
    swing = np.sin(beat.angle)
    pose.move(f"{beat.side} upper arm", forward=0, outward=112 + 8 * swing)
    pose.move(f"{beat.side} forearm", forward=0, outward=168 + 44 * beat.vigour * swing)
    pose.tilt = 3 * swing


def wave_two_hands(pose: Pose, beat: Beat) -> None:
    """Wave both raised arms from side to side, the trunk with them."""
    for side, sign in (("left", -1), ("right", 1)):
        pose.move(
            f"{side} upper arm",
            forward=0,
            outward=160 + sign * 30 * beat.vigour * np.sin(beat.angle),
        )
        pose.move(
            f"{side} forearm",
            forward=0,
            outward=174 + sign * 46 * beat.vigour * np.sin(beat.angle - 0.4),
        )
    pose.tilt = -10 * np.sin(beat.angle)


def bow(pose: Pose, beat: Beat) -> None:
    """Bow from the hips, stay a moment, and rise."""
    down = through(beat.phase, (0, 0), (0.3, 1), (0.5, 1), (0.9, 0)) * beat.vigour
    pose.lean, pose.nod, pose.anchor = 82 * down, 14 * down, "right ankle"
    pose.move("upper arm", forward=8 - 52 * down)
    pose.move("forearm", forward=16 - 52 * down)
    pose.leg("both", hip=-8 * down, knee=0)


def punch(pose: Pose, beat: Beat) -> None:
    """Box: straight punches in turn, fast out and slower back to the chin."""
    for side, ahead in (("left", 0.0), ("right", 0.5)):
        out = through(beat.later(ahead), (0, 0), (0.14, 1), (0.22, 1), (0.6, 0)) * min(
            beat.vigour, 1.05
        )
        pose.move(f"{side} upper arm", forward=18 + 70 * out, outward=14 - 8 * out)
        pose.move(f"{side} forearm", forward=138 - 48 * out, open=-8)
    pose.twist = -24 * np.sin(beat.angle - 0.4)
    pose.lean, pose.air = 8, 0.012 * (1 + np.sin(2 * beat.angle))
    pose.leg("left", hip=24, knee=22)
    pose.leg("right", hip=-20, knee=16)


def throw(pose: Pose, beat: Beat) -> None:
    """Throw a ball over the shoulder: a long wind-up, a whip, a follow-through."""
    arm = through(
        beat.phase, (0, 15), (0.38, -165), (0.46, -172), (0.58, -285), (0.72, -330), (0.96, -345)
    )
    arm = np.where(beat.phase % 1.0 >= 0.96, -345.0, arm)  # a full turn later it is at 15 again
    elbow = through(beat.phase, (0, 10), (0.38, 85), (0.46, 92), (0.58, 5), (0.9, 10))
    pose.move(f"{beat.side} upper arm", forward=arm, outward=14)
    pose.move(f"{beat.side} forearm", forward=arm + elbow, outward=10)
    pose.move(
        f"{other(beat.side)} upper arm",
        forward=through(beat.phase, (0, 10), (0.42, 80), (0.6, -25), (0.95, 10)),
    )
    pose.move(
        f"{other(beat.side)} forearm",
        forward=through(beat.phase, (0, 20), (0.42, 90), (0.6, 10), (0.95, 20)),
    )
    pose.lean = beat.vigour * through(beat.phase, (0, 2), (0.42, -18), (0.60, 32), (0.95, 2))
    pose.twist = beat.sign * through(beat.phase, (0, 0), (0.42, -35), (0.6, 30), (0.95, 0))
    step = through(beat.phase, (0, 0), (0.4, 0.6), (0.58, 1), (0.9, 0))
    pose.leg(other(beat.side), hip=36 * step, knee=22 * step)
    pose.leg(beat.side, hip=-24 * step, knee=16 * step)
    pose.ball = Ball("throw", beat.side)


def clap(pose: Pose, beat: Beat) -> None:
    """Applaud with wide movements: the hands meet with a stop before the chest."""
    apart = through(beat.phase, (0, 1), (0.34, 0), (0.46, 0), (0.9, 1)) * beat.vigour
    pose.move("upper arm", forward=38 - 8 * apart, outward=12 + 44 * apart, open=16 * apart)
    pose.move("forearm", forward=118, outward=0, open=-40 + 92 * apart)
    pose.lean, pose.nod = 3 * apart, 6


def dribble(pose: Pose, beat: Beat) -> None:
    """Bounce a ball on the ground with one hand, the knees bent."""
    up = 0.5 + 0.5 * np.cos(beat.angle)
    pose.move("right upper arm", forward=16 + 22 * up * beat.vigour)
    pose.move("right forearm", forward=46 + 38 * up * beat.vigour)
    pose.move("left upper arm", forward=-14, outward=24)
    pose.move("left forearm", forward=40, outward=20)
    pose.leg("left", hip=40 + 5 * up, knee=58)
    pose.leg("right", hip=16 + 5 * up, knee=48)
    pose.lean = 16 - 5 * up
    pose.ball = Ball("dribble", "right")


def arm_circles(pose: Pose, beat: Beat) -> None:
    """Circle both stretched arms like a windmill."""
    pose.move("upper arm", forward=360 * beat.phase, outward=12)
    pose.move("forearm", forward=360 * beat.phase - 6, outward=12)
    pose.lean = 4 * np.sin(beat.angle)


def pick_up(pose: Pose, beat: Beat) -> None:
    """Bend down to the ground, take something, and lift it before the chest."""
    down = through(beat.phase, (0, 0), (0.3, 1), (0.42, 1), (0.75, 0)) * min(beat.vigour, 1.05)
    held = through(beat.phase, (0, 0), (0.42, 0), (0.75, 1), (0.85, 1), (0.99, 0))
    pose.lean, pose.anchor = 74 * down, "right ankle"
    pose.leg("both", hip=46 * down, knee=66 * down)
    pose.move("upper arm", forward=8 + 78 * down + 26 * held, outward=7)
    pose.move("forearm", forward=16 + 66 * down + 84 * held, outward=7)


def swing_bat(pose: Pose, beat: Beat) -> None:
    """Swing a bat around the body: a slow wind-up, one fast stroke, back."""
    round_ = (
        through(beat.phase, (0, 1), (0.34, 1.1), (0.48, -1), (0.66, -1), (0.98, 1)) * beat.vigour
    )
    lift = through(beat.phase, (0, 1), (0.34, 1), (0.42, 0), (0.56, 0.6), (0.66, 0.7), (0.98, 1))
    for side, sign in (("left", -1), ("right", 1)):
        pose.move(
            f"{side} upper arm", forward=62 + 16 * lift, outward=0, open=sign * 58 * round_ - 14
        )
        pose.move(
            f"{side} forearm", forward=80 + 22 * lift, outward=0, open=sign * 66 * round_ - 22
        )
    pose.move("right stick", forward=92 + 58 * lift, open=95 * round_)
    pose.twist = -42 * round_
    pose.leg("left", hip=20 - 8 * round_, knee=16)
    pose.leg("right", hip=-16 - 8 * round_, knee=12)
    pose.stick = True


def sword(pose: Pose, beat: Beat) -> None:
    """Cut with a sword from above, with a step into each cut, and draw it back."""
    cut = through(beat.phase, (0, 0), (0.30, -0.12), (0.44, 1), (0.60, 1), (0.95, 0)) * min(
        beat.vigour, 1.05
    )
    pose.move("right upper arm", forward=152 - 88 * cut, outward=16, open=-18 * cut)
    pose.move("right forearm", forward=188 - 112 * cut, open=-18 * cut)
    pose.move("right stick", forward=235 - 175 * cut, open=-14 * cut)
    pose.move("left upper arm", forward=-20 - 24 * cut, outward=34)
    pose.move("left forearm", forward=20 - 30 * cut, outward=40)
    pose.leg("right", hip=12 + 34 * cut, knee=18 + 18 * cut)
    pose.leg("left", hip=-16 - 14 * cut, knee=12)
    pose.lean, pose.twist, pose.anchor = 2 + 14 * cut, 12 * np.sin(TURN * beat.phase), "left ankle"
    pose.stick = True
