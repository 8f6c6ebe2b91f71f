"""Augmentation: consistent in time, each clip its own, the same in any batch, and equal to torchvision where that has the same operator."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vssl.augment import Augment, Blur, CentreCrop, Flip, Grey, Jitter, RandomCrop, RandomResizedCrop

FULL = Augment((RandomResizedCrop(20), Flip(), Jitter(), Grey(0.5), Blur(0.5, radius=3)))
PACE = Augment((RandomCrop(20), Flip(), Jitter(consistent=False)))
FEW = settings(max_examples=25, deadline=None)


def clips(count=3, frames=4, height=24, width=32, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).integers(0, 256, (count, frames, height, width, 3), dtype=np.uint8))


def rngs(*seeds):
    return [np.random.default_rng(seed) for seed in seeds]


@FEW
@given(seed=st.integers(0, 2**32), content=st.integers(0, 1000))
def test_a_still_clip_stays_still_under_every_consistent_step(seed, content):
    still = clips(1, 1, seed=content).expand(1, 5, 24, 32, 3).contiguous()
    x = FULL(still, rngs(seed))
    assert x.shape == (1, 3, 5, 20, 20) and x.dtype == torch.float32 and x.min() >= 0 and x.max() <= 1
    assert torch.allclose(x, x[:, :, :1].expand_as(x), atol=1e-5)


def test_frame_by_frame_jitter_is_the_exception():
    still = clips(1, 1).expand(1, 6, 24, 32, 3).contiguous()
    x = PACE(still, rngs(3))
    assert (x[:, :, 1:] - x[:, :, :1]).abs().amax() > 0.05


@pytest.mark.parametrize("augment", [FULL, PACE])
def test_a_clip_does_not_depend_on_its_batch(augment):
    batch = clips(4)
    together = augment(batch, rngs(10, 11, 12, 13))
    for n in range(4):
        alone = augment(batch[n : n + 1], rngs(10 + n))
        assert torch.allclose(together[n], alone[0], atol=1e-6)


def test_two_clips_and_two_batches_get_different_parameters():
    same = clips(1).expand(6, 4, 24, 32, 3).contiguous()
    x = PACE(same, rngs(*range(6)))
    y = PACE(same, rngs(*range(6, 12)))
    assert all((x[i] - x[j]).abs().max() > 1e-3 for i in range(6) for j in range(i))
    assert (x - y).abs().max() > 1e-3


def test_colour_operators_equal_torchvision():
    from torchvision.transforms import functional as reference

    from vssl import augment

    x = clips(1, 1)[0].permute(0, 3, 1, 2).float() / 255  # [1, C, H, W]
    pairs = [
        (augment._brightness, reference.adjust_brightness, 1.4),
        (augment._contrast, reference.adjust_contrast, 0.4),
        (augment._saturation, reference.adjust_saturation, 1.7),
        (augment._hue, reference.adjust_hue, -0.15),
    ]
    for ours, theirs, factor in pairs:
        changed = ours(x[:, :, None], torch.full((1, 1, 1, 1, 1), factor)).clamp(0, 1)[:, :, 0]
        assert torch.allclose(changed, theirs(x, factor), atol=2e-6), theirs.__name__


def test_jitter_applies_its_four_operators_in_the_drawn_order():
    from torchvision.transforms import functional as reference

    step, rng = Jitter(probability=1.0), np.random.default_rng(5)
    x = clips(1, 1)[0].permute(0, 3, 1, 2).float() / 255
    p = step.draw(rng, 1, 24, 32)
    expected = x
    names = [reference.adjust_brightness, reference.adjust_contrast, reference.adjust_saturation, reference.adjust_hue]
    for kind in p[0, 4:8].astype(int):
        expected = names[kind](expected, float(p[0, kind]))
    assert torch.allclose(step.apply(x[:, :, None], torch.from_numpy(p[None]).float())[:, :, 0], expected, atol=1e-5)


def test_resized_crop_and_blur_equal_torchvision():
    from torchvision.transforms import functional as reference

    x = clips(3).permute(0, 4, 1, 2, 3).float() / 255
    crop, blur = RandomResizedCrop(17), Blur(1.0, radius=3)
    p = np.stack([crop.draw(rng, 4, 24, 32) for rng in rngs(1, 2, 3)])
    q = np.stack([blur.draw(rng, 4, 24, 32) for rng in rngs(1, 2, 3)])
    cropped = crop.apply(x, torch.from_numpy(p).float())
    blurred = blur.apply(x, torch.from_numpy(q).float())
    for n in range(3):
        frames = x[n].transpose(0, 1)  # [T, C, H, W]
        box = [int(v) for v in p[n, 0]]
        assert torch.allclose(cropped[n].transpose(0, 1), reference.resized_crop(frames, *box, [17, 17], antialias=False), atol=2e-5)
        assert torch.allclose(blurred[n].transpose(0, 1), reference.gaussian_blur(frames, [7, 7], [float(q[n, 0, 0])] * 2), atol=1e-5)


@FEW
@given(seed=st.integers(0, 2**32), height=st.integers(20, 40), width=st.integers(20, 40))
def test_crops_lie_inside_the_frame(seed, height, width):
    (top, left), rng = RandomCrop(20).draw(np.random.default_rng(seed), 1, height, width)[0], np.random.default_rng(seed)
    assert 0 <= top <= height - 20 and 0 <= left <= width - 20
    top, left, h, w = RandomResizedCrop(20).draw(rng, 1, height, width)[0]
    assert top >= 0 and top + h <= height and left >= 0 and left + w <= width and h > 0 and w > 0


def test_centre_crop_is_the_middle():
    x = clips(1, 1, 24, 32)
    out = Augment((CentreCrop(20),))(x, rngs(0))
    assert torch.equal((out[0, :, 0] * 255).round().byte(), x[0, 0, 2:22, 6:26].permute(2, 0, 1))


def test_views_lie_in_memory_as_convolutions_want_them():
    x = Augment((RandomCrop(20), Flip()))(clips(), rngs(0, 1, 2))
    assert x.is_contiguous(memory_format=torch.channels_last_3d)
