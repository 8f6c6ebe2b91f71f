"""The generator still makes the pixels, names, lists and encoder settings of its version.

If a test here fails, either undo the change to the generator, or raise the version in
`vssl/videos/puppets/version.py` and store new thumbnails by
`python tests/videos/puppets/test_version.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vssl.videos import puppets
from vssl.videos.puppets import encode, layouts
from vssl.videos.puppets.actions import ACTIONS, SYNONYMS
from vssl.videos.puppets.crowd import crowd
from vssl.videos.puppets.draw import draw
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
    puppets.ava(),
)
# Committed results name these worlds by their digests.
DIGESTS = (
    "10c9b874859a0efd",
    "0cace035e959be62",
    "c6aeac34c02432ed",
    "26cc5a8dc7d44c5a",
    "adbe87a2fc5f5b1b",
    "2c2fed199c4f247e",
    "d1260aa6bcab74ee",
)
ON_DISK = {
    "ucf101": "ab34253a94ca4a21",
    "hmdb51": "6bae31facef12bd2",
    "kinetics400": "a463017c9a610d78",
    "kinetics600": "f4510b489f99eff6",
    "diving48": "d86ebf1eed7d17cb",
    "activitynet": "535ced9390ca8252",
    "ava": "38a2439ec8fb6b58",
}
STEP = 4  # a pixel of a thumbnail is the mean of so many pixels each way
ALLOWED = 2  # grey levels by which another processor or build of a library may differ


def sheet(world: puppets.World) -> np.ndarray:
    """Draw small pictures side by side: a frame of every class, then one of every scene."""
    tiles = []
    for frame in moments(world):
        height, width = frame.shape[0] // STEP, frame.shape[1] // STEP
        tiles.append(frame.reshape(height, STEP, width, STEP, 3).mean((1, 3)))  # [H, W, 3]
    return np.hstack(tiles).round().astype(np.uint8)


def moments(world: puppets.World) -> Iterator[np.ndarray]:
    """Draw a frame of every class and of every scene; where several perform, one of each video."""
    if world.people is not None:
        for group in range(1, 13):
            shots = [member.shot for member in crowd(replace(world, frames=(24, 24)), group, 1)]
            yield draw(world, *shots)[20].astype(float)
        return
    length = 24 if world.acts is None else 120
    short = replace(world, frames=(length, length))
    shown = [(short, name, 1 + number % world.groups) for number, name in enumerate(world.classes)]
    shown += [(replace(short, scenes=(scene,)), world.classes[0], 1) for scene in world.scenes]
    for one, name, group in shown:
        moment = 20
        if world.acts is not None:
            moment = int(acts(one, name, group, 1, length)[0].mean())
        yield puppets.render(one, name, group, 1)[moment].astype(float)


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
    assert classes - {"Stand"} == set(ACTIONS)


def test_worlds_keep_the_digests_that_committed_results_name():
    assert tuple(puppets.digest(world) for world in WORLDS) == DIGESTS


def test_a_later_field_at_its_default_does_not_change_a_digest():
    @dataclass(frozen=True)
    class Zoo(puppets.World):
        animals: int = field(default=1, metadata={"later": True})

    ucf101 = WORLDS[0]
    fields = {name: getattr(ucf101, name) for name in ucf101.__dataclass_fields__}
    assert puppets.digest(Zoo(**fields)) == puppets.digest(ucf101)
    assert puppets.digest(Zoo(**fields, animals=2)) != puppets.digest(ucf101)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for each in WORLDS:
        Image.fromarray(sheet(each)).save(FOLDER / f"{each.name}.png", optimize=True)
        print(f'    "{each.name}": "{on_disk(each)}",')
