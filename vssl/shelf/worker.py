"""Collect the plans of notebooks and compute experiments, in a child process of the runner.

`main` takes a command, collect or compute, and a pickle that `vssl.shelf.plan` wrote.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import pickle
import sys
import traceback
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from vssl import files
from vssl.errors import VsslError
from vssl.shelf import gpus
from vssl.shelf.plan import Plan, Planned
from vssl.shelf.processes import end_with_parent
from vssl.shelf.queue import Finished, Task, carry_out

LINE = 240  # characters of a description that are shown


def _collect(job: dict[str, Any]) -> None:
    """Ask each notebook for its experiments.

    The plan is written after each notebook, because the next one may end this process.
    """
    plan = Plan()
    for name, path in job["notebooks"].items():
        try:
            lab = importlib.import_module(job["lab"])
            found = flat(planned(path, job["parameters"]))
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


def planned(path: Path, parameters: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return what a notebook plans: tables of numbers, and experiments.

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


def flat(plan: Iterable[Any]) -> list[Any]:
    """The experiments of a plan; a table in it names its own."""
    found: list[Any] = []
    for one in plan:
        found += one.experiments() if hasattr(one, "experiments") else [one]
    return found


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
    """Run every experiment in a process of its own."""
    planned: dict[str, Planned] = {one.key: one for one in job["experiments"]}
    context = forking(job["lab"], (one.module for one in planned.values()))
    reasons: dict[str, str] = {}  # for those that ended: why they failed, or empty

    def task(one: Planned) -> Task:
        begin = starter(context, _work, one.pickled, job["lab"], log_of(one.key))
        return Task(one.key, one.what, one.needs, begin=begin)

    def log_of(key: str) -> Path:
        return job["logs"] / f"{key}.log"

    def tell(finished: Finished) -> None:
        reasons[finished.task.key] = finished.reason
        said = finished.reason or f"{finished.task.what} in {finished.seconds / 60:.1f} minutes"
        print(f"  {len(reasons)} of {len(planned)}  {said}", flush=True)
        files.write_json(job["answer"], reasons)

    carry_out(
        [task(one) for one in planned.values()],
        job["jobs"],
        lambda one, code: reason_of(one.what, code, log_of(one.key)),
        tell,
    )


def forking(lab: str, modules: Iterable[str]) -> Any:
    """A way to start processes that have imported what experiments need.

    They are forked from one that has, since importing torch takes seconds. The lab imports its
    parts on first use, so torch is imported by the modules of the experiments.
    """
    context = get_context("forkserver")
    context.set_forkserver_preload([lab, "vssl.shelf.worker", *sorted(set(filter(None, modules)))])
    return context


def starter(context: Any, target: Any, *arguments: Any) -> Callable[[int], BaseProcess]:
    """How to start a function in a process of its own; it gets a slot as its last argument."""

    def begin(slot: int) -> BaseProcess:
        process = context.Process(target=target, args=(*arguments, slot))
        process.start()
        return process

    return begin


def _work(pickled: bytes, lab: str, log: Path, slot: int) -> None:
    """Carry out one experiment on the GPU of its slot."""
    with logged(log):
        experiment = pickle.loads(pickled)  # imports torch where the experiment needs it
        gpus.take(slot)
        importlib.import_module(lab).run(experiment)


@contextlib.contextmanager
def logged(log: Path) -> Iterator[None]:
    """Send all output of this process to a log; if it fails, the log's last line says why."""
    target = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(target, stream)
    try:
        yield
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


def reason_of(what: str, code: int | None, log: Path) -> str:
    """Say why a process that did something ended with this code; empty if it did it."""
    if code == 0:
        return ""
    lines = log.read_text(errors="replace").strip().splitlines() if log.is_file() else []
    if code == 1 and lines:
        cause = lines[-1]
    elif code == -9:
        cause = "killed, probably for want of memory"
    else:
        cause = f"ended with code {code}"
    return f"{what} failed: {cause} (log: {log})"


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [""])[0]


def main() -> None:
    """Run the command `collect` or `compute`."""
    end_with_parent()
    command, job = sys.argv[1:]
    {"collect": _collect, "compute": _compute}[command](pickle.loads(Path(job).read_bytes()))
