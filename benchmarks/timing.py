"""Timing contenders against each other: in turn, several rounds, in seconds of wall time and of processor time."""

from __future__ import annotations

import gc
import resource
import time
from collections.abc import Callable, Mapping

from vssl.results.speed import Timing

Work = Callable[[], object]


def race(
    contenders: Mapping[str, Work], rounds: int = 5, share: Mapping[str, float] | None = None
) -> dict[str, Timing]:
    """Run every contender once a round, each round beginning with another, after one round that does not count.

    Interleaved, so that a machine that slows down for a while slows all of them: compare within a round, then take the median.
    A contender far slower than the others may do a `share` of a round's work only; its seconds are brought to the whole.
    """
    names = list(contenders)
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    for number in range(-1, rounds):
        shift = number % len(names)
        for name in names[shift:] + names[:shift]:
            gc.collect()  # one contender's garbage is not the next one's time
            wall, core = once(contenders[name])
            if number >= 0:
                part = (share or {}).get(name, 1.0)
                spent[name].append((wall / part, core / part))
    return {
        name: Timing(*(tuple(kind) for kind in zip(*times, strict=True)))
        for name, times in spent.items()
    }


def once(work: Work) -> tuple[float, float]:
    """Wall and core seconds of one call."""
    synchronise()
    wall, core = time.perf_counter(), _core_seconds()
    work()
    synchronise()
    return time.perf_counter() - wall, _core_seconds() - core


def synchronise() -> None:
    """Wait for the GPU, where one is at work: its kernels are only queued by the calls that start them."""
    import sys

    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.synchronize()


def _core_seconds() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime
