"""What a method is, as far as the lab needs to know."""

from __future__ import annotations

from typing import Protocol, Self

from vssl.augment import Augment, Pair
from vssl.clips import Sampler
from vssl.objectives import Objective
from vssl.recipe import Recipe


class Method(Protocol):
    """A frozen dataclass: how clips are drawn and changed, what is learnt of them, and how."""

    @property
    def most_together(self) -> int:
        """The largest count that `several` can draw; 1 where a sample as the paper draws it is all there is."""
        ...

    def sampler(self, length: int = 16) -> Sampler:
        """The paper's sample of one video, in clips of `length` frames."""
        ...

    def several(self, length: int, count: int) -> Sampler:
        """`count` clips of one video, each with a label of its own; or one line that says why there are none."""
        ...

    def augment(self, size: int = 112) -> Augment | Pair:
        """What is done to a clip on its way to the network, which sees `size` x `size` pixels."""
        ...

    def jittered(self, strength: float) -> Self:
        """The same method, its colour jitter at a share of the paper's strength; unchanged where colours are not jittered."""
        ...

    def objective(self) -> Objective:
        """The heads and their losses."""
        ...

    def recipe(self, data: str = "ucf101") -> Recipe:
        """The paper's pre-training."""
        ...

    def fine_tune(self, net: str = "r2plus1d") -> Recipe:
        """The paper's fine-tuning."""
        ...
