"""From joint angles to points in space; the body stands on the ground with its lowest joint."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vssl.videos.puppets.motion import GRAVITY, SIDES, Ball, Beat, Pose

SOLE = 0.022  # the ankle's height above the ground


@dataclass(frozen=True)
class Body:
    """Proportions of a figure, in body heights."""

    trunk: float = 0.30
    head: float = 0.072  # radius
    shoulders: float = 0.105  # half their width
    hips: float = 0.062
    arm: float = 0.17  # upper arm; the forearm is a little shorter
    leg: float = 0.245  # thigh, and shin
    thickness: float = 1.0


@dataclass(frozen=True)
class Figure:
    """Joints over time, in body heights: x along the picture, y up, z towards the camera."""

    joints: dict[str, np.ndarray]  # name -> [T, 3]
    ball: tuple[str, np.ndarray] | None  # its kind and [T, 3]; NaN while there is none
    air: np.ndarray  # [T], height above the ground
    track: np.ndarray  # [T], x of the body as it moves along


def rotate(points: np.ndarray, axis: str, degrees: np.ndarray | float) -> np.ndarray:
    """Turn points [T, 3] about an axis; positive turns x to y ("z"), y to z ("x"), z to x ("y")."""
    radians = np.deg2rad(degrees)
    cosine, sine = np.cos(radians), np.sin(radians)
    first, second = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    turned = points.copy()
    turned[:, first] = cosine * points[:, first] - sine * points[:, second]
    turned[:, second] = sine * points[:, first] + cosine * points[:, second]
    return turned


def direction(angles: np.ndarray, side: str) -> np.ndarray:
    """The unit vector [T, 3] of a limb from its angles [T, 3]: forward, outward, open."""
    forward, outward, opened = np.deg2rad(angles).T
    sign = 1 if side == "right" else -1
    vector = np.stack(
        [
            np.sin(forward),
            -np.cos(forward) * np.cos(outward),
            sign * np.cos(forward) * np.sin(outward),
        ],
        -1,
    )
    return rotate(vector, "y", -sign * np.rad2deg(opened))


def joints(pose: Pose, body: Body) -> dict[str, np.ndarray]:
    """Every joint [T, 3] with the pelvis at the origin, before the body is put on the ground."""
    frames = pose.frames
    still = np.zeros((frames, 3))

    def in_trunk(vector: np.ndarray) -> np.ndarray:
        return rotate(
            rotate(rotate(vector, "y", pose.twist), "z", -np.asarray(pose.lean)), "x", pose.tilt
        )

    def constant(*vector: float) -> np.ndarray:
        return np.tile(np.array(vector), (frames, 1))

    found = {"pelvis": still, "neck": in_trunk(constant(0, body.trunk, 0))}
    nod = np.asarray(pose.nod) + 8
    found["head"] = found["neck"] + rotate(
        in_trunk(constant(0, body.head * 1.25 + 0.02, 0)), "z", -nod
    )
    found["nose"] = found["head"] + rotate(in_trunk(constant(body.head * 0.9, 0, 0)), "z", -nod + 8)
    for side in SIDES:
        sign = 1 if side == "right" else -1
        found[f"{side} shoulder"] = in_trunk(constant(0, body.trunk * 0.94, sign * body.shoulders))
        upper = in_trunk(direction(pose.limbs[f"{side} upper arm"], side))
        found[f"{side} elbow"] = found[f"{side} shoulder"] + upper * body.arm
        lower = in_trunk(direction(pose.limbs[f"{side} forearm"], side))
        found[f"{side} hand"] = found[f"{side} elbow"] + lower * body.arm * 0.95
        found[f"{side} hip"] = constant(0, 0, sign * body.hips)
        found[f"{side} knee"] = (
            found[f"{side} hip"] + direction(pose.limbs[f"{side} thigh"], side) * body.leg
        )
        found[f"{side} ankle"] = (
            found[f"{side} knee"] + direction(pose.limbs[f"{side} shin"], side) * body.leg
        )
        foot = rotate(
            constant(0.09, 0, 0), "z", np.clip(pose.limbs[f"{side} shin"][:, 0] * 0.8, -70, 60)
        )
        found[f"{side} toe"] = found[f"{side} ankle"] + foot
    if pose.stick:
        found["stick"] = (
            found["right hand"] + in_trunk(direction(pose.limbs["right stick"], "right")) * 0.42
        )
    return found


def _ball(ball: Ball, beat: Beat, found: dict[str, np.ndarray]) -> np.ndarray:
    """Where the ball is [T, 3]; a figure with a ball does not turn."""
    hand, phase = found[f"{ball.side} hand"], beat.phase % 1.0
    place = hand.copy()
    if ball.kind == "dribble":  # falls from the hand and comes back, fastest at the ground
        fall = 1 - np.abs(2 * phase - 1)  # 0 in the hand, 1 on the ground
        place[:, 0] += 0.03
        place[:, 1] = 0.06 + (hand[:, 1] - 0.10) * (1 - fall**2)
        return place
    seconds = (phase - 0.57) / beat.hertz  # since the ball left the hand
    flies = seconds >= 0
    place[flies, 0] = 0.30 + 3.4 * seconds[flies]
    place[flies, 1] = np.maximum(
        1.02 + 0.9 * seconds[flies] - GRAVITY / 2 * seconds[flies] ** 2, 0.05
    )
    place[flies & (phase < 0.93) & (place[:, 0] > 2.5)] = np.nan
    place[phase >= 0.93] = hand[phase >= 0.93]  # the next ball
    return place


def figure(pose: Pose, body: Body, beat: Beat, view: float, facing: int, fps: int) -> Figure:
    """Put the figure on the ground, move it along, and turn it to the camera.

    `view` is 0 in profile and 90 towards the camera. `facing` is +1 to the right of the picture and
    -1 to the left.
    """
    found = {
        name: rotate(rotate(points, "z", -np.asarray(pose.topple)), "x", pose.wheel)
        for name, points in joints(pose, body).items()
    }
    heights = [points[:, 1] for name, points in found.items() if name != "stick"]
    lowest = np.min(heights, axis=0)  # [T]
    spot = found[pose.anchor][:, [0, 2]] if pose.anchor else np.zeros((pose.frames, 2))
    spot = (spot - spot.mean(0)) * np.reshape(pose.hold, (-1, 1))
    air = np.broadcast_to(np.asarray(pose.air, float), (pose.frames,))
    for points in found.values():
        points[:, 1] += air - lowest + SOLE
        points[:, [0, 2]] -= spot
    ball = _ball(pose.ball, beat, found) if pose.ball else None
    towards = np.deg2rad(view)
    speed = pose.forward * np.cos(towards) - pose.aside * np.sin(towards)
    track = np.cumsum(np.broadcast_to(speed, (pose.frames,))) / fps
    track = (track - track.mean()) * facing

    def place(points: np.ndarray) -> np.ndarray:
        points = rotate(points, "y", np.asarray(pose.turn) - view)
        points[:, 0] = points[:, 0] * facing + track
        return points

    turned = {name: place(points) for name, points in found.items()}
    return Figure(
        turned,
        (pose.ball.kind, place(ball)) if pose.ball and ball is not None else None,
        air,
        track,
    )
