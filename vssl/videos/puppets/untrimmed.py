"""Long videos in which a performer does nothing in particular and acts now and then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace

import numpy as np

from vssl.errors import VsslError
from vssl.videos.puppets import locomotion
from vssl.videos.puppets.motion import SIDES, TURN, Beat, Pose, ease
from vssl.videos.puppets.world import World

SHARE = (0.2, 0.6)  # of a video, in which the performer acts
SHORTEST = 2.0  # seconds of an act, and of the rest between two
RAMP = 0.5  # seconds in which an act begins, and in which it ends


def acts(world: World, class_name: str, group: int, clip: int, frames: int) -> np.ndarray:
    """When the performer acts in a video of so many frames: first frames and those after the last.

    They are [n, 2], in the order of time; an act begins and ends half way through its ramp.
    """
    if world.acts is None:
        return np.array([[0, frames]])
    rng = np.random.default_rng([world.seed, world.classes.index(class_name), group, clip, 2])
    shortest = SHORTEST * world.fps
    fit = max(1, int((frames / shortest - 1) / 2))  # with a rest before, between and after them
    count = min(fit, int(rng.integers(world.acts[0], world.acts[1] + 1)))
    least = min(shortest, frames / (2 * count + 1))  # of each act and rest
    spare = frames - (2 * count + 1) * least
    longer = np.clip(rng.uniform(*SHARE) * frames - count * least, 0, spare)
    parts = np.empty(2 * count + 1)  # rest, act, rest, ... in frames
    parts[1::2] = least + longer * rng.dirichlet(np.full(count, 2.0))
    parts[0::2] = least + (spare - longer) * rng.dirichlet(np.full(count + 1, 2.0))
    edges = np.cumsum(parts).round().astype(int)  # where each of them ends
    return np.stack([edges[:-1:2], edges[1::2]], -1)


def acting(spans: np.ndarray, frames: int, fps: int) -> np.ndarray:
    """How far the performer is in an act at each frame, [T], from 0 to 1."""
    time = np.arange(frames)[:, None] + 0.5
    ramp = RAMP * fps
    inside = np.minimum(time - spans[:, 0], spans[:, 1] - time) / ramp + 0.5  # [T, n]
    return ease(inside.max(1))


def untrimmed(
    fill: Callable[[Pose, Beat], None],
    beat: Beat,
    spans: np.ndarray,
    fps: int,
    rng: np.random.Generator,
) -> Pose:
    """The pose of a performer who acts in these spans, and stands, walks about or turns outside."""
    frames = len(beat.phase)
    acted = Pose(frames)
    fill(acted, beat)
    if acted.ball or acted.stick:
        raise VsslError("a puppet that acts now and then holds nothing: leave out such classes")
    share = acting(spans, frames, fps)
    pose = mixed(_idle(beat, fps, rng), acted, share)
    # An action's joint stays on its spot while the performer acts, and not while it walks.
    pose.anchor, pose.hold = acted.anchor, share
    return pose


def mixed(one: Pose, two: Pose, share: np.ndarray) -> Pose:
    """A pose between two, [T] of the second; neither may hold anything."""
    between = Pose(one.frames)
    for field in fields(Pose):
        a, b = getattr(one, field.name), getattr(two, field.name)
        if isinstance(a, float | np.ndarray):
            setattr(between, field.name, (1 - share) * a + share * b)
    still = np.zeros((one.frames, 3))
    for limb in one.limbs | two.limbs:
        a, b = one.limbs.get(limb, still), two.limbs.get(limb, still)
        between.limbs[limb] = (1 - share)[:, None] * a + share[:, None] * b
    return between


def _idle(beat: Beat, fps: int, rng: np.random.Generator) -> Pose:
    """Stand and sway, walk a few steps, turn a little and back, in an order of one's own."""
    frames = len(beat.phase)
    seconds = np.arange(frames) / fps
    standing, walking = Pose(frames), Pose(frames)
    for name, most in (("lean", 3.0), ("tilt", 2.5), ("twist", 10.0), ("nod", 14.0)):
        setattr(standing, name, most * _wander(seconds, rng))
    for side in SIDES:
        swing = 10 + 12 * _wander(seconds, rng)
        standing.move(f"{side} upper arm", forward=swing)
        standing.move(f"{side} forearm", forward=1.4 * swing + 12)
    standing.turn = 65 * _now_and_then(seconds, rng) * _wander(seconds, rng)
    hertz = float(rng.uniform(0.8, 1.0))
    locomotion.walk(walking, replace(beat, phase=hertz * seconds, hertz=hertz))
    return mixed(standing, walking, _now_and_then(seconds, rng))


def _wander(seconds: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A slow curve [T] within [-1, 1] that never repeats."""
    waves = [np.sin(TURN * (seconds * rng.uniform(0.07, 0.3) + rng.random())) for _ in range(3)]
    return np.mean(waves, axis=0)


def _now_and_then(seconds: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Switched on and off every few seconds: [T], from 0 to 1."""
    return ease(0.5 + 2.5 * _wander(seconds, rng))
