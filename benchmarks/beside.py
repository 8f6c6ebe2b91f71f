"""Runs side by side: as many runs as cores with one thread each, against one run after another with all threads; and on one GPU.

Small runs are most of our work, and a small net cannot fill a machine. The runs live in processes of their own, started once, and train
when they are told to, so that what is timed is training alone.
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
    """All runs together against the same runs in sequence."""
    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    together = 4 if setting.cuda else min(cores, 8)
    if together < 2:
        return
    with ExitStack() as stack:
        many = [stack.enter_context(_Run(1)) for _ in range(together)]
        alone = [stack.enter_context(_Run(cores))]
        ways = [(OURS, many, STEPS), (AFTER, alone, STEPS * together)]
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
        f"{together} runs of r3d 16 wide, 8x56x56, on"
        f" {'one GPU' if setting.cuda else f'{cores} cores'}"
    )
    yield from rows(
        "beside",
        case,
        "clips",
        together * STEPS * CLIPS,
        timings,
        "wall",
        notes={OURS: "all at once, one thread each"},
    )


class _Run:
    """A process that trains when told to."""

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
        """Begin."""
        with contextlib.suppress(BrokenPipeError):  # it died: `wait` will find out
            self.process.stdin.write(f"{steps}\n")
            self.process.stdin.flush()

    def wait(self) -> float:
        """Wait for the end; the core seconds it took."""
        line = self.process.stdout.readline()
        if not line:
            raise VsslError(
                f"a training process ended with code {self.process.wait()} before its time; see"
                " above, or try fewer at once"
            )
        return json.loads(line)


def work() -> None:
    """What the processes run: a training step as often as the next line of stdin says, until there is none."""
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
