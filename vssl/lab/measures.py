"""What is measured of a start as it is: its frozen features, and the pretext task itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from vssl import evaluation, samplers, training
from vssl.clips import clips_of
from vssl.errors import VsslError
from vssl.evaluation import retrieval
from vssl.lab.cost import Work
from vssl.lab.data import Data
from vssl.lab.experiment import Experiment, Keyed, PreTrain, Start, runs_of
from vssl.lab.learning import Computed

if TYPE_CHECKING:
    from vssl.lab.store import Run

BATCH = 64  # clips of a pretext test that go through the net at once


@dataclass(frozen=True)
class PretextTest(Keyed):
    """How well the pretext task is solved on test videos: the mean of the objective's metrics.

    Every test video is sampled once, as the method samples for a test, cropped in the middle and
    not jittered.
    """

    start: PreTrain

    def describe(self) -> str:
        """One line for a plan."""
        return f"pretext test of {self.start.describe()}"

    def needs(self) -> tuple[Experiment, ...]:
        """What must be run first."""
        return (self.start,)

    def work(self) -> Work:
        """What goes through the net."""
        start = self.start
        forward = start.data.counts()[1] * clips_of(start.method.test_sampler(start.length))
        return Work(start.data, start.net, start.length, start.size, forward=forward)

    def compute(self, folder: Path, inputs: tuple[Run, ...]) -> Computed:
        """Test, and give the metrics, and each clip's class as predicted and in truth."""
        opened, start = self.start.data.open(), self.start
        augment = evaluation.unrandomised(start.method.augment(start.size).of(0))
        sampler = start.method.test_sampler(start.length)
        clips = max(BATCH, clips_of(sampler))
        videos = opened.test[opened.frames.num_frames[opened.test] > 0]
        batches = training.Batches(
            opened.frames, videos, sampler, augment, min(clips, len(videos) * clips_of(sampler))
        )
        metrics, answers = evaluation.pretext_metrics(start.model(inputs[0], sampler), batches)
        metrics["unreadable"] = float(len(opened.test) - len(videos))
        return metrics, answers | {"videos": videos}


@dataclass(frozen=True)
class Features(Keyed):
    """Features of evenly spread clips, from a frozen start.

    They are of all videos of both sides of the split.
    """

    start: Start
    data: Data
    length: int = 16
    size: int = 112
    clips: int = 10
    layers: tuple[str, ...] = ("p5", "p4")  # one pass gives both
    stride: int = 1

    def describe(self) -> str:
        return f"features of {self.start.describe()}, on {self.data.title()}"

    def needs(self) -> tuple[Experiment, ...]:
        return runs_of(self.start)

    def work(self) -> Work:
        """What goes through the net."""
        forward = sum(self.data.counts()) * self.clips
        return Work(self.data, self.start.net, self.length, self.size, forward=forward)

    def compute(self, folder: Path, inputs: tuple[Run, ...]) -> Computed:
        opened = self.data.open()
        backbone = self.start.backbone(inputs)
        sampler = samplers.Uniform(self.clips, self.length, self.stride)
        videos = np.concatenate([opened.train, opened.test])
        features, videos = evaluation.extract(
            backbone, opened.frames, videos, sampler, self.size, self.layers
        )
        side = np.isin(videos, opened.test)
        arrays: dict[str, np.ndarray] = {
            layer: values.astype(np.float32) for layer, values in features.items()
        }
        arrays |= {"videos": videos, "test": side, "actions": opened.actions[videos]}
        return {
            "videos": float(len(videos)),
            "unreadable": float(len(opened.train) + len(opened.test) - len(videos)),
        }, arrays


@dataclass(frozen=True)
class Retrieve(Keyed):
    """R@k of test videos among training videos.

    `by` says what makes an answer right, the same action or the same scene.

    Scenes are known of puppets only.
    """

    features: Features
    layer: str = "p5"
    level: Literal["video", "clip"] = "video"
    by: str = "action"

    def __post_init__(self) -> None:
        if self.level not in ("video", "clip") or self.layer not in self.features.layers:
            raise VsslError(
                f"retrieval is at the level 'video' or 'clip', from one of {self.features.layers};"
                f" not {self.level!r}, {self.layer!r}"
            )
        if self.by not in ("action", "scene"):
            raise VsslError(
                f"an answer is right by its 'action' or by its 'scene', not by {self.by!r}"
            )

    def describe(self) -> str:
        what = "" if self.by == "action" else f" of the {self.by}"
        return f"retrieval{what} by {self.layer}, {self.level} level: {self.features.describe()}"

    def needs(self) -> tuple[Experiment, ...]:
        return (self.features,)

    def work(self) -> Work:
        """Arithmetic on vectors: nothing goes through a net."""
        return self.features.work()._replace(forward=0)

    def compute(self, folder: Path, inputs: tuple[Run, ...]) -> Computed:
        train, test = _sides(inputs[0], self.layer)
        if self.by == "scene":
            scenes, side = (
                self.features.data.scenes()[inputs[0].arrays["videos"]],
                inputs[0].arrays["test"],
            )
            train, test = (train[0], scenes[~side]), (test[0], scenes[side])
        metrics = retrieval.recall(*test, *train, level=self.level) | evaluation.chance(
            train[1], test[1]
        )
        blind = retrieval.blind(
            test[1], train[1], clips=train[0].shape[1] if self.level == "clip" else 1
        )
        metrics |= {f"chance {name}": value for name, value in blind.items()}
        return metrics | {"unreadable": inputs[0].metrics["unreadable"]}, {}


@dataclass(frozen=True)
class Instance(Keyed):
    """How often the nearest clip to one of a test video is of that very video.

    It is looked for among all other clips of test videos.
    """

    features: Features
    layer: str = "p5"

    def describe(self) -> str:
        return f"instance accuracy of {self.layer}: {self.features.describe()}"

    def needs(self) -> tuple[Experiment, ...]:
        return (self.features,)

    def work(self) -> Work:
        """Arithmetic on vectors: nothing goes through a net."""
        return self.features.work()._replace(forward=0)

    def compute(self, folder: Path, inputs: tuple[Run, ...]) -> Computed:
        _, (clips, _) = _sides(inputs[0], self.layer)  # [n, V, D]
        return {**retrieval.instance(clips), "unreadable": inputs[0].metrics["unreadable"]}, {}


@dataclass(frozen=True)
class Probe(Keyed):
    """A linear classifier on frozen features."""

    features: Features
    layer: str = "p5"

    def describe(self) -> str:
        return f"linear probe of {self.layer}: {self.features.describe()}"

    def needs(self) -> tuple[Experiment, ...]:
        return (self.features,)

    def work(self) -> Work:
        """Arithmetic on vectors: nothing goes through a net."""
        return self.features.work()._replace(forward=0)

    def compute(self, folder: Path, inputs: tuple[Run, ...]) -> Computed:
        train, test = _sides(inputs[0], self.layer)
        top1, predicted = evaluation.linear_probe(*train, *test)
        metrics = {
            "top1": top1,
            "unreadable": inputs[0].metrics["unreadable"],
            **evaluation.chance(train[1], test[1]),
        }
        return metrics, {"predicted": predicted, "actions": test[1]}


def _sides(
    run: Run, layer: str
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """(features, labels) of the training videos and of the test videos."""
    arrays = run.arrays
    test = arrays["test"]
    return (arrays[layer][~test], arrays["actions"][~test]), (
        arrays[layer][test],
        arrays["actions"][test],
    )
