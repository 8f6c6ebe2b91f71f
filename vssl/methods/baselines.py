"""Methods that the papers compare with.

So far: Video Clip Order Prediction (VCOP; Xu, Xiao, Zhao, Shao, Xie, Zhuang; CVPR 2019).

VCOP shows the network three clips of one video in a shuffled order, and asks which of the six
orders it is. Each clip goes through the same backbone; every pair of clips is joined and reduced by
one shared layer, and the joined pairs tell the order.

What the authors' code does, and what we chose:
- It crops each clip of a sample on its own; it neither flips nor jitters. So do we.
- Its rate stays at 1e-3: the schedule is made, but never stepped. Ours stays too.
- A batch is 8 samples of 3 clips. A recipe counts clips: 24.
- It drops videos shorter than its 64 frames; we narrow the gaps between clips and keep the video
  (`samplers.ClipOrder`).
- It holds out 800 training videos and keeps the weights that do best on them; we train on all, and
  keep the last weights.
- It resizes every frame to 128 x 171 whatever its shape; our frames are as the frame store has
  them.
"""

from __future__ import annotations

from dataclasses import dataclass

from vssl import samplers
from vssl.augment import Augment, RandomCrop
from vssl.clips import Sampler
from vssl.methods.method import Labelled
from vssl.models.heads import Linear
from vssl.objectives import Objective, Order
from vssl.recipe import Recipe


@dataclass(frozen=True)
class VCOP:
    """Clip order prediction; the defaults are the authors'."""

    clips: int = 3
    gap: int = 8  # frames between clips
    hidden: int = 512  # width of a pair of clips in the head

    @property
    def classes(self) -> int:
        """How many orders there are to tell apart."""
        return samplers.ClipOrder(self.clips).classes

    def sampler(self, length: int = 16) -> Sampler:
        """All clips of one order."""
        return samplers.ClipOrder(self.clips, length, self.gap)

    def test_sampler(self, length: int = 16) -> Sampler:
        """The same as in pre-training."""
        return self.sampler(length)

    def augment(self, size: int = 112) -> Augment:
        """One crop a clip, and nothing else."""
        return Augment((RandomCrop(size),))

    def objective(self, length: int = 16) -> Objective:
        """Cross-entropy over the orders."""
        return Order(self.clips, self.hidden)

    def recipe(self, data: str = "ucf101") -> Recipe:
        """300 epochs at one rate, whatever the data: the authors train on UCF101 alone."""
        return _constant(epochs=300, batch=8 * self.clips)

    def fine_tune(self, net: str = "r2plus1d") -> Recipe:
        """150 epochs at one rate, whatever the net."""
        return _constant(epochs=150, batch=8)

    def labelled(self, data: str = "ucf101") -> Labelled:
        """Clips that are cropped and nothing else, and ten test clips a video."""
        return Labelled(self.fine_tune(), Augment((RandomCrop(),)), Linear(1))


def _constant(epochs: int, batch: int) -> Recipe:
    """A rate of 1e-3 to the end."""
    return Recipe(
        "sgd",
        rate=1e-3,
        momentum=0.9,
        weight_decay=5e-4,
        epochs=epochs,
        batch=batch,
        schedule="constant",
    )
