"""A net that learnt from labels, looked at like any other: the ceiling of what features can be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vssl import models
from vssl.lab.experiment import Experiment, Net
from vssl.lab.labels import FineTune
from vssl.training import checkpoint

if TYPE_CHECKING:
    from vssl.lab.store import Run


@dataclass(frozen=True)
class Tuned:
    """The backbone after fine-tuning, as a start for frozen features."""

    labels: FineTune

    @property
    def net(self) -> Net:
        """What the backbone is."""
        return self.labels.start.net

    @property
    def seed(self) -> int:
        """The seed of the fine-tuning."""
        return self.labels.seed

    def describe(self) -> str:
        """One line for a plan."""
        return f"the net of {self.labels.describe()}"

    def needs(self) -> tuple[Experiment, ...]:
        """What must be run first."""
        return (self.labels,)

    def backbone(self, inputs: tuple[Run, ...]) -> models.Backbone:
        """The net with the weights that the fine-tuning ended with."""
        state = checkpoint.load(inputs[0].folder / "model.pt")
        backbone = self.net.build(self.seed)
        backbone.load_state_dict(
            {
                name.removeprefix("backbone."): value
                for name, value in state.items()
                if name.startswith("backbone.")
            }
        )
        return backbone
