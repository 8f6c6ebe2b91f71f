"""What an experiment costs, estimated before it is run: multiply-adds over a rate.

An experiment says itself how many clips it puts through its net (`Work`). This module imports
nothing heavy: the runner of notebooks reads costs too.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from vssl.lab.data import Data

BACKWARD = 2  # a step back costs two passes forward: for activations and for weights
OVERHEAD = 5.0  # seconds, of a process that only reads features: mostly imports

# Multiply-adds a second. A GPU: what 425 clips a second of 16 x 112 x 112 through R3D-18 take, the
# best end-to-end figure published for one H100. A core: as seen on a 2-core AMD EPYC with narrow
# nets; wide ones do better.
GPU_RATE, CORE_RATE = 50e12, 40e9
RATES = {
    "smoke": (CORE_RATE, "one core"),
    "demo": (CORE_RATE, "one core"),
    "gpu": (GPU_RATE, "one H100-class GPU"),
    "paper": (GPU_RATE, "one H100-class GPU"),
}


class Work(NamedTuple):
    """What an experiment alone puts through a net, without what it needs."""

    data: Data
    net: Any  # lab.Net
    length: int  # of a clip
    size: int
    trained: float = 0  # clips that go forward and back
    forward: float = 0  # clips that go forward only
    beside: float = 0  # multiply-adds of other nets, forward and back


class Cost(NamedTuple):
    """What an experiment alone takes, as a plan shows it."""

    data: str
    found: bool  # whether the data is there
    clips: float  # that go through the net, forward or forward and back
    size: str  # of a clip
    seconds: float
    where: str  # on what


def estimate(experiment: Any, profile: str) -> Cost:
    """The cost of one experiment on the machine that a profile is for; nothing is computed."""
    work: Work = experiment.work()
    rate, where = RATES[profile]
    clips = work.trained + work.forward
    seconds = OVERHEAD + work.beside / rate
    if clips:
        passes = (1 + BACKWARD) * work.trained + work.forward
        seconds += multiply_adds(work.net, work.length, work.size) * passes / rate
    size = f"{work.length} x {work.size} x {work.size}"
    return Cost(work.data.title(), work.data.source is not None, clips, size, seconds, where)


@functools.lru_cache(maxsize=32)
def multiply_adds(net: Any, length: int, size: int) -> int:
    """Multiply-adds of one clip, forward."""
    import torch

    from vssl import models

    # Without storage: the widest nets would take gigabytes, and minutes to draw.
    with torch.device("meta"):
        return models.macs(net.build(seed=0), length, size)
