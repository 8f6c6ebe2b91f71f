"""Augmentation is consistent in time, and each clip is changed in its own way, in any batch.

It equals torchvision where that has the same operator.
"""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vssl import methods
from vssl.augment import (
    Alternating,
    Augment,
    Blur,
    CentreCrop,
    Flip,
    Grey,
    Jitter,
    PlacedCrop,
    RandAugment,
    RandomCrop,
    RandomResizedCrop,
    Solarise,
    Source,
    blur,
    crops,
    jitter,
    resize,
)
from vssl.augment import augment as pieces
from vssl.augment.randaugment import OPERATORS, operate
from vssl.errors import VsslError

FULL = Augment(
    (RandomResizedCrop(20), Flip(), Jitter(), Grey(0.5), Blur(0.5, radius=3), Solarise(0.5))
)
STRONG = Augment((RandomResizedCrop(20), Flip(), RandAugment()))
FRAME_BY_FRAME = Augment(
    (
        RandomResizedCrop(20, consistent=False),
        Flip(consistent=False),
        Jitter(consistent=False),
        Grey(0.5, consistent=False),
        Blur(0.5, radius=3, consistent=False),
        Solarise(0.5, consistent=False),
    )
)
PACE = Augment((RandomCrop(20), Flip(), Jitter(consistent=False)))
FEW_EXAMPLES = settings(max_examples=25, deadline=None)


def clips(count=3, frames=4, height=24, width=32, seed=0):
    return torch.from_numpy(
        np.random.default_rng(seed).integers(
            0, 256, (count, frames, height, width, 3), dtype=np.uint8
        )
    )


def rngs(*seeds):
    return [np.random.default_rng(seed) for seed in seeds]


@pytest.mark.parametrize("augment", [FULL, STRONG])
@FEW_EXAMPLES
@given(seed=st.integers(0, 2**32), content=st.integers(0, 1000))
def test_a_still_clip_stays_still_under_every_consistent_step(augment, seed, content):
    still = clips(1, 1, seed=content).expand(1, 5, 24, 32, 3).contiguous()
    x = augment(still, rngs(seed))
    assert x.shape == (1, 3, 5, 20, 20) and x.dtype == torch.float32
    assert x.min() >= 0 and x.max() <= 1
    assert torch.allclose(x, x[:, :, :1].expand_as(x), atol=1e-5)


@pytest.mark.parametrize("place", range(6))
def test_every_step_can_be_drawn_frame_by_frame(place):
    step = FRAME_BY_FRAME.steps[place]
    if place not in (0, 2):
        step = replace(step, probability=0.5)
    augment = Augment((step,) if place == 0 else (CentreCrop(20), step))
    still = clips(2, 1).expand(2, 8, 24, 32, 3).contiguous()
    x = augment(still, rngs(3, 4))
    assert x.shape == (2, 3, 8, 20, 20)
    assert (x[:, :, 1:] - x[:, :, :1]).abs().amax((1, 2, 3, 4)).min() > 0.02


def test_a_frame_alone_looks_the_same_as_in_a_clip_with_its_parameters():
    batch = clips(2, 3)
    drawn = [FRAME_BY_FRAME.draw(rng, Source(3, 24, 32)) for rng in rngs(7, 8)]
    together = FRAME_BY_FRAME.apply(batch, drawn)
    for n in range(2):
        for t in range(3):
            own = [p[t : t + 1] for p in drawn[n]]
            alone = FRAME_BY_FRAME.apply(batch[n : n + 1, t : t + 1], [own])
            assert torch.allclose(together[n, :, t], alone[0, :, 0], atol=1e-5)


def test_paces_jitter_changes_from_frame_to_frame():
    still = clips(1, 1).expand(1, 6, 24, 32, 3).contiguous()
    x = PACE(still, rngs(3))
    assert (x[:, :, 1:] - x[:, :, :1]).abs().amax() > 0.05


@pytest.mark.parametrize("augment", [FULL, PACE, STRONG, FRAME_BY_FRAME])
def test_a_clip_does_not_depend_on_its_batch(augment):
    batch = clips(4)
    together = augment(batch, rngs(10, 11, 12, 13))
    for n in range(4):
        alone = augment(batch[n : n + 1], rngs(10 + n))
        assert torch.allclose(together[n], alone[0], atol=1e-6)


@pytest.mark.parametrize("augment", [FULL, PACE, STRONG, FRAME_BY_FRAME])
def test_a_batch_computed_in_pieces_gives_what_the_whole_batch_gives(way, augment, monkeypatch):
    batch = clips(5)
    before, whole = batch.clone(), augment(batch, rngs(*range(5)))
    for name in ("CACHED", "PIXELS"):
        monkeypatch.setattr(pieces, name, 2 * batch[0, ..., 0].numel())  # two clips, two, and one
    assert torch.allclose(augment(batch, rngs(*range(5))), whole, atol=1e-6)
    assert torch.equal(batch, before), "a step changed the clips"
    assert whole.is_contiguous(memory_format=torch.channels_last_3d)


@pytest.mark.parametrize("augment", [FULL, PACE, FRAME_BY_FRAME])
def test_all_at_once_and_one_by_one_are_the_same(augment, monkeypatch):
    batch = clips(5)
    expected = augment(batch, rngs(*range(5)))
    for module in (pieces, blur, crops, jitter, resize):
        monkeypatch.setattr(module, "batched", lambda x: True)
    found = augment(batch, rngs(*range(5)))
    assert torch.allclose(found, expected, atol=2e-5)  # a sampled grid is rounded more


@pytest.mark.parametrize("augment", [FULL, PACE, FRAME_BY_FRAME])
def test_two_clips_and_two_batches_get_different_parameters(augment):
    same = clips(1).expand(6, 4, 24, 32, 3).contiguous()
    x = augment(same, rngs(*range(6)))
    y = augment(same, rngs(*range(6, 12)))
    assert all((x[i] - x[j]).abs().max() > 1e-3 for i in range(6) for j in range(i))
    assert (x - y).abs().max() > 1e-3


def test_colour_operators_equal_torchvision():
    from torchvision.transforms import functional as reference

    x = clips(1, 1)[0].permute(0, 3, 1, 2).float() / 255  # [1, C, H, W]
    theirs = [
        reference.adjust_brightness,
        reference.adjust_contrast,
        reference.adjust_saturation,
        reference.adjust_hue,
    ]
    for kind, factors in enumerate([(0.3, 1.4), (0.4, 1.8), (0.2, 1.7), (-0.5, -0.15, 0.2, 0.5)]):
        for factor in factors:
            p = torch.tensor([1, 1, 1, 0, 0, 1, 2, 3, 1.0])
            p[kind] = factor
            changed = Jitter().apply(x[:, :, None], p.view(1, 1, 9))[:, :, 0]
            expected = theirs[kind](x, factor)
            assert torch.allclose(changed, expected, atol=2e-6), theirs[kind].__name__


def test_a_flip_is_left_to_right_and_grey_is_torchvisions_luma():
    from torchvision.transforms import functional as reference

    x, on = clips(2).permute(0, 4, 1, 2, 3).float() / 255, torch.ones(2, 1, 1)
    for ours, theirs in (
        (Flip(), reference.hflip),
        (Grey(), lambda frame: reference.rgb_to_grayscale(frame, 3)),
    ):
        changed, same = ours.apply(x, on), ours.apply(x, 0 * on)
        for t in range(4):
            assert torch.allclose(changed[:, :, t], theirs(x[:, :, t]), atol=1e-6)
        assert torch.equal(same, x)


def test_jitter_applies_its_four_operators_in_the_drawn_order():
    from torchvision.transforms import functional as reference

    step, rng = Jitter(probability=1.0), np.random.default_rng(5)
    x = clips(1, 1)[0].permute(0, 3, 1, 2).float() / 255
    p = step.draw(rng, Source(1, 24, 32))
    expected = x
    names = [
        reference.adjust_brightness,
        reference.adjust_contrast,
        reference.adjust_saturation,
        reference.adjust_hue,
    ]
    for kind in p[0, 4:8].astype(int):
        expected = names[kind](expected, float(p[0, kind]))
    changed = step.apply(x[:, :, None], torch.from_numpy(p[None]).float())[:, :, 0]
    assert torch.allclose(changed, expected, atol=1e-5)


def test_resized_crop_and_blur_equal_torchvision():
    from torchvision.transforms import functional as reference

    x = clips(3).permute(0, 4, 1, 2, 3).float() / 255
    crop, blur = RandomResizedCrop(17), Blur(1.0, radius=3)
    p = np.stack([crop.draw(rng, Source(4, 24, 32)) for rng in rngs(1, 2, 3)])
    q = np.stack([blur.draw(rng, Source(4, 24, 32)) for rng in rngs(1, 2, 3)])
    cropped = crop.apply(x, torch.from_numpy(p).float())
    blurred = blur.apply(x, torch.from_numpy(q).float())
    for n in range(3):
        frames = x[n].transpose(0, 1)  # [T, C, H, W]
        box, sigma = [int(v) for v in p[n, 0]], float(q[n, 0, 0])
        expected = reference.resized_crop(frames, *box, [17, 17], antialias=False)
        assert torch.allclose(cropped[n].transpose(0, 1), expected, atol=2e-5)
        expected = reference.gaussian_blur(frames, [7, 7], [sigma] * 2)
        assert torch.allclose(blurred[n].transpose(0, 1), expected, atol=1e-5)


@FEW_EXAMPLES
@given(seed=st.integers(0, 2**32), height=st.integers(20, 40), width=st.integers(20, 40))
def test_crops_lie_inside_the_frame(seed, height, width):
    source = Source(1, height, width)
    top, left = RandomCrop(20).draw(np.random.default_rng(seed), source)[0]
    assert 0 <= top <= height - 20 and 0 <= left <= width - 20
    top, left, h, w = RandomResizedCrop(20).draw(np.random.default_rng(seed), source)[0]
    assert top >= 0 and top + h <= height and left >= 0 and left + w <= width and h > 0 and w > 0


def test_algorithm_1_draws_the_areas_aspects_and_frequencies_of_its_settings():
    count, (crop, *others) = 4000, methods.CVRL(asymmetric=True).augment(56).second.steps
    rng = np.random.default_rng(0)
    _, _, h, w = np.concatenate([crop.draw(rng, Source(16, 1000, 1000)) for _ in range(count)]).T
    area, aspect = h * w / 1e6, w / h
    assert 0.299 < area.min() < 0.305 and 0.95 < area.max() <= 1
    assert 0.499 < aspect.min() < 0.51 and 1.96 < aspect.max() < 2.01
    assert abs((aspect < 1).mean() - 0.5) < 0.05
    probabilities = (0.5, 0.8, 0.2, 0.1, 0.2)  # flip, jitter, grey, blur, solarise
    for step, probability in zip(others, probabilities, strict=True):
        on = np.array([step.draw(rng, Source(16, 32, 32))[0, -1] > 0 for _ in range(count)])
        deviation = (probability * (1 - probability) / count) ** 0.5
        assert abs(on.mean() - probability) < 5 * deviation, type(step).__name__


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
@pytest.mark.parametrize("augment", [FULL, STRONG, PACE, FRAME_BY_FRAME])
def test_views_are_made_on_the_device_of_the_clips_and_are_the_same_on_each(augment):
    on_cpu, on_gpu = (augment(clips().to(device), rngs(1, 2, 3)) for device in ("cpu", "cuda"))
    assert on_gpu.device.type == "cuda"
    # A rounded byte or a pixel at an edge may differ.
    assert (on_cpu - on_gpu.cpu()).abs().mean() < 1e-3


@pytest.mark.parametrize("name", OPERATORS)
@pytest.mark.parametrize("sign", [-1, 1])
def test_randaugments_operators_are_torchvisions(name, sign):
    from torchvision.transforms import autoaugment

    x = clips(1, 3)[0].permute(0, 3, 1, 2)  # [T, C, H, W], bytes, as torchvision's class needs
    bins = autoaugment.RandAugment(magnitude=9)._augmentation_space(31, (24, 32))
    strengths, signed = bins[name]
    strength = float(strengths[9]) if strengths.ndim else 0.0
    whole = name in ("Contrast", "AutoContrast", "Equalize")  # these see one tall picture
    theirs = autoaugment._apply_op(
        x.transpose(0, 1).reshape(1, 3, 72, 32) if whole else x,
        name,
        sign * strength if signed else strength,
        autoaugment.InterpolationMode.NEAREST,
        [128.0] * 3,
    )
    theirs = theirs.view(3, 3, 24, 32).transpose(0, 1) if whole else theirs
    ours = operate(x / 255, name, sign * 9 / 30)
    assert (ours - theirs / 255).abs().max() < 1.5 / 255  # for bytes are rounded


def test_randaugment_draws_all_fourteen_and_both_signs():
    source = Source(4, 24, 32)
    drawn = [RandAugment().draw(rng, source) for rng in rngs(*range(500))]
    drawn = np.concatenate(drawn)  # [500, 4]
    assert len(OPERATORS) == 14
    assert set(drawn[:, 0]) == set(drawn[:, 1]) == set(range(len(OPERATORS)))
    assert set(drawn[:, 2:].ravel()) == {-1, 1}


def test_a_pair_changes_the_two_clips_of_a_video_differently_in_one_pass():
    first = Augment((CentreCrop(20), Blur(1.0, radius=3), Solarise(0.0)))
    second = Augment((CentreCrop(20), Blur(0.0, radius=3), Solarise(1.0)))
    pair, batch = Alternating(first, second), clips(2)
    drawn = [pair.of(view).draw(rng, Source(4, 24, 32)) for view, rng in enumerate(rngs(1, 2))]
    x = pair.apply(batch, drawn)
    assert torch.allclose(x[0], first.apply(batch[:1], drawn[:1])[0])
    assert torch.allclose(x[1], second.apply(batch[1:], drawn[1:])[0])
    assert x[1].max() <= 0.5 and x[0].max() > 0.5
    assert torch.equal(pair(batch, rngs(1, 2)), first(batch, rngs(1, 2)))
    assert torch.equal(pair(batch, rngs(1, 2), view=1), second(batch, rngs(1, 2)))
    with pytest.raises(VsslError, match="same steps"):
        Alternating(first, Augment((CentreCrop(20),)))


@pytest.mark.parametrize(
    ("place", "other"),
    [
        (0, {"size": 18}),
        (1, {"consistent": False}),
        (2, {"consistent": False}),
        (2, {"hue": 0.05}),
        (4, {"radius": 2}),
        (5, {"threshold": 0.4}),
    ],
)
def test_settings_that_are_not_drawn_are_the_same_in_both_of_a_pair(place, other):
    steps = list(FULL.steps)
    steps[place] = replace(steps[place], **other)
    line = f"{next(iter(other))} of {type(steps[place]).__name__} is not drawn"
    with pytest.raises(VsslError, match=line):
        Alternating(FULL, Augment(tuple(steps)))
    other_crop = replace(FULL.steps[0], area=(0.5, 1.0), aspect=(1.0, 1.0))
    Alternating(FULL, Augment((other_crop, *FULL.steps[1:])))


@pytest.mark.parametrize(
    ("step", "wrong", "line"),
    [
        (RandAugment, {"magnitude": 40}, "0 to 30, not 40"),
        (RandomResizedCrop, {"area": (1, 0.3)}, r"not \(1, 0.3\)"),
        (RandomResizedCrop, {"area": (0.3, 1.5)}, "up to 1"),
        (RandomResizedCrop, {"aspect": (0, 2)}, "above 0"),
        (PlacedCrop, {"place": 5}, "0, 1 or 2 .*, not 5"),
    ],
)
def test_impossible_settings_are_refused_in_one_line(step, wrong, line):
    with pytest.raises(VsslError, match=line):
        step(**wrong)


@pytest.mark.parametrize(("height", "width"), [(24, 32), (32, 24)])
def test_three_crops_span_the_longer_side(height, width):
    x = clips(1, 1, height, width)
    found = [Augment((PlacedCrop(20, place),))(x, rngs(0))[0, :, 0] for place in (0, 1, 2)]
    corners = [(2, 0), (2, 6), (2, 12)] if width > height else [(0, 2), (6, 2), (12, 2)]
    for crop, (top, left) in zip(found, corners, strict=True):
        expected = x[0, 0, top : top + 20, left : left + 20].permute(2, 0, 1)
        assert torch.equal((crop * 255).round().byte(), expected)
    middle = Augment((CentreCrop(20),))(x, rngs(0))[0, :, 0]
    assert torch.equal(found[1], middle)


def test_centre_crop_is_the_middle():
    x = clips(1, 1, 24, 32)
    out = Augment((CentreCrop(20),))(x, rngs(0))
    assert torch.equal((out[0, :, 0] * 255).round().byte(), x[0, 0, 2:22, 6:26].permute(2, 0, 1))


def test_views_have_the_memory_layout_that_convolutions_need():
    x = Augment((RandomCrop(20), Flip()))(clips(), rngs(0, 1, 2))
    assert x.is_contiguous(memory_format=torch.channels_last_3d)
