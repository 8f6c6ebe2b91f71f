"""A clip as augmentation alone would have it: any speed that fits, any turn, and no label."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vssl.errors import VsslError
from vssl.samplers import Varied


@given(st.integers(1, 300), st.integers(0, 2**32 - 1), st.integers(2, 16))
def test_every_frame_is_there_and_the_stride_is_one_that_fits(num_frames, seed, length):
    sampler = Varied(length)
    sample = sampler(num_frames, np.random.default_rng(seed))
    (clip,) = sample.clips
    assert sampler.layout == (length,) == clip.frames.shape and not sample.labels
    assert clip.frames.min() >= 0 and clip.frames.max() < num_frames
    steps = np.diff(clip.frames)
    if num_frames >= length:
        assert len(set(steps.tolist())) == 1 and steps[0] in sampler.strides
    else:
        assert set(np.abs(steps).tolist()) <= {0, 1}


def test_strides_and_turns_are_drawn_alike():
    rng = np.random.default_rng(0)
    drawn = [Varied()(300, rng).clips[0] for _ in range(2000)]
    for found, values in (
        ([int(np.diff(c.frames)[0]) for c in drawn], (1, 2, 4, 8)),
        ([c.quarter_turns for c in drawn], range(4)),
    ):
        for value in values:
            assert found.count(value) / len(found) == pytest.approx(0.25, abs=0.04)
    assert {Varied(turned=False)(300, rng).clips[0].quarter_turns for _ in range(20)} == {0}


def test_a_stride_below_one_is_one_clear_line():
    with pytest.raises(VsslError, match="1 or more"):
        Varied(strides=(0, 1))
