"""Carry out tasks in processes, some at a time, each after those that it needs."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing import connection
from multiprocessing.process import BaseProcess
from typing import Any

from vssl.shelf import gpus


@dataclass(frozen=True)
class Task:
    """One piece of work, and the names of those that must end well before it begins."""

    key: str
    what: str  # its description
    needs: tuple[str, ...] = ()
    begin: Callable[[int], BaseProcess] = field(repr=False, kw_only=True)  # on the GPU of a slot


@dataclass(frozen=True)
class Finished:
    """How a task ended."""

    task: Task
    reason: str  # why it failed; empty for a success
    seconds: float  # on the clock


def carry_out(
    tasks: Sequence[Task],
    jobs: int,
    reason: Callable[[Task, int | None], str],
    tell: Callable[[Finished], None],
    fits: Callable[[Task], bool] = lambda task: True,
) -> list[Task]:
    """Carry out tasks, `jobs` at a time, the first that is ready before the others.

    `reason` says why a task with this exit code failed, and `tell` hears of every end. A task that
    no longer `fits` is not begun, and neither is what needs it: these are returned.
    """
    waiting = {task.key: task for task in tasks}
    unfinished, failed, left = set(waiting), dict[str, str](), dict[str, Task]()
    running: dict[int, tuple[Task, BaseProcess, float, int]] = {}  # by its sentinel
    while waiting or running:
        for task in list(waiting.values()):
            if lost := next((failed[need] for need in task.needs if failed.get(need)), ""):
                failed[task.key] = f"{task.what} was not computed because {lost}"
                unfinished.discard(waiting.pop(task.key).key)
                tell(Finished(task, failed[task.key], 0.0))
            elif any(need in left for need in task.needs):
                left[task.key] = waiting.pop(task.key)
            elif any(need in unfinished for need in task.needs) or len(running) >= jobs:
                continue
            elif not fits(task):
                left[task.key] = waiting.pop(task.key)
            else:
                slot = gpus.free_slot({held for *_, held in running.values()})
                process = waiting.pop(task.key).begin(slot)
                running[process.sentinel] = (task, process, time.monotonic(), slot)
        ready: list[Any] = connection.wait(list(running)) if running else []
        for sentinel in ready:
            task, process, begin, _ = running.pop(sentinel)
            process.join()
            unfinished.discard(task.key)
            failed[task.key] = reason(task, process.exitcode)
            tell(Finished(task, failed[task.key], time.monotonic() - begin))
    return list(left.values())
