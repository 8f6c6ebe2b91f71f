"""The mean over several experiments, such as one on each official split of a set.

It is itself an experiment, so that tables can hold it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vssl.errors import VsslError
from vssl.lab.cost import Work
from vssl.lab.experiment import Experiment, Keyed
from vssl.lab.learning import Computed

if TYPE_CHECKING:
    from vssl.lab.store import Run


@dataclass(frozen=True)
class Mean(Keyed):
    """The mean of every metric that all `parts` have.

    Unreadable videos are counted, not averaged.
    """

    parts: tuple[Experiment, ...]

    def __post_init__(self) -> None:
        if not self.parts:
            raise VsslError("a mean wants at least one experiment")

    def describe(self) -> str:
        return f"mean of {len(self.parts)}: {self.parts[0].describe()}"

    def needs(self) -> tuple[Experiment, ...]:
        return self.parts

    def work(self) -> Work:
        """A mean of numbers: nothing goes through a net."""
        return self.parts[0].work()._replace(trained=0, forward=0)

    def compute(self, folder: Path, inputs: tuple[Run, ...]) -> Computed:
        common = [name for name in inputs[0].metrics if all(name in run.metrics for run in inputs)]
        metrics = {name: float(np.mean([run.metrics[name] for run in inputs])) for name in common}
        if "unreadable" in metrics:
            metrics["unreadable"] = float(sum(run.metrics["unreadable"] for run in inputs))
        return metrics, {}
