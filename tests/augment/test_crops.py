"""Crops and resizes equal torchvision's, and a window that is cut beforehand changes nothing."""

import numpy as np
import pytest
import torch

from vssl.augment import (
    Augment,
    CentreCrop,
    Flip,
    Jitter,
    PlacedCrop,
    RandomCrop,
    RandomResizedCrop,
    Source,
)

PLAIN = [CentreCrop(20), PlacedCrop(20, 0), PlacedCrop(20, 1), PlacedCrop(20, 2), RandomCrop(20)]


def clips(count=4, frames=3, height=24, width=32):
    shape = (count, frames, height, width, 3)
    return torch.from_numpy(np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8))


def drawn(step, count=4):
    return [step.draw(np.random.default_rng(n), Source(3, 24, 32)) for n in range(count)]


@pytest.mark.parametrize("crop", PLAIN)
@pytest.mark.parametrize("more", [(), (Flip(),), (Flip(), Jitter(consistent=False))])
def test_a_window_cut_beforehand_gives_the_same_views(way, crop, more):
    augment, whole = Augment((crop, *more)), clips()
    parameters = drawn(augment)
    windows = [augment.window(own) for own in parameters]
    assert all(type(value) is int for window in windows for value in window)
    cut = [
        clip[:, top : top + h, left : left + w]
        for clip, (top, left, h, w) in zip(whole, windows, strict=True)
    ]
    cut = torch.stack(cut)
    assert cut.shape == (4, 3, 20, 20, 3)
    assert torch.equal(augment.apply(cut, parameters), augment.apply(whole, parameters))


def test_a_resized_crop_reads_whole_frames():
    augment = Augment((RandomResizedCrop(20), Flip()))
    assert augment.window(drawn(augment)[0]) is None


@pytest.mark.parametrize("crop", PLAIN)
def test_plain_crops_are_slices_and_clips_of_their_size_are_not_copied(way, crop):
    x = clips().permute(0, 4, 1, 2, 3)
    p = drawn(crop)
    cut = crop.apply(x, torch.from_numpy(np.stack(p)).float())
    for own, clip, ((top, left),) in zip(cut, x, p, strict=True):
        assert torch.equal(own, clip[:, :, top : top + 20, left : left + 20])
    assert cut.dtype == torch.uint8 and cut.is_contiguous(memory_format=torch.channels_last_3d)
    again = crop.apply(cut, torch.from_numpy(np.stack(p)).float())
    assert again.data_ptr() == cut.data_ptr() and again.stride() == cut.stride()


@pytest.mark.parametrize("consistent", [True, False])
@pytest.mark.parametrize("size", [17, 40])
def test_resized_crops_are_torchvisions(way, consistent, size):
    from torchvision.transforms.v2 import functional as reference

    crop, x = RandomResizedCrop(size, consistent=consistent), clips().permute(0, 4, 1, 2, 3)
    p = drawn(crop)
    resized = crop.apply(x, torch.from_numpy(np.stack(p)).float())
    for own, clip, boxes in zip(resized, x.float() / 255, p, strict=True):
        for t in range(3):
            box = boxes[t % len(boxes)].tolist()
            expected = reference.resized_crop(clip[:, t], *box, [size, size], antialias=False)
            assert torch.allclose(own[:, t], expected, atol=1e-6 if way == "one by one" else 2e-5)
