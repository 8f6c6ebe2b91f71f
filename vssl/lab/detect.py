"""Where something happens: a detector of actions on persons in boxes (CVRL's Table 5)."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vssl import training
from vssl.augment import Augment, Flip, ScaledCrop, Source, WholeFrame, follow
from vssl.errors import VsslError
from vssl.evaluation import detection
from vssl.lab.cost import Work
from vssl.lab.data import Data
from vssl.lab.experiment import Experiment, Keyed, Start, runs_of
from vssl.lab.learning import Computed, kept, say_epoch
from vssl.lab.listed import Listed
from vssl.models.detector import BoxHead, Detector, dilated
from vssl.models.layout import layout_of
from vssl.objectives.base import Outcome
from vssl.persons import Noise, Persons, to_train_on
from vssl.recipe import Recipe
from vssl.samplers import reflected
from vssl.training.batches import (
    AHEAD,
    AUGMENT,
    Frames,
    Wanted,
    generator,
    in_threads,
    read,
    shuffled,
)
from vssl.videos.datasets import DatasetOfPersons
from vssl.videos.puppets import World

if TYPE_CHECKING:
    from vssl.lab.store import Run


# For clips, not videos: a batch of 32 is of one clip a video. Weight decay is SlowFast's, whose
# baseline the paper follows.
DETECT_RECIPE = Recipe(
    "sgd", 0.2, weight_decay=1e-7, epochs=12, batch=32, schedule="steps", steps=(8, 11)
)


@dataclass(frozen=True)
class Detect(Keyed):
    """Train a detector on the persons of key frames, from a start, and test it on others.

    persons  who is proposed: the persons on the list of a person detector, or such as are made of
             the true ones. They test, and those that lie upon a true one train too.
    sides    lengths to which the shorter side of a training frame is brought, before a square of
             `size` is cut out of it. A test sees whole frames, at `size`.

    All clips have a key frame in their middle.
    """

    start: Start
    data: Data
    recipe: Recipe
    length: int = 32
    stride: int = 2
    size: int = 224
    sides: tuple[int, int] = (256, 320)
    persons: Noise | Listed = field(default_factory=Noise)
    dropout: float = 0.5
    seed: int = 0

    shared: ClassVar[bool] = True

    def describe(self) -> str:
        """One line for a plan."""
        return f"detection, seed {self.seed}, on {self.data.title()}, from {self.start.describe()}"

    def needs(self) -> tuple[Experiment, ...]:
        """What must be run first."""
        return runs_of(self.start)

    def work(self) -> Work:
        """What goes through the net, taken for a key frame in each second that is annotated."""
        source, seconds = self.data.source, 897  # of a film
        if isinstance(source, World):
            seconds = source.frames[1] // source.fps - 2
        train, test = (seconds * count for count in self.data.counts())
        learnt = train * self.recipe.epochs * self.recipe.passes
        return Work(self.data, self.start.net, self.length, self.size, learnt, test)

    def compute(self, folder: Path, inputs: tuple[Run, ...]) -> Computed:
        """Train, detect, and give the average precision of each class, and the scores."""
        opened = self.data.open()
        dataset = opened.dataset
        if not isinstance(dataset, DatasetOfPersons):
            raise VsslError(
                f"{self.data.title()} does not say where its persons are; detect in ava"
            )
        true = _shown(dataset, opened.frames, dataset.persons)
        # The seed of the noise is no seed of the training: all runs get the same persons.
        proposed = _shown(dataset, opened.frames, self.persons.found_in(dataset))
        learnt = to_train_on(true.of(opened.train), proposed.of(opened.train).sure())
        tested, found = true.of(opened.test), proposed.of(opened.test).sure()
        for some, what in ((learnt, "to train on"), (found, "that are proposed to test on")):
            if not len(some):
                raise VsslError(
                    f"{self.data.title()} has no persons {what}; look at its lists, and at which of"
                    " their videos are there"
                )
        names = dataset.classes
        backbone = dilated(self.start.backbone(inputs))
        torch.manual_seed(self.seed)
        model = Detecting(Detector(backbone, BoxHead(len(names), self.dropout)))
        augment = Augment((ScaledCrop(self.size, self.sides), Flip()))
        batch = min(self.recipe.batch, len(learnt.by_frame()))
        batches = KeyFrames(
            opened.frames, learnt, _frames_of(dataset, opened.frames, learnt), augment,
            self.length, self.stride, batch, self.recipe.passes, self.seed,
        )  # fmt: skip
        history = training.fit(model, batches, self.recipe, folder, report=say_epoch)
        if not training.is_first():
            return {}, {}
        metrics, curves = kept(folder, model, history)
        whole = replace(
            batches,
            persons=found,
            frames=_frames_of(dataset, opened.frames, found),
            augment=Augment((WholeFrame(self.size),)),
        )
        scores = _scores(model.net, whole)  # [R, K]
        measured = detection.precisions(tested, found, scores, names)
        blind = np.tile(learnt.labels.mean(0), (len(found), 1))
        least = detection.precisions(tested, found, blind, names)
        metrics |= measured.metrics()
        metrics |= {f"chance {name}": value for name, value in least.metrics().items()}
        metrics["few"] = float(len(measured.few))
        metrics["missed"] = 100 * float((tested.nearest(found)[1] < detection.OVERLAP).mean())
        return metrics, curves | {
            "scores": scores.astype(np.float32),
            "videos": found.videos,
            "seconds": found.seconds,
            "boxes": found.boxes.astype(np.float32),
        }


class Detecting(nn.Module):
    """A detector with its loss, for `fit`: binary cross-entropy of each class by itself."""

    def __init__(self, net: Detector) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor, labels: dict[str, Tensor]) -> Outcome:
        """Clips and their boxes to the loss; a batch whose crops show nobody has a loss of 0."""
        scores = self.net(x, labels["boxes"], labels["clips"]).float()  # [R, K]
        wanted = labels["labels"].float()
        loss = F.binary_cross_entropy_with_logits(scores, wanted, reduction="sum")
        return Outcome(loss / max(1, wanted.numel()), {})


class Batch(NamedTuple):
    """Clips around key frames, and the boxes in their views."""

    clips: np.ndarray | Tensor  # uint8 [N, T, H, W, C]
    parameters: list[list[np.ndarray]]
    boxes: np.ndarray  # [R, 4], in fractions of the view
    owners: np.ndarray  # [R], which clip each is of
    rows: np.ndarray  # [R], of the persons


@dataclass(frozen=True)
class KeyFrames:
    """Batches of clips, each around a key frame and with the persons in it."""

    store: Frames
    persons: Persons
    frames: np.ndarray  # [R], the frame of its video that shows each person
    augment: Augment
    length: int
    stride: int
    batch: int  # key frames
    passes: int = 1
    seed: int = 0
    rank: int = 0
    ranks: int = 1

    @functools.cached_property  # the loop asks for the number of batches at every step
    def rows(self) -> list[np.ndarray]:
        """The rows of the persons of each key frame."""
        return self.persons.by_frame()

    def __len__(self) -> int:
        """Batches an epoch; the last, incomplete one of a pass is left out."""
        return self.passes * (len(self.rows) // self.batch)

    def share(self, rank: int, ranks: int) -> Self:
        """The same batches, of which each of `ranks` processes gets a part."""
        return replace(self, rank=rank, ranks=ranks)

    def epoch(self, epoch: int, device: torch.device) -> Iterator[Batch]:
        """The batches of an epoch, in an order that is drawn anew in each pass."""
        numbers = range(epoch * self.passes, (epoch + 1) * self.passes)
        key_frames = np.arange(len(self.rows))
        share = (self.seed, self.rank, self.ranks)
        plans = [
            (number, part)
            for number in numbers
            for part in shuffled(key_frames, self.batch, number, *share)
        ]
        if device.type == "cuda":
            return in_threads(self.gather, plans, AHEAD)
        return (self.gather(*plan) for plan in plans)

    def gather(self, number: int, key_frames: np.ndarray) -> Batch:
        """Read the clips of these key frames, and let their boxes follow the augmentation."""
        wanted, parameters, boxes, owners, rows = [], [], [], [], []
        source = Source(self.length, self.store.height, self.store.width)
        for owner, key_frame in enumerate(key_frames.tolist()):
            here = self.rows[key_frame]
            video, middle = int(self.persons.videos[here[0]]), int(self.frames[here[0]])
            rng = generator(self.seed, AUGMENT, number, video, middle)
            drawn = self.augment.draw(rng, source)
            seen, kept_rows = follow(self.augment, drawn, source, self.persons.boxes[here])
            wanted.append(Wanted(video, self._around(video, middle), None))
            parameters.append(drawn)
            boxes.append(seen)
            owners.append(np.full(len(seen), owner))
            rows.append(here[kept_rows])
        joined = (np.concatenate(one) for one in (boxes, owners, rows))
        return Batch(read(self.store, wanted), parameters, *joined)

    def prepared(
        self, batch: Batch, device: torch.device, layout: torch.memory_format
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Views [N, C, T, H, W]; boxes, their clips and labels, on the device."""
        clips = torch.as_tensor(batch.clips).to(device, non_blocking=True)
        x = self.augment.apply(clips, batch.parameters).contiguous(memory_format=layout)
        labels = {
            "boxes": torch.from_numpy(batch.boxes).float(),
            "clips": torch.from_numpy(batch.owners),
            "labels": torch.from_numpy(self.persons.labels[batch.rows]),
        }
        return x, {name: value.to(device) for name, value in labels.items()}

    def size(self, batch: Batch) -> int:
        """How many clips a batch holds."""
        return len(batch.clips)

    def _around(self, video: int, middle: int) -> np.ndarray:
        """The frames of a clip with its middle at a key frame, [T]; reflected at a video's ends."""
        count = int(self.store.num_frames[video])
        frames = middle + self.stride * (np.arange(self.length) - self.length // 2)
        there_and_back = reflected(count, max(1, 2 * (count - 1)))
        return there_and_back[frames % len(there_and_back)]


def _frames_of(dataset: DatasetOfPersons, store: Any, persons: Persons) -> np.ndarray:
    return dataset.key_frames(persons, store.fps, store.num_frames)


def _shown(dataset: DatasetOfPersons, store: Any, persons: Persons) -> Persons:
    """The persons whose key frames are in the videos as they are."""
    return persons.at(_frames_of(dataset, store, persons) >= 0)


def _scores(net: Detector, batches: KeyFrames) -> np.ndarray:
    """How surely each person shows each class, [R, K]."""
    device = training.device_here()
    layout = layout_of(net, device)
    net.to(device).eval()
    scores = np.full(batches.persons.labels.shape, -np.inf)
    key_frames = np.arange(len(batches.rows))
    for part in np.array_split(key_frames, max(1, -(-len(key_frames) // batches.batch))):
        batch = batches.gather(0, part)
        x, labels = batches.prepared(batch, device, layout)
        found = net.scores(x, labels["boxes"], labels["clips"])
        scores[batch.rows] = found.cpu().numpy()
    return scores
