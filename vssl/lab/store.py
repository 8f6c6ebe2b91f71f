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
from typing import IO, Any

import numpy as np

from vssl import paths
from vssl.errors import VsslError
from vssl.files import locked, replacing, write_json
from vssl.lab import age, code, key, processes
from vssl.lab.machine import libraries, machine, one_thread, processor_seconds

COMPRESSED = 64_000_000  # bytes of arrays at most


@dataclass(frozen=True)
class Run:
    """A finished run: its metrics, its arrays, and a record of where and when it was made."""

    folder: Path
    metrics: dict[str, float]
    record: dict[str, Any]
    computed: bool  # now, rather than read from the store
    older: str = ""  # why it is not what would be computed today; it was reused on request

    @functools.cached_property
    def arrays(self) -> dict[str, np.ndarray]:
        """All arrays of the run, read from disk on first use."""
        with np.load(self.folder / "arrays.npz") as file:
            return dict(file)

    @property
    def minutes(self) -> float:
        """What it cost: minutes of the processor, or on the clock where a GPU computed.

        On a shared processor the clock says more of the neighbours than of the run.
        """
        if self.record.get("gpu_memory_mb") or "cpu_minutes" not in self.record:
            return self.record["minutes"]
        return self.record["cpu_minutes"]

    def line(self) -> str:
        """Whether it was computed or read, in words."""
        made = (
            "computed now"
            if self.computed
            else f"read from the store, made {self.record['date']} on {self.record['hardware']}"
        )
        return f"{made}, {self.minutes:.1f} min{f', {self.older}' if self.older else ''}"


def folder_of(experiment: Any) -> Path:
    """Where the finished run of an experiment lies."""
    return paths.runs() / "store" / experiment.key()


def done(experiment: Any) -> bool:
    """Whether an experiment's run is in the store, as it would be computed today.

    An older run counts too where the environment asks for that.
    """
    found = _read(experiment)
    return found is not None and (_old_will_do() or not age.of(experiment, found.record))


def spent(experiment: Any) -> tuple[float, float] | None:
    """Minutes that the experiment's own run cost and took; None where there is no run."""
    found = _read(experiment)
    return (found.minutes, found.record["minutes"]) if found else None


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

    An older run (by other code, with other libraries, from other frames) is computed again, unless
    `reuse_old` (or the environment's VSSL_REUSE_OLD) asks for it.

    Under `torchrun` every process calls this with the same experiments in the same order. The first
    looks into the store and decides for all; it alone locks and writes. A training is shared: each
    process takes its part of every batch, which is the same computation only where the recipe joins
    batch statistics and the loss gathers its negatives. All else the first computes while the
    others wait, and every process reads the finished run. An error ends the call on all of them
    with its line; if it came in the middle of a training, the others may learn of it only when the
    process that failed has ended.
    """
    reuse_old = reuse_old or _old_will_do()
    today = age.code_of(experiment)
    with contextlib.ExitStack() as lock:

        def known() -> bool:
            lock.enter_context(locked(folder_of(experiment).with_name(f".{experiment.key()}.lock")))
            # A run that was complete, but was killed before it was moved to its place.
            if (_working(experiment, today) / "run.json").exists():
                _place(experiment, today)
            found = _read(experiment)
            return found is not None and (reuse_old or not age.of(experiment, found.record))

        if processes.first(known):
            return _whole(experiment)
        inputs = tuple(run(need, reuse_old=reuse_old, tell=tell) for need in experiment.needs())
        # Not today's, if an input is older: then so is what is computed from it, for good.
        made_by = code.of(experiment, [one.record["code"] for one in inputs])
        if tell and processes.is_first():
            old = _read(experiment)
            why = f" again: its run was made {age.of(experiment, old.record)}" if old else ""
            tell(f"computing {experiment.key()}{why}")
        part = (
            functools.partial(_take_part, experiment, _working(experiment, made_by), inputs)
            if age.is_shared(experiment)
            else None
        )
        processes.first(functools.partial(_compute, experiment, inputs, made_by), meanwhile=part)
    return replace(_whole(experiment), computed=True)


def _whole(experiment: Any) -> Run:
    """The run, where it is known to be there."""
    found = _read(experiment)
    assert found is not None
    return replace(found, older=age.of(experiment, found.record))


def _old_will_do() -> bool:
    return os.environ.get("VSSL_REUSE_OLD", "0") != "0"


def _working(experiment: Any, made_by: str) -> Path:
    """Where a run is computed; with the code in its name, for no resume goes across a change."""
    return folder_of(experiment).with_name(f".{experiment.key()}.{made_by}.working")


def _take_part(experiment: Any, working: Path, inputs: tuple[Run, ...]) -> None:
    """Compute beside the first process of torchrun, which keeps what comes of it."""
    with one_thread():
        experiment.compute(working, inputs)


def _compute(experiment: Any, inputs: tuple[Run, ...], made_by: str) -> None:
    """Compute in a working folder, then move it to its place."""
    working = _working(experiment, made_by)
    _begin(working, experiment)
    _fill(working, experiment, inputs, made_by)
    _place(experiment, made_by)


def _begin(working: Path, experiment: Any) -> None:
    """Make the working folder; what other libraries or other frames have begun there is removed."""
    now: dict[str, Any] = {"libraries": libraries(), "frames": age.frames_of(experiment)}
    file = working / "begun.json"
    if file.exists():
        then = json.loads(file.read_text())
        known = then["frames"].keys() & now["frames"].keys()
        same = all(then["frames"][name] == now["frames"][name] for name in known)
        if then["libraries"] != now["libraries"] or not same:
            shutil.rmtree(working)
    write_json(file, now)


def _place(experiment: Any, made_by: str) -> None:
    """Move a whole run to its place."""
    final = folder_of(experiment)
    if final.exists():  # an older code's run gives way
        shutil.rmtree(final)
    os.replace(_working(experiment, made_by), final)
    # What a resume needs and a finished run does not.
    names = ("checkpoint.pt", "seconds.json", "begun.json")
    for leftover in (*(final / name for name in names), *final.glob(".*.tmp")):
        leftover.unlink(missing_ok=True)


def _fill(working: Path, experiment: Any, inputs: tuple[Run, ...], made_by: str) -> None:
    """Compute, and write metrics, arrays and record.

    Run.json comes last and says that all is there.
    """
    spent = _Spent(working)
    try:
        with one_thread():
            metrics, arrays = experiment.compute(working, inputs)
            about = machine()
    except BaseException:
        spent.keep()
        raise
    seconds, cpu_seconds = spent.seconds()
    with replacing(working / "arrays.npz") as temporary, open(temporary, "wb") as file:
        _save(file, arrays)
    frames = age.frames_of(experiment)
    for one in inputs:  # an older input saw older frames
        frames |= one.record["frames"]
    record = {
        "minutes": seconds / 60,
        "cpu_minutes": cpu_seconds / 60,
        "code": made_by,
        "libraries": age.libraries_of([one.record["libraries"] for one in inputs]),
        "frames": frames,
        "inputs": [i.record["key"] for i in inputs],
        "key": experiment.key(),
        **about,
    }
    if age.is_shared(experiment):
        record["processes"] = processes.count()
    write_json(
        working / "run.json",
        {"description": key.described(experiment), "metrics": metrics, "record": record},
    )


def _save(file: IO[bytes], arrays: dict[str, Any]) -> None:
    """Write arrays, compressed while that is quick.

    Features at the profile `gpu` are 600 MB. To make them a third smaller would take half a minute
    of one core, and a GPU computes them in five seconds.
    """
    if sum(array.nbytes for array in arrays.values()) <= COMPRESSED:
        np.savez_compressed(file, **arrays)
    else:
        np.savez(file, **arrays)


def _read(experiment: Any) -> Run | None:
    path = folder_of(experiment) / "run.json"
    if not path.exists():
        return None
    try:
        kept = json.loads(path.read_text())
        # What a run of before they were recorded lacks: it is older.
        record: dict[str, Any] = {"libraries": "unknown libraries", "frames": {}}
        return Run(path.parent, kept["metrics"], record | kept["record"], computed=False)
    except (ValueError, KeyError) as error:
        raise VsslError(
            f"the run {path.parent} is damaged ({error}); delete that folder to compute it again"
        ) from error


class _Spent:
    """The time that a run takes, with that of earlier tries that were interrupted.

    A kill loses the count of its try, not the checkpoint.
    """

    def __init__(self, working: Path) -> None:
        self.file = working / "seconds.json"
        self.before = json.loads(self.file.read_text()) if self.file.exists() else [0.0, 0.0]
        self.begin = self._now()

    def seconds(self) -> list[float]:
        """On the clock, and of the processor."""
        return [
            before + now - begin
            for before, now, begin in zip(self.before, self._now(), self.begin, strict=True)
        ]

    def keep(self) -> None:
        """Write it down for the next try."""
        write_json(self.file, self.seconds())

    def _now(self) -> tuple[float, float]:
        return time.monotonic(), processor_seconds()
