"""Experiments: frozen descriptions of one thing to compute, and how to compute it from the runs it needs.

    PreTrain -> Features -> Retrieve, Probe          frozen features
    PreTrain -> FineTune                             the whole net
    PreTrain -> PretextTest                          how well the pretext task itself is solved
    Random   -> the same: a start that was never trained

`needs()` names the experiments that must be run first; `compute(folder, inputs)` gets their runs in that order, may use
`folder` (which survives a kill, so training goes on where it stopped) and returns metrics and arrays.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Protocol

import numpy as np
import torch
from torch import nn

from vssl import evaluation, methods, models, samplers, training
from vssl.augment import Augment, CentreCrop, Flip, RandomCrop
from vssl.clips import Sampler
from vssl.evaluation import retrieval
from vssl.evaluation.features import over_clips, sample_of
from vssl.lab import key
from vssl.lab.data import Data, Opened
from vssl.objectives import Classify, Pretext
from vssl.recipe import Recipe
from vssl.training import checkpoint

if TYPE_CHECKING:
    from vssl.lab.store import Run

Computed = tuple[dict[str, float], dict[str, np.ndarray]]
TRAINING_CODE = (
    "clips.py",
    "samplers",
    "videos/decode.py",
    "videos/building.py",
    "videos/store.py",
    "videos/datasets.py",
    "videos/journal.py",
    "videos/lists.py",
    "augment.py",
    "models",
    "losses",
    "objectives.py",
    "recipe.py",
    "training",
)
TESTING_CODE = ("evaluation",)


class Experiment(Protocol):
    """What the lab needs of an experiment."""

    code: ClassVar[tuple[str, ...]]  # the sources that decide the result

    def key(self) -> str: ...
    def describe(self) -> str: ...
    def needs(self) -> tuple[Experiment, ...]: ...
    def compute(self, folder: Path, inputs: tuple[Run, ...]) -> Computed: ...


class _Keyed:
    """The key, made the same way for all."""

    def key(self) -> str:
        return f"{type(self).__name__.lower()}-{key.key(self)}"


@dataclass(frozen=True)
class Net:
    """A backbone by name and width."""

    name: str = "r2plus1d"
    width: int = 64
    pool: bool = False

    def build(self, seed: int) -> models.Backbone:
        """The net with initial weights drawn from `seed`."""
        torch.manual_seed(seed)
        return models.build(self.name, self.width, self.pool)


@dataclass(frozen=True)
class Random:
    """A start that is not trained: initial weights, with batch statistics of real clips where `calibrated`."""

    net: Net
    data: Data
    length: int = 16
    size: int = 112
    seed: int = 0
    calibrated: bool = False

    def describe(self) -> str:
        return f"{'calibrated ' if self.calibrated else ''}random {self.net.name}, seed {self.seed}"

    def needs(self) -> tuple[Experiment, ...]:
        return ()

    def backbone(self, inputs: tuple[Run, ...]) -> nn.Module:
        """The net to start from."""
        backbone = self.net.build(self.seed)
        if not self.calibrated:
            return backbone
        opened = self.data.open()
        crop = Augment((CentreCrop(self.size),))
        clip = samplers.RandomClip(self.length)
        batches = _batches(opened, clip, crop, Recipe(batch=min(32, len(opened.train))), self.seed)
        return evaluation.calibrate(backbone, batches)


@dataclass(frozen=True)
class PreTrain(_Keyed):
    """Learn from a method's free labels on the training videos of `data`.

    together   how many clips with different labels of one video share a batch; 1 is the papers' sampling. Small data needs more
               (our deviation, named wherever it is used).
    """

    method: methods.Pace
    net: Net
    data: Data
    recipe: Recipe
    length: int = 16
    size: int = 112
    together: int = 1
    seed: int = 0

    code = (*TRAINING_CODE, "methods")

    def describe(self) -> str:
        return f"{self.net.name} pre-trained by {key.brief(self.method)} on {self.data.says()}, seed {self.seed}"

    def needs(self) -> tuple[Experiment, ...]:
        return ()

    def sampler(self) -> samplers.Repeat | samplers.Pace:
        """The method's sampler, several draws at once where `together` says so."""
        if self.together == 1:
            return self.method.sampler(self.length)
        return samplers.Repeat(samplers.Pace(self.method.paces, self.length, self.method.short, self.method.play), self.together, "pace")

    def compute(self, folder: Path, inputs: tuple[Run, ...]) -> Computed:
        opened = self.data.open()
        model = Pretext(self.net.build(self.seed), self.method.objective())
        augment = self.method.augment(self.size)
        history = training.fit(model, _batches(opened, self.sampler(), augment, self.recipe, self.seed), self.recipe, folder)
        return _keep(folder, model, history)

    def backbone(self, inputs: tuple[Run, ...]) -> nn.Module:
        """The trained net, from this experiment's own run."""
        return self.model(inputs[0]).backbone

    def model(self, run: Run) -> Pretext:
        """The trained net with its heads."""
        model = Pretext(self.net.build(self.seed), self.method.objective())
        model.load_state_dict(checkpoint.load(run.folder / "model.pt"))
        return model


Start = Random | PreTrain


def _from(start: Start) -> tuple[Experiment, ...]:
    return (start,) if isinstance(start, PreTrain) else ()


@dataclass(frozen=True)
class PretextTest(_Keyed):
    """How often the pace of clips of test videos is told right; all classes of every test video, centre-cropped."""

    start: PreTrain

    code = (*TRAINING_CODE, *TESTING_CODE)

    def describe(self) -> str:
        return f"pretext test of {self.start.describe()}"

    def needs(self) -> tuple[Experiment, ...]:
        return (self.start,)

    def compute(self, folder: Path, inputs: tuple[Run, ...]) -> Computed:
        opened = self.start.data.open()
        method = self.start.method
        model = self.start.model(inputs[0]).to(training.device_here()).eval()
        clip = samplers.Pace(method.paces, self.start.length, method.short, method.play)
        every = samplers.Repeat(clip, clip.classes, "pace")
        head = model.objective.terms[0]

        def compute(x: torch.Tensor) -> torch.Tensor:
            return head.logits(model.backbone.features(x)).argmax(1)

        told, videos = over_clips(model.backbone, compute, opened.frames, opened.test, every, self.start.size)  # [n, V]
        truth = np.stack([sample_of(every, opened.frames, video).labels["pace"] for video in videos])  # [n, V]
        accuracy = 100 * float((told == truth).mean())
        return {"accuracy": accuracy, "chance": 100 / clip.classes}, {"told": told.astype(np.int64), "truth": truth, "videos": videos}


@dataclass(frozen=True)
class Features(_Keyed):
    """Features of evenly spread clips of all videos of both sides of the split, from a frozen start."""

    start: Start
    data: Data
    length: int = 16
    size: int = 112
    clips: int = 10
    layers: tuple[str, ...] = ("p5", "p4")  # one pass gives both

    code = (*TRAINING_CODE, *TESTING_CODE)

    def describe(self) -> str:
        return f"features of {self.start.describe()}, on {self.data.says()}"

    def needs(self) -> tuple[Experiment, ...]:
        return _from(self.start)

    def compute(self, folder: Path, inputs: tuple[Run, ...]) -> Computed:
        opened = self.data.open()
        backbone = self.start.backbone(inputs)
        sampler = samplers.Uniform(self.clips, self.length)
        videos = np.concatenate([opened.train, opened.test])
        features, videos = evaluation.extract(backbone, opened.frames, videos, sampler, self.size, self.layers)
        side = np.isin(videos, opened.test)
        arrays = {layer: values.astype(np.float32) for layer, values in features.items()}
        arrays |= {"videos": videos, "test": side, "actions": opened.actions[videos]}
        return {"videos": float(len(videos)), "unreadable": float(len(opened.train) + len(opened.test) - len(videos))}, arrays


@dataclass(frozen=True)
class Retrieve(_Keyed):
    """R@k of test videos among training videos."""

    features: Features
    layer: str = "p5"
    level: str = "video"

    code = TESTING_CODE

    def describe(self) -> str:
        return f"retrieval by {self.layer}, {self.level} level: {self.features.describe()}"

    def needs(self) -> tuple[Experiment, ...]:
        return (self.features,)

    def compute(self, folder: Path, inputs: tuple[Run, ...]) -> Computed:
        train, test = _sides(inputs[0], self.layer)
        metrics = retrieval.recall(*test, *train, level=self.level) | evaluation.chance(train[1], test[1])
        return metrics, {}


@dataclass(frozen=True)
class Probe(_Keyed):
    """A linear classifier on frozen features."""

    features: Features
    layer: str = "p5"

    code = TESTING_CODE

    def describe(self) -> str:
        return f"linear probe of {self.layer}: {self.features.describe()}"

    def needs(self) -> tuple[Experiment, ...]:
        return (self.features,)

    def compute(self, folder: Path, inputs: tuple[Run, ...]) -> Computed:
        train, test = _sides(inputs[0], self.layer)
        top1, predicted = evaluation.linear_probe(*train, *test)
        return {"top1": top1, **evaluation.chance(train[1], test[1])}, {"predicted": predicted, "actions": test[1]}


@dataclass(frozen=True)
class FineTune(_Keyed):
    """Train the whole net on the labels, from a start, and test it on `clips` evenly spread clips a video."""

    start: Start
    data: Data
    recipe: Recipe
    length: int = 16
    size: int = 112
    clips: int = 10
    average: str = "softmax"
    seed: int = 0

    code = (*TRAINING_CODE, *TESTING_CODE)

    def describe(self) -> str:
        return f"fine-tuning, seed {self.seed}, on {self.data.says()}, from {self.start.describe()}"

    def needs(self) -> tuple[Experiment, ...]:
        return _from(self.start)

    def compute(self, folder: Path, inputs: tuple[Run, ...]) -> Computed:
        opened = self.data.open()
        backbone = self.start.backbone(inputs)
        torch.manual_seed(self.seed)
        model = Pretext(backbone, Classify("action", len(opened.dataset.classes)))
        augment = Augment((RandomCrop(self.size), Flip()))
        clip = samplers.RandomClip(self.length)
        recipe = replace(self.recipe, batch=min(self.recipe.batch, len(opened.train)))
        history = training.fit(model, _batches(opened, clip, augment, recipe, self.seed), recipe, folder)
        metrics, arrays = _keep(folder, model, history)
        test = samplers.Uniform(self.clips, self.length)
        predicted, videos = evaluation.recognise(model.backbone, model.objective, opened.frames, opened.test, test, self.size, self.average)
        actions = opened.actions[videos]
        metrics |= {"top1": 100 * float((predicted == actions).mean()), **evaluation.chance(opened.actions[opened.train], actions)}
        return metrics, arrays | {"predicted": predicted, "actions": actions}


def _batches(opened: Opened, sampler: Sampler, augment: Augment, recipe: Recipe, seed: int) -> training.Batches:
    """The training videos of a set, as a recipe wants them."""
    return training.Batches(opened.frames, opened.train, sampler, augment, recipe.batch, recipe.passes, seed, opened.actions)


def _keep(folder: Path, model: nn.Module, history: list[dict[str, float]]) -> Computed:
    """The end of a training: the weights alone, the curves, and the last epoch's record."""
    checkpoint.save(folder / "model.pt", model.state_dict())
    curves = {f"curve_{name}": np.array([record[name] for record in history]) for name in history[-1]}
    return {name: value for name, value in history[-1].items() if name not in ("epoch", "rate")}, curves


def _sides(run: Run, layer: str) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """(features, labels) of the training videos and of the test videos."""
    arrays = run.arrays
    test = arrays["test"]
    return (arrays[layer][~test], arrays["actions"][~test]), (arrays[layer][test], arrays["actions"][test])
