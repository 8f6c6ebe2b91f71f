"""The processes that draw.

They are started by a command line rather than by `multiprocessing`, which would import the caller's
main module in each, and that may load torch or be a notebook. They report over one pipe, a line for
each video, and stop when nobody reads it any more, so a killed caller leaves none behind.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vssl import paths
from vssl.errors import VsslError
from vssl.videos.puppets.crowd import crowd
from vssl.videos.puppets.draw import draw
from vssl.videos.puppets.encode import encode
from vssl.videos.puppets.shot import perform, shoot
from vssl.videos.puppets.world import World

COMMAND = "from vssl.videos.puppets.worker import main; main()"
FAILED = "failed: "


@dataclass(frozen=True)
class Task:
    """The videos of one performer, for all of which the scene is painted once."""

    class_name: str
    group: int
    videos: tuple[tuple[int, str], ...]  # (clip, path below the root)


def draw_videos(world: World, root: Path, tasks: list[Task]) -> Iterator[str]:
    """Draw and encode in this process; yields the path of each video when it is written."""
    for task in tasks:
        if world.people is not None:
            for clip, path in task.videos:
                shots = [member.shot for member in crowd(world, task.group, clip)]
                encode(root / path, draw(world, *shots), world.fps)
                yield path
            continue
        performer = perform(world, task.class_name, task.group)
        for clip, path in task.videos:
            encode(root / path, draw(world, shoot(world, performer, clip)), world.fps)
            yield path


def draw_with(workers: int, world: World, root: Path, tasks: list[Task]) -> Iterator[str]:
    """Draw and encode in `workers` processes; yields the path of each video when it is written."""
    environment = paths.for_children() | {"OMP_NUM_THREADS": "1"}
    reading, writing = os.pipe()
    processes: list[subprocess.Popen] = []
    with os.fdopen(reading, encoding="utf-8") as reports:
        try:
            # Our end is closed once theirs are open, so that reading ends with the last worker.
            with os.fdopen(writing, "w") as pipe:
                for _ in range(workers):
                    # In its own session: Ctrl-C reaches the caller alone, which ends its workers.
                    process = subprocess.Popen(
                        [sys.executable, "-c", COMMAND],
                        stdin=subprocess.PIPE,
                        stdout=pipe,
                        env=environment,
                        start_new_session=True,
                    )
                    processes.append(process)
            for number, process in enumerate(processes):
                _send(process, (world, root, tasks[number::workers]))
            for line in reports:
                if line.startswith(FAILED):
                    raise VsslError(line.removeprefix(FAILED).strip())
                yield line.strip()
            for process in processes:
                if status := process.wait():
                    raise VsslError(
                        f"a drawing process ended with status {status}; "
                        "run it again, the videos drawn so far are kept"
                    )
        finally:
            for process in processes:
                process.kill()
                process.wait()


def _send(process: subprocess.Popen, work: tuple[World, Path, list[Task]]) -> None:
    """Tell a worker what to draw; if it died before reading this, its status shows it later."""
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError), process.stdin:
        pickle.dump(work, process.stdin)


def main() -> None:
    """Draw what is read from standard input, and report on standard output."""
    world, root, tasks = pickle.load(sys.stdin.buffer)
    with contextlib.suppress(BrokenPipeError):  # the caller is gone, so drawing stops
        try:
            for path in draw_videos(world, root, tasks):
                # One write for each line, so that lines of several workers never mix.
                os.write(1, f"{path}\n".encode())
        except BrokenPipeError:
            raise
        except Exception as error:
            message = (
                str(error)
                if isinstance(error, VsslError)
                else f"drawing failed with {type(error).__name__}: {error}"
            )
            os.write(1, f"{FAILED}{' '.join(message.split())}\n".encode())
