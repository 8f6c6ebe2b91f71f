"""Data as experiments describe it: its frame rates, splits, keys and counts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vssl.errors import VsslError
from vssl.lab import data as lab_data
from vssl.lab import key
from vssl.lab.data import Data, puppet_data, real_data
from vssl.videos import decode, puppets
from vssl.videos.building import source_frame

WORLD = replace(
    puppets.ucf101(), classes=("Walk", "Squat"), groups=4, clips=1, frames=(20, 28), fps=25
)


@pytest.fixture
def data(tmp_path, monkeypatch) -> Data:
    monkeypatch.setenv("VSSL_DATA", str(tmp_path / "data"))
    forget()
    return puppet_data(WORLD, 1, 48, 64)


def test_data_at_half_the_frame_rate_has_half_the_frames(data):
    slow = replace(data, fps=12.5)
    whole, half = data.open(), slow.open()
    assert (half.frames.fps == 12.5).all() and (whole.frames.fps == 25).all()
    assert (half.frames.num_frames == -(-whole.frames.num_frames // 2)).all()
    for video, shown in enumerate(half.dataset.videos):
        rate = decode.claimed(shown.path)[1]
        rows = [source_frame(frame, 12.5, rate) for frame in range(half.frames.num_frames[video])]
        assert np.array_equal(half.frames.frames(video), whole.frames.frames(video)[rows])


def test_a_frame_rate_is_part_of_key_and_title_only_if_it_is_set(data):
    slow = replace(data, fps=12.5)
    assert key.key(slow) != key.key(data) and "fps" not in key.described(data)
    assert data.title() == "puppets for UCF101"
    assert slow.title() == "puppets for UCF101 at 12.5 frames a second"


def test_contents_name_frames_and_failures_and_are_known_only_of_what_is_there(data):
    assert data.contents() is None
    puppets.folder(WORLD).mkdir(parents=True)
    assert data.contents() is None, "another process draws it at this moment"
    root = puppets.make(WORLD)
    assert data.contents() is None, "drawn, but not decoded"
    video = root / "UCF-101" / "Walk" / "v_Walk_g01_c01.mp4"
    whole = video.read_bytes()
    video.write_bytes(whole[:700])
    data.open()
    broken = data.contents()
    assert broken["failed"] == ["v_Walk_g01_c01"]
    forget()
    assert data.contents() == broken
    video.write_bytes(whole)  # mended
    forget()
    assert data.contents() == {"frames": "changed", "failed": []}
    data.open()
    mended = data.contents()
    assert mended["failed"] == [] and mended["frames"] != broken["frames"]
    other = replace(data, split=2)
    assert other.contents()["frames"] != mended["frames"], "sides are part of it"


def forget():
    """As a new process: nothing is remembered of what was opened."""
    lab_data._open.cache_clear()
    lab_data._contents.cache_clear()


def test_a_real_dataset_says_how_many_of_its_classes_are_there(data, monkeypatch):
    root = puppets.make(WORLD)
    (root / "manifest.json").unlink()  # now they look like real videos
    real = real_data("ucf101", root, 1, 48, 64)
    assert real.title() == "UCF101, 2 of 101 classes"
    assert key.key(real) == key.key(replace(real, classes=None))


def test_videos_whose_persons_have_the_labels_are_not_said_to_lack_classes(data):
    root = puppets.make(replace(puppets.ava(), groups=2, frames=(40, 40), height=48, width=64))
    (root / "manifest.json").unlink()
    assert real_data("ava", root, 1, 48, 64).title() == "AVA"


def test_validation_uses_only_training_videos(data):
    official, held_out = data.open(), replace(data, test_on="validation").open()
    assert sorted([*held_out.train, *held_out.test]) == sorted(official.train)
    assert len(held_out.test) > 0 and not set(held_out.test) & set(official.test)
    groups = [
        {official.dataset.videos[i].group for i in side} for side in (held_out.train, held_out.test)
    ]
    assert not groups[0] & groups[1]


def test_validation_is_part_of_key_and_title_only_if_it_is_set(data):
    other = replace(data, test_on="validation")
    assert key.key(other) != key.key(data) and "test_on" not in key.described(data)
    assert other.title() == "puppets for UCF101, tested on a tenth of the training videos"
    assert (data.variant(), other.variant()) == ("", "-validation")
    assert replace(other, fps=12.5).variant() == "-12.5fps-validation"
    with pytest.raises(VsslError, match="'test' or 'validation', not 'train'"):
        replace(data, test_on="train")


@pytest.mark.parametrize("test_on", ["test", "validation"])
def test_data_has_as_many_videos_as_counted(data, test_on):
    drawn = replace(data, test_on=test_on)
    opened = drawn.open()
    assert drawn.counts() == (len(opened.train), len(opened.test))
    on_disk = replace(real_data("ucf101", opened.dataset.root, 1, 48, 64), test_on=test_on)
    assert on_disk.counts() == drawn.counts()


def test_data_that_is_not_there_is_counted_by_its_official_sizes():
    absent = Data("ucf101", "not found", split=2)
    assert absent.counts() == (9586, 3734)
    assert replace(absent, test_on="validation").counts() == (8627, 959)
