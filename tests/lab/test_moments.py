"""Localisation in time and detection in space: from a start to numbers, by the one loop."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from vssl import models, training
from vssl.augment import Augment, Flip, ScaledCrop
from vssl.errors import VsslError
from vssl.lab import Detect, Localise, cost, detect, listed, localise, profile, resolve, run
from vssl.losses import boundaries
from vssl.persons import Noise, Persons
from vssl.recipe import Recipe
from vssl.videos import puppets

WORLDS = {
    "activitynet": {"classes": ("Bow", "JumpingJack"), "groups": 4, "frames": (60, 72)},
    "ava": {"groups": 4, "frames": (60, 60), "height": 64, "width": 86},
    "ucf101": {"classes": ("Walk", "Bow"), "groups": 2, "clips": 1, "frames": (12, 14)},
}
BRIEF = Recipe("adam", 1e-3, epochs=2, batch=3)


@pytest.fixture
def scale(puppet_data, monkeypatch):
    monkeypatch.setenv("VSSL_DATA", str(puppet_data))
    monkeypatch.setitem(profile.PROFILES, "smoke", replace(profile.SMOKE, worlds=WORLDS))
    return resolve("smoke")


@pytest.fixture
def localised(scale):
    features = scale.features(scale.random("r3d", 0), "activitynet")
    return Localise(replace(features, clips=10, layers=("p5",)), BRIEF)


@pytest.fixture
def detected(scale):
    net, data = scale.net("r3d"), scale.data("ava")
    start = replace(scale.random(net, 0), data=data)
    return Detect(start, data, BRIEF, length=8, stride=1, size=40, sides=(40, 48))


def test_localisation_gives_recall_proposals_and_what_a_blind_list_finds(localised):
    found = run(localised)
    opened = localised.features.data.open()
    for name in ("AR@1", "AR@5", "AR@10", "AR@100", "AUC"):
        assert 0 <= found.metrics[name] <= 100 and 0 <= found.metrics[f"chance {name}"] <= 100
    assert found.metrics["unreadable"] == 0
    assert found.arrays["recall"].shape == found.arrays["blind"].shape == (100,)
    assert sorted(found.arrays["videos"]) == sorted(opened.test)
    start, end, score = np.moveaxis(found.arrays["proposals"], -1, 0)
    assert start.shape == (len(opened.test), 45)  # every pair of a start and a later end of ten
    assert (start < end).all() and (start >= 0).all() and (end <= 1).all()
    assert (np.diff(score) <= 1e-12).all()
    for name in ("starts", "ends"):
        curve = found.arrays[name]
        assert curve.shape == (len(opened.test), 10) and (curve > 0).all() and (curve < 1).all()


def test_a_localisation_that_was_stopped_ends_in_the_same_weights(localised, tmp_path, monkeypatch):
    constant = replace(localised, recipe=replace(BRIEF, schedule="constant"))
    features, fit = run(constant.features), training.fit
    for folder in ("whole", "stopped"):
        (tmp_path / folder).mkdir()

    def stop(model, batches, recipe, folder, **more):
        fit(model, batches, replace(recipe, epochs=1), folder, **more)
        raise KeyboardInterrupt

    constant.compute(tmp_path / "whole", (features,))
    monkeypatch.setattr(training, "fit", stop)
    with pytest.raises(KeyboardInterrupt):
        constant.compute(tmp_path / "stopped", (features,))
    monkeypatch.setattr(training, "fit", fit)
    constant.compute(tmp_path / "stopped", (features,))
    one, other = (torch.load(tmp_path / name / "model.pt") for name in ("whole", "stopped"))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_a_plan_counts_what_localisation_itself_trains(localised):
    brief, longer = (cost.estimate(one, "smoke") for one in (localised, _longer(localised)))
    assert brief.clips == longer.clips == 0  # its features are another experiment
    assert longer.seconds - cost.OVERHEAD == pytest.approx(3 * (brief.seconds - cost.OVERHEAD))


def _longer(localised):
    return replace(localised, recipe=replace(BRIEF, epochs=3 * BRIEF.epochs))


def test_videos_without_times_are_refused_in_one_line(scale, localised):
    features = scale.features(scale.random("r3d", 0))
    with pytest.raises(VsslError, match="does not say when"):
        run(replace(localised, features=replace(features, clips=4, layers=("p5",))))


def test_stored_features_come_in_an_order_of_the_seed_and_the_epoch():
    many = np.arange(14, dtype=np.float32).reshape(7, 2, 1)
    labels = boundaries.Targets(torch.arange(7.0)[:, None], torch.zeros(7, 2), torch.zeros(7, 2, 2))
    batches = localise.Stored(many, labels, batch=2, seed=3)
    cpu = torch.device("cpu")
    first, again, other = (list(batches.epoch(epoch, cpu)) for epoch in (0, 0, 1))
    assert len(batches) == len(first) == 3 and all(len(part) == 2 for part in first)
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    x, wanted = batches.prepared(first[0], cpu, torch.contiguous_format)
    assert x[:, 0, 0].tolist() == [2 * row for row in wanted["start"][:, 0].tolist()]
    shared = [list(batches.share(rank, 2).epoch(0, cpu)) for rank in (0, 1)]
    assert np.array_equal(np.hstack(shared), [part[[0, 1]] for part in first])


def test_detection_gives_the_precision_of_each_class_and_of_a_blind_one(detected):
    found = run(detected)
    opened = detected.data.open()
    classes = {name.removeprefix("AP ") for name in found.metrics if name.startswith("AP ")}
    assert classes <= set(opened.dataset.classes) and len(classes) > 3
    mean = np.mean([found.metrics[f"AP {name}"] for name in classes])
    assert found.metrics["mAP"] == pytest.approx(mean)
    assert 0 < found.metrics["chance mAP"] < 100
    rows = len(found.arrays["videos"])
    assert found.arrays["scores"].shape == (rows, len(puppets.ava().classes))
    assert np.isfinite(found.arrays["scores"]).all() and rows > 5
    assert set(found.arrays["videos"]) <= set(opened.test)


def test_videos_without_persons_are_refused_in_one_line(scale, detected):
    with pytest.raises(VsslError, match="does not say where"):
        run(replace(detected, data=scale.data()))


def test_a_clip_has_its_key_frame_in_the_middle_and_its_own_boxes(memory_frames):
    store = memory_frames((40, 9))
    persons = Persons(
        np.array([0, 0, 0, 1]),
        np.array([1, 1, 2, 0]),
        np.array([[0.1, 0.1, 0.3, 0.9], [0.5, 0.2, 0.8, 0.8], [0, 0, 1, 1], [0.2, 0.2, 0.9, 0.9]]),
        np.eye(4, dtype=bool),
        np.ones(4),
    )
    frames = np.array([12, 12, 24, 1])
    size = min(store.height, store.width)
    augment = Augment((ScaledCrop(size, (size, size)), Flip()))
    batches = detect.KeyFrames(store, persons, frames, augment, 8, 2, batch=2)
    assert [rows[0] for rows in batches.rows] == [0, 2, 3] and len(batches) == 1
    around = batches._around(0, 12)
    assert around.tolist() == [4, 6, 8, 10, 12, 14, 16, 18]
    assert batches._around(1, 1).tolist() == [7, 5, 3, 1, 1, 3, 5, 7]  # played back at its ends
    batch = batches.gather(0, np.array([0, 2]))
    assert batch.clips.shape[:2] == (2, 8) and batch.owners.tolist() == [0, 0, 1][: len(batch.rows)]
    assert set(batch.rows) <= {0, 1, 3}
    _, labels = batches.prepared(batch, torch.device("cpu"), torch.contiguous_format)
    assert torch.equal(labels["labels"], torch.from_numpy(persons.labels[batch.rows]))


def test_a_batch_that_shows_nobody_has_a_loss_of_zero_and_a_gradient():
    net = models.Detector(models.dilated(models.build("r3d", 4, pool=True)), models.BoxHead(3))
    labels = {
        "boxes": torch.zeros(0, 4),
        "clips": torch.zeros(0, dtype=torch.long),
        "labels": torch.zeros(0, 3, dtype=torch.bool),
    }
    outcome = detect.Detecting(net)(torch.rand(2, 3, 8, 40, 40), labels)
    assert outcome.loss.item() == 0
    outcome.loss.backward()


def test_the_persons_are_part_of_the_key_and_where_their_list_lies_is_not(detected, tmp_path):
    other = replace(detected, persons=Noise(misses=0.5))
    assert other.key() != detected.key() != replace(detected, seed=1).key()
    keys = set()
    for folder, within in (("one", "."), ("several", "ava")):
        (tmp_path / folder / within).mkdir(parents=True)
        file = tmp_path / folder / within / listed.FILE
        file.write_text("film,902,0.1,0.1,0.5,0.9,0.95\n")
        keys.add(replace(detected, persons=listed.Listed.beside(tmp_path / folder)).key())
    assert len(keys) == 1 and not keys & {detected.key(), other.key()}


@pytest.fixture
def real(scale, detected, tmp_path):
    """A scale of videos that nobody knows to be puppets, in a folder of their own."""
    root = tmp_path / "ava"
    shutil.copytree(detected.data.open().dataset.root, root)
    (root / puppets.disk.MANIFEST).unlink()
    return replace(scale, data_root=root)


def test_real_videos_want_a_list_of_persons_and_take_it(real, detected):
    with pytest.raises(VsslError, match="vssl data persons"):
        real.detect(detected.start)
    dataset = detected.data.open().dataset
    noisy = Noise(misses=0.0, false=0.0).propose(dataset.persons)
    names = [video.name for video in dataset.videos]
    lines = [
        ",".join(map(str, (names[video], second, *box, score)))
        for video, second, box, score in zip(
            noisy.videos, noisy.seconds, noisy.boxes, noisy.scores, strict=True
        )
    ]
    (real.data_root / listed.FILE).write_text("\n".join(lines))
    made = real.detect(detected.start)
    assert isinstance(made.persons, listed.Listed)
    like = replace(made, persons=Noise(misses=0.0, false=0.0))
    found, other = run(made), run(like)
    assert np.allclose(found.arrays["boxes"], other.arrays["boxes"])
    assert np.array_equal(found.arrays["scores"], other.arrays["scores"])
    (real.data_root / listed.FILE).write_text(lines[0])
    with pytest.raises(VsslError, match="plan anew"):
        made.persons.found_in(dataset)


def test_a_plan_wants_neither_videos_nor_their_persons(real, detected, monkeypatch, tmp_path):
    monkeypatch.setenv("VSSL_PLAN_ONLY", "1")
    assert real.detect(detected.start).persons == listed.Listed("not found")
    nowhere = replace(real, data_root=tmp_path / "nowhere")
    assert nowhere.detect(detected.start).persons == listed.Listed("not found")


def test_a_list_without_a_sure_person_is_refused_in_one_line(real, detected):
    name = detected.data.open().dataset.videos[0].name
    (real.data_root / listed.FILE).write_text(f"{name},901,0.1,0.1,0.5,0.9,0.5\n")
    with pytest.raises(VsslError, match="no persons that are proposed"):
        run(real.detect(detected.start))


def test_fewer_key_frames_than_a_batch_make_a_smaller_batch(detected):
    large = replace(detected, recipe=replace(BRIEF, epochs=1, batch=10_000))
    assert np.isfinite(run(large).metrics["loss"])


def test_frames_are_stored_large_enough_that_none_is_enlarged(scale, detected):
    sizes = scale.sizes
    as_it_is = scale.detect(detected.start)
    assert (as_it_is.data.height, as_it_is.data.width) == (sizes.height, sizes.width)
    larger = replace(scale, sizes=replace(sizes, detect=sizes.detect | {"sides": (96, 112)}))
    assert (larger.detect(detected.start).data.height, sizes.height) == (96, 48)
    assert larger.detect(detected.start).data.width == 2 * sizes.width
