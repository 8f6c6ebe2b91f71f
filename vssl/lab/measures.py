"""What is measured of a start: its features frozen, the pretext task itself, and the whole net fine-tuned."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from vssl import evaluation, methods, samplers, training
from vssl.augment import Augment, Flip, RandomCrop
from vssl.errors import VsslError
from vssl.evaluation import retrieval
from vssl.evaluation.features import over_clips, sample_of
from vssl.lab.data import Data
from vssl.lab.experiment import TRAINING_CODE, Computed, Experiment, Keyed, PreTrain, Start, batches_of, kept, readable, tell_epoch
from vssl.objectives import Classify, Pretext
from vssl.recipe import Recipe

if TYPE_CHECKING:
    from vssl.lab.store import Run

TESTING_CODE = ("evaluation", "lab/measures.py")


@dataclass(frozen=True)
class PretextTest(Keyed):
    """How often the pace of clips of test videos is told right; all classes of every test video, centre-cropped."""

    start: PreTrain

    code = (*TRAINING_CODE, *TESTING_CODE)

    def __post_init__(self) -> None:
        if not (isinstance(self.start.method, methods.Pace) and self.start.method.predict):
            raise VsslError("this method does not predict the pace, so there is no pretext test of it; leave that row out")

    def describe(self) -> str:
        return f"pretext test of {self.start.describe()}"

    def needs(self) -> tuple[Experiment, ...]:
        return (self.start,)

    def compute(self, folder: Path, inputs: tuple[Run, ...]) -> Computed:
        opened = self.start.data.open()
        method = self.start.method
        model = self.start.model(inputs[0]).to(training.device_here()).eval()
        every = method.several(self.start.length, method.classes)
        head = model.objective.terms[0]

        def compute(x: torch.Tensor) -> torch.Tensor:
            return head.logits(model.backbone.features(x)).argmax(1)

        told, videos = over_clips(model.backbone, compute, opened.frames, opened.test, every, self.start.size)  # [n, V]
        truth = np.stack([sample_of(every, opened.frames, video).labels["pace"] for video in videos])  # [n, V]
        accuracy = 100 * float((told == truth).mean())
        return {"accuracy": accuracy, "chance": 100 / method.classes}, {"told": told.astype(np.int64), "truth": truth, "videos": videos}


@dataclass(frozen=True)
class Features(Keyed):
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
class Retrieve(Keyed):
    """R@k of test videos among training videos."""

    features: Features
    layer: str = "p5"
    level: str = "video"

    code = TESTING_CODE

    def __post_init__(self) -> None:
        if self.level not in ("video", "clip") or self.layer not in self.features.layers:
            raise VsslError(
                f"retrieval is at the level 'video' or 'clip', from one of {self.features.layers}; not {self.level!r}, {self.layer!r}"
            )

    def describe(self) -> str:
        return f"retrieval by {self.layer}, {self.level} level: {self.features.describe()}"

    def needs(self) -> tuple[Experiment, ...]:
        return (self.features,)

    def compute(self, folder: Path, inputs: tuple[Run, ...]) -> Computed:
        train, test = _sides(inputs[0], self.layer)
        metrics = retrieval.recall(*test, *train, level=self.level) | evaluation.chance(train[1], test[1])
        blind = retrieval.blind(test[1], train[1], clips=train[0].shape[1] if self.level == "clip" else 1)
        metrics |= {f"chance {name}": value for name, value in blind.items()}
        return metrics | {"unreadable": inputs[0].metrics["unreadable"]}, {}


@dataclass(frozen=True)
class Probe(Keyed):
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
        metrics = {"top1": top1, "unreadable": inputs[0].metrics["unreadable"], **evaluation.chance(train[1], test[1])}
        return metrics, {"predicted": predicted, "actions": test[1]}


@dataclass(frozen=True)
class FineTune(Keyed):
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

    def __post_init__(self) -> None:
        if self.average not in ("softmax", "logits"):
            raise VsslError(f"clips are averaged by 'softmax' or 'logits', not {self.average!r}")

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
        recipe = replace(self.recipe, batch=min(self.recipe.batch, readable(opened)))
        history = training.fit(model, batches_of(opened, clip, augment, recipe, self.seed), recipe, folder, tell=tell_epoch)
        metrics, arrays = kept(folder, model, history)
        test = samplers.Uniform(self.clips, self.length)
        predicted, videos = evaluation.recognise(model.backbone, model.objective, opened.frames, opened.test, test, self.size, self.average)
        actions = opened.actions[videos]
        metrics["unreadable"] = float(len(opened.test) - len(videos))
        metrics |= {"top1": 100 * float((predicted == actions).mean()), **evaluation.chance(opened.actions[opened.train], actions)}
        return metrics, arrays | {"predicted": predicted, "actions": actions}


def _from(start: Start) -> tuple[Experiment, ...]:
    return (start,) if isinstance(start, PreTrain) else ()


def _sides(run: Run, layer: str) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """(features, labels) of the training videos and of the test videos."""
    arrays = run.arrays
    test = arrays["test"]
    return (arrays[layer][~test], arrays["actions"][~test]), (arrays[layer][test], arrays["actions"][test])
