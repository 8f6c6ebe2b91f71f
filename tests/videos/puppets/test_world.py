"""Worlds have digests, refuse impossible settings and stand in for three datasets."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from vssl.errors import VsslError
from vssl.videos import puppets
from vssl.videos.puppets import layouts
from vssl.videos.puppets.shot import perform, shoot

WORLDS = (puppets.ucf101(), puppets.hmdb51(), puppets.kinetics400())
CHANGES = {
    "name": "other",
    "layout": "hmdb51",
    "classes": ("Walk", "Run"),
    "scenes": ("park",),
    "groups": 14,
    "clips": 2,
    "frames": (72, 93),
    "height": 98,
    "width": 130,
    "fps": 24,
    "seed": 1,
    "scene_bias": 0.5,
    "shared_scenes": 3,
    "acts": (1, 2),
    "people": (1, 2),
    "tempo_deviation": 0.2,
    "figure": 0.6,
    "view_deviation": 10.0,
    "style": puppets.Style(grain=2.0),
}


def test_the_three_worlds_have_the_names_and_sizes_of_their_stand_ins():
    assert [world.name for world in WORLDS] == ["ucf101", "hmdb51", "kinetics400"]
    assert [world.layout for world in WORLDS] == ["ucf101", "hmdb51", "kinetics400"]
    ucf101 = WORLDS[0]
    assert (len(ucf101.classes), ucf101.groups, ucf101.clips, ucf101.videos) == (16, 15, 3, 720)
    assert (ucf101.width, ucf101.height, ucf101.fps, ucf101.frames) == (128, 96, 25, (72, 92))
    assert WORLDS[2].videos > 2 * ucf101.videos
    assert len({puppets.digest(world) for world in WORLDS}) == 3


def test_the_larger_kinetics_holds_the_smaller_and_never_trains_on_its_test():
    smaller, larger = WORLDS[2], puppets.kinetics600()
    assert larger.videos > 1.5 * smaller.videos
    assert larger.classes[: len(smaller.classes)] == smaller.classes
    tiny = [replace(world, frames=(4, 4), height=48, width=64) for world in (smaller, larger)]
    assert (puppets.render(tiny[0], "squat", 3, 1) == puppets.render(tiny[1], "squat", 3, 1)).all()
    assert layouts.held_out(smaller, 1) < layouts.held_out(larger, 1)


def test_the_classes_of_diving48_share_one_backdrop():
    world = replace(puppets.diving48(), height=48, width=64)
    cast = [perform(world, name, group) for name in world.classes[:4] for group in (1, 2)]
    assert all(one.backdrop.image == cast[0].backdrop.image for one in cast)
    assert len({one.backdrop.spot for one in cast}) == 1 and world.clips == 1
    videos = [shoot(world, perform(world, name, 1), 1) for name in world.classes]
    assert all(video.ball is None and "stick" not in video.points for video in videos)


def test_a_change_in_any_field_is_another_world():
    assert set(CHANGES) == {field.name for field in fields(puppets.World)}
    changed = [replace(WORLDS[0], **{name: value}) for name, value in CHANGES.items()]
    digests = {puppets.digest(world) for world in changed}
    assert len(digests | {puppets.digest(WORLDS[0])}) == len(CHANGES) + 1
    assert all(len(digest) == 16 and int(digest, 16) >= 0 for digest in digests)


def test_the_folder_of_a_world_is_in_the_data_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("VSSL_DATA", str(tmp_path))
    assert puppets.folder(WORLDS[0]) == tmp_path / "puppets" / f"ucf101-{puppets.digest(WORLDS[0])}"


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("layout", "avi", "layout 'avi'"),
        ("classes", ("Walk", "Fly"), "'Fly'"),
        ("classes", ("Walk", "Walk"), "twice"),
        ("classes", (), "at least one class"),
        ("scenes", ("moon",), "moon"),
        ("groups", 1, "groups"),
        ("clips", 0, "clips"),
        ("frames", (20, 10), "frames"),
        ("width", 99, "even"),
        ("height", 16, "32"),
        ("figure", 1.2, "figure"),
        ("scene_bias", 1.5, "scene_bias"),
        ("shared_scenes", 0, "shared_scenes"),
        ("acts", (0, 2), "acts"),
        ("people", (2, 1), "people"),
    ],
)
def test_a_world_that_cannot_be_drawn_is_refused_in_one_line(field, value, message):
    with pytest.raises(VsslError, match=message) as caught:
        replace(WORLDS[0], **{field: value})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("class_name", "group", "clip"),
    [("Fly", 1, 1), ("Walk", 0, 1), ("Walk", 16, 1), ("Walk", 1, 0), ("Walk", 1, 4)],
)
def test_a_video_that_is_not_there_is_refused(class_name, group, clip):
    with pytest.raises(VsslError, match="puppet world 'ucf101' has no"):
        puppets.truth(WORLDS[0], class_name, group, clip)
