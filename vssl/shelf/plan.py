"""What the chosen notebooks ask to be computed, found without running them, and the computing of it: each experiment once, needs first.

All of it happens in child processes (`vssl.shelf.worker`), so that the runner itself never imports
what the experiments need.
"""

from __future__ import annotations

import json
import pickle
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vssl.lab.cost import Cost
from vssl.shelf.processes import Children

# Not -m: the forked processes would import the worker a second time as their main module.
WORKER = ("-c", "from vssl.shelf.worker import main; main()")
# For one notebook's plan, imports included; a plan builds descriptions and may open a dataset.
PLAN_SECONDS = 600.0


@dataclass(frozen=True)
class Planned:
    """An experiment that some notebook asks for, or that another experiment needs."""

    key: str
    what: str  # in words
    needs: tuple[str, ...]  # keys; none where it is done
    done: bool  # computed before
    pickled: bytes = field(repr=False)
    cost: Cost | None = None  # what `lab.estimate` says of it, where the lab has that
    module: str = ""  # where its class is defined

    def line(self) -> str:
        """What it is, how many clips it takes, about how long that should be, and whether its data is missing."""
        if self.cost is None:
            return self.what
        clips = f"{_short(self.cost.clips)} clips of {self.cost.size}, " if self.cost.clips else ""
        return (
            f"{self.what}: {clips}about"
            f" {_span(self.cost.seconds)}{'' if self.cost.found else f', {self.cost.data} not found here'}"
        )


@dataclass
class Plan:
    """The experiments of several notebooks, needs first; which notebook asks for which.

    And the notebooks whose plan failed.
    """

    experiments: dict[str, Planned] = field(default_factory=dict)
    asked: dict[str, list[str]] = field(default_factory=dict)  # notebook: keys
    runs: dict[str, list[str]] = field(
        default_factory=dict
    )  # notebook: keys, with those of everything they need, done or not
    failed: dict[str, str] = field(default_factory=dict)  # notebook: reason
    mistakes: dict[str, str] = field(
        default_factory=dict
    )  # those reasons that are one clear line to the user

    def to_do(self) -> list[Planned]:
        """What is still to be computed, needs first."""
        return [one for one in self.experiments.values() if not one.done]

    def estimate(self) -> str:
        """What is to do, in time, where that could be estimated."""
        costs = [one.cost for one in self.to_do() if one.cost is not None]
        if not costs:
            return ""
        return (
            f"estimated: {_span(sum(cost.seconds for cost in costs))} of computing on"
            f" {costs[0].where}, one run after another"
        )

    def text(self) -> str:
        """The plan for a person: what there is to compute, for whom, and what is there already."""
        asked = sum(map(len, self.asked.values()))
        distinct, done = len(self.experiments), len(self.experiments) - len(self.to_do())
        of = "1 notebook asks" if len(self.asked) == 1 else f"{len(self.asked)} notebooks ask"
        lines = [
            f"plan: {of} for {asked} experiments; with what these need, {distinct} distinct, {done}"
            f" done, {distinct - done} to do"
        ]
        for key, one in self.experiments.items():
            users = [notebook for notebook, keys in self.asked.items() if key in keys]
            why = f"for {', '.join(users)}" if users else "needed by another"
            lines.append(
                f"  {'done ' if one.done else 'to do'}  {one.what if one.done else one.line()} "
                f" ({why})"
            )
        lines += [self.estimate()] if self.estimate() else []
        if (counts := counted(self.runs.values()))["pretrains_asked"]:
            lines.append(
                "pre-trainings: {pretrains_asked} asked for by the notebooks, {pretrains_distinct}"
                " distinct".format(**counts)
            )
        lines += [f"  no plan for {notebook}: {reason}" for notebook, reason in self.failed.items()]
        return "\n".join(lines)


def counted(runs: Iterable[Iterable[str]]) -> dict[str, int]:
    """How many runs some notebooks ask for, given the keys of each, and how many different ones these are; pre-trainings apart."""
    asked = [key for keys in runs for key in keys]
    trained = [key for key in asked if key.startswith("pretrain-")]
    return {
        "asked": len(asked),
        "distinct": len(set(asked)),
        "pretrains_asked": len(trained),
        "pretrains_distinct": len(set(trained)),
    }


def _short(number: float) -> str:
    """A count as people say it: 1.7 M, 95 k, 640."""
    for size, letter in ((1e6, " M"), (1e3, " k")):
        if number >= size:
            return f"{number / size:.3g}{letter}"
    return f"{number:.0f}"


def _span(seconds: float) -> str:
    """A time in the unit that suits it."""
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
    """Ask every notebook for its experiments, all in one child.

    A notebook that ends the child is named and the rest asked again.
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
        # Plain data that our child wrote; the experiments within stay pickled, so nothing heavy is
        # imported here.
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
    """Compute what is to do, `jobs` at a time.

    Gives the reason of each experiment that failed or was blocked by one that did.
    """
    to_do = plan.to_do()
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
    # Without this, a question about the GPU before the fork would leave every forked process
    # without one.
    ended = children.run(
        [*WORKER, "compute", str(job)], {**env, "PYTORCH_NVML_BASED_CUDA_CHECK": "1"}
    )
    reasons = json.loads(answer.read_text(encoding="utf-8")) if answer.is_file() else {}
    lost = {
        one.key: f"{one.what} was not computed: the process that computes is gone, {ended.words}"
        for one in to_do
    }
    return {key: reason for key, reason in {**lost, **reasons}.items() if reason}
