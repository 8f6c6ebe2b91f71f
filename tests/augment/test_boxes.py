"""A view shows the box of its clip and is turned as the sampler asked."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vssl.augment import Augment, BoxCrop, CentreCrop, Flip, Grey, RandomCrop, Source, Turn
from vssl.clips import Box
from vssl.errors import VsslError

SIZE, HEIGHT, WIDTH = 48, 96, 128
MANY_EXAMPLES = settings(max_examples=60, deadline=None)


def map_of_places():
    """A clip that is redder further down and greener further to the right."""
    clip = np.zeros((1, 2, HEIGHT, WIDTH, 3), np.uint8)
    clip[..., 0] = np.linspace(0, 255, HEIGHT)[:, None]
    clip[..., 1] = np.linspace(0, 255, WIDTH)
    return torch.from_numpy(clip)


@st.composite
def boxes(draw):
    height, width = draw(st.floats(0.3, 0.9)), draw(st.floats(0.3, 0.9))
    top, left = draw(st.floats(0, 1 - height)), draw(st.floats(0, 1 - width))
    return Box(top, left, height, width)


def view_of(box, flip, turns):
    steps = Augment((BoxCrop(SIZE), Flip(float(flip)), Turn()))
    source = Source(2, HEIGHT, WIDTH, box, turns)
    drawn = steps.draw(np.random.default_rng(0), source)
    return steps.apply(map_of_places(), [drawn])[0]  # [C, T, S, S]


def covered(view, turns, flip):
    """Read from its pixels which part of the frame a view shows.

    The four numbers are its top, left, bottom and right, as shares of the frame.
    """
    upright = torch.rot90(view, -turns, (-2, -1))
    upright = upright.flip(-1) if flip else upright
    down, across = upright[0, 0], upright[1, 0]  # [S, S]
    sides = (down[0], across[:, 0], down[-1], across[:, -1])
    return [side.mean().item() for side in sides]


def overlap(a, b):
    """Return the area that two rectangles have in common, as a share of the first one's area."""
    height = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    width = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    return height * width / ((a[2] - a[0]) * (a[3] - a[1]))


def edges(box):
    return [box.top, box.left, box.top + box.height, box.left + box.width]


@MANY_EXAMPLES
@given(box=boxes(), flip=st.booleans(), turns=st.integers(0, 3))
def test_a_view_shows_its_box_whatever_steps_follow_the_crop(box, flip, turns):
    found = covered(view_of(box, flip, turns), turns, flip)
    assert found == pytest.approx(edges(box), abs=0.03)  # rounding to pixels, and half a pixel


@MANY_EXAMPLES
@given(
    a=boxes(), b=boxes(), flips=st.tuples(st.booleans(), st.booleans()), turns=st.integers(0, 15)
)
def test_the_overlap_of_two_views_is_that_of_their_boxes(a, b, flips, turns):
    first, second = divmod(turns, 4)
    shown_a = covered(view_of(a, flips[0], first), first, flips[0])
    shown_b = covered(view_of(b, flips[1], second), second, flips[1])
    assert overlap(shown_a, shown_b) == pytest.approx(overlap(edges(a), edges(b)), abs=0.15)


def test_turns_are_counter_clockwise_and_differ_from_each_other():
    """A flip before the turn keeps the four turns distinguishable; a flip after it would not."""
    corners = []
    for turns in range(4):
        view = view_of(Box(0, 0, 1, 1), False, turns)
        corners.append((view[0, 0] + view[1, 0]).argmin().item())
    top_left, bottom_left = 0, SIZE * (SIZE - 1)
    assert corners == [top_left, bottom_left, SIZE * SIZE - 1, SIZE - 1]


def test_a_batch_of_turned_clips_is_each_clip_turned(way):
    steps = Augment((CentreCrop(SIZE), Turn(), Grey(0.5)))
    clips = map_of_places().repeat(4, 1, 1, 1, 1)
    drawn = [
        steps.draw(np.random.default_rng(0), Source(2, HEIGHT, WIDTH, None, turns))
        for turns in range(4)
    ]
    batch = steps.apply(clips, drawn)
    for turns in range(4):
        alone = steps.apply(clips[:1], [drawn[turns]])[0]
        assert torch.equal(batch[turns], alone)
        upright = steps.apply(clips[:1], [drawn[0]])[0]
        assert torch.allclose(torch.rot90(batch[turns], -turns, (-2, -1)), upright, atol=1e-6)


def test_a_small_box_has_one_pixel_at_least():
    source = Source(1, 10, 10, Box(0.999, 0.5, 1e-6, 1e-6))
    drawn = BoxCrop(8).draw(np.random.default_rng(0), source)
    assert drawn.tolist() == [[9, 5, 1, 1]]


@pytest.mark.parametrize(
    ("steps", "source", "line"),
    [
        ((BoxCrop(8),), Source(1, 10, 10), "the sampler gives none"),
        ((CentreCrop(8),), Source(1, 10, 10, Box(0, 0, 1, 1)), "a box that nothing reads"),
        ((CentreCrop(8),), Source(1, 10, 10, None, 1), "add Turn"),
    ],
)
def test_a_box_or_a_turn_that_no_step_uses_is_refused(steps, source, line):
    with pytest.raises(VsslError, match=line):
        Augment(steps).draw(np.random.default_rng(0), source)


@pytest.mark.parametrize(
    "steps", [(), (Grey(1.0),), (Flip(), CentreCrop(8)), (RandomCrop(9), CentreCrop(8))]
)
def test_an_augmentation_begins_with_its_only_crop(steps):
    with pytest.raises(VsslError, match="begins with a crop and has no other one"):
        Augment(steps)


def test_only_squares_are_turned():
    with pytest.raises(VsslError, match="4 x 6 pixels cannot be turned"):
        Turn().apply(torch.zeros(1, 3, 1, 4, 6), torch.ones(1, 1, 1))
