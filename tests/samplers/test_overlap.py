"""Two clips share what their labels say, whatever the video, and the labels are uniform."""

from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from vssl.augment import Augment, BoxCrop, Flip, Turn
from vssl.augment.augment import Source
from vssl.errors import VsslError
from vssl.samplers import Overlap, Several
from vssl.samplers.overlap import RATES
from vssl.samplers.short import reflected

SETS = {  # Table 4, and the defaults
    2: (0.5, 1.0),
    3: (0.33, 0.66, 0.99),
    4: (0.25, 0.5, 0.75, 1.0),
    5: (1.0, 0.8, 0.6, 0.4, 0.2),
    6: (0.166, 0.332, 0.498, 0.664, 0.83, 1.0),
    7: (0.143, 0.286, 0.429, 0.572, 0.715, 0.858, 1.0),
}
videos = st.integers(1, 400)
seeds = st.integers(0, 2**32 - 1)


def shared_area(one, other) -> float:
    """The share of a box's area that another one covers, in pixels: (top, left, height, width)."""
    sides = [
        max(0, min(a + size, b + size) - max(a, b))
        for a, b, size in zip(one[:2], other[:2], one[2:], strict=True)
    ]
    return sides[0] * sides[1] / (one[2] * one[3])


def cut(clip, height, width):
    """A clip's crop in whole pixels."""
    return BoxCrop(8).draw(np.random.default_rng(0), Source(16, height, width, clip.box))[0]


@settings(deadline=None)
@given(
    videos,
    seeds,
    st.sampled_from(sorted(SETS)),
    st.sampled_from([(112, 112), (128, 172), (240, 320), (320, 240)]),
)
def test_boxes_share_the_area_of_their_label_to_within_a_pixel(num_frames, seed, count, shape):
    sampler = Overlap(spatial=SETS[count], frame=shape[1] / shape[0])
    sample = sampler(num_frames, np.random.default_rng(seed))
    rate = sampler.spatial[sample.labels["spatial"]]
    first, second = (cut(clip, *shape) for clip in sample.clips)
    assert first[2:].tolist() == second[2:].tolist()
    for top, left, height, width in (first, second):
        assert top >= 0 and left >= 0 and top + height <= shape[0] and left + width <= shape[1]
        largest = 1.05 / (2 - min(sampler.spatial))  # moved along one side alone, they fill it
        assert 0.15 < height * width / shape[0] / shape[1] < largest
        assert 0.7 < width / height < 1.4
    pixel = 1 / first[2] + 1 / first[3]  # by so much a shift of a pixel each way changes the share
    assert abs(shared_area(first, second) - rate) <= 1.01 * pixel
    exact = [
        (clip.box.top, clip.box.left, clip.box.height, clip.box.width) for clip in sample.clips
    ]
    assert shared_area(*exact) == pytest.approx(rate)


@settings(deadline=None)
@given(videos, seeds, st.sampled_from(sorted(SETS)), st.sampled_from([16, 32]))
def test_clips_share_the_frames_of_their_label_to_within_a_frame(num_frames, seed, count, length):
    sampler = Overlap(temporal=SETS[count], length=length)
    sample = sampler(num_frames, np.random.default_rng(seed))
    rate = sampler.temporal[sample.labels["temporal"]]
    pace = sampler.playback[sample.labels["playback"]]
    steps = length - 1 + sampler.shifts[sample.labels["temporal"]]
    timeline = reflected(num_frames, max(num_frames, steps * pace + 1))
    found = []  # where on the timeline the clips begin
    for clip in sample.clips:
        assert clip.frames.shape == (length,) and clip.frames.min() >= 0
        assert clip.frames.max() < num_frames
        found.append(
            [
                start
                for start in range(len(timeline) - (length - 1) * pace)
                if np.array_equal(timeline[start : start + length * pace : pace], clip.frames)
            ]
        )
    away = sampler.shifts[sample.labels["temporal"]] * pace
    assert any(abs(a - b) == away for a in found[0] for b in found[1])
    if steps * pace < num_frames:  # no frame stands twice on the timeline
        both = len(set(sample.clips[0].frames) & set(sample.clips[1].frames))
        assert abs(both - rate * length) <= 1
    else:
        assert pace == 1 and steps >= num_frames, "only what fits at no rate is reflected"


@pytest.mark.parametrize("num_frames", [10, 40, 70, 300])
def test_overlap_labels_are_uniform_and_independent_of_each_other(num_frames):
    sampler, rng = Overlap(), np.random.default_rng(7)
    labels = [sampler(num_frames, rng).labels for _ in range(5000)]
    for name in ("spatial", "temporal"):
        counts = np.bincount([one[name] for one in labels], minlength=5)
        assert stats.chisquare(counts).pvalue > 1e-3
    pairs = np.zeros((5, 5))
    for one in labels:
        pairs[one["spatial"], one["temporal"]] += 1
    assert stats.chi2_contingency(pairs).pvalue > 1e-3
    turns = np.concatenate([one["rotation"] for one in labels])
    assert stats.chisquare(np.bincount(turns, minlength=4)).pvalue > 1e-3
    both = Counter(tuple(one["rotation"]) for one in labels)
    assert stats.chisquare([both[a, b] for a in range(4) for b in range(4)]).pvalue > 1e-3


def test_the_size_of_the_boxes_does_not_tell_the_label():
    sampler, rng = Overlap(), np.random.default_rng(3)
    sizes = [[] for _ in sampler.spatial]
    for _ in range(4000):
        sample = sampler(100, rng)
        box = sample.clips[0].box
        sizes[sample.labels["spatial"]].append(box.height * box.width)
    assert stats.kruskal(*sizes).pvalue > 1e-3
    assert stats.ks_2samp(sizes[0], sizes[-1]).pvalue > 1e-3


def test_playback_is_uniform_over_the_rates_at_which_both_clips_fit():
    sampler, rng = Overlap(), np.random.default_rng(5)
    # 16 frames at full overlap want 15 steps, at the lowest rate 27; a video of 70 has 69.
    assert sampler.shifts == (0, 3, 6, 9, 12)
    assert sampler.fitting(70, 0) == [0, 1, 2] and sampler.fitting(70, 4) == [0, 1]
    assert sampler.fitting(27, 4) == [0] and sampler.fitting(28, 4) == [0]
    assert sampler.fitting(121, 0) == [0, 1, 2, 3] and sampler.fitting(120, 0) == [0, 1, 2]
    drawn = [sampler(70, rng).labels for _ in range(5000)]
    for temporal in range(5):
        paces = [one["playback"] for one in drawn if one["temporal"] == temporal]
        counts = np.bincount(paces, minlength=4)
        fitting = sampler.fitting(70, temporal)
        assert set(np.flatnonzero(counts)) == set(fitting)
        assert stats.chisquare(counts[fitting]).pvalue > 1e-3 or len(fitting) == 1


@settings(deadline=None, max_examples=30)
@given(seeds)
def test_the_clips_show_their_own_part_of_the_frame_after_flip_and_turn(seed):
    """A picture of coordinates is cropped, mirrored and turned: what is shared is still there."""
    sampler, shape = Overlap(), (96, 128)
    sample = sampler(100, np.random.default_rng(seed))
    down, across = torch.meshgrid(torch.arange(96), torch.arange(128), indexing="ij")
    picture = torch.stack([down, across, torch.zeros_like(down)], -1).byte()  # [H, W, C]
    clips = picture.expand(1, 2, *picture.shape)  # [N, T, H, W, C]
    augment = Augment((BoxCrop(64), Flip(), Turn()))
    seen = []
    for number, clip in enumerate(sample.clips):
        source = Source(2, *shape, clip.box, clip.quarter_turns)
        drawn = augment.draw(np.random.default_rng([seed, number]), source)
        x = 255 * augment.apply(clips, [drawn])[0, :2, 0]  # [2, 64, 64]: rows and columns
        top, left, height, width = box = cut(clip, *shape)
        seen.append((box, x))
        assert abs(x[0].min() - top) <= 1 and abs(x[0].max() - (top + height - 1)) <= 1
        assert abs(x[1].min() - left) <= 1 and abs(x[1].max() - (left + width - 1)) <= 1
        back = torch.rot90(x, -clip.quarter_turns, (1, 2))
        back = back.flip(2) if drawn[1].any() else back
        assert bool((back[0].diff(dim=0) >= -1).all()) and bool((back[1].diff(dim=1) >= -1).all())
    (one, x), (other, y) = seen
    inside = [
        (
            (z[0] >= b[0] - 0.5)
            & (z[0] < b[0] + b[2] - 0.5)
            & (z[1] >= b[1] - 0.5)
            & (z[1] < b[1] + b[3] - 0.5)
        )
        .float()
        .mean()
        .item()
        for z, b in ((x, other), (y, one))
    ]
    rate = sampler.spatial[sample.labels["spatial"]]
    assert inside == pytest.approx([rate, rate], abs=0.1)


def test_without_rotation_there_is_no_turn_and_no_label_of_one():
    sample = Overlap(rotation=False)(50, np.random.default_rng(0))
    assert "rotation" not in sample.labels and not any(clip.quarter_turns for clip in sample.clips)


def test_several_pairs_of_a_video_can_differ_in_playback():
    sample = Several(Overlap(), 4, distinct="playback")(300, np.random.default_rng(0))
    assert sorted(sample.labels["playback"]) == [0, 1, 2, 3] and len(sample.clips) == 8
    assert sample.labels["rotation"].shape == (4, 2)


@pytest.mark.parametrize(
    ("settings_", "message"),
    [
        ({"spatial": ()}, "overlap rates lie above 0"),
        ({"temporal": (1.0, 0.0)}, "overlap rates lie above 0"),
        ({"spatial": (1.0, 1.0)}, "every overlap rate stands once"),
        ({"length": 4}, "too short to tell"),
        ({"playback": (0, 1)}, "playback rates are 1 or more"),
        ({"area": (0.5, 0.2)}, "go from a lower to a higher"),
        ({"area": (0.7, 1.0)}, "allow a smaller area"),
    ],
)
def test_settings_that_cannot_be_met_are_one_clear_line(settings_, message):
    with pytest.raises(VsslError, match=message) as error:
        Overlap(**settings_)
    assert "\n" not in str(error.value)


@settings(deadline=None)
@given(videos, seeds, st.booleans(), st.booleans())
def test_without_a_task_its_sampling_is_gone_too(num_frames, seed, space, time):
    sampler = Overlap(RATES if space else None, RATES if time else None)
    sample = sampler(num_frames, np.random.default_rng(seed))
    assert ("spatial" in sample.labels, "temporal" in sample.labels) == (space, time)
    assert all((clip.box is not None) == space for clip in sample.clips)
    for clip in sample.clips:
        assert len(clip.frames) == 16 and 0 <= clip.frames.min() <= clip.frames.max() < num_frames


def test_clips_without_a_task_of_time_lie_anywhere():
    sampler, rng = Overlap(None, None, playback=(1,)), np.random.default_rng(0)
    starts = np.array([[c.frames[0] for c in sampler(115, rng).clips] for _ in range(3000)])
    assert starts.min() == 0 and starts.max() == 99
    assert abs(np.corrcoef(starts.T)[0, 1]) < 0.06
    assert stats.chisquare(np.histogram(starts, 10, (0, 100))[0]).pvalue > 1e-3
