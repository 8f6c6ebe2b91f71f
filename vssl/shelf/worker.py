"""What runs in a child process of the runner: asking notebooks for their experiments, and computing experiments.

`main` takes a command, collect or compute, and a pickle that `vssl.shelf.plan` wrote.
"""

from __future__ import annotations

import importlib
import os
import pickle
import sys
import time
import traceback
import types
from collections.abc import Mapping
from multiprocessing import connection, get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from vssl import files
from vssl.errors import VsslError
from vssl.shelf import gpus
from vssl.shelf.plan import Plan, Planned
from vssl.shelf.processes import end_with_parent

LINE = 240  # characters: more of a description is no line to read


def _collect(job: dict[str, Any]) -> None:
    """Ask each notebook in turn.

    What was found is on disk after each, in case the next one ends this process.
    """
    plan = Plan()
    for name, path in job["notebooks"].items():
        try:
            lab = importlib.import_module(job["lab"])
            found = experiments(path, job["parameters"])
            profile = job["parameters"].get("profile", "smoke")
            plan.asked[name] = list(
                dict.fromkeys(_add(plan, experiment, lab, profile) for experiment in found)
            )
            plan.runs[name] = list(
                dict.fromkeys(key for experiment in found for key in _all(experiment))
            )
        except VsslError as error:
            plan.failed[name] = plan.mistakes[name] = str(error)
        except (Exception, SystemExit) as error:
            traceback.print_exc()
            plan.failed[name] = f"{type(error).__name__}: {_first_line(error)}"
        with files.replacing(job["answer"]) as temporary:
            temporary.write_bytes(pickle.dumps(plan))


def experiments(path: Path, parameters: Mapping[str, Any]) -> tuple[Any, ...]:
    """Run the cells `parameters` (with what is injected), `setup` and `plan` of a notebook, and nothing else; gives its experiments."""
    import nbformat

    cells = [
        (set(cell.metadata.get("tags", ())), cell)
        for cell in nbformat.read(path, as_version=4).cells
        if cell.cell_type == "code"
    ]
    if not any("plan" in tags for tags, _ in cells):
        return ()
    module = types.ModuleType(
        f"plan_of_{path.stem}"
    )  # a real module: dataclasses defined in a cell look theirs up
    sys.modules[module.__name__] = module
    for tags, cell in cells:
        if tags & {"parameters", "setup", "plan"}:
            exec(
                compile(cell.source, f"{path.name}, cell {cell.get('id', '?')}", "exec"),
                vars(module),
            )
        if "parameters" in tags:
            vars(module).update(parameters)
    try:
        return tuple(module.plan)
    except (AttributeError, TypeError):
        raise ValueError("its cell tagged plan leaves no list named plan") from None


def _all(experiment: Any) -> list[str]:
    """The keys of an experiment and of everything that it needs."""
    return [key for need in experiment.needs() for key in _all(need)] + [experiment.key()]


def _add(plan: Plan, experiment: Any, lab: types.ModuleType, profile: str) -> str:
    """Put an experiment into the plan, what it needs before it; gives its key."""
    key = experiment.key()
    if key not in plan.experiments:
        done = bool(lab.done(experiment))
        needs = () if done else tuple(_add(plan, need, lab, profile) for need in experiment.needs())
        what = experiment.describe()
        what = what if len(what) <= LINE else f"{what[:LINE]} …"
        cost = lab.estimate(experiment, profile) if hasattr(lab, "estimate") and not done else None
        plan.experiments[key] = Planned(
            key, what, needs, done, pickle.dumps(experiment), cost, type(experiment).__module__
        )
    return key


def _compute(job: dict[str, Any]) -> None:
    """Run every experiment in a process of its own, forked from one that has imported what they need (torch costs seconds)."""
    context = get_context("forkserver")
    # The lab fetches its names on first use: the modules of the experiments are what brings torch
    # in.
    context.set_forkserver_preload(
        [
            job["lab"],
            "vssl.shelf.worker",
            *sorted({one.module for one in job["experiments"] if one.module}),
        ]
    )
    waiting: dict[str, Planned] = {one.key: one for one in job["experiments"]}
    unfinished = set(waiting)
    running: dict[int, tuple[Planned, BaseProcess, Path, float, int]] = {}  # by its sentinel
    reasons: dict[str, str] = {}  # of those that ended; empty for a success

    def ended(one: Planned, reason: str, took: str = "") -> None:
        reasons[one.key] = reason
        unfinished.remove(one.key)
        print(
            f"  {len(reasons)} of {len(job['experiments'])}  {reason or one.what + took}",
            flush=True,
        )
        files.write_json(job["answer"], reasons)

    while unfinished:
        ready = [
            one
            for one in waiting.values()
            if not any(need in unfinished or reasons.get(need) for need in one.needs)
        ]
        for one in ready[: job["jobs"] - len(running)]:
            log = job["logs"] / f"{one.key}.log"
            slot = gpus.free_slot({held for *_, held in running.values()})
            process = context.Process(
                target=_work, args=(waiting.pop(one.key).pickled, job["lab"], log, slot)
            )
            process.start()
            running[process.sentinel] = (one, process, log, time.monotonic(), slot)
        sentinels: list[Any] = connection.wait(list(running))
        for sentinel in sentinels:
            one, child, log, begin, _ = running.pop(sentinel)
            child.join()
            ended(
                one,
                _reason(one, child.exitcode, log),
                f" in {(time.monotonic() - begin) / 60:.1f} minutes",
            )
        for one in list(waiting.values()):
            if lost := next((reasons[need] for need in one.needs if reasons.get(need)), ""):
                ended(waiting.pop(one.key), f"{one.what} was not computed, for {lost}")


def _work(pickled: bytes, lab: str, log: Path, slot: int) -> None:
    """Carry out one experiment, on the GPU of its slot.

    All that it prints goes to its log, and the last line says why it failed.
    """
    target = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(target, stream)
    try:
        experiment = pickle.loads(pickled)  # which imports torch, where it is needed
        gpus.take(slot)
        importlib.import_module(lab).run(experiment)
    except BaseException as error:
        traceback.print_exc()
        print(
            (
                _first_line(error)
                if isinstance(error, VsslError)
                else f"{type(error).__name__}: {_first_line(error)}"
            ),
            flush=True,
        )
        os._exit(1)


def _reason(one: Planned, code: int | None, log: Path) -> str:
    """Why an experiment failed; empty if it did not."""
    if code == 0:
        return ""
    last = (
        (log.read_text(errors="replace").strip().splitlines() or [""])[-1] if log.is_file() else ""
    )
    said = (
        last
        if code == 1 and last
        else ("killed, probably for want of memory" if code == -9 else f"ended with code {code}")
    )
    return f"{one.what} failed: {said} (log: {log})"


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [""])[0]


def main() -> None:
    """Run one of the two commands."""
    end_with_parent()
    command, job = sys.argv[1:]
    {"collect": _collect, "compute": _compute}[command](pickle.loads(Path(job).read_bytes()))
