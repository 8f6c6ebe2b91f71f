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
    clip[..., 0] = 2 * np.arange(HEIGHT)[:, None]
    clip[..., 1] = np.arange(WIDTH)
    return torch.from_numpy(clip)


@st.composite
def boxes(draw):
    height, width = draw(st.floats(0.3, 0.9)), draw(st.floats(0.3, 0.9))
    top, left = draw(st.floats(0, 1 - height)), draw(st.floats(0, 1 - width))
    return Box(top, left, height, width)


@st.composite
def pairs_of_one_size(draw):
    first = draw(boxes())
    top = draw(st.floats(0, 1 - first.height))
    left = draw(st.floats(0, 1 - first.width))
    return first, Box(top, left, first.height, first.width)


def view_of(box, flip, turns, steps=None):
    steps = Augment(steps or (BoxCrop(SIZE), Flip(float(flip)), Turn()))
    source = Source(2, HEIGHT, WIDTH, box, turns)
    drawn = steps.draw(np.random.default_rng(0), source)
    return steps.apply(map_of_places(), [drawn])[0]  # [C, T, S, S]


def ends(line):
    """Where a line of places begins and ends: a straight line through it, led to its two edges.

    The outermost pixels are left out, because a resize holds them inside the crop.
    """
    inner = line[2:-2].double().numpy()
    step, start = np.polyfit(np.arange(2, len(line) - 2), inner, 1)
    return start - step / 2, start + step * (len(line) - 0.5)


def covered(view, turns, flip):
    """Top, left, bottom and right of what a view shows, in pixels of the frame, from its pixels."""
    upright = torch.rot90(view, -turns, (-2, -1))
    upright = upright.flip(-1) if flip else upright
    top, bottom = ends(upright[0, 0].mean(1) * 255 / 2 + 0.5)
    left, right = ends(upright[1, 0].mean(0) * 255 + 0.5)
    return top, left, bottom, right


def edges(box):
    """Top, left, bottom and right of a box, in pixels of the frame."""
    bottom, right = box.top + box.height, box.left + box.width
    return box.top * HEIGHT, box.left * WIDTH, bottom * HEIGHT, right * WIDTH


def shared(a, b):
    """The height and width that two rectangles share, in pixels."""
    return (
        max(0.0, min(a[2], b[2]) - max(a[0], b[0])),
        max(0.0, min(a[3], b[3]) - max(a[1], b[1])),
    )


@MANY_EXAMPLES
@given(box=boxes(), flip=st.booleans(), turns=st.integers(0, 3))
def test_a_view_shows_its_box_whatever_steps_follow_the_crop(box, flip, turns):
    found = covered(view_of(box, flip, turns), turns, flip)
    # Half a pixel for the size and half for the place; the rest is the test's own reading.
    assert found == pytest.approx(edges(box), abs=1.05)


@MANY_EXAMPLES
@given(
    pair=pairs_of_one_size(),
    flips=st.tuples(st.booleans(), st.booleans()),
    turns=st.tuples(st.integers(0, 3), st.integers(0, 3)),
)
def test_two_views_overlap_as_their_boxes_do_to_within_a_pixel(pair, flips, turns):
    found = [
        covered(view_of(box, flip, turn), turn, flip)
        for box, flip, turn in zip(pair, flips, turns, strict=True)
    ]
    assert shared(*found) == pytest.approx(shared(*map(edges, pair)), abs=1.55)
    sizes = [(bottom - top, right - left) for top, left, bottom, right in found]
    assert sizes[0] == pytest.approx(sizes[1], abs=0.1)


@MANY_EXAMPLES
@given(pair=pairs_of_one_size(), height=st.integers(1, 400), width=st.integers(1, 400))
def test_boxes_of_one_size_stay_of_one_size_and_inside_the_frame(pair, height, width):
    drawn = [BoxCrop(8).draw(None, Source(1, height, width, box))[0] for box in pair]
    assert drawn[0][2:].tolist() == drawn[1][2:].tolist()
    for top, left, h, w in drawn:
        assert 0 <= top <= top + h <= height and 0 <= left <= left + w <= width and h and w
    first, second = pair
    moved = drawn[1] - drawn[0]
    assert moved[0] == pytest.approx((second.top - first.top) * height, abs=1.001)
    assert moved[1] == pytest.approx((second.left - first.left) * width, abs=1.001)


def test_the_flip_comes_first_and_then_the_turn(way):
    box = Box(0.2, 0.1, 0.5, 0.7)
    plain = view_of(box, False, 0)
    for turns in range(4):
        expected = torch.rot90(plain.flip(-1), turns, (-2, -1))
        assert torch.equal(view_of(box, True, turns), expected)


def test_a_batch_of_boxes_is_each_box_alone(way):
    steps = Augment((BoxCrop(SIZE), Turn()))
    kinds = [Box(0, 0, 1, 1), Box(0.5, 0.25, 0.5, 0.75), Box(0.3, 0.6, 0.4, 0.2)]
    drawn = [steps.draw(None, Source(2, HEIGHT, WIDTH, box, 1)) for box in kinds]
    batch = steps.apply(map_of_places().repeat(3, 1, 1, 1, 1), drawn)
    for view, box in zip(batch, kinds, strict=True):
        assert covered(view, 1, False) == pytest.approx(edges(box), abs=1.05)
        assert torch.allclose(view, view_of(box, False, 1), atol=1e-5)


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


@pytest.mark.parametrize(
    "four",
    [
        (float("nan"), 0, 1, 1),
        (0, 0, float("nan"), 1),
        (-0.1, 0, 1, 1),
        (0.2, 0, 0.9, 1),
        (0, 0.5, 1, 0.6),
        (0, 0, 0, 1),
        (0, 0, 1, float("inf")),
    ],
)
def test_a_box_lies_inside_the_frame(four):
    with pytest.raises(VsslError, match="a box lies inside the frame"):
        Box(*four)


def test_a_small_box_has_one_pixel_at_least():
    drawn = BoxCrop(8).draw(
        np.random.default_rng(0), Source(1, 10, 10, Box(0.999, 0.5, 1e-6, 1e-6))
    )
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
