"""Data as experiments name it: frame rates, splits, what stands in its key, and how it is counted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vssl.lab import key
from vssl.lab.data import Data, puppet_data
from vssl.videos import decode, puppets
from vssl.videos.building import source_frame

WORLD = replace(
    puppets.ucf101(), classes=("Walk", "Squat"), groups=4, clips=1, frames=(20, 28), fps=25
)


@pytest.fixture
def data(tmp_path, monkeypatch) -> Data:
    monkeypatch.setenv("VSSL_DATA", str(tmp_path / "data"))
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


def test_a_frame_rate_is_part_of_key_and_title_only_where_one_is_set(data):
    slow = replace(data, fps=12.5)
    assert key.key(slow) != key.key(data) and "fps" not in key.described(data)
    assert data.title() == "puppets for UCF101"
    assert slow.title() == "puppets for UCF101 at 12.5 frames a second"
