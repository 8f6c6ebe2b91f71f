"""Recipes: optimiser, schedule, batch size, epochs, precision.

They hold what a paper's "implementation details" say, as data.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import nn

from vssl.errors import VsslError

Optimiser = Literal["sgd", "adam", "adamw"]
Schedule = Literal["cosine", "steps", "constant"]
WarmUp = Literal["inside", "before"]
Precision = Literal["float32", "bfloat16"]
Decayed = Literal["all", "kernels"]


@dataclass(frozen=True)
class Recipe:
    """How to train; every field is printed, saved and part of a run's key.

    epochs      how many; each ends with a checkpoint.
    passes      how often an epoch goes through the videos (the papers' "tenfold list" is 10).
    batch       clips a step (not videos: a method with two views of a video has half as many).
    schedule    "cosine": the rate falls along half a cosine. "steps": it falls by `decay` at each
                time (in epochs) in `steps`. "constant": it stays.
    warm_up     epochs over which the rate grows in a line.
    warm_up_is  "inside": the schedule runs from the first epoch on, and the line ends where it then
                is. "before": the line ends at the whole rate, and the schedule has the epochs that
                are left.
    floor       where the line begins and the cosine ends, as a share of `rate`.
    decayed     what weight decay acts on: "all" parameters, or only "kernels" (no bias and no
                normalisation).
    synchronise batch statistics are those of all processes' clips, not of each one's share. On
                CUDA only: PyTorch's synchronised batch norm runs nowhere else.
    """

    optimiser: Optimiser = "sgd"
    rate: float = 1e-3
    momentum: float = 0.9
    weight_decay: float = 5e-4
    epochs: int = 18
    passes: int = 1
    batch: int = 30
    schedule: Schedule = "cosine"
    steps: tuple[int, ...] = ()
    decay: float = 0.1
    warm_up: float = 0.0
    warm_up_is: WarmUp = "inside"
    floor: float = 0.0
    clip_gradient: float | None = None
    precision: Precision = "float32"
    compile: bool = False
    decayed: Decayed = "all"
    synchronise: bool = False

    def __post_init__(self) -> None:
        known = {
            "optimiser": Optimiser,
            "schedule": Schedule,
            "warm_up_is": WarmUp,
            "precision": Precision,
            "decayed": Decayed,
        }
        for name, words in known.items():
            if getattr(self, name) not in get_args(words):
                choices = ", ".join(map(repr, get_args(words)))
                raise VsslError(f"{name} is one of {choices}, not {getattr(self, name)!r}")
        if bool(self.steps) != (self.schedule == "steps"):
            raise VsslError(
                "steps and schedule='steps' go together: the times at which the rate falls; not "
                f"steps={self.steps} with schedule={self.schedule!r}"
            )
        if self.warm_up and self.epochs <= self.warm_up:
            raise VsslError(
                f"a warm-up of {self.warm_up:g} epochs does not end within {self.epochs}; warm up "
                "less, or train longer"
            )
        if not 0 <= self.floor < 1:
            raise VsslError(f"floor is a share of the rate, from 0 to below 1, not {self.floor:g}")

    def optimizer(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        """The optimiser over all parameters; a frozen one stays as it is."""
        learnt = [parameter for parameter in parameters if parameter.requires_grad]
        groups: list = learnt
        if self.decayed == "kernels":  # those of convolutions and linear layers have several axes
            kernels = [parameter for parameter in learnt if parameter.ndim > 1]
            others = [parameter for parameter in learnt if parameter.ndim <= 1]
            groups = [{"params": kernels}, {"params": others, "weight_decay": 0.0}]
        rate, decay = self.rate, self.weight_decay
        if self.optimiser == "sgd":
            return torch.optim.SGD(groups, rate, self.momentum, weight_decay=decay)
        if self.optimiser == "adam":
            return torch.optim.Adam(groups, rate, weight_decay=decay)
        return torch.optim.AdamW(groups, rate, weight_decay=decay)

    def factor(self, epoch: float) -> float:
        """The learning rate at a time in epochs (fractions count), as a share of `rate`."""
        if epoch >= self.warm_up:
            return self._scheduled(epoch)
        top = self._scheduled(self.warm_up)
        return self.floor + (top - self.floor) * (epoch / self.warm_up)

    def _scheduled(self, epoch: float) -> float:
        """The schedule without its warm-up."""
        if self.schedule == "constant":
            return 1.0
        if self.schedule == "steps":
            return self.decay ** sum(epoch >= step for step in self.steps)
        before = self.warm_up if self.warm_up_is == "before" else 0.0
        angle = math.pi * (epoch - before) / (self.epochs - before)
        return self.floor + (1 - self.floor) * (0.5 + 0.5 * math.cos(angle))
