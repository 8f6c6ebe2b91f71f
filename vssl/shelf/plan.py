"""Collect the experiments that notebooks ask for, without running the notebooks, and compute them.

Each experiment is computed once, after those that it needs. All of this happens in child processes
(`vssl.shelf.worker`), so the runner itself never imports what the experiments need.
"""

from __future__ import annotations

import json
import pickle
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vssl.lab.cost import Cost
from vssl.shelf.processes import Children

# With -m, the forked processes would import the worker a second time as their main module.
WORKER = ("-c", "from vssl.shelf.worker import main; main()")
# Time for the plan of one notebook with its imports; a plan may open a dataset.
PLAN_SECONDS = 600.0
# Kinds of pre-training: the first words of their keys. The lab is not imported here.
PRETRAININGS = ("pretrain-", "reconstruction-", "synthesised-")


@dataclass(frozen=True)
class Planned:
    """An experiment that some notebook asks for, or that another experiment needs."""

    key: str
    what: str  # its description
    needs: tuple[str, ...]  # keys; empty where it is done
    done: bool  # whether it was computed before
    pickled: bytes = field(repr=False)
    cost: Cost | None = None  # from `lab.estimate`, where the lab has that function
    module: str = ""  # the module that defines its class

    def line(self) -> str:
        """Describe it with its number of clips, its estimated time, and any missing data."""
        if self.cost is None:
            return self.what
        clips = f"{_short(self.cost.clips)} clips of {self.cost.size}, " if self.cost.clips else ""
        missing = "" if self.cost.found else f", {self.cost.data} not found here"
        return f"{self.what}: {clips}about {span_of(self.cost.seconds)}{missing}"


@dataclass
class Plan:
    """The experiments of several notebooks, and which notebook asks for which.

    Each experiment comes after those that it needs. Notebooks whose plan failed are listed with the
    reason.
    """

    experiments: dict[str, Planned] = field(default_factory=dict)
    asked: dict[str, list[str]] = field(default_factory=dict)  # notebook: keys
    # notebook: keys, with those of everything they need, done or not
    runs: dict[str, list[str]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)  # notebook: reason
    # notebook: reason, for those of `failed` that a user can understand and mend
    mistakes: dict[str, str] = field(default_factory=dict)

    def to_do(self) -> list[Planned]:
        """List what is still to be computed; each experiment comes after those that it needs."""
        return [planned for planned in self.experiments.values() if not planned.done]

    def estimate(self) -> str:
        """Say how long the computing should take; empty where nothing could be estimated."""
        costs = [planned.cost for planned in self.to_do() if planned.cost is not None]
        if not costs:
            return ""
        return (
            f"estimated: {span_of(sum(cost.seconds for cost in costs))} of computing on"
            f" {costs[0].where}, one run after another"
        )

    def text(self) -> str:
        """Write the plan for a person: each experiment, who asks for it, and whether it is done."""
        asked = sum(map(len, self.asked.values()))
        distinct, done = len(self.experiments), len(self.experiments) - len(self.to_do())
        count = len(self.asked)
        subject = "1 notebook asks" if count == 1 else f"{count} notebooks ask"
        lines = [
            f"plan: {subject} for {asked} experiments; with what these need, {distinct} distinct,"
            f" {done} done, {distinct - done} to do"
        ]
        for key, planned in self.experiments.items():
            users = [notebook for notebook, keys in self.asked.items() if key in keys]
            why = f"for {', '.join(users)}" if users else "needed by another"
            state = f"done   {planned.what}" if planned.done else f"to do  {planned.line()}"
            lines.append(f"  {state}  ({why})")
        lines += [self.estimate()] if self.estimate() else []
        if (counts := counted(self.runs.values()))["pretrains_asked"]:
            lines.append(
                "pre-trainings: {pretrains_asked} asked for by the notebooks, {pretrains_distinct}"
                " distinct".format(**counts)
            )
        lines += [f"  no plan for {notebook}: {reason}" for notebook, reason in self.failed.items()]
        return "\n".join(lines)


def counted(runs: Iterable[Iterable[str]]) -> dict[str, int]:
    """Count the runs that notebooks ask for, given the keys of each notebook.

    The counts are of all runs and of different runs, and the same again for pre-trainings alone.
    """
    asked = [key for keys in runs for key in keys]
    trained = [key for key in asked if key.startswith(PRETRAININGS)]
    return {
        "asked": len(asked),
        "distinct": len(set(asked)),
        "pretrains_asked": len(trained),
        "pretrains_distinct": len(set(trained)),
    }


def longest_first(planned: Sequence[Planned]) -> list[Planned]:
    """Order experiments by the time from their begin to the end of the longest way on from them.

    Whoever takes the first that is ready then never leaves a long chain for the end, where the
    other processes would wait for it. Each still comes after those that it needs.
    """
    left: dict[str, float] = {}  # seconds of an experiment and of the longest way on from it
    for one in reversed(planned):  # what needs it comes before it here
        left[one.key] = left.get(one.key, 0.0) + (one.cost.seconds if one.cost else 0.0)
        for need in one.needs:
            left[need] = max(left.get(need, 0.0), left[one.key])
    return sorted(planned, key=lambda one: -left[one.key])


def _short(number: float) -> str:
    """Format a count as 1.7 M, 95 k or 640."""
    for size, letter in ((1e6, " M"), (1e3, " k")):
        if number >= size:
            return f"{number / size:.3g}{letter}"
    return f"{number:.0f}"


def span_of(seconds: float) -> str:
    """Format a time in seconds, minutes or hours."""
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"


def collect(
    children: Children,
    notebooks: Mapping[str, Path],
    parameters: Mapping[str, Any],
    folder: Path,
    logs: Path,
    env: Mapping[str, str],
    lab: str = "vssl.lab",
) -> Plan:
    """Ask every notebook for its experiments, all in one child process.

    If a notebook ends the child, its plan has failed, and the notebooks after it are asked again.
    """
    plan, left, log = Plan(), dict(notebooks), logs / "plan.log"
    job, answer = folder / "collect.pickle", folder / "collected.pickle"
    while left:
        answer.unlink(missing_ok=True)
        job.write_bytes(
            pickle.dumps(
                {"notebooks": left, "parameters": dict(parameters), "lab": lab, "answer": answer}
            )
        )
        ended = children.run(
            [*WORKER, "collect", str(job)], env, log, limit=PLAN_SECONDS * len(left)
        )
        # The plan is plain data. The experiments in it stay pickled, so this imports nothing heavy.
        found: Plan = pickle.loads(answer.read_bytes()) if answer.is_file() else Plan()
        for name in ("experiments", "asked", "runs", "failed", "mistakes"):
            getattr(plan, name).update(getattr(found, name))
        left = {
            name: path
            for name, path in left.items()
            if name not in found.asked and name not in found.failed
        }
        if left:
            culprit = next(iter(left))
            del left[culprit]
            reason = "it takes too long" if ended.too_long else ended.words
            plan.failed[culprit] = f"its plan cannot be made: {reason} (log: {log})"
    return plan


def compute(
    children: Children,
    plan: Plan,
    jobs: int,
    folder: Path,
    logs: Path,
    env: Mapping[str, str],
    lab: str = "vssl.lab",
) -> dict[str, str]:
    """Compute the experiments that are not done, `jobs` at a time, the longest chains first.

    Return the reason for each experiment that failed or that needs one that failed.
    """
    to_do = longest_first(plan.to_do())
    if not to_do:
        return {}
    experiments = logs / "experiments"
    experiments.mkdir(parents=True, exist_ok=True)
    job, answer = folder / "compute.pickle", folder / "computed.json"
    job.write_bytes(
        pickle.dumps(
            {"experiments": to_do, "jobs": jobs, "logs": experiments, "lab": lab, "answer": answer}
        )
    )
    sys.stdout.flush()
    # Without this variable, asking whether there is a GPU before the fork would start CUDA, and no
    # forked process could use a GPU.
    ended = children.run(
        [*WORKER, "compute", str(job)], {**env, "PYTORCH_NVML_BASED_CUDA_CHECK": "1"}
    )
    reasons = json.loads(answer.read_text(encoding="utf-8")) if answer.is_file() else {}
    lost = {
        planned.key: (
            f"{planned.what} was not computed because the process that computes is gone:"
            f" {ended.words}"
        )
        for planned in to_do
    }
    return {key: reason for key, reason in {**lost, **reasons}.items() if reason}
