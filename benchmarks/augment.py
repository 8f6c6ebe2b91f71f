"""Augmentation of a batch, against torchvision and kornia.

torchvision works clip by clip with the very draws that ours uses. kornia makes its own draws.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks import peers
from benchmarks.setting import CROP, HEIGHT, LENGTH, WIDTH, Setting
from benchmarks.timing import Work, race
from vssl import methods
from vssl.augment import Augment, Blur, Flip, Grey, Jitter, RandomCrop, RandomResizedCrop, Source
from vssl.results.speed import OURS, Row, absent, rows

CLIPS = 32  # in a batch; a round is one batch
# The largest difference, on a scale of 1, at which values count as the same. A few may differ by
# more: two ways to compute a hue disagree where two channels are almost equal.
TOLERANCE = 2e-3


def run(setting: Setting) -> Iterator[Row]:
    """Race the augmentations of Pace and of CVRL on a batch of clips."""
    device = torch.device("cuda" if setting.cuda else "cpu")
    clips = pictures(setting.seed).to(device)  # [N, T, H, W, C]
    torchvision, version = peers.find("torchvision")
    for name, augment in {
        "Pace: crop, flip, jitter of each frame": methods.Pace().augment(CROP),
        "CVRL: Algorithm 1": _cvrl(),
    }.items():
        drawn = [
            augment.draw(np.random.default_rng([setting.seed, n]), Source(LENGTH, HEIGHT, WIDTH))
            for n in range(CLIPS)
        ]
        case = f"{name}, {CLIPS} clips of {LENGTH}x{HEIGHT}x{WIDTH} to {CROP}x{CROP}" + (
            ", on the GPU" if setting.cuda else ""
        )
        works: dict[str, Work] = {
            OURS: lambda augment=augment, drawn=drawn: augment.apply(clips, drawn)
        }
        missing, notes = {}, {}
        if torchvision is None:
            missing["torchvision, clip by clip"] = version
        else:
            peer = f"torchvision {version}, clip by clip"
            works[peer] = lambda augment=augment, drawn=drawn: by_torchvision(clips, augment, drawn)
            notes[peer] = _differs(
                augment.apply(clips, drawn), by_torchvision(clips, augment, drawn)
            )
        module, why = peers.find("kornia")
        if module is None:
            missing["kornia VideoSequential"] = why
        elif "CVRL" in name:
            works[f"kornia {why} VideoSequential"] = _kornia(module, clips)
            notes[f"kornia {why} VideoSequential"] = "draws of its own"
        timings = race(works, setting.rounds)
        yield from rows(
            "augment",
            case,
            "clips",
            CLIPS,
            timings,
            setting.kind,
            notes=notes,
            layouts={OURS: "channels_last_3d"},
        )
        yield from absent("augment", case, "clips", missing)


def pictures(seed: int) -> Tensor:
    """Smooth random clips, uint8 [N, T, H, W, C], since noise would have an edge at every pixel."""
    coarse = torch.rand(
        CLIPS * LENGTH, 3, HEIGHT // 8, WIDTH // 8, generator=torch.Generator().manual_seed(seed)
    )
    smooth = torch.nn.functional.interpolate(
        coarse, (HEIGHT, WIDTH), mode="bilinear"
    )  # [N * T, C, H, W]
    return (255 * smooth).byte().unflatten(0, (CLIPS, LENGTH)).permute(0, 1, 3, 4, 2).contiguous()


def _cvrl() -> Augment:
    augment = methods.CVRL().augment(CROP)
    assert isinstance(augment, Augment)
    return augment


def by_torchvision(clips: Tensor, augment: Augment, drawn: list[list[np.ndarray]]) -> Tensor:
    """Apply the same steps with the same draws by torchvision's functions.

    The views are [N, C, T, S, S] with values from 0 to 1.
    """
    views = []
    for clip, parameters in zip(clips, drawn, strict=True):
        x = clip.permute(0, 3, 1, 2).contiguous()  # [T, C, H, W]
        for step, p in zip(augment.steps, parameters, strict=True):
            x = _step(x, step, p)
        views.append(x.transpose(0, 1))
    return torch.stack(views)


def _step(x: Tensor, step: Any, p: np.ndarray) -> Tensor:
    """One step on one clip [T, C, H, W]."""
    from torchvision.transforms.v2 import functional as v2

    if isinstance(step, RandomCrop):
        return v2.to_dtype(
            v2.crop(x, *map(int, p[0]), step.size, step.size), torch.float32, scale=True
        )
    if isinstance(step, RandomResizedCrop):
        cut = v2.to_dtype(v2.crop(x, *map(int, p[0])), torch.float32, scale=True)
        return v2.resize(cut, [step.size, step.size], antialias=False)
    if isinstance(step, Flip):
        return v2.horizontal_flip(x) if p[0, 0] else x
    if isinstance(step, Jitter):
        return (
            _jitter(x, p[0])
            if len(p) == 1
            else torch.cat([_jitter(frame[None], row) for frame, row in zip(x, p, strict=True)])
        )
    if isinstance(step, Grey):
        return v2.rgb_to_grayscale(x, 3) if p[0, 0] else x
    if isinstance(step, Blur):
        return (
            v2.gaussian_blur(x, [2 * step.radius + 1] * 2, [float(p[0, 0])] * 2) if p[0, 0] else x
        )
    raise TypeError(f"no torchvision function stands for {type(step).__name__}")


def _jitter(x: Tensor, row: np.ndarray) -> Tensor:
    """Four changes of colour of a clip [T, C, H, W], in the order that was drawn.

    All frames are treated as one tall picture, so that the contrast uses one mean for all of them.
    """
    from torchvision.transforms.v2 import functional as v2

    if not row[8]:
        return x
    frames, channels, height, width = x.shape
    tall = x.transpose(0, 1).reshape(channels, frames * height, width)
    changes: tuple[Callable[..., Tensor], ...] = (
        v2.adjust_brightness,
        v2.adjust_contrast,
        v2.adjust_saturation,
        v2.adjust_hue,
    )
    for kind in row[4:8].astype(int):
        tall = changes[kind](tall, float(row[kind]))
    return tall.reshape(channels, frames, height, width).transpose(0, 1)


def _differs(ours: Tensor, theirs: Tensor) -> str:
    share = ((ours - theirs).abs() > TOLERANCE).float().mean().item()
    return "" if share < 0.001 else f"differs from ours in {share:.1%} of values"


def _kornia(module: Any, clips: Tensor) -> Work:
    """The same kinds of steps by kornia, with settings of the same strength.

    kornia makes its draws while the clock runs.
    """
    steps = module.VideoSequential(
        module.RandomResizedCrop((CROP, CROP), scale=(0.3, 1.0), ratio=(0.5, 2.0), p=1.0),
        module.RandomHorizontalFlip(p=0.5),
        module.ColorJitter(0.8, 0.8, 0.8, 0.2, p=0.8),
        module.RandomGrayscale(p=0.2),
        module.RandomGaussianBlur((11, 11), (0.05, 1.0), p=1.0),
        data_format="BCTHW",
        same_on_frame=True,
    )
    return lambda: steps(clips.permute(0, 4, 1, 2, 3).float() / 255)
