"""Compute the numbers that the ledger lacks, in a child process of `vssl fill`.

Each number is written as its run ends. When all numbers of a notebook are there, the notebook is
executed over them, which leaves the data of its figures.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import pickle
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vssl import files, manifest, paths
from vssl.errors import VsslError
from vssl.shelf import gpus, worker
from vssl.shelf.plan import span_of
from vssl.shelf.processes import end_with_parent
from vssl.shelf.queue import Finished, Task, carry_out
from vssl.shelf.rates import Rates, when

NOTEBOOK_SECONDS = 120.0  # to execute a notebook over runs that are there


@dataclass
class Wanted:
    """An experiment to compute, and the numbers to write down when it is there."""

    experiment: Any
    what: str
    needs: tuple[str, ...]
    estimated: float  # seconds
    places: list[Any] = field(default_factory=list)
    story: str = ""  # whose weights are kept

    @property
    def kind(self) -> str:
        """Experiments of one kind are estimated from each other."""
        return type(self.experiment).__name__


@dataclass
class Queue:
    """What is missing: the experiments in order, and those of each notebook."""

    wanted: dict[str, Wanted] = field(default_factory=dict)
    notebooks: dict[str, list[str]] = field(default_factory=dict)  # keys of its experiments
    numbers: dict[str, int] = field(default_factory=dict)  # missing ones of each notebook
    cost: Rates = field(default_factory=Rates)  # of the processor
    clock: Rates = field(default_factory=Rates)


def collect(entries: Iterable[manifest.Entry], profile: str, lab: Any) -> Queue:
    """Ask the notebooks which numbers they want, and find out which are missing."""
    queue = Queue()
    for entry in entries:
        seeds = entry.planned(profile)
        with contextlib.redirect_stdout(io.StringIO()):  # what the cells print
            items = worker.planned(entry.path, {"profile": profile, "seeds": list(seeds)})
        tables = [item for item in items if hasattr(item, "missing")]
        missing = [place for table in tables for place in table.missing()]
        keys: list[str] = []
        for place in missing:
            key = _add(queue, place.experiment, profile, lab, keys)
            queue.wanted[key].places.append(place)
            if entry.id[1:3] == "00" and place.seed == seeds[0]:
                queue.wanted[key].story = entry.id
        if missing:
            for item in (item for item in items if item not in tables):  # behind its figures
                _add(queue, item, profile, lab, keys)
        queue.notebooks[entry.id] = list(dict.fromkeys(keys))
        queue.numbers[entry.id] = len(missing)
    return queue


def _add(queue: Queue, experiment: Any, profile: str, lab: Any, keys: list[str]) -> str:
    """Add an experiment after those that it needs; gives its key."""
    key = experiment.key()
    if key not in queue.wanted:
        done = bool(lab.done(experiment))
        estimated = lab.estimate(experiment, profile).seconds
        if done and (took := lab.spent(experiment)):
            _see(queue, type(experiment).__name__, estimated, 60 * took[0], 60 * took[1])
        needs = experiment.needs()
        before = () if done else tuple(_add(queue, n, profile, lab, keys) for n in needs)
        what = experiment.describe()[: worker.LINE]
        queue.wanted[key] = Wanted(experiment, what, before, 0.0 if done else estimated)
    else:
        keys.extend(queue.wanted[key].needs)
    keys.append(key)
    return key


def _see(queue: Queue, kind: str, estimated: float, cost: float, clock: float) -> None:
    queue.cost.see(kind, estimated, cost)
    queue.clock.see(kind, estimated, clock)


def fill(job: dict[str, Any]) -> None:
    """Compute what is missing, until it is there or the time is over."""
    lab = importlib.import_module(job["lab"])
    queue = collect(job["entries"], job["profile"], lab)
    print(text(queue, job["profile"], job["jobs"]), flush=True)
    if job["plan_only"]:
        files.write_json(job["answer"], {"seconds": sum(costs(queue).values())})
        return
    context = worker.forking(
        job["lab"], (type(one.experiment).__module__ for one in queue.wanted.values())
    )
    tasks = list(_tasks(queue, job, context))
    left = {task.key for task in tasks}
    failed: dict[str, str] = {}

    def clock(key: str) -> float:
        if key not in queue.wanted:
            return NOTEBOOK_SECONDS
        one = queue.wanted[key]
        return queue.clock.expect(one.kind, one.estimated)

    def fits(task: Task) -> bool:
        return job["until"] is None or time.time() + clock(task.key) <= job["until"]

    def tell(finished: Finished) -> None:
        key = finished.task.key
        left.discard(key)
        if finished.reason:
            failed[key] = finished.reason
        elif key in queue.wanted and (one := queue.wanted[key]).estimated:
            took = lab.spent(one.experiment) or (0.0, 0.0)
            _see(queue, one.kind, one.estimated, 60 * took[0], finished.seconds)
        to_go = sum(map(clock, left)) / job["jobs"]
        said = finished.reason or f"{finished.task.what} in {span_of(finished.seconds)}"
        print(
            f"  {len(tasks) - len(left)} of {len(tasks)}  {said}; {span_of(to_go)} to go,"
            f" through at {when(to_go)}",
            flush=True,
        )
        files.write_json(job["answer"], {"failed": failed, "left": len(left)})

    carry_out(
        tasks,
        job["jobs"],
        lambda task, code: worker.reason_of(task.what, code, job["logs"] / f"{task.key}.log"),
        tell,
        fits,
    )
    files.write_json(job["answer"], {"failed": failed, "left": len(left)})


def _tasks(queue: Queue, job: dict[str, Any], context: Any) -> Iterable[Task]:
    """Every experiment as a task, and each notebook after all of its own."""
    done: set[str] = set()
    lab, entries = job["lab"], {entry.id: entry for entry in job["entries"]}
    for notebook, keys in queue.notebooks.items():
        for key in (key for key in keys if key not in done):
            done.add(key)
            one = queue.wanted[key]
            work = pickle.dumps((one.experiment, one.places, one.story))
            log = job["logs"] / f"{key}.log"
            begin = worker.starter(context, _compute, work, lab, log)
            yield Task(key, one.what, one.needs, begin=begin)
        if queue.numbers[notebook]:
            key = f"notebook-{notebook}"
            log = job["logs"] / f"{key}.log"
            begin = worker.starter(context, _draw, entries[notebook], job["profile"], lab, log)
            yield Task(key, f"the figures of {notebook}", tuple(keys), begin=begin)


def _compute(work: bytes, lab_name: str, log: Path, slot: int) -> None:
    """Carry out one experiment, and write its numbers down."""
    with worker.logged(log):
        experiment, places, story = pickle.loads(work)
        gpus.take(slot)
        lab = importlib.import_module(lab_name)
        found = lab.run(experiment)
        for place in places:
            place.leave(found)
        if story:
            lab.keep(experiment, paths.runs() / "weights" / story)


def _draw(entry: manifest.Entry, profile: str, lab_name: str, log: Path, slot: int) -> None:
    """Execute a notebook over the seeds whose runs are all here."""
    from vssl.shelf import runner

    with worker.logged(log):
        lab = importlib.import_module(lab_name)
        seeds = [seed for seed in entry.planned(profile) if _is_whole(entry, profile, seed, lab)]
        if not seeds:
            print("no planned seed has all its runs here: the figures stay as they are")
            return
        folder = paths.runs() / "fill"
        os.environ["VSSL_FIGURES"] = str(folder / "figures")
        output = folder / "notebooks" / entry.id
        if runner.reproduce([entry.id], profile, seeds=seeds, output=output, lab=lab_name):
            report = json.loads((output / "report.json").read_text(encoding="utf-8"))
            raise RuntimeError(report["outcomes"][0]["reason"])


def _is_whole(entry: manifest.Entry, profile: str, seed: int, lab: Any) -> bool:
    plan = worker.planned(entry.path, {"profile": profile, "seeds": [seed]})
    return all(lab.done(experiment) for experiment in worker.flat(plan))


def own_runs(queue: Queue) -> dict[str, list[Wanted]]:
    """The runs to compute for each notebook; one that several share counts for the first."""
    found, counted = {}, set[str]()
    for notebook, keys in queue.notebooks.items():
        own = [key for key in keys if key not in counted]
        counted.update(own)
        found[notebook] = [queue.wanted[key] for key in own if queue.wanted[key].estimated]
    return found


def costs(queue: Queue) -> dict[str, float]:
    """Seconds of computing for each notebook."""
    return {
        notebook: sum(queue.cost.expect(one.kind, one.estimated) for one in runs)
        for notebook, runs in own_runs(queue).items()
    }


def text(queue: Queue, profile: str, jobs: int) -> str:
    """What is missing, by notebook, with its cost."""
    lines, runs, seconds = [], own_runs(queue), costs(queue)
    for notebook, numbers in queue.numbers.items():
        state = (
            f"{numbers} numbers missing, {len(runs[notebook])} runs to compute, about"
            f" {span_of(seconds[notebook])}"
            if numbers
            else "complete"
        )
        lines.append(f"  {notebook:<24} {state}")
    missing, total = sum(queue.numbers.values()), sum(seconds.values())
    lines.append(
        f"{missing} numbers missing at {profile}, about {span_of(total)} of computing; with {jobs}"
        f" job{'s' * (jobs > 1)} through at {when(total / jobs)}"
        if missing
        else f"nothing is missing at {profile}"
    )
    return "\n".join(lines)


def main() -> None:
    """Fill the ledger as a pickled job says."""
    end_with_parent()
    job = pickle.loads(Path(sys.argv[1]).read_bytes())
    try:
        fill(job)
    except VsslError as error:  # what a person can mend, such as data that is not there
        files.write_json(job["answer"], {"mistake": str(error)})
