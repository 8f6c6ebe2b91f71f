"""Segments part a clip evenly at random, follow each other on the time line, and fit the video."""

from collections import Counter
from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vssl.errors import VsslError
from vssl.samplers import Coin, Repeat, Segments
from vssl.samplers.order import rank

FEW_EXAMPLES = settings(max_examples=200, deadline=None)
COUNTS, FASTEST = st.integers(2, 5), st.sampled_from([4, 6, 8, 10])


def draw(sampler, num_frames, seed=0):
    return sampler(num_frames, np.random.default_rng(seed))


def readings(frames, order, rates, count, shortest):
    """All ways in which the shown frames can be parted into segments that fit their labels."""
    length = len(frames)
    for lengths in product(range(shortest, length + 1), repeat=count):  # as shown
        if sum(lengths) != length:
            continue
        shown = np.split(frames, np.cumsum(lengths)[:-1])
        whole = all((np.diff(part) == rate).all() for part, rate in zip(shown, rates, strict=True))
        in_time = [shown[list(order).index(number)] for number in range(count)]
        steps = [rates[list(order).index(number)] for number in range(count)]
        joined = all(
            after[0] - before[-1] == step
            for before, after, step in zip(in_time[:-1], in_time[1:], steps[:-1], strict=True)
        )
        if whole and joined:
            yield lengths


@FEW_EXAMPLES
@given(count=COUNTS, fastest=FASTEST, num_frames=st.integers(16, 400), seed=st.integers(0, 2**32))
def test_a_clip_is_its_segments_in_the_order_and_at_the_rates_of_its_labels(
    count, fastest, num_frames, seed
):
    sampler = Segments(count, (1, fastest))
    sample = draw(sampler, num_frames, seed)
    (clip,) = sample.clips
    assert len(clip.frames) == 16 and sampler.layout == (16,)
    assert clip.frames.min() >= 0 and clip.frames.max() < num_frames
    assert len(set(clip.frames.tolist())) == 16
    rates, order = sample.labels["rates"], None
    assert rates.shape == (count,) and ((rates >= 1) & (rates <= fastest)).all()
    for some in permutations(range(count)):
        if rank(np.array(some)) == sample.labels["order"]:
            order = some
    assert order is not None
    assert next(readings(clip.frames, order, rates, count, 3), None) is not None


def test_every_way_to_part_a_clip_is_equally_likely():
    sampler, rng = Segments(3), np.random.default_rng(0)
    seen = Counter(tuple(sampler.parts(rng).tolist()) for _ in range(36_000))
    ways = [some for some in product(range(3, 17), repeat=3) if sum(some) == 16]
    assert set(seen) == set(ways) and len(ways) == 36
    assert all(abs(number - 1000) < 5 * 1000**0.5 for number in seen.values())
    five = Counter(tuple(Segments(5).parts(rng).tolist()) for _ in range(500))
    assert len(five) == 5  # one spare frame, in one of five places


def test_orders_and_rates_are_uniform_where_the_video_is_long_enough():
    sampler, rng = Segments(3, (1, 8)), np.random.default_rng(1)
    drawn = [sampler(128, rng).labels for _ in range(12_000)]
    orders = Counter(int(labels["order"]) for labels in drawn)
    assert sorted(orders) == list(range(6)) and sampler.classes == 6
    assert all(abs(number - 2000) < 5 * 2000**0.5 for number in orders.values())
    for place in range(3):
        rates = Counter(int(labels["rates"][place]) for labels in drawn)
        assert sorted(rates) == list(range(1, 9))
        assert all(abs(number - 1500) < 5 * 1500**0.5 for number in rates.values())
    starts = {int(sampler(2000, rng).clips[0].frames.min()) for _ in range(3000)}
    assert min(starts) < 10 and max(starts) > 1900


@FEW_EXAMPLES
@given(num_frames=st.integers(1, 15), seed=st.integers(0, 2**32))
def test_a_video_shorter_than_the_clip_is_reflected_and_never_looped(num_frames, seed):
    sample = draw(Segments(3), num_frames, seed)
    assert (sample.labels["rates"] == 1).all()
    frames = sample.clips[0].frames
    assert frames.min() >= 0 and frames.max() < num_frames
    # Inside a segment each frame is a neighbour of the one before; a loop would jump from the end.
    steps = np.abs(np.diff(frames))
    assert (steps > 1).sum() <= 2


def test_rates_that_do_not_fit_are_lowered_no_further_than_they_must():
    rng = np.random.default_rng(0)
    for _ in range(300):
        sampler = Segments(3, (4, 8))
        lengths = sampler.parts(rng)
        rates = sampler._rates(lengths, 50, rng)
        span = (lengths * rates).sum() - rates[-1] + 1
        assert span <= 50
        more = np.minimum(rates + 1, 8)
        raised = np.where(rates == rates.max(), more, rates)
        assert (lengths * raised).sum() - raised[-1] + 1 > 50 or rates.max() == 8


def test_two_clips_of_a_contrast_have_labels_of_their_own_and_one_coin():
    sampler = Coin(Repeat(Segments(3), 2), "synthesised")
    assert sampler.layout == (16, 16)
    tossed = []
    for seed in range(400):
        sample = draw(sampler, 200, seed)
        assert sample.labels["order"].shape == (2,) and sample.labels["rates"].shape == (2, 3)
        tossed.append(sample.labels["synthesised"])
        plain = draw(Repeat(Segments(3), 2), 200, seed)
        assert all(
            np.array_equal(one.frames, other.frames)
            for one, other in zip(sample.clips, plain.clips, strict=True)
        )
    assert set(tossed) == {0, 1} and abs(sum(tossed) - 200) < 50


def test_what_cannot_be_is_refused_in_one_line():
    with pytest.raises(VsslError, match="6 do not fit"):
        Segments(6)
    with pytest.raises(VsslError, match="2 segments or more"):
        Segments(1)
    with pytest.raises(VsslError, match=r"1 or more to as much or more.*\(3, 2\)"):
        Segments(3, (3, 2))
