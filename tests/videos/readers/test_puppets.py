"""Puppets that act now and then, or together, are read by the readers of the real datasets."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from vssl.videos import catalogue, puppets
from vssl.videos.decode import probe
from vssl.videos.puppets import layouts
from vssl.videos.puppets.crowd import crowd
from vssl.videos.puppets.untrimmed import acts

TINY = {"groups": 4, "height": 48, "width": 64}


def test_activitynets_puppets_have_the_segments_that_were_acted(tmp_path):
    world = replace(puppets.activitynet(), classes=("Bow", "JumpingJack"), frames=(96, 120), **TINY)
    found = catalogue.open_dataset("activitynet", puppets.make(world, tmp_path / "a", workers=1))
    assert found.stand_in and found.digest == puppets.digest(world)
    assert found.classes == world.classes and not found.missing
    train, test = found.split(1)
    assert len(train) + len(test) == world.videos == 8 and len(test) == 2
    by_name = {place.path.rsplit("/", 1)[1]: place for place in layouts.places(world)}
    for number, video in enumerate(found.videos):
        place = by_name[video.path.name]
        frames = probe(video.path).num_frames
        spans = acts(world, place.class_name, place.group, place.clip, frames)
        assert np.allclose(found.segments(number), spans / world.fps, atol=1e-3)
        assert found.classes[video.label] == place.class_name


def test_avas_puppets_have_the_boxes_and_labels_of_their_performers(tmp_path):
    world = replace(puppets.ava(), frames=(48, 60), **TINY)
    found = catalogue.open_dataset("ava", puppets.make(world, tmp_path / "a", workers=1))
    assert found.stand_in and found.digest == puppets.digest(world)
    assert found.classes == world.classes and found.numbers == tuple(range(1, 13))
    by_name = {place.path.rsplit("/", 1)[1]: place for place in layouts.places(world)}
    fps = np.array([world.fps] * len(found.videos), float)
    frames = np.array([probe(video.path).num_frames for video in found.videos])
    key = found.key_frames(found.persons, fps, frames)
    assert (key >= 0).all() and len(key) > 10
    size = np.array([world.width, world.height, world.width, world.height])
    for row, frame in enumerate(key):
        place = by_name[found.videos[found.persons.videos[row]].path.name]
        members = crowd(world, place.group, place.clip)
        boxes = np.stack([(member.shot.box[frame] / size).clip(0, 1) for member in members])
        nearest = int(np.abs(boxes - found.persons.boxes[row]).sum(1).argmin())
        assert np.abs(boxes[nearest] - found.persons.boxes[row]).max() < 0.002
        doing = {found.classes[k] for k in np.flatnonzero(found.persons.labels[row])}
        assert doing == set(members[nearest].at(int(frame)))
