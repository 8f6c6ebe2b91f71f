"""Average precision is that of a slow reading of AVA's rules, on made and on drawn cases."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from people import crowd

from vssl.errors import VsslError
from vssl.evaluation import precisions
from vssl.persons import Noise, Persons, overlap

CLASSES = ("stand", "walk", "talk", "hug")


def at(frame, *boxes, labels=None):
    """Persons in one key frame; each box is x1 and x2 in tenths, over the frame's whole height."""
    n = len(boxes)
    full = np.array([[x1 / 10, 0, x2 / 10, 1] for x1, x2 in boxes]).reshape(n, 4)
    marks = np.ones((n, 1), bool) if labels is None else np.array(labels, bool)
    return Persons(np.zeros(n, int), np.full(n, frame), full, marks, np.ones(n))


def one_class(true, found, scores, **options):
    return precisions(true, found, np.array(scores, float)[:, None], ("act",), **options).mean


def slow(true, found, scores, kind, least=0.5):
    """One class, a detection at a time, in order of score; equal scores are one point of the curve.

    Every threshold is looked at by itself, and the boxes are claimed anew for it.
    """
    points = []
    total = int(true.labels[:, kind].sum())
    for threshold in sorted(set(scores[:, kind].tolist()), reverse=True):
        claimed, right, wrong = set(), 0, 0
        for d in sorted(range(len(found)), key=lambda d: -scores[d, kind]):
            if scores[d, kind] < threshold:
                break
            best, nearest = 0.0, None
            for t in range(len(true)):
                if true.frames[t] == found.frames[d] and true.labels[t, kind]:
                    shared = float(overlap(found.boxes[d], true.boxes[t]))
                    if shared > best:
                        best, nearest = shared, t
            if best >= least and nearest not in claimed:
                claimed.add(nearest)
                right += 1
            else:
                wrong += 1
        points.append((right / total, right / (right + wrong)))
    area, before = 0.0, 0.0
    for place, (recall, _) in enumerate(points):
        area += (recall - before) * max(precision for _, precision in points[place:])
        before = recall
    return area


def drawn(seed, frames=6, levels=None):
    """True persons and noisy proposals, with scores that know something of the labels."""
    rng = np.random.default_rng(seed)
    true = crowd(frames, 3, len(CLASSES), seed)
    found = Noise(0.1, 0.2, 1.0).propose(true, seed)
    found = found.joined(found.at(rng.random(len(found)) < 0.3))  # some are found twice
    row, most = found.nearest(true)
    knows = np.where((most > 0)[:, None], true.labels[row], False)
    scores = rng.random(knows.shape) + 0.5 * knows
    if levels:
        scores = np.round(scores * levels)
    return true, found, scores


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), levels=st.sampled_from([None, 3]))
def test_it_is_what_a_slow_reading_finds(seed, levels):
    true, found, scores = drawn(seed, levels=levels)
    if not true.labels.any():
        return
    fast = precisions(true, found, scores, CLASSES)
    for number, name in enumerate(CLASSES):
        if true.labels[:, number].any():
            assert fast.classes[name] == pytest.approx(slow(true, found, scores, number))
        else:
            assert name not in fast.classes
    assert fast.mean == pytest.approx(np.mean(list(fast.classes.values())))


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_the_order_of_rows_changes_nothing(seed):
    true, found, scores = drawn(seed, levels=2)  # many scores are equal
    rng = np.random.default_rng(seed)
    a, b = rng.permutation(len(true)), rng.permutation(len(found))
    first = precisions(true, found, scores, CLASSES)
    second = precisions(true.at(a), found.at(b), scores[b], CLASSES)
    assert first.classes == pytest.approx(second.classes)


def test_a_perfect_detector_has_1_and_an_empty_one_0():
    true = crowd(30, classes=4)
    perfect = precisions(true, true, true.labels.astype(float), CLASSES)
    assert perfect.mean == 1 and set(perfect.classes.values()) == {1.0}
    assert perfect.metrics()["mAP"] == 100 == perfect.metrics()["AP walk"]
    nobody = true.at(np.zeros(len(true), bool))
    assert precisions(true, nobody, np.zeros((0, 4)), CLASSES).mean == 0
    silent = np.full(true.labels.shape, -np.inf)
    assert precisions(true, true, silent, CLASSES).mean == 0


def test_an_ignorant_detector_has_the_share_of_its_class():
    """Where all scores are equal, there is one point of the curve, with all boxes."""
    true = crowd(200)
    found = precisions(true, true, np.ones(true.labels.shape), CLASSES)
    assert list(found.classes.values()) == pytest.approx(true.labels.mean(0).tolist())


def test_each_box_is_claimed_once_and_by_the_surer():
    true = at(902, (0, 4))
    twice = at(902, (0, 4), (0, 4))
    assert one_class(true, twice, [0.9, 0.8]) == 1  # the second is wrong, beyond the last recall
    both = at(902, (0, 4), (5, 9))
    found = at(902, (0, 4), (0, 4), (5, 9))
    assert one_class(both, found, [0.9, 0.8, 0.7]) == pytest.approx(0.5 + 0.5 * 2 / 3)
    assert one_class(both, found, [0.9, 0.7, 0.8]) == 1


def test_a_detection_claims_no_second_box():
    """It overlaps both, the one that it overlaps more is claimed already, and so it is wrong."""
    true = at(902, (0, 6), (1, 7))
    found = at(902, (0, 6), (0, 6))
    assert one_class(true, found, [0.9, 0.8]) == pytest.approx(0.5)


def test_half_is_enough_and_less_is_not():
    true = at(902, (0, 10))
    assert one_class(true, at(902, (0, 5)), [1]) == 1
    assert one_class(true, at(902, (0, 4.99)), [1]) == 0
    assert one_class(true, at(902, (0, 4.99)), [1], least=0.4) == 1


def test_precision_is_raised_to_the_highest_at_the_same_or_a_higher_recall():
    true = at(902, (0, 2), (3, 5), (6, 8))
    found = at(902, (8, 10), (0, 2), (3, 5), (6, 8))
    # The points (recall, precision) are (0, 0), (1/3, 1/2), (2/3, 2/3) and (1, 3/4).
    assert one_class(true, found, [0.9, 0.8, 0.7, 0.6]) == pytest.approx(3 / 4)


def test_a_box_where_nobody_is_counts_against():
    true, elsewhere = at(902, (0, 4)), at(903, (0, 4))
    found = elsewhere.joined(true)  # the box in the second without persons comes last
    assert one_class(true, found, [0.5, 0.9]) == pytest.approx(0.5)
    assert one_class(true, found, [0.9, 0.5]) == 1


def test_excluded_key_frames_are_left_out_on_both_sides():
    kept, gone = crowd(40), crowd(40, seed=1)
    gone = replace(gone, videos=gone.videos + 4)
    true = kept.joined(gone)
    found = Noise(0.1, 0.1, 0.5).propose(true)
    scores = np.random.default_rng(0).random((len(found), 4))
    without = found.videos < 4
    expected = precisions(kept, found.at(without), scores[without], CLASSES)
    left = precisions(true, found, scores, CLASSES, excluded=np.unique(gone.frames))
    assert left.classes == expected.classes and left.examples == expected.examples
    assert precisions(true, found, scores, CLASSES).examples != expected.examples


def test_classes_with_few_examples_are_named_and_those_with_none_do_not_count():
    true = at(902, (0, 2), (3, 5), (6, 8), labels=[[1, 1, 0], [1, 0, 0], [1, 0, 0]])
    found = precisions(true, true, true.labels.astype(float), ("a", "b", "c"), few=2)
    assert found.few == ("b",) and found.examples == {"a": 3, "b": 1, "c": 0}
    assert list(found.classes) == ["a", "b"] and found.mean == 1
    assert found.metrics() == {"mAP": 100, "AP a": 100, "AP b": 100}


def test_a_person_without_a_label_is_no_example():
    true = at(902, (0, 4), (5, 9), labels=[[1], [0]])
    found = at(902, (5, 9), (0, 4))
    assert one_class(true, found, [0.9, 0.8]) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("labels", "scores", "line"),
    [
        ([[1, 1]], [[0.5, 0.5]], "two classes have one name"),
        ([[1]], [[0.5, 0.5]], r"scores \[1, 1\] .* not \[1, 2\]"),
        ([[1]], [[float("nan")]], "not numbers"),
        ([[0]], [[0.5]], "nothing to evaluate"),
    ],
)
def test_what_cannot_be_evaluated_is_refused(labels, scores, line):
    true = at(902, (0, 4), labels=labels)
    with pytest.raises(VsslError, match=line):
        precisions(true, true, np.array(scores), ("act",) * true.labels.shape[1])
