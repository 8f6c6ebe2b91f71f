"""Clips that play: one animated picture of all of them, small, the same bytes each time."""

import io

import numpy as np
import pytest
from PIL import Image

from vssl.clips import Box
from vssl.errors import VsslError
from vssl.figures import playing

ALT = "Two clips of noise side by side, one darker than the other."


def clip(length=4, seed=0, size=24):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 255, (length, size, size, 3), dtype=np.uint8)


def test_it_plays_every_frame_of_all_clips_side_by_side():
    both = {"one": clip(), "other": clip(seed=1)}
    png = playing.animation(both, "noise", 5, 48)
    picture = Image.open(io.BytesIO(png))
    assert (picture.n_frames, picture.info["duration"], picture.info["loop"]) == (4, 200, 0)
    assert picture.size == (2 * 48 + 4, 48 + playing.BAND)
    frames = []
    for number in range(4):
        picture.seek(number)
        frames.append(np.asarray(picture.convert("RGB")))
    assert all(not np.array_equal(frames[0], other) for other in frames[1:])
    assert playing.animation(both, "noise", 5, 48) == png
    playing.play(both, "noise", alt=ALT)


def test_a_name_longer_than_its_clip_has_room():
    short, long = ({name: clip(), "b": clip()} for name in ("a", "a name longer than its clip"))
    sizes = [Image.open(io.BytesIO(playing.animation(x, "n", 5, 48))).size for x in (short, long)]
    assert sizes[1][0] > sizes[0][0] == 2 * 48 + 4


def test_what_cannot_play_is_refused(monkeypatch):
    with pytest.raises(VsslError, match="uint8 frames"):
        playing.play({"one": clip().astype(float)}, "noise", alt=ALT)
    with pytest.raises(VsslError, match="as many frames"):
        playing.play({"one": clip(), "other": clip(5)}, "noise", alt=ALT)
    with pytest.raises(VsslError, match="alt text"):
        playing.play({"one": clip()}, "noise", alt="noise")
    monkeypatch.setattr(playing, "MOST_BYTES", 1000)  # a large clip of noise takes a minute
    with pytest.raises(VsslError, match="kB at most"):
        playing.play({"one": clip()}, "noise", alt=ALT)


def test_a_packed_clip_comes_back_nearly_as_it_was():
    smooth = np.tile(np.arange(0, 240, 10, dtype=np.uint8)[:, None], (3, 1, 24))[..., None]
    smooth = np.repeat(smooth, 3, axis=3)  # [3, 24, 24, 3]
    text = playing.packed(smooth)
    assert isinstance(text, str) and len(text) < 4000
    back = playing.unpacked(text)
    assert back.shape == smooth.shape and np.abs(back.astype(int) - smooth).max() < 12


def test_rest_is_white_and_directions_differ():
    flows = np.zeros((2, 3, 4, 4))
    flows[0, 1], flows[0, 2] = 2, -2
    still, right, left = playing.flow(flows, most=2)
    assert (still == 255).all()
    assert right[0, 0, 0] > right[0, 0, 2] and left[0, 0, 2] > left[0, 0, 0]
    half = playing.flow(flows / 2, most=2)[1]
    assert (half >= right).all() and not np.array_equal(half, right)


def test_a_box_is_drawn_as_its_outline_and_a_second_one_dashed_upon_it():
    frames = np.zeros((2, 20, 40, 3), np.uint8)
    box = Box(0.25, 0.5, 0.5, 0.25)  # 10 rows from the 5th on, 10 columns from the 20th on
    assert playing.crop(box, 20, 40) == (slice(5, 15), slice(20, 30))
    one = playing.boxed(frames, [box])
    line = one.any(3)
    assert line[0, 5, 20:30].all() and line[1, 5:15, 29].all() and line[0].sum() == 10 * 10 - 6 * 6
    assert not frames.any(), "the frames themselves are changed"
    both = playing.boxed(frames, [box, box])
    colors = {tuple(color) for color in both[0][line[0]].tolist()}
    assert len(colors) == 2 and (both.any(3) == line).all()
