"""Choose a GPU for each process of the runner, so that processes side by side share all GPUs."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Collection


def free_slot(taken: Collection[int]) -> int:
    """Return the lowest number that no running process holds."""
    return next(slot for slot in itertools.count() if slot not in taken)


def chosen(slot: int, visible: str | None, count: int) -> str | None:
    """Return the value of CUDA_VISIBLE_DEVICES for the process with this slot, or None to keep it.

    The value is one of the GPUs named in `visible`. `count` is how many GPUs CUDA finds: CUDA
    ignores an entry that names no GPU and every entry after it.
    """
    names = (
        [str(number) for number in range(count)]
        if visible is None
        else visible.split(",")[: max(0, count)]
    )
    return names[slot % len(names)].strip() if names else None


def take(slot: int) -> None:
    """Restrict this process to the GPU of its slot, where torch is loaded.

    This must come before anything asks CUDA for memory. Afterwards the GPU is cuda:0 in this
    process, so other code needs no device number.
    """
    if (torch := sys.modules.get("torch")) is None:
        return
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    # CUDA reads the variable once, when it starts. `device_count` asks the driver's library and
    # so does not start CUDA, but that library does not count slices of a GPU (MIG).
    count = (
        visible.count(",") + 1
        if visible and visible.startswith("MIG-")
        else torch.cuda.device_count()
    )
    if (name := chosen(slot, visible, count)) is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = name
