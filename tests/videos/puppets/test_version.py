"""The generator still makes the pixels, names, lists and encoder settings of its version.

If a test here fails, either undo the change to the generator, or raise the version in
`vssl/videos/puppets/version.py` and store new thumbnails by
`python tests/videos/puppets/test_version.py`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vssl.videos import puppets
from vssl.videos.puppets import encode, layouts
from vssl.videos.puppets.actions import ACTIONS, SYNONYMS
from vssl.videos.puppets.scenes import SCENES
from vssl.videos.puppets.untrimmed import acts

FOLDER = Path(__file__).with_name("thumbnails")
WORLDS = (
    puppets.ucf101(),
    puppets.hmdb51(),
    puppets.kinetics400(),
    puppets.kinetics600(),
    puppets.diving48(),
    puppets.activitynet(),
)
# Committed results name these worlds by their digests.
DIGESTS = (
    "10c9b874859a0efd",
    "0cace035e959be62",
    "c6aeac34c02432ed",
    "26cc5a8dc7d44c5a",
    "adbe87a2fc5f5b1b",
    "2c2fed199c4f247e",
)
ON_DISK = {
    "ucf101": "ab34253a94ca4a21",
    "hmdb51": "6bae31facef12bd2",
    "kinetics400": "a463017c9a610d78",
    "kinetics600": "f4510b489f99eff6",
    "diving48": "d86ebf1eed7d17cb",
    "activitynet": "535ced9390ca8252",
}
STEP = 4  # a pixel of a thumbnail is the mean of so many pixels each way
ALLOWED = 2  # grey levels by which another processor or build of a library may differ


def sheet(world: puppets.World) -> np.ndarray:
    """Draw small pictures side by side: a frame of every class, then one of every scene."""
    length = 24 if world.acts is None else 120
    short = replace(world, frames=(length, length))
    shown = [(short, name, 1 + number % world.groups) for number, name in enumerate(world.classes)]
    shown += [(replace(short, scenes=(scene,)), world.classes[0], 1) for scene in world.scenes]
    tiles = []
    for one, name, group in shown:
        moment = (
            20 if world.acts is None else acts(one, name, group, 1, length)[0].mean().astype(int)
        )
        frame = puppets.render(one, name, group, 1)[moment].astype(float)
        height, width = frame.shape[0] // STEP, frame.shape[1] // STEP
        tiles.append(frame.reshape(height, STEP, width, STEP, 3).mean((1, 3)))  # [H, W, 3]
    return np.hstack(tiles).round().astype(np.uint8)


def on_disk(world: puppets.World) -> str:
    """Return a hash of the paths, the lists and the settings of the encoder."""
    paths = [place.path for place in layouts.places(world)]
    content = repr((paths, sorted(layouts.lists(world).items()), sorted(encode.OPTIONS.items())))
    return hashlib.sha256(content.encode()).hexdigest()[:16]


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
def test_every_class_looks_like_the_thumbnails_of_this_version(world):
    stored = np.asarray(Image.open(FOLDER / f"{world.name}.png")).astype(int)
    assert np.abs(sheet(world) - stored).max() <= ALLOWED


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
def test_files_and_lists_are_those_of_this_version(world):
    assert on_disk(world) == ON_DISK[world.name]


def test_the_thumbnails_show_every_action_and_every_scene():
    assert {scene for world in WORLDS for scene in world.scenes} == set(SCENES)
    classes = {SYNONYMS.get(name, name) for world in WORLDS for name in world.classes}
    assert classes == set(ACTIONS)


def test_worlds_keep_the_digests_that_committed_results_name():
    assert tuple(puppets.digest(world) for world in WORLDS) == DIGESTS


def test_a_later_field_at_its_default_does_not_change_a_digest():
    @dataclass(frozen=True)
    class Crowd(puppets.World):
        people: int = field(default=1, metadata={"later": True})

    ucf101 = WORLDS[0]
    fields = {name: getattr(ucf101, name) for name in ucf101.__dataclass_fields__}
    assert puppets.digest(Crowd(**fields)) == puppets.digest(ucf101)
    assert puppets.digest(Crowd(**fields, people=2)) != puppets.digest(ucf101)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for each in WORLDS:
        Image.fromarray(sheet(each)).save(FOLDER / f"{each.name}.png", optimize=True)
        print(f'    "{each.name}": "{on_disk(each)}",')
