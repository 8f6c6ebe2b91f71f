"""The public code's pairs: labels far from uniform, and not about what the clips show."""

from __future__ import annotations

import numpy as np
import pytest

from vssl.errors import VsslError
from vssl.samplers.overlap_as_coded import Drawn, OverlapAsCoded

LENGTHS = (40, 300)  # about as long as most of UCF101's videos


@pytest.fixture(scope="module")
def pairs() -> list[Drawn]:
    rng = np.random.default_rng(0)
    return [OverlapAsCoded()(int(rng.integers(*LENGTHS)), rng) for _ in range(8000)]


def test_two_labels_of_three_are_a_full_overlap(pairs):
    """Measured with the code itself on frames of 341 x 256: 66.5, 20.6, 8.4, 3.5 and 1.0 %."""
    share = np.bincount([pair.spatial for pair in pairs], minlength=5) / len(pairs)
    assert share == pytest.approx([0.665, 0.206, 0.084, 0.035, 0.010], abs=0.02)


def test_at_higher_speeds_clips_that_should_share_most_frames_share_none(pairs):
    for playback, shared in ((1, 14), (2, 0), (4, 0), (8, 0)):
        some = [p.shared_frames for p in pairs if p.playback == playback and p.temporal == 1]
        assert some and set(some) == {shared}
    rest = {p.temporal: p.shared_frames for p in pairs if p.temporal != 1}
    assert rest == {0: 16, 2: 10, 3: 7, 4: 4}


def test_only_pairs_turned_alike_share_the_area_that_the_label_says(pairs):
    rates = OverlapAsCoded().rates
    for pair in pairs:
        if pair.turns[0] == pair.turns[1]:
            assert pair.shared_area == pytest.approx(rates[pair.spatial], abs=0.02)
    opposite = [p for p in pairs if abs(p.turns[0] - p.turns[1]) == 2]
    means = [np.mean([p.shared_area for p in opposite if p.spatial == k]) for k in range(4)]
    assert max(means) < 0.7 and max(means) - min(means) < 0.2


@pytest.mark.parametrize("turns", range(4))
def test_a_box_of_a_turned_frame_is_found_in_the_frame_as_it_is(turns):
    code = OverlapAsCoded(height=6, width=9)
    frame = np.zeros((6, 9), dtype=int)
    frame[1:3, 4:8] = 1
    rows, columns = np.nonzero(np.rot90(frame, turns))
    box = (rows.min(), columns.min(), np.ptp(rows) + 1, np.ptp(columns) + 1)
    assert code._upright(box, turns) == (1, 4, 2, 4)


def test_a_video_as_long_as_a_clip_has_two_equal_clips():
    pair = OverlapAsCoded()(15, np.random.default_rng(0))
    assert pair.temporal == 0 and pair.shared_frames == 16


def test_rates_with_which_it_might_never_end_are_refused():
    with pytest.raises(VsslError, match="only the rate 1 does"):
        OverlapAsCoded(rates=(0.5, 0.33))
