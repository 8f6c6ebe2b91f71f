"""Experiments: frozen descriptions of one thing to compute, and how to compute it.

    PreTrain -> Features -> Retrieve, Probe          frozen features
    PreTrain -> FineTune                             the whole net
    PreTrain -> PretextTest                          how well the pretext task itself is solved
    Random   -> the same: a start that was never trained

`needs()` names the experiments that must be run first. `compute(folder, inputs)` gets their runs in
that order, may use `folder` (which survives a kill, so training goes on where it stopped) and
returns metrics and arrays. Under torchrun the first process alone calls it; where the experiment is
`shared` all do, and what the others return is thrown away.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Protocol

import torch
from torch import nn

from vssl import evaluation, methods, models, samplers, training
from vssl.augment import Augment, CentreCrop
from vssl.clips import Sampler, clips_of, samples_of
from vssl.errors import VsslError
from vssl.lab import key
from vssl.lab.cost import Work
from vssl.lab.data import Data
from vssl.lab.learning import Computed, batches_of, kept, readable, say_epoch
from vssl.objectives import Pretext
from vssl.recipe import Recipe
from vssl.training import checkpoint

if TYPE_CHECKING:
    from vssl.lab.store import Run


class Experiment(Protocol):
    """What the lab needs of an experiment."""

    def key(self) -> str: ...
    def describe(self) -> str: ...
    def needs(self) -> tuple[Experiment, ...]: ...
    def work(self) -> Work: ...
    def compute(self, folder: Path, inputs: tuple[Run, ...]) -> Computed: ...


class Keyed:
    """The key, made the same way for all."""

    shared: ClassVar[bool] = False  # whether the processes of torchrun compute it together

    def key(self) -> str:
        """The name of the experiment's run."""
        return f"{type(self).__name__.lower()}-{key.key(self)}"


class Generator(Experiment, Protocol):
    """An experiment that trains a net which makes views of views (for instance by warping them)."""

    def net(self, run: Run) -> nn.Module:
        """The trained net: views [N, C, T, H, W] -> views of the same shape."""
        ...


@dataclass(frozen=True)
class Net:
    """A backbone by name and width; `pool` and `stem` are as in `models.build`."""

    name: str = "r2plus1d"
    width: int = 64
    pool: bool = False
    stem: str = "plain"

    def build(self, seed: int) -> models.Backbone:
        """The net with initial weights drawn from `seed`."""
        torch.manual_seed(seed)
        return models.build(self.name, self.width, self.pool, self.stem)

    def code(self) -> tuple[tuple[str, str], ...]:
        """The function that builds the net, which `models.build` finds by its name."""
        builder = models.builder(self.name)
        return ((builder.__module__, builder.__name__),)


@dataclass(frozen=True)
class Random:
    """A start that is not trained: initial weights.

    Where it is `calibrated`, it has the batch statistics of training clips. These are read as the
    labelled ones will be, `length` frames at `stride`: a start to beat should not be handicapped.
    """

    net: Net
    data: Data
    length: int = 16
    size: int = 112
    seed: int = 0
    calibrated: bool = False
    stride: int = 1

    def describe(self) -> str:
        """One line for a plan."""
        calibrated = "calibrated " if self.calibrated else ""
        return f"{calibrated}random {self.net.name}, seed {self.seed}"

    def needs(self) -> tuple[Experiment, ...]:
        """What must be run first."""
        return ()

    def backbone(self, inputs: tuple[Run, ...]) -> models.Backbone:
        """The net to start from."""
        backbone = self.net.build(self.seed)
        if not self.calibrated:
            return backbone
        opened = self.data.open()
        crop = Augment((CentreCrop(self.size),))
        clip = samplers.RandomClip(self.length, self.stride)
        recipe = Recipe(batch=min(32, readable(opened)))
        return evaluation.calibrate(backbone, batches_of(opened, clip, crop, recipe, self.seed))


@dataclass(frozen=True)
class PreTrain(Keyed):
    """Learn from a method's free labels on the training videos of `data`.

    start      another pre-training that this one goes on from; None: initial weights drawn from the
               seed.
    generator  an experiment whose net changes the views before the backbone sees them; None: none.
    """

    method: methods.Method
    net: Net
    data: Data
    recipe: Recipe
    length: int = 16
    size: int = 112
    seed: int = 0
    start: PreTrain | None = None
    generator: Generator | None = None

    shared: ClassVar[bool] = True

    def describe(self) -> str:
        """One line for a plan."""
        after = f", after {key.brief(self.start.method)}" if self.start else ""
        what = f"{self.net.name} pre-trained by {key.brief(self.method)} on {self.data.title()}"
        return f"{what}, seed {self.seed}{after}"

    def needs(self) -> tuple[Experiment, ...]:
        """What must be run first."""
        return tuple(need for need in (self.start, self.generator) if need is not None)

    def work(self) -> Work:
        """What goes through the net."""
        clips = clips_of(self.sampler()) * self.recipe.epochs * self.recipe.passes
        trained = self.data.counts()[0] * clips
        return Work(self.data, self.net, self.length, self.size, trained)

    def sampler(self) -> Sampler:
        """The method's sampler, in clips of this length."""
        return self.method.sampler(self.length)

    def compute(self, folder: Path, inputs: tuple[Run, ...]) -> Computed:
        """Train, and give the last epoch's metrics and the curves."""
        opened = self.data.open()
        backbone = self.start.backbone(inputs) if self.start else self.net.build(self.seed)
        if self.start:
            torch.manual_seed(self.seed)  # the heads are new, and this seed's
        generator = self.generator.net(inputs[-1]) if self.generator else None
        model = self._pretext(backbone, generator)
        augment = self.method.augment(self.size)
        batches = batches_of(opened, self.sampler(), augment, self.recipe, self.seed)
        history = training.fit(model, batches, self.recipe, folder, report=say_epoch)
        return kept(folder, model, history) if training.is_first() else ({}, {})

    def backbone(self, inputs: tuple[Run, ...]) -> models.Backbone:
        """The trained net, from this experiment's own run."""
        trained = self.model(inputs[0]).backbone
        assert isinstance(trained, models.Backbone)
        return trained

    def model(self, run: Run, sampler: Sampler | None = None) -> Pretext:
        """The trained net with its heads, for samples of this experiment or of another sampler.

        It sees views as they are, whether or not a generator changed them in training.
        """
        model = self._pretext(self.net.build(self.seed), sampler=sampler)
        model.load_state_dict(checkpoint.load(run.folder / "model.pt"))
        return model

    def _pretext(
        self,
        backbone: nn.Module,
        generator: nn.Module | None = None,
        sampler: Sampler | None = None,
    ) -> Pretext:
        sampler = sampler or self.sampler()
        objective = self.method.objective(self.length)
        return Pretext(backbone, objective, sampler.layout, samples_of(sampler), generator)


@dataclass(frozen=True)
class Inflated:
    """An R3D-50 or R3D-101 that starts as a 2-D net whose kernels are spread over time.

    It was never trained on clips.

    frames   the pre-training of a 2-D net on single frames ("SimCLR inflated"); None: torchvision's
             ImageNet weights, at width 64.
    """

    net: Net
    frames: PreTrain | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.net.name not in models.BLOCKS:
            raise VsslError(
                f"only {' and '.join(models.BLOCKS)} can be inflated, not {self.net.name}; choose "
                "one of those"
            )
        if self.frames is None and self.net.width != 64:
            raise VsslError(
                f"ImageNet's weights are for nets 64 channels wide, not {self.net.width}: leave "
                "this row to gpu or paper"
            )

    def describe(self) -> str:
        """One line for a plan."""
        source = self.frames.describe() if self.frames else f"ImageNet, seed {self.seed}"
        return f"{self.net.name} inflated from {source}"

    def needs(self) -> tuple[Experiment, ...]:
        """What must be run first."""
        return (self.frames,) if self.frames else ()

    def backbone(self, inputs: tuple[Run, ...]) -> models.Backbone:
        """The net to start from; ImageNet's weights are downloaded the first time."""
        if self.frames is None:
            return models.imagenet(self.net.name)
        return models.inflate(self.frames.backbone(inputs), self.net.build(self.seed))


Start = Random | PreTrain | Inflated


def runs_of(start: Start) -> tuple[Experiment, ...]:
    """What must be run before a start can be used.

    That is its training, or that of the net it is made of.
    """
    return (start,) if isinstance(start, PreTrain) else start.needs()
