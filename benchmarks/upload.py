"""The way from memory to the GPU: bytes or floats, pinned or not.

On a machine without a GPU there is nothing to measure.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.setting import CROP, LENGTH, Setting
from benchmarks.timing import race
from vssl.results.speed import OURS, Row, rows

CLIPS = 64


def run(setting: Setting) -> Iterator[Row]:
    """Race a batch of crops as bytes, as the frame store gives them, against the same as floats."""
    if not setting.cuda:
        return
    import torch

    device = torch.device("cuda")
    pageable = torch.zeros(CLIPS, LENGTH, CROP, CROP, 3, dtype=torch.uint8)  # [N, T, H, W, C]
    pinned, floats = pageable.pin_memory(), pageable.float()
    works = {
        OURS: lambda: pinned.to(device, non_blocking=True),
        "bytes, not pinned": lambda: pageable.to(device),
        "float32, not pinned": lambda: floats.to(device),
    }
    yield from rows(
        "upload",
        f"{CLIPS} clips of {LENGTH}x{CROP}x{CROP} to the GPU",
        "clips",
        CLIPS,
        race(works, setting.rounds),
        "wall",
    )
