"""Each stage of the benchmarks runs once, on very little material.

A stage measures our way, names the contenders that are absent, and checks before timing that all
contenders do the same work.
"""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import (
    augment,
    beside,
    decode,
    growth,
    loss,
    material,
    peers,
    run,
    similarity,
    step,
    store,
    train,
    upload,
)
from benchmarks.setting import Setting
from vssl.errors import VsslError
from vssl.results import races
from vssl.results.speed import OURS


@pytest.fixture(scope="module")
def setting(tmp_path_factory) -> Setting:
    """Eight short videos in one kind of file."""
    folder = tmp_path_factory.mktemp("videos")
    rng = np.random.default_rng(0)
    for number in range(8):
        noise = rng.integers(0, 256, (240 + 60, 320, 3)).astype(np.float32)
        shifts = [(a, b) for a in range(0, 16, 4) for b in range(0, 16, 4)]
        smooth = sum(np.roll(noise, shift, (0, 1)) for shift in shifts) / 16
        frames = np.stack([smooth[2 * t : 2 * t + 240] for t in range(24)])  # [T, H, W, 3]
        options = {"g": "12", "qscale": "3", "flags": "+qscale"}
        material._encode(folder / f"{number}.avi", frames.astype(np.uint8), "mpeg4", options)
    return Setting(tuple(material.found(folder)), rounds=2)


@pytest.fixture
def own_data(tmp_path, monkeypatch):
    monkeypatch.setenv("VSSL_DATA", str(tmp_path / "data"))


def test_the_command_and_the_package_name_the_same_stages():
    assert tuple(run.STAGES) == races.STAGES


def test_readers_are_raced_and_the_plain_one_shows_our_frames(setting):
    found = {row.contender: row for row in decode.run(setting)}
    assert len(found[OURS].core) == 2 and found["plain PyAV"].note == ""
    assert found[OURS].rate() > 0 and found["decoder alone, no picture made"].core
    for name in ("torchcodec", "decord", "OpenCV"):
        # It was raced, or is absent with the reason.
        assert any(contender.startswith(name) for contender in found)
    assert all(row.core or row.note for row in found.values())


def test_a_reader_that_shows_other_frames_is_noticed(setting):
    path = setting.material[0].paths[0]
    ours = lambda path, start: np.stack(list(_frames(path)))[start : start + 16]  # noqa: E731
    late = lambda path, start: np.stack(list(_frames(path)))[start + 3 : start + 19]  # noqa: E731
    black = lambda path, start: np.zeros((16, 128, 172, 3), np.uint8)  # noqa: E731
    small = lambda path, start: ours(path, start)[:, ::2]  # noqa: E731
    clips = [(path, 0), (path, 4)]
    assert decode._differs(ours, ours, clips) == ""
    assert decode._differs(ours, late, clips) == "shows other frames in 2 of 2 clips"
    assert decode._differs(ours, black, clips) == "shows other frames in 2 of 2 clips"
    assert decode._differs(ours, small, clips[:1]).startswith("gives (16, 64, 172, 3)")


def _frames(path):
    from vssl.videos.decode import stream

    return stream(path, 128, 172)


def test_building_and_gathering_are_raced(setting, own_data, monkeypatch):
    monkeypatch.setattr(store, "GATHERED", 64)
    monkeypatch.setattr(store, "DECODED", 8)
    built = {row.contender: row for row in store.build(setting)}
    assert built[OURS].amount == 8 * 24 * store.TIMES and built["plain PyAV"].core
    gathered = {row.contender: row for row in store.gather(setting)}
    assert {OURS, "decoded on the fly", store.COPY} <= set(gathered)
    assert all(len(row.core) == 2 for row in gathered.values())


def test_an_epoch_is_trained_in_all_three_ways(setting, own_data):
    found = {row.contender: row for row in train.run(setting)}
    assert set(found) == {OURS, train.FLY, train.PLAIN}
    assert {row.amount for row in found.values()} == {32}
    assert "waits for data" in found[OURS].note and "built before" in found[OURS].note


def test_steps_and_growth_run_at_every_point(monkeypatch, own_data):
    monkeypatch.setattr(step, "BACKBONES", ("r3d",))
    assert [row.contender for row in step.run(Setting((), rounds=2))] == [OURS, step.PLAIN]
    monkeypatch.setattr(growth, "memory", lambda: iter(()))
    for axis in ("_videos", "_widths", "_lengths", "_pairs"):  # the larger points take minutes
        points = getattr(growth, axis)()
        smaller = (*points[:2], dict(list(points[2].items())[:2]))
        monkeypatch.setattr(growth, axis, lambda smaller=smaller: smaller)
    found = list(growth.run(Setting((), rounds=2)))
    assert len(found) == 2 + 4 + 2 + 2 + 2 + 4
    assert all(row.core and row.more["value"] == int(row.contender) for row in found)


def test_torchvision_clip_by_clip_does_what_a_batch_does(monkeypatch):
    monkeypatch.setattr(augment, "CLIPS", 6)
    found = list(augment.run(Setting((), rounds=2)))
    theirs = [row for row in found if row.contender.startswith("torchvision")]
    assert len(theirs) == 2 and [row.note for row in theirs] == ["", ""]


def test_losses_of_all_contenders_have_the_same_value(monkeypatch):
    for row in loss.run(Setting((), rounds=2)):
        assert row.core or row.note
        assert "another value" not in row.note, row


def test_shuffle_similarity_is_held_against_the_net(monkeypatch):
    monkeypatch.setattr(similarity, "CROP", 32)
    monkeypatch.setattr(similarity, "AT_ONCE", 2)
    monkeypatch.setattr(similarity, "KEYS", 256)
    found = {row.contender: row for row in similarity.run(Setting((), rounds=2))}
    assert list(found) == [OURS, similarity.COSINE, similarity.FORWARD]
    assert all(len(row.core) == 2 for row in found.values())
    assert races.against(list(found.values())).best.contender == similarity.FORWARD
    assert "% of the forward pass" in found[OURS].note and "should" not in found[OURS].note
    monkeypatch.setattr(similarity, "MOST", 1e-9)
    ours, *_ = similarity.run(Setting((), rounds=2))
    assert "should be less than" in ours.note


def test_a_peer_that_is_not_installed_is_named(monkeypatch):
    monkeypatch.setitem(peers.PEERS, "torchcodec", ("no_such_module", "no-such-module"))
    assert peers.find("torchcodec") == (None, "no_such_module is not installed")


def test_nothing_is_uploaded_without_a_gpu():
    assert list(upload.run(Setting(()))) == []


def test_memory_is_measured_during_the_steps():
    (row,) = growth.memory(steps=40, looks=2)
    assert row.amount == 40 and row.more["megabytes"][0] > 50
    assert len(row.more["megabytes"]) == len(row.more["objects"]) == 2


def test_videos_of_a_folder_are_found_and_a_folder_without_any_is_refused(setting, tmp_path):
    assert len(setting.material[0].paths) == 8
    (tmp_path / "broken.avi").write_text("no video")
    with pytest.raises(VsslError, match="holds 0 readable videos of 16 frames"):
        material.found(tmp_path)


def test_a_process_that_ends_early_is_an_error(monkeypatch):
    monkeypatch.setattr(beside, "WORKER", "raise SystemExit(1)")
    with beside._Run(1) as one, pytest.raises(VsslError, match="ended with code 1 before its time"):
        one.train(1)
        one.wait()


def test_one_round_is_refused():
    with pytest.raises(VsslError, match="2 rounds or more"):
        run.bench(["loss"], rounds=1)
