"""What is learnt from labels: the whole net from a start, or one layer on its frozen features."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from vssl import evaluation, training
from vssl.errors import VsslError
from vssl.lab.cost import Work
from vssl.lab.data import Data
from vssl.lab.experiment import Experiment, Keyed, Start, runs_of
from vssl.lab.learning import Computed, batches_of, kept, say_epoch
from vssl.methods import Labelled
from vssl.objectives import Classify, Pretext

if TYPE_CHECKING:
    from vssl.lab.store import Run


@dataclass(frozen=True)
class _FromLabels(Keyed):
    """Training on random labelled clips, and the test: what the two experiments have in common.

    labelled    how the paper treats labelled clips: recipe, augmentation, head, stride, test.
    test_size   pixels a side in the test; None: as in training.
    share       of the labels, the same number in each class and at least one; the seed alone
                decides which ones.

    A recipe's batch shrinks to the number of videos where that is smaller; its rate stays.
    """

    start: Start
    data: Data
    labelled: Labelled
    length: int = 16
    size: int = 112
    test_size: int | None = None
    seed: int = 0
    share: float = 1.0

    shared: ClassVar[bool] = True
    frozen: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise VsslError(
                f"the share of the labels lies above 0 and up to 1, not {self.share:g}; 0.01 is "
                "one in a hundred"
            )
        size, stored = self.test_size or self.size, (self.data.height, self.data.width)
        if size > min(stored):  # refused now: the test comes after hours of training
            raise VsslError(
                f"a test crop of {size} x {size} does not fit into frames of {stored[0]} x "
                f"{stored[1]}; lower test_size"
            )

    def needs(self) -> tuple[Experiment, ...]:
        """What must be run first."""
        return runs_of(self.start)

    def work(self) -> Work:
        """What goes through the net; a frozen one is not gone back through."""
        train, test = self.data.counts()
        recipe, labelled = self.labelled.recipe, self.labelled
        learnt = self.share * train * recipe.epochs * recipe.passes
        tested = test * labelled.test_clips * labelled.crops
        trained, forward = (0, learnt + tested) if self.frozen else (learnt, tested)
        return Work(self.data, self.start.net, self.length, self.size, trained, forward)

    def labels(self) -> str:
        """How many labels, in words; nothing where it is all of them."""
        return "" if self.share == 1 else f" on {100 * self.share:g} % of the labels"

    def compute(self, folder: Path, inputs: tuple[Run, ...]) -> Computed:
        """Train, test, and give the accuracies, the curves and the predictions."""
        opened, labelled = self.data.open(), self.labelled
        backbone = self.start.backbone(inputs)
        torch.manual_seed(self.seed)
        head = labelled.head.sized(len(opened.dataset.classes))
        net = Frozen(backbone) if self.frozen else backbone
        model = Pretext(net, Classify("action", head), (self.length,))
        videos = opened.train[opened.frames.num_frames[opened.train] > 0]
        videos = share_of(opened.actions, videos, self.share, self.seed)
        recipe = replace(labelled.recipe, batch=min(labelled.recipe.batch, len(videos)))
        clip = labelled.clip_at(self.length)
        augment = labelled.augment_at(self.size)
        chosen = opened._replace(train=videos)
        batches = batches_of(chosen, clip, augment, recipe, self.seed)
        history = training.fit(model, batches, recipe, folder, report=say_epoch)
        if not training.is_first():
            return {}, {}  # the training was shared, the test is the first process's
        metrics, arrays = kept(folder, model, history)
        trained = model.objective.head
        assert isinstance(trained, nn.Module)
        scores, tested = evaluation.recognise(
            model.backbone,
            trained,
            opened.frames,
            opened.test,
            labelled.test_at(self.length),
            self.test_size or self.size,
            labelled.average,
            labelled.crops,
        )  # [n, K]
        actions = opened.actions[tested]
        metrics["unreadable"] = float(len(opened.test) - len(tested))
        metrics |= evaluation.top(scores, actions)
        metrics |= evaluation.chance(opened.actions[opened.train], actions)
        return metrics, arrays | {"predicted": scores.argmax(1), "actions": actions}


@dataclass(frozen=True)
class FineTune(_FromLabels):
    """Train the whole net on the labels, from a start, and test it."""

    def describe(self) -> str:
        """One line for a plan."""
        data = f"{self.data.title()}{self.labels()}"
        return f"fine-tuning, seed {self.seed}, on {data}, from {self.start.describe()}"


@dataclass(frozen=True)
class LinearEvaluation(_FromLabels):
    """Train the head alone, on the frozen features of random clips, and test it."""

    frozen = True

    def describe(self) -> str:
        """One line for a plan."""
        data = f"{self.data.title()}{self.labels()}"
        return f"linear evaluation, seed {self.seed}, on {data}, of {self.start.describe()}"


class Frozen(nn.Module):
    """A backbone that is never trained: no gradient, and the batch statistics that it came with."""

    def __init__(self, backbone: nn.Module) -> None:
        super().__init__()
        self.backbone, self.dim = backbone.requires_grad_(False), backbone.dim

    def train(self, mode: bool = True) -> Frozen:
        """Stay in inference mode, whatever the rest of the model does."""
        return super().train(False)

    @torch.no_grad()
    def forward(self, x: Tensor) -> Tensor:
        """The last map, [N, D, T', H', W']."""
        return self.backbone(x)


def share_of(actions: np.ndarray, videos: np.ndarray, share: float, seed: int) -> np.ndarray:
    """A share of the videos of every class, at least one; the same for every start at one seed."""
    if share == 1:
        return videos
    rng = np.random.default_rng(seed)
    chosen = []
    for action in np.unique(actions[videos]):
        own = videos[actions[videos] == action]
        chosen.append(rng.permutation(own)[: max(1, round(share * len(own)))])
    return np.sort(np.concatenate(chosen))
