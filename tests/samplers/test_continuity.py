"""CPNet's clips tile their initial clip, lie apart where they can, and are cut everywhere alike."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vssl.clips import clips_of
from vssl.errors import VsslError
from vssl.samplers import Continuity, OneBox, RandomClip

SHAPES = st.tuples(st.integers(2, 20), st.integers(1, 20)).flatmap(
    lambda shape: st.tuples(*map(st.just, shape), st.integers(1, min(4, shape[0] - 1)))
)
FEW_EXAMPLES = settings(max_examples=150, deadline=None)


def draw(sampler, num_frames, seed=0):
    return sampler(num_frames, np.random.default_rng(seed))


@FEW_EXAMPLES
@given(num_frames=st.integers(1, 200), shape=SHAPES, seed=st.integers(0, 2**32))
def test_the_two_parts_and_the_missing_section_tile_one_window(num_frames, shape, seed):
    length, gap, cuts = shape
    sampler = Continuity(length, gap, cuts)
    sample = draw(sampler, num_frames, seed)
    assert len(sample.clips) == clips_of(sampler) == 3 * cuts
    cut = np.reshape(sample.labels["cut"], (cuts, 3))
    assert (cut[:, [0, 2]] == -1).all() and len(set(cut[:, 1])) == cuts
    windows = []
    for place in range(cuts):
        continuous, left, missing = sample.clips[3 * place : 3 * place + 3]
        j = int(cut[place, 1]) + 1
        assert 1 <= j < length
        assert [len(c.frames) for c in (continuous, left, missing)] == list(sampler.layout)
        window = np.concatenate([left.frames[:j], missing.frames, left.frames[j:]])
        windows.append(window.tolist())
        steps = np.abs(np.diff(window)) if num_frames > 1 else np.ones(1)
        assert (steps == 1).all() and (np.abs(np.diff(continuous.frames)) <= 1).all()
        for clip in (continuous, window):
            frames = getattr(clip, "frames", clip)
            assert frames.min() >= 0 and frames.max() < num_frames
        if num_frames >= 2 * length + gap:
            assert not set(continuous.frames) & set(window)
    assert all(window == windows[0] for window in windows)


@FEW_EXAMPLES
@given(length=st.integers(2, 12), gap=st.integers(1, 12), data=st.data())
def test_clips_that_must_share_frames_share_as_few_as_they_can(length, gap, data):
    num_frames = data.draw(st.integers(length + gap, 2 * length + gap - 1))
    sample = draw(Continuity(length, gap), num_frames, data.draw(st.integers(0, 2**32)))
    continuous, left, missing = (set(clip.frames.tolist()) for clip in sample.clips)
    window = left | missing
    least = min(
        len(set(range(a, a + length)) & set(range(b, b + length + gap)))
        for a in range(num_frames - length + 1)
        for b in range(num_frames - length - gap + 1)
    )
    assert len(continuous & window) == least


def test_all_pairs_without_a_common_frame_are_drawn_equally_often():
    sampler, rng, counts = Continuity(3, 2), np.random.default_rng(0), {}
    pairs = [
        (a, b) for a in range(10) for b in range(8) if not set(range(a, a + 3)) & {*range(b, b + 5)}
    ]
    for _ in range(200 * len(pairs)):
        continuous, left, _ = sampler(12, rng).clips
        pair = int(continuous.frames[0]), int(left.frames[0])
        counts[pair] = counts.get(pair, 0) + 1
    assert set(counts) == set(pairs)
    chi_square = sum((count - 200) ** 2 / 200 for count in counts.values())
    free = len(pairs) - 1
    assert abs(chi_square - free) < 5 * (2 * free) ** 0.5


def test_every_cut_is_drawn_equally_often():
    rng = np.random.default_rng(0)
    cuts = [Continuity()(90, rng).labels["cut"][1] for _ in range(3000)]
    counts = np.bincount(cuts, minlength=15)
    assert len(counts) == 15 and (abs(counts - 200) < 5 * 200**0.5).all()


def test_labels_are_of_the_clips():
    sample = draw(Continuity(16, 8), 90)
    assert sample.labels["discontinuous"].tolist() == [0, 1, 0]
    several = draw(Continuity(16, 8, 5), 90)
    assert several.labels["discontinuous"].tolist() == 5 * [[0, 1, 0]]
    assert several.labels["cut"].shape == (5, 3) and Continuity(16, 8, 5).samples == 5


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"length": 1}, "2 frames or more"),
        ({"gap": 0}, "loses 1 or more"),
        ({"length": 8, "cuts": 8}, "cut at 7 places"),
        ({"cuts": 0}, "cuts is 0"),
    ],
)
def test_what_cannot_be_is_refused(wrong, says):
    with pytest.raises(VsslError, match=says):
        Continuity(**wrong)


@FEW_EXAMPLES
@given(
    num_frames=st.integers(1, 90),
    area=st.tuples(st.floats(0.05, 1), st.floats(0.05, 1)).map(sorted).map(tuple),
    seed=st.integers(0, 2**32),
)
def test_one_box_serves_all_clips_of_a_draw(num_frames, area, seed):
    inner = Continuity(4, 2, cuts=2)
    sampler = OneBox(inner, area)
    sample = draw(sampler, num_frames, seed)
    assert (sampler.layout, sampler.samples) == (inner.layout, 2)
    assert len({clip.box for clip in sample.clips}) == 1
    box = sample.clips[0].box
    assert box.height * box.width <= area[1] + 1e-9
    if max(box.height, box.width) < 1:
        assert box.height * box.width >= area[0] - 1e-9
        aspect = box.width / box.height * 4 / 3
        assert 3 / 4 - 1e-9 <= aspect <= 4 / 3 + 1e-9
    plain = draw(inner, num_frames, seed)
    assert all((a.frames == b.frames).all() for a, b in zip(sample.clips, plain.clips, strict=True))


def test_one_box_keeps_the_labels_and_refuses_an_area_beyond_the_frame():
    assert draw(OneBox(RandomClip(4)), 30).labels == draw(RandomClip(4), 30).labels
    with pytest.raises(VsslError, match="area up to 1"):
        OneBox(RandomClip(4), area=(0.5, 1.5))
