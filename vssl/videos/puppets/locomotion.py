"""Motions that move the body along, or step on the spot; each fills a pose."""

from __future__ import annotations

import numpy as np

from vssl.videos.puppets.motion import TURN, Beat, Pose, ease, through

LEG = 0.245  # length of a thigh, and of a shin, in body heights: `Body.leg` of the average body


def _gait(
    pose: Pose,
    beat: Beat,
    way: int,
    stride: float,
    stance: float,
    lift: float,
    swing: float,
    elbow: float,
) -> None:
    """Walk or run forward (`way` 1) or backward (-1).

    Angles are in degrees, and `stance` is the share of a cycle for which a foot stands. A standing
    foot goes back as fast as the body goes forward, so it does not slide. Then its leg swings
    forward with a bent knee, so that a video played in reverse looks different.
    """
    for side, ahead in (("left", 0.0), ("right", 0.5)):
        phase = (way * beat.phase + ahead) % 1.0
        swings = np.clip((phase - stance) / (1 - stance), 0, 1)  # 0 while the foot stands
        hip = stride * (
            np.where(phase < stance, 1 - 2 * phase / stance, 2 * ease(swings) - 1) + 0.1
        )
        pose.leg(side, hip=hip, knee=5 + lift * np.sin(np.pi * swings**0.8) ** 1.3)
        arm = -swing * np.cos(TURN * (phase - 0.04))
        pose.move(f"{side} upper arm", forward=arm)
        pose.move(f"{side} forearm", forward=1.25 * arm + elbow)
    pose.twist = -0.25 * swing * np.cos(TURN * way * beat.phase)
    pose.forward = way * 4 * LEG * np.sin(np.deg2rad(stride)) / stance * beat.hertz


def walk(pose: Pose, beat: Beat) -> None:
    """Walk forward."""
    _gait(pose, beat, 1, 27 * beat.vigour, 0.56, 58, 26 * beat.vigour, 14)
    pose.lean = 4


def walk_backward(pose: Pose, beat: Beat) -> None:
    """Walk backward in short careful steps, leaning back a little, with bent elbows."""
    _gait(pose, beat, -1, 24 * beat.vigour, 0.58, 66, 12 * beat.vigour, 42)
    pose.lean, pose.nod = -5, -6


def run(pose: Pose, beat: Beat) -> None:
    """Run forward, with both feet in the air after each step."""
    _gait(pose, beat, 1, 38 * beat.vigour, 0.45, 105, 46 * beat.vigour, 85)
    pose.lean = 14
    pose.air = 0.07 * beat.vigour * np.clip(np.cos(2 * TURN * (beat.phase - 0.46)), 0, None)


def high_knees(pose: Pose, beat: Beat) -> None:
    """Run on the spot with the knees at the height of the hips."""
    for side, ahead in (("left", 0.0), ("right", 0.5)):
        up = np.clip(np.sin(TURN * beat.later(ahead)), 0, None)
        pose.leg(side, hip=98 * up * beat.vigour, knee=4 + 105 * up)
        pose.move(f"{side} upper arm", forward=-30 * np.sin(TURN * beat.later(ahead)))
        pose.move(f"{side} forearm", forward=85 - 30 * np.sin(TURN * beat.later(ahead)))
    pose.air = 0.04 * np.abs(np.cos(beat.angle))


def side_step(pose: Pose, beat: Beat) -> None:
    """Step sideways, four steps one way and four back; the arms spread with the legs."""
    spread = 0.5 - 0.5 * np.cos(beat.angle)
    pose.move("thigh", outward=4 + 26 * spread * beat.vigour)
    pose.move("shin", outward=4 + 26 * spread * beat.vigour)
    pose.move("upper arm", outward=12 + 50 * spread, forward=5)
    pose.move("forearm", outward=12 + 60 * spread, forward=20)
    pose.leg("both", hip=14 * (1 - spread), knee=28 * (1 - spread))
    pose.aside = beat.sign * 0.45 * beat.hertz * np.sign(np.sin(TURN * beat.phase / 8))


def turn_around(pose: Pose, beat: Beat) -> None:
    """Turn about in two halves, stepping on the spot."""
    half = (beat.phase % 1.0) * 2
    turned = np.floor(half) + ease((half % 1.0) / 0.7)
    pose.turn = beat.sign * 180 * (turned + 2 * np.floor(beat.phase))
    moving = np.sin(np.pi * np.clip((half % 1.0) / 0.7, 0, 1))
    for side, ahead in (("left", 0.0), ("right", 0.5)):
        step = np.clip(np.sin(TURN * (2.8 * half + ahead)), 0, None) * moving
        pose.leg(side, hip=30 * step, knee=4 + 50 * step)
        pose.move(
            f"{side} upper arm", forward=24 * moving * np.sin(TURN * (2.8 * half + ahead + 0.5))
        )
    pose.twist = 18 * beat.sign * moving


def cartwheel(pose: Pose, beat: Beat) -> None:
    """Turn a cartwheel sideways over the hands."""
    ready = through(beat.phase, (0, 0), (0.18, 1), (0.86, 1), (0.96, 0))
    roll = np.clip((beat.phase % 1.0 - 0.2) / 0.62, 0, 1)
    spread = np.sin(np.pi * roll)
    pose.wheel = beat.sign * 360 * ease(roll)
    pose.aside = beat.sign * 2.6 * beat.hertz * spread
    pose.move("upper arm", forward=0, outward=12 + 150 * ready)
    pose.move("forearm", forward=0, outward=12 + 154 * ready)
    pose.move("thigh", outward=6 + 40 * spread * beat.vigour)
    pose.move("shin", outward=6 + 40 * spread * beat.vigour)
