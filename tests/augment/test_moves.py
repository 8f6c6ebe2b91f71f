"""Tilts are turns about the middle, and Together is one coin for several steps."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torchvision.transforms.v2 import functional as v2

from vssl.augment import Augment, Blur, BoxCrop, CentreCrop, Grey, Jitter, Source, Tilt, Together
from vssl.errors import VsslError

SOURCE = Source(3, 24, 32)


def clips(n: int = 4, height: int = 17, width: int = 17) -> torch.Tensor:
    return torch.rand(n, 3, 2, height, width, generator=torch.Generator().manual_seed(0))


def degrees(*values: float) -> torch.Tensor:
    return torch.tensor(values).view(-1, 1, 1)  # [N, F, P]


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_tilt_by_quarters_is_a_turn(quarters):
    x = clips()
    found = Tilt(90).apply(x, degrees(*4 * [90.0 * quarters]))
    assert torch.allclose(found, torch.rot90(x, quarters, (-2, -1)), atol=1e-5)


@pytest.mark.parametrize("size", [(17, 17), (20, 31)])
def test_a_small_tilt_is_torchvisions(size):
    x, angles = clips(3, *size), (-10.0, 4.0, 7.5)
    found = Tilt().apply(x, degrees(*angles))
    for one, before, angle in zip(found, x, angles, strict=True):
        wanted = v2.rotate(before.transpose(0, 1), angle, v2.InterpolationMode.BILINEAR)
        near = (one.transpose(0, 1) - wanted).abs() < 1e-4
        assert near.float().mean() > 0.97  # torchvision sharpens the black edge


def test_clips_that_are_not_tilted_stay_as_they_are_and_nothing_given_is_changed():
    x = clips()
    before = x.clone()
    found = Tilt().apply(x, degrees(0, 5, 0, -5))
    assert torch.equal(x, before) and torch.equal(found[[0, 2]], x[[0, 2]])
    assert not torch.allclose(found[[1, 3]], x[[1, 3]])
    assert Tilt().apply(x, degrees(0, 0, 0, 0)) is x


def test_tilts_are_drawn_evenly_both_ways():
    rng = np.random.default_rng(0)
    drawn = np.array([Tilt(10, 0.5).draw(rng, SOURCE)[0, 0] for _ in range(2000)])
    assert np.mean(drawn == 0) == pytest.approx(0.5, abs=0.05)
    some = drawn[drawn != 0]
    assert np.abs(some).max() <= 10 and abs(some.mean()) < 0.6 and some.std() > 5


def looks(probability: float) -> Together:
    steps = (Tilt(10), Jitter(0.4, 0.4, 0.4, 0.1, probability=1), Grey(0.5), Blur(1, (0.5, 2), 3))
    return Together(steps, probability)


def test_one_coin_decides_for_all_steps():
    rng = np.random.default_rng(0)
    drawn = np.array([looks(0.3).draw(rng, SOURCE)[0] for _ in range(2000)])  # [clips, P]
    none = (drawn == 0).all(1)
    assert none.mean() == pytest.approx(0.7, abs=0.04)
    assert (drawn[~none][:, [0, -1]] != 0).all(), "with the coin, each step draws for itself"


def test_together_does_what_its_steps_do_one_after_the_other():
    group, x = looks(1.0), clips()
    p = np.stack([group.draw(np.random.default_rng(n), SOURCE) for n in range(len(x))])
    p = torch.from_numpy(p.astype(np.float32))
    wanted, begin = x, 0
    for step, width in zip(group.steps, group.widths, strict=True):
        wanted = step.apply(wanted, p[:, :, begin : begin + width])
        begin += width
    assert begin == p.shape[2] and torch.equal(group.apply(x, p), wanted)
    assert torch.equal(group.apply(x, torch.zeros_like(p)), x), "without the coin nothing changes"


def test_a_clip_looks_the_same_in_any_batch():
    augment = Augment((CentreCrop(16), looks(0.7)))
    films = torch.randint(0, 256, (5, 3, 24, 32, 3), dtype=torch.uint8)
    drawn = [augment.draw(np.random.default_rng(n), SOURCE) for n in range(5)]
    together = augment.apply(films, drawn)
    for n in range(5):
        assert torch.equal(augment.apply(films[n : n + 1], drawn[n : n + 1])[0], together[n])


@pytest.mark.parametrize("step", [BoxCrop(8), Jitter(consistent=False)])
def test_steps_that_are_for_every_clip_or_every_frame_are_refused(step):
    with pytest.raises(VsslError, match="Together"):
        Together((step,))
