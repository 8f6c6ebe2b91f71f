"""Bodies move well: bones keep their lengths, feet stay on the ground and actions repeat."""

from __future__ import annotations

import numpy as np
import pytest

from vssl.videos.puppets.actions import ACTIONS, SYNONYMS, action
from vssl.videos.puppets.motion import GRAVITY, Beat, Pose, through
from vssl.videos.puppets.skeleton import SOLE, Body, figure, joints, rotate

BODY = Body()
BONES = {
    ("shoulder", "elbow"): 0.17,
    ("elbow", "hand"): 0.17 * 0.95,
    ("hip", "knee"): 0.245,
    ("knee", "ankle"): 0.245,
    ("ankle", "toe"): 0.09,
}


def act(name: str, side: str = "right", frames: int = 80) -> tuple[Pose, Beat]:
    kind = action(name)
    beat = Beat(0.1 + np.arange(frames) / 25 * kind.hertz, kind.hertz, 1.0, side)
    pose = Pose(frames)
    kind.fill(pose, beat)
    return pose, beat


def test_a_curve_passes_through_its_points_and_repeats():
    phase = np.array([0.0, 0.25, 0.5, 1.0, 1.25, -0.75])
    assert np.allclose(through(phase, (0, 1), (0.25, 5), (0.5, -2)), [1, 5, -2, 1, 5, 5])
    assert np.allclose(through(np.array([0.125, 0.75]), (0, 1), (0.25, 5), (0.5, -2)), [3, -0.5])


def test_a_rotation_turns_about_its_axis_counter_clockwise():
    x, y, z = np.eye(3)[:, None]
    for axis, start, end in (("z", x, y), ("x", y, z), ("y", z, x)):
        assert np.allclose(rotate(start, axis, 90), end)


@pytest.mark.parametrize("name", ACTIONS)
def test_bones_keep_their_lengths(name):
    found = joints(act(name)[0], BODY)
    for side in ("left", "right"):
        for (start, end), length in BONES.items():
            bone = found[f"{side} {end}"] - found[f"{side} {start}"]
            assert np.allclose(np.linalg.norm(bone, axis=1), length), (side, end)


@pytest.mark.parametrize("name", ACTIONS)
def test_the_figure_stands_on_the_ground_and_moves(name):
    pose, beat = act(name)
    acted = figure(pose, BODY, beat, action(name).view, 1, 25)
    heights = [points[:, 1] for joint, points in acted.joints.items() if joint != "stick"]
    lowest = np.min(heights, axis=0)
    assert np.allclose(lowest, SOLE + acted.air)
    assert acted.air.min() >= 0 and acted.air.max() < 0.35
    moved = np.max([np.ptp(points, axis=0).max() for points in acted.joints.values()])
    assert moved > 0.12, "too little moves to be seen"


@pytest.mark.parametrize("name", ACTIONS)
def test_an_action_repeats_after_a_cycle(name):
    kind = action(name)
    # SideStep takes four steps each way, and Lunge uses two legs in turn.
    cycle = 8 if name == "SideStep" else 2 if name == "Lunge" else 1
    poses = []
    for start in (0.3, 0.3 + cycle):
        beat = Beat(start + np.linspace(0, 0.9, 30), kind.hertz)
        pose = Pose(30)
        kind.fill(pose, beat)
        poses.append(np.concatenate(list(joints(pose, BODY).values())))
    assert np.allclose(*poses, atol=1e-9)


@pytest.mark.parametrize("name", ACTIONS)
def test_facing_left_is_the_mirror_image(name):
    pose, beat = act(name)
    right, left = (figure(pose, BODY, beat, action(name).view, facing, 25) for facing in (1, -1))
    for joint, points in right.joints.items():
        assert np.allclose(points * [-1, 1, 1], left.joints[joint])


def test_a_backward_walker_moves_back_but_looks_forward():
    forth, back = (figure(*act_and_body(name), 0, 1, 25) for name in ("Walk", "WalkBackward"))
    assert np.ptp(forth.track) > 1.5 and forth.track[-1] > forth.track[0]
    assert np.ptp(back.track) > 1.0 and back.track[-1] < back.track[0]
    for acted in (forth, back):  # both look forward
        assert (acted.joints["nose"][:, 0] > acted.joints["head"][:, 0]).all()


def act_and_body(name: str) -> tuple[Pose, Body, Beat]:
    pose, beat = act(name)
    return pose, BODY, beat


@pytest.mark.parametrize("name", ["Walk", "WalkBackward", "Run"])
def test_a_standing_foot_does_not_slide(name):
    acted = figure(*act_and_body(name), 0, 1, 25)
    speed = abs(np.diff(acted.track).mean())
    for side in ("left", "right"):
        ankle = acted.joints[f"{side} ankle"]
        stands = (ankle[1:, 1] < 0.05) & (ankle[:-1, 1] < 0.05)
        assert stands.mean() > 0.2
        assert np.median(np.abs(np.diff(ankle[:, 0]))[stands]) < 0.25 * speed


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_thrown_ball_falls_with_gravity(side):
    pose, beat = act("Throw", side, frames=200)
    kind, ball = figure(pose, BODY, beat, 0, 1, 200).ball
    beat_phase = beat.phase % 1
    flying = (beat_phase > 0.6) & (beat_phase < 0.75)
    step = np.diff(ball[:, 1], 2) * 25**2
    inside = flying[:-2] & flying[1:-1] & flying[2:]
    assert kind == "throw" and inside.any()
    assert np.allclose(step[inside], -GRAVITY, rtol=1e-6)


def test_every_synonym_names_an_action():
    assert set(SYNONYMS.values()) <= set(ACTIONS)
    assert action("fall_floor") is ACTIONS["FallDown"]
