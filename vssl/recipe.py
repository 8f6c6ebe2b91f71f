"""Recipes: optimiser, schedule, batch size, epochs, precision. What a paper's "implementation details" say, as data."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import nn

from vssl.errors import VsslError


@dataclass(frozen=True)
class Recipe:
    """How to train; every field is printed, saved and part of a run's key.

    epochs      how many; each ends with a checkpoint.
    passes      how often an epoch goes through the videos (the papers' "tenfold list" is 10).
    batch       clips a step (not videos: a method with two views of a video has half as many videos).
    steps       times (in epochs) at which the rate falls by `decay`; without any, the rate falls along a half cosine.
    warm_up     epochs over which the rate grows in a line from 0 to where the schedule then is.
    decayed     what weight decay acts on: "all" parameters, or only "kernels" (no bias, no normalisation).
    synchronise batch statistics are those of all processes' clips, not of each one's share. On CUDA only: PyTorch's
                synchronised batch norm runs nowhere else.
    """

    optimiser: Literal["sgd", "adamw"] = "sgd"
    rate: float = 1e-3
    momentum: float = 0.9
    weight_decay: float = 5e-4
    epochs: int = 18
    passes: int = 1
    batch: int = 30
    steps: tuple[int, ...] = ()
    decay: float = 0.1
    warm_up: float = 0.0
    clip_gradient: float | None = None
    precision: Literal["float32", "bfloat16"] = "float32"
    compile: bool = False
    decayed: Literal["all", "kernels"] = "all"
    synchronise: bool = False

    def __post_init__(self) -> None:
        if self.precision not in ("float32", "bfloat16"):
            raise VsslError(f"precision is 'float32' or 'bfloat16', not {self.precision!r}")
        if self.decayed not in ("all", "kernels"):
            raise VsslError(f"weight decay acts on 'all' or on 'kernels', not on {self.decayed!r}")
        if self.warm_up and self.epochs <= self.warm_up:
            raise VsslError(
                f"a warm-up of {self.warm_up:g} epochs does not end within {self.epochs}; warm up less, or train longer"
            )

    def optimizer(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        """The optimiser over all parameters; a frozen one stays as it is."""
        parameters = [parameter for parameter in parameters if parameter.requires_grad]
        if (
            self.decayed == "kernels"
        ):  # those of convolutions and linear layers have more than one dimension
            kernels = [parameter for parameter in parameters if parameter.ndim > 1]
            others = [parameter for parameter in parameters if parameter.ndim <= 1]
            parameters = [{"params": kernels}, {"params": others, "weight_decay": 0.0}]
        if self.optimiser == "sgd":
            return torch.optim.SGD(
                parameters, lr=self.rate, momentum=self.momentum, weight_decay=self.weight_decay
            )
        if self.optimiser == "adamw":
            return torch.optim.AdamW(parameters, lr=self.rate, weight_decay=self.weight_decay)
        raise VsslError(f"no optimiser {self.optimiser!r}; choose 'sgd' or 'adamw'")

    def factor(self, epoch: float) -> float:
        """The learning rate at a time in epochs (fractions count), as a share of `rate`."""
        if self.warm_up and epoch < self.warm_up:
            return epoch / self.warm_up * replace(self, warm_up=0.0).factor(self.warm_up)
        if self.steps:
            return self.decay ** sum(epoch >= step for step in self.steps)
        return 0.5 + 0.5 * math.cos(math.pi * epoch / self.epochs)
