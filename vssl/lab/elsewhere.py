"""A pretext task tested on other videos than those the net learnt from (CPNet, Table 8)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from vssl.lab.cost import Work
from vssl.lab.data import Data
from vssl.lab.experiment import Experiment, Keyed
from vssl.lab.learning import Computed
from vssl.lab.measures import PretextTest

if TYPE_CHECKING:
    from vssl.lab.store import Run


@dataclass(frozen=True)
class Elsewhere(Keyed):
    """A pretext test as it is, but on the test videos of `data`."""

    test: PretextTest
    data: Data

    def describe(self) -> str:
        """One line for a plan."""
        return f"{self.test.describe()}, asked on {self.data.title()}"

    def needs(self) -> tuple[Experiment, ...]:
        """What must be run first: the pre-training, on its own data."""
        return self.test.needs()

    def work(self) -> Work:
        """What goes through the net."""
        return self._moved().work()

    def compute(self, folder: Path, inputs: tuple[Run, ...]) -> Computed:
        """Test, as `PretextTest` does."""
        return self._moved().compute(folder, inputs)

    def _moved(self) -> PretextTest:
        """The test as if the net had learnt from this data; its weights come from its own run."""
        return PretextTest(replace(self.test.start, data=self.data))
