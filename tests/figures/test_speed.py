"""Figures of speed show every contender with its rounds and name those that were not run."""

from __future__ import annotations

import numpy as np
import pytest

from vssl import figures
from vssl.errors import VsslError
from vssl.figures.speed import Bar, Growth, growth, races, rounds, way

OURS, PEER, FLOOR = (
    Bar("vssl", 4, 3, 5, "ours", "4"),
    Bar("peer", 2, 1, 3, "other", "2, ×2"),
    Bar("floor", 6, 6, 7, "floor", "6"),
)

TINY = {
    "races": lambda: races({"a": [OURS]}, "t", "clips a second"),
    "way": lambda: way({"a": [OURS]}, "t", "clips a second"),
    "rounds": lambda: rounds({"a": [1.0], "b": [2.0]}, "t"),
    "growth": lambda: growth({"a": Growth([1], [[1.0]])}, "t"),
}


@pytest.mark.parametrize("name", TINY)
def test_the_smallest_input_is_drawn(name):
    figures.save(TINY[name](), name, alt="The smallest figure of its kind.")


def texts(axis) -> list[str]:
    return [text.get_text() for text in axis.texts]


def test_a_race_shows_rates_rounds_and_who_was_not_run():
    figure = races(
        {"one": [OURS, PEER, FLOOR], "two": [OURS, Bar("absent", label="not installed")]},
        "t",
        "clips a second",
        note="more",
    )
    first, second = figure.axes
    assert [patch.get_width() for patch in first.patches] == [4, 2, 6]
    hatched = [bool(patch.get_hatch()) for patch in first.patches]
    assert hatched == [False, False, True]  # so that colour is not the only difference
    assert [list(line.get_xdata()) for line in first.lines] == [[3, 5], [1, 3], [6, 7]]
    assert texts(first) == ["4", "2, ×2", "6"] and texts(second) == ["4", "not run: not installed"]
    assert [label.get_text() for label in second.get_yticklabels()] == ["vssl", "absent"]
    assert any(text.get_text().endswith("less than the job; more") for text in figure.texts)


def test_panels_side_by_side_put_the_same_contender_in_the_same_row():
    first, second = races(
        {"one": [OURS, PEER], "two": [PEER, OURS]}, "t", "clips a second", columns=2
    ).axes
    assert [patch.get_width() for patch in first.patches] == [4, 2]
    assert [patch.get_width() for patch in second.patches] == [4, 2]
    assert first.get_xlabel() == second.get_xlabel() == "clips a second"


def test_the_way_has_all_stages_in_their_order_on_one_logarithmic_axis():
    (axis,) = way({"large clips": [FLOOR, OURS], "small clips": [PEER]}, "t", "clips a second").axes
    assert axis.get_xscale() == "log"
    names = [label.get_text() for label in axis.get_yticklabels()]
    assert names == ["", "floor", "vssl", "", "peer"]
    assert sorted(axis.get_yticks()) == [0, 1, 2, 3, 4] and axis.get_ylim()[0] > axis.get_ylim()[1]
    assert texts(axis) == ["large clips", "6", "4", "small clips", "2, ×2"]


def test_rounds_show_seconds_and_the_ratio_within_a_round():
    left, right = rounds({"a": [1.0, 2.0, 3.0], "b": [2.0, 4.0, 6.0]}, "t").axes
    assert [list(line.get_ydata()) for line in left.lines] == [[1, 2, 3], [2, 4, 6]]
    assert list(right.lines[0].get_ydata()) == [2, 2, 2]


def test_growth_shows_median_rounds_their_span_and_the_proportional_cost():
    panels = {
        "flat": Growth([0, 1, 2], [[2, 3, 9]] * 3),
        "square": Growth([2, 4, 8], [[1, 1, 1], [4, 4, 4], [20, 20, 20]], power=2),
    }
    figure = growth(panels, "t", level={"memory": ([1, 2], [100.0, 100.0])})
    flat, square, memory, empty = figure.axes
    assert list(flat.lines[0].get_ydata()) == [3, 3, 3]
    assert list(flat.lines[0].get_xdata()) == [0, 1, 2]
    assert list(flat.lines[2].get_ydata()) == [2, 9]
    np.testing.assert_allclose(square.lines[0].get_ydata(), [1, 4, 16])
    assert list(square.lines[1].get_ydata()) == [1, 4, 20]
    assert square.get_xscale() == square.get_yscale() == "log"
    assert memory.get_ylim()[0] == 0 and not empty.axison


def test_noise_does_not_look_like_a_law():
    low, high = growth({"flat": Growth([1, 2], [[1.0], [1.05]])}, "t").axes[0].get_ylim()
    assert high / low >= 3


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: races({}, "t", "x"), "at least one panel"),
        (lambda: races({"a": []}, "t", "x"), "a contender in each"),
        (lambda: races({"a": [OURS], "b": [PEER]}, "t", "x", columns=2), "share their names"),
        (lambda: way({}, "t", "x"), "wants stages"),
        (lambda: way({"a": [Bar("a")]}, "t", "x"), "a rate above 0"),
        (lambda: rounds({"a": [1.0], "b": []}, "t"), "as many rounds"),
        (lambda: growth({}, "t"), "at least one panel"),
        (lambda: growth({"a": Growth([1, 2], [[1.0]])}, "t"), "as many costs as sizes"),
    ],
)
def test_wrong_input_is_refused_in_one_line(draw, message):
    with pytest.raises(VsslError, match=message) as caught:
        draw()
    assert "\n" not in str(caught.value)
