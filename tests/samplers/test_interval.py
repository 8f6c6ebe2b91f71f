"""The interval sampler draws intervals by its law, and its frame numbers are valid."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vssl.errors import VsslError
from vssl.samplers import LINEAR, UNIFORM, Interval, Law, decreasing, increasing
from vssl.samplers.interval import invert

LAWS = {
    "linear": LINEAR,
    "root": decreasing(0.5),
    "square": decreasing(2),
    "uniform": UNIFORM,
    "rising": increasing(),
    "steep": increasing(3),
}
INVERSE = {
    "linear": lambda v: 1 - np.sqrt(1 - v),
    "uniform": lambda v: v,
    "rising": np.sqrt,
    "steep": lambda v: v**0.25,
}
FEW_EXAMPLES = settings(max_examples=60, deadline=None)


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS.keys())
def test_the_cdf_of_a_law_is_the_integral_of_its_density(law):
    t = np.linspace(0, 1, 100_001)
    p = law.density(t)
    assert p.min() >= -1e-12 and law.cdf(0.0) == 0 and law.cdf(1.0) == pytest.approx(1)
    assert np.allclose(np.cumsum((p[1:] + p[:-1]) / 2) * t[1], law.cdf(t[1:]), atol=1e-5)


def test_the_named_laws_are_the_papers():
    assert (LINEAR.a, LINEAR.b, LINEAR.c) == (-2, 1, 2)  # P(t) = 2 - 2 t
    assert UNIFORM.density(np.array([0.0, 0.3, 1.0])).tolist() == [1, 1, 1]
    for power in (0.3, 1, 2, 3):
        assert decreasing(power).density(1.0) == pytest.approx(0)
        assert increasing(power).density(0.0) == 0


@pytest.mark.parametrize("law", [(1, 1, 1), (-4, 1, 3), (4, 1, -1), (0.5, 0, 0.5)])
def test_numbers_that_give_no_law_are_refused(law):
    with pytest.raises(VsslError, match="no law"):
        Law(*law)


@pytest.mark.parametrize("name", INVERSE)
@settings(max_examples=300, deadline=None)
@given(v=st.floats(0, 1, exclude_max=True), longest=st.integers(1, 1000))
def test_the_binary_search_is_the_floored_inverse(name, v, longest):
    exact = longest * INVERSE[name](v)
    found = invert(lambda t: LAWS[name].cdf(t / longest), v, longest)
    on_a_boundary = abs(exact - round(exact)) < 1e-6 * longest  # where either side is right
    assert found == min(int(exact), longest - 1) or on_a_boundary


def test_the_printed_algorithms_midpoint_is_the_lower_bound_or_one_more():
    """The paper's Appendix A returns the midpoint, where ours returns the lower bound.

    For the linear law they differ in about 59 % of the draws.
    """

    def printed(cdf, v, upper):
        lower, t = 0, 0
        while upper - lower > 1:
            t = int((upper + lower) / 2)
            if cdf(t) > v:
                upper = t
            else:
                lower = t
        return t

    rng, longest = np.random.default_rng(0), 157
    draws = rng.random(20_000)
    ours = np.array([invert(lambda t: LINEAR.cdf(t / longest), v, longest) for v in draws])
    theirs = np.array([printed(lambda t: LINEAR.cdf(t / longest), v, longest) for v in draws])
    assert set(theirs - ours) == {0, 1} and (theirs != ours).mean() == pytest.approx(0.59, abs=0.02)


@pytest.mark.parametrize("name", ["linear", "square", "uniform", "rising"])
def test_drawn_intervals_follow_the_floored_law(name):
    """In 100 000 draws, every bin is within five standard deviations of F(t + 1) - F(t)."""
    law, count, num_frames = LAWS[name], 100_000, 80
    rng = np.random.default_rng(1)
    sampler = Interval(law, length=16, stride=2)
    longest = sampler.starts(num_frames)
    assert longest == 50
    intervals = [sampler(num_frames, rng).labels["interval"] for _ in range(count)]
    drawn = np.bincount(intervals, minlength=longest)
    share = np.diff(law.cdf(np.arange(longest + 1) / longest))
    assert len(drawn) == longest
    assert (np.abs(drawn - count * share) < 5 * np.sqrt(count * share * (1 - share)) + 1e-9).all()


@FEW_EXAMPLES
@given(
    num_frames=st.integers(1, 400),
    length=st.integers(1, 40),
    stride=st.integers(1, 5),
    seed=st.integers(0, 2**32),
    law=st.sampled_from([*LAWS.values(), None]),
    over=st.sampled_from(["starts", "video"]),
)
def test_every_index_is_valid_and_the_label_is_the_distance(
    num_frames, length, stride, seed, law, over
):
    sample = Interval(law, length, stride, over)(num_frames, np.random.default_rng(seed))
    frames = np.stack([clip.frames for clip in sample.clips])
    assert frames.shape == (2, length) and frames.min() >= 0 and frames.max() < num_frames
    assert ((np.diff(frames) - stride) % num_frames == 0).all()
    assert abs(int(frames[0, 0]) - int(frames[1, 0])) == sample.labels["interval"] < num_frames
    if over == "starts" and num_frames > (length - 1) * stride:
        assert (np.diff(frames) == stride).all()  # a whole clip fits, so no clip loops
    if law is None:
        assert (frames[0] == frames[1]).all()


def test_the_two_clips_come_in_either_order_and_the_earlier_start_is_uniform():
    rng = np.random.default_rng(2)
    sampler = Interval(UNIFORM, 16, 2)
    starts = np.array([[clip.frames[0] for clip in sampler(60, rng).clips] for _ in range(20_000)])
    assert (starts[:, 0] < starts[:, 1]).mean() == pytest.approx(0.5, abs=0.05)
    same = np.abs(np.diff(starts)[:, 0]) == 10
    counts = np.bincount(starts[same].min(1), minlength=20)
    assert len(counts) == 20 and counts.std() < 3 * np.sqrt(counts.mean())


def test_the_literal_range_of_the_paper_goes_to_the_last_frame():
    rng = np.random.default_rng(3)
    literal, starts = Interval(increasing(3), 16, 2, over="video"), Interval(increasing(3), 16, 2)
    longest = [max(s(100, rng).labels["interval"] for _ in range(2000)) for s in (literal, starts)]
    assert longest[0] >= 95 and longest[1] == 69  # M - 1 = 100 - 30 - 1


@pytest.mark.parametrize(
    "wrong", [{"over": "all"}, {"length": 0}, {"stride": 0}, {"law": "linear"}]
)
def test_wrong_settings_are_refused(wrong):
    with pytest.raises(VsslError):
        Interval(**wrong)
    with pytest.raises(VsslError, match="power above 0, not 0"):
        decreasing(0)
