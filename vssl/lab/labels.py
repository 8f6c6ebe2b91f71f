"""What is learnt from labels: the whole net fine-tuned from a start, or one linear layer on its frozen features."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from vssl import evaluation, samplers, training
from vssl.augment import Augment, Flip, RandomCrop, RandomResizedCrop
from vssl.errors import VsslError
from vssl.lab.data import Data
from vssl.lab.experiment import (
    TRAINING_CODE,
    Computed,
    Experiment,
    Keyed,
    Start,
    batches_of,
    kept,
    runs_of,
    tell_epoch,
)
from vssl.objectives import Classify, Pretext
from vssl.recipe import Recipe

if TYPE_CHECKING:
    from vssl.lab.store import Run


@dataclass(frozen=True)
class _FromLabels(Keyed):
    """Training on the labels of random clips, and the test on evenly spread ones: what the two experiments share.

    stride      frames from one frame of a clip to the next.
    resized     training crops are of random area and aspect (CVRL), not of the stored frame's own scale.
    clips, crops, average   of a test video: so many clips, each seen in 1 or 3 crops, their scores averaged.
    test_size   pixels a side in the test; None: as in training.
    share       of the labels, the same number in each class and at least one; which ones, the seed alone decides.

    A recipe's batch shrinks to the number of videos where that is smaller; its rate stays as it is.
    """

    start: Start
    data: Data
    recipe: Recipe
    length: int = 16
    size: int = 112
    clips: int = 10
    average: str = "softmax"
    seed: int = 0
    stride: int = 1
    resized: bool = False
    crops: int = 1
    test_size: int | None = None
    share: float = 1.0

    code = (*TRAINING_CODE, "evaluation", "lab/labels.py")
    shared = True

    def __post_init__(self) -> None:
        if self.average not in ("softmax", "logits"):
            raise VsslError(f"clips are averaged by 'softmax' or 'logits', not {self.average!r}")
        if not 0 < self.share <= 1:
            raise VsslError(
                f"the share of the labels lies above 0 and up to 1, not {self.share:g}; 0.01 is one in a hundred"
            )
        if self.crops not in (1, 3):
            raise VsslError(f"a clip is tested on 1 crop or on 3, not on {self.crops}")
        tested, stored = self.test_size or self.size, (self.data.height, self.data.width)
        if tested > min(stored):  # told now: the test comes after hours of training
            raise VsslError(
                f"a test crop of {tested} x {tested} does not fit into frames of {stored[0]} x {stored[1]}; lower test_size"
            )

    def needs(self) -> tuple[Experiment, ...]:
        return runs_of(self.start)

    def labels(self) -> str:
        """How many labels, in words; nothing where it is all of them."""
        return "" if self.share == 1 else f" on {100 * self.share:g} % of the labels"

    def model(self, backbone: nn.Module, classes: int) -> Pretext:
        """The net that is trained."""
        raise NotImplementedError

    def compute(self, folder: Path, inputs: tuple[Run, ...]) -> Computed:
        opened = self.data.open()
        backbone = self.start.backbone(inputs)
        torch.manual_seed(self.seed)
        model = self.model(backbone, len(opened.dataset.classes))
        crop = RandomResizedCrop(self.size) if self.resized else RandomCrop(self.size)
        videos = opened.train[opened.frames.num_frames[opened.train] > 0]
        videos = few(opened.actions, videos, self.share, self.seed)
        recipe = replace(self.recipe, batch=min(self.recipe.batch, len(videos)))
        clip = samplers.RandomClip(self.length, self.stride)
        batches = batches_of(
            opened._replace(train=videos), clip, Augment((crop, Flip())), recipe, self.seed
        )
        history = training.fit(model, batches, recipe, folder, tell=tell_epoch)
        if not training.is_first():
            return {}, {}  # the training was shared, the test is the first process's
        metrics, arrays = kept(folder, model, history)
        test = samplers.Uniform(self.clips, self.length, self.stride)
        size = self.test_size or self.size
        scores, tested = evaluation.recognise(
            model.backbone,
            model.objective,
            opened.frames,
            opened.test,
            test,
            size,
            self.average,
            self.crops,
        )  # [n, K]
        actions = opened.actions[tested]
        metrics["unreadable"] = float(len(opened.test) - len(tested))
        metrics |= {
            **evaluation.top(scores, actions),
            **evaluation.chance(opened.actions[opened.train], actions),
        }
        return metrics, arrays | {"predicted": scores.argmax(1), "actions": actions}


@dataclass(frozen=True)
class FineTune(_FromLabels):
    """Train the whole net on the labels, from a start, and test it on `clips` evenly spread clips a video."""

    dropout: float = 0.0  # before the last layer

    def describe(self) -> str:
        return f"fine-tuning, seed {self.seed}, on {self.data.title()}{self.labels()}, from {self.start.describe()}"

    def model(self, backbone: nn.Module, classes: int) -> Pretext:
        return Pretext(backbone, Classify("action", classes, self.dropout))


@dataclass(frozen=True)
class Linear(_FromLabels):
    """Train a linear layer on the frozen features, brought to length 1, of randomly cropped clips (CVRL's linear evaluation)."""

    def describe(self) -> str:
        return f"linear evaluation, seed {self.seed}, on {self.data.title()}{self.labels()}, of {self.start.describe()}"

    def model(self, backbone: nn.Module, classes: int) -> Pretext:
        return Pretext(Frozen(backbone), Classify("action", classes, normalize=True))


class Frozen(nn.Module):
    """A backbone that is never trained: no gradient, and always the batch statistics that it came with."""

    def __init__(self, backbone: Any) -> None:
        super().__init__()
        self.backbone, self.dim = backbone.requires_grad_(False), backbone.dim

    def train(self, mode: bool = True) -> Frozen:
        """Stay in inference mode, whatever the rest of the model does."""
        return super().train(False)

    @torch.no_grad()
    def features(self, x: Tensor) -> Tensor:
        """One vector a clip."""
        return self.backbone.features(x)  # [N, D]


def few(actions: np.ndarray, videos: np.ndarray, share: float, seed: int) -> np.ndarray:
    """A share of the videos of every class, at least one; the same for every start at one seed."""
    if share == 1:
        return videos
    rng = np.random.default_rng(seed)
    chosen = []
    for action in np.unique(actions[videos]):
        own = videos[actions[videos] == action]
        chosen.append(rng.permutation(own)[: max(1, round(share * len(own)))])
    return np.sort(np.concatenate(chosen))
