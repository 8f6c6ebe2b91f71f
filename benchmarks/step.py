"""A training step of each backbone, against the plain recipe: float32, contiguous, eager.

On a CPU the clips have the size of the `demo` profile, because a step at the papers' size takes a
core the better part of a minute. On a GPU they have the papers' size.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from benchmarks.setting import CROP, LENGTH, Setting
from benchmarks.timing import Work, race
from vssl import models
from vssl.results.speed import OURS, Row, rows

BACKBONES = ("r3d", "r2plus1d", "r3d18", "r2plus1d18", "c3d", "s3dg")
PLAIN = "plain: float32, contiguous, eager"
LAYOUTS = {True: "channels_last_3d", False: "contiguous"}


def run(setting: Setting) -> Iterator[Row]:
    """Race a training step of each backbone, on clips that are in memory already."""
    if not setting.cuda:
        for name in BACKBONES:
            yield from _on_cpu(name, setting)
        return
    for compiled in (False, True):  # compiling takes long, so it waits until all others have run
        for name in BACKBONES:
            yield from _on_gpu(name, setting, compiled)


def _on_cpu(name: str, setting: Setting) -> Iterator[Row]:
    """Race both layouts in float32.

    Half precision is left out, because on a CPU it is not reliable for 3-d convolutions.
    """
    clips = 8
    pool = name in ("r3d", "r2plus1d")
    backbone = models.build(name, width=16, pool=True) if pool else models.build(name, width=16)
    x = torch.rand(clips, 3, 16 if name in ("c3d", "s3dg") else 8, 56, 56)  # [N, C, T, H, W]
    works: dict[str, Work] = {
        OURS: training_step(backbone, x, True),
        PLAIN: training_step(backbone, x, False),
    }
    _agree(backbone, x)
    case = (
        f"{name}, 16 wide, {'pooled after the stem, ' if pool else ''}{clips} clips of"
        f" {x.shape[2]}x56x56"
    )
    yield from rows(
        "step",
        case,
        "clips",
        clips,
        race(works, setting.rounds),
        layouts={OURS: LAYOUTS[True], PLAIN: LAYOUTS[False]},
    )


def _on_gpu(name: str, setting: Setting, compiled: bool) -> Iterator[Row]:
    """Race half precision in both layouts against the plain recipe, or compiled against not.

    Ours is what `training.fit` does by default.
    """
    clips, device = 32, torch.device("cuda")
    backbone = models.build(name).to(device)
    x = torch.rand(clips, 3, LENGTH, CROP, CROP, device=device)
    works: dict[str, Work] = {OURS: training_step(backbone, x, True, torch.bfloat16)}
    layouts, precisions = {OURS: LAYOUTS[True]}, {OURS: "bfloat16"}
    if not compiled:
        works[PLAIN] = training_step(backbone, x, False)
        layouts[PLAIN] = LAYOUTS[False]
    for last in (False, True) if compiled else (False,):
        kind = f"bfloat16, {LAYOUTS[last]}{', compiled' if compiled else ''}"
        works[kind] = training_step(backbone, x, last, torch.bfloat16, compiled)
        layouts[kind], precisions[kind] = LAYOUTS[last], "bfloat16"
    timings = race(works, setting.rounds)
    case = f"{name}, {clips} clips of {LENGTH}x{CROP}x{CROP}, on the GPU"
    case += ", compiled or not" if compiled else ""
    yield from rows(
        "step", case, "clips", clips, timings, "wall", layouts=layouts, precisions=precisions
    )


def training_step(
    backbone: nn.Module,
    x: Tensor,
    last: bool,
    dtype: torch.dtype | None = None,
    compiled: bool = False,
) -> Work:
    """The work of one step on a copy of the backbone: forward, backward, SGD."""
    model = copy.deepcopy(backbone)
    if last:
        model = model.to(memory_format=torch.channels_last_3d)
        x = x.contiguous(memory_format=torch.channels_last_3d)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
    run = torch.compile(model) if compiled else model

    def work() -> None:
        with torch.autocast(x.device.type, dtype, enabled=dtype is not None):
            loss = run(x).mean((2, 3, 4)).float().pow(2).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()

    return work


def _agree(backbone: nn.Module, x: Tensor) -> None:
    """Check that both layouts give the same features."""
    backbone = copy.deepcopy(backbone).eval()
    with torch.inference_mode():
        plain = backbone(x)
        last = backbone.to(memory_format=torch.channels_last_3d)(
            x.contiguous(memory_format=torch.channels_last_3d)
        )
    assert torch.allclose(plain, last, rtol=1e-3, atol=1e-4), "the layout changes the features"
