"""Boxes follow the pixels of their persons through every crop, flip and turn."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vssl.augment import (
    Augment,
    Blur,
    BoxCrop,
    CentreCrop,
    Flip,
    Grey,
    Jitter,
    PlacedCrop,
    RandomCrop,
    RandomResizedCrop,
    ScaledCrop,
    Source,
    Tilt,
    Together,
    Turn,
    WholeFrame,
    follow,
)
from vssl.clips import Box
from vssl.errors import VsslError

HEIGHT, WIDTH, SIZE = 60, 90, 48
CROPS = (
    CentreCrop(SIZE),
    PlacedCrop(SIZE, 0),
    PlacedCrop(SIZE, 2),
    RandomCrop(SIZE),
    RandomResizedCrop(SIZE),
    BoxCrop(SIZE),
    ScaledCrop(SIZE, (50, 80)),
    WholeFrame(SIZE),
    WholeFrame(HEIGHT),
)


def painted(x1, y1, x2, y2):
    """A black clip whose pixels in one rectangle are white, and its box in fractions."""
    clip = torch.zeros(1, 2, HEIGHT, WIDTH, 3, dtype=torch.uint8)
    clip[:, :, y1:y2, x1:x2] = 255
    return clip, np.array([[x1 / WIDTH, y1 / HEIGHT, x2 / WIDTH, y2 / HEIGHT]])


@st.composite
def rectangles(draw):
    x1, y1 = draw(st.integers(0, WIDTH - 4)), draw(st.integers(0, HEIGHT - 4))
    return x1, y1, draw(st.integers(x1 + 4, WIDTH)), draw(st.integers(y1 + 4, HEIGHT))


@settings(max_examples=300, deadline=None)
@given(
    rectangle=rectangles(),
    crop=st.sampled_from(CROPS),
    flip=st.booleans(),
    turns=st.integers(0, 3),
    seed=st.integers(0, 10**6),
)
def test_a_box_is_where_its_pixels_are(rectangle, crop, flip, turns, seed):
    clip, boxes = painted(*rectangle)
    own = Box(0.1, 0.2, 0.7, 0.6) if isinstance(crop, BoxCrop) else None
    turns = 0 if isinstance(crop, WholeFrame) else turns  # only squares are turned
    augment = Augment((crop, Flip(float(flip)), Turn(), Grey(1.0)))
    source = Source(2, HEIGHT, WIDTH, own, turns)
    drawn = augment.draw(np.random.default_rng(seed), source)
    view = augment.apply(clip, [drawn])[0, 0, 0]  # [H', W']
    rows, columns = (view > 0.5).nonzero().T.numpy()
    found, kept = follow(augment, drawn, source, boxes)
    if not len(kept):
        assert not len(rows) or min(np.ptp(rows), np.ptp(columns)) <= 1
        return
    height, width = view.shape
    shown = found[0] * [width, height, width, height]
    assert (found >= 0).all() and (found <= 1).all() and kept.tolist() == [0]
    if (shown[2:] - shown[:2] < 2).any():  # a sliver may be too faint to be seen
        return
    pixels = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    # An edge may lie anywhere in its pixel, and a resize without smoothing may lose a little more.
    assert shown == pytest.approx(np.array(pixels), abs=1.05)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), flip=st.booleans())
def test_several_boxes_are_each_box_alone_and_keep_their_rows(seed, flip):
    rng = np.random.default_rng(seed)
    corners = np.sort(rng.random((6, 2, 2)), 1)
    boxes = corners.reshape(6, 4)
    augment = Augment((ScaledCrop(SIZE, (80, 160)), Flip(float(flip))))
    source = Source(2, HEIGHT, WIDTH)
    drawn = augment.draw(rng, source)
    found, kept = follow(augment, drawn, source, boxes)
    alone = [follow(augment, drawn, source, box[None])[0] for box in boxes]
    assert np.array_equal(found, np.concatenate(alone))
    assert kept.tolist() == [row for row, one in enumerate(alone) if len(one)]
    assert (found[:, :2] < found[:, 2:]).all()


def test_boxes_outside_the_crop_are_dropped_and_others_cut_to_it():
    augment, source = Augment((CentreCrop(20),)), Source(1, 40, 40)
    drawn = augment.draw(np.random.default_rng(0), source)  # pixels 10 to 30
    boxes = np.array(
        [
            [0, 0, 9, 40],  # beside it
            [0, 0, 10.5, 40],  # half a pixel of it is inside
            [0, 0, 11, 40],  # one pixel is
            [20, 20, 40, 40],
            [0, 0, 40, 40],
        ]
    )
    found, kept = follow(augment, drawn, source, boxes / 40)
    assert kept.tolist() == [2, 3, 4]
    assert found == pytest.approx(np.array([[0, 0, 0.05, 1], [0.5, 0.5, 1, 1], [0, 0, 1, 1]]))
    nothing, none = follow(augment, drawn, source, boxes[:0])
    assert nothing.shape == (0, 4) and none.shape == (0,)


def test_a_scaled_crop_is_a_square_of_its_share_of_the_shorter_side():
    crop, source = ScaledCrop(224, (256, 320)), Source(1, 480, 640)
    drawn = np.concatenate([crop.draw(np.random.default_rng(n), source) for n in range(400)])
    top, left, height, width = drawn.T
    assert (height == width).all()
    assert 224 / 320 * 480 <= height.min() < 345 and 412 < height.max() <= 224 / 256 * 480
    assert (top >= 0).all() and (top + height <= 480).all() and (left + width <= 640).all()
    assert (left == 0).mean() < 0.05 and left.max() > 200
    low = Source(1, 100, 60)  # an upright film
    assert crop.draw(np.random.default_rng(0), low)[0, 2] <= 60


def test_the_whole_frame_is_torchvisions_resize(way):
    from torchvision.transforms.v2 import functional as reference

    clips = torch.from_numpy(
        np.random.default_rng(0).integers(0, 256, (2, 3, 30, 45, 3), dtype=np.uint8)
    )
    augment, source = Augment((WholeFrame(20), Flip(0.0))), Source(3, 30, 45)
    drawn = [augment.draw(np.random.default_rng(n), source) for n in range(2)]
    views = augment.apply(clips, drawn)  # [N, C, T, 20, 30]
    frames = clips.permute(0, 1, 4, 2, 3).flatten(0, 1).float() / 255
    expected = reference.resize(frames, [20, 30], antialias=False).unflatten(0, (2, 3))
    assert torch.allclose(views.transpose(1, 2), expected, atol=1e-6)
    as_stored = Augment((WholeFrame(30),)).apply(clips, [one[:1] for one in drawn])
    assert torch.equal((255 * as_stored).round().byte(), clips.permute(0, 4, 1, 2, 3))


def test_steps_that_change_colours_leave_boxes_alone():
    plain = Augment((ScaledCrop(SIZE, (50, 80)), Flip(1.0)))
    more = Augment((*plain.steps, Jitter(), Blur(), Together((Grey(1.0), Jitter()))))
    source, boxes = Source(2, HEIGHT, WIDTH), np.array([[0.2, 0.1, 0.9, 0.7]])
    found = [
        follow(one, one.draw(np.random.default_rng(3), source), source, boxes)[0]
        for one in (plain, more)
    ]
    assert np.array_equal(*found)


@pytest.mark.parametrize(
    ("steps", "line"),
    [
        ((CentreCrop(SIZE), Tilt()), "Tilt moves pixels"),
        ((CentreCrop(SIZE), Together((Tilt(),))), "Together moves pixels"),
        ((CentreCrop(SIZE), Flip(consistent=False)), "Flip moves pixels"),
        ((RandomResizedCrop(SIZE, consistent=False),), "consistent=True"),
    ],
)
def test_what_boxes_cannot_follow_is_refused(steps, line):
    augment, source = Augment(steps), Source(2, HEIGHT, WIDTH)
    drawn = augment.draw(np.random.default_rng(0), source)
    with pytest.raises(VsslError, match=line):
        follow(augment, drawn, source, np.array([[0, 0, 1, 1.0]]))


def test_a_crop_that_does_not_fit_is_refused():
    for sides in ((200, 320), (320, 256)):
        with pytest.raises(VsslError, match="fits into"):
            ScaledCrop(224, sides)
