"""Figures of sampling, curves, retrieval, bars and confusion.

Each of them draws even the smallest input and refuses in one line what it cannot draw.
"""

from __future__ import annotations

import numpy as np
import pytest

from vssl import figures
from vssl.clips import Box, Clip
from vssl.errors import VsslError
from vssl.figures.bars import bars, interval
from vssl.figures.boxes import Marked, overlaps, persons, pooled
from vssl.figures.confusion import confusion
from vssl.figures.curves import training
from vssl.figures.diagram import Node, diagram
from vssl.figures.laws import laws
from vssl.figures.moments import timeline
from vssl.figures.retrieval import strips
from vssl.figures.sampling import film, paces

PAIR = [Clip(np.arange(4), Box(0, 0, 0.5, 0.5)), Clip(np.arange(2, 6), Box(0.25, 0, 0.5, 0.5))]
FRAME = np.zeros((8, 12, 3), np.uint8)
TINY = {
    "overlaps": lambda: overlaps(FRAME, {"a": PAIR}, 6, "t"),
    "pooled": lambda: pooled({"a": np.zeros((2, 2))}, np.zeros((1, 4)), np.zeros((1, 1, 1)), "t"),
    "persons": lambda: persons({"a": FRAME}, {"a": []}, "t"),
    "diagram": lambda: diagram({"a": Node(0, 0, "x")}, [], "t"),
    "paces": lambda: paces({"1": [0]}, 1, "t"),
    "film": lambda: film({"1": np.zeros((1, 4, 6, 3), np.uint8)}, "t"),
    "training": lambda: training({"a": ([0], [1.0])}, "t", "loss"),
    "strips": lambda: strips(
        np.zeros((1, 4, 6, 3), np.uint8), np.zeros((1, 1, 4, 6, 3), np.uint8), [[True]], ["a"], "t"
    ),
    "bars": lambda: bars({"g": {"a": [0.0]}}, "t", "loss"),
    "confusion": lambda: confusion([[0]], ["a"], "t"),
    "timeline": lambda: timeline(FRAME[None], {}, {"true": np.zeros((0, 2))}, 1.0, "t"),
    "laws": lambda: laws({"a": (np.ones_like, np.array([0]))}, 1, "t"),
}


@pytest.mark.parametrize("name", TINY)
def test_the_smallest_input_is_drawn(name):
    figures.save(TINY[name](), name, alt="The smallest figure of its kind.")


def texts(axis) -> list[str]:
    return [text.get_text() for text in axis.texts]


def test_paces_marks_each_seam_and_every_frame():
    rows = {"1": np.arange(8), "1/2": np.arange(8) // 2, "4": np.array([16, 0, 4, 8, 12, 16, 0, 4])}
    axis = paces(rows, 20, "t").axes[0]
    assert texts(axis) == ["seam", "seam"]  # only the looped row has seams, and it has two
    assert [label.get_text() for label in axis.get_yticklabels()] == list(rows)
    assert sum(len(line.get_xdata()) for line in axis.lines if line.get_marker() == "o") == 24
    marked = [line for line in axis.lines if line.get_marker() == "o"]
    stacked = next(line for line in marked if len(set(line.get_ydata())) > 1)
    places = set(zip(stacked.get_xdata(), stacked.get_ydata(), strict=True))
    assert len(places) == 8  # no frame hides its repetition


def test_laws_show_the_curve_on_the_shares_that_were_drawn():
    draws = np.array([0, 0, 1, 3])
    figure = laws({"falling": (lambda t: 2 - 2 * t, draws), "flat": (np.ones_like, draws)}, 4, "t")
    # The starts are P(0) as a share of one frame in four.
    for axis, start in zip(figure.axes, (50, 25), strict=False):
        assert [bar.get_height() for bar in axis.patches] == [50, 25, 0, 25]
        assert axis.lines[0].get_ydata()[0] == pytest.approx(start)
    with pytest.raises(VsslError, match="longest is 2"):
        laws({"falling": (np.ones_like, draws)}, 3, "t")
    for wrong in ([], [0.5], [-1]):
        with pytest.raises(VsslError, match="whole number from 0 up"):
            laws({"falling": (np.ones_like, np.array(wrong))}, 3, "t")


def test_film_shows_the_frames_in_order():
    strip = np.stack([np.full((4, 6, 3), 20 * t, np.uint8) for t in range(5)])
    figure = film({"long": strip, "short": strip[:2]}, "t")
    image = figure.axes[0].images[0].get_array()
    assert [int(image[2, place * 7 + 3, 0]) for place in range(5)] == [0, 20, 40, 60, 80]
    short = figure.axes[1].images[0].get_array()
    assert (short[:, 14:] == 255).all()  # a short strip ends in white


def test_overlaps_show_both_boxes_and_every_frame_of_both_clips():
    upper, lower = overlaps(FRAME, {"a": PAIR}, 6, "t").axes
    corners = [
        (box.get_x(), box.get_y(), box.get_width(), box.get_height()) for box in upper.patches
    ]
    assert corners == [(-0.5, -0.5, 6, 4), (-0.5, 1.5, 6, 4)]  # of 12 x 8 pixels
    assert upper.patches[0].get_linestyle() != upper.patches[1].get_linestyle()
    assert [line.get_xdata().tolist() for line in lower.lines] == [[0, 1, 2, 3], [2, 3, 4, 5]]
    with pytest.raises(VsslError, match="two clips with a box"):
        overlaps(FRAME, {"a": PAIR[:1]}, 6, "t")


def test_a_time_line_has_a_bar_for_each_span_at_its_seconds_and_writes_its_score():
    true, proposed = np.array([[0.25, 0.5]]), np.array([[0.0, 0.5, 0.9], [0.5, 1.0, 0.4]])
    figure = timeline(
        np.stack([FRAME, FRAME]),
        {"begins": np.linspace(0, 1, 10), "ends": np.zeros(10)},
        {"true": true, "proposed": proposed},
        40.0,
        "t",
    )
    film, curves, below = figure.axes
    bars = [(bar.get_x(), bar.get_width(), round(bar.get_y() + 0.35)) for bar in below.patches]
    assert bars == [(10, 10, 0), (0, 20, 1), (20, 20, 2)]
    assert texts(below) == ["0.90", "0.40"]
    assert [label.get_text() for label in below.get_yticklabels()] == ["true", "proposed"]
    assert [line.get_xdata()[-1] for line in curves.lines] == [36, 36]
    assert film.get_xlim() == curves.get_xlim() == below.get_xlim() == (0, 40)


def test_persons_have_their_boxes_in_a_colour_and_a_line_of_their_kind_and_their_words():
    box = np.array([0.25, 0.5, 0.75, 1])
    some = {"a": [Marked(box, "true"), Marked(box, "proposed", "bows")], "b": [Marked(box, "true")]}
    figure = persons({"a": FRAME, "b": FRAME}, some, "t")
    first, second = figure.axes
    corners = [
        (one.get_x(), one.get_y(), one.get_width(), one.get_height()) for one in first.patches
    ]
    assert corners == 2 * [(2.5, 3.5, 6, 4)]  # of 12 x 8 pixels
    looks = [(one.get_edgecolor(), one.get_linestyle()) for one in first.patches]
    assert looks[0][0] != looks[1][0] and looks[0][1] != looks[1][1]
    assert second.patches[0].get_edgecolor() == looks[0][0]
    assert [text.get_text() for text in first.texts] == ["bows"]
    assert "full blue line: true; dashed orange line: proposed" in [
        t.get_text() for t in figure.texts
    ]
    with pytest.raises(VsslError, match="a list of its boxes"):
        persons({"a": FRAME}, {}, "t")


def test_a_box_on_a_map_and_its_cells_have_the_maps_own_places_and_one_scale():
    box, cells = np.array([[1, 2, 3, 4]]), np.full((1, 2, 2), 0.5)
    left, right = pooled({"m": np.eye(5)}, box, cells, "t").axes
    assert left.images[0].get_extent() == [0, 5, 5, 0]
    assert left.patches[0].get_xy() == (1, 2) and left.patches[0].get_width() == 2
    assert left.images[0].get_clim() == right.images[0].get_clim() == (0, 1)
    assert "in the box, 2 x 2" in [*texts(right), right.get_title(loc="left")]


def test_a_diagram_has_every_box_and_every_arrow():
    nodes = {"x": Node(0, 0, "clip"), "f": Node(1, 0, "net", "learnt"), "g": Node(1, 1, "old net")}
    axis = diagram(nodes, [("x", "f")], "t", dashed=[("x", "g")]).axes[0]
    assert [text for text in texts(axis) if text] == ["clip", "net", "old net"]
    assert (
        sum(text.arrow_patch is not None for text in axis.texts if hasattr(text, "arrow_patch"))
        == 2
    )
    with pytest.raises(VsslError, match="'h', which is no box"):
        diagram(nodes, [("x", "h")], "t")


def test_curves_show_mean_and_range():
    steps = np.arange(4)
    values = np.array([[1.0, 2, 3, 4], [3.0, 4, 5, 8]])
    figure = training({"a": (steps, values), "b": (steps, values[0])}, "t", "top-1, %", chance=2)
    axis = figure.axes[0]
    np.testing.assert_array_equal(axis.lines[0].get_ydata(), [2, 3, 4, 6])
    band = axis.collections[0].get_paths()[0].get_extents()
    assert (band.y0, band.y1) == (1, 8)
    assert texts(axis) == ["a", "b", "chance 2"]
    assert any("1 or 2 seeds" in text for text in texts(figure))
    heights = sorted(text.get_position()[1] for text in axis.texts)
    assert min(np.diff(heights)) > 0.03  # names at the ends do not cover each other


def test_an_axis_begins_at_its_floor():
    axis = training({"a": (np.arange(3), np.array([5.0, 6, 7]))}, "t", "spread", floor=0).axes[0]
    assert axis.get_ylim()[0] == 0 and axis.get_ylim()[1] > 7


def test_retrieval_marks_right_and_wrong_by_text_and_line_too():
    frames = np.zeros((2, 3, 4, 6, 3), np.uint8)
    correct = np.array([[True, False, True], [False, False, True]])
    found = [["a", "c", "a"], ["d", "e", "b"]]
    figure = strips(frames[:, 0], frames, correct, ["a", "b"], "t", found=found)
    titles = [axis.get_title() for axis in figure.axes]
    assert titles == ["a", "✓ a", "✗ c", "✓ a", "b", "✗ d", "✗ e", "✓ b"]
    lines = [axis.spines["top"].get_linestyle() for axis in figure.axes]
    assert lines[1] != lines[2]


def test_the_interval_is_students():
    assert interval([5.0]) == 0
    t = 4.302653  # t(0.975, 2) from a printed table
    assert interval([1.0, 2.0, 3.0]) == pytest.approx(t / 3**0.5, rel=1e-5)


def test_bars_show_the_mean_the_seeds_and_their_number():
    values = {"UCF101": {"a": [1.0, 3.0], "b": [4.0, 4.0, 7.0]}, "HMDB51": {"b": [2.0]}}
    figure = bars(values, "t", "top-1, %", chance=1.5, paper={"UCF101": {"a": 9.0}})
    papers, first, second = figure.axes[:3]
    assert [axis.get_title(loc="left") for axis in figure.axes[:3]] == [
        "UCF101: the paper",
        "UCF101",
        "HMDB51",
    ]
    assert [patch.get_width() for patch in first.patches] == [2.0, 5.0]
    assert [patch.get_width() for patch in second.patches] == [2.0]
    assert texts(first) == ["2", "5"]
    assert [label.get_text() for label in papers.get_yticklabels()] == ["a", "b"]
    dots = [list(line.get_xdata()) for line in first.lines if line.get_marker() == "o"]
    assert dots == [[1.0, 3.0], [4.0, 4.0, 7.0]]
    assert [list(line.get_xdata()) for line in papers.lines] == [[9.0]] and not papers.patches
    assert not [line for line in first.lines if line.get_marker() == "D"]
    caption = " ".join(texts(figure))
    assert "n = 1 or 2 or 3" in caption
    assert "the paper, on its data" in caption
    assert "chance, 1.5" in caption


def test_random_rows_are_grey_and_all_others_have_one_colour():
    rows = {"random": [1.0], "pace": [2.0], "places tell: random": [1.0], "contrast": [3.0]}
    colors = [patch.get_facecolor()[:3] for patch in bars({"g": rows}, "t", "y").axes[0].patches]
    assert colors[0] == colors[2] != colors[1] == colors[3]


def test_confusion_shows_counts_and_shades():
    figure = confusion(np.array([[3, 1], [0, 0]]), ["a", "b"], "t")
    axis = figure.axes[0]
    # A class without videos has the shade 0.
    np.testing.assert_allclose(axis.images[0].get_array(), [[75, 25], [0, 0]])
    assert texts(axis) == ["3", "1"]


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: paces({"1": [0, 9]}, 9, "t"), "0 to 8"),
        (lambda: paces({}, 9, "t"), "each row"),
        (lambda: film({"1": np.zeros((2, 4, 6, 3))}, "t"), "uint8"),
        (
            lambda: film(
                {"1": np.zeros((2, 4, 6, 3), np.uint8), "2": np.zeros((2, 5, 6, 3), np.uint8)}, "t"
            ),
            "one size",
        ),
        (lambda: timeline(FRAME, {}, {"a": np.zeros((0, 2))}, 1.0, "t"), "time line wants"),
        (lambda: timeline(FRAME[None], {}, {}, 1.0, "t"), "time line wants"),
        (lambda: timeline(FRAME[None], {"a": np.zeros(4)}, {}, 1.0, "t"), "spans to show"),
        (lambda: training({}, "t", "y"), "no curve"),
        (lambda: training({"a": ([1, 2], [1])}, "t", "y"), "'a' wants"),
        (
            lambda: strips(np.zeros((1, 4, 6, 3)), np.zeros((1, 2, 4, 6, 3)), [[True]], ["a"], "t"),
            "retrieval strips want",
        ),
        (lambda: bars({}, "t", "y"), "at least one name"),
        (lambda: confusion(np.zeros((2, 3)), ["a", "b"], "t"), "confusion matrix"),
    ],
)
def test_wrong_input_is_refused_in_one_line(draw, message):
    with pytest.raises(VsslError, match=message) as caught:
        draw()
    assert "\n" not in str(caught.value)


def test_a_bar_that_was_not_run_is_marked_and_each_panel_has_its_own_chance():
    figure = bars(
        {"a": {"x": [1.0, 2.0], "y": []}, "b": {"x": [], "y": []}}, "t", "y", {"a": 6.25, "b": 2.0}
    )
    assert [text for axis in figure.axes for text in texts(axis)].count("not run") == 3
    assert [axis.get_title(loc="left") for axis in figure.axes] == ["a, chance 6.25", "b, chance 2"]
    assert any(text.get_text().endswith("dashed: chance") for text in figure.texts)
    assert [axis.lines[-1].get_xdata()[0] for axis in figure.axes] == [6.25, 2.0]


@pytest.mark.parametrize("ours", [[], [30.0, 31.0]])
def test_the_papers_marks_lie_inside_the_panel_even_if_nothing_has_run(ours):
    figure = bars(
        {"a": {"x": ours, "y": []}, "b": {"x": [], "y": []}},
        "t",
        "y",
        paper={"a": {"x": 73.9, "y": 72.6}},
    )
    for axis in figure.axes[:3]:
        assert axis.get_xlim() == pytest.approx((0, 1.12 * 73.9))


def test_a_negative_mark_of_the_paper_lies_inside_the_panel():
    axis = bars({"a": {"x": []}}, "t", "points", paper={"a": {"x": -1.3}}).axes[0]
    assert axis.get_xlim()[0] < -1.3


def test_intervals_and_seeds_lie_inside_the_panel():
    values = [80.0, 90.0]
    axis = bars({"a": {"x": values}}, "t", "y", paper={"a": {"x": 73.9}}).axes[1]
    assert axis.get_xlim()[1] >= 1.12 * (85 + interval(values))
