"""Jitter of all pictures at once equals torchvision's operators one after the other."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vssl.augment import Jitter, Source


def one_after_the_other(clip, p):
    """Jitter a clip [C, T, H, W] in [0, 1] by torchvision, frame by frame.

    With one row of parameters, all frames are treated as one tall picture.
    """
    from torchvision.transforms.v2 import functional as reference

    names = [
        reference.adjust_brightness,
        reference.adjust_contrast,
        reference.adjust_saturation,
        reference.adjust_hue,
    ]
    c, t, h, w = clip.shape
    pictures = [clip.reshape(c, t * h, w)] if len(p) == 1 else list(clip.unbind(1))
    for place, row in enumerate(p):
        for kind in row[4:8].astype(int) if row[8] else ():
            pictures[place] = names[kind](pictures[place], float(row[kind]))
    return pictures[0].view(c, t, h, w) if len(p) == 1 else torch.stack(pictures, 1)


def pictures(clips, frames, seed):
    shape = (clips, 3, frames, 10, 12)
    return torch.from_numpy(np.random.default_rng(seed).random(shape, dtype=np.float32))


@pytest.mark.parametrize("consistent", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_every_picture_is_changed_in_its_own_order_of_operators(way, consistent, seed):
    step, x = Jitter(probability=0.5, consistent=consistent), pictures(8, 5, seed)
    source = Source(5, 10, 12)
    p = [step.draw(np.random.default_rng([seed, n]), source) for n in range(8)]
    p = np.stack(p).astype(np.float32)
    assert len({tuple(row[4:8]) for row in p.reshape(-1, 9)}) > 5 and 0 < p[..., 8].mean() < 1
    expected = torch.stack([one_after_the_other(clip, own) for clip, own in zip(x, p, strict=True)])
    before, changed = x.clone(), step.apply(x, torch.from_numpy(p))
    assert torch.allclose(changed, expected, atol=5e-6)
    assert torch.equal(x, before), "the step changed its input"
    left = torch.from_numpy(p[..., 8] == 0).expand(8, 5)  # [N, T], frames that drew no jitter
    assert torch.equal(changed.transpose(1, 2)[left], x.transpose(1, 2)[left])


def test_the_order_in_memory_does_not_matter(way):
    step, x = Jitter(probability=1.0), pictures(3, 5, 0)
    p = [step.draw(np.random.default_rng(n), Source(5, 10, 12)) for n in range(3)]
    p = torch.from_numpy(np.stack(p)).float()
    plain = step.apply(x, p)
    for order in ((0, 2, 3, 4, 1), (0, 1, 3, 4, 2), (0, 2, 1, 3, 4)):
        back = [order.index(dim) for dim in range(5)]
        same = x.permute(order).contiguous().permute(back)
        assert torch.allclose(step.apply(same, p), plain, atol=1e-6)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32), turn=st.floats(-0.5, 0.5))
def test_the_hue_of_greys_primaries_and_ties_turns_as_torchvisions(seed, turn):
    # Four levels give many greys, pure colours and equal channels.
    levels = np.random.default_rng(seed).choice([0, 0.25, 0.5, 1], (1, 3, 1, 8, 8))
    x = torch.from_numpy(levels).float()
    p = np.array([[1, 1, 1, turn, 3, 0, 1, 2, 1]], np.float32)
    changed = Jitter().apply(x, torch.from_numpy(p[None]))
    assert torch.allclose(changed[0], one_after_the_other(x[0], p), atol=2e-6)


def test_a_jitter_without_hue_equals_torchvision_without_it(way):
    step, x = Jitter(hue=0, probability=1.0), pictures(4, 2, 1)
    p = [step.draw(np.random.default_rng(n), Source(2, 10, 12)) for n in range(4)]
    p = np.stack(p).astype(np.float32)
    expected = torch.stack([one_after_the_other(clip, own) for clip, own in zip(x, p, strict=True)])
    assert torch.allclose(step.apply(x, torch.from_numpy(p)), expected, atol=5e-6)
