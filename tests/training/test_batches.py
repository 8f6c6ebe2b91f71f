"""Batches: every clip is keyed by (seed, pass, video, view), whatever gathers it."""

import numpy as np
import pytest
import torch

from vssl import methods
from vssl.augment import Augment, CentreCrop, Pair, Solarise
from vssl.errors import VsslError
from vssl.samplers import Interval, Pace, RandomClip, Repeat
from vssl.training import Batches

METHOD = methods.Pace()


def make(frames, sampler=None, **changes):
    settings = {"augment": METHOD.augment(32), "batch": 8, "seed": 3, "actions": np.arange(len(frames.num_frames)) % 3}
    return Batches(frames, np.arange(len(frames.num_frames)), sampler or Pace(length=8), **(settings | changes))


def equal(a, b):
    return (
        (a.clips == b.clips).all()
        and (a.videos == b.videos).all()
        and all((a.labels[name] == b.labels[name]).all() for name in a.labels)
        and all((x == y).all() for p, q in zip(a.parameters, b.parameters, strict=True) for x, y in zip(p, q, strict=True))
    )


def test_the_same_epoch_twice_and_with_a_gathering_thread(memory_frames):
    batches = make(memory_frames((20,) * 20), Repeat(Pace(length=8), 4, "pace"))
    once, again, threaded = list(batches.epoch(1)), list(batches.epoch(1)), list(batches.epoch(1, ahead=3))
    assert len(once) == len(batches) == len(threaded) == 10
    assert all(equal(a, b) and equal(a, c) for a, b, c in zip(once, again, threaded, strict=True))
    assert not equal(once[0], next(batches.epoch(2)))


def test_a_clip_does_not_depend_on_the_batch_size(memory_frames):
    frames = memory_frames((20,) * 12)
    small = {int(b.videos[0]): b for b in make(frames, batch=1).epoch(0)}
    for batch in make(frames, batch=6).epoch(0):
        for place, video in enumerate(batch.videos.tolist()):
            assert (batch.clips[place] == small[video].clips[0]).all()
            assert batch.labels["pace"][place] == small[video].labels["pace"][0]


def test_two_processes_share_each_batch_without_overlap(memory_frames):
    frames = memory_frames((20,) * 16)
    whole = list(make(frames, batch=8).epoch(0))
    halves = [list(make(frames, batch=8, rank=rank, ranks=2).epoch(0)) for rank in (0, 1)]
    for batch, first, second in zip(whole, *halves, strict=True):
        assert sorted([*first.videos, *second.videos]) == sorted(batch.videos) and not set(first.videos) & set(second.videos)


def test_every_video_comes_once_a_pass_and_labels_are_a_value_a_clip(memory_frames):
    batches = make(memory_frames((20,) * 16), Repeat(RandomClip(8), 2), batch=8, passes=3)
    seen = np.concatenate([batch.videos for batch in batches.epoch(0)])
    assert (np.bincount(seen) == 3).all() and len(batches) == 12
    batch = next(batches.epoch(0))
    assert batch.clips.shape == (8, 8, 40, 44, 3)
    assert batch.labels["action"].shape == (4, 2) and (batch.labels["action"] == (batch.videos % 3)[:, None]).all()


def test_two_views_of_the_same_frames_are_augmented_each_its_own_way(memory_frames):
    batches = make(memory_frames((40,) * 8), Interval(None, 8))
    batch = next(batches.epoch(0))
    assert (batch.clips[::2] == batch.clips[1::2]).all()
    x = batches.augment.apply(torch.from_numpy(batch.clips), batch.parameters)
    assert (x[::2] - x[1::2]).abs().amax((1, 2, 3, 4)).min() > 0.02


def test_a_pair_s_second_augmentation_is_the_second_view_s(memory_frames):
    pair = Pair(*(Augment((CentreCrop(32), Solarise(probability))) for probability in (0.0, 1.0)))
    batch = next(make(memory_frames((40,) * 8), Interval(None, 8), augment=pair).epoch(0))
    assert [bool(drawn[1]) for drawn in batch.parameters] == [False, True] * 4


def test_unreadable_videos_are_left_out_and_too_few_are_refused(memory_frames):
    batches = make(memory_frames((20, 0, 20, 20)), batch=3)
    assert 1 not in np.concatenate([batch.videos for batch in batches.epoch(0)])
    with pytest.raises(VsslError, match="3 readable videos do not fill a batch of 8"):
        make(memory_frames((20, 0, 20, 20)), batch=8)
