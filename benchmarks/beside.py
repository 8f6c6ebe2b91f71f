"""Runs side by side, with one thread each, against one run after another with all threads.

Most of our work is small runs, and a small net cannot keep a machine busy. Each run has a process
of its own, which is started once and trains on request, so that only training is timed. On a GPU,
all runs share it.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack

from benchmarks.setting import Setting
from benchmarks.timing import synchronise
from vssl import paths
from vssl.errors import VsslError
from vssl.results.speed import OURS, Row, Timing, rows

STEPS, CLIPS = 10, 8
AFTER = "one after another, all threads"
WORKER = "from benchmarks.beside import work; work()"


def run(setting: Setting) -> Iterator[Row]:
    """Race all runs at once against the same runs one after another."""
    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    processes = 4 if setting.cuda else min(cores, 8)
    if processes < 2:
        return
    with ExitStack() as stack:
        many = [stack.enter_context(_Run(1)) for _ in range(processes)]
        alone = [stack.enter_context(_Run(cores))]
        ways = [(OURS, many, STEPS), (AFTER, alone, STEPS * processes)]
        spent: dict[str, list[tuple[float, float]]] = {OURS: [], AFTER: []}
        for number in range(-1, setting.rounds):
            for name, runs, steps in ways if number % 2 else ways[::-1]:
                began = time.perf_counter()
                for one in runs:
                    one.train(steps)
                core = sum([one.wait() for one in runs])
                if number >= 0:
                    spent[name].append((time.perf_counter() - began, core))
    timings = {
        name: Timing(*(tuple(kind) for kind in zip(*times, strict=True)))
        for name, times in spent.items()
    }
    case = (
        f"{processes} runs of r3d 16 wide, 8x56x56, on"
        f" {'one GPU' if setting.cuda else f'{cores} cores'}"
    )
    yield from rows(
        "beside",
        case,
        "clips",
        processes * STEPS * CLIPS,
        timings,
        "wall",
        notes={OURS: "all at once, one thread each"},
    )


class _Run:
    """A process that trains on request."""

    def __init__(self, threads: int) -> None:
        environment = {
            **paths.for_children(),
            **{f"{name}_NUM_THREADS": str(threads) for name in ("OMP", "MKL", "OPENBLAS")},
        }
        self.process = subprocess.Popen(
            [sys.executable, "-c", WORKER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def __enter__(self) -> _Run:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        with contextlib.suppress(OSError):
            self.process.communicate()

    def train(self, steps: int) -> None:
        """Let the process begin so many steps, without waiting for them."""
        with contextlib.suppress(BrokenPipeError):  # the process died, and `wait` will report it
            self.process.stdin.write(f"{steps}\n")
            self.process.stdin.flush()

    def wait(self) -> float:
        """Wait until the steps are done and return the core-seconds they took."""
        line = self.process.stdout.readline()
        if not line:
            raise VsslError(
                f"a training process ended with code {self.process.wait()} before its time; see"
                " above, or try fewer at once"
            )
        return json.loads(line)


def work() -> None:
    """Train as many steps as each line of stdin says, until stdin ends; the processes run this."""
    import torch

    from benchmarks.step import training_step
    from vssl import models

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    step = training_step(
        models.build("r3d", width=16, pool=True).to(device),
        torch.rand(CLIPS, 3, 8, 56, 56, device=device),
        last=True,
    )
    for line in sys.stdin:
        began = time.process_time()
        for _ in range(int(line)):
            step()
        synchronise()
        print(time.process_time() - began, flush=True)
