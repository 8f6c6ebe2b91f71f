"""The stages in their order, and one call that runs them, prints their rows and keeps them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks import (
    augment,
    beside,
    decode,
    growth,
    loss,
    material,
    similarity,
    step,
    store,
    train,
    upload,
)
from benchmarks.setting import Setting
from vssl import files, paths
from vssl.errors import VsslError
from vssl.lab.machine import hardware, machine
from vssl.results import speed
from vssl.results.speed import Row

STAGES: dict[str, Callable[[Setting], Iterator[Row]]] = {
    "decode": decode.run,
    "store": store.build,
    "gather": store.gather,
    "upload": upload.run,
    "augment": augment.run,
    "loss": loss.run,
    "similarity": similarity.run,
    "step": step.run,
    "train": train.run,
    "beside": beside.run,
    "growth": growth.run,
}
READING = ("decode", "store", "gather", "train")  # the stages that read video files


def bench(
    stages: Sequence[str] = (), videos: Path | None = None, rounds: int = 5, keep: bool = False
) -> int:
    """Run the named stages, or all if none is named, and print the rows of each when it is done.

    The rows go to runs/speed.json, or with `keep` into the speed ledger.
    """
    import torch

    if rounds < 2:
        raise VsslError(
            f"a ratio wants 2 rounds or more, not {rounds}: one round cannot tell noise from speed"
        )
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # so that all contenders have one core
    began, busy = time.monotonic(), round(os.getloadavg()[0], 2)
    try:
        chosen = {name: run for name, run in STAGES.items() if not stages or name in stages}
        read = tuple(material.found(videos)) if videos and set(chosen) & set(READING) else ()
        setting = Setting(read, rounds, cuda=torch.cuda.is_available())
        print(
            f"{_where(setting)}; one thread; medians of {rounds} rounds or a few fewer after one to"
            " warm up (slowest to fastest)\n"
        )
        found: list[Row] = []
        about = about_here() | {"load": busy}
        for name, run in chosen.items():
            new: list[Row] = []
            if name in READING and not setting.material:  # drawn late: a stage before may be enough
                setting = replace(setting, material=tuple(material.drawn()))
            for row in run(setting):
                new.append(row)
                # Written as it comes, because a later race may end in an error or be stopped.
                where = speed.add([row], about) if keep else _leave([*found, *new], about)
            if new:
                print(speed.text(new) + "\n", flush=True)
                found += new
    finally:
        torch.set_num_threads(threads)
    print(
        f"{len(found)} rows in {(time.monotonic() - began) / 60:.1f} minutes"
        + (f"; kept in {where}" if found else "")
    )
    return 0


def about_here() -> dict[str, Any]:
    """The facts stored with every row: machine, threads, versions, commit and date."""
    found = machine()
    return {name: found[name] for name in ("hardware", "threads", "versions", "commit", "date")}


def _where(setting: Setting) -> str:
    return hardware() + ("" if setting.cuda else " (no GPU)")


def _leave(found: list[Row], about: dict[str, Any]) -> Path:
    path = paths.runs() / "speed.json"
    files.write_json(path, speed.records(found, about))
    return path
