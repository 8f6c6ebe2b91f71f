"""Timing contenders in turn over several rounds, in seconds of the clock and of processor time."""

from __future__ import annotations

import gc
import resource
import sys
import time
from collections.abc import Callable, Mapping

from vssl.results.speed import Timing

Work = Callable[[], object]


def race(
    contenders: Mapping[str, Work], rounds: int = 5, share: Mapping[str, float] | None = None
) -> dict[str, Timing]:
    """Run every contender once in each round, and each round begins with another contender.

    A machine that slows down for a while then slows all of them. So compare seconds within a round
    and take the median over rounds. One more round at the start warms up and does not count. A
    contender that is far slower than the others may do only a `share` of a round's work; its
    seconds are then divided by that share.
    """
    names = list(contenders)
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    for number in range(-1, rounds):
        shift = number % len(names)
        for name in names[shift:] + names[:shift]:
            gc.collect()  # so that no contender pays for the garbage of another
            wall, core = once(contenders[name])
            if number >= 0:
                part = (share or {}).get(name, 1.0)
                spent[name].append((wall / part, core / part))
    return {
        name: Timing(*(tuple(kind) for kind in zip(*times, strict=True)))
        for name, times in spent.items()
    }


def once(work: Work) -> tuple[float, float]:
    """The wall seconds and the core-seconds of one call."""
    synchronise()
    wall, core = time.perf_counter(), _core_seconds()
    work()
    synchronise()
    return time.perf_counter() - wall, _core_seconds() - core


def synchronise() -> None:
    """Wait for the GPU if there is one, because calls only queue its work."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.synchronize()


def _core_seconds() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime
