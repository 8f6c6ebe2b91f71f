"""Collect the plans of notebooks and compute experiments, in a child process of the runner.

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

LINE = 240  # characters of a description that are shown


def _collect(job: dict[str, Any]) -> None:
    """Ask each notebook for its experiments.

    The plan is written after each notebook, because the next one may end this process.
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
    """Return the experiments that a notebook plans.

    Only its cells `parameters`, `setup` and `plan` are run, and `parameters` replace those in the
    notebook.
    """
    import nbformat

    cells = [
        (set(cell.metadata.get("tags", ())), cell)
        for cell in nbformat.read(path, as_version=4).cells
        if cell.cell_type == "code"
    ]
    if not any("plan" in tags for tags, _ in cells):
        return ()
    # A dataclass that is defined in a cell looks up its module in sys.modules.
    module = types.ModuleType(f"plan_of_{path.stem}")
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
    """List the keys of an experiment and of everything that it needs."""
    return [key for need in experiment.needs() for key in _all(need)] + [experiment.key()]


def _add(plan: Plan, experiment: Any, lab: types.ModuleType, profile: str) -> str:
    """Add an experiment to the plan, after those that it needs, and return its key."""
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
    """Run every experiment in a process of its own.

    The processes are forked from one that has imported what they need, since importing torch takes
    seconds.
    """
    context = get_context("forkserver")
    # The lab imports its parts on first use, so torch is imported by the modules of experiments.
    context.set_forkserver_preload(
        [
            job["lab"],
            "vssl.shelf.worker",
            *sorted({planned.module for planned in job["experiments"] if planned.module}),
        ]
    )
    waiting: dict[str, Planned] = {planned.key: planned for planned in job["experiments"]}
    unfinished = set(waiting)
    running: dict[int, tuple[Planned, BaseProcess, Path, float, int]] = {}  # by its sentinel
    reasons: dict[str, str] = {}  # for those that ended: why they failed, or empty

    def ended(planned: Planned, reason: str, duration: str = "") -> None:
        reasons[planned.key] = reason
        unfinished.remove(planned.key)
        print(
            f"  {len(reasons)} of {len(job['experiments'])}  {reason or planned.what + duration}",
            flush=True,
        )
        files.write_json(job["answer"], reasons)

    while unfinished:
        ready = [
            planned
            for planned in waiting.values()
            if not any(need in unfinished or reasons.get(need) for need in planned.needs)
        ]
        for planned in ready[: job["jobs"] - len(running)]:
            log = job["logs"] / f"{planned.key}.log"
            slot = gpus.free_slot({held for *_, held in running.values()})
            process = context.Process(
                target=_work, args=(waiting.pop(planned.key).pickled, job["lab"], log, slot)
            )
            process.start()
            running[process.sentinel] = (planned, process, log, time.monotonic(), slot)
        sentinels: list[Any] = connection.wait(list(running))
        for sentinel in sentinels:
            planned, child, log, begin, _ = running.pop(sentinel)
            child.join()
            ended(
                planned,
                _reason(planned, child.exitcode, log),
                f" in {(time.monotonic() - begin) / 60:.1f} minutes",
            )
        for planned in list(waiting.values()):
            if lost := next((reasons[need] for need in planned.needs if reasons.get(need)), ""):
                ended(waiting.pop(planned.key), f"{planned.what} was not computed because {lost}")


def _work(pickled: bytes, lab: str, log: Path, slot: int) -> None:
    """Carry out one experiment on the GPU of its slot.

    All its output goes to its log. If it fails, the last line of the log says why.
    """
    target = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(target, stream)
    try:
        experiment = pickle.loads(pickled)  # imports torch where the experiment needs it
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


def _reason(planned: Planned, code: int | None, log: Path) -> str:
    """Say why an experiment failed; empty if it did not."""
    if code == 0:
        return ""
    lines = log.read_text(errors="replace").strip().splitlines() if log.is_file() else []
    if code == 1 and lines:
        cause = lines[-1]
    elif code == -9:
        cause = "killed, probably for want of memory"
    else:
        cause = f"ended with code {code}"
    return f"{planned.what} failed: {cause} (log: {log})"


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [""])[0]


def main() -> None:
    """Run the command `collect` or `compute`."""
    end_with_parent()
    command, job = sys.argv[1:]
    {"collect": _collect, "compute": _compute}[command](pickle.loads(Path(job).read_bytes()))
