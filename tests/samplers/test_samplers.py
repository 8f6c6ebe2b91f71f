"""Samplers draw valid frames from videos of any length, and labels that agree with the frames."""

from fractions import Fraction
from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vssl.clips import clips_of, samples_of
from vssl.errors import VsslError
from vssl.samplers import (
    ClipOrder,
    Discontinuity,
    Interval,
    Pace,
    RandomClip,
    Repeat,
    Several,
    Uniform,
    Windows,
    reflected,
)

LENGTHS = st.integers(1, 400)
SEEDS = st.integers(0, 2**32)
PACES = st.lists(
    st.sampled_from([Fraction(1, 4), Fraction(1, 3), Fraction(1, 2), 1, 2, 3, 4, 5, 6, 7, 10]),
    min_size=1,
    max_size=6,
    unique=True,
).map(tuple)
FEW_EXAMPLES = settings(max_examples=60, deadline=None)


def draw(sampler, num_frames, seed):
    return sampler(num_frames, np.random.default_rng(seed))


def code_of_the_paper(pace, start, num_frames, length):
    """Follow the rule of the paper's public code, frame by frame.

    It goes on by the pace and restarts from frame 0 when the next frame would pass the end.
    """
    frames, s, i = [], start, 0
    for _ in range(length):
        frames.append(s + int(i * pace))
        if s + int((i + 1) * pace) >= num_frames:
            s, i = 0, 0
        else:
            i += 1
    return frames


@FEW_EXAMPLES
@given(num_frames=LENGTHS, length=st.integers(1, 64), stride=st.integers(1, 5), seed=SEEDS)
def test_a_random_clip_is_consecutive_and_loops_only_in_short_videos(
    num_frames, length, stride, seed
):
    (clip,) = draw(RandomClip(length, stride), num_frames, seed).clips
    assert len(clip.frames) == length and clip.frames.min() >= 0 and clip.frames.max() < num_frames
    assert ((np.diff(clip.frames) - stride) % num_frames == 0).all()
    if (length - 1) * stride < num_frames:
        assert (np.diff(clip.frames) == stride).all()
    else:
        assert clip.frames[0] == 0


@FEW_EXAMPLES
@given(num_frames=LENGTHS, count=st.integers(1, 12), length=st.integers(1, 32))
def test_uniform_spreads_from_the_first_frame_to_the_last(num_frames, count, length):
    clips = Uniform(count, length)(num_frames).clips
    frames = np.stack([clip.frames for clip in clips])
    assert frames.shape == (count, length) and frames.min() >= 0 and frames.max() < num_frames
    assert (frames[0] == np.arange(length) % num_frames).all()
    if num_frames >= length and count > 1:
        assert frames[-1, -1] == num_frames - 1


def test_uniform_takes_the_same_frames_as_vcop():
    """VCOP's centres are linspace(8, T - 8, 10), and a start is int(centre - 8)."""
    for num_frames in (16, 17, 29, 168, 1776):
        starts = [clip.frames[0] for clip in Uniform(10, 16)(num_frames).clips]
        assert starts == [int(c - 8) for c in np.linspace(8, num_frames - 8, 10)]


@FEW_EXAMPLES
@given(
    num_frames=LENGTHS,
    length=st.integers(1, 64),
    paces=PACES,
    seed=SEEDS,
    short=st.sampled_from(["loop", "fit"]),
)
def test_pace_indices_are_valid_and_imply_the_label(num_frames, length, paces, seed, short):
    sampler = Pace(paces, length, short)
    sample = draw(sampler, num_frames, seed)
    frames, label = sample.clips[0].frames, sample.labels["pace"]
    assert len(frames) == length and frames.min() >= 0 and frames.max() < num_frames
    pace, start = Fraction(paces[label]), int(frames[0])
    assert list(frames) == code_of_the_paper(pace, start, num_frames, length)
    if short == "fit" and int((length - 1) * pace) < num_frames:
        assert not sampler.seam(paces[label], start, num_frames)
        assert (np.diff(frames) >= 0).all()


@FEW_EXAMPLES
@given(
    num_frames=st.integers(2, 300),
    pace=st.sampled_from([Fraction(1, 3), Fraction(1, 2), 1, 2, 3, 4]),
    start=st.integers(0, 299),
)
def test_a_seam_is_reported_when_the_clip_jumps_back(num_frames, pace, start):
    sampler = Pace((pace,), 16)
    start %= num_frames
    frames = sampler.frames(pace, start, num_frames)
    jumps = (np.diff(frames) < 0).any()
    assert sampler.seam(pace, start, num_frames) == jumps or start == 0 or frames.max() == 0
    if jumps:
        assert sampler.seam(pace, start, num_frames)
        assert (frames[1:][np.diff(frames) < 0] == 0).all()


def test_slow_paces_repeat_the_preceding_frame():
    assert list(Pace().frames(Fraction(1, 3), 5, 100))[:7] == [5, 5, 5, 6, 6, 6, 7]
    # The paper's own example, counted from 0.
    assert list(Pace(length=5).frames(3, 11, 100)) == [11, 14, 17, 20, 23]


@pytest.mark.parametrize(("play", "classes"), [("forward", 4), ("random", 4), ("signed", 8)])
def test_every_pace_is_drawn_equally_often(play, classes):
    sampler = Pace(play=play)
    rng = np.random.default_rng(0)
    counts = np.bincount([sampler(90, rng).labels["pace"] for _ in range(4000)], minlength=classes)
    assert sampler.classes == classes == len(counts)
    expected = 4000 / classes
    assert (abs(counts - expected) < 5 * expected**0.5).all()  # five standard deviations


def test_backwards_clips_are_forward_clips_reversed():
    rng = np.random.default_rng(0)
    pairs = {"random": set(), "signed": set()}
    for play, found in pairs.items():
        sampler = Pace(play=play, short="fit")
        for _ in range(200):
            sample = sampler(200, rng)
            step = int(np.diff(sample.clips[0].frames)[0])
            found.add((sample.labels["pace"], step))
    assert pairs["random"] == {(i, sign * (i + 1)) for i in range(4) for sign in (1, -1)}
    assert pairs["signed"] == {(i, i + 1) for i in range(4)} | {(i + 4, -i - 1) for i in range(4)}


def test_draws_depend_on_nothing_but_the_generator():
    a, b = (draw(Pace(), 120, 7) for _ in range(2))
    assert (a.clips[0].frames == b.clips[0].frames).all() and a.labels == b.labels


@FEW_EXAMPLES
@given(seed=SEEDS, count=st.integers(1, 4))
def test_several_distinct_samples_have_different_paces_in_random_order(seed, count):
    sample = draw(Several(Pace(), count, "pace"), 90, seed)
    assert len(sample.clips) == count and sample.labels["pace"].shape == (count,)
    assert len(set(sample.labels["pace"].tolist())) == count


def test_repeat_independent_draws_repeat_labels_sometimes():
    rng = np.random.default_rng(0)
    labels = [Repeat(Pace(), 2)(90, rng).labels["pace"].tolist() for _ in range(400)]
    same = sum(first == second for first, second in labels)
    assert 60 < same < 140  # a quarter of 400, four standard deviations either way


@FEW_EXAMPLES
@given(
    num_frames=LENGTHS,
    clips=st.integers(2, 4),
    length=st.integers(1, 32),
    gap=st.integers(0, 12),
    seed=SEEDS,
)
def test_the_order_label_agrees_with_the_clips_and_gaps_shrink_before_a_video_loops(
    num_frames, clips, length, gap, seed
):
    sample = draw(ClipOrder(clips, length, gap), num_frames, seed)
    frames = np.stack([clip.frames for clip in sample.clips])  # [V, T]
    order = list(permutations(range(clips)))[sample.labels["order"]]
    assert frames.shape == (clips, length) and frames.min() >= 0 and frames.max() < num_frames
    in_time = frames[np.argsort(order)]  # [V, T]: the clip that is first in the video comes first
    if num_frames >= clips * length:
        widest = max(g for g in range(gap + 1) if clips * length + (clips - 1) * g <= num_frames)
        assert tuple(np.argsort(np.argsort(frames[:, 0]))) == order
        assert (np.diff(frames) == 1).all()
        assert (in_time[1:, 0] - in_time[:-1, -1] == widest + 1).all()
    else:
        assert (in_time.ravel() == np.arange(clips * length) % num_frames).all()


def test_clip_order_draws_every_order_and_every_start_equally_often():
    rng = np.random.default_rng(0)
    samples = [ClipOrder()(68, rng) for _ in range(3000)]  # 64 frames fit into 68 at five places
    orders = np.bincount([sample.labels["order"] for sample in samples])
    starts = np.bincount([min(clip.frames[0] for clip in sample.clips) for sample in samples])
    assert ClipOrder().classes == len(orders) == 6 and len(starts) == 5
    assert (abs(orders - 500) < 5 * 500**0.5).all()  # five standard deviations
    assert (abs(starts - 600) < 5 * 600**0.5).all()


LAYOUTS = [
    (RandomClip(5), (5,)),
    (Uniform(3, 5), (5, 5, 5)),
    (Pace(length=5), (5,)),
    (Interval(length=5), (5, 5)),
    (ClipOrder(3, 5), (5, 5, 5)),
    (Repeat(Pace(length=5), 2), (5, 5)),
    (Several(Repeat(Pace(length=5), 2), 3), (5, 5)),
    (Discontinuity(Interval(length=9), 4), (5, 5)),
]


@pytest.mark.parametrize(("sampler", "layout"), LAYOUTS)
def test_the_layout_is_known_without_a_draw(sampler, layout):
    assert sampler.layout == layout
    for num_frames in (1, 7, 300):
        clips = draw(sampler, num_frames, 0).clips
        assert len(clips) == clips_of(sampler) == samples_of(sampler) * len(layout)
        assert [len(clip.frames) for clip in clips] == list(samples_of(sampler) * layout)


def test_repeat_gives_each_clip_the_label_of_its_draw():
    sample = draw(Repeat(ClipOrder(3, 4), 2), 90, 0)
    assert len(sample.clips) == 6 and sample.labels["order"].shape == (6,)
    first, second = (draw_all(ClipOrder(3, 4), 2, 90, 0)[k].labels["order"] for k in (0, 1))
    assert sample.labels["order"].tolist() == 3 * [first] + 3 * [second]


def draw_all(sampler, count, num_frames, seed):
    rng = np.random.default_rng(seed)
    return [sampler(num_frames, rng) for _ in range(count)]


def test_several_keeps_the_samples_apart():
    sampler = Several(Repeat(Pace(length=4), 2), 3)
    sample, drawn = draw(sampler, 90, 5), draw_all(Repeat(Pace(length=4), 2), 3, 90, 5)
    assert sampler.samples == 3 and sample.labels["pace"].shape == (3, 2)
    for place, one in enumerate(drawn):
        assert (sample.labels["pace"][place] == one.labels["pace"]).all()
        for ours, theirs in zip(sample.clips[2 * place :], one.clips, strict=False):
            assert (ours.frames == theirs.frames).all()


def test_several_can_be_nested():
    sampler = Several(Several(Pace(length=4), 2), 3)
    assert sampler.samples == 6 and draw(sampler, 90, 0).labels["pace"].shape == (6,)


@FEW_EXAMPLES
@given(
    num_frames=LENGTHS,
    length=st.integers(2, 32),
    gap=st.integers(1, 12),
    views=st.sampled_from([None, (0,), (1,), (0, 1)]),
    seed=SEEDS,
)
def test_a_cut_is_at_the_place_of_its_label(num_frames, length, gap, views, seed):
    inner = Interval(length=length + gap, stride=1)
    sampler = Discontinuity(inner, gap, views)
    sample = draw(sampler, num_frames, seed)
    rng = np.random.default_rng(seed)
    whole = inner(num_frames, rng).clips
    for number, (clip, before) in enumerate(zip(sample.clips, whole, strict=True)):
        cut = int(sample.labels["cut"][number])
        if views is not None and number not in views:
            assert cut == -1 and (clip.frames == before.frames[:length]).all()
            continue
        assert 0 <= cut < length - 1
        j = cut + 1
        assert (clip.frames[:j] == before.frames[:j]).all()
        assert (clip.frames[j:] == before.frames[j + gap :]).all()


def test_every_cut_is_drawn_equally_often():
    rng = np.random.default_rng(0)
    sampler = Discontinuity(RandomClip(24), 8)
    cuts = [sampler(200, rng).labels["cut"][0] for _ in range(3000)]
    counts = np.bincount(cuts, minlength=15)
    assert len(counts) == 15 and (abs(counts - 200) < 5 * 200**0.5).all()  # five deviations


@FEW_EXAMPLES
@given(num_frames=LENGTHS, length=st.integers(1, 32), stride=st.integers(1, 4))
def test_windows_cover_the_video_and_end_with_it(num_frames, length, stride):
    clips = Windows(length, stride)(num_frames).clips
    starts = [int(clip.frames[0]) for clip in clips]
    span, reach = max(1, (length - 1) * stride), (length - 1) * stride + 1
    assert all(clip.frames.min() >= 0 and clip.frames.max() < num_frames for clip in clips)
    if num_frames <= reach:
        assert starts == [0]
        return
    assert clips[-1].frames[-1] == num_frames - 1
    assert starts[:-1] == list(range(0, num_frames - reach, span))
    assert all(b - a <= span for a, b in pairwise(starts))


def test_windows_are_cstps_test_clips():
    """CSTP's clips start at 1, 61, 121 and so on, counted from 1, and one ends with the video."""
    starts = [int(clip.frames[0]) for clip in Windows(16, 4)(200).clips]
    assert starts == [0, 60, 120, 139]
    with pytest.raises(VsslError, match="serves in a test alone"):
        _ = Windows().layout


@FEW_EXAMPLES
@given(num_frames=LENGTHS, count=st.integers(0, 900))
def test_a_short_video_is_reflected_without_a_jump(num_frames, count):
    frames = reflected(num_frames, count)
    assert len(frames) == count
    assert (frames[:num_frames] == np.arange(min(num_frames, count))).all()
    if num_frames > 1:
        assert (abs(np.diff(frames)) == 1).all()
    assert count == 0 or (frames.min() >= 0 and frames.max() < num_frames)


def test_impossible_settings_are_refused_in_one_line():
    with pytest.raises(VsslError, match="fewer than 5 different values"):
        draw(Several(Pace(), 5, "pace"), 90, 0)
    with pytest.raises(VsslError, match="gives no label 'order' that could be distinct"):
        draw(Several(Pace(), 2, "order"), 90, 0)
    with pytest.raises(VsslError, match="put Several around it"):
        Repeat(Several(Pace(), 2), 2)
    with pytest.raises(VsslError, match="once or more, not 0 times"):
        Repeat(Pace(), 0)
    with pytest.raises(VsslError, match="a clip of 9 frames cannot lose 8"):
        Discontinuity(RandomClip(9), 8)
    with pytest.raises(VsslError, match=r"draws 1 clips, numbered from 0; views names \(1,\)"):
        Discontinuity(RandomClip(24), 8, views=(1,))
    with pytest.raises(VsslError, match="different and above 0"):
        Pace(paces=(1, 1))
    with pytest.raises(VsslError, match="different and above 0"):
        Pace(paces=(-1, 1))
    with pytest.raises(VsslError, match=r"write Fraction\(1, 3\)"):
        Pace(paces=(1 / 3, 1))
    with pytest.raises(VsslError, match="'loop' or 'fit'"):
        Pace(short="pad")
    with pytest.raises(VsslError, match="2 clips or more"):
        ClipOrder(clips=1)
