"""Which GPU a process of the runner gets, where there are several: those that run side by side take them in turn."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Collection


def free_slot(taken: Collection[int]) -> int:
    """The lowest number that no running process holds."""
    return next(slot for slot in itertools.count() if slot not in taken)


def chosen(slot: int, visible: str | None, count: int) -> str | None:
    """What CUDA_VISIBLE_DEVICES is to be for the process with this slot: one of those `visible` before; None: leave it as it is.

    `count` is how many CUDA finds: it overlooks an entry that names no GPU, and all that stand
    behind it.
    """
    names = (
        [str(number) for number in range(count)]
        if visible is None
        else visible.split(",")[: max(0, count)]
    )
    return names[slot % len(names)].strip() if names else None


def take(slot: int) -> None:
    """Keep this process to its GPU.

    Before anything has asked CUDA for memory, and where torch is used at all.

    From then on the GPU is cuda:0 here, so nothing else need know that there are others.
    """
    if (torch := sys.modules.get("torch")) is None:
        return
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    # The driver's library counts without waking CUDA, which looks at the variable once; but it
    # knows no slices of a GPU.
    count = (
        visible.count(",") + 1
        if visible and visible.startswith("MIG-")
        else torch.cuda.device_count()
    )
    if (name := chosen(slot, visible, count)) is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = name
