"""Frames on a device give the same batches as frames in the file, bit for bit.

Their size decides where they are put.
"""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from vssl import methods
from vssl.errors import VideoError
from vssl.samplers import Pace
from vssl.training import Batches
from vssl.training.placement import OnDevice, placed
from vssl.videos.journal import FORMAT
from vssl.videos.store import FrameStore

LENGTHS = [20, 31, 0, 25, 40, 22]
HEIGHT, WIDTH = 40, 44
CPU = torch.device("cpu")


@pytest.fixture
def store(tmp_path):
    """A frame store of random pixels, written by hand, in which one video could not be decoded."""
    total = sum(LENGTHS)
    pixels = np.random.default_rng(0).integers(0, 256, (total, HEIGHT, WIDTH, 3), dtype=np.uint8)
    (tmp_path / "frames.u8").write_bytes(pixels.tobytes())
    first = (np.cumsum(LENGTHS) - LENGTHS).tolist()
    index = {
        "format": FORMAT,
        "key": "made",
        "kept": True,
        "height": HEIGHT,
        "width": WIDTH,
        "total": total,
        "first": first,
    }
    index |= {
        "num_frames": LENGTHS,
        "fps": [25.0] * 6,
        "entries": [[]] * 6,
        "failed": {"two": "broken"},
        "checksums": [""] * 6,
        "sizes": [0] * 6,
        "changed": {},
    }
    (tmp_path / "index.json").write_text(json.dumps(index))
    return FrameStore(tmp_path)


@pytest.mark.parametrize(
    "augment",
    [methods.Pace().augment(32), methods.CVRL().augment(32)],
    ids=["windows", "whole frames"],
)
def test_a_batch_is_the_same_from_device_and_file(store, augment):
    videos = np.array([0, 1, 3, 5])

    def clips(frames):
        batches = Batches(frames, videos, Pace(length=8), augment, 4, passes=2, seed=1)
        return [torch.as_tensor(batch.groups[0].clips) for batch in batches.epoch(0)]

    ours, theirs = clips(OnDevice(store, videos, CPU)), clips(store)
    assert len(ours) == len(theirs) == 2
    assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))
    assert ours[0].is_contiguous() and ours[0].any()


def test_a_gather_is_the_same_from_device_and_file_and_only_for_videos_on_the_device(store):
    here = OnDevice(store, np.array([4, 1]), CPU)
    assert len(here.pixels) == 71
    for window in (None, (3, 5, 20, 16)):
        wanted = (4, np.array([39, 0, 7]), window)
        assert np.array_equal(here.gather(*wanted), store.gather(*wanted))
    for video, frames in ((0, [0]), (1, [31]), (1, [-1])):
        with pytest.raises(VideoError, match=f"video {video} has"):
            here.gather(video, np.array(frames))


def test_frames_go_to_the_gpu_only_if_they_fit(store):
    videos = np.array([0, 1, 3])
    needed = 76 * HEIGHT * WIDTH * 3
    frames, line = placed(store, videos, CPU, free=2 * needed)
    assert isinstance(frames, OnDevice) and line.startswith("frames: on the GPU (0.0 GB for")
    frames, line = placed(store, videos, CPU, free=2 * needed - 1)
    assert frames is store and line.startswith("frames: in the file")
    frames, line = placed(store, videos, CPU)
    assert frames is store and "CPU" in line
