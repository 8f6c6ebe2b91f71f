"""The run store: each experiment is computed once, kept in a folder named by its key, and read from there ever after.

A run is computed in a working folder (where training leaves its checkpoints) and moved to its place when it is whole, so a folder
with a key's name is a finished run. A lock a key keeps two processes from computing the same run; the kernel frees it when its
holder dies, and whoever comes next goes on from the last checkpoint.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vssl import paths
from vssl.errors import VsslError
from vssl.files import locked, replacing, write_json
from vssl.lab import key
from vssl.lab.machine import machine


@dataclass(frozen=True)
class Run:
    """A finished run: its metrics, its arrays, and a record of where and when it was made."""

    folder: Path
    metrics: dict[str, float]
    record: dict[str, Any]
    computed: bool  # now, rather than read from the store

    @functools.cached_property
    def arrays(self) -> dict[str, np.ndarray]:
        """All arrays of the run, read from disk on first use."""
        with np.load(self.folder / "arrays.npz") as file:
            return dict(file)

    @property
    def minutes(self) -> float:
        """How long it took to compute."""
        return self.record["minutes"]

    def says(self) -> str:
        """Whether it was computed or read, in words."""
        made = "computed now" if self.computed else f"read from the store, made {self.record['date']} on {self.record['hardware']}"
        return f"{made}, {self.minutes:.1f} min"


def folder_of(experiment: Any) -> Path:
    """Where the finished run of an experiment lies."""
    return paths.runs() / "store" / experiment.key()


def done(experiment: Any) -> bool:
    """Whether an experiment's run is in the store, made by today's code (or by older code, where the environment asks for that)."""
    found = _read(experiment)
    return found is not None and (_old_will_do() or found.record["code"] == key.code_digest(*experiment.code))


def run(experiment: Any, *, reuse_old: bool = False, tell: Callable[[str], None] | None = None) -> Run:
    """The run of an experiment: from the store if it is there, computed (with what it needs) if not.

    A run that older code made is computed again, unless `reuse_old` (or the environment's VSSL_REUSE_OLD) asks for it.
    """
    reuse_old = reuse_old or _old_will_do()
    code = key.code_digest(*experiment.code)
    with locked(folder_of(experiment).with_name(f".{experiment.key()}.lock")):
        found = _read(experiment)
        if found is not None and (found.record["code"] == code or reuse_old):
            return found
        inputs = tuple(run(need, reuse_old=reuse_old, tell=tell) for need in experiment.needs())
        if tell:
            tell(f"computing {experiment.key()}" + (" again: the code has changed since its run" if found else ""))
        return _compute(experiment, inputs, code)


def _old_will_do() -> bool:
    return bool(os.environ.get("VSSL_REUSE_OLD"))


def _compute(experiment: Any, inputs: tuple[Run, ...], code: str) -> Run:
    """Compute in a working folder, then move it to its place."""
    final = folder_of(experiment)
    working = final.with_name(f".{experiment.key()}.{code}.working")  # with the code in its name: no resume across a change
    working.mkdir(parents=True, exist_ok=True)
    begin = time.monotonic()
    before = _seconds_so_far(working)
    try:
        metrics, arrays = experiment.compute(working, inputs)
    except BaseException:
        write_json(working / "seconds.json", before + time.monotonic() - begin)
        raise
    seconds = before + time.monotonic() - begin
    try:
        with replacing(working / "arrays.npz") as temporary, open(temporary, "wb") as file:
            np.savez_compressed(file, **arrays)
    except OSError as error:
        raise VsslError(f"cannot write {working}: {error.strerror or error}; free some space and run again: it goes on") from error
    record = {"minutes": seconds / 60, "code": code, "inputs": [i.record["key"] for i in inputs], "key": experiment.key(), **machine()}
    write_json(working / "run.json", {"description": key.described(experiment), "metrics": metrics, "record": record})
    for leftover in ("checkpoint.pt", "seconds.json"):  # a resume needs them, a finished run does not
        (working / leftover).unlink(missing_ok=True)
    if final.exists():  # an older code's run gives way
        shutil.rmtree(final)
    os.replace(working, final)
    return Run(final, metrics, record, computed=True)


def _read(experiment: Any) -> Run | None:
    path = folder_of(experiment) / "run.json"
    if not path.exists():
        return None
    try:
        kept = json.loads(path.read_text())
        return Run(path.parent, kept["metrics"], kept["record"], computed=False)
    except (ValueError, KeyError) as error:
        raise VsslError(f"the run {path.parent} is damaged ({error}); delete that folder to compute it again") from error


def _seconds_so_far(working: Path) -> float:
    """What an earlier, interrupted try spent; a kill loses the count, not the checkpoint."""
    path = working / "seconds.json"
    return json.loads(path.read_text()) if path.exists() else 0.0
