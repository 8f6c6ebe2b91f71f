"""Persons in one frame are found, and each is matched with the one that it overlaps most."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from people import crowd

from vssl.errors import VsslError
from vssl.persons import overlap, same_frame, to_train_on
from vssl.persons.people import frame_code

GRID = 8


def slow_overlap(a, b):
    """Counted on a grid of small squares; corners lie on it."""
    marks = np.zeros((2, GRID, GRID), bool)
    for mark, (x1, y1, x2, y2) in zip(marks, (a, b), strict=True):
        mark[y1:y2, x1:x2] = True
    either = marks.any(0).sum()
    return marks.all(0).sum() / either if either else 0.0


corners = st.tuples(*4 * [st.integers(0, GRID)]).map(
    lambda c: (min(c[0], c[2]), min(c[1], c[3]), max(c[0], c[2]), max(c[1], c[3]))
)


@given(first=corners, second=corners)
def test_overlap_is_a_share_of_the_area_that_both_cover(first, second):
    a, b = np.array(first) / GRID, np.array(second) / GRID
    assert overlap(a, b) == pytest.approx(slow_overlap(first, second))
    assert overlap(a, b) == overlap(b, a)


numbers = st.lists(st.integers(0, 5), max_size=9)


@given(first=numbers, second=numbers)
def test_all_pairs_of_one_frame_are_found_in_order(first, second):
    found = same_frame(np.array(first, np.int64), np.array(second, np.int64))
    expected = [(i, j) for i, a in enumerate(first) for j, b in enumerate(second) if a == b]
    assert list(zip(*(rows.tolist() for rows in found), strict=True)) == expected


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_the_nearest_is_the_one_that_a_slow_search_finds(seed):
    ours, theirs = crowd(6, 3, seed=seed), crowd(8, 2, seed=seed + 1)
    rows, most = ours.nearest(theirs)
    for i, (row, near) in enumerate(zip(rows, most, strict=True)):
        all_ = [
            float(overlap(ours.boxes[i], theirs.boxes[j])) if same else 0.0
            for j, same in enumerate(ours.frames[i] == theirs.frames)
        ]
        assert near == max(all_) and row == (all_.index(max(all_)) if max(all_) else -1)


def test_of_two_alike_the_lower_row_is_the_nearest():
    one = crowd(1, 1)
    rows, most = one.nearest(one.joined(one))
    assert rows.tolist() == [0] and most.tolist() == [1.0]
    nobody = one.at(np.zeros(1, bool))
    rows, most = one.nearest(nobody)
    assert rows.tolist() == [-1] and most.tolist() == [0] and len(nobody.nearest(one)[0]) == 0


def test_key_frames_are_numbered_in_order_of_video_and_second():
    codes = frame_code(np.array([0, 0, 1, 1]), np.array([902, 1798, 902, 903]))
    assert len(set(codes.tolist())) == 4 and (np.diff(codes) > 0).all()


def test_tables_are_joined_and_selected():
    people = crowd(20)
    later, sooner = people.of(np.array([1])), people.of(np.array([0]))
    both = later.joined(sooner)
    assert np.array_equal(both.boxes, people.boxes) and np.array_equal(both.labels, people.labels)
    scored = replace(people, scores=np.linspace(0, 1, len(people)))
    assert (scored.sure(0.5).scores >= 0.5).all() and len(scored.sure(0.5)) == len(people) // 2


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"boxes": np.array([[0.5, 0, 0.2, 1]])}, "x1 <= x2"),
        ({"boxes": np.array([[0, 0, 120.0, 80]])}, "divide by the size"),
        ({"boxes": np.array([[0, 0, np.nan, 1]])}, "from 0 to 1"),
        ({"seconds": np.array([-1])}, "a second of its video"),
        ({"seconds": np.array([2**20])}, "from 0 to 1048575"),
        ({"scores": np.ones(2)}, r"a score \[R\]"),
        ({"labels": np.ones(1, bool)}, r"labels \[R, K\]"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(change, line):
    with pytest.raises(VsslError, match=line):
        replace(crowd(1, 1), **change)


def test_proposals_near_a_true_person_train_with_its_labels():
    true = replace(
        crowd(1, 2),
        boxes=np.array([[0.1, 0.1, 0.5, 0.5], [0.1, 0.1, 0.5, 0.52]]),
        labels=np.array([[True, False, False, True], [False, True, False, False]]),
    )
    exact = 0.4 * 0.9 + 0.1  # of a box as wide: the overlap is then 0.9
    proposed = replace(
        crowd(1, 4),
        boxes=np.array(
            [
                [0.1, 0.1, 0.5, 0.501],  # nearer to the first
                [0.1, 0.1, 0.5, 0.519],  # nearer to the second
                [0.1, 0.1, 0.5, exact - 1e-3],  # near to none
                [0.1, 0.1, 0.5, exact + 1e-9],
            ]
        ),
        labels=np.zeros((4, 4), bool),
        scores=np.array([0.9, 0.8, 0.9, 0.85]),
    )
    found = to_train_on(true, proposed)
    assert found.scores.tolist() == [1, 1, 0.9, 0.8, 0.85]  # the true ones first
    assert np.array_equal(found.labels, true.labels[[0, 1, 0, 1, 0]])
    elsewhere = replace(proposed, seconds=proposed.seconds + 1)
    assert len(to_train_on(true, elsewhere)) == 2
    assert len(to_train_on(true, proposed, least=0.5)) == 6
