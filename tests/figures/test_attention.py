"""Attention maps agree with a slow loop and are drawn over their frames."""

from __future__ import annotations

import numpy as np
import pytest

from vssl import figures
from vssl.errors import VsslError
from vssl.figures.attention import attention, blend, in_crop, overlay, salience, share_inside


def slow(maps: np.ndarray, t: int) -> np.ndarray:
    """Compute the definition one number at a time, for a time step of maps [N, D, T', H', W']."""
    n, d, _, h, w = maps.shape
    out = np.zeros((n, h, w))
    for i in range(n):
        for y in range(h):
            for x in range(w):
                out[i, y, x] = sum(float(maps[i, c, t, y, x]) ** 2 for c in range(d)) / d
        out[i] -= out[i].min()
        out[i] /= out[i].max()
    return out


def test_attention_is_the_definition():
    maps = np.random.default_rng(0).normal(size=(3, 5, 2, 4, 3)).astype(np.float32)
    np.testing.assert_allclose(attention(maps), slow(maps, -1), rtol=1e-5)
    assert attention(maps).dtype == np.float32


def test_all_steps_share_one_scale():
    maps = np.zeros((1, 1, 3, 2, 2), np.float32)
    maps[0, 0, 1, 0, 0], maps[0, 0, 2, 1, 1] = 2.0, 1.0
    found = attention(maps, time="all")
    assert found.shape == (1, 3, 2, 2)
    assert found[0, 1, 0, 0] == 1
    assert found[0, 2, 1, 1] == 0.25  # squares: half the activation is a quarter of the energy
    assert found.sum() == 1.25


def test_a_flat_map_has_no_attention_anywhere():
    assert (attention(np.full((2, 3, 1, 2, 2), 4.0)) == 0).all()


def test_a_tensor_with_gradient_in_half_precision_is_accepted():
    torch = pytest.importorskip("torch")
    maps = torch.randn(2, 4, 2, 3, 3, generator=torch.Generator().manual_seed(0))
    maps = maps.bfloat16().requires_grad_()
    np.testing.assert_array_equal(attention(maps), attention(maps.detach().float().numpy()))


def test_blend_is_bright_where_attention_is_high():
    weights = np.zeros((4, 4), np.float32)
    weights[3, 3] = 1
    picture = blend(np.full((32, 40, 3), 100, np.uint8), weights)
    assert picture.shape == (32, 40, 3)
    assert picture.dtype == np.uint8
    assert (picture[0, 0] <= 55).all()  # one half is the frame, the other is magma's black
    assert picture[-1, -1].astype(int).sum() > picture[0, 0].astype(int).sum() + 150


def test_overlay_names_its_rows_and_columns():
    frames = np.zeros((2, 3, 16, 20, 3), np.uint8)
    figure = overlay(frames, np.zeros((2, 3, 2, 2)), ["a", "b"], ["p1", "p2", "p3"], "A finding")
    grid = figure.axes[:6]
    assert [axis.get_title() for axis in grid[:3]] == ["p1", "p2", "p3"]
    assert [axis.get_ylabel() for axis in grid[::3]] == ["a", "b"]
    figures.save(figure, "overlay", alt="Six black frames under empty maps.")


def test_wrong_shapes_are_refused():
    frames = np.zeros((1, 2, 8, 8, 3), np.uint8)
    with pytest.raises(VsslError, match="maps of a stage"):
        attention(np.zeros((2, 3, 4, 4)))
    with pytest.raises(VsslError, match="'last' or 'all'"):
        attention(np.zeros((1, 1, 1, 1, 1)), time="first")
    with pytest.raises(VsslError, match="uint8 frames"):
        overlay(frames, np.zeros((2, 1, 2, 2)), ["a"], ["b", "c"], "t")
    with pytest.raises(VsslError, match="names"):
        overlay(frames, np.zeros((1, 2, 2, 2)), ["a"], ["b"], "t")


def test_the_share_inside_a_box_counts_cut_cells_by_their_part():
    flat = np.ones((3, 4, 4))
    boxes = np.array([[0, 0, 1, 1], [0, 0, 0.5, 0.5], [0.125, 0, 0.25, 1]])
    assert np.allclose(share_inside(flat, boxes), [1, 0.25, 0.125])
    corner = np.zeros((2, 4, 4))
    corner[:, 0, 0] = 5  # all of the map is in the first cell
    boxes = np.array([[0, 0, 0.25, 0.25], [0.125, 0, 1, 1]])
    assert np.allclose(share_inside(corner, boxes), [1, 0.5])
    empty = share_inside(np.zeros((1, 2, 2)), np.array([[0, 0, 0.5, 1]]))
    assert np.allclose(empty, 0.5), "a map of zeros is a flat one"
    with pytest.raises(VsslError, match="as many boxes"):
        share_inside(flat, boxes)


def test_a_box_is_carried_from_the_frame_to_the_crop():
    whole = in_crop([[0, 0, 128, 96]], (96, 128), (48, 64), 48)
    assert np.allclose(whole, [[0, 0, 1, 1]]), "what is outside the crop is cut"
    middle = in_crop([[64, 48, 80, 96]], (96, 128), (48, 64), 48)
    assert np.allclose(middle, [[24 / 48, 0.5, 32 / 48, 1]])


def test_salience_is_the_mean_over_channels_and_time():
    rng = np.random.default_rng(0)
    maps = rng.random((3, 5, 2, 4, 6)) - 0.3
    found = salience(maps)
    assert found.shape == (3, 4, 6)
    for clip, one in zip(maps, found, strict=True):
        mean = np.array([[clip[:, :, y, x].mean() for x in range(6)] for y in range(4)])
        expected = (mean - mean.min()) / (mean.max() - mean.min())
        np.testing.assert_allclose(one, expected, atol=1e-6)
    assert not salience(np.ones((1, 2, 2, 3, 3))).any()
