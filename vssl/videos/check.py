"""Decode all videos of a dataset to their ends, in parallel, and say which fail and why."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from vssl.errors import VideoError
from vssl.progress import progress


def failures(paths: Sequence[Path], workers: int | None = None) -> dict[Path, str]:
    """The videos that do not decode to their ends, each with its reason, in the given order."""
    found = _in_parallel(paths, workers or len(os.sched_getaffinity(0)))
    # A decoder that crashes breaks its whole pool. The videos that were not finished are tried
    # again one by one, so that the one that crashed it is named.
    for path in progress([path for path in paths if path not in found], "checking one by one"):
        found |= _in_parallel([path], 1) or {
            path: f"{path} cannot be read: it kills the decoder; replace the file"
        }
    return {path: found[path] for path in paths if found[path]}


def _in_parallel(paths: Sequence[Path], workers: int) -> dict[Path, str]:
    """Check paths in a pool of processes; those not finished when a process died are left out."""
    found: dict[Path, str] = {}
    with ProcessPoolExecutor(workers) as pool:
        tasks = {pool.submit(_reason, path): path for path in paths}
        try:
            for task in progress(as_completed(tasks), "checking", total=len(tasks)):
                found[tasks[task]] = task.result()
        except BrokenProcessPool:
            pass
        except BaseException:  # on Ctrl-C, do not wait for thousands of files
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return found


def _reason(path: Path) -> str:
    """Why a video does not decode; empty if it does."""
    from vssl.videos.decode import stream

    try:
        frames = sum(1 for _ in stream(path))
    except VideoError as error:
        return str(error)
    return "" if frames else f"{path} has no frame in it"
