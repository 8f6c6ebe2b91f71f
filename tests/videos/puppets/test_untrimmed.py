"""A puppet of the long videos acts in the spans that its lists tell, and nowhere else."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vssl.errors import VsslError
from vssl.videos import puppets
from vssl.videos.puppets import layouts
from vssl.videos.puppets.motion import Beat, Pose
from vssl.videos.puppets.shot import perform, shoot
from vssl.videos.puppets.untrimmed import RAMP, SHARE, SHORTEST, acting, acts, mixed, untrimmed

SMALL = replace(puppets.activitynet(), classes=("JumpingJack", "Bow"), groups=4, frames=(240, 300))


@given(
    frames=st.integers(24, 2000), most=st.integers(1, 6), group=st.integers(1, 4), data=st.data()
)
def test_acts_follow_each_other_with_rests_around_them(frames, most, group, data):
    world = replace(SMALL, acts=(data.draw(st.integers(1, most)), most))
    spans = acts(world, "Bow", group, 1, frames)
    assert 1 <= len(spans) <= most
    edges = np.concatenate([[0], spans.ravel(), [frames]])
    assert (np.diff(edges) > 0).all()
    if frames >= (2 * most + 1) * SHORTEST * world.fps:
        assert np.diff(edges).min() >= SHORTEST * world.fps - 1
        assert len(spans) >= world.acts[0]


def test_long_videos_are_acted_in_for_the_named_share():
    world = replace(SMALL, groups=200)
    shares = [
        np.diff(acts(world, "Bow", group, 1, 1000), axis=1).sum() / 1000 for group in range(1, 200)
    ]
    assert SHARE[0] - 0.01 <= min(shares) < 0.25 and 0.55 < max(shares) <= SHARE[1] + 0.01
    assert np.mean(shares) == pytest.approx(np.mean(SHARE), abs=0.03)


def test_an_act_begins_and_ends_half_way_through_its_ramp():
    share = acting(np.array([[20, 40], [60, 90]]), 100, fps=10)
    for first, after in ((20, 40), (60, 90)):
        assert share[first - 1] < 0.5 < share[first] and share[after - 1] > 0.5 > share[after]
    ramp = int(RAMP * 10)
    assert (share[: 20 - ramp] == 0).all() and (share[40 + ramp : 60 - ramp] == 0).all()
    assert (share[20 + ramp : 40 - ramp] == 1).all()


@pytest.mark.parametrize("group", [1, 2, 3])
def test_hands_go_up_while_jumping_and_only_then(group):
    shot = shoot(SMALL, perform(SMALL, "JumpingJack", group), 1)
    hands = np.minimum(shot.points["left hand"][:, 1], shot.points["right hand"][:, 1])
    up = hands < shot.points["head"][:, 1]  # [T]; rows count downwards
    inside = np.zeros(len(up), dtype=bool)
    for first, after in acts(SMALL, "JumpingJack", group, 1, len(up)):
        inside[first:after] = True
        assert up[first:after].any()
    assert not up[~inside].any()


def test_outside_its_acts_a_puppet_stands_walks_and_turns():
    rng, frames = np.random.default_rng(0), 1200
    beat = Beat(np.arange(frames) / 12, 1.0)
    pose = untrimmed(lambda pose, beat: None, beat, np.array([[0, 1]]), 12, rng)
    speed = np.asarray(pose.forward)
    assert (speed < 0.01).mean() > 0.1 and (speed > 0.3).mean() > 0.1
    assert np.ptp(pose.turn) > 20


def test_a_mixed_pose_lies_between_the_two():
    one, two = Pose(3), Pose(3)
    one.lean, two.lean = 10.0, np.array([0.0, 20.0, 40.0])
    two.move("left thigh", forward=90)
    pose = mixed(one, two, np.array([0.0, 0.5, 1.0]))
    assert np.allclose(pose.lean, [10, 15, 40])
    assert np.allclose(pose.limbs["left thigh"][:, 0], [0, 45, 90])
    assert np.allclose(pose.limbs["left forearm"], one.limbs["left forearm"])


def test_a_class_that_holds_something_is_refused():
    world = replace(SMALL, classes=("Sword",))
    with pytest.raises(VsslError, match="holds nothing"):
        shoot(world, perform(world, "Sword", 1), 1)


def test_how_often_a_puppet_acts_must_make_sense():
    with pytest.raises(VsslError, match="acts must be"):
        replace(SMALL, acts=(3, 1))


def test_the_list_has_the_official_fields_and_tells_the_acts_in_seconds():
    (name,) = lists = layouts.lists(SMALL)
    found = json.loads(lists[name])
    assert name == "activity_net.v1-3.min.json" and set(found) == {
        "version",
        "taxonomy",
        "database",
    }
    named = {place.path: place for place in layouts.places(SMALL)}
    assert len(found["database"]) == len(named) == SMALL.videos
    for video, record in found["database"].items():
        place = named[f"videos/v_{video}.mp4"]
        side = "validation" if layouts.side(SMALL, place.group, 1) == "test" else "training"
        assert record["subset"] == side
        frames = round(record["duration"] * SMALL.fps)
        spans = acts(SMALL, place.class_name, place.group, place.clip, frames)
        told = [one["segment"] for one in record["annotations"]]
        assert np.allclose(told, spans / SMALL.fps, atol=1e-3)
        assert {one["label"] for one in record["annotations"]} == {place.class_name}
