"""The style has seaborn's colours and moves boxes apart that would cover each other."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from vssl.figures import style


def test_the_palette_is_seaborns():
    import seaborn

    theirs = [colour.lower() for colour in seaborn.color_palette("colorblind").as_hex()]
    assert theirs == list(style.PALETTE)


def test_a_hundred_classes_differ_in_colour_or_marker():
    colours, markers = style.PALETTE, style.MARKERS
    looks = {(colours[k % len(colours)], markers[k % len(markers)]) for k in range(101)}
    assert len(looks) == 101


def test_a_figure_is_as_wide_as_all_others_and_has_room_for_its_title():
    short, _ = style.figure("A finding", 3.0)
    long, axes = style.figure("A finding " * 20, 3.0, 2, 3, caption="how to read it")
    assert short.get_figwidth() == long.get_figwidth() == style.WIDTH
    assert long.get_figheight() > short.get_figheight()
    assert axes.shape == (2, 3)


def test_boxes_that_do_not_overlap_stay():
    centres, sizes = np.array([[0.2, 0.2], [0.8, 0.8]]), np.full((2, 2), 0.1)
    np.testing.assert_allclose(style.apart(centres, sizes), centres, atol=2e-3)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=12))
def test_boxes_end_apart_and_inside(centres):
    sizes = np.tile([0.2, 0.05], (len(centres), 1))
    places = style.apart(np.array(centres), sizes)
    assert (np.abs(places - 0.5) <= 0.5).all()
    overlap = sizes[0] - np.abs(places[:, None] - places[None])
    overlap = overlap.min(2)[~np.eye(len(places), dtype=bool)]
    assert (overlap < 0.02).all()
