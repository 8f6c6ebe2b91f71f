"""The run store: each experiment is computed once and then read from its folder.

The folder is named by the experiment's key.

A run is computed in a working folder (where training leaves its checkpoints) and moved to its place
when it is whole, so a folder with a key's name is a finished run. A lock a key keeps two processes
from computing the same run; the kernel frees it when its holder dies, and whoever comes next goes
on from the last checkpoint.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from vssl import paths
from vssl.errors import VsslError
from vssl.files import locked, replacing, write_json
from vssl.lab import code, key, processes
from vssl.lab.machine import machine


@dataclass(frozen=True)
class Run:
    """A finished run: its metrics, its arrays, and a record of where and when it was made."""

    folder: Path
    metrics: dict[str, float]
    record: dict[str, Any]
    computed: bool  # now, rather than read from the store
    older: bool = False  # made by code that has changed since, and reused on request

    @functools.cached_property
    def arrays(self) -> dict[str, np.ndarray]:
        """All arrays of the run, read from disk on first use."""
        with np.load(self.folder / "arrays.npz") as file:
            return dict(file)

    @property
    def minutes(self) -> float:
        """How long it took to compute."""
        return self.record["minutes"]

    def line(self) -> str:
        """Whether it was computed or read, in words."""
        made = (
            "computed now"
            if self.computed
            else f"read from the store, made {self.record['date']} on {self.record['hardware']}"
        )
        return f"{made}, {self.minutes:.1f} min" + (
            ", by code that has changed since" if self.older else ""
        )


def folder_of(experiment: Any) -> Path:
    """Where the finished run of an experiment lies."""
    return paths.runs() / "store" / experiment.key()


def done(experiment: Any) -> bool:
    """Whether an experiment's run is in the store, made by today's code.

    A run by older code counts too where the environment asks for that.
    """
    found = _read(experiment)
    return found is not None and (_old_will_do() or found.record["code"] == code_of(experiment))


def code_of(experiment: Any) -> str:
    """The digest of all code that an experiment's result depends on, as it is today.

    That is its own code and that of everything it needs.
    """
    return code.of(experiment, map(code_of, experiment.needs()))


def costs(experiment: Any) -> dict[str, float]:
    """Minutes of the experiment's run and of every run it needed, by key.

    By the keys, whoever adds up several counts a shared run once.
    """
    found = _read(experiment)
    own = {experiment.key(): found.minutes} if found else {}
    return own | {
        name: minutes for need in experiment.needs() for name, minutes in costs(need).items()
    }


def run(
    experiment: Any, *, reuse_old: bool = False, tell: Callable[[str], None] | None = None
) -> Run:
    """The run of an experiment, from the store or computed now.

    What it needs is computed first.

    A run that older code made is computed again, unless `reuse_old` (or the environment's
    VSSL_REUSE_OLD) asks for it.

    Under `torchrun` every process calls this with the same experiments in the same order. The first
    looks into the store and decides for all; it alone locks and writes. A training is shared: each
    process takes its part of every batch, which is the same computation only where the recipe joins
    batch statistics and the loss gathers its negatives. All else the first computes while the
    others wait, and every process reads the finished run. An error ends the call on all of them
    with its line; if it came in the middle of a training, the others may learn of it only when the
    process that failed has ended.
    """
    reuse_old = reuse_old or _old_will_do()
    today = code_of(experiment)
    with contextlib.ExitStack() as lock:

        def known() -> bool:
            lock.enter_context(locked(folder_of(experiment).with_name(f".{experiment.key()}.lock")))
            # A run that was complete, but was killed before it was moved to its place.
            if (_working(experiment, today) / "run.json").exists():
                _place(experiment, today)
            found = _read(experiment)
            return found is not None and (found.record["code"] == today or reuse_old)

        if processes.first(known):
            return _whole(experiment, today)
        inputs = tuple(run(need, reuse_old=reuse_old, tell=tell) for need in experiment.needs())
        # Not today's, if an input is older: then so is what is computed from it, for good.
        made_by = code.of(experiment, [one.record["code"] for one in inputs])
        if tell and processes.is_first():
            tell(
                f"computing {experiment.key()}"
                + (" again: the code has changed since its run" if _read(experiment) else "")
            )
        part = (
            functools.partial(experiment.compute, _working(experiment, made_by), inputs)
            if _shared(experiment)
            else None
        )
        processes.first(functools.partial(_compute, experiment, inputs, made_by), meanwhile=part)
    return replace(_whole(experiment, today), computed=True)


def _whole(experiment: Any, today: str) -> Run:
    """The run, where it is known to be there."""
    found = _read(experiment)
    assert found is not None
    return replace(found, older=found.record["code"] != today)


def _old_will_do() -> bool:
    return os.environ.get("VSSL_REUSE_OLD", "0") != "0"


def _shared(experiment: Any) -> bool:
    """Whether the processes of torchrun compute it together."""
    return getattr(experiment, "shared", False)


def _working(experiment: Any, made_by: str) -> Path:
    """Where a run is computed; with the code in its name, for no resume goes across a change."""
    return folder_of(experiment).with_name(f".{experiment.key()}.{made_by}.working")


def _compute(experiment: Any, inputs: tuple[Run, ...], made_by: str) -> None:
    """Compute in a working folder, then move it to its place."""
    working = _working(experiment, made_by)
    working.mkdir(parents=True, exist_ok=True)
    _fill(working, experiment, inputs, made_by)
    _place(experiment, made_by)


def _place(experiment: Any, made_by: str) -> None:
    """Move a whole run to its place."""
    final = folder_of(experiment)
    if final.exists():  # an older code's run gives way
        shutil.rmtree(final)
    os.replace(_working(experiment, made_by), final)
    # What a resume needs and a finished run does not.
    for leftover in (final / "checkpoint.pt", final / "seconds.json", *final.glob(".*.tmp")):
        leftover.unlink(missing_ok=True)


def _fill(working: Path, experiment: Any, inputs: tuple[Run, ...], made_by: str) -> None:
    """Compute, and write metrics, arrays and record.

    Run.json comes last and says that all is there.
    """
    begin, before = time.monotonic(), _seconds_so_far(working)
    try:
        metrics, arrays = experiment.compute(working, inputs)
    except BaseException:
        write_json(working / "seconds.json", before + time.monotonic() - begin)
        raise
    seconds = before + time.monotonic() - begin
    with replacing(working / "arrays.npz") as temporary, open(temporary, "wb") as file:
        np.savez_compressed(file, **arrays)
    record = {
        "minutes": seconds / 60,
        "code": made_by,
        "inputs": [i.record["key"] for i in inputs],
        "key": experiment.key(),
        **machine(),
    }
    if _shared(experiment):
        record["processes"] = processes.count()
    write_json(
        working / "run.json",
        {"description": key.described(experiment), "metrics": metrics, "record": record},
    )


def _read(experiment: Any) -> Run | None:
    path = folder_of(experiment) / "run.json"
    if not path.exists():
        return None
    try:
        kept = json.loads(path.read_text())
        return Run(path.parent, kept["metrics"], kept["record"], computed=False)
    except (ValueError, KeyError) as error:
        raise VsslError(
            f"the run {path.parent} is damaged ({error}); delete that folder to compute it again"
        ) from error


def _seconds_so_far(working: Path) -> float:
    """What an earlier, interrupted try spent; a kill loses the count, not the checkpoint."""
    path = working / "seconds.json"
    return json.loads(path.read_text()) if path.exists() else 0.0
