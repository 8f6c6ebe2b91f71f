"""The drawn videos are the same in every process, and their figures are easy to see.

The scene gives away no more of the class than the world asks for.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from vssl.videos import puppets
from vssl.videos.puppets import draw as drawing
from vssl.videos.puppets.paint import distance
from vssl.videos.puppets.scenes import SCENES
from vssl.videos.puppets.shot import perform, shoot

SHORT = replace(puppets.ucf101(), frames=(12, 16))
WORLDS = [
    replace(world, frames=(40, 48))
    for world in (puppets.ucf101(), puppets.hmdb51(), puppets.kinetics400())
]


def pixels(world: puppets.World) -> str:
    content = hashlib.sha256()
    for class_name in world.classes[:3]:
        content.update(puppets.render(world, class_name, 2, 1).tobytes())
    return content.hexdigest()


@pytest.mark.parametrize("name", ["ucf101", "hmdb51"])
def test_another_process_draws_the_same_pixels(name):
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from test_film import *;"
        "print(pixels(replace(getattr(puppets, sys.argv[2])(), frames=(12, 16))))"
    )
    here = str(__import__("pathlib").Path(__file__).parent)
    other = subprocess.run(
        [sys.executable, "-c", code, here, name], capture_output=True, text=True, check=True
    )
    assert other.stdout.strip() == pixels(replace(getattr(puppets, name)(), frames=(12, 16)))


def test_videos_differ_between_clips_performers_and_seeds():
    keys = [
        (SHORT, "Walk", 1, 1),
        (SHORT, "Walk", 1, 2),
        (SHORT, "Walk", 2, 1),
        (replace(SHORT, seed=1), "Walk", 1, 1),
    ]
    frames = [puppets.render(*key) for key in keys]
    for video in frames:
        assert 12 <= len(video) <= 16 and video.shape[1:] == (96, 128, 3)
        assert video.dtype == np.uint8
    assert len({video[:12].tobytes() for video in frames}) == len(frames)


def test_sizes_of_the_world_are_kept():
    world = replace(SHORT, height=240, width=320, frames=(3, 3))
    assert puppets.render(world, "Run", 1, 1).shape == (3, 240, 320, 3)
    box = puppets.truth(world, "Run", 1, 1).box
    assert 0.3 * 240 < np.mean(box[:, 3] - box[:, 1]) < 240


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
def test_every_class_faces_both_ways_and_stays_in_the_frame(world):
    inside = []
    for class_name in world.classes:
        facings = set()
        for group in (1, 2):
            truth = puppets.truth(world, class_name, group, 1)
            facings.add(truth.facing)
            low, high = truth.box[:, :2], truth.box[:, 2:]
            inside.append(((low >= 0) & (high <= [world.width, world.height])).all(1).mean())
        assert facings == {"left", "right"}, class_name
    assert np.mean(inside) > 0.99


def test_a_performer_who_faces_right_has_the_nose_on_the_right():
    for group in (1, 2, 3, 4):
        shot = shoot(SHORT, perform(SHORT, "Walk", group), 1)
        nose = (shot.points["nose"] - shot.points["head"])[:, 0]
        assert (nose > 0).all() if shot.facing == "right" else (nose < 0).all()


@pytest.mark.parametrize("scene", SCENES)
def test_the_figure_stands_out_and_is_inside_its_true_box(scene, monkeypatch):
    world = replace(WORLDS[0], scenes=(scene,), frames=(8, 8))
    contrasts = []
    for class_name in ("Walk", "WaveTwoHands", "FallDown"):
        shot = shoot(world, perform(world, class_name, 1), 1)
        with_figure = drawing.draw(world, shot).astype(float)
        with monkeypatch.context() as patch:
            patch.setattr(drawing, "_figure", lambda *_: None)
            without = drawing.draw(world, shot).astype(float)
        apart = np.sqrt(((with_figure - without) ** 2 * [2, 4, 3]).sum(-1) / 9)  # [T, H, W]
        contrasts.append(apart[apart > 8].mean())
        for frame, (left, top, right, bottom) in zip(apart, shot.box, strict=True):
            rows, columns = np.nonzero(frame[: int(bottom) - 6] > 40)  # above the shadow
            assert left - 3 <= columns.min() and columns.max() <= right + 3
            assert top - 3 <= rows.min()
    assert min(contrasts) > 35


def test_the_distance_of_black_and_white_is_255():
    assert distance((0, 0, 0), (255, 255, 255)) == pytest.approx(255)
    assert distance((10, 20, 30), (10, 20, 30)) == 0


def given_away_by_the_scene(
    scene_bias: float, shared_scenes: int | None = None
) -> tuple[float, float]:
    """Measure how often the scene, or the colours behind, give away the class of new performers."""
    classes, groups = ("Walk", "Squat", "Punch", "Bow"), 24
    world = replace(
        SHORT,
        classes=classes,
        groups=groups,
        height=32,
        width=32,
        scene_bias=scene_bias,
        shared_scenes=shared_scenes,
    )
    cast = [
        (label, group, perform(world, name, group))
        for label, name in enumerate(classes)
        for group in range(1, groups + 1)
    ]
    known = [row for row in cast if row[1] > groups // 3]
    new = [row for row in cast if row[1] <= groups // 3]
    by_scene = {
        scene: np.bincount([label for label, _, who in known if who.scene == scene], minlength=4)
        for scene in world.scenes
    }
    scene_hits = [by_scene[who.scene].argmax() == label for label, _, who in new]
    colours = np.array([np.ravel(who.backdrop.behind) for _, _, who in known], float)
    colour_hits = []
    for label, _, who in new:
        nearest = np.abs(colours - np.ravel(who.backdrop.behind)).sum(1).argmin()
        colour_hits.append(known[nearest][0] == label)
    return float(np.mean(scene_hits)), float(np.mean(colour_hits))


def test_scene_bias_sets_how_much_the_scene_gives_away():
    unbiased, biased = given_away_by_the_scene(0.0), given_away_by_the_scene(1.0)
    assert max(unbiased) < 0.45, "chance is 0.25"
    assert biased[0] == 1.0 and biased[1] > 0.7


def test_shared_scenes_are_few_and_the_same_for_all():
    world = replace(SHORT, shared_scenes=2, groups=8)
    backdrops = {perform(world, "Walk", group).backdrop.image.tobytes() for group in range(1, 9)}
    others = {perform(world, "Run", group).backdrop.image.tobytes() for group in range(1, 9)}
    assert len(backdrops) == 2 and backdrops == others
    own = {
        perform(replace(world, shared_scenes=None), "Walk", group).backdrop.image.tobytes()
        for group in range(1, 9)
    }
    assert len(own) == 8


def test_each_class_has_its_tempo():
    world = replace(SHORT, groups=40, clips=1, height=32, width=32)
    for class_name, hertz in (("Run", 1.9), ("Bow", 0.6)):
        truths = [puppets.truth(world, class_name, group, 1) for group in range(1, 41)]
        tempos = np.array([truth.hertz for truth in truths])
        assert abs(np.log(tempos / hertz).mean()) < 0.06
        assert 0.08 < np.log(tempos).std() < 0.17
